"""Rank agreement: known orders of additive functions, bounds that hold what is true, ranges that differ left out."""

import numpy as np
import pytest

from hpsearch.experiments.function import survey_frames
from hpsearch.sensitivity.agreement import agreement, concordance
from hpsearch.space import Float, Space

UNIT = Space({name: Float(0, 1) for name in "abc"})


def additive(space=UNIT, **weights):
    """A survey whose total indices are in proportion to the squares of the weights, where ranges have length 1."""
    return survey_frames(lambda rows: sum(w * rows[name] for name, w in weights.items()), space, base=64, seed=0)


def of(first, second):
    return agreement({"first": first, "second": second}).iloc[0]


def test_equal_and_reversed_orders_are_one_and_minus_one_and_shown():
    down, up = additive(a=4, b=2, c=1), additive(a=1, b=2, c=4)
    alike, reverse = of(down, additive(a=8, b=3, c=2)), of(down, up)
    assert tuple(alike[["tau", "low", "high", "same", "opposite", "pairs"]]) == (1, 1, 1, 3, 0, 3)
    assert tuple(reverse[["tau", "low", "high", "same", "opposite", "pairs"]]) == (-1, -1, -1, 0, 3, 3)


def test_a_pair_whose_order_is_not_shown_may_be_either_way():
    row = of(additive(a=1, b=1.0005, c=4), additive(a=4, b=2, c=1))
    assert (row["same"], row["opposite"], row["pairs"]) == (0, 2, 3)
    assert (row["low"], row["high"]) == pytest.approx((-1, -1 / 3))


def test_only_settings_of_the_same_range_take_part():
    other = Space({"a": Float(0, 1), "b": Float(0, 2), "c": Float(0, 1), "d": Float(0, 1)})
    row = of(additive(a=4, b=2, c=1), additive(other, a=4, b=2, c=1, d=9))
    assert (row["settings"], row["left_out"], row["pairs"], row["tau"]) == ("a, c", "b, d", 1, 1)
    apart = of(additive(a=1, b=2, c=3), additive(Space({n: Float(0, 2) for n in "abc"}), a=1, b=2, c=3))
    assert np.isnan(apart[["tau", "low", "high"]].astype(float)).all()
    assert (apart["pairs"], apart["settings"]) == (0, "")


def test_with_95_percent_confidence_no_order_is_shown_that_is_not_there():
    """Settings that are all equally strong, in scrambles with noise: what is shown is shown wrongly."""
    rng = np.random.default_rng(0)
    pairs = [concordance(*rng.standard_normal((2, 8, 15)), confidence=0.95) for _ in range(400)]
    wrong = sum(pair["same"] + pair["opposite"] > 0 for pair in pairs)
    assert wrong <= 32  # of 400 at 5 %: more in 1 of 200 such tests; without a correction nearly all


def test_bounds_hold_a_true_order_and_close_with_the_differences():
    rng = np.random.default_rng(1)
    strong = concordance(*(10 + rng.standard_normal((2, 8, 6))), confidence=0.95)
    weak = concordance(*(1 + rng.standard_normal((2, 8, 6))), confidence=0.95)
    assert (strong["low"], strong["high"]) == (1, 1)
    assert weak["low"] < 1 == weak["high"]


def test_every_pair_of_studies_has_a_row():
    surveys = {name: additive(a=3, b=2, c=1) for name in ("x", "y", "z")}
    frame = agreement(surveys)
    assert list(zip(frame["first"], frame["second"], strict=True)) == [("x", "y"), ("x", "z"), ("y", "z")]
