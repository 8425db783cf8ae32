"""Figures of a search show the numbers of their tables."""

import math

import numpy as np
import pandas as pd
import pytest

from hpsearch import figures
from hpsearch.figures import axes, style

HOSTILE = '<a href="javascript:alert(1)">%{x}</a>'
SHOWN = '&lt;a href="javascript:alert(1)"&gt;%&#123;x}&lt;/a&gt;'


def history(values, *, best=None, states=None, diverged=None, study="s", metric="validation_loss"):
    count = len(values)
    return pd.DataFrame(
        {
            "study": [study] * count,
            "number": range(count),
            "state": states or ["COMPLETE"] * count,
            "metric": [metric] * count,
            "value": np.array(values, dtype=float),
            "best_so_far": np.array(np.minimum.accumulate(values) if best is None else best, dtype=float),
            "diverged": pd.array(diverged or [False] * count, dtype="boolean"),
        }
    )


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def points(trace):
    return list(zip(trace.x, trace.y, strict=True))


def test_a_history_shows_each_trial_by_its_kind_and_the_best_so_far():
    frame = history(
        [3.0, 2.0, 16.0, 2.5, 1.5],
        best=[3.0, 2.0, 2.0, 2.0, 1.5],
        states=["COMPLETE"] * 3 + ["PRUNED", "COMPLETE"],
        diverged=[False, False, True, None, False],
    )
    drawn = traces(figures.history(frame))
    assert points(drawn["complete"]) == [(0, 3.0), (1, 2.0), (4, 1.5)]
    assert points(drawn["diverged"]) == [(2, 16.0)]
    assert points(drawn["pruned"]) == [(3, 2.5)]
    assert len({drawn[kind].marker.symbol for kind in ("complete", "diverged", "pruned")}) == 3
    assert points(drawn["best so far"]) == list(enumerate([3.0, 2.0, 2.0, 2.0, 1.5]))
    assert drawn["best so far"].line.shape == "hv"
    assert points(drawn["best"]) == [(4, 1.5)]
    assert drawn["complete"].customdata[1] == ["1", "COMPLETE", "validation_loss", "2", "2", "False"]


def test_a_history_names_its_study_what_it_leaves_out_and_its_metric():
    figure = figures.history(history([2.0, math.nan, 1.0], best=[2, 2, 1], diverged=[False, None, True], study=HOSTILE))
    words = figure.layout.title.subtitle.text.replace("<br>", " ")
    assert words.startswith("Study &lt;a href=")
    assert "3 trials, 1 diverged, 1 without a value (failed, or not finished)" in words
    assert "; best in validation loss: trial 2 with 1" in words
    assert figure.layout.title.text == "When did the search find its best?"
    assert figure.layout.yaxis.title.text == "validation loss"
    assert figures.history(history([1.0], metric=HOSTILE)).layout.yaxis.title.text == SHOWN


@pytest.mark.parametrize(("values", "kind"), [([0.1, 15.9], "log"), ([0.1, 0.2], "linear"), ([-1.0, 15.0], "linear")])
def test_values_over_decades_stand_on_a_log_axis(values, kind):
    assert figures.history(history(values)).layout.yaxis.type == kind


def test_a_history_in_which_no_trial_may_be_the_best_has_no_star_line_but_its_trials():
    figure = figures.history(history([3.0, 2.0], best=[math.nan, math.nan], states=["PRUNED"] * 2))
    assert points(traces(figure)["pruned"]) == [(0, 3.0), (1, 2.0)]
    assert list(traces(figure)) == ["pruned"]


def test_of_several_objectives_the_best_is_that_in_the_first():
    figure = figures.history(history([3.0, 2.0], metric="value_0"))
    assert "best in value 0: trial 1 with 2" in figure.layout.title.subtitle.text
    unnamed = figures.history(history([3.0, 2.0], metric="value"))  # one objective, of which nobody said what it is
    assert "; best: trial 1 with 2" in unnamed.layout.title.subtitle.text


