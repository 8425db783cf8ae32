"""What a survey prints, word for word, of tables written by hand."""

from dataclasses import replace

import pandas as pd
import pytest
from helpers import printed

from hpsearch.experiments.function import survey_frames
from hpsearch.experiments.progress import TrainingProgress
from hpsearch.report import survey
from hpsearch.sensitivity.responses import Kind
from hpsearch.space import Choice, Float, Space

NAN, INF = float("nan"), float("inf")


WIDE = Space({"learning_rate": Float(0, 1), "batch_size": Float(0, 1)})


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
    assert survey.interaction_lines(frame) == (
        "strongest interactions: learning_rate x momentum 0.210 [0.100, 0.320]; "
        "learning_rate x iterations 0.123 [0.100,    >1]; momentum x l2 0.050 [0.010, 0.090]"
    )
    assert survey.interaction_lines(frame, count=1).endswith("learning_rate x momentum 0.210 [0.100, 0.320]")


def test_without_an_interaction_beyond_its_interval_that_is_said():
    frame = pairs(("learning_rate", "l2", 0.2, -0.1, 0.5, "not seen"))
    assert survey.interaction_lines(frame) == "interactions: none is seen beyond its interval"


def test_undecided_interactions_say_why():
    frame = pairs(
        ("learning_rate", "l2", NAN, NAN, NAN, "undecided"), ("learning_rate", "momentum", NAN, NAN, NAN, "undecided")
    )
    assert survey.interaction_lines(frame) == "interactions: undecided (no floor)"


def test_verdicts_stand_in_one_line_without_the_seed_and_the_dummy():
    rows = [
        ("learning_rate", 0.754, "sensitive"),
        ("momentum", 0.3, "sensitive"),
        ("batch_size", 0.05, "undecided"),
        ("init_scale", NAN, "undecided"),
        ("depth", 0.1, "re-rolls luck"),
        ("fixed", NAN, ""),
        ("l2", 0.004, "inert"),
        ("width", 0.0096, "inert"),
        ("dummy", 0.0, "inert"),
        ("seed", 0.2, "luck"),
    ]
    frame = pd.DataFrame(rows, columns=["hyperparameter", "total_order", "verdict"]).assign(share=0.01)
    assert survey.verdict_line(frame) == (
        "by the survey (total index), sensitive: learning_rate 0.75, momentum 0.30; "
        "undecided: batch_size 0.05, init_scale (no index); re-rolls luck: depth 0.10; inert: l2 0.00, width 0.0096"
    )


def test_a_survey_without_an_index_says_why():
    none = pd.DataFrame({"hyperparameter": ["l2", "seed"], "total_order": NAN, "verdict": "", "reason": "constant"})
    assert survey.verdict_line(none) == "by the survey no setting has an index: constant"


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
    assert survey.range_lines(frame, SPACE).splitlines() == [
        "ranges to try next:",
        "  learning_rate: try 0.1 to 10 (the best lie at its upper end)",
        "  l2: try 1e-06 to 0.01 (the best lie in a part of it)",
        "  batch_size: try 4, 8, 16 (the best lie at its lower end)",
        "  init_scale: try 0.1 to 1 (it may go no lower)",
    ]


def test_a_choice_to_fix_is_said_without_choices_to_try():
    frame = ranges(("batch_size", NAN, NAN, "low", NAN, NAN, (8,), "8 holds 97 % of the best: fix it by hand"))
    told = "  batch_size: 8 holds 97 % of the best: fix it by hand"
    assert survey.range_lines(frame, SPACE).splitlines()[1:] == [told]


def test_without_a_range_to_change_that_is_said():
    frame = ranges(
        ("momentum", 0.0, 0.9, "", 0.0, 0.9, None, "keep"), ("batch_size", NAN, NAN, "", NAN, NAN, (8, 16, 32), "keep")
    )
    assert survey.range_lines(frame, SPACE) == "ranges to try next: nothing speaks for other ones"


def test_choices_that_are_dropped_are_said_with_no_boundary_in_sight():
    frame = ranges(("batch_size", 8, 32, "", 8, 16, (8, 16), "without the choices that hold few of the best"))
    assert survey.range_lines(frame, SPACE).splitlines()[1:] == [
        "  batch_size: try 8, 16 (without the choices that hold few of the best)"
    ]


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
    assert survey.sensitivity_note(found) == f"of loss ({form} form) {ending}"
    high = (found.table["loss"] > 8.35).sum()
    guess = f"clipped at 8.35 (an answer that ignores its input; {high} of 48 rows)"
    clipped = replace(found, kinds={"loss": Kind(ceiling=8.35)})
    assert survey.sensitivity_note(clipped) == f"of loss ({form} form, {guess}) {ending}"
    low = (found.table["loss"] < 8.25).sum()
    floored = replace(found, kinds={"loss": Kind("log", ceiling=8.35, floor=8.25)})
    assert survey.sensitivity_note(floored) == (
        f"of loss (log form, {guess}, not below 8.25 (as good as perfect; {low} of 48 rows)) {ending}"
    )
    assert 0 < low != high > 0
    none = replace(found, kinds={"loss": Kind("log", ceiling=8.35, floor=0.001)})
    assert survey.sensitivity_note(none) == f"of loss (log form, {guess}) {ending}"


