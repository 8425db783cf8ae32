"""What all figures share: titles, names as text, thinning, axes, and tables that cannot be drawn."""

import pandas as pd
import pytest

from hpsearch.figures import style


def test_a_table_without_the_columns_is_refused_with_their_names_and_the_table_to_give():
    with pytest.raises(style.FigureError, match=r"no column 'value', 'state': give that of Results\.history\(\)"):
        style.checked(pd.DataFrame({"number": [1]}), ("number", "value", "state"), table="Results.history()")
    style.checked(pd.DataFrame({"number": [1]}), ("number",), table="Results.history()")


def test_an_empty_figure_says_why_in_words():
    figure = style.empty("Why?", "no <b>trial</b> yet")
    assert figure.layout.annotations[0].text == "no &lt;b&gt;trial&lt;/b&gt; yet"
    assert figure.layout.title.text == "Why?"


@pytest.mark.parametrize(
    ("values", "log"),
    [([0.1, 1.0], True), ([0.1, 0.9], False), ([0.0, 10.0], False), ([0.1, 1.0, float("inf"), None], True), ([], False)],
)
def test_a_value_axis_is_logarithmic_where_all_are_above_0_and_span_a_decade(values, log):
    assert style.logarithmic(pd.Series(values, dtype=float)) is log


def test_a_setting_s_axis_has_its_letter_and_its_scale_in_the_space():
    assert style.axis("learning_rate", "log") == {"title": {"text": "learning rate α"}, "type": "log"}
    assert style.axis("batch_size", "choices")["type"] == "category"
    assert style.axis("<i>", "linear") == {"title": {"text": "&lt;i&gt;"}, "type": "linear"}


def test_iteration_0_has_a_place_on_a_logarithmic_axis():
    axis = style.iteration_axis(2000)
    assert dict(zip(axis["ticktext"], axis["tickvals"], strict=True)) == {
        "0": 0.5, "1": 1, "10": 10, "100": 100, "1,000": 1000
    }  # fmt: skip


def test_of_many_points_an_even_choice_is_drawn_with_those_to_keep_and_told():
    frame = pd.DataFrame({"x": range(4100)})
    drawn, words = style.thinned(frame, keep=[4001])
    assert drawn["x"].tolist() == sorted({*range(0, 4100, 3), 4001})
    assert words == "every third of 4,100 points is drawn"
    assert style.thinned(frame.head(2000))[1] == ""


def test_names_are_shown_as_text():
    assert style.plain("<a href='x'>%{y}") == "&lt;a href=&#x27;x&#x27;&gt;%&#123;y}"