def test_marks_are_told_where_they_are_drawn():
    space = pd.DataFrame({"hyperparameter": ["x"], "low": [0.0], "high": [1.0], "scale": ["linear"]})
    past = history([3.0, 2.0, 1.0], states=["COMPLETE", "PRUNED", "COMPLETE"])
    drawn = figures.trials(past.assign(x=0.5), space, past).layout.title.subtitle.text
    assert "▽: pruned; ★: the best" in drawn
    assert "✕" not in drawn


def test_of_many_trials_an_even_choice_is_drawn_with_the_best():
    values = np.full(4001, 2.0)
    values[2501] = 1.0
    figure = figures.history(history(values))
    assert points(traces(figure)["best"]) == [(2501, 1.0)]
    assert (2501, 1.0) in points(traces(figure)["complete"])
    assert len(traces(figure)["complete"].x) <= style.MOST_DRAWN
    assert "every third of 4,001 points is drawn" in figure.layout.title.subtitle.text


def bands(metrics=("train_loss", "validation_loss", "saturation", "gradient_norm", "weight_norm")):
    rows = [(m, t, 1.0 + k, 2.0 + k, 3.0 + k, 9 - t) for k, m in enumerate(metrics) for t in (0, 5)]
    return pd.DataFrame(rows, columns=["metric", "iteration", "q10", "median", "q90", "trials"])


BEST = pd.DataFrame(
    {
        "study": HOSTILE,
        "number": [4, 4, 2, 2, 7, 7],
        "rank": [1, 1, 2, 2, 3, 3],
        "iteration": [0, 9, 0, 5, 0, 3],
        "train_loss": [9.0, 1.0, 8.0, 2.0, 7.0, 3.0],
    }
)


def test_curves_show_the_band_the_median_and_the_best_trials_each_by_itself():
    figure = figures.curves(bands(), BEST)
    of_loss = {trace.name: trace for trace in figure.data if trace.xaxis == "x"}
    x = (axes.ZERO, 5)
    assert points(of_loss["median of all trials"]) == [(x[0], 2.0), (x[1], 2.0)]
    band = of_loss["middle 80 % of all trials"]
    assert set(points(band)[:4]) == {(x[0], 3.0), (x[1], 3.0), (x[0], 1.0), (x[1], 1.0)}
    assert points(of_loss["best trial"])[:2] == [(0.5, 9.0), (9, 1.0)]
    line = np.array(points(of_loss["next best trials"]), dtype=float)
    np.testing.assert_array_equal(line[:, 1], [8, 2, np.nan, 7, 3, np.nan])
    assert of_loss["next best trials"].customdata[3] == ["7", "3", "0", "7"]


def test_curves_have_a_panel_for_losses_saturation_and_gradient():
    figure = figures.curves(bands())
    titles = [figure.layout[name].title.text for name in ("yaxis", "yaxis2", "yaxis3", "yaxis4")]
    assert titles == ["train loss", "validation loss", "saturation", "gradient norm"]
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis.ticktext[0] == "0"
    assert [trace.showlegend for trace in figure.data if trace.name == "median of all trials"] == [True] + [False] * 3
    assert "9 trials" in figure.layout.title.subtitle.text


def test_curves_of_another_program_have_its_intermediate_values():
    assert figures.curves(bands(["value"])).layout.yaxis.title.text == "value"


SPACE = pd.DataFrame({"hyperparameter": ["learning_rate", "kind"], "scale": ["log", "choices"]})


def table(count=4, name="kind"):
    return pd.DataFrame(
        {
            "study": ["s"] * count,
            "number": range(count),
            "state": ["COMPLETE"] * (count - 1) + ["PRUNED"],
            "value": [3.0, 2.0, 1.0, 5.0][:count] if count <= 4 else np.linspace(3, 2, count),
            "learning_rate": np.geomspace(0.001, 1, count),
            name: (["b", "<i>", "b", "a"] * count)[:count],
            "diverged": pd.array(([True] + [False] * count)[:count], dtype="boolean"),
        }
    )


