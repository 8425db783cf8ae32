"""Ranges: where the best lie, and what is proposed next."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hpsearch.experiments.function import survey_frames
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.crowds import Crowd
from hpsearch.sensitivity.designs import Design, DesignError
from hpsearch.sensitivity.proposals import proposal as next_proposal
from hpsearch.sensitivity.ranges import next_ranges, refined
from hpsearch.sensitivity.responses import Kind
from hpsearch.space import Choice, Float, Int, Space


def test_ranges_follow_the_best():
    space = Space({"rate": Float(1e-3, 1, log=True), "size": Choice((16, 32, 64)), "none": Float(0, 1)})

    def function(rows):
        return -np.log10(rows["rate"]) - np.log2(rows["size"])

    found = survey_frames(function, space, base=128)
    proposals = found.ranges().set_index("hyperparameter")
    assert proposals.loc[["rate", "size"], "boundary"].tolist() == ["high", "high"]
    assert proposals.loc["rate", "next_high"] > 1
    assert proposals.loc["size", "next_choices"][-1] == 128
    assert proposals.loc["none", "verdict"] == "inert"
    following = refined(found.ranges(), space)
    assert following["none"] == space["none"]
    assert following["rate"].high > 1


def proposal(function, dimension, *, limits=(-np.inf, np.inf), **how):
    """What is proposed for the one hyperparameter of a space."""
    found = survey_frames(function, Space({"x": dimension}), **{"base": 256, **how})
    (row,) = replace(found, limits={"x": limits}).ranges().to_dict("records")
    return row


RATE = Float(1e-3, 1, log=True)
# The best tenth of a slope is a tenth of the range, evenly: its middle 90 % runs from 0.005 to 0.095 of it, and the
# range to try next goes beyond the end by half of that, 0.045 (three decades make a log range of 1).


@pytest.mark.parametrize(
    ("sign", "boundary", "best", "following"),
    [
        (1, "low", (0.005, 0.05, 0.095), (-0.045, 0.095)),
        (-1, "high", (0.905, 0.95, 0.995), (0.905, 1.045)),
    ],
)
def test_where_the_best_crowd_at_an_end_the_next_range_goes_beyond_it(sign, boundary, best, following):
    linear = proposal(lambda r: sign * r.x, Float(10, 20))
    log = proposal(lambda r: sign * r.x, RATE)
    assert linear["boundary"] == log["boundary"] == boundary
    ends = ["next_low", "next_high"]
    middle = ["best_low", "best_median", "best_high"]
    assert [linear[key] for key in middle] == pytest.approx(10 + 10 * np.array(best), abs=0.03)
    assert [linear[key] for key in ends] == pytest.approx(10 + 10 * np.array(following), abs=0.5)  # to two digits
    assert np.log10([log[key] for key in middle]) == pytest.approx(-3 + 3 * np.array(best), abs=0.02)
    assert np.log10([log[key] for key in ends]) == pytest.approx(-3 + 3 * np.array(following), abs=0.03)
    at_end, elsewhere = ("share_low", "share_high") if boundary == "low" else ("share_high", "share_low")
    assert linear[at_end] == pytest.approx(1, abs=0.02)
    assert linear[elsewhere] == 0
    assert linear["reason"] == f"the best crowd at the {boundary} end: beyond it"


@pytest.mark.parametrize(("sign", "boundary"), [(1, "low"), (-1, "high")])
def test_whole_numbers_go_beyond_their_end_in_whole_numbers(sign, boundary):
    found = proposal(lambda r: sign * r.x, Int(100, 300))
    wanted = (100 - 200 * 0.045, 100 + 200 * 0.095) if sign > 0 else (300 - 200 * 0.095, 300 + 200 * 0.045)
    assert found["boundary"] == boundary
    assert (found["next_low"], found["next_high"]) == pytest.approx(wanted, abs=2)
    assert isinstance(found["next_low"], int)


@pytest.mark.parametrize(("sign", "limits", "end"), [(1, (9.9, 99), "next_low"), (-1, (1, 20.1), "next_high")])
def test_no_range_is_proposed_beyond_what_a_value_may_be(sign, limits, end):
    found = proposal(lambda r: sign * r.x, Float(10, 20), limits=limits)
    assert found[end] == pytest.approx(limits[0] if sign > 0 else limits[1], abs=0.11)
    assert found["reason"].endswith("beyond it as far as it may go")


def test_a_range_narrows_to_the_best_in_its_middle():
    found = proposal(lambda r: (r.x - 0.4) ** 2, Float(0, 1))
    assert found["boundary"] == ""
    assert [found["best_low"], found["best_high"]] == pytest.approx([0.355, 0.445], abs=0.003)
    assert [found["next_low"], found["next_high"]] == pytest.approx([0.355, 0.445], abs=0.008)
    log = proposal(lambda r: np.log10(r.x / 0.02) ** 2, RATE)
    width = np.log10(log["next_high"] / 0.02), np.log10(log["next_low"] / 0.02)
    assert width == pytest.approx((0.135, -0.135), abs=0.02)
    assert log["reason"] == "the middle 90 % of the best"


def test_a_range_that_is_narrow_for_its_values_narrows_too():
    found = proposal(lambda r: (r.x - 14) ** 2, Float(10, 20))
    assert [found["next_low"], found["next_high"]] == pytest.approx([13.55, 14.45], abs=0.1)


@pytest.mark.parametrize("reach", [0.7, 0.95])
def test_a_range_stays_unless_the_best_leave_out_a_fifth_of_it(reach):
    """The best tenth are those with ``luck`` below a threshold, over the first ``reach`` of the range."""
    space = Space({"x": Float(0, 1), "luck": Float(0, 1)})
    found = survey_frames(lambda r: r["luck"] + 2 * (abs(r["x"] - 0.5) > reach / 2), space, base=256)
    row = found.ranges().set_index("hyperparameter").loc["x"]
    width = row["best_high"] - row["best_low"]
    assert width == pytest.approx(0.9 * reach, abs=0.03)
    kept = (row["next_low"], row["next_high"]) == (0, 1)
    assert kept == (0.9 * reach > 0.8)
    assert row["reason"] == ("the best lie all over it" if kept else "the middle 90 % of the best")


def test_a_choice_stays_while_it_holds_half_its_even_share_of_the_best():
    """Of the best tenth 17, 37.5, 37.5 and 8 % are to be in the choices, where an even share is 25 %.

    They are the rows below 0.15: with ``luck`` even over (0, 1), a choice of handicap h has (0.15 − h)/4 of all rows.
    """
    handicap = {8: 0.082, 16: 0.0, 32: 0.0, 64: 0.118}
    space = Space({"size": Choice(tuple(handicap)), "luck": Float(0, 1)})
    found = survey_frames(lambda r: r["luck"] + r["size"].map(handicap), space, base=512)
    row = found.ranges().set_index("hyperparameter").loc["size"]
    assert (row["share_low"], row["share_high"]) == pytest.approx((0.17, 0.08), abs=0.02)
    assert (row["boundary"], row["next_choices"]) == ("", (8, 16, 32))
    assert row["reason"] == "without the choices that hold few of the best"
    assert refined(found.ranges(), space)["size"] == Choice((8, 16, 32))


@pytest.mark.parametrize(
    ("choices", "sign", "limits", "following", "reason"),
    [
        ((8, 16, 32), 1, (1, np.inf), (4, 8), "the best crowd at the low end: 4 joins"),
        ((8, 16, 32), -1, (1, np.inf), (32, 64), "the best crowd at the high end: 64 joins"),
        ((0.5, 1.0, 2.0), 1, (0, np.inf), (0.25, 0.5), "the best crowd at the low end: 0.25 joins"),
        ((8, 16, 32), 1, (5, np.inf), (8,), "8 holds 100 % of the best: fix it by hand"),
        ((8, 16, 32), -1, (1, 63), (32,), "32 holds 100 % of the best: fix it by hand"),
        ((8, 16, 32), -1, (1, 64), (32, 64), "the best crowd at the high end: 64 joins"),
        ((1, 2, 4), 1, (0, np.inf), (1,), "1 holds 100 % of the best: fix it by hand"),
        ((True, False), 1, (0, np.inf), (False,), "False holds 100 % of the best: fix it by hand"),
    ],
)
def test_choices_double_or_halve_beyond_the_end_where_the_best_are(choices, sign, limits, following, reason):
    found = proposal(lambda r: sign * r.x, Choice(choices), limits=limits)
    assert (found["next_choices"], found["reason"]) == (following, reason)
    assert (found["next_low"], found["next_high"]) == (following[0], following[-1])


def test_the_next_range_spans_the_middle_ninety_percent_to_two_digits():
    found = proposal(lambda r: r.x, Float(0, 1))
    assert [found["next_low"], found["next_high"]] == pytest.approx([-0.045, 0.095], abs=0.0015)


def test_what_is_inert_keeps_its_range_wherever_the_best_lie():
    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    found = survey_frames(lambda r: np.where(r["y"] < 0.2, 0.001 * r["x"], 10 + 9 * r["y"]), space, base=256)
    row = found.ranges().set_index("hyperparameter").loc["x"]
    assert row["verdict"] == "inert"
    assert row["best_high"] < 0.5  # the best tenth are half of those with a low y: half the range, but it gains nothing
    assert (row["next_low"], row["next_high"]) == (0, 1)


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize(
    ("counts", "rest", "crowded"),
    [
        ((6, 6), "spread", True),
        ((6, 9), "spread", False),  # 62 ± 159 %, by Student's t of one degree of freedom
        ((2, 2, 2, 1), "spread", False),  # 15 ± 7 %: an even tenth is within
        ((2, 2, 2, 2), "spread", False),  # 17 ± 0 % over scrambles, but 8 of 48 rows: 8 to 30 %
        ((3, 3, 3, 3), "spread", True),  # 12 of 48: 15 to 39 %
        ((3, 3), "middle", False),  # 25 %, but 75 % elsewhere
    ],
)
def test_a_crowd_is_more_than_an_even_share_by_its_interval(counts, rest, crowded, end):
    """The best 12 of each scramble's 128 rows are set: so many in the tenth at the end, the rest elsewhere."""
    design = Design(Space({"x": Float(0, 1)}), base=32, scrambles=len(counts))
    table = design.table()
    tenth = (10 * (table["x"] if end == "low" else 1 - table["x"])).astype(int)
    table["response"] = 1.0
    for scramble, count in enumerate(counts):
        cells = [0] * count + [5 if rest == "middle" else 1 + k % 9 for k in range(12 - count)]
        for cell in set(cells):
            rows = table.index[(table["scramble"] == scramble) & (tenth == cell)]
            table.loc[rows[: cells.count(cell)], "response"] = 0.0
    assert (table["response"] == 0).sum() == 12 * len(counts)
    found = Survey(table, design, "response").ranges().iloc[0]
    assert found[f"share_{end}"] == pytest.approx(np.mean(counts) / 12)
    assert found["boundary"] == (end if crowded else "")


