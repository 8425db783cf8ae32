"""Ranges by the trials of a search alone, computed by hand."""

import numpy as np
import pandas as pd
import pytest

from hpsearch.sensitivity.designs import DesignError
from hpsearch.sensitivity.ranges import refined
from hpsearch.sensitivity.trials import trial_ranges
from hpsearch.space import Choice, Float, Int


def trials(best, rest, count=100):
    """So many trials, of which the first have the values of the best, in order, and the others one value."""
    values = [*best, *[rest] * (count - len(best))]
    return pd.DataFrame({"number": range(count), "state": "COMPLETE", "value": np.arange(count) / count, "x": values})


def proposed(dimension, best, rest, *, count=100, **options):
    (row,) = trial_ranges(trials(best, rest, count), {"x": dimension}, **options).to_dict("records")
    return row


def test_the_box_of_the_best_is_widened_by_a_quarter_of_its_width():
    row = proposed(Float(0, 1), np.linspace(0.3, 0.7, 10), 0.0)
    assert (row["next_low"], row["next_high"]) == pytest.approx((0.2, 0.8))
    assert (row["best_low"], row["best_median"], row["best_high"]) == pytest.approx((0.3, 0.5, 0.7))
    assert (row["boundary"], row["trials"]) == ("", 10)
    log = proposed(Float(1e-4, 1, log=True), np.geomspace(1e-3, 1e-2, 10), 1.0)
    assert (np.log10(log["next_low"]), np.log10(log["next_high"])) == pytest.approx((-3.25, -1.75), abs=0.02)


def test_a_box_however_narrow_is_widened_by_a_twentieth_of_the_range():
    row = proposed(Float(0, 10), np.full(10, 4.0), 0.0)
    assert (row["next_low"], row["next_high"]) == pytest.approx((3.5, 4.5))


def test_a_box_does_not_leave_its_range_where_fewer_than_half_of_the_ten_best_are_at_the_end():
    at = [0.99] * 4 + [0.6] * 6
    assert proposed(Float(0, 1), at, 0.0)["next_high"] == 1.0
    row = proposed(Float(0, 1), [0.986, 0.987, 0.988, 0.989, 0.99, *[0.6] * 5], 0.0)
    assert (row["boundary"], row["share_high"], row["next_high"]) == ("high", 0.5, 1.25)
    assert row["next_low"] == pytest.approx(0.5)


@pytest.mark.parametrize(("others", "words"), [(0.0, ""), (0.99, ", perhaps by chance")])
def test_where_a_crowd_may_be_chance_the_range_goes_on_all_the_same_and_the_reason_tells(others, words):
    """By chance it may be where most of the other trials lie at that end as well, and are no better there."""
    row = proposed(Float(0, 1), [*np.linspace(0.95, 0.99, 6), *np.linspace(0.5, 0.6, 4)], others)
    assert (row["boundary"], row["next_high"]) == ("high", 1.25)
    assert row["reason"] == f"the best crowd at the high end{words}: beyond it"
    choices = proposed(Choice((16, 32, 64)), [64] * 7 + [32] * 3, 64 if others else 16)
    assert choices["next_choices"] == (32, 64, 128)
    assert choices["reason"] == f"the best crowd at the high end{words}: 128 joins"


@pytest.mark.parametrize(
    ("dimension", "at", "limits", "ends", "reason"),
    [
        (Float(0.01, 1, log=True), 0.99, (0, 10), (0.79, 2.0), "the best crowd at the high end: beyond it"),
        (Float(0.01, 1, log=True), 0.011, (0, 10), (0.005, 0.014), "the best crowd at the low end: beyond it"),
        (Float(0, 1), 0.99, (0, 1.1), (0.94, 1.1), "the best crowd at the high end: beyond it as far as it may go"),
        (Float(0, 1), 0.01, (0, 2), (0.0, 0.06), "the best crowd at the low end, beyond which it may not go"),
        (Int(1, 4000, log=True), 1, (0, 9000), (1, 2), "the best crowd at the low end, beyond which it may not go"),
        (Int(1, 8), 8, (1, 100), (7, 9), "the best crowd at the high end: beyond it"),
    ],
)
def test_past_an_end_at_which_they_crowd_it_goes_an_octave_or_a_quarter(dimension, at, limits, ends, reason):
    far = max(dimension.ends, key=lambda end: abs(end - at))
    row = proposed(dimension, [at] * 10, far, limits={"x": limits})
    assert (row["next_low"], row["next_high"]) == pytest.approx(ends, rel=0.02)
    assert row["reason"] == reason


def test_the_best_tenth_counts_and_at_least_ten():
    far = [0.5] * 10 + [0.9] * 20
    assert proposed(Float(0, 1), far, 0.0, count=100)["best_high"] == 0.5
    row = proposed(Float(0, 1), far, 0.0, count=300)
    assert (row["best_high"], row["trials"]) == (0.9, 30)
    assert proposed(Float(0, 1), far, 0.0, count=30)["trials"] == 10


