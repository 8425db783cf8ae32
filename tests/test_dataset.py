import dataclasses

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from hpsearch.data import Split, from_arrays, from_frame, load_dataset
from hpsearch.data.checks import DataError

KNOWN = "9b1c75c81045f1ae6a6af5861bac4818bf5801315243fa334075354d131aecca"
"""Of the fixture table, in the processes that were before."""


def test_arrays_may_have_columns_of_any_name(numbers):
    names = ["target", "_target", "y"]
    data = from_arrays(numbers.set_axis(names, axis=1), np.arange(100) % 2)
    assert data.preparation.columns == tuple(names)


def test_arrays_and_tables_give_the_same_data_set(numbers):
    y = np.arange(100) % 2
    one = from_arrays(numbers.to_numpy(), y)
    assert one.fingerprint == from_frame(numbers.assign(y=y), "y").fingerprint


def test_one_changed_cell_changes_the_fingerprint(table):
    changed = table.copy()
    changed.loc[5, "size"] += 1e-3
    assert from_frame(changed, "kind").fingerprint != from_frame(table, "kind").fingerprint


def test_changed_labels_change_the_fingerprint(table):
    changed = table.assign(kind=table["kind"].replace({"q": "z"}))
    assert from_frame(changed, "kind").fingerprint != from_frame(table, "kind").fingerprint


def test_one_changed_target_changes_the_fingerprint(numbers):
    data = from_frame(numbers, "b")
    for name in ("train", "validation", "test"):
        split = getattr(data, name)
        y = split.y.copy()
        y[-1] += 1e-3
        assert dataclasses.replace(data, **{name: Split(split.X, y)}).fingerprint != data.fingerprint


def test_the_sign_of_zero_does_not_change_the_fingerprint(numbers):
    data = from_frame(numbers, "b")
    plus, minus = (
        dataclasses.replace(data, train=Split(np.full_like(data.train.X, zero), data.train.y)) for zero in (0.0, -0.0)
    )
    assert plus.fingerprint == minus.fingerprint != data.fingerprint


def test_the_fingerprint_is_the_same_in_every_process_and_of_a_file_that_holds_the_table(table, tmp_path):
    table.to_csv(tmp_path / "t.csv", index=False)
    read = load_dataset(f"csv:{tmp_path}/t.csv", target="kind")
    assert read.fingerprint == from_frame(table, "kind").fingerprint == KNOWN


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "clustering"}, "task is 'clustering': give one of 'auto', 'classification', 'regression'"),
        ({"validation": 0}, "validation is 0 and test is 0.2: give shares"),
        ({"validation": float("nan")}, "validation is nan and"),
        ({"test": -0.1}, "and test is -0.1"),
        ({"validation": 0.5, "test": 0.5}, "their sum below 1"),
        ({"validation": "0.2"}, r"validation is no number \(given: '0.2'\): give a share of the whole, such as 0.2"),
        ({"test": np.zeros((9, 2))}, r"test is no number \(given: ndarray\): give a share"),
        ({"test": True}, r"test is no number \(given: True\): give a share"),
        ({"seed": 1.5}, "seed is 1.5: give a whole number"),
        ({"seed": None}, "seed is None: give a whole number"),
        ({"seed": -1}, "seed is -1: give one from 0"),
        ({"seed": 2**32}, "seed is 4294967296: give one from 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(DataError, match=message):
        load_dataset("flower", **options)


def test_wrong_arrays_are_refused_with_both_shapes():
    with pytest.raises(DataError, match=r"X has shape \(3, 2\) and y has shape \(4,\)"):
        from_arrays(np.zeros((3, 2)), np.zeros(4))
    with pytest.raises(DataError, match=r"X has shape \(3,\): give \(examples, columns\)"):
        from_arrays(np.zeros(3), np.zeros(3))
    with pytest.raises(DataError, match=r"X cannot be made an array.*give every row the same length"):
        from_arrays([[1, 2], [3]], [0, 1])


def test_tables_of_other_libraries_are_read_by_their_to_pandas(table):
    class Other:
        columns = ()

        def to_pandas(self):
            return table

    told = from_frame(table, "kind")
    assert from_frame(Other(), "kind").fingerprint == told.fingerprint
    np.testing.assert_array_equal(told.preparation.transform(Other()), told.preparation.transform(table))


def test_columns_may_be_named_by_numbers(numbers):
    named = from_frame(numbers.set_axis(["0", "1", "2"], axis=1), "2")
    for target in (2, "2"):
        assert from_frame(numbers.set_axis([0, 1, 2], axis=1), target).fingerprint == named.fingerprint
    with pytest.raises(DataError, match="column names are repeated: '0'"):
        from_frame(numbers.set_axis([0, "0", "y"], axis=1), "y")


def test_what_is_no_table_is_told_by_what_it_is(numbers):
    for wrong in (numbers.to_dict("list"), numbers["a"], numbers.to_numpy(), None):
        name = type(wrong).__name__
        with pytest.raises(
            DataError, match=rf"the table is not a DataFrame \(given: {name}\): give one, or use from_arrays"
        ):
            from_frame(wrong, "a")
    levels = numbers.set_axis(pd.MultiIndex.from_product([["p"], ["a", "b", "c"]]), axis=1)
    for target in ("p", ("p", "a")):
        with pytest.raises(DataError, match="the columns have names of 2 levels: give each one name"):
            from_frame(levels, target)
    X, y = numbers.to_numpy(), np.arange(100) % 2
    with pytest.raises(DataError, match=r"X is sparse: give X.toarray\(\)"):
        from_arrays(scipy.sparse.csr_matrix(X), y)
    with pytest.raises(DataError, match=rf"X has {(X > 1).sum()} masked values"):
        from_arrays(np.ma.array(X, mask=X > 1), y)
    with pytest.raises(DataError, match="y has 1 masked values"):
        from_arrays(X, np.ma.array(y, mask=np.arange(100) == 3))
    for wrong in (None, {"a": [1]}, "x"):
        with pytest.raises(DataError, match=rf"X is not a table \(given: {type(wrong).__name__}\)"):
            from_arrays(wrong, y)
