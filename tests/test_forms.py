"""How texts write numbers, dates and missing values: what is meant is told, and what only looks alike passes."""

import re

import numpy as np
import pandas as pd
import pytest

from hpsearch.data import DataError, from_frame
from hpsearch.data.forms import absence_note, dates_as_text, form_of, writing_note

ROWS = 120


def counts(texts):
    return pd.Series(texts, dtype="str").value_counts()


def frame(texts):
    return pd.DataFrame({"x": np.arange(ROWS) % 7 * 0.5, "c": texts, "y": [0, 1] * (ROWS // 2)})


@pytest.mark.parametrize(
    "form",
    ["{} kg", "{}km", "{} km/h", "{} m²", "EUR {}", "R$ {}", "{}°C", "{}th", "{} KG"],
)
def test_numbers_with_one_unit_are_numbers(form):
    texts = [form.format(i % 40) for i in range(ROWS)]
    with pytest.raises(
        DataError, match=rf"'c' is text, but 120 of its 120 values are numbers; .*'{re.escape(texts[0])}'"
    ):
        from_frame(frame(texts), "y")
    with pytest.raises(DataError, match="currency, and without units; or leave the column out"):
        from_frame(frame(texts), "y")


@pytest.mark.parametrize(
    "texts",
    [
        [f"{12 * (1 + i % 10)} months" for i in range(ROWS)],  # ten values are classes as well
        [f"{i % 5}{'ABCDEFGH'[i % 8]}" for i in range(ROWS)],
        [f"{i % 40} {('kg', 'km', 'kW', 'kN', 'kB')[i % 5]}" for i in range(ROWS)],
        [f"row {i % 40}" for i in range(ROWS)],
        [f"SKU{i % 40}" for i in range(ROWS)],
        [f"{i % 40} {'abcdefghij'[i % 10]}x" for i in range(ROWS)],
        [f"v{i % 40}.1" for i in range(ROWS)],
        [f"{i % 40}-{i % 40 + 10}" for i in range(ROWS)],
    ],
)
def test_codes_and_few_values_with_units_are_text(texts):
    assert from_frame(frame(texts), "y").features > 10


@pytest.mark.parametrize("form", ["\u2212{}", "\u2013{}", "\u2212{},5", "({})", "({}.5)", "1e\u2212{}"])
def test_numbers_below_zero_are_numbers_whatever_the_sign(form):
    texts = [form.format(i % 40) if i % 3 else f"{i % 40 + 1}" for i in range(ROWS)]
    message = rf"120 of its 120 values are numbers; .*'{re.escape(texts[1])}'.*: write numbers below zero with"
    with pytest.raises(DataError, match=message):
        from_frame(frame(texts), "y")


def test_ranges_and_codes_in_brackets_are_text():
    assert from_frame(frame([f"{i % 40}\u2013{i % 40 + 5}" for i in range(ROWS)]), "y").features > 10
    assert from_frame(frame([f"({i % 40})" for i in range(ROWS)]), "y").features > 10
    with pytest.raises(DataError, match=r"100 of its 120 values are numbers; not numbers: '\(low\)' \(20\)"):
        from_frame(frame([*map(str, range(100)), *["(low)"] * 20]), "y")


DATES = [
    "2020-01-31", "2020-1-5", "2020-01", "31.01.2020", "1/31/20", "31-01-2020", "2020/01/31", "5 Jan 2020", "05-Jan-20",
    "January 5, 2020", "Sep. 5 2020", "2020-01-31T12:30:00Z", "2020-01-31 12:30:00.123+01:00", "31.01.2020 12:30",
    "1/31/2020 1:05 PM", "12:30", "12:30:15",
]  # fmt: skip


def test_dates_and_times_are_told_from_numbers_and_texts():
    assert {text: form_of(text) for text in DATES} == dict.fromkeys(DATES, "date")
    others = ["2020", "1.234.567", "10-20", "2020-2021", "1.2.3.4", "5-5-5", "Jan", "a 2020-01-31", "12:3", "1/2"]
    assert [text for text in others if form_of(text) == "date"] == []


def test_a_column_of_many_dates_is_refused_and_of_few_is_classes():
    days = [f"{1 + i % 11:02}.01.2020" for i in range(ROWS)]
    message = "column 'c' holds dates or times as text, such as '01.01.2020': turn it into numbers, such as days since"
    with pytest.raises(DataError, match=f"{re.escape(message)}.*frame\\.drop"):
        from_frame(frame(days), "y")
    with pytest.raises(DataError, match="or predict another column"):
        from_frame(frame(days), "c")
    few = ["10.01.2020" if day == "11.01.2020" else day for day in days]
    assert from_frame(frame(few), "y").features == 11
    assert dates_as_text(counts([*days, *["never"] * ROWS])) == ""
    assert dates_as_text(counts([*days, *["never"] * (ROWS - 1)])) != ""


def test_dates_among_numbers_are_named():
    texts = [*(str(1000 + i) for i in range(ROWS - 2)), "2020-01-31", "2020-02-01"]
    with pytest.raises(DataError, match=r"118 of its 120 values are numbers; not numbers: '2020-01-31'.*correct these"):
        from_frame(frame(texts), "y")


def test_texts_of_one_spelling_have_no_note():
    assert writing_note(counts(["a", "b", "ab", "a b"]), "c") == ""
    assert writing_note(counts(["a b", "A  b ", "a-b", "straße", "STRASSE"]), "c") == (
        "column 'c' has texts that differ only in blanks or case, each a value of its own: 'A  b ' (1), 'a b' (1), "
        "'STRASSE' (1), 'straße' (1)"
    )
    many = writing_note(counts([f"{letter}{n}" for letter in "aA" for n in range(5)]), "c")
    assert many.endswith("'a2' (1) and 4 more")


def test_words_for_missing_are_told_with_their_number():
    assert absence_note(counts(["red", "nothing"]), "c") == ""
    note = absence_note(counts(["red", "?", "?", " - "]), "c")
    assert note.startswith("column 'c' has '?' (2), ' - ' (1) as a value like others")
    assert note.endswith('set data.missing = ["?", "-"]')
