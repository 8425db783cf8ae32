"""What all figures share: titles, thinning, and tables that cannot be drawn."""

import pandas as pd
import pytest

from hpsearch.figures import style


def test_a_table_without_the_columns_is_refused_with_their_names_and_the_table_to_give():
    with pytest.raises(style.FigureError, match=r"no column 'value', 'state': give that of Results\.history\(\)"):
        style.checked(pd.DataFrame({"number": [1]}), ("number", "value", "state"), table="Results.history()")
    style.checked(pd.DataFrame({"number": [1]}), ("number",), table="Results.history()")
    with pytest.raises(style.FigureError, match=r"not a DataFrame \(given: list\): give that of Results\.hi"):
        style.checked(["number"], ("number",), table="Results.history()")


def test_an_empty_figure_says_why_in_words():
    figure = style.empty("Why?", "no <b>trial</b> yet")
    assert figure.layout.annotations[0].text == "no &lt;b&gt;trial&lt;/b&gt; yet"
    assert figure.layout.title.text == "Why?"


def test_of_many_points_an_even_choice_is_drawn_with_those_to_keep_and_told():
    frame = pd.DataFrame({"x": range(4100)})
    drawn, words = style.thinned(frame, keep=[4001])
    assert drawn["x"].tolist() == sorted({*range(0, 4100, 3), 4001})
    assert words == "every third of 4,100 points is drawn"
    assert style.thinned(frame.head(2000))[1] == ""
