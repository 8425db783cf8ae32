"""Figures of a panel a setting: effects, and where the best lie."""

import math

import numpy as np
import pandas as pd
import pytest

from hpsearch import figures
from hpsearch.experiments.function import survey_frames
from hpsearch.figures import style
from hpsearch.space import Choice, Float, Int, Space

CHOICES = ("<b>a</b>", "b" * 40, "c")
SPACE = Space(
    {"rate": Float(1e-3, 1, log=True), "kind": Choice(CHOICES), "units": Int(1, 4), "<i>w</i>": Float(-2, 2)},
)


@pytest.fixture(scope="module")
def surveyed():
    luck = np.random.default_rng(0).standard_normal(32)
    return survey_frames(
        lambda r: np.log(r["rate"]) + r["kind"].map(len) + r["units"] + luck[r["seed"]], SPACE, base=64
    )


@pytest.fixture(scope="module")
def effects(surveyed):
    return surveyed.effects()


@pytest.fixture(scope="module")
def ranges(surveyed):
    return surveyed.ranges()


@pytest.fixture(scope="module")
def cells(surveyed):
    return surveyed.best_tenth()


def traces(figure, name, panel):
    """Those of this name in the panel with this number."""
    axis = "x" if panel == 0 else f"x{panel + 1}"
    return [trace for trace in figure.data if trace.name == name and (trace.xaxis or "x") == axis]


def arms(trace):
    return ((1, trace.error_y.array), (-1, trace.error_y.arrayminus))


def axis(figure, panel):
    return figure.layout["xaxis" if panel == 0 else f"xaxis{panel + 1}"]


def test_means_and_bands_are_the_table_s(effects):
    figure = figures.effects(effects)
    for panel, name in enumerate(SPACE):
        rows = effects[effects["hyperparameter"] == name]
        (mean,) = traces(figure, "mean", panel)
        assert mean.y == pytest.approx(rows["mean"])
        if name in ("rate", "<i>w</i>"):
            assert mean.x == pytest.approx(rows["value"].astype(float))
        for title, column in (("middle 80 % as the other settings vary", "others"), ("interval of the mean", "mean")):
            (band,) = traces(figure, title, panel)
            if name == "kind":  # words have no order: bars, and no line from one to the next
                high, low = (np.add(band.y, sign * np.array(arm)) for sign, arm in arms(band))
            else:
                high, low = band.y[: len(rows)], band.y[len(rows) : -1][::-1]
            assert high == pytest.approx(rows[f"{column}_high"].to_numpy())
            assert low == pytest.approx(rows[f"{column}_low"].to_numpy())
        lines = [trace.mode for trace in figure.data if trace.xaxis == mean.xaxis and "lines" in trace.mode]
        assert len(lines) == (0 if name == "kind" else 5)
        low, high = traces(figure, "a standard deviation of luck", panel)
        assert (low.y, high.y) == (pytest.approx(rows["seed_low"]), pytest.approx(rows["seed_high"]))


def test_axes_have_the_scale_of_the_space_and_all_share_one_response(effects):
    figure = figures.effects(effects)
    assert [axis(figure, panel).type for panel in range(4)] == ["log", "category", "category", None]
    assert axis(figure, 1).ticktext == ("&lt;b&gt;a&lt;/b&gt;", "bbbbb…bbbbb", "c")
    assert axis(figure, 3).title.text == "&lt;i&gt;w&lt;/i&gt;"
    assert axis(figure, 0).title.text == "rate"
    matches = {name: figure.layout[name].matches for name in ("yaxis", "yaxis2", "yaxis3", "yaxis4")}
    (shared,) = set(matches.values()) - {None}
    assert [name for name, match in matches.items() if match is None] == [shared.replace("y", "yaxis")]
    assert figure.layout.yaxis.title.text == "response"


def test_a_legend_names_each_mark_once(effects, ranges, cells):
    for figure in (figures.effects(effects), figures.ranges(ranges, cells)):
        named = [trace.name for trace in figure.data if trace.showlegend is not False]
        assert len(named) == len(set(named)) >= 3


def test_the_response_s_form_is_named(effects):
    figure = figures.effects(effects.assign(form="log", response="validation_loss"))
    assert figure.layout.yaxis.title.text == "validation loss"
    assert figure.layout.title.subtitle.text.startswith("validation loss: its geometric mean over all other settings")


def test_means_of_a_logarithm_are_drawn_in_the_response_s_own_unit(effects):
    values = np.linspace(math.log(0.1), math.log(5), len(effects))
    figure = figures.effects(effects.assign(form="log", mean=values))
    drawn = [y for trace in figure.data if trace.name == "mean" for y in trace.y]
    assert drawn == pytest.approx(np.exp(values))
    assert figure.layout.yaxis.type == "log"
    assert figures.effects(effects.assign(mean=np.exp(values))).layout.yaxis.type != "log"


