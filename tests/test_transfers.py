"""Transfers: regrets with SciPy's paired intervals, verdicts that need seeds and examples, a default chosen blindly."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hpsearch.experiments.comparisons import DEFAULTS
from hpsearch.results.transfers import single_setting_table, transfer_table

CLASSES = {"a": True, "b": True}


def scores(points, examples=100):
    """A table of scores from ``{study: {setting: points on each seed}}``; the loss is the points over ten."""
    return pd.DataFrame(
        [
            {"from": name, "to": to, "seed": k, "points": p, "loss": p / 10, "examples": examples}
            for to, settings in points.items()
            for name, values in settings.items()
            for k, p in enumerate(values)
        ]
    )


def row(frame, setting, study):
    return frame[(frame["from"] == setting) & (frame["to"] == study)].iloc[0]


@pytest.fixture(scope="module")
def wide():
    """Scores whose scatter over seeds is far above an example's step."""
    rng = np.random.default_rng(1)
    return {to: {name: rng.normal(40, 5, 8) for name in ("a", "b", DEFAULTS)} for to in "ab"}


def test_regret_and_gain_are_paired_differences_with_scipy_s_intervals(wide):
    frame = transfer_table(scores(wide, examples=10_000), classes=CLASSES)
    found, (a, own, default) = row(frame, "a", "b"), (wide["b"][name] for name in ("a", "b", DEFAULTS))
    for name, ends, difference in (
        ("regret", "regret", a - own), ("gain", "gain", default - a), ("loss_regret", "loss", (a - own) / 10),
        ("points", "points", a),
    ):  # fmt: skip
        interval = stats.ttest_1samp(difference, 0).confidence_interval(0.95)
        expected = (difference.mean(), interval.low, interval.high)
        assert tuple(found[[name, f"{ends}_low", f"{ends}_high"]]) == pytest.approx(expected), name
    assert found["loss"] == pytest.approx(a.mean() / 10)
    assert found["p"] == pytest.approx(stats.ttest_rel(a, own).pvalue)
    assert (found["seeds"], found["examples"]) == (8, 10_000)


def test_a_study_s_own_best_has_no_regret_for_certain_and_the_defaults_no_gain(wide):
    frame = transfer_table(scores(wide), classes=CLASSES)
    own, default = row(frame, "b", "b"), row(frame, DEFAULTS, "b")
    assert own["verdict"] == "own best"
    assert own["p"] == 1
    assert (own[["regret", "regret_low", "regret_high", "loss_low", "loss_high"]] == 0).all()
    assert (default[["gain", "gain_low", "gain_high"]] == 0).all()
    assert default["regret"] == pytest.approx(own["gain"])


@pytest.mark.parametrize(
    ("examples", "regression", "verdict"),
    [(119, False, "not shown"), (120, False, "worse"), (20, True, "worse")],
)
def test_a_loss_in_classes_is_shown_from_six_test_examples_on(examples, regression, verdict):
    points = {"a": {"a": [10.0] * 8, "b": [15.0] * 8, DEFAULTS: [5.0] * 8}}
    frame = transfer_table(scores(points, examples=examples), classes={"a": not regression})
    assert row(frame, "b", "a")["verdict"] == verdict
    assert row(frame, DEFAULTS, "a")["verdict"] == verdict.replace("worse", "better")


def test_a_loss_whose_interval_holds_0_is_not_shown():
    points = {"a": {"a": [0.0] * 4, "b": [90.0, 0.0, 0.0, 0.0], DEFAULTS: [0.0] * 4}}
    assert row(transfer_table(scores(points), classes=CLASSES), "b", "a")["verdict"] == "not shown"


def test_seeds_that_all_agree_by_chance_leave_an_interval_and_points_stay_in_their_scale():
    points = {"a": {"a": [0.0] * 8, "b": [0.0] * 8, DEFAULTS: [100.0] * 8, "c": [50.0] * 8}}
    frame = transfer_table(scores(points), classes=CLASSES)
    alike, worst = row(frame, "b", "a"), row(frame, DEFAULTS, "a")
    assert alike["regret_low"] < 0 < alike["regret_high"]
    assert (alike["points_low"], worst["points_high"]) == (0, 100)
    unseen = stats.t.isf(0.025, 7) ** 2 / 8  # of an example, a point, that changes sides
    assert row(frame, "c", "a")["points_high"] == pytest.approx(50 + unseen)


SELECTION = {"a": {"a": [10.0], "b": [12.0], DEFAULTS: [30.0]}, "b": {"a": [50.0], "b": [20.0], DEFAULTS: [21.0]}}


def test_the_single_setting_is_chosen_by_validation_and_measured_on_the_test():
    seeds = {to: {name: 4 * p for name, p in settings.items()} for to, settings in SELECTION.items()}
    test = {"a": {"a": [10, 11, 9, 10], "b": [13, 15, 14, 14], DEFAULTS: [11, 12, 13, 14]},
            "b": {"a": [24, 25, 26, 27], "b": [20, 21, 19, 20], DEFAULTS: [20, 22, 21, 21]}}  # fmt: skip
    frame = single_setting_table(scores(seeds), scores(test, examples=100_000), classes=CLASSES)
    assert list(frame["from"]) == ["b", DEFAULTS, "a"]  # by the test the defaults would be first
    assert list(frame["validation"]) == [16, 25.5, 30]
    assert list(frame["chosen"]) == [True, False, False]
    chosen, default = frame.iloc[0], frame.iloc[1]
    regret = np.array([[3, 4, 5, 4], [0, 0, 0, 0]]).mean(axis=0)
    interval = stats.ttest_1samp(regret, 0).confidence_interval(0.95)
    expected = pytest.approx((2.0, interval.low, interval.high), abs=1e-3)
    assert tuple(chosen[["regret", "regret_low", "regret_high"]]) == expected
    assert (chosen["worst_study"], chosen["worst"], chosen["difference_high"]) == ("a", 4, 0)
    assert default["difference"] == pytest.approx(np.mean([2.5, 1.0]) - 2.0)
    assert (chosen["studies"], chosen["seeds"]) == (2, 4)


@pytest.mark.parametrize(
    ("examples", "classes", "verdict"),
    [(20, CLASSES, "not shown"), (40, CLASSES, "worse"), (20, {"a": True, "b": False}, "worse")],
)
def test_a_setting_loses_more_than_the_chosen_one_by_six_examples_of_all_studies_together(examples, classes, verdict):
    """20 and 5 points more are 4 and 1 of 20 examples each, and twice as many of 40."""
    points = {"a": {"a": [10.0] * 8, "b": [10.0] * 8, DEFAULTS: [30.0] * 8},
              "b": {"a": [10.0] * 8, "b": [20.0] * 8, DEFAULTS: [15.0] * 8}}  # fmt: skip
    frame = single_setting_table(scores(points), scores(points, examples=examples), classes=classes)
    told = frame.set_index("from")["verdict"]
    assert (told["a"], told[DEFAULTS]) == ("chosen", verdict)
