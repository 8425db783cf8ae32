"""What is predicted, classes or a number, and how it is coded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.checks import DataError, listed
from hpsearch.data.columns import is_numeric

if TYPE_CHECKING:
    import pandas as pd

Task = Literal["auto", "classification", "regression"]

_MOST_CLASSES = 1000
_MOST_WHOLE, _MOST_WHOLE_FLOATS = 50, 20
"""Distinct whole numbers that are taken for classes: integers, and floats."""

SMALLEST_SCALE = 1e-100  # the squares of smaller deviations underflow


def check_task(task: str) -> None:
    """Refuse what is no task."""
    if task not in get_args(Task):
        raise DataError(f"task is {task!r}: give one of {listed(get_args(Task))}")


def task_of(labels: pd.Series, task: Task) -> Literal["classification", "regression"]:
    """Say whether labels are classes or numbers; "auto" decides by their dtype and their number of distinct values.

    Raises:
        DataError: if they cannot be the task, or there is nothing to learn.
    """
    if not is_numeric(labels):
        if task == "regression":
            raise DataError(f"target {labels.name!r} is text or bools: data.task must be 'classification'")
        kind: Literal["classification", "regression"] = "classification"
    else:
        kind = _task_of_numbers(labels, task)
    distinct = labels.nunique()
    if distinct < 2:
        what = "one class only" if kind == "classification" else "one value only"
        raise DataError(f"target {labels.name!r} has {what}, {labels.iloc[0]}: there is nothing to learn")
    if kind == "classification" and distinct > _MOST_CLASSES:
        size = 4 * distinct * len(labels) / 2**30
        raise DataError(
            f"target {labels.name!r} has {distinct:,} distinct labels, above {_MOST_CLASSES:,}: their one-hot table "
            f"alone would take {size:,.1f} GiB; group them, or set data.task to 'regression' if they are numbers"
        )
    return kind


def _task_of_numbers(labels: pd.Series, task: Task) -> Literal["classification", "regression"]:
    values = labels.to_numpy(dtype=float)
    whole, distinct = bool((values == np.rint(values)).all()), len(np.unique(values))
    if task == "classification" and not whole and distinct > _MOST_WHOLE:
        raise DataError(
            f"target {labels.name!r} has {distinct:,} distinct values that are not all whole: they are no classes; "
            "set data.task to 'regression', or group them"
        )
    if task != "auto":
        return task
    most = _MOST_WHOLE_FLOATS if labels.dtype.kind == "f" else _MOST_WHOLE
    return "classification" if whole and distinct <= most else "regression"


def task_notes(labels: pd.Series, kind: str) -> list[str]:
    """Which task was taken for whole numbers, which may be meant either way, and how to choose the other."""
    if not is_numeric(labels):
        return []
    values = labels.to_numpy(dtype=float)
    distinct = len(np.unique(values))
    if distinct <= 2 or not (values == np.rint(values)).all():
        return []
    whole = f"target {str(labels.name)!r} holds {distinct:,} distinct whole numbers, taken as"
    if kind == "classification":
        return [f'{whole} classes: set data.task to "regression" to predict a number']
    return [f'{whole} a number (regression): set data.task to "classification" if they are classes']


def coded_targets(
    labels: pd.Series, kind: str, *, splits: tuple[NDArray[Any], ...]
) -> tuple[NDArray[Any] | None, NDArray[Any], float, float]:
    """Code the labels as the engine reads them.

    Args:
        labels: Targets of all examples.
        kind: "classification" or "regression".
        splits: Rows of train, validation and test; the training rows give a regression's mean and scale.

    Returns:
        The classes in order of their indexes (None for regression); coded targets, ``(examples,)``: class indexes,
        or targets in units of their standard deviation; the mean and the scale that coded them (0 and 1 for classes).

    Raises:
        DataError: if a regression's targets do not vary.
    """
    if kind == "regression":
        values = labels.to_numpy(dtype=float)
        mean, scale = float(values[splits[0]].mean()), float(values[splits[0]].std())
        for name, rows in zip(("training", "validation"), splits, strict=False):
            if values[rows].min() == values[rows].max():
                raise DataError(f"target {labels.name!r} is constant in the {name} split: give more examples")
        if scale < SMALLEST_SCALE:
            raise DataError(f"target {labels.name!r} varies by less than {SMALLEST_SCALE:g}: rescale it first")
        return None, (values - mean) / scale, mean, scale
    classes, coded = np.unique(_natural(labels), return_inverse=True)
    return classes, coded.astype(np.int64), 0.0, 1.0


def _natural(labels: pd.Series) -> NDArray[Any]:
    """Labels as numbers, bools or text, whichever they are; those of a categorical column likewise."""
    import pandas as pd

    if isinstance(labels.dtype, pd.CategoricalDtype):
        labels = labels.astype(labels.cat.categories.dtype)
    if is_numeric(labels):
        return labels.to_numpy()
    if pd.api.types.is_bool_dtype(labels):
        return labels.to_numpy(dtype=bool)
    return labels.astype(str).to_numpy().astype(str)
