"""A file as a raw table: its bytes, lines and headings are checked before its values are believed.

What is wrong with a file is told by its cause: pandas would read most such files as another table than was meant.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpsearch.data.checks import DataError, listed
from hpsearch.data.contents import contents
from hpsearch.data.forms import toml_list
from hpsearch.data.text import check_fields, decoded, likely_encoding, likely_separator, rows_of, text_of

if TYPE_CHECKING:
    import pandas as pd

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")

_NAMES = {"\t": '"\\t" (a tab)', " ": '" " (spaces)'}
"""Separators that do not show."""

_PADS = ("", " ")
"""What may stand around a text that means a missing value."""


@dataclass(frozen=True)
class Format:
    """How the text of a CSV file is read.

    Attributes:
        separator: Between the fields: one character, a space for runs of spaces; None for a comma.
        decimal: Sign before the decimals of a number; None for a point.
        missing: Texts that stand for a missing value; None for pandas' own, such as an empty field, NA and None.
        encoding: By which its bytes are text; None for UTF-8, or for UTF-16 where the file begins with its mark.
    """

    separator: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] | None = None
    encoding: str | None = None


def read_csv(path: Path, form: Format, *, target: str, drop: Collection[str] | None = ()) -> pd.DataFrame:
    """Read a CSV file whose first line names its columns.

    Args:
        path: Of the file.
        form: How its text is read.
        target: Name of the target column, which tells headings from values.
        drop: Columns that will be left out, so their headings may be wanting; None if any heading may.

    Raises:
        DataError: if it is no text in its encoding, its separator is another, its lines differ in their number of
            fields, or its first line does not name the columns.
    """
    import pandas as pd

    file, separator = text_of(path, form.encoding), form.separator or ","
    headings = _headings(path, file.text, form, target)
    check_fields(path, file.text, separator)
    _check_names(path, headings, target)
    raw, encoding = file.raw, file.encoding
    del file  # the text is not needed while the table is made
    words = None if form.missing is None else [f"{a}{word}{b}" for word in form.missing for a in _PADS for b in _PADS]
    try:
        # Read whole: in pieces, a column would be numbers in one and text in another.
        frame = pd.read_csv(
            io.BytesIO(raw), sep=r"\s+" if separator == " " else separator, decimal=form.decimal or ".",
            low_memory=False, na_values=words, keep_default_na=words is None, encoding=encoding,
        )  # fmt: skip
    except Exception as problem:  # pandas raises many kinds
        raise DataError(f"{path}: cannot be read as csv: {reason_of(problem)}") from problem
    if frame.empty:
        raise DataError(f"{path}: has no rows ({len(frame.columns)} columns): give a table with examples")
    _check_second_headings(path, frame)
    _check_headings(path, headings, frame, frame.columns if drop is None else drop)
    return frame


def read_parquet(path: Path, form: Format) -> pd.DataFrame:
    """Read a Parquet file; a column of text that is numbers once what counts as missing is taken out becomes numbers.

    Raises:
        DataError: if it cannot be read, or has no rows.
    """
    import pandas as pd

    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            raise DataError(f'{path}: is not a Parquet file: if it is CSV, name it so (.csv), or give "csv:PATH"')
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


def _headings(path: Path, text: str, form: Format, target: str) -> list[str]:
    """The first line's fields.

    Raises:
        DataError: if there are none, or the separator is another.
    """
    separator = form.separator or ","
    headings = next((row for _, row in rows_of(path, text, separator)), None)
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


def likely_format(path: Path) -> Format:
    """How a CSV file is to be read, told from its first lines; what is as by default is None.

    Raises:
        DataError: if it is no text.
    """
    raw = contents(path)
    encoding = likely_encoding(raw)
    text = decoded(path, raw, encoding).text
    separator = likely_separator(text)
    if separator in (None, ","):
        return Format(encoding=encoding)
    fields = [field for _, row in islice(rows_of(path, text, str(separator)), 1, 21) for field in row]
    commas = sum(re.fullmatch(r"\s*[+-]?\d*,\d+\s*", field) is not None for field in fields)
    points = sum(re.fullmatch(r"\s*[+-]?\d*\.\d+\s*", field) is not None for field in fields)
    return Format(separator, "," if commas > points else None, encoding=encoding)


def reason_of(problem: Exception) -> str:
    """The first line of what another library says, or the name of its error."""
    if "EOF inside string" in str(problem):
        return "a quotation mark is not closed"
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
    file, separator = text_of(path, form.encoding), form.separator or ","
    options: dict[str, Any] = {
        "sep": r"\s+" if separator == " " else separator,
        "encoding": file.encoding,
        "usecols": list(columns),
    }
    plain = pd.read_csv(io.BytesIO(file.raw), dtype=str, **options)
    raw = pd.read_csv(io.BytesIO(file.raw), dtype=str, keep_default_na=False, **options)
    told = {}
    for name in columns:
        counts = raw[name][plain[name].isna()].value_counts()
        if any(str(word).strip() for word in counts.index):
            told[name] = ", ".join(f"{str(word)!r} ({count})" for word, count in counts.items())
    return told
