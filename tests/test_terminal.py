"""What is printed, word for word, of tables written by hand."""

import io
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from hpsearch.experiments.function import survey_frames
from hpsearch.report import terminal
from hpsearch.results.best import Best
from hpsearch.sensitivity.responses import Kind
from hpsearch.space import Choice, Float, Space
from hpsearch.tuning.scores import TestScore

NAN, INF = float("nan"), float("inf")
WIDE = Space({"learning_rate": Float(0, 1), "batch_size": Float(0, 1)})


def printed(table, width=80):
    """The lines of a table on so many columns, each with its spaces made one."""
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def pairs(*rows):
    frame = pd.DataFrame(rows, columns=["first", "second", "interaction", "low", "high", "verdict"])
    return frame.assign(reason=["no floor" if verdict == "undecided" else "" for verdict in frame["verdict"]])


def test_the_strongest_interactions_are_named_with_their_intervals():
    frame = pairs(
        ("learning_rate", "momentum", 0.21, 0.1, 0.32, "present"),
        ("learning_rate", "l2", 0.2, -0.1, 0.5, "not seen"),
        ("learning_rate", "iterations", 0.1234, 0.1, 1.5, "present"),
        ("momentum", "l2", 0.05, 0.01, 0.09, "present"),
        ("momentum", "iterations", 0.04, 0.01, 0.07, "present"),
    )
    assert terminal.interaction_lines(frame) == (
        "strongest interactions: learning_rate x momentum 0.210 [0.100, 0.320]; "
        "learning_rate x iterations 0.123 [0.100,    >1]; momentum x l2 0.050 [0.010, 0.090]"
    )
    assert terminal.interaction_lines(frame, count=1).endswith("learning_rate x momentum 0.210 [0.100, 0.320]")


def test_without_an_interaction_beyond_its_interval_that_is_said():
    frame = pairs(("learning_rate", "l2", 0.2, -0.1, 0.5, "not seen"))
    assert terminal.interaction_lines(frame) == "interactions: none is seen beyond its interval"


def test_undecided_interactions_say_why():
    frame = pairs(
        ("learning_rate", "l2", NAN, NAN, NAN, "undecided"), ("learning_rate", "momentum", NAN, NAN, NAN, "undecided")
    )
    assert terminal.interaction_lines(frame) == "interactions: undecided (no floor)"


def test_verdicts_stand_in_one_line_without_the_seed_and_the_dummy():
    rows = [
        ("learning_rate", 0.754, "sensitive"),
        ("momentum", 0.3, "sensitive"),
        ("batch_size", 0.05, "undecided"),
        ("init_scale", NAN, "undecided"),
        ("depth", 0.1, "re-rolls luck"),
        ("fixed", NAN, ""),
        ("l2", 0.004, "inert"),
        ("dummy", 0.0, "inert"),
        ("seed", 0.2, "luck"),
    ]
    assert terminal.verdict_line(pd.DataFrame(rows, columns=["hyperparameter", "total_order", "verdict"])) == (
        "by the survey (total index), sensitive: learning_rate 0.75, momentum 0.30; "
        "undecided: batch_size 0.05, init_scale (no index); re-rolls luck: depth 0.10; inert: l2 0.00"
    )


def ranges(*rows):
    columns = ["hyperparameter", "low", "high", "boundary", "next_low", "next_high", "next_choices", "reason"]
    return pd.DataFrame([dict(zip(columns, row, strict=True)) for row in rows])


SPACE = {
    "learning_rate": Float(0.001, 1.0, log=True),
    "momentum": Float(0, 0.9),
    "l2": Float(1e-6, 0.1, log=True),
    "batch_size": Choice((8, 16, 32)),
    "init_scale": Float(0.1, 1.0),
}


