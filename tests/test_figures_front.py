"""The figure of a front marks in each pair of objectives what no other trial beats."""

import pandas as pd
import pytest

from hpsearch import figures
from hpsearch.figures import style

WORDS = {"value_0": "error (minimised)", "value_1": "<i>speed</i> (maximised)"}


def trials(*values, start=0):
    numbers = range(start, start + len(values))
    columns = {f"value_{k}": column for k, column in enumerate(zip(*values, strict=True))}
    return pd.DataFrame({"study": "s", "number": numbers, **columns})


def points(trace):
    return list(zip(trace.x, trace.y, strict=True))


def test_the_front_is_marked_among_the_trials_that_it_beats():
    table = trials((1.0, 5.0), (2.0, 9.0), (3.0, 8.0))
    figure = figures.pareto(table.head(2), table, WORDS)
    others, front = figure.data
    assert (others.name, points(others)) == ("other trials", [(3.0, 8.0)])
    assert (front.name, points(front)) == ("the front", [(1.0, 5.0), (2.0, 9.0)])
    assert others.marker.symbol != front.marker.symbol
    assert front.customdata[1] == ["1", "2", "9"]
    assert figure.layout.xaxis.title.text == "error (minimised)"
    assert figure.layout.yaxis.title.text == "&lt;i&gt;speed&lt;/i&gt; (maximised)"
    told = figure.layout.title.subtitle.text.replace("<br>", " ")
    assert "seems beaten" not in told
    counts = "Study s: of 3 trials that may be on the front 2 are."
    assert told.startswith(f"{counts} Where values are noisy, some are on the front by luck")


def test_of_three_objectives_each_two_have_a_panel_and_the_legend_names_a_mark_once():
    table = trials((1.0, 5.0, 0.1), (2.0, 4.0, 0.2), (3.0, 6.0, 30.0))
    figure = figures.pareto(table.head(2), table, {**WORDS, "value_2": "cost (minimised)"})
    fronts = [trace for trace in figure.data if trace.name == "the front"]
    assert [points(trace)[0] for trace in fronts] == [(1.0, 5.0), (1.0, 0.1), (5.0, 0.1)]
    assert [trace.showlegend for trace in fronts] == [True, False, False]
    assert "What seems beaten in a panel is better in" in figure.layout.title.subtitle.text
    assert (figure.layout.xaxis3.title.text, figure.layout.yaxis3.title.text) == (
        "&lt;i&gt;speed&lt;/i&gt; (maximised)",
        "cost (minimised)",
    )
    assert [figure.layout[axis].type for axis in ("yaxis", "yaxis2", "yaxis3")] == ["linear", "log", "log"]


def test_a_long_name_is_cut_so_that_it_fits_its_panel():
    table = trials((1.0, 5.0))
    figure = figures.pareto(table, table, {"value_0": f"{'long ' * 20}(minimised)", "value_1": "y"})
    name = figure.layout.xaxis.title.text
    assert len(name) == 30
    assert name.endswith("(minimised)")


def test_of_many_trials_the_whole_front_is_drawn_and_the_thinning_told():
    front, many = trials((0.0, 9.0)), trials(*[(1.0, 1.0)] * (2 * style.MOST_DRAWN), start=1)
    figure = figures.pareto(front, pd.concat([front, many]), WORDS)
    assert [len(trace.x) for trace in figure.data] == [style.MOST_DRAWN, 1]
    assert "every second of 4,000 points is drawn" in figure.layout.title.subtitle.text


@pytest.mark.parametrize(
    ("front", "words", "reason"),
    [
        (trials((1.0, 2.0)).head(0), WORDS, "no trial of this search may be on the front yet"),
        (trials((1.0,)), {"value_0": "x"}, "this study has one objective: its front is its best"),
    ],
)
def test_where_there_is_no_front_it_is_said_why(front, words, reason):
    assert figures.pareto(front, front, words).layout.annotations[0].text == reason


def test_another_table_is_refused():
    table = trials((1.0, 2.0))
    with pytest.raises(figures.FigureError, match=r"no column 'value_1': give that of Results\.pareto"):
        figures.pareto(table.drop(columns="value_1"), table, WORDS)
    with pytest.raises(figures.FigureError, match=r"no column 'number': give that of Results\.trials"):
        figures.pareto(table, table.drop(columns="number"), WORDS)
