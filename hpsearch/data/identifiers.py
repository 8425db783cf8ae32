"""Columns that name the rows: a network that learns them by heart knows nothing of rows to come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.checks import index_words
from hpsearch.data.columns import number_blocks, numeric_columns, too_many
from hpsearch.data.forms import FEW, dates_as_text, numbers_as_text, toml_list, writing_note

if TYPE_CHECKING:
    import pandas as pd


def identifiers(frame: pd.DataFrame, target: str) -> dict[str, str]:
    """Names of the columns that look like identifiers, or hold dates as text, each with what speaks for it."""
    features = frame.drop(columns=[target], errors="ignore")
    reasons = _counts(features)
    for name, numeric in zip(features.columns, numeric_columns(features), strict=True):
        if not numeric and all(isinstance(value, str) for value in features[name]):
            counts = features[name].value_counts()
            if dates := dates_as_text(counts):
                reasons[str(name)] = f"{dates} (the split is at random; data.shuffle = false keeps the rows' order)"
            elif too_many(len(counts), len(frame)) and not numbers_as_text(counts, str(name), target=False):
                told = f"is text with {len(counts):,} distinct values in {len(frame):,} rows"
                together = " (if rows of one value belong together, name it in data.groups instead)"
                reasons[str(name)] = told + together * (len(counts) < len(frame))
    return {str(name): reasons[str(name)] for name in features.columns if str(name) in reasons}


def column_notes(frame: pd.DataFrame, target: str) -> list[str]:
    """What a user should know of columns that can be used: identifiers, and texts of many values or spellings."""
    features = frame.drop(columns=[target])
    notes = [
        f"column {name!r} {reason}: if it is an identifier, leave it out with data.drop = {toml_list([name])}"
        for name, reason in _counts(features).items()
    ]
    for name, numeric in zip(features.columns, numeric_columns(features), strict=True):
        if not numeric:
            distinct = features[name].nunique()
            if distinct > max(FEW, len(frame) / 10):
                told = f"column {str(name)!r} is text with {distinct} distinct values in {len(frame):,} rows"
                notes.append(f"{told}, an input each")
    if words := index_words(frame):
        notes.append(words)
    return [*notes, *_group_notes(features), *_rounding_notes(features), *_writing_notes(frame)]


def _group_notes(features: pd.DataFrame) -> list[str]:
    """What is said of columns that name who a row is of, where one has several rows: at random it is in every split."""
    named = [name for name in features.columns if _NAMED.search(str(name)) or _OWNERS.fullmatch(str(name))]
    distinct = {str(name): features[name].nunique() for name in named}
    return [
        f"column {name!r} has {count:,} values in {len(features):,} rows: if rows of one value belong together, as "
        f"those of a patient do, keep them in one split by data.groups = {toml_list([name])[1:-1]}"
        for name, count in distinct.items()
        if FEW <= count <= len(features) / 2
    ]


def _rounding_notes(features: pd.DataFrame) -> list[str]:
    """What is said of whole numbers that are no others as floats, which the network reads."""
    whole = features.select_dtypes("integer")
    largest = np.maximum(np.abs(whole.max().astype(float)), np.abs(whole.min().astype(float)))
    large = [name for name, size in zip(whole.columns, largest, strict=True) if size > _EXACT]
    kept = {str(name): (whole[name].nunique(), whole[name].astype(float).nunique()) for name in large}
    return [
        f"column {name!r} holds whole numbers beyond 2**53, and floats round them: of {before:,} distinct values "
        f"{after:,} are left"
        for name, (before, after) in kept.items()
        if after < before
    ]


def _writing_notes(frame: pd.DataFrame) -> list[str]:
    texts = (name for name, numeric in zip(frame.columns, numeric_columns(frame), strict=True) if not numeric)
    counts = {str(name): frame[name].value_counts() for name in texts}
    notes = [writing_note(many, name) for name, many in counts.items() if isinstance(many.index[0], str)]
    return [note for note in notes if note]


def _counts(features: pd.DataFrame) -> dict[str, str]:
    """Columns of whole numbers that count the rows, each with how."""
    reasons = {}
    for block in number_blocks(features):
        numbers = block.to_numpy(dtype=float, na_value=np.nan)
        wide = numbers.max(axis=0) - numbers.min(axis=0) >= len(features) - 1  # else whole numbers repeat
        for i in np.flatnonzero(wide & (numbers[:2] == np.rint(numbers[:2])).all(axis=0)).tolist():
            if what := _counting(numbers[:, i], str(block.columns[i])):
                reasons[str(block.columns[i])] = what
    return reasons


_EXACT = 2**53
"""Up to which floats hold every whole number."""

_NAMED = re.compile(r"(?i:(^|[_\W])(id|idx|index|key|nr|no))$|[a-z](Id|ID)$")
"""Names that people give to identifiers."""


_OWNERS = re.compile(
    r"(patient|proband|subject|participant|person|customer|client|user|household|family|session|device)"
    r"(en|s)?[ _-]?(id|nr|no|key|code|number)?",
    re.IGNORECASE,
)
"""Names of those who have several rows in a table."""


def _counting(column: NDArray[np.float64], name: str) -> str:
    """How numbers count or name the rows; "" if they do not."""
    if len(column) < FEW or not (column == np.rint(column)).all() or len(np.unique(column)) < len(column):
        return ""
    low, high = np.min(column), np.max(column)
    if high - low == len(column) - 1:
        return f"counts the rows ({low:.0f} to {high:.0f})"
    if (np.diff(column) > 0).all():
        return f"holds whole numbers that rise from row to row ({low:.0f} to {high:.0f})"
    return "holds another whole number in each row" if _NAMED.search(name) else ""
