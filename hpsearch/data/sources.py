"""Where a raw table comes from: bundled sets, generated ones and files. None of them is downloaded."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hpsearch.data.checks import DataError, without_columns
from hpsearch.data.columns import numeric_columns
from hpsearch.data.contents import check_size
from hpsearch.data.files import blamed
from hpsearch.data.forms import absence_note
from hpsearch.data.imports import import_sklearn
from hpsearch.data.tables import Format, read_csv, read_parquet, words_for_missing

if TYPE_CHECKING:
    import pandas as pd

_TIMES = 2
"""Of a Parquet file's size, what reading it takes at the least: its bytes, its numbers."""

TARGET = "target"
"""Name of the target column of the bundled and generated sets."""


@dataclass(frozen=True)
class RawTable:
    """A table as its source gives it.

    Attributes:
        frame: The table.
        target: Name of its target column.
        notes: Sentences about it that a user should read.
        words: What is written where values are missing, by column, where that may be meant as a value.
        bundled: Whether it comes with hpsearch, so that nobody need be told what its target is.
        name: What it is called in a message.
    """

    frame: pd.DataFrame
    target: str
    notes: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    bundled: bool = False
    name: str = "the table"


def raw_table(source: str, target: str | None, *, seed: int, form: Format, drop: Sequence[str] | None = ()) -> RawTable:
    """Read or generate the raw table of a source.

    Args:
        source: A bundled or generated set's name, ``csv:PATH`` or ``parquet:PATH``.
        target: Target column of a file.
        seed: Seed of a generated set.
        form: How the text of a file is read.
        drop: Columns that are left out; None for none, and columns without a heading have the name that pandas gives.

    Raises:
        DataError: if there is no such source, the file cannot be read, or a column to be left out is not there.
    """
    kind, colon, path = source.partition(":")
    if colon and kind in ("csv", "parquet"):
        if not target:
            raise DataError(f"{source}: a file needs its target column: set data.target")
        return _file(kind, Path(path), target, form, drop)
    frame = _bundled(source, seed)
    return RawTable(without_columns(frame, drop or (), TARGET), TARGET, bundled=True)


def _bundled(source: str, seed: int) -> pd.DataFrame:
    import_sklearn()
    if source in ("digits", "breast_cancer", "wine", "iris", "diabetes"):
        import sklearn.datasets

        return getattr(sklearn.datasets, f"load_{source}")(as_frame=True).frame
    if source == "flower":
        return _frame(*_flower(seed))
    if source == "moons":
        from sklearn.datasets import make_moons

        return _frame(*make_moons(400, noise=0.2, random_state=seed))
    raise DataError(f"unknown source {source!r}: give a bundled set's name, csv:PATH or parquet:PATH")


def check_file(path: str | Path) -> None:
    """Refuse what is no file to read.

    Raises:
        DataError: If it is none; it says what it is.
        FileError: If the system does not tell, because a folder is closed or the name is too long.
    """
    if re.search(r"(^|/)[a-z][a-z0-9+-]+:/", str(path)):
        raise DataError(f"{path}: is an address, and nothing is downloaded: save the file and give its path")
    try:
        os.lstat(path)
    except (OSError, ValueError) as problem:
        if isinstance(problem, OSError) and problem.errno in (errno.ENAMETOOLONG, errno.EACCES):
            raise blamed(path, problem, doing="read") from None
    if os.path.isdir(path):
        raise DataError(f"{path}: is a folder: give a file in it")
    if not os.path.isfile(path):
        there = os.path.lexists(path)
        raise DataError(f"{path}: is not a regular file: give one" if there else f"{path}: there is no such file")


def _file(kind: str, path: Path, target: str, form: Format, drop: Sequence[str] | None) -> RawTable:
    check_file(path)
    if kind == "csv":
        frame = read_csv(path, form, target=target, drop=drop)
    else:
        check_size(path, _TIMES * path.stat().st_size)
        frame = read_parquet(path, form)
    frame = without_columns(frame, drop or (), target)
    texts = frame.loc[:, [not numeric for numeric in numeric_columns(frame)]]
    notes = _absence_notes(texts) if form.missing is None else ()
    if kind == "parquet":
        return RawTable(frame, target, notes, name=path.name)
    absent = [str(name) for name, column in texts.items() if column.hasnans]
    return RawTable(frame, target, notes, words=words_for_missing(path, form, absent), name=path.name)


def _absence_notes(texts: pd.DataFrame) -> tuple[str, ...]:
    from pandas.api.types import is_string_dtype

    columns = [column for _, column in texts.items() if is_string_dtype(column)]
    notes = (absence_note(column.value_counts(), str(column.name)) for column in columns)
    return tuple(note for note in notes if note)


def without_incomplete_rows(table: RawTable) -> RawTable:
    """A table without the rows in which values are missing, with a note of how many they were.

    Raises:
        DataError: if no row is complete.
    """
    complete = table.frame.dropna()
    left_out = len(table.frame) - len(complete)
    if not left_out:
        return table
    counts = table.frame.isna().sum()
    columns = ", ".join(f"{str(name)!r} ({count:,})" for name, count in counts[counts > 0].items())
    if complete.empty:
        raise DataError(f"no row is complete: values are missing in {columns}; leave these columns out with data.drop")
    note = f"{left_out:,} of {len(table.frame):,} rows are left out, values are missing in {columns}"
    return replace(table, frame=complete.infer_objects(), notes=(*table.notes, note))


def _frame(X: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"x1": X[:, 0], "x2": X[:, 1], TARGET: y.astype(int)})


def _flower(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The two-class polar rose of the shallow-network lesson: 200 examples a class, four petals."""
    generator = np.random.default_rng(seed)
    angles = [np.linspace(j * 3.12, (j + 1) * 3.12, 200) + 0.2 * generator.standard_normal(200) for j in (0, 1)]
    radii = [4 * np.sin(4 * angle) + 0.2 * generator.standard_normal(200) for angle in angles]
    angle, radius = np.concatenate(angles), np.concatenate(radii)
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1), np.repeat([0, 1], 200)
