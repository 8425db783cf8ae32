import numpy as np
import pandas as pd
import pytest

from hpsearch.data.checks import DataError
from hpsearch.data.dataset import from_arrays, from_frame, load_dataset


def test_regression_targets_are_standardised_by_the_training_split_alone(numbers):
    before = from_frame(numbers, "b")
    targets = (numbers["b"] - before.target_mean) / before.target_scale
    changed = numbers.copy()
    changed.loc[np.isin(targets, before.test.y), "b"] += 50
    after = from_frame(changed, "b")
    assert (after.target_mean, after.target_scale) == (before.target_mean, before.target_scale)
    assert after.test.y.mean() > before.test.y.mean() + 10


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


def test_targets_that_are_no_classes_are_refused_as_classes(numbers):
    with pytest.raises(DataError, match="100 distinct values that are not all whole: they are no classes"):
        from_frame(numbers, "b", task="classification")


def test_a_hundred_thousand_labels_are_refused_with_an_estimate():
    table = pd.DataFrame({"x": np.arange(100_000.0), "y": [f"label {i}" for i in range(100_000)]})
    with pytest.raises(DataError, match=r"100,000 distinct labels.*would take 37\.3 GiB"):
        from_frame(table, "y")
