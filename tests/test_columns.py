"""Numbers written as text, and columns of text with too many values."""

import numpy as np
import pandas as pd
import pytest

from hpsearch.data import DataError, from_frame
from hpsearch.data.columns import column_groups

ROWS = 100


def refused(column, message, name="c"):
    frame = pd.DataFrame({"x": np.arange(ROWS) * 0.5, name: column, "y": [0, 1] * (ROWS // 2)})
    with pytest.raises(DataError, match=message):
        from_frame(frame, "y")


def numbers(form):
    return [form.format(1000 + 7 * i) for i in range(ROWS)]


@pytest.mark.parametrize(
    ("token", "told"),
    [
        (
            "?",
            r"not numbers: '\?' \(3\); where these stand for a missing value, .* frame\.replace\(\[\"\?\"\], None\)",
        ),
        (" ", r"not numbers: ' ' \(3\); .* as in frame\.replace\(\[\"\"\], None\)"),
        ("N/A", r"as in frame\.replace\(\[\"N/A\"\], None\)"),
        ("Total", r"not numbers: 'Total' \(3\); correct these rows or remove them"),
        ("12,345", r"written otherwise are '12,345' \(3\): write numbers without separators of thousands"),
        ("1,5", r"written otherwise are '1,5' \(3\): read it again with decimal=\",\""),
        ("5 %", r"written otherwise are '5 %' \(3\): write numbers without signs of percent"),
        ("$3.50", r"written otherwise are '\$3.50' \(3\): write numbers without signs"),
    ],
)
def test_a_few_texts_among_numbers_are_named_and_counted(token, told):
    refused([token] * 3 + numbers("{}")[3:], rf"column 'c' is text, but \d+ of its 100 values are numbers; .*{told}")


@pytest.mark.parametrize("form", ["{:,}", "{} %", "${}", "{},50", "{}"])
def test_a_column_of_nothing_but_numbers_written_as_text_is_refused(form):
    refused(numbers(form), "column 'c' is text, but 100 of its 100 values are numbers")


def test_a_comma_before_three_decimals_is_no_separator_of_thousands_where_others_have_two():
    refused(["1,234"] * 50 + ["1,25"] * 50, r"'1,234' \(50\), '1,25' \(50\): read it again with decimal")


def test_missing_values_do_not_hide_numbers():
    refused(["?"] * 60 + numbers("{}")[60:], "40 of its 100 values are numbers")


@pytest.mark.parametrize(
    "column",
    [
        pd.Categorical(["1", "2"] * 50),
        pd.Categorical([1, 2] * 50),
        ["10-20", "20-30"] * 50,
        ["a1", "b2"] * 50,
    ],
)
def test_texts_and_categoricals_that_are_no_numbers_pass(column):
    assert from_frame(pd.DataFrame({"c": column, "y": [0, 1] * 50}), "y").features == 2


def test_half_of_a_column_may_look_like_numbers():
    frame = pd.DataFrame({"c": ["1", "red"] * 50, "y": [0, 1] * 50})
    assert from_frame(frame, "y").preparation.feature_names == ("c=1", "c=red")
    refused(["1", "red"] * 49 + ["1", "1"], "51 of its 100 values are numbers; not numbers: 'red'")


def test_a_target_of_texts_that_are_numbers_is_classes_unless_others_are_among_them():
    frame = pd.DataFrame({"x": np.arange(100.0), "y": ["3", "5"] * 50})
    assert from_frame(frame, "y").classes.tolist() == ["3", "5"]
    with pytest.raises(DataError, match=r"column 'y' is text, but 97 of its 100 values are numbers"):
        from_frame(frame.assign(y=["?"] * 3 + ["3", "5"] * 48 + ["3"]), "y")


@pytest.mark.parametrize("rows", [20, 800])
def test_texts_that_name_the_rows_are_refused_at_any_length(rows):
    names = [f"name {i}" for i in range(rows)]
    frame = pd.DataFrame({"x": np.arange(rows) * 0.5, "n": names, "y": [0, 1] * (rows // 2)})
    with pytest.raises(
        DataError, match=rf"'n' is text with {rows} distinct values in {rows} rows.*drop\(columns=\[\"n\"\]\)"
    ):
        from_frame(frame, "y")
    assert from_frame(frame.assign(n=names[: rows // 2] * 2), "y").features > rows // 4


def test_columns_of_numbers_are_looked_at_together_and_others_alone():
    groups = list(column_groups([True] * 20 + [False, False] + [True], rows=1_000_000))
    assert [(group.start, group.stop) for group in groups] == [(0, 16), (16, 20), (20, 21), (21, 22), (22, 23)]
    assert list(column_groups([True] * 500, rows=100)) == [slice(0, 500)]


def test_columns_of_objects_that_are_numbers_are_numbers():
    objects = pd.DataFrame({"c": pd.Series([1, 2] * 50, dtype=object), "d": pd.Series([0.5, 2] * 50, dtype=object)})
    frame = objects.assign(y=[0, 0, 1, 1] * 25)
    assert from_frame(frame, "y").preparation.feature_names == ("c", "d")
    assert from_frame(frame, "y").fingerprint == from_frame(frame.astype(float).astype({"y": int}), "y").fingerprint


def test_nobody_is_told_to_leave_out_the_target():
    frame = pd.DataFrame({"x": np.arange(100.0), "y": ["1,000", "2,000"] * 50})
    for target in (frame["y"], [b"a", b"b"] * 50, pd.Timestamp("2020-01-01")):
        with pytest.raises(DataError, match="or predict another column") as told:
            from_frame(frame.assign(y=target), "y")
        assert "drop(" not in str(told.value)
