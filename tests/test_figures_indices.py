"""Figures of the indices: every number of the table, cut at 0 and 1, and verdicts by mark and colour."""

import numpy as np
import pandas as pd
import pytest

from hpsearch import figures
from hpsearch.experiments.function import survey_frames
from hpsearch.figures import axes, style, texts
from hpsearch.space import Float, Space

HOSTILE = '<b>x</b> <a href="javascript:alert(1)">%{x}'


@pytest.fixture(scope="module")
def surveyed():
    space = Space({"rate": Float(1e-3, 1, log=True), HOSTILE: Float(0, 1), "none": Float(0, 1)})
    return survey_frames(lambda r: np.log(r["rate"]) + 2 * r[HOSTILE], space, base=64)


@pytest.fixture
def table(surveyed):
    return surveyed.sensitivity()


def points(figure, name):
    """Place, lower end and upper end of each point of the traces of this name, by row of the table."""
    found = {}
    for trace in figure.data:
        if trace.name == name and trace.error_x.array is not None:
            low, high = np.subtract(trace.x, trace.error_x.arrayminus), np.add(trace.x, trace.error_x.array)
            found |= {round(y): (x, a, b) for x, y, a, b in zip(trace.x, trace.y, low, high, strict=True)}
    return found


def test_points_and_intervals_are_the_table_s(table):
    figure = figures.sensitivity(table)
    drawn = points(figure, "total index: sensitive") | points(figure, "total index: inert")
    for k, row in table.iloc[:3].iterrows():
        assert drawn[k] == pytest.approx((row["total_order"], row["total_low"], row["total_high"]))
        first = np.clip([row["first_order"], row["first_low"], row["first_high"]], 0, 1)
        assert points(figure, "first-order index")[k] == pytest.approx(first)
    assert figure.layout.title.text == "What is the response sensitive to?"
    assert figure.layout.title.subtitle.text.startswith("response; 3,072 evaluations, 8 scrambles.")


def test_each_verdict_has_a_mark_and_a_colour_of_its_own(table):
    table["verdict"] = ["sensitive", "undecided", "re-rolls luck", "inert"]
    marks = {
        (trace.marker.symbol, trace.marker.color)
        for trace in figures.sensitivity(table).data
        if str(trace.name).startswith("total index") and trace.showlegend is None
    }
    assert len({symbol for symbol, _ in marks}) == len({colour for _, colour in marks}) == len(marks) == 4
    drawn = figures.sensitivity(table.assign(verdict=["sensitive", "undecided", "inert", "luck"])).data
    assert "x" in {trace.marker.symbol for trace in drawn}


def test_why_all_are_undecided_stands_above_the_totals_that_noise_may_be(table):
    table[["verdict", "reason"]] = "undecided", "noise <floor>"
    assert figures.sensitivity(table).layout.title.subtitle.text.endswith("Undecided: noise &lt;floor&gt;.")
    table.loc[0, "reason"] = ""
    assert "Undecided" not in figures.sensitivity(table).layout.title.subtitle.text


def test_an_interval_is_cut_at_the_ends_of_the_axis_and_an_arrow_stands_there(table):
    table.loc[0, ["total_low", "total_high"]] = -np.inf, 1.2
    figure = figures.sensitivity(table)
    total = points(figure, "total index: sensitive")
    assert total[0][1:] == (0, 1)
    arrows = {
        trace.marker.symbol: (trace.x, tuple(np.round(trace.y)))
        for trace in figure.data
        if "triangle-" in str(trace.marker.symbol) and trace.legendgroup == "total index: sensitive"
    }
    assert arrows == {"triangle-left": ((0,), (0,)), "triangle-right": ((1,), (0,))}


def test_the_seed_is_a_band_and_the_share_of_interest_a_line(table):
    seed = table["hyperparameter"] == "seed"
    table.loc[seed, ["total_low", "total_high"]] = 0.1, 1.2
    band, line = figures.sensitivity(table).layout.shapes
    assert (band.name, band.x0, band.x1) == ("luck of the seed", 0.1, 1)
    assert (line.name, line.x0, line.x1) == ("share of interest, 0.01", 0.01, 0.01)


