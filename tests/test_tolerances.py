"""Tolerances: intervals that have a width where few seeds agree, and the stretches that they allow."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hpsearch.experiments.tolerances import excludable, intervals, levels, p_values, tolerance


def test_an_interval_is_that_of_the_t_distribution():
    samples = np.random.default_rng(0).standard_normal((5, 7))
    mean, low, high = intervals(samples)
    wanted = [stats.ttest_1samp(row, 0).confidence_interval(0.95) for row in samples]
    assert mean == pytest.approx(samples.mean(axis=1))
    assert np.transpose([low, high]) == pytest.approx(np.array(wanted))
    assert intervals(samples, step=1e-6) == pytest.approx(np.array([mean, low, high]))


@pytest.mark.parametrize("seeds", [5, 10, 32])
def test_so_few_examples_and_seeds_exclude_a_loss_nowhere_and_one_more_where_nothing_changes(seeds):
    """Wilson's interval of no step in so many ends at t² steps."""
    least = stats.t.isf(0.025, seeds - 1) ** 2 / seeds / 0.01
    assert not excludable(0.01, examples=int(least), seeds=seeds)
    assert excludable(0.01, examples=int(least) + 1, seeds=seeds)


@pytest.mark.parametrize(("steps", "sign"), [(0, 1), (1, 1), (3, 1), (3, -1)])
def test_seeds_that_agree_leave_what_they_may_have_missed(steps, sign):
    """The upper end solves Wilson's equation for a Poisson count: (rate - seen)^2 = t^2 rate / trials."""
    seeds, examples = 10, 80
    samples = np.full((1, seeds), sign * steps / examples)
    mean, low, high = intervals(samples, step=1 / examples)
    assert mean == pytest.approx(sign * steps / examples)
    assert high - mean == pytest.approx(mean - low)
    assert (high > mean).all()
    rate = steps / examples + (high - mean)[0]
    trials = seeds * examples
    assert (rate - steps / examples) ** 2 == pytest.approx(stats.t.isf(0.025, seeds - 1) ** 2 * rate / trials)


def test_a_score_that_all_seeds_share_leaves_what_they_may_have_missed_and_no_more():
    """That of no step, wherever the score lies, cut at 0; and where seeds differ, Student's interval."""
    samples = np.array([[0.0] * 10, [0.25] * 10, [0.2] * 5 + [0.3] * 5])
    mean, low, high = levels(samples, step=1 / 80)
    unseen = stats.t.isf(0.025, 9) ** 2 / 80 / 10
    assert np.transpose([mean, low, high])[:2] == pytest.approx(
        np.array([[0, 0, unseen], [0.25, 0.25 - unseen, 0.25 + unseen]])
    )
    apart = stats.ttest_1samp(samples[2], 0).confidence_interval(0.95)
    assert [low[2], high[2]] == pytest.approx([*apart])
    negative = -samples[2:]
    assert np.ravel(levels(negative)) == pytest.approx(np.ravel(intervals(negative)))


def test_of_a_score_what_one_seed_has_beside_the_others_counts_and_not_how_far_all_are_from_nothing():
    """One of ten seeds is one example off: Wilson's width for a tenth of a step, which is wider than Student's."""
    step = 1 / 80
    mean, low, high = levels(np.array([[0.25] * 9 + [0.25 + step]]), step=step)
    unseen = stats.t.isf(0.025, 9) ** 2 * step / 10
    half = unseen / 2 + np.sqrt(step / 10 * unseen + unseen**2 / 4)
    assert np.ravel([mean, low, high]) == pytest.approx(0.25 + step / 10 + np.array([0, -half, half]))


@pytest.mark.parametrize("seeds", [10, 32])
@pytest.mark.parametrize("examples", [30, 360])
def test_a_loss_of_a_point_is_seldom_excluded_where_there_is_one(seeds, examples):
    rng = np.random.default_rng(0)
    shape = (4000, seeds)
    losses = {
        "one by one": rng.binomial(examples, 0.01, shape) / examples,
        "to and fro": (rng.binomial(examples, 0.03, shape) - rng.binomial(examples, 0.02, shape)) / examples,
        "continuous": 0.01 + 0.02 * rng.standard_normal(shape),
    }
    for samples in losses.values():
        _, _, high = intervals(samples, step=1 / examples)
        assert np.mean(high < 0.01) <= 0.04


def test_p_values_are_those_of_scipy_s_t_test():
    samples = np.random.default_rng(0).standard_normal((5, 8)) + 0.5
    assert p_values(samples) == pytest.approx(stats.ttest_1samp(samples, 0, axis=1).pvalue)


def test_a_p_value_is_at_most_a_twentieth_where_the_interval_excludes_nothing_lost():
    rng = np.random.default_rng(0)
    samples = rng.binomial(80, rng.uniform(0, 0.05, (2000, 1)), (2000, 6)) / 80
    for step in (0.0, 1 / 80):
        _, low, _ = intervals(samples, step=step)
        excluded = low > 0
        assert (p_values(samples, step=step) <= 0.05).tolist() == excluded.tolist()
        assert 100 < excluded.sum() < 1900


