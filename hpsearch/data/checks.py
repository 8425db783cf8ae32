"""What a raw table may hold, and the refusal of the rest."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


_MOST_CATEGORIES = 1000


_LARGEST = 1e30


class DataError(ValueError):
    """Data cannot be used: the message says what was wrong, what was given and what to do."""


def check_columns(frame: pd.DataFrame, target: str) -> None:
    """Refuse a table that cannot be used.

    Args:
        frame: The raw table.
        target: Name of the target column.

    Raises:
        DataError: If names repeat, the target or the features are missing, or columns hold what cannot be used; with
            every such column.
    """
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"column names are repeated: {listed(repeated)}; give each its own")
    if target not in frame.columns:
        near = difflib.get_close_matches(str(target), names, n=1) or names
        raise DataError(f"there is no target column {target!r}; did you mean {listed(near)}?")
    if len(names) == 1:
        raise DataError(f"the table has only the target column {target!r}: it needs features")
    problems = [problem for name in frame.columns for problem in _column_problems(frame[name], str(name), target)]
    if problems:
        raise DataError("; ".join(problems))


def _column_problems(column: pd.Series, name: str, target: str) -> list[str]:
    from pandas.api import types

    if types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column) or types.is_complex_dtype(column):
        return [f"column {name!r} has dtype {column.dtype}: turn it into numbers or text, or drop it"]
    missing = int(column.isna().sum())
    if is_numeric(column):
        numbers = np.abs(column.to_numpy(dtype=float, na_value=np.nan))
        infinite, large = int(np.isinf(numbers).sum()), int((numbers[np.isfinite(numbers)] > _LARGEST).sum())
        problems = [f"column {name!r} has {missing} missing values: fill or drop those rows first"] if missing else []
        if infinite:
            problems.append(f"column {name!r} has {infinite} infinite values: replace or drop them first")
        if large:
            problems.append(f"column {name!r} has {large} values beyond 1e30: rescale it first")
        return problems
    if missing:
        return [f"column {name!r} has {missing} missing values: fill or drop those rows first"]
    kinds = {type(value) for value in column}
    if not all(issubclass(kind, str | bool | np.bool_ | int | np.integer) for kind in kinds) or (
        len({issubclass(kind, str) for kind in kinds}) > 1
    ):
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        return [f"column {name!r} mixes values of type {names}: make it all numbers or all text"]
    distinct = column.nunique()
    if name != target and distinct > _MOST_CATEGORIES:
        return [f"column {name!r} is text with {distinct} distinct values (an identifier?): drop it or group them"]
    return []


def is_numeric(column: pd.Series) -> bool:
    """Whether a column holds numbers; bools do not count."""
    import pandas as pd

    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names in quotes, the first few where there are many."""
    shown = ", ".join(repr(str(name)) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
