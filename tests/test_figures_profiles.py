"""Figures of profiles and planes show the numbers of their tables."""

import math

import numpy as np
import pandas as pd
import pytest

from hpsearch import figures
from hpsearch.figures import style

HOSTILE = "<b>x</b>%{x}"
SPACE = pd.DataFrame(
    {"hyperparameter": ["learning_rate", "batch_size", "momentum"], "scale": ["log", "choices", "linear"]}
)
TOLERANCE = pd.DataFrame(
    [{"hyperparameter": "momentum", "near_low": 5.0, "near_high": 6.0, "tolerated_low": 7.0, "tolerated_high": 8.0,
      "unshown_low": 5.0, "unshown_high": 9.0, "points": 0.01},
     {"hyperparameter": "learning_rate", "near_low": 0.1, "near_high": 1.0, "tolerated_low": 0.01,
      "tolerated_high": 0.1, "unshown_low": 0.01, "unshown_high": 0.5, "points": 0.02}]
)  # fmt: skip


def profile(name="learning_rate", *, values=(0.01, 0.1, 1.0), difference=(0.3, 0.1, 0.0)):
    return pd.DataFrame(
        {
            "hyperparameter": name,
            "value": values,
            "metric": "validation_loss",
            "mean": [3.0, 2.0, 1.0],
            "low": [2.5, 1.5, 0.5],
            "high": [3.5, 2.5, 1.5],
            "error": np.add(difference, 0.2),
            "error_difference": difference,
            "error_difference_low": [0.2, 0.0, 0.0],
            "error_difference_high": [0.4, 0.2, 0.0],
            "seeds": 10,
            "near_best": [False, True, True],
            "chosen": [False, False, True],
        }
    )


def panel(figure, axis):
    """The lines of a panel: the one with marks, its bands, its stars."""
    of_axis = [trace for trace in figure.data if trace.yaxis == axis]
    line = next(trace for trace in of_axis if trace.mode == "lines+markers")
    return line, [t for t in of_axis if t.fill], [t for t in of_axis if t.marker.symbol == "star"]


def stretches(figure):
    return {shape.name: (shape.x0, shape.x1, shape.yref) for shape in figure.layout.shapes if shape.showlegend}


def test_a_profile_shows_the_mean_its_interval_and_the_error_below():
    figure = figures.profile(profile(), SPACE)
    line, (band,), (star,) = panel(figure, "y")
    assert (list(line.x), list(line.y)) == ([0.01, 0.1, 1.0], [3.0, 2.0, 1.0])
    assert sorted(y for y in band.y if y is not None) == [0.5, 1.5, 1.5, 2.5, 2.5, 3.5]
    assert list(line.marker.symbol) == ["circle-open", "circle", "circle"]
    assert line.customdata[1] == ["0.1", "2", "1.5", "2.5", "0.3", "0.1", "0", "0.2", "10", "True", "False"]
    assert (list(star.x), list(star.y)) == ([1.0], [1.0])
    assert figure.layout.yaxis.title.text == "validation loss"
    assert figure.layout.title.text == "How wrong may learning rate α be?"
    assert "10 fresh seeds a value" in figure.layout.title.subtitle.text
    assert figure.layout.xaxis.type == figure.layout.xaxis2.type == "log"
    assert figure.layout.xaxis2.title.text == "learning rate α"


def test_the_error_is_shown_as_what_it_is_above_that_of_the_chosen_value():
    figure = figures.profile(profile(), SPACE)
    line, (band,), (star,) = panel(figure, "y2")
    assert figure.layout.yaxis2.title.text == "change of validation error"
    assert list(line.y) == [0.3, 0.1, 0.0]
    assert sorted(y for y in band.y if y is not None) == [0.0, 0.0, 0.0, 0.2, 0.2, 0.4]
    assert (list(star.x), list(star.y)) == ([1.0], [0.0])


def test_the_stretches_of_this_setting_are_shaded_and_named():
    figure = figures.profile(profile(), SPACE, TOLERANCE)
    assert stretches(figure) == {
        "shown to be worse outside of 0.1 to 1": (0.1, 1.0, "y domain"),
        "over 0.02 more error excluded: 0.01 to 0.1": (0.01, 0.1, "y2 domain"),
        "undecided: 0.1 to 0.5": (0.1, 0.5, "y2 domain"),
    }


def test_nowhere_is_said_only_where_no_value_between_the_ends_is_shown_to_be_worse():
    whole = TOLERANCE.assign(near_low=0.01, near_high=1.0)
    for near_best, words in (
        (True, "nowhere shown to be worse"),
        (profile()["value"] != 0.1, "neither end shown to be"),
    ):
        assert next(iter(stretches(figures.profile(profile().assign(near_best=near_best), SPACE, whole)))).startswith(
            words
        )


