import dataclasses
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from hpsearch.config import BUNDLED
from hpsearch.data.checks import DataError
from hpsearch.data.dataset import Split, from_arrays, from_frame, load_dataset
from hpsearch.data.preparation import Preparation


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "size": np.arange(60) % 7 * 1.5,
            "colour": list("rgb") * 20,
            "new": [True, False, True] * 20,
            "kind": list("ppqq") * 15,
        }
    )


@pytest.fixture
def numbers():
    return pd.DataFrame(np.random.default_rng(0).standard_normal((100, 3)), columns=list("abc"))


@pytest.mark.parametrize("source", BUNDLED)
def test_every_bundled_source_loads_without_a_network(source):
    data = load_dataset(source)
    assert data.train.X.shape[1] == len(data.preparation.feature_names)
    assert data.train.examples > data.validation.examples > 10
    assert data.test is not None
    np.testing.assert_allclose(data.train.X.mean(axis=0), 0, atol=1e-12)
    assert (data.task == "regression") == (source == "diabetes")
    assert data.features == data.train.X.shape[1]
    assert data.class_count == {"digits": 10, "wine": 3, "iris": 3, "diabetes": 0}.get(source, 2)
    assert data.train.X.dtype == np.float64
    assert data.train.X.flags.c_contiguous
    assert data.train.y.dtype == (np.float64 if source == "diabetes" else np.int64)


def test_digits_split_as_the_reference_work_says():
    data = load_dataset("digits", validation=0.25, test=0)
    assert (data.train.examples, data.validation.examples, data.test) == (1347, 450, None)


def test_splits_are_disjoint_stratified_and_decided_by_the_seed():
    one, same, other = (load_dataset("digits", seed=seed) for seed in (0, 0, 1))
    rows = [row.tobytes() for split in (one.train, one.validation, one.test) for row in split.X]
    assert len(rows) == 1797
    assert len(set(rows)) > 1790  # digits has no more than a few images twice
    assert one.fingerprint == same.fingerprint != other.fingerprint
    shares = [np.bincount(split.y) / split.examples for split in (one.train, one.validation, one.test)]
    assert np.ptp(shares, axis=0).max() < 0.01


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


def test_regression_targets_are_standardised_by_the_training_split_alone(numbers):
    before = from_frame(numbers, "b")
    targets = (numbers["b"] - before.target_mean) / before.target_scale
    changed = numbers.copy()
    changed.loc[np.isin(targets, before.test.y), "b"] += 50
    after = from_frame(changed, "b")
    assert (after.target_mean, after.target_scale) == (before.target_mean, before.target_scale)
    assert after.test.y.mean() > before.test.y.mean() + 10


def test_training_examples_come_in_random_order():
    labels = np.repeat([0, 1], 200)
    order = from_arrays(np.arange(400.0)[:, None], labels).train
    assert 50 < (np.diff(order.y) != 0).sum() < 200
    assert (np.diff(order.X[:, 0]) < 0).sum() > 50


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


def test_regression_targets_are_in_units_of_the_training_targets_deviation():
    data = load_dataset("diabetes")
    assert data.classes is None
    assert data.train.y.mean() == pytest.approx(0, abs=1e-12)
    assert data.train.y.std() == pytest.approx(1)
    assert data.target_mean == pytest.approx(152, abs=10)


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (list("ab") * 30, "classification"),
        ([0, 1, 2] * 20, "classification"),
        ([0.0, 1.0] * 30, "classification"),
        ([0.5, 1.25] * 30, "regression"),
        (list(range(60)), "regression"),
        (pd.Categorical([0, 1, 2] * 20), "classification"),
        (pd.array([True, False] * 30, dtype="boolean"), "classification"),
        (pd.Series([0, 1, 2] * 20, dtype=object), "classification"),
        (pd.Series(range(60), dtype=object), "regression"),
    ],
)
def test_the_task_is_told_from_the_target(table, target, task):
    assert from_frame(table.assign(kind=target), "kind").task == task


