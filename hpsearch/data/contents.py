"""The bytes of a file, unpacked if they are compressed: no more of them than there is memory for."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from hpsearch.data.checks import DataError, listed
from hpsearch.data.memory import excess

PACKED = (".gz", ".bz2", ".xz", ".zip")
"""Endings of the names of compressed files."""

_TIMES = 4
"""Of a text's size, what reading it as a table takes at the least: its bytes, its text, its fields, its numbers."""

_PIECE = 1 << 24
"""Bytes that are unpacked between two looks at the memory."""

_BROKEN = (EOFError, OSError, lzma.LZMAError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)
"""What unpacking raises; the last are ways of compressing that Python does not know, and passwords."""


def contents(path: Path) -> bytes:
    """What a file of text holds.

    Args:
        path: Of the file; how it is compressed, if it is, is told from how it begins.

    Raises:
        DataError: if it is too large for memory, cannot be unpacked, or is an archive of several files.
    """
    with path.open("rb") as file:
        start = file.read(8)
    opened = next((opened for magic, opened in _OPENED.items() if start.startswith(magic)), None)
    if opened is None:
        check_size(path, _TIMES * path.stat().st_size)
        return path.read_bytes()
    try:
        with opened(path) as file:
            return _unpacked(path, file)
    except _BROKEN as problem:
        reason = str(problem) or type(problem).__name__
        raise DataError(f"{path}: cannot be unpacked: {reason}; is the file whole?") from None


def _unpacked(path: Path, file: IO[bytes]) -> bytes:
    whole = io.BytesIO()
    while piece := file.read(_PIECE):
        whole.write(piece)
        check_size(path, (_TIMES - 1) * whole.tell())  # its bytes are in memory already
    return whole.getvalue()


def check_size(path: Path, needed: int) -> None:
    """See that there is memory to read a file.

    Args:
        path: Of the file.
        needed: Bytes of memory.

    Raises:
        DataError: if there is not.
    """
    if problem := excess({"reading it": needed}):
        raise DataError(f"{path}: {problem}; leave out rows or columns in the file, or take a machine with more")


def _one_member(path: Path) -> IO[bytes]:
    """The one file in a zip archive, open; what a Mac adds does not count."""
    archive = zipfile.ZipFile(path)
    names = [i.filename for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
    if {"[Content_Types].xml", "mimetype"} & set(names):
        raise DataError(f"{path}: is a spreadsheet or another document, not CSV: export the table as CSV")
    if len(names) != 1:
        raise DataError(f"{path}: holds {len(names)} files ({listed(names, 3)}): unpack it, and give one of them")
    return archive.open(names[0])


_OPENED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"PK\x03\x04": _one_member,
}
"""How compressed files begin, and what reads them."""