@pytest.mark.parametrize(("ranges", "boundary"), [(1, "low"), (7, "low"), (8, "")])
def test_a_crowd_is_told_from_chance_at_the_ends_of_all_ranges_together(ranges, boundary):
    """0.2 is 0.1 above even, by 3.8 standard errors of 8 scrambles: beyond t of 0.025 / 7, and not of 0.025 / 8."""
    sides = 0.1 / 3.8 * np.sqrt(7) * np.array([1, -1] * 4)
    shares = np.full((8, 10), 0.8 / 9)
    shares[:, 0] = 0.2 + sides
    assert stats.t.isf(0.025 / 7, 7) < 3.8 < stats.t.isf(0.025 / 8, 7)
    assert Crowd((0.05, 0.5, 0.95), shares, ranges=ranges).boundary == boundary


def test_the_ranges_that_have_ends_are_those_at_which_crowds_are_looked_for(monkeypatch):
    looked = []
    monkeypatch.setattr(Crowd, "boundary", property(lambda crowd: looked.append(crowd.ranges) or ""))
    space = Space({"x": Float(0, 1), "size": Choice((1, 2, 4)), "word": Choice(("u", "v"))})
    survey_frames(lambda r: r.x, space, base=8).ranges()
    assert set(looked) == {2}


def test_where_higher_is_better_ranges_go_to_the_highest():
    """Of 10 + 10·u the best tenth are the highest: their middle 90 % are from 0.905 to 0.995 of the range."""
    surveyed = survey_frames(lambda r: r.x.rename("score"), Space({"x": Float(10, 20)}), base=256)
    upward = replace(surveyed, kinds={"score": Kind(better="higher")}).ranges().iloc[0]
    assert (upward["boundary"], surveyed.ranges().iloc[0]["boundary"]) == ("high", "low")
    assert [upward["best_low"], upward["best_high"]] == pytest.approx([19.05, 19.95], abs=0.03)
    assert [upward["next_low"], upward["next_high"]] == pytest.approx([19.05, 20.45], abs=0.05)


