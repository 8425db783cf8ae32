"""The text of a CSV file: its encoding, its separator, and how many fields its lines have."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hpsearch.data.checks import DataError
from hpsearch.data.contents import contents

_SEPARATORS = (",", ";", "\t", "|")

_KINDS = {
    b"PAR1": ("is a Parquet file", 'name it so (.parquet), or give "parquet:PATH"'),
    b"ARROW1": ("is a Feather file", "write the table as CSV or Parquet"),
    b"SQLite format 3": ("is a database", "write the table as CSV or Parquet"),
    b"%PDF": ("is a PDF", "export the table as CSV"),
    b"\xd0\xcf\x11\xe0": ("is an old spreadsheet", "export the table as CSV"),
    b"<!DOCTYPE": ("is a web page", "download the table itself"),
    b"<html": ("is a web page", "download the table itself"),
    b'[{"': ("is JSON", "write the table as CSV"),
    b'{"': ("is JSON", "write the table as CSV"),
}
"""How files begin that are named like tables of text and are none."""

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""Marks of UTF-16."""

_SAMPLE = 20
"""Lines from which a separator is told."""


@dataclass(frozen=True)
class Text:
    """The text of a file.

    Attributes:
        raw: Its bytes, unpacked.
        encoding: By which they are text.
        text: What they say.
    """

    raw: bytes
    encoding: str
    text: str


def text_of(path: Path, encoding: str | None = None) -> Text:
    """The text of a file.

    Args:
        path: Of the file, which may be compressed.
        encoding: By which its bytes are text; None for UTF-8, or for UTF-16 where it begins with that one's mark.

    Raises:
        DataError: if it is no text by that encoding, or Python knows none of that name; it says which it may be.
    """
    return decoded(path, contents(path), encoding)


def decoded(path: Path, raw: bytes, encoding: str | None) -> Text:
    """The text of a file whose bytes are read already; see :func:`text_of`."""
    for start, (what, cure) in _KINDS.items():
        if raw[:1000].lstrip()[: len(start)].lower() == start.lower():
            raise DataError(f"{path}: {what}, not CSV: {cure}")
    if raw[257:262] == b"ustar":
        raise DataError(f"{path}: is a tar archive, not CSV: unpack it, and give one file of it")
    wide = raw.startswith(_WIDE)
    if encoding is None and not wide and b"\0" in raw[:1000]:
        if (order := _wide_order(raw)) is None:
            raise DataError(f"{path}: is not text: give a table as CSV or Parquet")
        raise DataError(f'{path}: is encoded in UTF-16: set data.encoding = "{order}", or save the file as UTF-8')
    try:
        name = codecs.lookup(encoding or ("utf-16" if wide else "utf-8")).name
    except LookupError:
        raise DataError(f"{path}: {encoding!r} is no encoding that Python knows: give one, such as 'cp1252'") from None
    name = {"utf-8": "utf-8-sig"}.get(name, name)  # whose mark, if it has one, is no part of the first heading
    try:
        return Text(raw, name, raw.decode(name))
    except UnicodeDecodeError as problem:
        if encoding is not None or wide:
            raise DataError(
                f"{path}: is not {encoding or 'UTF-16'} (byte {problem.start:,}: {problem.reason}): set data.encoding "
                "to what it is, or save it as UTF-8"
            ) from None
        line = raw[: problem.start].count(b"\n") + 1
        likely, cure = ("Latin-1 or Windows-1252", "cp1252") if _western(raw) else _ELSEWHERE
        raise DataError(
            f"{path}: line {line} is not UTF-8 (it may be {likely}): set data.encoding, as in "
            f'"{cure}", or save the file as UTF-8'
        ) from None


_ELSEWHERE = ("GB18030 or Windows-1251", "gb18030")


def likely_encoding(raw: bytes) -> str | None:
    """What a text is probably encoded in: None for what :func:`text_of` reads, or refuses, without being told.

    Of the encodings of one alphabet only the Western one is recognised: others have letters at the same bytes.
    """
    if raw.startswith(_WIDE):
        return None
    if b"\0" in raw[:1000]:
        return _wide_order(raw)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        with contextlib.suppress(UnicodeDecodeError):
            if _western(raw):
                raw.decode("cp1252")
                return "cp1252"
    return None


def _wide_order(raw: bytes) -> str | None:
    """Which UTF-16 a text with zeros in it is: only one half of each pair has them; None if both have."""
    first, second = b"\0" in raw[:1000:2], b"\0" in raw[1:1000:2]
    return None if first and second else "utf-16-be" if first else "utf-16-le"


def _western(raw: bytes) -> bool:
    """Whether letters above ASCII stand among others, as in Western text; elsewhere they stand together."""
    runs = re.findall(rb"[\x80-\xff]+", raw)
    return 2 * sum(len(run) <= 2 for run in runs) > len(runs)


def likely_separator(text: str) -> str | None:
    r"""The character that divides the first lines of a text into equally many fields, most of them; None if none does.

    >>> likely_separator("a;b\n1,5;2\n")
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


def rows_of(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
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


def check_fields(path: Path, text: str, separator: str) -> None:
    """Refuse lines with another number of fields than the heading: pandas moves or fills the fields in silence."""
    if '"' in text or separator == " ":
        widths = [(n, len(row)) for n, row in rows_of(path, text, separator)]
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
        cure = "is a quotation mark not closed?"
    elif heading == 1:
        cure = f"if the names stand in line {wrong[0][0]}, remove what is above it"
    elif len(wrong) == len(widths) - 1:
        cure = "name every column and nothing else in the first line"
    raise DataError(
        f"{path}: the heading has {_fields(heading)}, but {len(wrong):,} of {len(widths) - 1:,} rows have {fields} "
        f"(line {lines}): {cure}; mind separators at the ends of lines, and text with {separator!r} in it, which "
        'stands in "quotes"'
    )


def _fields(count: int) -> str:
    return f"{count} field{'s' if count != 1 else ''}"
