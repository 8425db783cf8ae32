"""The text of a CSV file: its encoding, its separator, and how many fields its lines have."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from hpsearch.data.checks import DataError

_SEPARATORS = (",", ";", "\t", "|")

_KINDS = {
    b"PAR1": ("is a Parquet file", 'name it so (.parquet), or give "parquet:PATH"'),
    b"ARROW1": ("is a Feather file", "write the table as CSV or Parquet"),
    b"SQLite format 3": ("is a database", "write the table as CSV or Parquet"),
    b"%PDF": ("is a PDF", "export the table as CSV"),
    b"PK\x03\x04": ("is a spreadsheet or another zip file", "export the table as CSV"),
    b"\xd0\xcf\x11\xe0": ("is an old spreadsheet", "export the table as CSV"),
    b"\x1f\x8b": ("is compressed with gzip", "unpack it"),
    b"<!DOCTYPE": ("is a web page", "download the table itself"),
    b"<html": ("is a web page", "download the table itself"),
    b'[{"': ("is JSON", "write the table as CSV"),
    b'{"': ("is JSON", "write the table as CSV"),
}
"""How files begin that are named like tables of text and are none."""

_SAMPLE = 20
"""Lines from which a separator is told."""


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        DataError: if it is none in UTF-8; it says which encoding it may be.
    """
    raw = path.read_bytes()
    for start, (what, cure) in _KINDS.items():
        if raw[:1000].lstrip()[: len(start)].lower() == start.lower():
            raise DataError(f"{path}: {what}, not CSV: {cure}")
    if b"\0" in raw[:1000] or raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        sample = raw[:1000]
        if all(b"\0" in half for half in (sample[::2], sample[1::2])):  # of UTF-16 only one half of each pair
            raise DataError(f"{path}: is not text: give a table as CSV or Parquet")
        raise DataError(f"{path}: is encoded in UTF-16, not in UTF-8: save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise DataError(
            f"{path}: line {line} is not UTF-8 (it may be {_likely_encodings(raw)}): save the file as UTF-8"
        ) from None


def _likely_encodings(raw: bytes) -> str:
    """What a text may be encoded in: in Western text letters above ASCII stand among others, elsewhere together."""
    runs = re.findall(rb"[\x80-\xff]+", raw)
    alone = sum(len(run) <= 2 for run in runs)
    return "Latin-1 or Windows-1252" if 2 * alone > len(runs) else "GB18030 or Windows-1251"


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
    elif len(wrong) == len(widths) - 1:
        cure = "name every column and nothing else in the first line"
    raise DataError(
        f"{path}: the heading has {_fields(heading)}, but {len(wrong):,} of {len(widths) - 1:,} rows have {fields} "
        f"(line {lines}): {cure}; mind separators at the ends of lines, and text with {separator!r} in it, which "
        'stands in "quotes"'
    )


def _fields(count: int) -> str:
    return f"{count} field{'s' if count != 1 else ''}"
