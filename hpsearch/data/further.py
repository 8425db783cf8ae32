"""Test examples that come in a table of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hpsearch.data.checks import DataError, listed
from hpsearch.data.columns import column_problems, numeric_columns
from hpsearch.data.forms import toml_list
from hpsearch.data.sources import RawTable

if TYPE_CHECKING:
    import pandas as pd


def alike(further: RawTable, table: pd.DataFrame, groups: pd.Series | None) -> RawTable:
    """Test examples with the columns of a checked table, in their order; columns that it has not are left out.

    Args:
        further: The test examples.
        table: The other examples.
        groups: Which group each of these is of, by a column that is no feature: the test examples need not have it.

    Raises:
        DataError: if it has no rows, or columns are missing, or hold numbers in one table and none in the other.
    """
    frame, name = further.frame.infer_objects(), further.name
    if frame.empty:
        raise DataError(f"{name} has no rows: give test examples, or a share of the table")
    if further.target not in frame.columns:
        raise DataError(
            f"{name} has no column {further.target!r}: test examples need the answers; rows without them are for "
            "network.predict, once a network is trained"
        )
    notes = list(further.notes)
    if groups is not None and groups.name in frame.columns:
        theirs = frame[groups.name].drop_duplicates()
        if shared := int(theirs.isin(groups).sum()):
            by = f"groups by {groups.name!r}"
            notes.append(f"{shared:,} of the {len(theirs):,} {by} have rows in the training table too")
    if absent := [str(column) for column in table.columns if column not in frame.columns]:
        leave = f"leave them out with data.drop = {toml_list(absent)}"
        raise DataError(f"{name} lacks the columns {listed(absent)}: add them, or {leave}")
    frame = frame[list(table.columns)]
    kinds = zip(table.columns, numeric_columns(table), numeric_columns(frame), strict=True)
    odd = [str(column) for column, one, other in kinds if one != other and frame[column].notna().any()]
    if odd:
        raise DataError(f"{name} and the training table differ in what is a number and what is text: {listed(odd)}")
    return replace(further, frame=frame, notes=tuple(notes))


def joined(frame: pd.DataFrame, further: RawTable, kind: str) -> pd.DataFrame:
    """The rows of a checked table, and below them the test examples.

    Args:
        frame: The table, whose columns the test examples have.
        further: The test examples.
        kind: "classification" or "regression".

    Raises:
        DataError: if the test examples cannot be used, or have classes of their own.
    """
    import pandas as pd

    target = further.target
    if kind == "classification":
        labels = further.frame[target].dropna()
        unknown = labels[~labels.astype(str).isin(frame[target].astype(str))].value_counts()
        unknown = unknown[unknown > 0]  # pandas counts unused categories too
        if len(unknown):
            told = listed([f"{label} ({count:,})" for label, count in unknown.items()])
            raise DataError(f"{further.name} has classes that no training row has: {told}; leave these rows out")
    both = pd.concat([frame, further.frame], ignore_index=True)
    # Of codes that are not the same in both tables pandas makes plain values: numbers, where the codes are.
    codes = [name for name, dtype in frame.dtypes.items() if isinstance(dtype, pd.CategoricalDtype)]
    both = both.astype(dict.fromkeys(codes, "category"))
    # All rows at once, the checked ones too: whether texts are numbers, or too many, is a matter of the whole column.
    if problems := column_problems(both, target, further.words):
        raise DataError(f"with the rows of {further.name}: {'; '.join(problems)}")
    return both


def further_notes(further: RawTable, train: pd.DataFrame) -> list[str]:
    """What a user should know of test examples: how many they are, and texts that the training rows have not.

    Args:
        further: The test examples.
        train: The training rows.
    """
    notes = [f"the test examples are the {len(further.frame):,} rows of {further.name}"]
    texts = [name for name, numeric in zip(train.columns, numeric_columns(train), strict=True) if not numeric]
    unknown = {
        str(name): int((~further.frame[name].astype(str).isin(train[name].astype(str))).sum())
        for name in texts
        if name != further.target
    }
    if told := [f"{name!r} ({count:,} rows)" for name, count in unknown.items() if count]:
        notes.append(
            f"{further.name} has texts that no training row has, and each is read as none of theirs: {', '.join(told)}"
        )
    return [*notes, *(f"{further.name}: {note}" for note in further.notes)]
