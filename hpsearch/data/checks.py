"""What a raw table may hold, and the refusal of the rest."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hpsearch.data.columns import column_problems

if TYPE_CHECKING:
    import pandas as pd


class DataError(ValueError):
    """Data cannot be used: the message says what was wrong, what was given and what to do."""


def check_columns(frame: pd.DataFrame, target: str, words: Mapping[str, str] | None = None) -> None:
    """Refuse a table that cannot be used.

    Args:
        frame: The raw table.
        target: Name of the target column.
        words: What is written where values are missing, by column, where that may be meant as a value.

    Raises:
        DataError: if names repeat, the target or the features are missing, or columns hold what cannot be used; with
            every such column.
    """
    names = [str(name) for name in frame.columns]
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise DataError(f"column names are repeated: {listed(repeated)}; give each its own")
    if target not in frame.columns:
        raise DataError(f"there is no target column {target!r}; {_absent(target, frame)}")
    if len(names) == 1:
        told = f"the table has only the target column {target!r}: it needs features"
        raise DataError("; ".join(filter(None, (told, index_words(frame)))))
    if frame.empty:
        raise DataError(f"the table has shape {frame.shape}: give examples")
    if problems := column_problems(frame, target, words):
        raise DataError("; ".join(problems))


def index_words(frame: pd.DataFrame) -> str:
    """What is said of an index with names, which pandas keeps beside the columns, in Parquet files too."""
    names = [str(name) for name in frame.index.names if name is not None]
    told = f"the table's index ({listed(names)}) is no column and no feature: frame.reset_index() makes it one"
    return told if names else ""


def _absent(name: str, frame: pd.DataFrame) -> str:
    """What is said of a column that is not there."""
    return index_words(frame) if name in frame.index.names else near(name, [str(column) for column in frame.columns])


def check_reading(source: object, target: object, *, missing: object, drop: object, incomplete: object) -> None:
    """Refuse arguments that do not say how a table is read.

    Raises:
        DataError: if one is not of its kind; a single text where texts are meant would be read as its letters.
    """
    if not isinstance(source, str):
        kind = type(source).__name__
        raise DataError(f"source is no text (given: {kind}): give a bundled set's name, csv:PATH or parquet:PATH")
    if target is not None and not isinstance(target, str):
        raise DataError(f"target is no text (given: {type(target).__name__}): give the name of a column")
    for name, texts in (("missing", missing), ("drop", drop)):
        if isinstance(texts, str):
            raise DataError(f"{name} is one text (given: {texts!r}): give a list of them, as in [{texts!r}]")
    if incomplete not in (None, "refuse", "drop"):
        raise DataError(f"incomplete is {incomplete!r}: give 'refuse' or 'drop'")


def check_order(X: Any, y: Any) -> None:
    """Refuse a table and targets whose labels are the same, in another order.

    Raises:
        DataError: If they are; elsewhere the rows go together as they stand.
    """
    import pandas as pd

    if not isinstance(X, pd.DataFrame) or not isinstance(y, pd.DataFrame | pd.Series) or X.index.equals(y.index):
        return
    if X.index.is_unique and y.index.is_unique and len(X) == len(y) and X.index.isin(y.index).all():
        raise DataError(
            "X and y have the same index in another order: give y.loc[X.index], or y.to_numpy() if the rows belong "
            "together as they stand"
        )


def without_columns(frame: pd.DataFrame, drop: Sequence[str], target: str) -> pd.DataFrame:
    """A table without some columns.

    Raises:
        DataError: if one is not there, or is the target; with every such name.
    """
    names = [str(name) for name in frame.columns]
    problems = [f"there is no column {name!r}; {near(name, names)}" for name in drop if name not in names]
    if target in drop:
        problems.append(f"{target!r} is the target column")
    if problems:
        raise DataError(f"data.drop: {'; '.join(problems)}")
    return frame.drop(columns=list(drop))


def without_groups(frame: pd.DataFrame, groups: str | None, target: str) -> tuple[pd.DataFrame, pd.Series | None]:
    """A table without the column that says which rows belong together, and that column.

    Raises:
        DataError: if it is not there, is the target, or has missing values.
    """
    if groups is None:
        return frame, None
    names = [str(name) for name in frame.columns]
    if groups not in names:
        raise DataError(f"data.groups: there is no column {groups!r}; {_absent(groups, frame)}")
    if groups == target:
        raise DataError(f"data.groups: {groups!r} is the target column")
    if missing := int(frame[groups].isna().sum()):
        raise DataError(
            f"data.groups: column {groups!r} has {missing:,} missing values: say which group each row is of"
        )
    return frame.drop(columns=groups), frame[groups]


def near(name: str, names: Sequence[str]) -> str:
    """Ask about the name that is nearest to one that is not there, or name those there are."""
    close = difflib.get_close_matches(str(name), names, n=1)
    return f"did you mean {listed(close)}?" if close else f"the columns are {listed(names)}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names in quotes, the first few where there are many."""
    shown = ", ".join(repr(str(name)) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
