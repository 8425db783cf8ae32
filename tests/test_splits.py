import numpy as np
import pytest

from hpsearch.data import from_arrays, from_frame, load_dataset
from hpsearch.data.checks import DataError


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


def test_training_examples_come_in_random_order():
    labels = np.repeat([0, 1], 200)
    order = from_arrays(np.arange(400.0)[:, None], labels).train
    assert 50 < (np.diff(order.y) != 0).sum() < 200
    assert (np.diff(order.X[:, 0]) < 0).sum() > 50


def test_the_largest_seed_splits(numbers):
    assert from_frame(numbers, "b", seed=2**32 - 1).train.examples == 60


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
