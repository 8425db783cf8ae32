import numpy as np
import pandas as pd
import pytest

from hpsearch.data import from_arrays, from_frame, load_dataset
from hpsearch.data.checks import DataError


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


WHOLE = np.random.default_rng(0).normal(40, 4, 400).round()


@pytest.mark.parametrize(
    ("labels", "task", "note"),
    [
        (
            WHOLE.clip(35, 45).astype(int),
            "classification",
            "11 distinct whole numbers, taken as classes: set task",
        ),
        (
            np.arange(400) % 100,
            "regression",
            "100 distinct whole numbers, taken as a number (regression): set task",
        ),
        (np.arange(400) % 2, "classification", None),
        (np.arange(400) % 3 * 0.5, "regression", None),
        (np.array(list("abcd"))[np.arange(400) % 4], "classification", None),
    ],
)
def test_how_whole_numbers_were_taken_is_told_unless_the_user_chose(labels, task, note):
    frame = pd.DataFrame({"x": np.random.default_rng(1).normal(size=400), "age": labels})
    data = from_frame(frame, "age")
    assert data.task == task
    assert [note in told for told in data.notes] == ([True] if note else [])
    if note:
        assert f'"{({"classification", "regression"} - {task}).pop()}"' in data.notes[0]
        assert from_frame(frame, "age", task=task).notes == ()


def test_whole_numbers_that_are_too_rare_for_classes_are_refused_with_the_other_task():
    frame = pd.DataFrame({"x": np.arange(60) * 0.5, "age": [30, 31, 32] * 19 + [77, 30, 31]})
    with pytest.raises(DataError, match=r"'77 \(1\)'; set task to 'regression' if they are numbers"):
        from_frame(frame, "age")
    assert from_frame(frame, "age", task="regression").classes is None
    text = frame.assign(age=[*"aab"] + ["c", "d"] * 28 + ["c"])
    with pytest.raises(DataError, match=r"'b \(1\)'") as told:
        from_frame(text, "age")
    assert "regression" not in str(told.value)


def test_every_refusal_of_rare_whole_numbers_names_the_other_task():
    many = pd.DataFrame({"x": np.arange(120) * 0.5, "age": np.repeat(np.arange(40), 3)})
    with pytest.raises(DataError, match=r"24 examples for 40 classes.*; set task to 'regression'"):
        from_frame(many, "age")
    rare = pd.DataFrame({"x": np.arange(200) * 0.5, "age": np.r_[np.repeat(np.arange(10), 3), np.full(170, 10)]})
    with pytest.raises(DataError, match=r"classes without an example in the .*; set task to 'regression'"):
        from_frame(rare, "age")