def test_trials_that_score_as_the_last_of_the_best_are_of_the_best():
    frame = trials([0.5] * 10 + [0.9] * 5, 0.0).assign(value=np.r_[[0.25] * 15, [0.5] * 85])
    (row,) = trial_ranges(frame, {"x": Float(0, 1)}).to_dict("records")
    assert (row["trials"], row["best_low"], row["best_high"]) == (15, 0.5, 0.9)
    (row,) = trial_ranges(frame.assign(value=0.5), {"x": Float(0, 1)}).to_dict("records")
    assert (row["trials"], row["boundary"], row["next_high"]) == (100, "", 1.0)


def test_what_the_best_lie_all_over_stays_as_it_is():
    row = proposed(Float(0, 1), np.linspace(0.15, 0.85, 10), 0.0)
    assert (row["next_low"], row["next_high"], row["reason"]) == (0, 1, "the best lie all over it")


@pytest.mark.parametrize(
    ("choices", "best", "following", "boundary"),
    [
        ((16, 32, 64, 128), [32] * 9 + [64], (32, 64), ""),
        ((16, 32, 64, 128), [128] * 6 + [64] * 4, (64, 128, 256), "high"),
        ((16, 32, 64, 128), [*[32] * 10, *[16, 64, 128] * 30], (32,), ""),
        (("relu", "sigmoid", "tanh"), ["tanh"] * 9 + ["relu"], ("relu", "tanh"), ""),
        (("relu", "sigmoid", "tanh"), [*["tanh"] * 10, *["relu", "sigmoid"] * 45], ("tanh",), ""),
    ],
)
def test_choices_that_any_of_the_best_has_stay_and_words_have_no_ends(choices, best, following, boundary):
    row = proposed(Choice(choices), best, choices[0])
    assert (row["next_choices"], row["boundary"]) == (following, boundary)
    frame = trial_ranges(trials(best, choices[0]), {"x": Choice(choices)})
    kept = following if len(following) > 1 else choices  # one value is no range
    assert refined(frame, {"x": Choice(choices)}) == {"x": Choice(kept)}
    ends = [np.nan, np.nan] if isinstance(choices[0], str) else [following[0], following[-1]]
    assert frame.loc[0, ["next_low", "next_high"]].tolist() == pytest.approx(ends, nan_ok=True)
    assert frame["low"].dtype == frame["next_high"].dtype == "float64"
    if not boundary and 1 < len(following) < len(choices):
        assert row["reason"] == "without the choices that hold none of the best"


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([16, 64, 128] * 30, ": fix it by hand"),
        ([16, 64] * 45, ", perhaps by chance"),  # nothing is known of 128
        ([*[32] * 6, 16, 64, 128] * 10, ", perhaps by chance"),  # most trials have 32, and most of these are no better
    ],
)
def test_a_choice_that_all_of_the_best_have_is_to_be_fixed_only_if_each_other_is_shown_to_be_worse(others, words):
    choices = (16, 32, 64, 128)
    row = proposed(Choice(choices), [32] * 10 + others, 0)
    assert row["reason"] == f"32 holds 100 % of the best{words}"
    assert row["next_choices"] == ((32,) if "fix" in words else choices)
    assert (row["next_low"], row["next_high"]) == ((32, 32) if "fix" in words else (16, 128))


def test_a_choice_is_compared_with_others_of_its_time():
    """The first forty trials have all choices, and do as well with each; the sampler settles, and learns otherwise."""
    frame = trials([*["tanh"] * 60, *["relu", "sigmoid", "tanh"] * 13, "relu"], "").assign(number=range(99, -1, -1))
    (row,) = trial_ranges(frame, {"x": Choice(("relu", "sigmoid", "tanh"))}).to_dict("records")
    assert row["reason"] == "tanh holds 100 % of the best, perhaps by chance"


def test_longer_trainings_are_told_of_the_budget_alone():
    best = [190] * 10
    assert proposed(Int(50, 200, log=True), best, 50, budget="x")["reason"].endswith("; trains up to 2 times as long")
    assert proposed(Int(50, 200, log=True), best, 50)["reason"] == "the best crowd at the high end: beyond it"


def test_pruned_trials_count_as_tried_and_are_none_of_the_best():
    frame = trials([0.5] * 100, 0.3, count=120)
    frame.loc[:99, "state"] = "PRUNED"
    (row,) = trial_ranges(frame, {"x": Float(0, 1)}).to_dict("records")
    assert (row["best_high"], row["trials"]) == (0.3, 12)


@pytest.mark.parametrize(("complete", "pruned"), [(19, 0), (10, 9), (9, 11)])
def test_too_few_trials_are_refused(complete, pruned):
    frame = trials([0.5], 0.3, count=complete + pruned + 5)
    frame["state"] = ["COMPLETE"] * complete + ["PRUNED"] * pruned + ["FAIL"] * 5
    counts = f"there are {complete + pruned}, {complete} of them complete: search on"
    with pytest.raises(DesignError, match=counts):
        trial_ranges(frame, {"x": Float(0, 1)})