def test_a_row_without_an_index_says_why(table):
    table.loc[1, ["total_order", "total_low", "total_high", "reason"]] = [np.nan, np.nan, np.nan, "no <variance>"]
    notes = {note.text: note.y for note in figures.sensitivity(table).layout.annotations}
    assert notes["no index: no &lt;variance&gt;"] == 1
    assert f"{table['total_order'][0]:.2f}" in notes
    drawn = figures.sensitivity(table.assign(total_order=-0.001)).layout.annotations
    assert [note.text for note in drawn].count("0.00") == len(table)
    inert, wide = figures.sensitivity(table.assign(total_order=0.0096)), figures.sensitivity(table)
    notes = [note.text for note in inert.layout.annotations]
    assert notes == ["total", *["0.0096"] * len(table)]  # 0.01 would be the share of interest
    assert inert.layout.margin.r > wide.layout.margin.r == 52


def test_the_mean_over_seeds_is_drawn_where_the_table_has_it(table):
    without = table.drop(columns=["mean_order", "mean_low", "mean_high"])
    assert not points(figures.sensitivity(without), "index of the mean over seeds")
    means = table.assign(mean_order=[0.5, 0.2, np.nan, np.nan], mean_low=0.1, mean_high=0.6)
    drawn = points(figures.sensitivity(means), "index of the mean over seeds")
    assert drawn == {0: pytest.approx((0.5, 0.1, 0.6)), 1: pytest.approx((0.2, 0.1, 0.6))}


def test_a_name_of_the_user_s_is_shown_as_text(table):
    figure = figures.sensitivity(table)
    place = table["hyperparameter"].tolist().index(HOSTILE)
    assert figure.layout.yaxis.ticktext[place].startswith('&lt;b&gt;x&lt;/b&gt; &lt;a …rt(1)"&gt;%&#123;x}<br>')
    whole = [row[0] for trace in figure.data if trace.customdata is not None for row in trace.customdata]
    assert texts.plain(HOSTILE) in [name.replace("<br>", " ") for name in whole]


def test_indices_over_iterations_are_the_table_s_with_0_beside_1_and_gaps_where_nothing_is_known(table):
    parts = [table.assign(iteration=t, total_order=table["total_order"] / (1 + k)) for k, t in enumerate((0, 1, 100))]
    frame = pd.concat(parts, ignore_index=True)
    missing, boundless = frame.copy(), frame.copy()
    missing.loc[0, ["total_order", "total_low", "total_high"]] = np.nan
    boundless.loc[len(table), ["total_low", "total_high"]] = -np.inf, np.inf
    for gap in (missing, boundless):
        assert "Gaps" in figures.sensitivity_over_iterations(gap).layout.title.subtitle.text
    frame.loc[0], frame.loc[len(table)] = missing.loc[0], boundless.loc[len(table)]
    frame.loc[2 * len(table), "total_order"] = 1.2
    figure = figures.sensitivity_over_iterations(frame)
    band, line = (trace for trace in figure.data if trace.legendgroup == table["hyperparameter"][0])
    assert line.x == (axes.ZERO, 1, 100)
    assert line.y[1:] == pytest.approx((frame.loc[len(table), "total_order"], 1.0))
    assert np.isnan(line.y[0])
    assert band.x == (100, 100, None)
    assert band.y[:2] == pytest.approx(
        np.clip(frame.loc[2 * len(table), ["total_high", "total_low"]].astype(float), 0, 1)
    )
    assert "Gaps" not in figures.sensitivity_over_iterations(parts[2]).layout.title.subtitle.text


def test_more_lines_than_colours_differ_in_their_dashes(table):
    many = pd.concat([table.iloc[[0]].assign(hyperparameter=f"x{k}", iteration=1) for k in range(12)])
    looks = [(line.line.color, line.line.dash) for line in figures.sensitivity_over_iterations(many).data[1::2]]
    assert len(set(looks)) == len(looks) == 12
    luck = many.assign(verdict=["luck", *many["verdict"][1:]])
    assert figures.sensitivity_over_iterations(luck).data[1].line.dash not in style.DASHES


@pytest.mark.parametrize("function", [figures.sensitivity, figures.sensitivity_over_iterations])
def test_a_table_of_something_else_is_refused_and_an_empty_one_is_told(function, table):
    with pytest.raises(style.FigureError, match=r"no column .*'verdict'.* give that of Survey\.sensitivity"):
        function(table.drop(columns="verdict"))
    assert function(table.assign(iteration=1).head(0)).layout.annotations[0].text.startswith(("the table", "no index"))