def test_ranges_to_try_next_are_those_that_crowd_or_move():
    frame = ranges(
        ("learning_rate", 0.001, 1.0, "high", 0.1, 10.0, None, "the best lie at its upper end"),
        ("momentum", 0.0, 0.9, "", 0.0, 0.9, None, "keep"),
        ("l2", 1e-6, 0.1, "", 1e-6, 0.01, None, "the best lie in a part of it"),
        ("batch_size", NAN, NAN, "low", NAN, NAN, (4, 8, 16), "the best lie at its lower end"),
        ("init_scale", 0.1, 1.0, "low", 0.1, 1.0, None, "it may go no lower"),
    )
    assert terminal.range_lines(frame, SPACE).splitlines() == [
        "ranges to try next:",
        "  learning_rate: try 0.1 to 10 (the best lie at its upper end)",
        "  l2: try 1e-06 to 0.01 (the best lie in a part of it)",
        "  batch_size: try 4, 8, 16 (the best lie at its lower end)",
        "  init_scale: try 0.1 to 1 (it may go no lower)",
    ]


def test_without_a_range_to_change_that_is_said():
    frame = ranges(
        ("momentum", 0.0, 0.9, "", 0.0, 0.9, None, "keep"), ("batch_size", NAN, NAN, "", NAN, NAN, (8, 16, 32), "keep")
    )
    assert terminal.range_lines(frame, SPACE) == "ranges to try next: nothing speaks for other ones"


def test_choices_that_are_dropped_are_said_with_no_boundary_in_sight():
    frame = ranges(("batch_size", 8, 32, "", 8, 16, (8, 16), "without the choices that hold few of the best"))
    assert terminal.range_lines(frame, SPACE).splitlines()[1:] == [
        "  batch_size: try 8, 16 (without the choices that hold few of the best)"
    ]


@pytest.mark.parametrize(
    ("score", "line"),
    [
        (
            TestScore("test_error", 1 / 30, 0.0059, 0.167, 30),
            "test error 3.33 % (95 % interval 0.59 % to 16.70 %, 30 examples)",
        ),
        (TestScore("test_r2", 0.54286, 0.1, 0.9, 4), "test r2 0.5429 (95 % interval 0.1000 to 0.9000, 4 examples)"),
        (None, "there is no test split"),
    ],
)
def test_the_chosen_trial_is_named_with_its_score(score, line):
    told = terminal.chosen_line(Best(7, 0.1, {}, {}, score, None))
    if score is None:
        assert told == "chosen: trial 7; there is no test split to score it on (data.test is 0)"
    else:
        assert told == f"chosen: trial 7, {line}"


@pytest.mark.parametrize(
    ("metric", "value", "low", "high", "guess", "said"),
    [
        ("test_error", 0.08, 0.05, 0.11, 0.12, "; always 'no': 12.00 %"),
        ("test_error", 0.08, 0.05, 0.13, 0.12, "; always 'no': 12.00 %, and the network is not shown to be better"),
        ("test_error", 0.20, 0.15, 0.25, 0.12, "; always 'no': 12.00 %, and the network is not shown to be better"),
        ("test_r2", 0.5, 0.3, 0.6, -0.01, "; always the mean: -0.0100"),
        ("test_r2", 0.1, -0.2, 0.3, -0.01, "; always the mean: -0.0100, and the network is not shown to be better"),
    ],
)
def test_the_baseline_stands_beside_the_score_and_what_is_not_shown_is_said(metric, value, low, high, guess, said):
    best = Best(7, 0.1, {}, {}, TestScore(metric, value, low, high, 90), None, TestScore(metric, guess, 0, 1, 90), "no")
    assert terminal.chosen_line(best).endswith(f", 90 examples){said}")
    assert "; always the most frequent class: " in terminal.chosen_line(
        replace(
            best, guess="", test=TestScore("test_error", 0.1, 0, 1, 9), guessing=TestScore("test_error", 0, 0, 1, 9)
        )
    )