@pytest.mark.parametrize(("whole", "most"), [(int, 50), (float, 20)])
def test_whole_numbers_are_classes_up_to_a_count(whole, most):
    for distinct, task in ((most, "classification"), (most + 1, "regression")):
        y = (np.arange(500) % distinct).astype(whole)
        assert from_arrays(np.arange(1000.0).reshape(500, 2), y).task == task


@pytest.mark.parametrize(
    ("target", "classes"),
    [
        (pd.Categorical([10, 3] * 30), np.array([3, 10])),
        (pd.Series([10, 3] * 30, dtype=object), np.array([3, 10])),
        (pd.array([10, 3] * 30, dtype="Int64"), np.array([3, 10])),
        ([True, False] * 30, np.array([False, True])),
        (pd.Categorical([True, False] * 30), np.array([False, True])),
        (pd.array([True, False] * 30, dtype="boolean"), np.array([False, True])),
        (pd.Categorical(["ü", "a"] * 30), np.array(["a", "ü"])),
    ],
)
def test_classes_keep_their_natural_type_and_order(table, target, classes):
    data = from_frame(table.assign(kind=target), "kind")
    np.testing.assert_array_equal(data.classes, classes)
    assert data.classes.dtype == classes.dtype
    labels = pd.Series(np.asarray(target)).value_counts()
    parts = (data.train, data.validation, data.test)
    coded = np.bincount(np.concatenate([part.y for part in parts]))
    assert dict(zip(data.classes.tolist(), coded.tolist(), strict=True)) == labels.to_dict()


def test_a_category_without_examples_is_no_class(table):
    target = pd.Categorical(["p", "q"] * 30, categories=["p", "q", "unused"])
    assert from_frame(table.assign(kind=target), "kind").classes.tolist() == ["p", "q"]


def test_the_largest_seed_splits(numbers):
    assert from_frame(numbers, "b", seed=2**32 - 1).train.examples == 60


def test_arrays_may_have_columns_of_any_name(numbers):
    names = ["target", "_target", "y"]
    data = from_arrays(numbers.set_axis(names, axis=1), np.arange(100) % 2)
    assert data.preparation.columns == tuple(names)


def test_arrays_and_tables_give_the_same_data_set(numbers):
    y = np.arange(100) % 2
    one = from_arrays(numbers.to_numpy(), y)
    assert one.fingerprint == from_frame(numbers.assign(y=y), "y").fingerprint


def test_files_give_the_same_data_set(table, tmp_path):
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet", index=False)
    of = {kind: load_dataset(f"{kind}:{tmp_path}/t.{kind}", target="kind") for kind in ("csv", "parquet")}
    assert of["csv"].fingerprint == of["parquet"].fingerprint == from_frame(table, "kind").fingerprint


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