def test_ranges_of_the_best_tenth_are_those_of_the_best():
    surveyed = survey_frames(lambda r: r.x, Space({"x": Float(0, 1)}), base=256)
    row = surveyed.ranges("best_tenth").iloc[0]
    assert row["boundary"] == "low"
    assert [row["best_low"], row["best_high"]] == pytest.approx([0.005, 0.095], abs=0.003)


@pytest.mark.parametrize(
    ("dimension", "sign", "following"),
    [
        (Float(1e-3, 1, log=True), 1, (5e-4, None)),
        (Float(1e-3, 1, log=True), -1, (None, 2)),
        (Int(100, 3000, log=True), -1, (None, 6000)),
        (Int(101, 3000, log=True), 1, (51, None)),
        (Float(10, 20), 1, (7.5, None)),
        (Int(10, 20), -1, (None, 22)),
    ],
)
def test_one_round_goes_an_octave_or_a_quarter_beyond_an_end(dimension, sign, following):
    """The best are all over the range, but a third of them in its last tenth: half their spread would be near half."""
    design = Design(Space({"x": dimension}), base=64, scrambles=4)
    table = design.table()
    unit = dimension.to_unit(table["x"].to_numpy())
    tenth = (10 * (unit if sign > 0 else 1 - unit)).astype(int)
    table["response"] = 1.0
    for scramble in range(4):  # the best 25 of 256 rows
        for cell, count in enumerate([7, *[2] * 9]):
            rows = table.index[(table["scramble"] == scramble) & (tenth == cell)]
            table.loc[rows[:count], "response"] = 0.0
    response = Survey(table, design, "response").take()
    row = next_ranges(response, design, table=table, verdicts=pd.Series({"x": "sensitive"}), limits={}).iloc[0]
    assert row["boundary"] == ("low" if sign > 0 else "high")
    for end, value in zip(("next_low", "next_high"), following, strict=True):
        assert value is None or row[end] == value


