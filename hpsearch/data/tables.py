"""A file as a raw table: its bytes, lines and headings are checked before its values are believed.

What is wrong with a file is told by its cause: pandas would read most such files as another table than was meant.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hpsearch.data.checks import DataError, listed
from hpsearch.data.columns import toml_list

if TYPE_CHECKING:
    import pandas as pd

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")

_SEPARATORS = (",", ";", "\t", "|")

_NAMES = {"\t": '"\\t" (a tab)', " ": '" " (spaces)'}

_KINDS = {
    b"PAR1": ("is a Parquet file", 'give "parquet:PATH"'),
    b"PK\x03\x04": ("is a spreadsheet or another zip file", "export the table as CSV"),
    b"\xd0\xcf\x11\xe0": ("is an old spreadsheet", "export the table as CSV"),
    b"\x1f\x8b": ("is compressed with gzip", "unpack it"),
    b"<!DOCTYPE": ("is a web page", "download the table itself"),
    b"<html": ("is a web page", "download the table itself"),
}
"""How files begin that are named like tables of text and are none."""

_SAMPLE = 20
"""Lines from which a separator is told."""

_PADS = ("", " ")
"""What may stand around a text that means a missing value."""


@dataclass(frozen=True)
class Format:
    """How the text of a CSV file is read.

    Attributes:
        separator: Between the fields: one character, a space for runs of spaces; None for a comma.
        decimal: Sign before the decimals of a number; None for a point.
        missing: Texts that stand for a missing value; None for pandas' own, such as an empty field, NA and None.
    """

    separator: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] | None = None


def read_csv(path: Path, form: Format, *, target: str, drop: Collection[str] = ()) -> pd.DataFrame:
    """Read a CSV file whose first line names its columns.

    Args:
        path: Of the file.
        form: How its text is read.
        target: Name of the target column, which tells headings from values.
        drop: Columns that will be left out, so their headings may be wanting.

    Raises:
        DataError: If it is no text in UTF-8, its separator is another, its lines differ in their number of fields, or
            its first line does not name the columns.
    """
    import pandas as pd

    text, separator = text_of(path), form.separator or ","
    headings = _headings(path, text, form, target)
    _check_fields(path, text, separator)
    _check_names(path, headings, target)
    words = None if form.missing is None else [f"{a}{word}{b}" for word in form.missing for a in _PADS for b in _PADS]
    try:
        # Read whole: in pieces, a column would be numbers in one and text in another.
        frame = pd.read_csv(
            path, sep=r"\s+" if separator == " " else separator, decimal=form.decimal or ".", low_memory=False,
            na_values=words, keep_default_na=words is None, encoding="utf-8-sig",
        )  # fmt: skip
    except Exception as problem:  # pandas raises many kinds
        raise DataError(f"{path}: cannot be read as csv: {reason_of(problem)}") from problem
    if frame.empty:
        raise DataError(f"{path}: has no rows ({len(frame.columns)} columns): give a table with examples")
    _check_second_headings(path, frame)
    _check_headings(path, headings, frame, drop)
    return frame


def read_parquet(path: Path, form: Format) -> pd.DataFrame:
    """Read a Parquet file; a column of text that is numbers once what counts as missing is taken out becomes numbers.

    Raises:
        DataError: If it cannot be read, or has no rows.
    """
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except Exception as problem:  # pyarrow raises many kinds
        raise DataError(f"{path}: cannot be read as parquet: {reason_of(problem)}") from problem
    if frame.empty:
        raise DataError(f"{path}: has no rows ({len(frame.columns)} columns): give a table with examples")
    for name in [name for name, dtype in frame.dtypes.items() if form.missing and pd.api.types.is_string_dtype(dtype)]:
        absent = frame[name].str.strip(" ").isin(form.missing or ())
        if absent.any():
            column = frame[name].mask(absent)
            numbers = pd.to_numeric(column, errors="coerce")
            frame[name] = numbers if numbers.isna().equals(column.isna()) else column
    return frame


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        DataError: If it is none in UTF-8; it says which encoding it may be.
    """
    raw = path.read_bytes()
    for start, (what, cure) in _KINDS.items():
        if raw[: len(start)].lower() == start.lower():
            raise DataError(f"{path}: {what}, not CSV: {cure}")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in raw[:1000]:
        raise DataError(f"{path}: is encoded in UTF-16, not in UTF-8: save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        # In Chinese text bytes above ASCII come in pairs, in Western text they stand alone.
        maybe = "GB18030" if re.search(rb"[\x80-\xff]{2}", raw) else "Latin-1 or Windows-1252"
        raise DataError(f"{path}: line {line} is not UTF-8 (it may be {maybe}): save the file as UTF-8") from None


def likely_separator(text: str) -> str | None:
    """The character that divides the first lines of a text into equally many fields, most of them; None if none does.

    >>> likely_separator("a;b\\n1,5;2\\n")
    ';'
    """
    lines = [line for line in _lines(text, _SAMPLE) if line.strip()]
    lines = [re.sub(r'"[^"]*"', "", line) for line in lines]
    counts = {mark: {line.count(mark) + 1 for line in lines} for mark in _SEPARATORS}
    counts[" "] = {len(line.split()) for line in lines}
    even = {mark: widths.pop() for mark, widths in counts.items() if len(widths) == 1}
    best = max(even, key=lambda mark: (mark != " ", even[mark]), default=None)
    if best is not None and even[best] < 2:
        best = " " if even.get(" ", 0) > 1 else None
    return best


def _lines(text: str, most: int = -1) -> list[str]:
    """Lines as pandas divides them, not at every sign that Unicode calls a line's end."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n", most)
    return lines if most < 0 else lines[:most]


def _headings(path: Path, text: str, form: Format, target: str) -> list[str]:
    """The first line's fields.

    Raises:
        DataError: If there are none, or the separator is another.
    """
    separator = form.separator or ","
    headings = next((row for _, row in _rows(path, text, separator)), None)
    if headings is None:
        raise DataError(f"{path}: cannot be read as csv: it is empty; give a table with a line of names")
    if len(headings) == 1 and target not in headings and (other := likely_separator(text)) not in (None, separator):
        name = _NAMES.get(str(other), f'"{other}"')
        comma = other != "," and re.search(r"\d,\d", text[:100_000]) and not form.decimal
        decimal = ', and data.decimal = "," if commas stand before decimals' if comma else ""
        raise DataError(
            f"{path}: no line has the separator {separator!r}, but each has {name}: set data.separator = "
            f"{name.split(' (')[0]}{decimal}"
        )
    return headings


def _rows(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of a text that are not blank, as fields, with their numbers."""
    if separator == " " or '"' not in text:
        split = None if separator == " " else separator
        yield from ((n, line.split(split)) for n, line in enumerate(_lines(text), 1) if line.strip(" "))
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from ((reader.line_num, row) for row in reader if row and (len(row) > 1 or row[0].strip(" ")))
    except csv.Error as problem:
        raise DataError(
            f"{path}: line {reader.line_num} cannot be read as csv: {problem}; is a quotation mark not closed?"
        ) from None


def _check_fields(path: Path, text: str, separator: str) -> None:
    """Refuse lines with another number of fields than the heading: pandas moves or fills the fields in silence."""
    if '"' in text or separator == " ":
        widths = [(n, len(row)) for n, row in _rows(path, text, separator)]
    else:
        widths = [(n, line.count(separator) + 1) for n, line in enumerate(_lines(text), 1) if line.strip(" ")]
    heading = widths[0][1]
    wrong = [(n, width) for n, width in widths[1:] if width != heading]
    if not wrong:
        return
    lines = ", ".join(str(n) for n, _ in wrong[:3]) + (f" and {len(wrong) - 3:,} more" if len(wrong) > 3 else "")
    fields = " or ".join(f"{width}" for width in sorted({width for _, width in wrong})[:3])
    cure = "give each line as many fields as there are names"
    if text.count('"') % 2:
        cure = "a quotation mark is not closed"
    elif len(wrong) == len(widths) - 1:
        cure = "name every column and nothing else in the first line"
    raise DataError(
        f"{path}: the heading has {_fields(heading)}, but {len(wrong):,} of {len(widths) - 1:,} rows have {fields} "
        f"(line {lines}): {cure}; mind separators at the ends of lines, and text with {separator!r} in it, which "
        'stands in "quotes"'
    )


def _fields(count: int) -> str:
    return f"{count} field{'s' if count != 1 else ''}"


def _check_names(path: Path, headings: Sequence[str], target: str) -> None:
    """Refuse a first line of values; years may be names, so a line that names the target is one of names."""
    numbers = [field for field in headings if _NUMBER.fullmatch(field)]
    if target not in headings and 2 * len(numbers) >= len(headings):
        raise DataError(
            f"{path}: has no heading: the first line holds values ({listed(headings, 3)}), where the names of the "
            "columns belong; put a line of names above it"
        )


def _check_second_headings(path: Path, frame: pd.DataFrame) -> None:
    """Refuse words, such as units, between the names and the numbers."""
    import pandas as pd

    if len(frame) < 3 or any(pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes):
        return
    words = [
        str(column.iloc[0])
        for _, column in frame.items()
        if not _is_number(column.iloc[0]) and all(map(_is_number, column.iloc[1:]))
    ]
    if words:
        raise DataError(
            f"{path}: has two headings: its second line holds words ({listed(words, 3)}) where the lines below hold "
            "numbers; keep one line of names"
        )


def _is_number(value: object) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _check_headings(path: Path, headings: Sequence[str], frame: pd.DataFrame, drop: Collection[str]) -> None:
    """Refuse headings that are repeated or empty; an empty one has the name that pandas gave it."""
    repeated = sorted(name for name, count in Counter(headings).items() if count > 1 and name.strip())
    problems = [f"column names are repeated: {listed(repeated)}; give each its own"] if repeated else []
    names = [str(name) for name in frame.columns]
    empty = [i for i, name in enumerate(headings) if not name.strip() and names[i] not in drop]
    if empty:
        places = ", ".join(str(i + 1) for i in empty[:5]) + (f" and {len(empty) - 5} more" if len(empty) > 5 else "")
        problems.append(
            f"headings are empty: those of column {places}; name them, or leave them out with data.drop = "
            f"{toml_list([names[i] for i in empty])}"
        )
    if problems:
        raise DataError(f"{path}: {'; '.join(problems)}")


def reason_of(problem: Exception) -> str:
    """The first line of what another library says, or the name of its error."""
    return str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__


def words_for_missing(path: Path, form: Format, columns: Sequence[str]) -> dict[str, str]:
    """What is written where text columns have missing values by pandas' own rule: words such as NA, with their counts.

    Args:
        path: Of the CSV file.
        form: How its text is read.
        columns: Names of text columns with missing values.
    """
    import pandas as pd

    if form.missing is not None or not columns:
        return {}
    separator = form.separator or ","
    options = {"sep": r"\s+" if separator == " " else separator, "encoding": "utf-8-sig", "usecols": list(columns)}
    plain = pd.read_csv(path, dtype=str, **options)
    raw = pd.read_csv(path, dtype=str, keep_default_na=False, **options)
    told = {}
    for name in columns:
        counts = raw[name][plain[name].isna()].value_counts()
        if any(str(word).strip() for word in counts.index):
            told[name] = ", ".join(f"{str(word)!r} ({count})" for word, count in counts.items())
    return told
