"""Plots of a survey: each method draws its table, with the table's options."""

import inspect

import numpy as np
import pandas as pd
import pytest
from closed_forms import unit

from hpsearch import figures
from hpsearch.experiments.function import survey_frames
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import Design
from hpsearch.sensitivity.plots import SurveyPlots
from hpsearch.sensitivity.tables import SurveyTables

METHODS = [name for name in vars(SurveyPlots) if not name.startswith("_")]


@pytest.fixture
def calls(monkeypatch):
    """The tables that reach the figures, by the figure's name."""
    drawn = {}
    for name in METHODS:
        monkeypatch.setattr(figures, name, lambda *tables, name=name: drawn.update({name: tables}))
    return drawn


@pytest.fixture(scope="module")
def surveyed():
    return survey_frames(
        lambda r: pd.DataFrame({"first": r.x0 + r.seed, "second": 1 + 9 * r.x0 * r.x1 + r.x2}),
        unit(3),
        response="first",
        base=16,
    )


@pytest.mark.parametrize("name", METHODS)
def test_a_plot_has_the_options_of_its_table(name):
    options, of_table = (inspect.signature(getattr(kind, name)).parameters for kind in (SurveyPlots, SurveyTables))
    assert {key: (p.default, p.kind) for key, p in options.items()} == {
        key: (p.default, p.kind) for key, p in of_table.items()
    }


OPTIONS = {
    "sensitivity": {"form": "log", "share": 0.2, "confidence": 0.8},
    "effects": {"form": "rank", "bins": 4, "confidence": 0.8},
    "surface": {"form": "rank", "bins": 4},
    "ranges": {"form": "rank", "confidence": 0.5},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_reach_the_table(name, surveyed, calls):
    names = ("x0", "x1") if name == "surface" else ()
    getattr(surveyed.plot, name)(*names, "second", **OPTIONS[name])
    table = getattr(surveyed, name)(*names, "second", **OPTIONS[name])
    pd.testing.assert_frame_equal(calls[name][0], table)
    if name == "ranges":
        pd.testing.assert_frame_equal(calls[name][1], surveyed.best_tenth("second", **OPTIONS[name]))


def test_options_reach_the_table_over_iterations(calls):
    design = Design(unit(2), base=4, scrambles=2)
    rows = design.table()
    table = rows.loc[rows.index.repeat(2)].assign(iteration=[1, 4] * len(rows)).reset_index(drop=True)
    found = Survey(table.assign(loss=table["x0"] + table["iteration"]), design, "loss", checkpoints=(1, 4))
    options = {"form": "log", "checkpoints": [4], "share": 0.2, "confidence": 0.8}
    found.plot.sensitivity_over_iterations("loss", **options)
    pd.testing.assert_frame_equal(*calls["sensitivity_over_iterations"], found.sensitivity_over_iterations(**options))


def test_interactions_come_with_the_surface_of_the_strongest_pair_of_settings(surveyed, calls):
    surveyed.plot.interactions("second", form="linear", confidence=0.8)
    pairs, surface = calls["interactions"]
    pd.testing.assert_frame_equal(pairs, surveyed.interactions("second", form="linear", confidence=0.8))
    pd.testing.assert_frame_equal(surface, surveyed.surface("x0", "x1", "second", form="linear"))


def test_a_pair_with_the_seed_has_no_surface(calls):
    surveyed = survey_frames(lambda r: (r.seed - 16) * (r.x0 - 0.5) + 0.01 * r.x0 * r.x1, unit(2), base=16)
    surveyed.plot.interactions()
    assert "seed" in surveyed.interactions().loc[0, ["first", "second"]].tolist()
    assert list(calls["interactions"][1])[3:5] == ["x0", "x1"]
    alone = survey_frames(lambda r: np.asarray(r.x0, dtype=float), unit(1), base=16)
    alone.plot.interactions()
    assert calls["interactions"][1] is None