@pytest.mark.slow
def test_a_narrow_range_of_whole_numbers_moves_by_one_and_never_collapses():
    assert [proposal(lambda r: -r.x, Int(1, 4))[key] for key in ("boundary", "next_low", "next_high")] == ["high", 4, 5]
    assert [proposal(lambda r: r.x, Int(2, 4))[key] for key in ("boundary", "next_low", "next_high")] == ["low", 1, 2]
    stopped = proposal(lambda r: r.x, Int(1, 4), limits=(1, np.inf))
    assert (stopped["next_low"], stopped["next_high"]) == (1, 2)
    inner = proposal(lambda r: abs(r.x - 5), Int(1, 9))
    assert (inner["boundary"], inner["next_low"], inner["next_high"]) == ("", 5, 6)


@pytest.mark.slow
@pytest.mark.parametrize("dimension", [Float(1e-3, 1, log=True), Float(0, 0.98), Float(-3.3e7, 12.5), Int(3, 77)])
@pytest.mark.parametrize("place", [0, 0.03, 0.5, 0.9, 1])
def test_rounding_takes_no_best_away_and_leaves_no_range_that_was_not_surveyed(dimension, place):
    row = proposal(lambda r: abs(dimension.to_unit(r.x.to_numpy()) - place), dimension)
    assert row["next_low"] <= row["best_low"] < row["best_high"] <= row["next_high"]
    if row["boundary"] != "low":
        assert row["next_low"] >= row["low"]
    if row["boundary"] != "high":
        assert row["next_high"] <= row["high"]
    width, whole = (
        np.diff(np.log([row[low], row[high]]) if dimension.log else [row[low], row[high]]).item()
        for low, high in (("next_low", "next_high"), ("low", "high"))
    )
    assert width < 0.2 * whole  # the best tenth and, at an end, half as much beyond it


