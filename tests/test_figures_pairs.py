"""Figures of pairs: the matrix of interactions, and the surface of two settings."""

import math

import numpy as np
import pandas as pd
import pytest

from hpsearch import figures
from hpsearch.experiments.function import survey_frames
from hpsearch.figures import style
from hpsearch.space import Choice, Float, Int, Space

SPACE = Space({"rate": Float(1e-3, 1, log=True), "units": Int(1, 3), "kind": Choice((False, True)), "w": Float(0, 8)})


@pytest.fixture(scope="module")
def surveyed():
    return survey_frames(lambda r: np.log(r["rate"]) * r["units"] + r["w"], SPACE, base=64)


PAIRS = pd.DataFrame(
    [
        ("loss", "log", "a_b", "<i>c</i>", 0.5, 0.4, 0.6, "present"),
        ("loss", "log", "a_b", "d", 0.2, 0.1, 0.3, "present"),
        ("loss", "log", "d", "<i>c</i>", 0.1, -0.1, 0.2, "not seen"),
        ("loss", "log", "a_b", "seed", np.nan, np.nan, np.nan, "not seen"),
        ("loss", "log", "d", "seed", 0.3, -np.inf, np.inf, "undecided"),
    ],
    columns=["response", "form", "first", "second", "interaction", "low", "high", "verdict"],
)


def test_a_pair_that_is_seen_has_its_number_in_the_cell_of_its_names():
    matrix, marks = figures.interactions(PAIRS).data
    assert figures.interactions(PAIRS).layout.xaxis.ticktext == ("a b", "&lt;i&gt;c&lt;/i&gt;", "d")
    assert figures.interactions(PAIRS).layout.yaxis.ticktext == ("&lt;i&gt;c&lt;/i&gt;", "d", "seed")
    assert [list(row) for row in matrix.z] == [[0.5, None, None], [0.2, None, None], [None] * 3]
    assert [*zip(marks.x, marks.y, strict=True)] == [(0, 0), (0, 1), (1, 1), (0, 2), (2, 2)]
    assert tuple(marks.text) == ("0.50", "0.20", "·", "?", "?")
    assert tuple(marks.textfont.color) == ("#000000", "#FFFFFF", *[style.GREY] * 3)
    assert [row[2] for row in marks.customdata] == ["0.5", "0.2", "0.1", "–", "0.3"]


def test_the_subtitle_says_what_the_marks_in_the_cells_mean_and_of_no_others():
    def said(pairs):
        return figures.interactions(pairs).layout.title.subtitle.text.split("together.")[1].removeprefix("<br>")

    known = PAIRS[PAIRS["interaction"].notna()]
    assert said(PAIRS) == "·: not seen. ?: undecided."
    assert said(known.assign(verdict="not seen")) == "No pair is seen (·)."
    assert said(known.assign(verdict=["not seen", "undecided"] * 2)) == "·: not seen. ?: undecided."
    assert said(PAIRS.tail(2)) == "?: undecided."
    assert said(PAIRS.head(3)) == "·: not seen."
    assert said(PAIRS.head(2)) == ""
    figure = figures.interactions(known.assign(verdict="not seen"))
    assert [trace.type for trace in figure.data] == ["scatter"]


def test_the_surface_stands_below_the_matrix(surveyed):
    alone, both = (figures.interactions(PAIRS, surface) for surface in (None, surveyed.surface("rate", "w")))
    assert [trace.type for trace in both.data] == ["heatmap", "scatter", "heatmap"]
    assert both.layout.xaxis2.title.text == "rate"
    assert both.layout.height > alone.layout.height + 250
    assert "Below" in both.layout.title.subtitle.text


def test_a_surface_s_cells_lie_where_the_table_says(surveyed):
    frame = surveyed.surface("rate", "w")
    figure = figures.surface(frame)
    (cells,) = figure.data
    assert cells.x == pytest.approx(np.geomspace(1e-3, 1, 9))
    assert cells.y == pytest.approx(np.arange(9))
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "linear")
    for row in frame.to_dict("records"):
        place = cells.y.index(row["second_low"]), cells.x.index(row["first_low"])
        assert cells.z[place[0]][place[1]] == row["mean"]
        assert cells.customdata[place[0]][place[1]][2] == f"{row['mean']:.4g}"
    assert figure.layout.title.subtitle.text.startswith("response: its mean over all but rate and w.")


def test_the_mean_of_a_logarithm_is_told_as_the_response(surveyed):
    frame = surveyed.surface("rate", "w")
    means = np.linspace(math.log(0.01), math.log(5), len(frame))
    figure = figures.surface(frame.assign(form="log", mean=means))
    (cells,) = figure.data
    row = frame.to_dict("records")[-1]
    place = cells.y.index(row["second_low"]), cells.x.index(row["first_low"])
    assert cells.z[place[0]][place[1]] == pytest.approx(math.log10(5))
    assert cells.customdata[place[0]][place[1]][2] == "5"
    assert list(cells.colorbar.ticktext) == ["0.01", "0.1", "1"]
    assert "interaction in the log: %" in cells.hovertemplate
    assert figure.layout.title.subtitle.text.startswith("response: its geometric mean over all but rate and w.")


def test_choices_and_few_whole_numbers_are_cells_of_their_own(surveyed):
    frame = surveyed.surface("units", "kind")
    figure = figures.surface(frame)
    (cells,) = figure.data
    assert (cells.x, cells.y) == (("1", "2", "3"), ("False", "True"))
    assert np.array(cells.z).T.ravel() == pytest.approx(frame["mean"].to_numpy())


def test_a_cell_without_rows_is_blank(surveyed):
    frame = surveyed.surface("rate", "w").drop(index=9)
    (cells,) = figures.surface(frame).data
    assert [sum(z is None for z in row) for row in cells.z] == [0, 1, 0, 0, 0, 0, 0, 0]
    assert cells.z[1][1] is None
    assert cells.hoverongaps is False


def test_whole_numbers_in_a_log_range_that_fill_no_cell_are_drawn():
    surveyed = survey_frames(lambda r: r["a"] * r["b"], Space({"a": Int(1, 10, log=True), "b": Float(0, 1)}), base=64)
    frame = surveyed.surface("a", "b")
    (cells,) = figures.surface(frame).data
    assert cells.x == tuple(str(value) for value in sorted(frame["a"].unique()))
    assert np.isfinite(np.array(cells.z, dtype=float)).sum() == len(frame)


def test_tables_that_do_not_fit_are_refused_and_empty_ones_are_told(surveyed):
    with pytest.raises(style.FigureError, match=r"no column 'verdict': give that of Survey\.interactions\(\)"):
        figures.interactions(PAIRS.drop(columns="verdict"))
    with pytest.raises(style.FigureError, match=r"no column 'first_scale': give that of Survey\.surface\("):
        figures.surface(surveyed.surface("rate", "w").drop(columns="first_scale"))
    assert figures.interactions(PAIRS.head(0)).layout.annotations[0].text == "there are no pairs"
    assert figures.surface(surveyed.surface("rate", "w").head(0)).layout.annotations[0].text == "the table has no means"
