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


def test_rows_of_a_group_come_into_one_split_and_the_shares_are_kept(numbers):
    owner = np.random.default_rng(1).integers(40, size=len(numbers)).astype(str)
    one, same, other = (from_frame(numbers.assign(who=owner), "b", groups="who", seed=seed) for seed in (0, 0, 1))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert one.preparation.columns == ("a", "c")  # the group is no feature
    of = dict(zip(np.round(numbers["a"], 9), owner, strict=True))
    raw = [np.round(s.X[:, 0] * one.preparation.scale[0] + one.preparation.mean[0], 9) for s in splits_of(one)]
    owners = [{of[value] for value in values} for values in raw]
    assert [owners[i] & owners[j] for i, j in ((0, 1), (0, 2), (1, 2))] == [set(), set(), set()]
    assert len(set.union(*owners)) == len(set(owner))
    assert [len(values) for values in raw] == pytest.approx([60, 20, 20], abs=4)
    (note,) = one.notes
    counts = [len(part) for part in owners]
    assert f"of {sum(counts)} groups {counts[0]} train, {counts[1]} validate, {counts[2]} test; intervals" in note
    arrays = from_arrays(numbers[["a", "c"]], numbers["b"], groups=owner)
    assert arrays.fingerprint == one.fingerprint


def test_groups_that_cannot_be_split_are_refused(numbers):
    for owner, message in (
        (["a"] * 50 + ["b"] * 50, r"the 2 groups of 'who' cannot be split: \d+ rows would train"),
        (["a"] * 99 + [None], r"^groups: column 'who' has 1 missing values"),
    ):
        with pytest.raises(DataError, match=message):
            from_frame(numbers.assign(who=owner), "b", groups="who")
    with pytest.raises(DataError, match=r"^groups: there is no column 'whom'; did you mean 'who'\?"):
        from_frame(numbers.assign(who="a"), "b", groups="whom")
    with pytest.raises(DataError, match=r"^groups: 'b' is the target column"):
        from_frame(numbers, "b", groups="b")
    with pytest.raises(DataError, match=r"groups has shape \(3,\): give one for each row"):
        from_arrays(numbers[["a"]], numbers["b"], groups=[1, 2, 3])
    classes = numbers.assign(who=np.arange(100) // 10, kind=["p"] * 90 + ["q"] * 10)
    with pytest.raises(DataError, match=r"an example in the .* split: 'q'; take other shares or another seed, or"):
        from_frame(classes, "kind", groups="who")


def test_rows_may_keep_their_order(numbers):
    data = from_frame(numbers, "b", shuffle=False, seed=7)
    raw = [s.X[:, 0] * data.preparation.scale[0] + data.preparation.mean[0] for s in splits_of(data)]
    np.testing.assert_allclose(np.concatenate(raw), numbers["a"])
    assert [len(values) for values in raw] == [60, 20, 20]
    assert data.notes == ("rows keep their order: the first 60 train, the next 20 validate, the last 20 test",)
    untested = from_frame(numbers, "b", shuffle=False, test=0)
    assert untested.notes == ("rows keep their order: the first 80 train, the next 20 validate",)


def splits_of(data):
    return data.train, data.validation, data.test


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