def test_cells_without_rows_are_left_out(effects):
    frame = effects.copy()
    frame.loc[1, "mean"] = np.nan
    (mean,) = traces(figures.effects(frame), "mean", 0)
    assert len(mean.x) == 9
    assert figures.effects(frame.assign(mean=np.nan)).layout.annotations[0].text == "the table has no means"


def test_shares_of_the_best_are_the_table_s(cells, ranges):
    cells = cells.assign(share_high=cells["share_high"] + 0.1)
    figure = figures.ranges(ranges, cells)
    for panel, name in enumerate(SPACE):
        rows = cells[cells["hyperparameter"] == name]
        (points,) = [t for t in traces(figure, None, panel) if t.error_y.array is not None]
        assert points.y == pytest.approx(rows["share"])
        assert np.subtract(points.y, points.error_y.arrayminus) == pytest.approx(rows["share_low"].to_numpy())
        assert np.add(points.y, points.error_y.array) == pytest.approx(rows["share_high"].to_numpy())
        (bars,) = traces(figure, "share of the best tenth", panel)
        assert bars.y == pytest.approx(rows["share"] if bars.type == "bar" else np.repeat(rows["share"], 2))
        (even,) = traces(figure, "even share", panel)
        assert set(even.y) == {*rows["even_share"]}
    (bars,) = traces(figure, "share of the best tenth", 0)
    assert bars.x[:3] == pytest.approx([1e-3, 1e-3 * 10**0.3, 1e-3 * 10**0.3])


def test_whole_numbers_in_a_log_range_that_fill_no_cell_have_bars():
    few = survey_frames(lambda r: r["x"], Space({"x": Int(1, 10, log=True)}), base=32)
    cells = few.best_tenth()
    (bars,) = traces(figures.ranges(few.ranges(), cells), "share of the best tenth", 0)
    assert (bars.type, bars.x) == ("bar", tuple(str(value) for value in cells["value"]))
    assert bars.y[0] == pytest.approx(1, abs=0.01)


def test_the_proposal_and_the_end_where_the_best_crowd_are_drawn(cells, ranges):
    figure, rows = figures.ranges(ranges, cells), ranges.set_index("hyperparameter")
    (following,) = traces(figure, "to try next", 0)
    assert following.x == pytest.approx([rows.loc["rate", "next_low"], rows.loc["rate", "next_high"]])
    (crowd,) = traces(figure, "end at which the best crowd", 0)
    assert crowd.x == pytest.approx([1e-3])
    assert rows.loc["rate", "boundary"] == "low"
    assert rows.loc["<i>w</i>", "boundary"] == ""
    assert not traces(figure, "end at which the best crowd", 3)
    assert axis(figure, 0).title.text.endswith("the best crowd at the low end: beyond it</span>")


@pytest.mark.parametrize(
    ("boundary", "choices", "order"), [("low", (8, 16), ("8", "16", "32")), ("high", (32, 64), ("16", "32", "64"))]
)
def test_a_choice_that_joins_stands_beyond_its_end(boundary, choices, order):
    share = {"share": [0.5, 0.5], "share_low": 0.4, "share_high": 0.6, "even_share": 0.5}
    ends = {end: [16.0, 32.0] for end in ("low", "high", "value")}
    words = {"response": "loss", "form": "log", "hyperparameter": "batch_size", "scale": "choices"}
    proposal = {"hyperparameter": ["batch_size"], "boundary": boundary, "next_low": choices[0], "next_high": choices[1]}
    frame = pd.DataFrame({**proposal, "next_choices": [choices], "reason": "it joins"})
    figure = figures.ranges(frame, pd.DataFrame({**words, **ends, **share}))
    assert figure.layout.xaxis.categoryarray == order
    (following,) = traces(figure, "to try next", 0)
    assert following.x == tuple(str(choice) for choice in choices)
    assert traces(figure, "end at which the best crowd", 0)[0].x == ("16" if boundary == "low" else "32",)


def test_tables_that_do_not_fit_are_refused_and_empty_ones_are_told(effects, ranges, cells):
    with pytest.raises(style.FigureError, match=r"no column 'scale': give that of Survey\.effects\(\)"):
        figures.effects(effects.drop(columns="scale"))
    with pytest.raises(style.FigureError, match=r"no column 'next_low': give that of Survey\.ranges\(\)"):
        figures.ranges(ranges.drop(columns="next_low"), cells)
    with pytest.raises(style.FigureError, match=r"no column 'share': give that of Survey\.best_tenth\(\)"):
        figures.ranges(ranges, cells.drop(columns="share"))
    with pytest.raises(style.FigureError, match="no range is proposed for 'kind'"):
        figures.ranges(ranges.drop(index=1), cells)
    assert figures.ranges(ranges, cells.head(0)).layout.annotations[0].text == "the table has no rows"
