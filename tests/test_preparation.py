import numpy as np
import pandas as pd
import pytest

from hpsearch.data import from_frame
from hpsearch.data.checks import DataError
from hpsearch.data.preparation import Preparation


def test_standardising_uses_the_training_split_alone(numbers):
    table = numbers.assign(kind=np.arange(100) % 2)
    before = from_frame(table, "kind")
    encoded = before.preparation.transform(table)
    for split, same in ((before.validation, True), (before.test, True), (before.train, False)):
        inside = np.isin(encoded[:, 0], split.X[:, 0])  # no two rows are alike
        assert inside.sum() == split.examples
        changed = table.copy()
        changed.loc[inside, "a"] *= 100
        after = from_frame(changed, "kind").preparation
        assert np.array_equal(after.mean, before.preparation.mean) == same
        assert np.array_equal(after.scale, before.preparation.scale) == same


def test_text_and_bools_become_a_column_a_category(table):
    data = from_frame(table, "kind")
    names = ("size", "colour=b", "colour=g", "colour=r", "new=False", "new=True")
    assert data.preparation.feature_names == names
    assert data.classes.tolist() == ["p", "q"]


def test_a_category_the_training_split_does_not_hold_is_all_zeros_before_scaling(table):
    preparation = from_frame(table, "kind").preparation
    strange = preparation.transform(pd.DataFrame({"size": [1.0], "colour": ["pink"], "new": [True]}))
    raw = strange * preparation.scale + preparation.mean
    assert raw[0, 1:4] == pytest.approx([0, 0, 0])


def test_a_preparation_survives_being_arrays_without_pickle(table, tmp_path):
    preparation = from_frame(table, "kind").preparation
    np.savez(tmp_path / "p.npz", **preparation.to_arrays())
    with np.load(tmp_path / "p.npz", allow_pickle=False) as arrays:
        back = Preparation.from_arrays(dict(arrays))
    assert (back.columns, back.categories) == (preparation.columns, preparation.categories)
    np.testing.assert_array_equal([back.mean, back.scale], [preparation.mean, preparation.scale])
    np.testing.assert_array_equal(back.transform(table), preparation.transform(table))


def test_a_constant_column_stays_as_zeros_with_a_note(table):
    data = from_frame(table.assign(flat=3.7), "kind")
    column = data.preparation.feature_names.index("flat")
    assert not data.train.X[:, column].any()
    assert "'flat'" in data.notes[0]


def test_a_table_in_which_nothing_varies_is_refused(table):
    with pytest.raises(DataError, match=r"no column varies in the training split \('flat'\): give one to predict from"):
        from_frame(table[["kind"]].assign(flat=3.7), "kind")


def test_new_data_of_the_wrong_form_is_refused(table):
    preparation = from_frame(table, "kind").preparation
    with pytest.raises(DataError, match="columns are missing: 'colour', 'new'"):
        preparation.transform(table[["size"]])
    with pytest.raises(DataError, match=r"shape \(2, 9\), the network was trained on 3 columns"):
        preparation.transform(np.zeros((2, 9)))
    with pytest.raises(DataError, match="'size' holds values that are missing"):
        preparation.transform(table.assign(size=np.nan))
    with pytest.raises(DataError, match="'size' holds 'big' where the network was trained on numbers"):
        preparation.transform(table.assign(size=[1.5] * 59 + ["big"]))


@pytest.mark.parametrize(
    ("dtypes", "kept"),
    [
        (["float32"], "float32"),
        (["uint8", "float16"], "float32"),
        (["float32", "float64"], "float64"),
        (["float32", "int32"], "float64"),
        (["Float32"], "float64"),
    ],
)
def test_inputs_are_kept_in_single_precision_where_the_table_holds_no_more(dtypes, kept):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"x{i}": pd.Series(rng.integers(0, 9, 90)).astype(d) for i, d in enumerate(dtypes)})
    frame["y"] = ["a", "b", "c"] * 30
    data, wide = from_frame(frame, "y"), from_frame(frame.astype(dict.fromkeys(frame.columns[:-1], "float64")), "y")
    assert {split.X.dtype.name for split in (data.train, data.validation, data.test)} == {kept}
    np.testing.assert_array_equal(data.train.X, wide.train.X.astype(kept))
    np.testing.assert_array_equal(data.preparation.mean, wide.preparation.mean)


def test_preparing_many_columns_some_at_a_time_equals_preparing_them_at_once():
    raw = np.random.default_rng(0).standard_normal((90, 65)) * np.arange(65)  # the first is constant
    found = Preparation.learn(pd.DataFrame(raw))
    np.testing.assert_array_equal(found.mean, raw.mean(axis=0))
    np.testing.assert_array_equal(found.scale[1:], raw.std(axis=0)[1:])
    np.testing.assert_array_equal(found.transform(raw), (raw - found.mean) / found.scale)
    assert found.scale[0] == 1
