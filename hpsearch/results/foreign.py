"""Columns for what other programs stored: a name of its own for each, and values of one kind in each.

A column holds bools, whole numbers, numbers or text, never a mixture, so that every file format takes it: where the
values are of several kinds, or are lists, all of them become text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.storage.trials import plain

MISSING = object()
"""Stands where a trial has no value: None may be one of the choices."""

_DTYPES = {"bool": ("bool", "boolean"), "int": ("int64", "Int64"), "float": ("float64", "float64")}
"""Of each kind that is not text, where no value is missing and where one is."""


def unique_names(names: Iterable[str], prefix: str, used: set[str]) -> dict[str, str]:
    """The column of each name: the name itself, or with the prefix (as often as need be) where that is used.

    Names that keep their own are dealt with first, so that no other takes it from them.

    Args:
        names: In the order of the columns.
        prefix: For those that are used.
        used: Names of the columns that are there; those chosen here are added.
    """
    ordered = list(dict.fromkeys(names))
    columns = {name: writable(name) for name in ordered if writable(name) not in used}
    used.update(columns.values())
    for name in ordered:
        if name not in columns:
            column = prefix + writable(name)
            while column in used:
                column = prefix + column
            used.add(column)
            columns[name] = column
    return {name: columns[name] for name in ordered}


def column(values: Sequence[Any], options: Iterable[Any] | None = None) -> pd.Series:
    """The values as a column of one kind.

    Args:
        values: One a row, or ``MISSING``.
        options: All that a value could be, which decide on the kind; the values themselves by default.
    """
    values = [plain(value) for value in values]
    present = [value for value in values if value is not MISSING]
    options = [*map(plain, options)] if options is not None else []
    kinds = {_kind(value) for value in [*options, *present]}
    kind = "float" if kinds == {"int", "float"} else kinds.pop() if len(kinds) == 1 else "text"
    if kind in _DTYPES:
        dtype = _DTYPES[kind][len(present) < len(values)]
        try:
            return pd.Series([None if value is MISSING else value for value in values], dtype=dtype)
        except OverflowError:  # beyond 64 bits
            return _large(values)
    return pd.Series(_texts(values, [*options, *present]), dtype="str")


def whole(values: Sequence[int]) -> np.ndarray[Any, Any]:
    """Whole numbers as int64, or as float64 where one is beyond 64 bits."""
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        return np.array(values, dtype=np.float64)


def writable(text: object) -> str:
    """A text that can be written as UTF-8: half a surrogate pair becomes its escape."""
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")


def _kind(value: Any) -> str:
    """What a value is; text for what is no single bool, number or text."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind.__name__
    return "text"


def _large(values: Sequence[Any]) -> pd.Series:
    """Numbers of which one is beyond 64 bits: floats, or their digits where one is beyond those too."""
    try:
        return pd.Series([np.nan if value is MISSING else float(value) for value in values], dtype="float64")
    except OverflowError:
        return pd.Series([None if value is MISSING else str(value) for value in values], dtype="str")


def _texts(values: Sequence[Any], options: Sequence[Any]) -> list[str | None]:
    """Values as text; texts stand in quotation marks where another option would look the same without them."""
    others = {_text(option) for option in options if not isinstance(option, str)}
    quoted = any(isinstance(option, str) and option in others for option in options)
    return [
        None if value is MISSING else writable(json.dumps(value) if quoted and isinstance(value, str) else _text(value))
        for value in values
    ]


def _text(value: Any) -> str:
    """A list as JSON writes it, so that a tuple reads the same from the storages that give a list back."""
    if isinstance(value, list | tuple | dict):
        try:
            return json.dumps(value, ensure_ascii=False, default=str)
        except (TypeError, ValueError):  # keys that are no text, or a list that holds itself
            return str(value)
    return str(value)
