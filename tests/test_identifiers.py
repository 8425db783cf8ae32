"""Columns that name the rows are named in a note, and left out of a new study."""

import re

import numpy as np
import pandas as pd
import pytest

from hpsearch.data import from_frame
from hpsearch.data.identifiers import identifiers

ROWS = 60


@pytest.fixture
def plain():
    generator = np.random.default_rng(0)
    return pd.DataFrame({"x": generator.normal(size=ROWS), "age": generator.integers(20, 60, ROWS), "y": [0, 1] * 30})


@pytest.mark.parametrize(
    ("name", "column", "what"),
    [
        ("Id", np.arange(1, ROWS + 1), r"counts the rows \(1 to 60\)"),
        ("shuffled", np.random.default_rng(1).permutation(ROWS), r"counts the rows \(0 to 59\)"),
        ("as floats", np.arange(ROWS, dtype=float), r"counts the rows \(0 to 59\)"),
        ("n", np.cumsum(np.arange(ROWS) % 3 + 1), r"whole numbers that rise from row to row \(1 to 120\)"),
        ("patient_id", np.random.default_rng(2).permutation(10**6)[:ROWS], "holds another whole number in each row"),
        ("customerID", np.random.default_rng(2).permutation(10**6)[:ROWS], "holds another whole number in each row"),
    ],
)
def test_whole_numbers_that_count_or_name_the_rows_are_named(plain, name, column, what):
    frame = plain.assign(**{name: column})
    (note,) = from_frame(frame, "y").notes
    assert re.search(rf"column '{name}' .*{what}.*frame\.drop\(columns=\[\"{name}\"\]\)", note)
    assert list(identifiers(frame, "y")) == [name]


def test_other_columns_are_not_named(plain):
    spread = np.random.default_rng(3).permutation(10**6)[:ROWS]  # a population is another number in each row too
    twice = np.arange(ROWS) // 2 * 1000
    frame = plain.assign(population=spread, half=np.arange(ROWS) + 0.5, family_id=twice)
    assert not any("identifier" in note for note in from_frame(frame, "y").notes)
    assert from_frame(frame.drop(columns="family_id"), "y").notes == ()
    assert identifiers(plain, "y") == {}


@pytest.mark.parametrize("name", ["family_id", "Patient", "PatientenNr", "userID", "customer key"])
def test_columns_that_name_who_has_several_rows_are_named(plain, name):
    (note,) = from_frame(plain.assign(**{name: np.arange(ROWS) // 2 * 1000}), "y").notes
    assert f"column '{name}' has 30 values in 60 rows: if rows of one value belong together" in note
    assert note.endswith(f' by groups="{name}"')
    assert from_frame(plain.assign(**{name: np.arange(ROWS) // 30}), "y").notes == ()  # two values are no persons


def test_whole_numbers_that_floats_merge_are_named(plain):
    near, far = 2**53 + np.arange(ROWS) % 4, 2**60 + np.arange(ROWS) % 4 * 2**20
    frame = plain.assign(near=near, below=2**53 - np.arange(ROWS) % 4, far=far, most=np.full(ROWS, 2**64 - 1, "uint64"))
    (note,) = [note for note in from_frame(frame, "y").notes if "2**53" in note]
    assert "column 'near' holds whole numbers beyond 2**53, and floats round them: of 4 distinct values 3 are" in note
    assert "'near'" in from_frame(plain.assign(near=-near), "y").notes[0]


def test_texts_that_differ_in_blanks_or_case_are_named_the_target_s_too(plain):
    frame = plain.assign(hue=["red", "Red ", "blue"] * 20, y=["yes", " yes", "no"] * 20)
    assert from_frame(frame, "y").notes == (
        "column 'y' has texts that differ only in blanks or case, each a value of its own: ' yes' (20), 'yes' (20)",
        "column 'hue' has texts that differ only in blanks or case, each a value of its own: 'Red ' (20), 'red' (20)",
    )


def test_columns_of_dates_are_left_out_of_a_new_study(plain):
    days = [f"2020-01-{1 + i % 28:02}" for i in range(ROWS)]
    assert identifiers(plain.assign(day=days), "y") == {
        "day": "holds dates or times as text, such as '2020-01-01' (the split is at random; data.shuffle = false keeps "
        "the rows' order)",
    }


def test_texts_of_many_values_are_named_before_they_are_too_many(plain):
    frame = plain.assign(town=[f"town {i % 20}" for i in range(ROWS)])
    assert from_frame(frame, "y").notes == ("column 'town' is text with 20 distinct values in 60 rows, an input each",)
    assert identifiers(frame, "y") == {}


def test_texts_that_name_the_rows_are_identifiers_and_prices_are_not(plain):
    frame = plain.assign(name=[f"row {i}" for i in range(ROWS)], price=[f"1,{200 + i}" for i in range(ROWS)])
    assert identifiers(frame, "y") == {"name": "is text with 60 distinct values in 60 rows"}
    twice = frame.assign(name=[f"row {max(i, 9)}" for i in range(ROWS)])
    assert identifiers(twice, "y") == {
        "name": "is text with 51 distinct values in 60 rows (if rows of one value belong together, name it in "
        "data.groups instead)"
    }
