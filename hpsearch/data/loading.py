"""A data set made of a file, a DataFrame or arrays.

Rules:

* Columns are encoded and standardised as :mod:`hpsearch.data.preparation` says; a constant one stays, with a note.
* With ``task="auto"`` a target of text, bools or categories is classes, so are whole numbers with at most 50 distinct
  values (20 if they are written as floats); anything else is regression. An object column of numbers counts as numbers.
* Splits of classes are stratified, but for groups and for rows that keep their order; every class is in every split,
  but for a test split that is a table of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hpsearch.data.arrays import joined_arrays, joined_pair
from hpsearch.data.assembly import dataset_of
from hpsearch.data.checks import DataError, check_reading
from hpsearch.data.dataset import Dataset
from hpsearch.data.preparation import plain_array, raw_frame
from hpsearch.data.sources import RawTable, raw_table
from hpsearch.data.splits import Division
from hpsearch.data.tables import Format
from hpsearch.data.targets import Task, check_task
from hpsearch.data.terms import in_python

if TYPE_CHECKING:
    import pandas as pd


def load_dataset(
    source: str,
    *,
    target: str | None = None,
    task: Task = "auto",
    validation: float = 0.2,
    test: float | str = 0.2,
    seed: int = 0,
    groups: str | None = None,
    shuffle: bool | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    missing: Sequence[str] | None = None,
    encoding: str | None = None,
    incomplete: Literal["refuse", "drop"] | None = None,
    drop: Sequence[str] | None = None,
) -> Dataset:
    """Load a data set.

    Args:
        source: "digits", "breast_cancer", "wine", "iris", "diabetes", "flower", "moons", ``csv:PATH`` or
            ``parquet:PATH``.
        target: Target column of a file.
        task: Whether the target is classes or a number; "auto" decides by its values.
        validation: Share of all examples of the source for validation.
        test: Share of them for the test, 0 for none; or the file that holds the test examples, ``csv:PATH`` or
            ``parquet:PATH``, which is read like the source.
        seed: Seed of the split and of a generated set.
        groups: Column whose rows of one value come into one split, as those of a patient; it is no feature.
        shuffle: Whether the split is at random, which is the default; else the first rows train, the last test.
        separator: Between the fields of a CSV file, one character (a space for runs of spaces); a comma by default.
        decimal: Sign before the decimals of a number in a CSV file; a point by default.
        missing: Texts that stand for a missing value in a file; by default pandas' own: blank, NA, None, …
        encoding: Of a CSV file; by default UTF-8, or UTF-16 where the file begins with its mark.
        incomplete: Whether rows with missing values are refused, which is the default, or left out, with a note.
        drop: Columns that are left out.

    Raises:
        DataError: if the data cannot be used.
    """
    check_task(task)
    check_reading(source, target, missing=missing, drop=drop, incomplete=incomplete)
    division = _division(validation, test, seed, groups, shuffle)
    form = Format(separator, decimal, None if missing is None else tuple(missing), encoding)
    table = raw_table(source, target, seed=seed, form=form, drop=tuple(drop or ()))
    further = raw_table(test, target, seed=seed, form=form, drop=None) if isinstance(test, str) else None
    return dataset_of(table, further, task=task, division=division, name=Path(source).name, incomplete=incomplete)


def from_arrays(
    X: Any,
    y: Any,
    *,
    task: Task = "auto",
    validation: float = 0.2,
    test: float | tuple[Any, Any] = 0.2,
    seed: int = 0,
    groups: Any = None,
    shuffle: bool = True,
    name: str = "data",
) -> Dataset:
    """Make a data set of arrays.

    Args:
        X: Features, ``(examples, columns)``; an array or a DataFrame.
        y: Targets, ``(examples,)``, in the order of the rows of X.
        task: As of :func:`from_frame`, like the rest.
        validation: Share of all examples for validation.
        test: Share of all examples for the test, 0 for none; or X and y of the test examples.
        seed: Seed of the split.
        groups: ``(examples,)``: those of one value come into one split, as those of a patient.
        shuffle: Whether the split is at random; else the first rows train, the last test.
        name: Name of the data set.

    Raises:
        DataError: if the data cannot be used.
    """
    column = "target"
    while column in raw_frame(X).columns:
        column = f"_{column}"
    frame = joined_arrays(X, y, column, "")
    if groups is not None:
        groups = plain_array(groups, "groups")
        if groups.shape != (len(frame),):
            raise DataError(f"X has shape {frame.shape} and groups has shape {groups.shape}: give one for each row")
        frame[f"groups of {column}"] = groups
    return from_frame(
        frame, column, task=task, validation=validation, seed=seed, shuffle=shuffle, name=name,
        test=joined_pair(test, column) if isinstance(test, tuple) else test,
        groups=None if groups is None else f"groups of {column}",
    )  # fmt: skip


def from_frame(
    frame: pd.DataFrame,
    target: str,
    *,
    task: Task = "auto",
    validation: float = 0.2,
    test: float | pd.DataFrame = 0.2,
    seed: int = 0,
    groups: str | None = None,
    shuffle: bool = True,
    name: str = "data",
) -> Dataset:
    """Make a data set of a raw table.

    Args:
        frame: A column a feature, and the target; a DataFrame, or a table that has ``to_pandas``.
        target: Name of the target column.
        task: Whether the target is classes or a number; "auto" decides by its values.
        validation: Share of all examples for validation.
        test: Share of all examples for the test, 0 for none; or a table of the test examples.
        seed: Seed of the split.
        groups: Column whose rows of one value come into one split, as those of a patient; it is no feature.
        shuffle: Whether the split is at random; else the first rows train, the last test.
        name: Name of the data set.

    Raises:
        DataError: if the data cannot be used.
    """
    check_task(task)
    if isinstance(test, str):
        raise DataError(f"test is text (given: {test!r}): give a share, or a table of the test examples")
    division = _division(validation, test, seed, groups, shuffle)
    if not hasattr(frame, "columns"):
        raise DataError(f"the table is not a DataFrame (given: {type(frame).__name__}): give one, or use from_arrays")
    table, further = RawTable(raw_frame(frame), str(target)), None
    if hasattr(test, "columns"):
        further = RawTable(raw_frame(test), str(target), name="the test table")
    try:
        made = dataset_of(table, further, task=task, division=division, name=name)
    except DataError as problem:
        raise DataError(in_python(str(problem))) from None
    notes, test_notes = (tuple(map(in_python, texts)) for texts in (made.notes, made.test_notes))
    return replace(made, notes=notes, test_notes=test_notes)


def _division(validation: float, test: Any, seed: int, groups: str | None, shuffle: bool | None) -> Division:
    """How the rows of a table are divided: without a test split where the test examples are elsewhere."""
    if not isinstance(shuffle, bool | np.bool_ | None):
        raise DataError(f"shuffle is {shuffle!r}: give True or False")
    share = 0 if isinstance(test, str) or hasattr(test, "columns") else test
    return Division(validation, share, seed, None if groups is None else str(groups), shuffle is None or bool(shuffle))