def test_a_survey_of_the_effective_step_is_loaded_by_its_own_name(small):
    found = survey_frames(lambda rows: rows["learning_rate"].rename("loss"), WIDE, base=4, scrambles=2)
    done = TrainingProgress(done=4, total=4, trainings=4, fresh=0)
    for stepwise, name in ((True, "small.effective_step.survey"), (False, "small")):
        config = small.with_overrides(**{"survey.effective_step": stepwise})
        told = str(survey.survey_report(config, found, done)[-1])
        assert f"hpsearch.load('{name}'" in told
        assert ("hpsearch report " if stepwise else "make report STUDY=") + f"{name} for figures" in told


def indices(*rows):
    columns = [
        *("hyperparameter", "total_order", "total_low", "total_high", "first_order", "first_low", "first_high"),
        *("mean_order", "verdict", "base_needed", "reason"),
    ]
    frame = pd.DataFrame(rows, columns=columns).astype({"base_needed": "Int64"})
    return frame.assign(mean_low=frame["mean_order"], mean_high=frame["mean_order"], share=0.01)


ORDERS = (
    "total order: the share of a setting with all that it does together with others, so that these may sum to more "
    "than 1; first order: by itself\nmean: the part of the total order that is left when the response is averaged over "
    "seeds"
)


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
        ("none", -0.0001, 0.0, 0.01, 0.0, 0.0, 0.01, -0.0001, "inert", NAN, ""),
    )
    assert "inert: none 0.00" in survey.verdict_line(frame)
    assert printed(survey.sensitivity_table(frame, title="small: what matters"), width=120) == [
        "small: what matters",
        "setting total order mean first order verdict",
        "rate 0.500 [0.450, 0.550] 0.490 0.250 [0.200, 0.300] sensitive",
        "size 0.050 [0.010, 0.090] 0.050 0.020 [0.010, 0.050] undecided",
        "depth 0.050 [ <0, >1] 0.050 0.020 [ <0, >1] undecided",
        "width 0.050 [0.010, 0.090] 0.010 0.020 [0.010, 0.050] undecided",
        "share 0.040 [ <0, >1] 0.040 0.010 [0.000, 0.020] undecided",
        "fixed - - - does not vary",
        "seed 0.100 [0.080, 0.120] - - luck",
        "none 0.000 [0.000, 0.010] 0.000 0.000 [0.000, 0.010] inert",
    ]
    assert survey.sensitivity_legend(frame).splitlines() == [
        "depth, share: the interval is unbounded",
        "width: its mean is not shown",
        "width: --base 256 may decide",
        "size: --base 512 may decide",
        *ORDERS.splitlines(),
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
    lines = printed(survey.sensitivity_table(frame, title="small"), width=120)
    assert " ".join(f"rate 0.750 {text} 0.700".split()) in lines[2]
    assert ("<0 and >1: " in survey.sensitivity_legend(frame)) == ("<" in text or ">" in text)


def test_a_number_beside_a_verdict_is_not_that_at_which_the_verdict_would_change():
    frame = indices(
        ("rate", 0.0104, 0.01004, 0.016, 0.0096, 0.0004, 0.01004, 0.0103, "sensitive", NAN, ""),
        ("l2", 0.0096, 0.009, 0.0098, 0.0, 0.0, 0.001, 0.003, "inert", NAN, ""),
    )
    rate, l2 = printed(survey.sensitivity_table(frame, title="small"), width=120)[2:4]
    assert rate == "rate 0.0104 [0.01004, 0.01600] 0.0103 0.010 [0.000, 0.010] sensitive"  # not by the first order
    assert l2.startswith("l2 0.0096 [0.0090, 0.0098] 0.003 0.000 ")
    present = pairs(("learning_rate", "momentum", 0.002, 0.0003, 0.0037, "present"))
    assert survey.interaction_lines(present).endswith("learning_rate x momentum 0.002 [0.0003, 0.0037]")


def test_the_indices_of_a_survey_fit_80_columns():
    found = survey_frames(lambda r: r.learning_rate * (1 + r.batch_size), WIDE, base=4, scrambles=2)
    lines = printed(survey.sensitivity_table(found.sensitivity(), title="small"), width=80)
    assert any(line.startswith("learning_rate 0.") and "…" not in line for line in lines)


def test_what_no_base_would_decide_is_said():
    frame = indices(("share", 0.04, 0.03, 0.05, 0.01, 0.0, 0.02, 0.04, "undecided", NAN, ""))
    assert survey.sensitivity_legend(frame) == f"share: undecided at any base of use\n{ORDERS}"
