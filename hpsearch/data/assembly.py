"""A data set made of a raw table, and of a second one that holds the test examples if there is such a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from hpsearch.data.checks import DataError, check_columns, listed, without_groups
from hpsearch.data.copies import copy_notes
from hpsearch.data.dataset import Dataset, Split
from hpsearch.data.further import alike, further_notes, joined
from hpsearch.data.identifiers import column_notes
from hpsearch.data.preparation import Preparation, check_width, precision_of
from hpsearch.data.sources import RawTable, without_incomplete_rows
from hpsearch.data.splits import Division, division_notes, split_rows
from hpsearch.data.targets import Task, coded_targets, task_notes, task_of

if TYPE_CHECKING:
    import pandas as pd

_MANY = 1000
"""Columns from which on pandas is slow with a table that a file was read into."""


def dataset_of(
    table: RawTable,
    further: RawTable | None,
    *,
    task: Task,
    division: Division,
    name: str,
    incomplete: Literal["refuse", "drop"] | None = None,
) -> Dataset:
    """The data set of a table: its rows divided, its columns encoded and standardised.

    Args:
        table: All examples but those of ``further``.
        further: The test examples, where they are a table of their own.
        task: Whether the target is classes or a number.
        division: How the rows are divided.
        name: Of the data set.
        incomplete: What is done with rows that have missing values.

    Raises:
        DataError: if the data cannot be used.
    """
    if incomplete == "drop":
        table = without_incomplete_rows(table)
    target = table.target
    frame, groups = without_groups(_numbered(table.frame), division.groups, target)
    check_columns(frame, target, table.words)
    kind = task_of(frame[target], task)
    splits = split_rows(frame[target] if kind == "classification" else None, len(frame), division, groups)
    rows = frame
    if further is not None:
        further = alike(further, frame, groups)
        if incomplete == "drop":
            further = without_incomplete_rows(further)
        rows = joined(frame, further, kind)
        splits = (*splits[:2], np.arange(len(frame), len(rows)))
    features, labels = rows.drop(columns=[target]), rows[target]
    check_width(features)
    preparation = Preparation.learn(features.iloc[splits[0]])
    preparation.check_scales()
    classes, y, mean, scale = coded_targets(labels, kind, splits=splits)
    precision = precision_of(features)
    train, held_out, last = (
        Split(preparation.transform(features.iloc[rows], precision), y[rows]) if len(rows) else None for rows in splits
    )
    assert train is not None
    assert held_out is not None
    notes = _constant_notes(train, preparation.feature_names)
    if not table.bundled:
        notes += [*table.notes, *(task_notes(frame[target], kind) if task == "auto" else ())]
        notes += column_notes(frame, target)
    copies = [] if table.bundled else copy_notes(train, held_out, last)
    held = [*copies, *division_notes(division, splits, groups)]
    if further is not None:
        held += further_notes(further, frame.iloc[splits[0]])
    return Dataset(
        name, kind, train, held_out, last, preparation, classes, mean, scale,
        notes=(*notes, *held), test_notes=() if last is None else tuple(held),
    )  # fmt: skip


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose numbers are numbers, also those in columns of objects."""
    frame = frame.infer_objects()
    # A copy puts the columns together, which may each lie in a place of their own.
    return frame.copy() if frame.shape[1] > _MANY else frame


def _constant_notes(train: Split, names: Sequence[str]) -> list[str]:
    """What is said of inputs that do not vary in the training split.

    Raises:
        DataError: if none varies.
    """
    varies = np.any(train.X, axis=0).tolist()
    constant = [name for name, one in zip(names, varies, strict=True) if not one]
    if not any(varies):
        raise DataError(f"no column varies in the training split ({listed(constant)}): give one to predict from")
    return [f"constant in the training split, so of no use: {listed(constant)}"] if constant else []