def test_trials_show_each_value_against_each_setting_in_its_scale():
    figure = figures.trials(table(), SPACE, history([3.0, 2.0, 1.0, 5.0], best=[math.nan, 2, 1, 1]))
    rates, rate_star, kinds, kind_star = figure.data
    assert points(rates) == list(zip(np.geomspace(0.001, 1, 4), [3.0, 2.0, 1.0, 5.0], strict=True))
    assert points(kinds) == [("b", 3.0), ("&lt;i&gt;", 2.0), ("b", 1.0), ("a", 5.0)]
    assert points(rate_star)[0] == pytest.approx((0.1, 1.0))
    assert points(kind_star) == [("b", 1.0)]
    assert list(rates.marker.symbol) == ["x", "circle", "circle", "triangle-down-open"]
    assert list(rates.marker.color) == [0, 1, 2, 3]
    assert figure.layout.coloraxis.colorbar.title.text == "trial"
    assert (figure.layout.xaxis.type, figure.layout.xaxis2.type) == ("log", "category")
    assert figure.layout.xaxis.title.text == "learning rate α"
    assert figure.layout.yaxis.title.text == "validation loss"
    assert "best in validation loss: trial 2 with 1" in figure.layout.title.subtitle.text


def test_trials_can_be_shown_without_their_history_and_hostile_names_are_text():
    space = pd.DataFrame({"hyperparameter": [HOSTILE], "scale": ["choices"]})
    figure = figures.trials(table(name=HOSTILE), space)
    assert figure.layout.yaxis.title.text == "value"
    assert figure.layout.xaxis.title.text == '&lt;a href="javasc…t(1)"&gt;%&#123;x}&lt;/a&gt;'
    assert f"{SHOWN}: %{{customdata[2]}}" in figure.data[0].hovertemplate


def test_of_many_trials_the_best_is_kept_in_every_panel():
    best = np.full(4001, math.nan)
    best[2501:] = 0.0
    figure = figures.trials(table(4001), SPACE, history(np.linspace(3, 2, 4001), best=best))
    for cloud, star in (figure.data[:2], figure.data[2:]):
        assert len(cloud.x) <= style.MOST_DRAWN
        assert set(points(star)) <= set(points(cloud))
        assert len(star.x) == 1
    assert "every third of 4,001 points" in figure.layout.title.subtitle.text


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.history(bands()), r"'study', 'number', .*: give that of Results\.history\(\)"),
        (lambda: figures.curves(table()), r"'metric', .*: give that of Results\.curve_bands\(\)"),
        (lambda: figures.curves(bands(), bands()), r"'study', 'number', 'rank': give that of Results\.best_curves\(\)"),
        (lambda: figures.trials(table(), table()), r"'hyperparameter', 'scale': give that of Results\.space\(\)"),
        (lambda: figures.trials(table(name="x"), SPACE), r"no column 'kind': give that of Results\.trials"),
        (
            lambda: figures.trials(table(), SPACE, bands()),
            r"'number', 'best_so_far': give that of Results\.history\(\)",
        ),
    ],
)
def test_another_table_is_refused_with_the_one_to_give(draw, message):
    with pytest.raises(figures.FigureError, match=message):
        draw()


@pytest.mark.parametrize(
    "figure",
    [
        figures.history(history([])),
        figures.history(history([math.nan], best=[math.nan])),
        figures.curves(bands([])),
        figures.trials(table().head(0), SPACE),
        figures.trials(table(), SPACE.head(0)),
    ],
)
def test_an_empty_table_gives_a_figure_that_says_so(figure):
    assert not figure.data
    assert figure.layout.annotations[0].text.startswith("no trial")
