"""Examples that stand in two splits are counted."""

import numpy as np
import pandas as pd
import pytest

from hpsearch.data import Split, from_frame, load_dataset
from hpsearch.data.copies import copy_notes


def split(rows, dtype=float):
    rows = np.array(rows)
    return Split(rows[:, :-1].astype(dtype), rows[:, -1].astype(float))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_copies_are_counted_as_a_set_of_rows_counts_them(dtype):
    rng = np.random.default_rng(0)
    train, test = rng.integers(3, size=(500, 6)), rng.integers(3, size=(300, 6))
    expected = sum(tuple(row) in set(map(tuple, train.tolist())) for row in test.tolist())
    assert 100 < expected < 300
    (note,) = copy_notes(split(train, dtype), split(train, dtype), split(test, dtype))
    assert note.startswith(f"{expected} of the 300 test examples are like one of the training in every column")


def test_rows_that_differ_in_one_place_or_in_their_target_are_no_copies():
    train = split([[1, 2, 0], [2, 1, 1], [0, 0, 1]])
    for other in ([1, 2, 1], [2, 1, 0], [1, 1, 0], [2, 2, 1], [0, 1, 1]):
        assert copy_notes(train, split([other]), None) == []
    (note,) = copy_notes(train, split([[2, 1, 1], [5, 5, 1]]), None)
    assert note.startswith("1 of the 2 validation examples is like")


def test_copies_are_told_from_one_in_a_hundred_on():
    train = split([[i, -i, i % 2] for i in range(200)])
    for copies, told in ((0, 0), (1, 0), (2, 1)):
        other = split([[i + 0.5 * (i >= copies), -i, i % 2] for i in range(150)])
        assert len(copy_notes(train, train, other)) == told
    assert copy_notes(train, split([[i + 0.5, 0, 0] for i in range(9)]), None) == []


def test_a_table_with_its_rows_twice_is_told_and_bundled_data_is_not():
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=100), "y": [0, 1] * 50})
    twice = pd.concat([frame, frame])
    data = from_frame(twice, "y")
    rows = [set(zip(*(np.round(part, 9) for part in (s.X[:, 0], s.y)), strict=True)) for s in (data.train, data.test)]
    assert data.notes[0].startswith(f"{len(rows[0] & rows[1])} of the 40 test examples")
    assert (data.test_notes, from_frame(twice, "y", test=0).test_notes) == (data.notes, ())
    assert from_frame(frame, "y").notes == load_dataset("iris").notes == ()
