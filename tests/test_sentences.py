"""Sentences: what tables written by hand say, and what they do not."""

import numpy as np
import pandas as pd
import pytest

from hpsearch.engine.settings import Hyperparameters
from hpsearch.report import sentences
from hpsearch.report.edges import at_edges
from hpsearch.report.search import chosen_line
from hpsearch.results.best import Best
from hpsearch.sensitivity.verdicts import MEAN_NOT_SHOWN, NO_FLOOR
from hpsearch.tuning.baselines import DEFAULT, GUESS
from hpsearch.tuning.scores import TestScore


def indices(**verdicts):
    rows = [
        {"response": "validation_loss", "hyperparameter": name, "verdict": verdict, "total_order": total,
         "total_low": total - 0.1, "total_high": total + 0.1, "reason": "too noisy"}
        for name, (verdict, total) in verdicts.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_verdicts_are_told_apart_and_luck_is_a_sentence_of_its_own():
    table = indices(
        learning_rate=("sensitive", 0.76), l2=("inert", 0.004), batch_size=("re-rolls luck", 0.2),
        momentum=("undecided", 0.05), seed=("luck", 0.003),
    )  # fmt: skip
    assert sentences.sensitive_to(table, 0.01) == [
        "Validation loss is sensitive to learning rate α (76 % of the variance in all, 66 % to 86 %).",
        "Other values only re-roll luck, without a change of the mean over seeds, for batch size B (20 % of the "
        "variance in all, 10 % to 30 %).",
        "Inert, below 1 % of the variance: l2 λ (0.4 % of the variance in all, 0.0 % to 10 %).",
        "Not decided by this survey: momentum μ (5.0 % of the variance in all, 0.0 % to 15 %).",
        "Luck, the random seed with all that it interacts with, has 0.3 % of the variance (0.0 % to 10 %).",
    ]


def test_where_nothing_is_sensitive_this_is_said_first_and_a_missing_index_has_its_reason():
    first, second = sentences.sensitive_to(indices(x=("undecided", np.nan)), 0.01)
    assert first == "No setting is shown to matter over these ranges."
    assert second == "Not decided by this survey: x (no index: too noisy)."


def test_what_may_change_by_luck_alone_is_told_from_what_is_not_decided():
    table = indices(l2=("undecided", 0.4), momentum=("undecided", 0.05)).assign(reason=[MEAN_NOT_SHOWN, ""])
    assert sentences.sensitive_to(table, 0.01) == [
        "No setting is shown to change the mean over seeds over these ranges.",
        "Shown to change validation loss, if perhaps only by other luck of the seed: l2 λ (40 % of the variance in "
        "all, 30 % to 50 %).",
        "Not decided by this survey: momentum μ (5.0 % of the variance in all, 0.0 % to 15 %).",
    ]


def test_totals_that_noise_may_be_are_no_share_of_anything():
    table = indices(x=("undecided", 0.9), y=("undecided", 0.8), seed=("luck", 0.9))
    none, undecided = sentences.sensitive_to(table.assign(reason=[NO_FLOOR, NO_FLOOR, ""]), 0.01)
    assert none == "No setting is shown to matter over these ranges."
    assert undecided == f"Not decided by this survey: x and y, for every total index may be noise ({NO_FLOOR})."


def test_a_constant_response_is_no_finding():
    told = sentences.sensitive_to(indices(x=("", np.nan), seed=("luck", np.nan)).assign(reason="it is constant"), 0.01)
    assert told == ["No index is there: it is constant."]


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
    _, told = sentences.test_score(own, {DEFAULT: other})
    assert told.startswith("scikit-learn's default MLP has")
    assert told.endswith(f": {verdict}.")


@pytest.mark.parametrize(
    ("metric", "guess", "told"),
    [
        ("test_error", 0.5, "the most frequent class has 50.0 % on the same examples: the chosen network is better"),
        ("test_error", 0.1, "the most frequent class has 10.0 % on the same examples: the chosen network is worse"),
        ("test_error", 0.24, "the network's interval holds that, so it does not tell which is better"),
        ("test_r2", -0.1, "Guessing the mean has -0.100 on the same examples: the chosen network is better"),
    ],
)
def test_guessing_is_told_by_whether_the_network_s_interval_holds_it_as_a_terminal_does(metric, guess, told):
    own, score = TestScore(metric, 0.2, 0.15, 0.25, 360), TestScore(metric, guess, guess - 0.3, guess + 0.3, 360)
    text = sentences.test_score(own, {GUESS: score})[1]
    assert text.endswith(f"{told}.")
    line = chosen_line(Best(0, 0.1, {}, {}, own, lambda: None, score))
    assert ("not shown to be better" in line) == ("network is better." not in text)


def test_errors_are_in_per_cent_and_r2_is_not():
    assert sentences.interval(TestScore("test_error", 0.0278, 0.0152, 0.0504, 360)) == (
        "2.8 % (95 % interval 1.5 % to 5.0 %)"
    )
    assert sentences.interval(TestScore("test_r2", 0.5, 0.25, 0.75, 9)) == "0.500 (95 % interval 0.250 to 0.750)"


def test_without_a_test_split_nothing_is_known_of_new_data():
    (text,) = sentences.test_score(None, {})
    assert "not known" in text


def test_the_chosen_setting_is_named_with_its_letters():
    setting = Hyperparameters(0.919, 1731, 0.115, 7.13e-4, 128, 0.00375)
    best = Best(197, 0.132, setting, {}, None, lambda: None)
    assert sentences.chosen(best, 200) == (
        "Trial 197 was chosen, the best of 200 completed ones: learning rate α 0.919, iterations T 1,731, momentum μ "
        "0.115, l2 λ 0.000713, batch size B 128, init scale σ 0.00375, hidden 32, activation tanh and init scaled."
    )


def test_the_best_of_those_that_may_be_it_is_no_best_of_all():
    best = Best(2, 0.6, {"x": 0.6}, {}, None, lambda: None)
    assert sentences.chosen(best, 20, 8) == (
        "Trial 2 was chosen, the best of 8 that satisfy the constraints and have a finite value, of 20 completed ones: "
        "x 0.6."
    )
    assert sentences.chosen(best, 20, 20) == "Trial 2 was chosen, the best of 20 completed ones: x 0.6."
    assert "The best value within the constraints, 1, was reached" in sentences.went(history([1.0]), constrained=True)


def history(values, states=None):
    frame = pd.DataFrame({"number": range(len(values)), "value": values, "state": states or "COMPLETE"})
    return frame.assign(diverged=False, best_so_far=frame["value"].cummin())


def test_the_best_is_dated_by_the_trial_that_first_reached_it():
    assert sentences.went(history([3.0, 1.0, 2.0, 1.0])) == (
        "The search made 4 trials (4 complete). The best value, 1, was reached at trial 1; 2 trials after it found no "
        "better."
    )
    assert sentences.went(history([3.0, 1.0])).endswith("was reached at trial 1; it is the last.")
    assert sentences.went(history([1.0, 3.0])).endswith("was reached at trial 0; 1 trial after it found no better.")


def test_a_search_without_a_complete_trial_has_no_best():
    told = sentences.went(history([3.0, 1.0], ["PRUNED", "FAIL"]))
    assert told.endswith("(1 pruned, 1 failed). None is complete, so there is no best.")
    assert sentences.went(history([])) == "The search has no trials yet."
    endless = history([np.inf, np.inf]).assign(best_so_far=np.nan)
    assert sentences.went(endless) == (
        "The search made 2 trials (2 complete). None that is complete has a finite value and satisfies the "
        "constraints, so there is no best."
    )


def test_the_best_of_several_objectives_is_that_of_the_first():
    told = sentences.went(history([3.0, 1.0]).assign(metric="value_0"), 2)
    assert "The best value of the first of 2 objectives, value_0, 1, was reached at trial 1;" in told


def test_edges_are_told_or_their_absence_and_where_a_range_may_go_no_further():
    table = pd.DataFrame(
        {"hyperparameter": ["learning_rate", "l2"], "trials": 10, "edge": ["high", ""], "reachable": [True, False]}
    )
    told = "Of the 10 best trials at least half lie at the high end of learning rate α: better settings may lie beyond."
    assert at_edges(table) == told
    assert at_edges(table.assign(edge="")) == "The 10 best trials crowd at no end of a range."
    assert at_edges(table.iloc[:0]) == ""
    assert at_edges(table.assign(edge=["high", "low"])) == (
        f"{told} Of the 10 best trials at least half lie at the low end of l2 λ: beyond that nothing is allowed."
    )


def over_iterations(*rows):
    return pd.DataFrame(rows, columns=["iteration", "hyperparameter", "total_order", "verdict"])


def test_when_names_the_largest_estimate_of_what_is_shown_to_matter_and_where_it_changes():
    over = over_iterations(
        (0, "init_scale", 0.6, "sensitive"), (0, "learning_rate", 0.0, "inert"), (1, "init_scale", 0.3, "sensitive"),
        (1, "learning_rate", 0.7, "sensitive"), (2, "learning_rate", 0.8, "sensitive"), (2, "seed", 0.9, "luck"),
        (2, "init_scale", 0.9, "undecided"), (4, "init_scale", 0.9, "undecided"),
    )  # fmt: skip
    assert sentences.when(over) == (
        "By the estimates the largest total index is that of init scale σ before training (60 % there) and learning "
        "rate α from iteration 1 on (70 % there). No setting is shown to matter from iteration 4 on."
    )


def test_a_setting_that_was_chosen_by_luck_is_said_to_be():
    columns = ["metric", "mean", "low", "high", "seeds", "chosen"]
    rows = [("validation_loss", 9.0, 8.5, 9.5, 10, False), ("validation_loss", 2.0, 1.5, 2.5, 10, True)]
    profile = pd.DataFrame(rows, columns=columns)
    told = "On 10 fresh seeds its mean validation loss is 2 (95 % interval 1.5 to 2.5); the search chose it for "
    assert sentences.on_fresh_seeds(profile, 1.5) == f"{told}1.5."
    assert sentences.on_fresh_seeds(profile, 1.4).startswith(f"{told}1.4, which was luck in part: ")


def test_when_nothing_is_shown_to_matter_nothing_is_the_largest():
    over = over_iterations((0, "init_scale", 0.6, "undecided"), (8, "init_scale", 0.9, "inert"))
    assert sentences.when(over) == "At no iteration is a setting shown to matter."
    assert sentences.when(over.assign(total_order=np.nan)) == ""


def test_pairs_that_are_present_are_told_without_luck_and_their_absence_is_no_proof():
    pairs = pd.DataFrame(
        {
            "first": ["learning_rate", "l2"],
            "second": ["momentum", "seed"],
            "interaction": [0.139, 0.5],
            "low": [0.075, 0.4],
            "high": [0.2, 0.6],
            "verdict": "present",
            "reason": "",
        }
    )
    assert sentences.together(pairs) == (
        "Settings that act together, the strongest first: learning rate α with momentum μ (14 %, 7.5 % to 20 %)."
    )
    assert "does not show that there is none" in sentences.together(pairs.assign(verdict="not seen"))
    unknown = sentences.together(pairs.assign(verdict="undecided", reason="no floor"))
    assert unknown == "Whether settings interact is not known: no floor."


def test_tolerances_are_told_in_points_and_for_a_regression_by_the_metric_alone():
    table = pd.DataFrame(
        {
            "hyperparameter": ["iterations"],
            "best": [1731],
            "near_low": [900],
            "near_high": [2000],
            "tolerated_low": [217],
            "tolerated_high": [2000.0],
            "near_choices": [None],
            "tolerated_choices": [None],
        }
    )
    near, tolerated = sentences.wrong_by(table, 0.01)
    assert near == (
        "By the metric of the search, every value that was tried outside of these is shown to be worse than the chosen "
        "one: iterations T 900 to 2,000 (chosen: 1,731)."
    )
    assert tolerated == (
        "Within these around the chosen values a rise of the validation error by over one point is excluded: "
        "iterations T 217 to 2,000 (chosen: 1,731)."
    )
    assert "by over 2.5 points is excluded" in sentences.wrong_by(table, 0.025)[1]
    assert sentences.wrong_by(table.assign(tolerated_low=np.nan), 0.01) == [near]
    assert sentences.wrong_by(table.iloc[:0], 0.01) == []
    assert sentences.wrong_by(table, 0.01, enough=False) == [
        near,
        "A rise of the validation error by over one point is excluded nowhere: the validation examples are too few for "
        "that, on so few seeds.",
    ]


def test_words_that_do_as_well_are_listed():
    ends = {f"{kind}_{end}": [np.nan] for kind in ("near", "tolerated") for end in ("low", "high")}
    sets = {"near_choices": [("tanh", "relu", "sigmoid")], "tolerated_choices": [("tanh",)]}
    table = pd.DataFrame({"hyperparameter": ["activation"], "best": ["tanh"], **ends, **sets})
    near, tolerated = sentences.wrong_by(table, 0.01)
    assert near.endswith("worse than the chosen one: activation tanh, relu and sigmoid (chosen: tanh).")
    assert tolerated.endswith(" is excluded: activation tanh (chosen: tanh).")
    assert sentences.wrong_by(table.assign(tolerated_choices=None), 0.01) == [near]
