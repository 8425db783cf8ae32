"""What a column of a raw table holds, and what speaks against it: numbers written as text, identifiers, odd values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hpsearch.data.forms import FEW, dates_as_text, numbers_as_text, toml_list

if TYPE_CHECKING:
    import pandas as pd

_MOST_CATEGORIES = 1000

_LARGEST = 1e30

_COLUMNS, _CELLS = 16, 1_000_000
"""Columns of numbers, at least, and cells, about, that are looked at together."""


def is_numeric(column: pd.Series) -> bool:
    """Whether a column holds numbers; bools do not count."""
    return is_numeric_dtype(column.dtype)


def is_numeric_dtype(dtype: Any) -> bool:
    """Whether columns of a dtype hold numbers."""
    from pandas.api import types

    return types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype) and not types.is_complex_dtype(dtype)


def column_problems(frame: pd.DataFrame, target: str, words: Mapping[str, str] | None = None) -> list[str]:
    """What keeps columns from being used, a sentence each, in the order of the columns."""
    problems: dict[str, list[str]] = {}
    for block in number_blocks(frame):
        problems |= _number_problems(block, target)
    for name, numeric in zip(frame.columns, numeric_columns(frame), strict=True):
        if not numeric:
            problems[str(name)] = _other_problems(frame[name], str(name), target, words or {})
    return [problem for name in frame.columns for problem in problems.get(str(name), [])]


def numeric_columns(frame: pd.DataFrame) -> list[bool]:
    """Which columns hold numbers, each kind of column looked at once."""
    kinds = {dtype: is_numeric_dtype(dtype) for dtype in set(frame.dtypes)}
    return [kinds[dtype] for dtype in frame.dtypes]


def column_groups(numeric: Sequence[bool], rows: int) -> Iterator[slice]:
    """Neighbouring columns of numbers together, so many that a group is no second table; each other column by itself.

    Args:
        numeric: Whether each column holds numbers.
        rows: Of the table.
    """
    most, start = max(_COLUMNS, _CELLS // max(rows, 1)), 0
    for stop in range(1, len(numeric) + 1):
        if stop == len(numeric) or not (numeric[start] and numeric[stop]) or stop - start == most:
            yield slice(start, stop)
            start = stop


def number_blocks(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The columns of numbers, some at a time."""
    numeric = numeric_columns(frame)
    yield from (frame.iloc[:, group] for group in column_groups(numeric, len(frame)) if numeric[group.start])


def _number_problems(block: pd.DataFrame, target: str) -> dict[str, list[str]]:
    numbers = np.abs(block.to_numpy(dtype=float, na_value=np.nan))
    if numbers.max(initial=0.0) <= _LARGEST:  # neither missing nor infinite values, which compare as false
        return {}
    missing, infinite = np.isnan(numbers).sum(axis=0), np.isinf(numbers).sum(axis=0)
    large = (np.isfinite(numbers) & (numbers > _LARGEST)).sum(axis=0)
    problems = {}
    for name, absent, endless, big in zip(block.columns, missing, infinite, large, strict=True):
        drop = _way_out(str(name), target)
        told = [_missing(str(name), absent, drop, whole=absent == len(block))] if absent else []
        if endless:
            told.append(f"column {str(name)!r} has {endless} infinite values: replace or drop them first")
        if big:
            told.append(f"column {str(name)!r} has {big} values beyond 1e30: rescale it first")
        problems[str(name)] = told
    return problems


def _way_out(name: str, target: str) -> str:
    """What can be done about any column."""
    return "predict another column" if name == target else f"leave it out with data.drop = {toml_list([name])}"


def _missing(name: str, count: int, drop: str, words: str = "", *, whole: bool) -> str:
    """What is said of missing values; of those that are written as words, that they may be meant as a value."""
    if whole and not words:
        return f"column {name!r} holds no value: {drop}"
    told, cure = f"column {name!r} has {count} missing values", "fill or drop those rows first"
    if words:
        told += f", written {words}"
        cure = f'set data.missing = [""] if that is a value like others (only blanks are missing then), else {cure}'
    return f'{told}: {cure} (data.incomplete = "drop" leaves them out)'


def _other_problems(column: pd.Series, name: str, target: str, words: Mapping[str, str]) -> list[str]:
    import pandas as pd
    from pandas.api import types

    drop = _way_out(name, target)
    if types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column) or types.is_complex_dtype(column):
        return [f"column {name!r} has dtype {column.dtype}: turn it into numbers or text, or {drop}"]
    missing = int(column.isna().sum())
    if missing:
        return [_missing(name, missing, drop, words.get(name, ""), whole=missing == len(column))]
    if strange := _strange(column, name, drop):
        return [strange]
    counts = column.value_counts()
    counts = counts[counts > 0]  # unused categories are counted too
    categorical = isinstance(column.dtype, pd.CategoricalDtype)
    texts = len(counts) > 0 and isinstance(counts.index[0], str) and not categorical
    if texts and (told := numbers_as_text(counts, name, target=name == target)):
        return [told]
    if texts and (told := dates_as_text(counts)):
        return [f"column {name!r} {told}: turn it into numbers, such as days since one of them, or {drop}"]
    if name == target:
        return []
    if not categorical and all(
        issubclass(kind, int) and not issubclass(kind, bool) for kind in set(map(type, counts.index))
    ):
        return [
            f"column {name!r} holds whole numbers beyond 64 bits: make them floats, or text if they are codes, or "
            f"{drop}"
        ]
    if not too_many(len(counts), len(column)):
        return []
    return [
        f"column {name!r} is text with {len(counts)} distinct values in {len(column):,} rows (an identifier?): "
        f"leave it out with data.drop = {toml_list([name])}, or group them"
    ]


def too_many(distinct: int, rows: int) -> bool:
    """Whether a column of text has so many distinct values that it names the rows rather than says what they are."""
    return distinct > max(FEW, min(_MOST_CATEGORIES, rows / 2))


_WORDS = {
    "Decimal": "decimal numbers (Decimal): turn it into floats",
    "date": "dates: turn it into numbers, such as days since one of them",
    "datetime": "times: turn it into numbers, such as seconds since one of them",
    "time": "times: turn it into numbers, such as seconds since midnight",
    "bytes": "bytes: turn it into text or numbers",
}


def _strange(column: pd.Series, name: str, drop: str) -> str:
    """What is said of values that are neither text, bools nor whole numbers, or are mixed."""
    kinds = {type(value) for value in column}
    plain = all(issubclass(kind, str | bool | np.bool_ | int | np.integer) for kind in kinds)
    if plain and len({issubclass(kind, str) for kind in kinds}) == 1:
        return ""
    (kind, *others) = sorted(kind.__name__ for kind in kinds)
    if others:
        names = ", ".join([kind, *others])
        return f"column {name!r} mixes values of type {names}: make it all numbers or all text, or {drop}"
    if kind in ("ndarray", "list", "tuple", "dict", "set"):
        return f"column {name!r} holds lists ({kind}): give each element a column of its own, or {drop}"
    return (
        f"column {name!r} holds {_WORDS.get(kind, f'values of type {kind}: turn it into numbers or text')}, or {drop}"
    )
