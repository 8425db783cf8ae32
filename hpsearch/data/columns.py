"""What a column of a raw table holds, and what speaks against it: numbers written as text, identifiers, odd values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_MOST_CATEGORIES = 1000

_LARGEST = 1e30

FEW = 10
"""Distinct texts that no column of any length has too many of."""

_ABSENT = frozenset(
    ("", "?", "-", "--", ".", "*", "na", "n/a", "n.a.", "nan", "none", "null", "nil", "missing", "unknown")
) | {"#n/a", "#value!", "#div/0!", "#ref!", "#num!"}
"""What people write where a number is missing."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

_WRITTEN = {
    "thousands": re.compile(r"[+-]?[1-9]\d{0,2}(([,'\u2019\u00a0\u202f ]\d{3})+(\.\d+)?|(\.\d{3}){2,}|(\.\d{3})+,\d+)"),
    "decimal": re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?"),
    "units": re.compile(r"[$€£¥]?\s*[+-]?\d[\d.,']*\s*[%$€£¥]?|[+-]?[$€£¥]\d[\d.,']*"),
}
"""Forms of numbers that are read as text."""

_CURES = {
    "thousands": "write numbers without separators of thousands",
    "decimal": 'set data.decimal = "," if commas stand before decimals',
    "units": "write numbers without signs of percent or currency",
}

_COLUMNS, _CELLS = 16, 1_000_000
"""Columns of numbers, at least, and cells, about, that are looked at together."""


def toml_list(texts: Sequence[str]) -> str:
    r"""Texts as a list in TOML, for a message to be copied from.

    >>> print(toml_list(["a", 'b"']))
    ["a", "b\""]
    """
    return json.dumps([str(text) for text in texts], ensure_ascii=False)


def is_numeric(column: pd.Series) -> bool:
    """Whether a column holds numbers; bools do not count."""
    return is_numeric_dtype(column.dtype)


def is_numeric_dtype(dtype: Any) -> bool:
    """Whether columns of a dtype hold numbers."""
    from pandas.api import types

    return types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype) and not types.is_complex_dtype(dtype)


def column_problems(frame: pd.DataFrame, target: str, words: Mapping[str, str] | None = None) -> list[str]:
    """What keeps columns from being used, a sentence each, in the order of the columns.

    Args:
        frame: The raw table; its names are unique.
        target: Name of the target column.
        words: What is written where values are missing, by column, where that may be meant as a value.
    """
    problems: dict[str, list[str]] = {}
    for block in number_blocks(frame):
        problems |= _number_problems(block)
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


def _number_problems(block: pd.DataFrame) -> dict[str, list[str]]:
    numbers = np.abs(block.to_numpy(dtype=float, na_value=np.nan))
    if numbers.max(initial=0.0) <= _LARGEST:  # neither missing nor infinite values, which compare as false
        return {}
    missing, infinite = np.isnan(numbers).sum(axis=0), np.isinf(numbers).sum(axis=0)
    large = (np.isfinite(numbers) & (numbers > _LARGEST)).sum(axis=0)
    problems = {}
    for name, absent, endless, big in zip(block.columns, missing, infinite, large, strict=True):
        told = [_missing(str(name), absent)] if absent else []
        if endless:
            told.append(f"column {str(name)!r} has {endless} infinite values: replace or drop them first")
        if big:
            told.append(f"column {str(name)!r} has {big} values beyond 1e30: rescale it first")
        problems[str(name)] = told
    return problems


def _missing(name: str, count: int, words: str = "") -> str:
    """What is said of missing values; of those that are written as words, that they may be meant as a value."""
    told, cure = f"column {name!r} has {count} missing values", "fill or drop those rows first"
    if words:
        told += f", written {words}"
        cure = f'set data.missing = [""] if that is a value like others (only blanks are missing then), else {cure}'
    return f'{told}: {cure} (data.incomplete = "drop" leaves them out)'


def _other_problems(column: pd.Series, name: str, target: str, words: Mapping[str, str]) -> list[str]:
    import pandas as pd
    from pandas.api import types

    drop = "predict another column" if name == target else f"leave it out with data.drop = {toml_list([name])}"
    if types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column) or types.is_complex_dtype(column):
        return [f"column {name!r} has dtype {column.dtype}: turn it into numbers or text, or {drop}"]
    missing = int(column.isna().sum())
    if missing:
        return [_missing(name, missing, words.get(name, ""))]
    if strange := _strange(column, name, drop):
        return [strange]
    counts = column.value_counts()
    counts = counts[counts > 0]  # unused categories are counted too
    texts = len(counts) > 0 and isinstance(counts.index[0], str) and not isinstance(column.dtype, pd.CategoricalDtype)
    if texts and (told := numbers_as_text(counts, name, target=name == target)):
        return [told]
    if name == target or not too_many(len(counts), len(column)):
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


def numbers_as_text(counts: pd.Series, name: str, *, target: bool) -> str:
    """What is said of a column of text most of whose values are numbers; a target of plain numbers alone is classes."""
    forms = {str(text): form_of(str(text)) for text in counts.index}
    if "decimal" in forms.values():  # then 1,234 has three decimals
        forms = {t: "decimal" if f == "thousands" and t.count(",") == 1 else f for t, f in forms.items()}
    sums = {kind: int(counts[[f == kind for f in forms.values()]].sum()) for kind in set(forms.values())}
    numbers = sum(count for kind, count in sums.items() if kind not in ("text", "absent"))
    values = numbers + sums.get("text", 0)
    if 2 * numbers <= values or not numbers or (target and sums.keys() == {"number"}):
        return ""
    said = [f"column {name!r} is text, but {numbers:,} of its {counts.sum():,} values are numbers"]
    others = {text: int(counts[text]) for text, kind in forms.items() if kind in ("text", "absent")}
    if others:
        said.append(f"not numbers: {_tokens(others, name)}")
    for kind, cure in _CURES.items():
        written = {text: int(counts[text]) for text, form in forms.items() if form == kind}
        if written:
            said.append(f"written otherwise are {_tokens(written, name)}: {cure}")
    absent = [text for text, kind in forms.items() if kind == "absent"]
    if absent:
        words = toml_list(list(dict.fromkeys(text.strip() for text in absent)))
        said.append(f"where these stand for a missing value, set data.missing = {words}")
    if "text" in sums:
        said.append("correct these rows or remove them")
    if not others and sums.keys() == {"number"}:
        said.append("turn it into numbers, or into a categorical if they are codes")
    return "; ".join(
        [
            *said,
            "or predict another column" if target else f"or leave the column out with data.drop = {toml_list([name])}",
        ]
    )


def _tokens(texts: Mapping[str, int], name: str, most: int = 5) -> str:
    shown = [f"{text!r} ({n:,}{', its own heading' if text == name else ''})" for text, n in list(texts.items())[:most]]
    return ", ".join(shown) + (f" and {len(texts) - most} other texts" if len(texts) > most else "")


def form_of(text: str) -> str:
    """How a text writes a number: "number", a form that is read as text, "absent", or "text" if it is none.

    >>> [form_of(text) for text in ("1e3", "1,234", "0,5", "5 %", "?", "red")]
    ['number', 'thousands', 'decimal', 'units', 'absent', 'text']
    """
    word = text.strip()
    if word.lower() in _ABSENT:
        return "absent"
    if _NUMBER.fullmatch(word):
        return "number"
    return next((kind for kind, form in _WRITTEN.items() if form.fullmatch(word)), "text")