def test_the_fingerprint_is_the_same_in_another_process(table, tmp_path):
    table.to_csv(tmp_path / "t.csv", index=False)
    code = (
        f"from hpsearch.data.dataset import *; print(load_dataset('csv:{tmp_path}/t.csv', target='kind').fingerprint)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == from_frame(table, "kind").fingerprint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "clustering"}, "task is 'clustering': give one of 'auto', 'classification', 'regression'"),
        ({"validation": 0}, "validation is 0 and test is 0.2: give shares"),
        ({"validation": float("nan")}, "validation is nan and"),
        ({"test": -0.1}, "and test is -0.1"),
        ({"validation": 0.5, "test": 0.5}, "their sum below 1"),
        ({"seed": -1}, "seed is -1: give one from 0"),
        ({"seed": 2**32}, "seed is 4294967296: give one from 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(DataError, match=message):
        load_dataset("flower", **options)


def test_targets_that_are_no_classes_are_refused_as_classes(numbers):
    with pytest.raises(DataError, match="100 distinct values that are not all whole: they are no classes"):
        from_frame(numbers, "b", task="classification")


def test_numbers_whose_squares_underflow_are_refused(numbers):
    y = np.arange(100) % 2
    with pytest.raises(DataError, match="columns vary by less than 1e-100: 'a'; rescale"):
        from_frame(numbers.assign(a=numbers["a"] * 1e-200, y=y), "y")
    with pytest.raises(DataError, match="target 'b' varies by less than 1e-100"):
        from_frame(numbers.assign(b=numbers["b"] * 1e-200), "b")


def test_splits_smaller_than_the_number_of_classes_are_refused():
    y = np.repeat(np.arange(40), 3).astype(str)
    with pytest.raises(DataError, match="the validation split would have 24 examples for 40 classes"):
        from_arrays(np.arange(240.0).reshape(120, 2), y)


def test_two_examples_of_a_class_suffice_without_a_test_split(table):
    rare = table.assign(kind=["r", "r"] + ["p", "q"] * 29)
    with pytest.raises(DataError, match=r"needs one \(3 in all\): 'r \(2\)'"):
        from_frame(rare, "kind")
    data = from_frame(rare, "kind", test=0, validation=0.5)
    assert [np.bincount(split.y)[2] for split in (data.train, data.validation)] == [1, 1]


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


def test_all_unusable_columns_are_named_at_once(table):
    broken = table.assign(size=np.nan, colour=[None] + ["r"] * 59)
    with pytest.raises(DataError, match=r"'size' has 60 missing.*'colour' has 1 missing"):
        from_frame(broken, "kind")


def test_a_hundred_thousand_labels_are_refused_with_an_estimate():
    table = pd.DataFrame({"x": np.arange(100_000.0), "y": [f"label {i}" for i in range(100_000)]})
    with pytest.raises(DataError, match=r"100,000 distinct labels.*would take 37\.3 GiB"):
        from_frame(table, "y")


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
    with pytest.raises(DataError, match=r"data\.task must be 'classification'"):
        from_frame(table, "kind", task="regression")
    with pytest.raises(DataError, match="2 examples cannot be split into 0 for training, 1 for validation and 1"):
        from_frame(table[1:3], "kind")
    with pytest.raises(DataError, match=r"the table has shape \(0, 4\): give examples"):
        from_frame(table[:0], "kind")


def test_wrong_arrays_are_refused_with_both_shapes():
    with pytest.raises(DataError, match=r"X has shape \(3, 2\) and y has shape \(4,\)"):
        from_arrays(np.zeros((3, 2)), np.zeros(4))
    with pytest.raises(DataError, match=r"X has shape \(3,\): give \(examples, columns\)"):
        from_arrays(np.zeros(3), np.zeros(3))
    with pytest.raises(DataError, match=r"X and y cannot be made arrays.*give every row the same length"):
        from_arrays([[1, 2], [3]], [0, 1])


def test_new_data_of_the_wrong_form_is_refused(table):
    preparation = from_frame(table, "kind").preparation
    with pytest.raises(DataError, match="columns are missing: 'colour', 'new'"):
        preparation.transform(table[["size"]])
    with pytest.raises(DataError, match=r"shape \(2, 9\), the network was trained on 3 columns"):
        preparation.transform(np.zeros((2, 9)))
    with pytest.raises(DataError, match="'size' holds values that are missing"):
        preparation.transform(table.assign(size=np.nan))
    with pytest.raises(DataError, match="'size' holds 'big' where the network was trained on numbers"):
        preparation.transform(table.assign(size="big"))


def test_unreadable_files_are_refused(tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        load_dataset(f"csv:{tmp_path}/none.csv", target="y")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read as csv"):
        load_dataset(f"csv:{tmp_path}/empty.csv", target="y")
    (tmp_path / "heads.csv").write_text("a,y\n", encoding="utf-8")
    with pytest.raises(DataError, match="has no rows"):
        load_dataset(f"csv:{tmp_path}/heads.csv", target="y")
    (tmp_path / "twice.csv").write_text("a,a,y\n1,2,0\n", encoding="utf-8")
    with pytest.raises(DataError, match="column names are repeated: a"):
        load_dataset(f"csv:{tmp_path}/twice.csv", target="y")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match="cannot be read as parquet"):
        load_dataset(f"parquet:{tmp_path}/bad.parquet", target="y")
    with pytest.raises(DataError, match=r"needs its target column: set data\.target"):
        load_dataset(f"csv:{tmp_path}/heads.csv")


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