def test_what_is_undecided_may_lie_on_both_sides_and_what_is_nowhere_is_said():
    both = TOLERANCE.assign(tolerated_low=0.1, tolerated_high=0.2, near_low=0.01, unshown_high=1.0)
    figure = figures.profile(profile().assign(near_best=True), SPACE, both)
    assert list(stretches(figure)) == [
        "nowhere shown to be worse", "over 0.02 more error excluded: 0.1 to 0.2",
        "undecided: 0.01 to 0.1 and 0.2 to 1",
    ]  # fmt: skip
    grey = [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.name.startswith("undecided")]
    assert grey == [(0.01, 0.1), (0.2, 1.0)]
    assert [shape.showlegend for shape in figure.layout.shapes if shape.name.startswith("undecided")] == [True, False]
    decided = figures.profile(profile(), SPACE, both.assign(tolerated_low=0.01, unshown_high=0.2))
    assert list(stretches(decided))[1:] == ["over 0.02 more error excluded: 0.01 to 0.2"]


def test_where_nothing_is_excluded_but_the_chosen_value_all_that_is_not_shown_is_undecided():
    alone = TOLERANCE.assign(tolerated_low=0.1, unshown_high=1.0)
    undecided = list(stretches(figures.profile(profile(), SPACE, alone)))[1:]
    assert undecided == ["undecided: 0.01 to 1"]


def test_a_stretch_of_one_value_is_that_value_alone_and_large_ones_are_written_out():
    alone = TOLERANCE.assign(near_low=0.1, near_high=0.1)
    assert next(iter(stretches(figures.profile(profile(), SPACE, alone)))) == "shown to be worse outside of 0.1 alone"
    large = TOLERANCE.assign(near_low=1000.0, near_high=2500.0)
    shown = stretches(figures.profile(profile(values=(500.0, 1000.0, 2500.0)), SPACE, large))
    assert next(iter(shown)) == "shown to be worse outside of 1,000 to 2,500"


def test_too_much_error_is_a_line_across_the_differences():
    line = figures.profile(profile(), SPACE, TOLERANCE).data[-1]
    assert (list(line.x), list(line.y), line.yaxis) == ([0.01, 1.0], [0.02, 0.02], "y2")
    assert line.name == "0.02 more error; shown where nothing is shaded"
    nowhere = figures.profile(profile(), SPACE, TOLERANCE.assign(unshown_high=1.0)).data[-1]
    assert nowhere.name == "0.02 more error"


def test_a_regression_s_profile_has_no_error():
    missing = TOLERANCE.assign(**dict.fromkeys(("tolerated_low", "tolerated_high"), math.nan))
    figure = figures.profile(profile(difference=[math.nan] * 3), SPACE, missing)
    assert {trace.yaxis for trace in figure.data} == {"y"}
    assert list(stretches(figure)) == ["shown to be worse outside of 0.1 to 1"]


def test_the_search_s_trials_lie_below_a_profile():
    trials = pd.DataFrame({"number": [0, 1, 2], "learning_rate": [0.02, math.nan, 0.5], "value": [1.0, 2.0, 3.0]})
    rug = figures.profile(profile(), SPACE, None, trials).data[-1]
    assert rug.name == "trials of the search"
    assert list(rug.x) == [0.02, 0.5]
    many = pd.DataFrame({"number": range(5000), "learning_rate": np.geomspace(0.01, 1, 5000), "value": 1.0})
    assert len(figures.profile(profile(), SPACE, None, many).data[-1].x) <= style.MOST_DRAWN


def test_choices_stand_side_by_side():
    choices = TOLERANCE.tail(1).assign(hyperparameter="batch_size", near_low=16, near_high=64)
    figure = figures.profile(profile("batch_size", values=[16, 32, 64]), SPACE, choices)
    assert figure.data[-1].name == "0.02 more error"
    assert stretches(figure) == {}
    assert list(panel(figure, "y")[0].x) == ["16", "32", "64"]
    assert figure.layout.xaxis.type == "category"


def plane(first="learning_rate", second="momentum"):
    points = [(a, b) for a in (0.01, 0.1, 1.0) for b in (0.0, 0.9)]
    mean = [1.0, 10.0, 100.0, 0.1, 5.0, 6.0]
    frame = pd.DataFrame(points, columns=[first, second])
    ends = {"low": np.array(mean) - 0.05, "high": np.array(mean) + 0.05}
    return frame.assign(metric="validation_loss", mean=mean, **ends, error=0.1, seeds=3)


