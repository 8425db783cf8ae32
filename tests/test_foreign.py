"""Columns of what other programs stored: names, kinds, and text where values are of several kinds."""

import numpy as np
import pytest

from hpsearch.results.foreign import MISSING, column, unique_names, whole


def test_a_name_that_is_used_gets_the_prefix_as_often_as_it_takes():
    used = {"value", "number"}
    assert unique_names(["value", "params_value", "x", "number"], "params_", used) == {
        "value": "params_params_value", "params_value": "params_value", "x": "x", "number": "params_number",
    }  # fmt: skip
    assert unique_names(["x", "y"], "user_attrs_", used) == {"x": "user_attrs_x", "y": "y"}
    assert len(used) == 8


@pytest.mark.parametrize(
    ("values", "options", "dtype", "column_values"),
    [
        ([1, 2], [1, 2], "int64", [1, 2]),
        ([1, MISSING], [1], "Int64", [1, None]),
        ([2**53 + 1, MISSING], None, "Int64", [2**53 + 1, None]),
        ([1, 0.5], [1, 0.5], "float64", [1.0, 0.5]),
        ([1, 1], [1, 0.5], "float64", [1.0, 1.0]),  # by what a value could be
        ([2**70, 1], [1], "float64", [2.0**70, 1.0]),
        ([10**400, 1], None, "str", ["1" + "0" * 400, "1"]),
        ([True, False], None, "bool", [True, False]),
        ([True, MISSING], None, "boolean", [True, None]),
        ([np.float64(0.5), np.int64(2)], None, "float64", [0.5, 2.0]),
        (["a", MISSING], ["a", "b"], "str", ["a", None]),
        ([None, "sqrt", 0.5], [None, "sqrt", 0.5], "str", ["None", "sqrt", "0.5"]),
        ([None, 3, MISSING], [None, 3], "str", ["None", "3", None]),
        ([True, 1], None, "str", ["True", "1"]),
        ([None, "None"], None, "str", ["None", '"None"']),  # else the two would look the same
        (["b", "1"], [1, "1", "b"], "str", ['"b"', '"1"']),
        ([(1, 2), [1, 2], [], {"a": [None]}], None, "str", ["[1, 2]", "[1, 2]", "[]", '{"a": [null]}']),
        (["\ud800", "é"], None, "str", ["\\ud800", "é"]),
        ([MISSING, MISSING], None, "str", [None, None]),
    ],
)
def test_a_column_holds_values_of_one_kind(values, options, dtype, column_values):
    series = column(values, options)
    assert str(series.dtype) == dtype
    assert series.astype(object).where(series.notna(), None).tolist() == column_values


def test_a_list_that_holds_itself_is_text():
    own = []
    own.append(own)
    assert column([own]).tolist() == ["[[...]]"]


def test_whole_numbers_beyond_64_bits_are_floats():
    assert whole([1, 2**62]).tolist() == [1, 2**62]
    assert whole([1, 2**64]).tolist() == [1.0, 2.0**64]
