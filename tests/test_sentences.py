"""Sentences: what tables written by hand say, and what they do not."""

import numpy as np
import pandas as pd

from hpsearch.report import sentences
from hpsearch.sensitivity.verdicts import MEAN_NOT_SHOWN, NO_FLOOR
from hpsearch.sensitivity.words import at_edges
from hpsearch.space import Choice, Float, Int


def indices(**verdicts):
    rows = [
        {"response": "validation_loss", "hyperparameter": name, "verdict": verdict, "total_order": total,
         "total_low": total - 0.1, "total_high": total + 0.1, "reason": "too noisy"}
        for name, (verdict, total) in verdicts.items()
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(share=0.01)


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


def test_the_end_of_an_interval_does_not_read_as_the_share_that_a_verdict_lies_below_or_above():
    inert = indices(l2=("inert", 0.004)).assign(total_low=-0.001, total_high=0.0098)
    assert "(0.4 % of the variance in all, 0.0 % to 0.98 %)" in sentences.sensitive_to(inert, 0.01)[1]
    sensitive = indices(l2=("sensitive", 0.013)).assign(total_low=0.01004)
    assert "(1.3 % of the variance in all, 1.004 % to 11 %)" in sentences.sensitive_to(sensitive, 0.01)[0]


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


def test_edges_are_told_or_their_absence_and_where_a_range_may_go_no_further():
    table = pd.DataFrame(
        {"hyperparameter": ["learning_rate", "l2"], "trials": 10, "edge": ["high", ""], "low": 0, "high": [1, 9]}
    ).assign(beyond=[True, False])
    limits = {"l2": (0, 9)}
    told = "Of the 10 best trials at least half lie at the high end of learning rate α: better settings may lie beyond."
    assert at_edges(table, limits) == told
    assert at_edges(table.assign(edge=""), limits) == "The 10 best trials crowd at no end of a range."
    assert at_edges(table.iloc[:0], limits) == ""
    assert at_edges(table.assign(edge=["high", "low"]), limits) == (
        f"{told} Of the 10 best trials at least half lie at the low end of l2 λ: beyond that nothing is allowed."
    )
    assert at_edges(table.assign(beyond=False), limits) == told.replace(
        "better settings may lie beyond",
        "trials there are not shown to be better than others of their time, so the sampler may have crowded them there "
        "by chance",
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
        "By the estimates the largest total index is that of init scale σ before training (60 %) and learning rate α "
        "from iteration 1 to 2 (70 % at first). No setting is shown to matter at iteration 4."
    )


def test_a_setting_that_comes_to_matter_again_is_told_with_the_end_of_each_stretch():
    rates = [(k, "learning_rate", 0.5, "undecided" if k in (8, 16) else "sensitive") for k in (2, 4, 8, 16, 32, 64)]
    rates += [(k, "learning_rate", 0.9, "undecided") for k in (0, 1)]
    assert sentences.when(over_iterations(*rates)) == (
        "By the estimates the largest total index is that of learning rate α from iteration 2 to 4 (50 % at first) and "
        "learning rate α from iteration 32 on (50 % at first). No setting is shown to matter up to iteration 1 and "
        "from iteration 8 to 16."
    )


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
    weak = sentences.together(pairs.assign(interaction=0.0004, low=0.0003, high=0.0005))
    assert "(0.04 %, 0.03 % to 0.1 %)" in weak
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
    space = {"iterations": Int(50, 2000, log=True)}
    near, tolerated = sentences.wrong_by(table, space, 0.01)
    assert near == (
        "By the metric of the search, every value that was tried outside of these is shown to be worse than the chosen "
        "one: iterations T 900 to 2,000 (chosen: 1,731)."
    )
    assert tolerated == (
        "Within these around the chosen values a rise of the validation error by over one point is excluded: "
        "iterations T 217 to 2,000 (chosen: 1,731)."
    )
    assert "by over 2.5 points is excluded" in sentences.wrong_by(table, space, 0.025)[1]
    assert "iterations T 2,000 alone (chosen" in sentences.wrong_by(table.assign(near_low=2000), space, 0.01)[0]
    assert sentences.wrong_by(table.assign(tolerated_low=np.nan), space, 0.01) == [near]
    assert sentences.wrong_by(table.iloc[:0], space, 0.01) == []
    assert sentences.wrong_by(table, space, 0.01, enough=False) == [
        near,
        "A rise of the validation error by over one point is excluded nowhere: the validation examples are too few for "
        "that, on so few seeds.",
    ]


def test_words_that_do_as_well_are_listed():
    ends = {f"{kind}_{end}": [np.nan] for kind in ("near", "tolerated") for end in ("low", "high")}
    sets = {"near_choices": [("tanh", "relu", "sigmoid")], "tolerated_choices": [("tanh",)]}
    table = pd.DataFrame({"hyperparameter": ["activation"], "best": ["tanh"], **ends, **sets})
    space = {"activation": Choice(("tanh", "relu", "sigmoid", "step"))}
    near, tolerated = sentences.wrong_by(table, space, 0.01)
    assert near.endswith("worse than the chosen one: activation tanh, relu and sigmoid (chosen: tanh).")
    assert tolerated.endswith(" is excluded: activation tanh (chosen: tanh).")
    assert sentences.wrong_by(table.assign(tolerated_choices=None), space, 0.01) == [near]


def test_settings_of_which_no_value_is_shown_to_be_worse_are_told_apart():
    ends = {"best": [0.5, "tanh", 0.3], "near_low": [0.0, np.nan, 0.0], "near_high": [0.99, np.nan, 0.98]}
    sets = {"near_choices": [None, ("tanh", "relu"), None], "tolerated_choices": None, "tolerated_low": np.nan}
    table = pd.DataFrame({"hyperparameter": ["momentum", "activation", "l2"], **ends, **sets})
    space = {"momentum": Float(0, 0.99), "activation": Choice(("tanh", "relu")), "l2": Float(0, 0.99)}
    near, ends, words = sentences.wrong_by(table, space, 0.01)
    assert near.endswith("worse than the chosen one: l2 λ 0 to 0.98 (chosen: 0.3).")
    metric = "By the metric of the search,"
    assert ends == f"{metric} neither end of the range of momentum μ is shown to be worse than the chosen value."
    assert words == f"{metric} no other value of activation is shown to be worse than the chosen value."
    assert sentences.wrong_by(table.iloc[:2], space, 0.01) == [ends, words]