def test_the_note_says_what_was_asked_over_which_ranges():
    space = Space({"rate": Float(0.01, 1.0, log=True), "share": Float(0, 0.5), "size": Choice((8, 16))})
    found = survey_frames(
        lambda rows: (rows["share"] + rows["size"]).rename("loss"), space, base=4, scrambles=2, seeds=3
    )
    found = replace(found, budget="iterations")
    form = found.take().form
    ending = (
        "where each training ended; shares of its variance with 95 % intervals over 2 scrambles of 4; budget: "
        "iterations; seeds: a pool of 3. Over these ranges, and no others: "
        "rate 0.01 to 1, log; share 0 to 0.5; size 8, 16"
    )
    assert terminal.sensitivity_note(found) == f"of loss ({form} form) {ending}"
    high = (found.table["loss"] > 8.35).sum()
    guess = f"clipped at 8.35 (an answer that ignores its input; {high} of 48 rows)"
    clipped = replace(found, kinds={"loss": Kind(ceiling=8.35)})
    assert terminal.sensitivity_note(clipped) == f"of loss ({form} form, {guess}) {ending}"
    low = (found.table["loss"] < 8.25).sum()
    floored = replace(found, kinds={"loss": Kind("log", ceiling=8.35, floor=8.25)})
    assert terminal.sensitivity_note(floored) == (
        f"of loss (log form, {guess}, not below 8.25 ({low} of 48 rows)) {ending}"
    )
    assert 0 < low != high > 0


def indices(*rows):
    columns = [
        *("hyperparameter", "total_order", "total_low", "total_high", "first_order", "first_low", "first_high"),
        *("mean_order", "verdict", "base_needed", "reason"),
    ]
    frame = pd.DataFrame(rows, columns=columns).astype({"base_needed": "Int64"})
    return frame.assign(mean_low=frame["mean_order"], mean_high=frame["mean_order"])


MEAN = "mean: the part of the total order that is left when the response is averaged over seeds"


def test_indices_stand_beside_their_intervals_and_verdicts():
    unbounded = "the interval is unbounded"
    frame = indices(
        ("rate", 0.5, 0.45, 0.55, 0.25, 0.2, 0.3, 0.49, "sensitive", NAN, ""),
        ("size", 0.05, 0.01, 0.09, 0.02, 0.01, 0.05, 0.05, "undecided", 512, ""),
        ("depth", 0.05, -INF, INF, 0.02, -INF, INF, 0.05, "undecided", NAN, unbounded),
        ("width", 0.05, 0.01, 0.09, 0.02, 0.01, 0.05, 0.01, "undecided", 256, "its mean is not shown"),
        ("share", 0.04, -INF, INF, 0.01, 0.0, 0.02, 0.04, "undecided", NAN, unbounded),
        ("fixed", NAN, NAN, NAN, NAN, NAN, NAN, NAN, "", NAN, "does not vary"),
        ("seed", 0.1, 0.08, 0.12, NAN, NAN, NAN, NAN, "luck", NAN, ""),
    )
    assert printed(terminal.sensitivity_table(frame, title="small: what matters"), width=120) == [
        "small: what matters",
        "setting total order mean first order verdict",
        "rate 0.500 [0.450, 0.550] 0.490 0.250 [0.200, 0.300] sensitive",
        "size 0.050 [0.010, 0.090] 0.050 0.020 [0.010, 0.050] undecided (--base 512 would decide)",
        "depth 0.050 [ <0, >1] 0.050 0.020 [ <0, >1] undecided",
        "width 0.050 [0.010, 0.090] 0.010 0.020 [0.010, 0.050] undecided (--base 256 would decide)",
        "share 0.040 [ <0, >1] 0.040 0.010 [0.000, 0.020] undecided",
        "fixed - - - does not vary",
        "seed 0.100 [0.080, 0.120] - - luck",
    ]
    assert terminal.sensitivity_legend(frame).splitlines() == [
        "depth, share: the interval is unbounded",
        "width: its mean is not shown",
        MEAN,
        "<0 and >1: the interval is cut there, for a share lies in 0 to 1; what lies beyond is sampling error",
    ]


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (-0.0004, 1.0004, "[0.000, 1.000]"),
        (-0.0006, 1.0006, "[   <0,    >1]"),
        (-INF, 0.5, "[   <0, 0.500]"),
        (0.25, 3.477, "[0.250,    >1]"),
    ],
)
def test_a_printed_interval_is_cut_at_0_and_1_and_the_cut_is_marked_and_explained(low, high, text):
    frame = indices(("rate", 0.75, low, high, 0.25, 0.2, 0.3, 0.7, "sensitive", NAN, ""))
    lines = printed(terminal.sensitivity_table(frame, title="small"), width=120)
    assert " ".join(f"rate 0.750 {text} 0.700".split()) in lines[2]
    assert ("<0 and >1: " in terminal.sensitivity_legend(frame)) == ("<" in text or ">" in text)


