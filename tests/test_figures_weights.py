"""The picture of the first layer's weights shows each weight at its unit and input."""

import numpy as np
import pandas as pd
import pytest

from hpsearch import figures


def units(iterations=(0, 10, 200), count=3, inputs=2, name="pixel", distinct=3):
    rows = [(t, u, i, f"{name}{i}", t + 10.0 * u - i) for t in iterations for u in range(count) for i in range(inputs)]
    frame = pd.DataFrame(rows, columns=["iteration", "unit", "input", "name", "weight"])
    return frame.assign(number=7, seed=1, distinct_units=pd.array([distinct] * len(frame), dtype="Int64"))


def test_each_iteration_is_a_picture_of_units_by_inputs():
    figure = figures.units(units())
    assert len(figure.data) == 3
    np.testing.assert_array_equal(figure.data[1].z, [[10, 9], [20, 19], [30, 29]])
    assert (list(figure.data[1].x), list(figure.data[1].y)) == ([0, 1], [0, 1, 2])
    assert all(picture.zmid == 0 for picture in figure.data)
    assert list(figure.data[0].customdata[0]) == ["pixel0", "pixel1"]
    headings = [annotation.text for annotation in figure.layout.annotations]
    assert headings == [f"iteration {t}: 3 of 3 units distinct" for t in ("0", "10", "200")]
    assert figure.layout.title.text == "Do the hidden units learn different things?"
    assert "Trial 7, seed 1: 3 units, 2 inputs" in figure.layout.title.subtitle.text


def test_inputs_keep_their_names_whatever_the_order_of_the_rows():
    picture = figures.units(units((0,)).iloc[::-1]).data[0]
    assert list(picture.customdata[0]) == ["pixel0", "pixel1"]
    np.testing.assert_array_equal(picture.z, [[0, -1], [10, 9], [20, 19]])


def test_a_training_that_diverged_is_called_so():
    figure = figures.units(units((5,), distinct=pd.NA))
    assert figure.layout.annotations[0].text == "iteration 5: diverged"


def test_of_a_large_layer_an_even_choice_is_drawn_and_told():
    figure = figures.units(units((0,), count=65, inputs=513))
    assert np.shape(figure.data[0].z) == (33, 171)
    assert figure.data[0].z[1][2] == 20 - 6
    assert figure.data[0].customdata[0][2] == "pixel6"
    assert "drawn: one unit of 2, one input of 3" in figure.layout.title.subtitle.text


def test_names_are_shown_as_text():
    assert figures.units(units(name="<b>%{x}")).data[0].customdata[0][0] == "&lt;b&gt;%&#123;x}0"


def test_another_table_is_refused_and_an_empty_one_told():
    with pytest.raises(figures.FigureError, match=r"'distinct_units': give that of Results\.units"):
        figures.units(units().drop(columns="distinct_units"))
    assert figures.units(units().head(0)).layout.annotations[0].text == "there is no weight"