def test_samples_that_agree_are_certain_only_where_there_is_no_step():
    agreed = np.array([[0.0] * 4, [0.01] * 4])
    assert p_values(agreed).tolist() == [1, 0]
    assert p_values(agreed, step=0.01)[1] > 0.05


def profiled(lows, highs, best, near=None):
    rows = len(lows)
    return pd.DataFrame(
        {
            "hyperparameter": ["rate"] * rows,
            "value": range(1, rows + 1),
            "error_difference_low": lows,
            "error_difference_high": highs,
            "near_best": near or [True] * rows,
            "chosen": [row == best - 1 for row in range(rows)],
        }
    )


LOWS = [0.02, 0.00, 0.03, 0.00, 0.00, 0.00, 0.00, 0.01, 0.02]
HIGHS = [0.05, 0.03, 0.06, 0.009, 0.00, 0.005, 0.01, 0.005, 0.05]


def stretch(row, name):
    return row[f"{name}_low"], row[f"{name}_high"]


def test_a_loss_is_tolerated_as_far_from_the_best_as_it_is_excluded_without_a_break():
    assert stretch(tolerance(profiled(LOWS, HIGHS, best=5)), "tolerated") == (4, 6)
    assert stretch(tolerance(profiled(LOWS, HIGHS, best=5), points=0.0101), "tolerated") == (4, 8)
    assert stretch(tolerance(profiled(LOWS, HIGHS, best=5), points=0.005), "tolerated") == (5, 5)
    assert stretch(tolerance(profiled(LOWS, HIGHS, best=5), points=0.07), "tolerated") == (1, 9)


def test_what_is_left_between_the_ends_where_a_loss_is_shown_is_unshown():
    row = tolerance(profiled(LOWS, HIGHS, best=5))
    assert stretch(row, "unshown") == (2, 8)  # 3 is shown alone, within what is not
    assert stretch(tolerance(profiled(LOWS, HIGHS, best=5), points=0.009), "unshown") == (2, 7)
    everywhere_but_the_best = [0.5, 0.5, 0.0, 0.5]
    assert stretch(tolerance(profiled(everywhere_but_the_best, [0.6] * 4, best=3)), "unshown") == (3, 3)


def test_near_is_what_is_left_between_the_ends_that_are_shown_to_be_worse():
    row = tolerance(profiled([0.0] * 5, [0.5] * 5, best=4, near=[False, True, False, True, False]))
    assert (row["hyperparameter"], row["best"]) == ("rate", 4)
    assert stretch(row, "near") == (2, 4)
    assert stretch(row, "tolerated") == (4, 4)
    stretches = ("near", "tolerated", "unshown")
    ends = [f"{name}_{end}" for name in stretches for end in ("low", "high")]
    assert list(row)[2:] == [*ends, *(f"{name}_choices" for name in stretches), "points"]


def of_words(differences, errors, *, half=0.01, chosen=0, seeds=5):
    difference, error = np.array(differences), np.array(errors)
    return pd.DataFrame(
        {
            "hyperparameter": "activation",
            "value": list("abcd")[: len(difference)],
            "difference": difference,
            "difference_low": difference - half,
            "difference_high": difference + half,
            "error_difference": error,
            "error_difference_low": error - half,
            "error_difference_high": error + half,
            "near_best": difference <= half,
            "seeds": seeds,
            "chosen": np.arange(len(difference)) == chosen,
        }
    )


def test_of_words_sets_are_told_each_compared_with_the_chosen_one():
    """Three others: each test at 0.025/3, whose t-interval of five seeds is 1.43 times as wide (t 3.96 by 2.78)."""
    row = tolerance(of_words([0.0, 0.0142, 0.0144, 0.5], [0.0, -0.0105, -0.009, 0.05], chosen=0))
    wider = stats.t.isf(0.025 / 3, 4) / stats.t.isf(0.025, 4)
    assert 1.426 < wider < 1.427
    assert row["near_choices"] == ("a", "b")  # 0.0144 − 1.427 × 0.01 is above 0, and 0.0142 is not
    assert row["tolerated_choices"] == ("a", "b")  # −0.0105 + 1.427² × 0.01 is below a point, and −0.009 is not
    assert row["unshown_choices"] == ("a", "b", "c")
    assert np.isnan(
        [row[f"{name}_{end}"] for name in ("near", "tolerated", "unshown") for end in ("low", "high")]
    ).all()


def test_the_chosen_word_is_in_every_set_and_sets_have_gaps():
    row = tolerance(of_words([0.5, 0.5, 0.0, 0.0], [0.0, 0.5, 0.0, -0.05], chosen=2))
    assert (row["best"], row["near_choices"]) == ("c", ("c", "d"))
    assert row["tolerated_choices"] == ("c", "d")
    assert row["unshown_choices"] == ("a", "c", "d")


def test_words_of_a_regression_have_no_error_to_tolerate():
    row = tolerance(of_words([0.0, 0.5], [np.nan, np.nan]))
    assert row["near_choices"] == ("a",)
    assert row["tolerated_choices"] is row["unshown_choices"] is None