def test_a_plane_shows_the_mean_of_every_pair_and_marks_the_lowest():
    figure = figures.plane(plane(), SPACE)
    field, star = figure.data
    assert (list(field.x), list(field.y)) == ([0.01, 0.1, 1.0], [0.0, 0.9])
    np.testing.assert_allclose(field.z, np.log10([[1.0, 100.0, 5.0], [10.0, 0.1, 6.0]]))
    assert field.customdata[1][0] == ["0.01", "0.9", "10", "9.95", "10.05", "0.1", "3"]
    assert (list(star.x), list(star.y)) == ([0.1], [0.9])
    assert list(field.colorbar.ticktext) == ["0.1", "1", "10", "100"]
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "linear")
    np.testing.assert_allclose(figure.layout.xaxis.range, [-2, 0])
    assert figure.layout.title.text == "Which learning rate α goes with which momentum μ?"
    assert "3 fresh seeds" in figure.layout.title.subtitle.text


def test_choices_of_a_plane_keep_their_order():
    frame = plane("batch_size")
    frame["batch_size"] = [16, 16, 64, 64, 128, 128]
    field = figures.plane(frame, SPACE).data[0]
    assert list(field.x) == ["16", "64", "128"]
    np.testing.assert_allclose(10 ** np.array(field.z[0], dtype=float), [1.0, 100.0, 5.0])


def test_a_missing_mean_is_a_hole_in_the_plane():
    frame = plane()
    frame.loc[0, "mean"] = math.nan
    field = figures.plane(frame, SPACE).data[0]
    assert math.isnan(field.z[0][0])
    assert len(figures.plane(frame.assign(mean=math.nan), SPACE).data) == 1


def test_names_are_shown_as_text():
    space = pd.DataFrame({"hyperparameter": [HOSTILE], "scale": ["linear"]})
    shown = "&lt;b&gt;x&lt;/b&gt;%&#123;x}"
    profiled = figures.profile(profile(HOSTILE), space)
    assert profiled.layout.xaxis2.title.text == shown
    assert "<b>" not in profiled.layout.title.text
    pair = figures.plane(plane(HOSTILE), space)
    assert pair.layout.xaxis.title.text == shown
    assert pair.data[0].hovertemplate.startswith(f"{shown}: ")


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.profile(plane(), SPACE), r"'hyperparameter', 'value', .*: give that of Results\.profile"),
        (lambda: figures.profile(profile(), plane()), r"'scale': give that of Results\.space\(\)"),
        (lambda: figures.profile(profile(), SPACE, SPACE.drop(columns="hyperparameter")), r"Results\.tolerance\(\)"),
        (lambda: figures.profile(profile(), SPACE, None, SPACE), r"'number', .*: give that of Results\.trials"),
        (lambda: figures.plane(SPACE, SPACE), r"'metric', 'mean', .*: give that of Results\.plane"),
    ],
)
def test_another_table_is_refused_with_the_one_to_give(draw, message):
    with pytest.raises(figures.FigureError, match=message):
        draw()


@pytest.mark.parametrize(
    "draw", [lambda: figures.profile(profile().head(0), SPACE), lambda: figures.plane(plane().head(0), SPACE)]
)
def test_an_empty_table_gives_a_figure_that_says_so(draw):
    assert draw().layout.annotations[0].text.startswith("this ")


def test_words_are_joined_by_no_line_and_have_their_intervals():
    frame = profile("momentum", values=["tanh", "relu", "sigmoid"])
    figure = figures.profile(frame, SPACE.assign(scale="choices"))
    assert not [trace for trace in figure.data if trace.fill or "lines" in trace.mode]
    mean, error = (
        next(t for t in figure.data if t.yaxis == axis and t.error_y.array is not None) for axis in ("y", "y2")
    )
    assert list(mean.x) == ["tanh", "relu", "sigmoid"]
    assert np.add(mean.y, mean.error_y.array).tolist() == frame["high"].tolist()
    assert np.subtract(error.y, error.error_y.arrayminus) == pytest.approx(frame["error_difference_low"].to_numpy())


def test_a_field_of_words_has_cells_and_no_contours():
    frame = plane("activation")
    frame["activation"] = ["tanh", "tanh", "relu", "relu", "sigmoid", "sigmoid"]
    figure = figures.plane(
        frame, pd.concat([SPACE, pd.DataFrame({"hyperparameter": ["activation"], "scale": "choices"})])
    )
    field = figure.data[0]
    assert (field.type, list(field.x)) == ("heatmap", ["tanh", "relu", "sigmoid"])
    assert figures.plane(plane(), SPACE).data[0].type == "contour"
    assert figure.layout.xaxis.range is None
