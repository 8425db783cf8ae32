"""The figures of the lesson show the numbers of their tables."""

import numpy as np
import pandas as pd
import pytest

from hpsearch.experiments.lessons.judgement import Judgement
from hpsearch.figures import FigureError, lesson
from hpsearch.report.lesson import lesson_sections


def lines(figure):
    """The traces that carry numbers, without bands."""
    return [trace for trace in figure.data if "lines+markers" in trace.mode or (trace.name and trace.hovertemplate)]


def frame(columns, *rows):
    return pd.DataFrame(rows, columns=columns.split())


DISTINCT = frame(
    "activation init iteration least most",
    ("tanh", "zeros", 0, 1, 1), ("tanh", "zeros", 10, 1, 2), ("tanh", "scaled", 0, 8, 8), ("tanh", "scaled", 10, 7, 8),
)  # fmt: skip
SMALL = frame("dtype init_scale units start least", ("float32", 1e-60, 8, 1, 1), ("float32", 0.1, 8, 8, 8))
SCALES = frame(
    "activation init_scale saturation saturation_low saturation_high iterations iterations_low iterations_high",
    ("tanh", 0.1, 0.0, 0.0, 0.1, 70, 60, 80), ("tanh", 10.0, 0.9, 0.8, 1.0, 4000, 3000, 5000),
    ("relu", 0.1, 0.5, 0.4, 0.6, 40, 30, 50), ("relu", 10.0, 0.5, 0.4, 0.6, 200, 150, 250),
)  # fmt: skip
DEPTHS = frame(
    "activation depth scheme error low high",
    ("tanh", 1, "scale 0.01", 0.05, 0.04, 0.06), ("tanh", 8, "scale 0.01", 0.9, 0.8, 1.2),
    ("relu", 1, "he", 0.1, 0, 0.2),
)  # fmt: skip
LAYERS = frame(
    "activation depth scheme layer quantity size low high",
    ("tanh", 8, "he", 1, "activations", 0.5, 0.4, 0.6), ("tanh", 8, "he", 2, "activations", 0.4, 0.3, 0.5),
    ("tanh", 8, "he", 1, "gradient", 1e-3, 1e-4, 1e-2),
)  # fmt: skip


def test_distinct_units_go_over_the_iterations_from_0():
    figure = lesson.distinct_units(DISTINCT)
    zeros, scaled = lines(figure)
    assert list(zeros.y) == [1, 2]
    assert list(scaled.y) == [8, 8]
    assert list(zeros.x) == [0.5, 10]
    band = figure.data[0]
    assert list(band.y) == [1, 2, 1, 1, None]


def test_small_scales_have_few_ticks_however_many_decades():
    figure = lesson.small_scales(SMALL)
    assert list(lines(figure)[0].y) == [1, 8]
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis.dtick == 10


def test_scales_show_time_and_saturation_of_each_activation():
    time, *_ = shown = lines(lesson.scales(SCALES))
    assert [trace.name for trace in shown] == ["tanh", "relu", "tanh", "relu"]
    assert list(time.y) == [70, 4000]
    assert list(shown[2].y) == [0.0, 0.9]
    assert lesson.scales(SCALES).layout.yaxis.type == "log"


def test_depths_have_a_panel_an_activation_and_cut_intervals_at_certainty():
    figure = lesson.depths(DEPTHS)
    assert [note.text for note in figure.layout.annotations] == ["tanh", "relu"]
    first, second = lines(figure)
    assert (list(first.x), list(first.y), first.name) == ([1, 8], [0.05, 0.9], "scale 0.01")
    assert second.name == "he"
    assert np.nanmax([y for trace in figure.data for y in trace.y if y is not None]) == 1.0


def test_layers_have_a_row_a_quantity():
    figure = lesson.layers(LAYERS)
    activations, gradient = lines(figure)
    assert list(activations.y) == [0.5, 0.4]
    assert list(gradient.y) == [1e-3]
    assert {figure.layout.yaxis.title.text, figure.layout.yaxis2.title.text} == {"activations", "gradient"}


def test_on_the_page_every_table_is_drawn_that_has_a_figure():
    drawn = {"distinct": DISTINCT, "layers": LAYERS, "scales": SCALES, "errors": DEPTHS}
    tables = {**drawn, "others": SMALL}
    _, claim = lesson_sections([Judgement("L1", "A.", True, "", [], tables=tables)])
    assert [exhibit.figure is not None for exhibit in claim.exhibits] == [True] * 4 + [False]
    assert claim.sentences == ["Verdict: holds."]
    two = Judgement("L2", "B.", True, "", [], tables={"errors": SMALL, "scales": SMALL}, measured="Measured on C.")
    _, claim = lesson_sections([two])
    assert claim.sentences == ["Verdict: holds.", "Measured on C."]
    assert [exhibit.figure is not None for exhibit in claim.exhibits] == [False, True]


@pytest.mark.parametrize(
    "draw", [lesson.distinct_units, lesson.small_scales, lesson.scales, lesson.depths, lesson.layers]
)
def test_another_table_is_refused(draw):
    with pytest.raises(FigureError, match="give that of the lesson's L"):
        draw(pd.DataFrame({"x": [1]}))
