import re

import numpy as np
import pandas as pd
import pytest

from hpsearch.data import from_arrays, from_frame
from hpsearch.data.checks import DataError


def test_numbers_whose_squares_underflow_are_refused(numbers):
    y = np.arange(100) % 2
    with pytest.raises(DataError, match="columns vary by less than 1e-100: 'a'; rescale"):
        from_frame(numbers.assign(a=numbers["a"] * 1e-200, y=y), "y")
    with pytest.raises(DataError, match="target 'b' varies by less than 1e-100"):
        from_frame(numbers.assign(b=numbers["b"] * 1e-200), "b")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": [np.nan] + [1.0] * 59}, "column 'size' has 1 missing values: fill or drop"),
        ({"size": [np.inf] + [1.0] * 59}, "column 'size' has 1 infinite values"),
        ({"size": [1e31] + [1.0] * 59}, "column 'size' has 1 values beyond 1e30"),
        ({"size": [1 + 2j] * 60}, "column 'size' has dtype complex128"),
        ({"size": pd.Timestamp("2026-01-01")}, r"column 'size' has dtype datetime64\[\w+\]: turn it into"),
        ({"colour": [1, "a"] * 30}, "column 'colour' mixes values of type int, str"),
        ({"kind": "p"}, "target 'kind' has one class only, p"),
        ({"kind": ["r"] + ["p", "q"] * 29 + ["p"]}, r"classes have too few examples.*'r \(1\)'"),
        ({"kind": [None] + ["p"] * 59}, "column 'kind' has 1 missing values"),
        ({"kind": 0.5}, "target 'kind' has one value only"),
    ],
)
def test_unusable_columns_are_refused_by_name(table, change, message):
    with pytest.raises(DataError, match=message):
        from_frame(table.assign(**change), "kind")


def test_names_in_the_index_are_told(table):
    plain = table.assign(owner=np.arange(60) // 3)
    told = r"the table's index \('size'\) is no column and no feature: frame.reset_index\(\) makes it one"
    assert [note for note in from_frame(plain.set_index("size"), "kind").notes if re.fullmatch(told, note)]
    assert not [note for note in from_frame(plain, "kind").notes if "index" in note]
    with pytest.raises(DataError, match=rf"only the target column 'kind': it needs features; {told}"):
        from_frame(plain[["size", "kind"]].set_index("size"), "kind")
    with pytest.raises(DataError, match=rf"no target column 'size'; {told}"):
        from_frame(plain.set_index("size"), "size")
    with pytest.raises(DataError, match=r"no column 'owner'; the table's index \('size', 'owner'\)"):
        from_frame(plain.set_index(["size", "owner"]), "kind", groups="owner")
    with pytest.raises(DataError, match="no target column 'sise'; did you mean 'size'"):
        from_frame(plain.set_index("owner"), "sise")


def test_all_unusable_columns_are_named_at_once(table):
    broken = table.assign(size=np.where(np.arange(60), np.nan, 1), colour=[None] + ["r"] * 59)
    with pytest.raises(DataError, match=r"'size' has 59 missing.*'colour' has 1 missing"):
        from_frame(broken, "kind")


@pytest.mark.parametrize("nothing", [np.nan, None, pd.NA])
def test_a_column_without_a_value_is_to_be_left_out_and_its_rows_are_not(table, nothing):
    with pytest.raises(
        DataError, match=r"^column 'size' holds no value: leave it out with frame\.drop\(columns=\[\"size\"\]\)$"
    ):
        from_frame(table.assign(size=pd.Series([nothing] * 60)), "kind")
    with pytest.raises(DataError, match=r"^column 'kind' holds no value: predict another column$"):
        from_frame(table.assign(kind=pd.Series([nothing] * 60)), "kind")


def test_targets_in_another_order_than_the_rows_are_refused(numbers):
    X, y = numbers[["a", "b"]], numbers["c"]
    with pytest.raises(DataError, match=r"same index in another order: give y.loc\[X.index\], or y.to_numpy\(\)"):
        from_arrays(X, y.sample(frac=1, random_state=0))
    told = from_arrays(X, y).fingerprint
    assert from_arrays(X, y.to_numpy()).fingerprint == told
    assert from_arrays(X.set_axis(range(5, 105)), y).fingerprint == told  # other labels say nothing of an order
    assert from_arrays(X.set_axis([7, *[8] * 99]), y.set_axis([*[8] * 99, 7])).fingerprint == told


def test_a_column_of_identifiers_is_refused():
    table = pd.DataFrame({"id": [f"u{i}" for i in range(1200)], "y": [0, 1] * 600})
    with pytest.raises(DataError, match="'id' is text with 1200 distinct values"):
        from_frame(table, "y")


def test_wrong_tables_are_refused(table):
    with pytest.raises(DataError, match="no target column 'knd'; did you mean 'kind'"):
        from_frame(table, "knd")
    with pytest.raises(DataError, match="only the target column"):
        from_frame(table[["kind"]], "kind")
    with pytest.raises(DataError, match="column names are repeated: 'size'"):
        from_frame(pd.concat([table, table[["size"]]], axis=1), "kind")
    with pytest.raises(DataError, match=r": task must be 'classification'"):
        from_frame(table, "kind", task="regression")
    with pytest.raises(DataError, match="2 examples cannot be split into 0 for training, 1 for validation and 1"):
        from_frame(table[1:3], "kind")
    with pytest.raises(DataError, match=r"the table has shape \(0, 4\): give examples"):
        from_frame(table[:0], "kind")
