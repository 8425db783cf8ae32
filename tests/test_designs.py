"""Designs: which rows are evaluated, and which of them share a training."""

import pandas as pd
import pytest
from closed_forms import CLOSED, unit
from helpers import interrupt
from scipy.stats import qmc

from hpsearch.sensitivity.designs import Design, DesignError, shared
from hpsearch.sensitivity.grids import grid, one_at_a_time
from hpsearch.space import Choice, Float, Int, Space


def test_a_larger_design_begins_with_the_smaller():
    space = CLOSED["log axis and ordered choice"][1]
    small, large = (Design(space, base=base).table() for base in (8, 16))
    kept = large[large["row"] < 8].reset_index(drop=True)
    pd.testing.assert_frame_equal(small, kept)


def test_rows_share_a_training_that_differ_in_length_or_dummy_alone():
    space = Space({"iterations": Int(1, 99), "x": Float(0, 1)})
    design = Design(space, base=8, scrambles=2, dummy=True)
    rows = design.table()
    group = shared(rows)
    of = {block: group[rows["block"] == block].tolist() for block in design.blocks}
    assert of["A"] == of["AB_iterations"] == of["AB_dummy"]
    assert not set(of["A"]) & set(of["B"])


def test_profiles_and_grids_hold_the_others():
    space = Space({"rate": Float(1e-3, 1, log=True), "size": Choice((16, 32))})
    profile = one_at_a_time(space, "rate", {"rate": 0.1, "size": 16}, values=4)
    assert profile["rate"].tolist() == pytest.approx([0.001, 0.01, 0.1, 1.0])
    assert set(profile["size"]) == {16}
    both = grid(space, ("rate", "size"), {"rate": 0.1, "size": 16}, values=(3, 9))
    assert both["size"].tolist() == [16, 32] * 3
    with pytest.raises(DesignError, match="'speed' does not vary in this study, whose space has rate, size"):
        one_at_a_time(space, "speed", {})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"space": {"x": Float(0, 1)}}, r"needs a space \(given: dict\): make one, hpsearch.Space"),
        ({"space": None}, r"needs a space \(given: NoneType\)"),
        ({"base": 60}, "power of two"),
        ({"scrambles": 1}, "intervals come from them"),
        ({"seeds": 1}, "pool of 32"),
        ({"space": Space({"row": Float(0, 1)})}, "'row' is a column"),
    ],
)
def test_a_bad_design_is_refused(given, problem):
    with pytest.raises(DesignError, match=problem):
        Design(**{"space": unit(2), **given})


def test_a_stop_while_points_are_drawn_waits_until_they_are(monkeypatch):
    ended = interrupt(monkeypatch, qmc.Sobol, "__init__")
    with pytest.raises(KeyboardInterrupt):
        Design(Space({"x": Float(0, 1)}), 2, 2).cube(0)
    assert ended == ["__init__"]
