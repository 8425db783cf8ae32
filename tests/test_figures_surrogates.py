"""The figure of importances shows the numbers of its tables, and what is told from chance by the mark's shape."""

import math

import pandas as pd
import pytest

from hpsearch import figures

HOSTILE = "<b>x</b>%{x}"


def importance(names=("momentum", "learning_rate")):
    rows = [("ped_anova", names[0], 0.2, 0.1, 0.3, 0.4, 0.5), ("ped_anova", names[1], 0.8, 0.6, 0.9, 0.4, 0.01)]
    rows += [("permutation", names[0], 0.3, 0.4, 0.5, 0.1, 0.01), ("permutation", names[1], 0.1, 0.0, 0.2, 0.2, 0.9)]
    columns = ["measure", "hyperparameter", "importance", "low", "high", "null_high", "p_value"]
    counts = {"permutations": [200, 200, 39, 39], "bootstraps": 200, "trials": 100}
    return pd.DataFrame(rows, columns=columns).assign(verdict=["not seen", "seen", "seen", "not seen"], **counts)


def sensitivity(names=("momentum", "learning_rate", "seed"), total=(0.7, 0.2, 0.01)):
    frame = pd.DataFrame({"hyperparameter": names, "total_order": total, "response": "validation_loss", "form": "log"})
    ends = {"total_low": frame["total_order"] - 0.05, "total_high": frame["total_order"] + 0.15}
    return frame.assign(verdict="sensitive", **ends)


def row(figure, name):
    """The place of a setting's name on the axis."""
    return dict(zip(figure.layout.yaxis.ticktext, figure.layout.yaxis.tickvals, strict=True))[name]


def marks(figure, name):
    """A trace's marks: setting, place, symbol, ends of the bar."""
    trace = next(trace for trace in figure.data if trace.name == name)
    setting = [line.split(":")[0] for line in trace.hovertemplate.split("<br>")].index("hyperparameter")
    symbols = trace.marker.symbol if isinstance(trace.marker.symbol, tuple) else [trace.marker.symbol] * len(trace.x)
    bars = zip(trace.error_x.arrayminus, trace.error_x.array, strict=True)
    rows = zip(trace.customdata, trace.x, symbols, bars, strict=True)
    return [(hover[setting], x, symbol, (x - below, x + above)) for hover, x, symbol, (below, above) in rows]


def test_each_measure_has_its_marks_bars_and_open_marks_where_it_is_chance():
    figure = figures.importance(importance())
    (first, second), (third, fourth) = marks(figure, "PED-ANOVA"), marks(figure, "permutation")
    assert (first[1], first[2], first[3]) == (0.2, "square-open", pytest.approx((0.1, 0.3)))
    assert (second[1], second[2], second[3]) == (0.8, "square", pytest.approx((0.6, 0.9)))
    assert (third[1], third[2], third[3]) == (0.3, "triangle-up", pytest.approx((0.4, 0.5)))
    assert fourth[2] == "triangle-up-open"
    assert figure.layout.title.text == "Can the importance chart of these trials be trusted?"
    assert "100 trials, up to 200 permutations" in figure.layout.title.subtitle.text


def test_a_mark_is_filled_by_the_verdict_and_not_by_the_p_value():
    judged = importance().assign(verdict=["seen", "too few permutations", "", "seen"])
    figure = figures.importance(judged)
    symbols = [mark[2] for name in ("PED-ANOVA", "permutation") for mark in marks(figure, name)]
    assert symbols == ["square", "square-open", "triangle-up-open", "triangle-up"]


def test_the_null_s_band_goes_from_0_to_its_95_percent_end_under_each_mark():
    figure = figures.importance(importance())
    bands = [trace for trace in figure.data if trace.legendgroup == "null"]
    assert [list(band.x) for band in bands] == [[0, 0.4, None, 0, 0.4, None], [0, 0.1, None, 0, 0.2, None]]
    assert [band.showlegend for band in bands] == [True, False]
    for band, name in zip(bands, ("PED-ANOVA", "permutation"), strict=True):
        assert list(band.y[::3]) == list(next(trace for trace in figure.data if trace.name == name).y)


def test_the_measured_total_index_stands_above_the_surrogates_and_gives_the_order():
    alone, beside = figures.importance(importance()), figures.importance(importance(), sensitivity())
    assert row(alone, "learning rate α") > row(alone, "momentum μ")
    assert row(beside, "learning rate α") < row(beside, "momentum μ")
    measured = marks(beside, "measured total index")
    assert [(name, x) for name, x, *_ in measured] == [("momentum", 0.7), ("learning_rate", 0.2)]
    assert measured[0][3] == pytest.approx((0.65, 0.85))
    total = next(trace for trace in beside.data if trace.name == "measured total index")
    surrogate = next(trace for trace in beside.data if trace.name == "PED-ANOVA")
    above = [a - b for a, b in zip(total.y, surrogate.y, strict=True)]
    assert above == pytest.approx([above[0]] * 2)
    assert above[0] > 0
    assert beside.layout.title.text == "Do importance charts show what was measured?"
    assert "measured: log of validation loss by a survey" in beside.layout.title.subtitle.text


def test_a_measured_share_s_interval_is_cut_at_0_and_1_where_arrows_stand():
    unbounded = sensitivity(total=(0.7, 0.2, 0.01))
    unbounded.loc[0, ["total_low", "total_high"]] = -math.inf, math.inf
    unbounded.loc[1, ["total_low", "total_high"]] = -0.1, 0.4
    figure = figures.importance(importance(), unbounded)
    assert [ends for *_, ends in marks(figure, "measured total index")] == [(0, 1), pytest.approx((0, 0.4))]
    momentum, rate = next(trace.y for trace in figure.data if trace.name == "measured total index")
    arrows = {trace.marker.symbol: [*zip(trace.x, trace.y, strict=True)] for trace in figure.data if trace.marker}
    assert arrows["triangle-left"] == [(0, momentum), (0, rate)]
    assert arrows["triangle-right"] == [(1, momentum)]


def test_names_are_shown_as_text():
    figure = figures.importance(importance(names=(HOSTILE, "b")))
    assert figure.layout.yaxis.ticktext == ("b", "&lt;b&gt;x&lt;/b&gt;%&#123;x}")
    trace = next(trace for trace in figure.data if trace.name == "PED-ANOVA")
    assert trace.customdata[0][1] == "&lt;b&gt;x&lt;/b&gt;%&#123;x}"


def test_without_importances_the_figure_says_so():
    constant = importance().assign(importance=math.nan)
    for frame in (constant, constant.head(0)):
        assert figures.importance(frame).layout.annotations[0].text.startswith("there is no importance")


def test_another_table_is_refused_with_the_one_to_give():
    with pytest.raises(figures.FigureError, match=r"'measure', .*: give that of hpsearch\.importance"):
        figures.importance(sensitivity())
    with pytest.raises(figures.FigureError, match=r"'response', .*: give that of Results\.sensitivity"):
        figures.importance(importance(), importance())