def test_the_indices_of_a_survey_fit_80_columns():
    found = survey_frames(lambda r: r.learning_rate * (1 + r.batch_size), WIDE, base=4, scrambles=2)
    lines = printed(terminal.sensitivity_table(found.sensitivity(), title="small"), width=80)
    assert any(line.startswith("learning_rate 0.") and "…" not in line for line in lines)


def test_what_no_base_would_decide_is_said():
    frame = indices(("share", 0.04, 0.03, 0.05, 0.01, 0.0, 0.02, 0.04, "undecided", NAN, ""))
    assert printed(terminal.sensitivity_table(frame, title="small: what matters"), width=120)[-1] == (
        "share 0.040 [0.030, 0.050] 0.040 0.010 [0.000, 0.020] undecided (at any base of use)"
    )
    assert terminal.sensitivity_legend(frame) == MEAN


def test_the_best_trials_stand_in_order_of_their_values_and_the_others_are_counted(small):
    setting = {"iterations": 60, "momentum": 0.5, "l2": 1e-4, "batch_size": 16, "init_scale": 0.1}
    states = [("COMPLETE", 0.5), ("COMPLETE", 0.25), ("PRUNED", 0.1), ("COMPLETE", 9.0), ("COMPLETE", 0.25)]
    rows = [
        {
            **setting, "number": i, "state": state, "value": value, "learning_rate": 0.1 * (i + 1),
            "diverged": value == 9, "validation_loss": value, "validation_error": value / 10,
        }
        for i, (state, value) in enumerate(states)
    ]  # fmt: skip
    lines = printed(terminal.best_table(pd.DataFrame(rows), small, count=3))
    assert lines[0] == "small: the 3 best of 5 trials (1 diverged, 1 pruned)"
    assert lines[-3:] == [
        "1 0.2 60 0.5 0.0001 16 0.1 0.2500 2.50 %",
        "4 0.5 60 0.5 0.0001 16 0.1 0.2500 2.50 %",
        "0 0.1 60 0.5 0.0001 16 0.1 0.5000 5.00 %",
    ]


def test_importances_stand_side_by_side_with_interval_adjusted_p_value_and_verdict():
    columns = ["measure", "hyperparameter", "importance", "low", "high", "p_value", "p_adjusted", "verdict"]
    rows = [
        ("ped_anova", "rate", 0.75, 0.5, 0.9, 0.005, 0.01, "seen"),
        ("ped_anova", "size", 0.25, 0.1, 0.5, 0.3, 0.4, "not seen"),
        ("fanova", "rate", 0.6, 0.4, 0.8, 0.02, 0.04, "seen"),
        ("fanova", "size", *[float("nan")] * 5, ""),
    ]
    assert printed(terminal.importance_table(pd.DataFrame(rows, columns=columns), title="s: importance")) == [
        "s: importance",
        "setting ped anova fanova",
        "rate 0.75 [0.50, 0.90] 0.60 [0.40, 0.80]",
        "p 0.010 seen p 0.040 seen",
        "size 0.25 [0.10, 0.50] missing",
        "p 0.400 not seen",
    ]


def test_the_networks_of_the_best_trials_have_a_table_of_their_own(small):
    space = {**small.describe()["space"], "width": {"low": 4, "high": 8}, "activation": {"choices": ["relu", "tanh"]}}
    varied = small.from_description({**small.describe(), "network": {}, "space": space})
    rows = [
        {"number": 0, "state": "COMPLETE", "value": 0.5, "width": 7, "activation": "tanh"},
        {"number": 1, "state": "COMPLETE", "value": 0.25, "width": 4, "activation": "relu"},
        {"number": 2, "state": "PRUNED", "value": 0.1, "width": 5, "activation": "relu"},
    ]
    table = terminal.networks_table(pd.DataFrame(rows), varied, count=2)
    assert printed(table) == ["their networks", "trial width n activation", "1 4 relu", "0 7 tanh"]
    assert terminal.networks_table(pd.DataFrame(rows), small) is None
