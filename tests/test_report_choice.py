"""A choice in sentences: how it scores, and how its search went, from tables written by hand."""

import numpy as np
import pandas as pd
import pytest

from hpsearch.engine.settings import Hyperparameters
from hpsearch.report import choice
from hpsearch.report.search import chosen_line
from hpsearch.results.best import Best
from hpsearch.tuning.baselines import DEFAULT, GUESS
from hpsearch.tuning.scores import TestScore


@pytest.mark.parametrize(
    ("metric", "own", "other", "verdict"),
    [
        ("test_error", (0.02, 0.01, 0.03), (0.9, 0.8, 0.95), "the chosen network is better"),
        ("test_error", (0.2, 0.15, 0.25), (0.1, 0.05, 0.14), "the chosen network is worse"),
        (
            "test_error",
            (0.2, 0.15, 0.25),
            (0.1, 0.05, 0.16),
            "the intervals overlap, so they do not tell which is better",
        ),
        ("test_r2", (0.6, 0.5, 0.7), (0.0, -0.1, 0.1), "the chosen network is better"),
        ("test_r2", (0.3, 0.2, 0.4), (0.6, 0.5, 0.7), "the chosen network is worse"),
    ],
)
def test_a_baseline_is_better_or_worse_only_where_the_intervals_are_apart(metric, own, other, verdict):
    own, other = (TestScore(metric, *numbers, 360) for numbers in (own, other))
    _, told = choice.test_score(own, {DEFAULT: other})
    assert told.startswith("scikit-learn's default MLP has")
    assert told.endswith(f": {verdict}.")


@pytest.mark.parametrize(
    ("metric", "guess", "told"),
    [
        ("test_error", 0.5, "the most frequent class has 50.00 % on the same examples: the chosen network is better"),
        ("test_error", 0.1, "the most frequent class has 10.00 % on the same examples: the chosen network is worse"),
        ("test_error", 0.24, "the network's interval holds that, so it does not tell which is better"),
        ("test_r2", -0.1, "Guessing the mean has -0.100 on the same examples: the chosen network is better"),
    ],
)
def test_guessing_is_told_by_whether_the_network_s_interval_holds_it_as_a_terminal_does(metric, guess, told):
    own, score = TestScore(metric, 0.2, 0.15, 0.25, 360), TestScore(metric, guess, guess - 0.3, guess + 0.3, 360)
    text = choice.test_score(own, {GUESS: score})[1]
    assert text.endswith(f"{told}.")
    line = chosen_line(Best(0, 0.1, {}, {}, own, lambda: None, score))
    assert ("not shown to be better" in line) == ("network is better." not in text)


def test_ends_of_intervals_that_are_apart_are_not_told_as_equal():
    own = TestScore("test_error", 0.02, 0.01, 0.03001, 360)
    whole, guess = choice.test_score(own, {GUESS: TestScore("test_error", 0.03004, 0, 1, 360)})
    other, default = choice.test_score(own, {DEFAULT: TestScore("test_error", 0.04, 0.03004, 1, 9)})
    assert whole == other
    assert whole.endswith("its network has error 2.000 % (95 % interval 1.000 % to 3.001 %).")
    assert guess.endswith("has 3.004 % on the same examples: the chosen network is better.")
    assert "has 4.000 % (95 % interval 3.004 % to 100.000 %) on the same examples: the chosen network is b" in default
    told = chosen_line(Best(0, 0.1, {}, {}, own, lambda: None, TestScore("test_error", 0.03004, 0, 1, 360), "no"))
    assert told.endswith("1.000 % to 3.001 %, 360 examples); always answering 'no' gives 3.004 %")


def test_without_a_test_split_nothing_is_known_of_new_data():
    (text,) = choice.test_score(None, {})
    assert "not known" in text


def test_the_chosen_setting_is_named_with_its_letters():
    setting = Hyperparameters(0.919, 1731, 0.115, 7.13e-4, 128, 0.00375)
    best = Best(197, 0.132, setting, {}, None, lambda: None)
    assert choice.chosen(best, 200) == (
        "Trial 197 was chosen, the best of 200 completed ones: learning rate α 0.919, iterations T 1,731, momentum μ "
        "0.115, l2 λ 0.000713, batch size B 128, init scale σ 0.00375, hidden 32, activation tanh and init scaled."
    )


def test_the_best_of_those_that_may_be_it_is_no_best_of_all():
    best = Best(2, 0.6, {"x": 0.6}, {}, None, lambda: None)
    assert choice.chosen(best, 20, 8) == (
        "Trial 2 was chosen, the best of 8 that satisfy the constraints and have a finite value, of 20 completed ones: "
        "x 0.6."
    )
    assert choice.chosen(best, 20, 20) == "Trial 2 was chosen, the best of 20 completed ones: x 0.6."
    assert "The best value within the constraints, 1, was reached" in choice.went(history([1.0]), constrained=True)


def history(values, states=None):
    frame = pd.DataFrame({"number": range(len(values)), "value": values, "state": states or "COMPLETE"})
    return frame.assign(diverged=False, best_so_far=frame["value"].cummin())


def test_the_best_is_dated_by_the_trial_that_first_reached_it():
    assert choice.went(history([3.0, 1.0, 2.0, 1.0])) == (
        "The search made 4 trials (4 complete). The best value, 1, was reached at trial 1; 2 trials after it found no "
        "better."
    )
    assert choice.went(history([3.0, 1.0])).endswith("was reached at trial 1; it is the last.")
    assert choice.went(history([1.0, 3.0])).endswith("was reached at trial 0; 1 trial after it found no better.")


def test_a_search_without_a_complete_trial_has_no_best():
    told = choice.went(history([3.0, 1.0], ["PRUNED", "FAIL"]))
    assert told.endswith("(1 pruned, 1 failed). None is complete, so there is no best.")
    assert choice.went(history([])) == "The search has no trials yet."
    endless = history([np.inf, np.inf]).assign(best_so_far=np.nan)
    assert choice.went(endless) == (
        "The search made 2 trials (2 complete). None that is complete has a finite value and satisfies the "
        "constraints, so there is no best."
    )


def test_the_best_of_several_objectives_is_that_of_the_first():
    told = choice.went(history([3.0, 1.0]).assign(metric="value_0"), 2)
    assert "The best value of the first of 2 objectives, value_0, 1, was reached at trial 1;" in told


def test_a_setting_that_was_chosen_by_luck_is_said_to_be():
    columns = ["metric", "mean", "low", "high", "seeds", "diverged", "chosen"]
    rows = [("validation_loss", 9.0, 8.5, 9.5, 10, 7, False), ("validation_loss", 2.0, 1.5, 2.5, 10, 0, True)]
    profile = pd.DataFrame(rows, columns=columns)
    told = "On 10 fresh seeds its mean validation loss is 2 (95 % interval 1.5 to 2.5); the search chose it for "
    assert choice.on_fresh_seeds(profile, 1.5) == f"{told}1.5."
    near = choice.on_fresh_seeds(profile, 1.49999)
    assert "(95 % interval 1.5 to 2.5); the search chose it for 1.49999, which was luck in part" in near
    assert choice.on_fresh_seeds(profile, 1.4).startswith(f"{told}1.4, which was luck in part: ")
    diverged = choice.on_fresh_seeds(profile.assign(diverged=3), 1.6)
    assert diverged.startswith(f"{told}1.6. On 3 of these seeds its training diverged: ")