def test_a_range_outside_the_limits_is_not_cut_into_nothing():
    row = proposal(lambda r: r.x, Float(1e-8, 1e-7, log=True), limits=(1e-6, np.inf))
    assert 1e-8 == row["next_low"] < row["next_high"]
    assert row["reason"].endswith("beyond which it may not go")


@pytest.mark.parametrize(
    ("dimension", "longest", "cost"),
    [(Int(50, 2000, log=True), None, None), (Choice((100, 200, 400)), 800, "; trains up to 2 times as long")],
)
def test_what_lengthens_training_says_what_it_costs(dimension, longest, cost):
    space = Space({"iterations": dimension})
    surveyed = replace(survey_frames(lambda r: -r.iterations, space, base=256), budget="iterations")
    row = surveyed.ranges().iloc[0]
    longest = longest or row["next_high"]
    cost = cost or f"; trains up to {longest / 2000:.3g} times as long"
    assert row["next_high"] == longest > dimension.ends[1]
    assert row["reason"].endswith(cost)
    shorter = replace(survey_frames(lambda r: r.iterations, space, base=256), budget="iterations").ranges().iloc[0]
    assert "trains" not in shorter["reason"]
    assert "trains" not in replace(surveyed, budget=None).ranges().iloc[0]["reason"]


def test_the_verdicts_of_ranges_are_those_at_their_confidence():
    surveyed = survey_frames(lambda r: r.x + 0.105 * r.y, Space({"x": Float(0, 1), "y": Float(0, 1)}), base=16)
    for confidence in (0.95, 0.05):
        wanted = surveyed.sensitivity(confidence=confidence).set_index("hyperparameter")["verdict"]
        rows = surveyed.ranges(confidence=confidence).set_index("hyperparameter")["verdict"]
        assert rows.to_dict() == wanted.drop("seed").to_dict()
    assert surveyed.ranges()["verdict"].tolist() != surveyed.ranges(confidence=0.05)["verdict"].tolist()


def test_a_hyperparameter_without_a_proposal_is_named():
    proposals = survey_frames(lambda r: r.x, Space({"x": Float(0, 1)}), base=4).ranges()
    with pytest.raises(DesignError, match="no range is proposed for 'y': the survey is of x"):
        refined(proposals, {"x": Float(0, 1), "y": Float(0, 1)})


@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_cells_hold_their_part_of_the_best_tenth_with_the_wider_of_two_intervals(confidence):
    """Over scrambles by Student's t, and of so many rows drawn one by one by Wilson's, whose farther end counts."""
    space = Space({"rate": Float(1e-3, 1, log=True), "size": Choice((8, 16, 32)), "x": Float(0, 1)})
    surveyed = survey_frames(lambda r: np.log(r["rate"]) + r["x"] + 0.1 * r["size"], space, base=32, scrambles=4)
    found, table = surveyed.best_tenth(confidence=confidence), surveyed.table
    counts = {name: 3 if name == "size" else 10 for name in space}
    assert found.groupby("hyperparameter", sort=False).size().to_dict() == counts
    best = [rows.nsmallest(len(rows) // 10, "response") for _, rows in table.groupby("scramble")]
    for name, dimension in space.items():
        count = counts[name]
        cells = [np.minimum((dimension.to_unit(rows[name].to_numpy()) * count).astype(int), count - 1) for rows in best]
        for cell, row in enumerate(found[found["hyperparameter"] == name].to_dict("records")):
            shares = [np.mean(scramble == cell) for scramble in cells]
            mean, drawn = np.mean(shares), np.concatenate(cells)
            wilson = stats.binomtest(int(np.sum(drawn == cell)), len(drawn)).proportion_ci(confidence, "wilson")
            half = max(np.abs(np.subtract(wilson, mean)))
            if np.ptp(shares):
                half = max(half, stats.ttest_1samp(shares, 0).confidence_interval(confidence).high - mean)
            ends = [max(mean - half, 0), min(mean + half, 1)]
            assert [row["share"], row["share_low"], row["share_high"]] == pytest.approx([mean, *ends])
            assert row["even_share"] == pytest.approx(1 / count)


def test_cells_of_one_and_the_same_whole_number_are_one():
    """Over ten cells of log(0.5) to log(10.5) the number 1 holds the middles of the first four, 2 that of the fifth."""
    surveyed = survey_frames(lambda r: r["x"], Space({"x": Int(1, 10, log=True)}), base=128)
    found = surveyed.best_tenth().set_index("value")
    assert found.index.tolist()[:2] == [1, 2]
    assert found["even_share"].tolist()[:2] == pytest.approx([0.4, 0.1])
    assert [found["share"].sum(), found["even_share"].sum()] == pytest.approx([1, 1])
    assert found["share"][1] > 0.95
    assert found["share_high"][1] == 1


def scored(dimension, cost, *, base=32, scrambles=2):
    """The proposal for the only setting of a space, the response being a function of its table's rows."""
    design = Design(Space({"x": dimension}), base=base, scrambles=scrambles)
    table = design.table()
    table["response"] = np.asarray(cost(table), dtype=float)
    return table, Survey(table, design, "response").ranges().iloc[0]


def test_rows_that_tie_at_the_cut_share_what_is_left_of_the_best_tenth():
    """Of 128 rows a scramble the best tenth is 12: here one in 26 is better, and one in four of the others ties."""
    table, row = scored(Float(0, 1), lambda t: np.where(t.index % 26 == 0, 0, np.where(t.index % 4 == 1, 1, 2)))
    low, weights = table["x"] < 0.1, []
    for _, own in table.groupby("scramble"):
        better, ties = own["response"] == 0, own["response"] == 1
        weights.append((better + ties * (12 - better.sum()) / ties.sum())[low].sum() / 12)
        assert 0 < better.sum() < 12 < better.sum() + ties.sum()
    assert row["share_low"] == pytest.approx(np.mean(weights), abs=1e-12)
    assert "tie" not in row["reason"]


def test_more_than_half_of_the_rows_as_the_best_are_told():
    table, row = scored(Float(0, 1), lambda t: t["x"] > 0.6)
    best = table[table["response"] == 0]
    assert row["share_low"] == pytest.approx((best["x"] < 0.1).groupby(best["scramble"]).mean().mean(), abs=1e-12)
    assert row["reason"].endswith(f"; {100 * len(best) / len(table):.0f} % of all rows tie for the best")
    assert [row["best_low"], row["best_high"]] == pytest.approx([0.03, 0.57], abs=0.015)
    assert "tie" not in scored(Float(0, 1), lambda t: t["x"] > 0.45)[1]["reason"]


@pytest.mark.parametrize("base", [2, 4])
def test_a_scramble_of_few_rows_has_its_best_row_as_its_best_tenth(base):
    table, row = scored(Float(0, 1), lambda t: t["x"], base=base, scrambles=8)
    best = table.groupby("scramble")["x"].min()
    assert (row["best_low"], row["best_high"]) == (best.min(), best.max())
    assert row["next_low"] <= best.min()


@pytest.mark.parametrize("dimension", [Int(1, 100, log=True), Int(1, 8, log=True), Int(1, 6), Int(1, 15), Int(3, 40)])
def test_whole_numbers_crowd_at_either_end_and_lie_evenly_where_they_do_not_matter(dimension):
    for sign, boundary in ((1, "low"), (-1, "high")):
        assert proposal(lambda r, sign=sign: sign * r.x, dimension)["boundary"] == boundary
    row = scored(dimension, lambda t: np.zeros(len(t)), base=256)[1]
    assert [row["share_low"], row["share_high"]] == pytest.approx([1 / dimension.cells(10)] * 2, abs=0.005)
    assert row["boundary"] == ""


def test_an_even_share_is_no_crowd_by_rounding():
    values = np.tile(np.arange(1, 7), 2)
    weights, scramble = np.full(12, 2.0), np.repeat([0, 1], 6)
    assert Crowd.of(Int(1, 6), values, weights=weights, scramble=scramble, cells=6).boundary == ""


# Words have no order: with ``luck`` even over (0, 1), a word of handicap h has (0.15 − h)/4 of all rows below 0.15.


def test_of_words_the_set_that_is_not_shown_to_be_worse_is_proposed():
    handicap = {"tanh": 0.0, "relu": 0.082, "sigmoid": 0.0, "linear": 0.118}
    space = Space({"kind": Choice(tuple(handicap)), "luck": Float(0, 1)})
    found = survey_frames(lambda r: r["luck"] + r["kind"].map(handicap), space, base=512)
    row = found.ranges().set_index("hyperparameter").loc["kind"]
    assert row["next_choices"] == ("tanh", "relu", "sigmoid")
    assert row["reason"] == "without the choices that hold few of the best"
    assert refined(found.ranges(), space)["kind"] == Choice(("tanh", "relu", "sigmoid"))


@pytest.mark.parametrize(
    ("handicap", "above", "following", "reason"),
    [
        ({"a": 0.0, "b": 1.0, "c": 0.0}, 0.0, ("a", "c"), "without the choices that hold few of the best"),
        ({"a": 0.0, "b": 1.0, "c": 1.0}, 0.0, ("a",), "a holds 100 % of the best: fix it by hand"),
        ({"a": 0.0, "b": 0.0, "c": 1.0}, 0.5, ("a", "b", "c"), "no choice is shown to hold few of the best"),
    ],
)
def test_words_have_no_end_to_crowd_at(handicap, above, following, reason):
    space = Space({"kind": Choice(tuple(handicap)), "luck": Float(0, 1)})
    found = survey_frames(lambda r: r["luck"] + r["kind"].map(handicap) * (r["luck"] > above), space, base=256)
    row = found.ranges().to_dict("records")[0]
    assert (row["boundary"], row["next_choices"], row["reason"]) == ("", following, reason)
    kept = following if len(following) > 1 else tuple(handicap)  # of one choice there is no range
    assert refined(found.ranges(), space)["kind"] == Choice(kept)
    ends = ("low", "high", "share_low", "share_high", "best_low", "best_median", "best_high", "next_low", "next_high")
    assert np.isnan([row[end] for end in ends]).all()


def test_a_word_that_may_hold_its_even_share_stays():
    """Of two scrambles one has none of the best in it, the other nearly its even share: the interval is wide."""
    shares = np.array([[1.0, 0.0], [0.6, 0.4]])
    dimension = Choice(("a", "b"))
    few = Crowd((0.25, 0.25, 0.75), shares, ordered=False)
    assert next_of(dimension, few)[:2] == (dimension, "no choice is shown to hold few of the best")
    shown = Crowd((0.25, 0.25, 0.25), np.array([[1.0, 0.0], [0.99, 0.01]]), ordered=False)
    assert next_of(dimension, shown).reason == "a holds 100 % of the best: fix it by hand"
    for held, worse in ((0.24, True), (0.26, False)):  # half its even share of 0.5
        assert Crowd((0, 0, 0), np.array([[1 - held, held]] * 2), ordered=False).worse.tolist() == [False, worse]


def test_a_choice_that_is_to_be_fixed_has_its_share_told():
    crowd = Crowd((0.25, 0.25, 0.75), np.array([[0.8, 0.2], [0.74, 0.26]]))
    found = next_of(Choice((16, 32)), crowd)
    assert found == (Choice((16, 32)), "16 holds 77 % of the best: fix it by hand", 16)
    assert (found.choices, found.ends) == ((16,), (16, 16))
    assert next_of(Choice((False, True)), crowd).choices == (False,)


def test_a_whole_number_that_holds_all_the_best_is_joined_by_the_next():
    held = Crowd((0.5, 0.5, 0.5), np.array([[0.0, 0.0, 1.0, 0.0, 0.0]] * 2))
    assert next_of(Int(10, 14), held)[:2] == (Int(12, 13), "the middle 90 % of the best")


def next_of(dimension, crowd):
    return next_proposal(dimension, crowd, verdict="sensitive", limit=(-np.inf, np.inf))
