"""How texts write what is no text (numbers, dates, values that are missing), and texts that differ in writing alone.

``counts`` here says how often each text stands in a column, and ``name`` is the column's.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

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
    "units": "write numbers without signs of percent or currency, and without units",
    "below": "write numbers below zero with the sign - before them",
}

_MINUS = {0x2212: "-", 0x2013: "-"}
"""The minus sign of printed text, and a dash that is taken for it."""

_BRACKETS = re.compile(r"\((?P<size>.+)\)")
"""A number below zero as accountants write it; words and codes in brackets look the same, but not beside numbers."""

_UNIT = re.compile(
    r"[+-]?\d[\d.,']*\s*(?P<after>[^\W\d_]{1,10}[23²³]?(/[^\W\d_]{1,5})?|°[CF]?)"
    r"|(?P<before>AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|INR|JPY|NOK|NZD|PLN|SEK|USD|ZAR|[AC]\$|R\$|US\$|Rs\.?|kr\.?)"
    r"\s*[+-]?\d[\d.,']*"
)
"""A number with its unit; codes such as 12A look the same, but do not all have one unit."""

_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"

_DATE = re.compile(
    rf"(\d{{4}}-\d\d?|\d{{4}}([-/.])\d\d?\2\d\d?|\d\d?([-/.])\d\d?\3(\d\d|\d{{4}})"
    rf"|\d\d?[- ]{_MONTH}[-, ]+\d{{2,4}}|{_MONTH} \d\d?,? \d{{4}})"
    r"([T ]\d\d?:\d\d(:\d\d([.,]\d+)?)?)?( ?(Z|UTC|[AP]M|[+-]\d\d:?\d\d))?|\d\d?:\d\d(:\d\d)?( ?[AP]M)?",
    re.IGNORECASE,
)
"""A date with or without a time, or a time."""

_NO_NUMBERS = ("text", "absent", "date")


def toml_list(texts: Sequence[str]) -> str:
    r"""Texts as a list in TOML, for a message to be copied from.

    >>> print(toml_list(["a", 'b"']))
    ["a", "b\""]
    """
    return json.dumps([str(text) for text in texts], ensure_ascii=False)


def numbers_as_text(counts: pd.Series, name: str, *, target: bool) -> str:
    """What is said of a column of text most of whose values are numbers; a target of plain numbers alone is classes."""
    forms = _forms(counts)
    sums = {kind: int(counts[[f == kind for f in forms.values()]].sum()) for kind in set(forms.values())}
    numbers = sum(count for kind, count in sums.items() if kind not in _NO_NUMBERS)
    values = counts.sum() - sums.get("absent", 0)
    if 2 * numbers <= values or not numbers or (target and sums.keys() == {"number"}):
        return ""
    said = [f"column {name!r} is text, but {numbers:,} of its {counts.sum():,} values are numbers"]
    others = {text: int(counts[text]) for text, kind in forms.items() if kind in _NO_NUMBERS}
    if others:
        said.append(f"not numbers: {_tokens(others, name)}")
    said += _cures(forms, counts, name)
    if sums.keys() & {"text", "date"}:
        said.append("correct these rows or remove them")
    if not others and sums.keys() == {"number"}:
        said.append("turn it into numbers, or into a categorical if they are codes")
    leave = f"leave the column out with data.drop = {toml_list([name])}"
    return "; ".join([*said, "or predict another column" if target else f"or {leave}"])


def _cures(forms: Mapping[str, str], counts: pd.Series, name: str) -> list[str]:
    """What to do about numbers that are written otherwise, and about words for a missing value."""
    said = []
    for form, cure in _CURES.items():
        written = {text: int(counts[text]) for text, kind in forms.items() if kind == form}
        if written:
            said.append(f"written otherwise are {_tokens(written, name)}: {cure}")
    absent = [text for text, kind in forms.items() if kind == "absent"]
    if absent:
        words = toml_list(list(dict.fromkeys(text.strip() for text in absent)))
        said.append(f"where these stand for a missing value, set data.missing = {words}")
    return said


def _tokens(texts: Mapping[str, int], name: str, most: int = 5) -> str:
    shown = [f"{text!r} ({n:,}{', its own heading' if text == name else ''})" for text, n in list(texts.items())[:most]]
    return ", ".join(shown) + (f" and {len(texts) - most} other texts" if len(texts) > most else "")


def dates_as_text(counts: pd.Series) -> str:
    """What is said of texts that are mostly dates or times, of many values; "" if they are not."""
    dates = [kind == "date" for kind in map(form_of, map(str, counts.index))]
    if sum(dates) <= FEW or 2 * counts[dates].sum() <= counts.sum():
        return ""
    return f"holds dates or times as text, such as {str(counts.index[dates.index(True)])!r}"


def writing_note(counts: pd.Series, name: str) -> str:
    """What is said of texts that differ only in blanks or in case, and so are values of their own."""
    texts = [str(text) for text in counts.index]
    plain = [" ".join(text.split()).casefold() for text in texts]
    often = Counter(plain)
    alike = [text for _, text in sorted(zip(plain, texts, strict=True)) if often[" ".join(text.split()).casefold()] > 1]
    if not alike:
        return ""
    told = ", ".join(f"{text!r} ({counts[text]:,})" for text in alike[:6])
    more = f" and {len(alike) - 6} more" if len(alike) > 6 else ""
    return f"column {name!r} has texts that differ only in blanks or case, each a value of its own: {told}{more}"


def absence_note(counts: pd.Series, name: str) -> str:
    """What is said of texts that often stand for a missing value, and are values like others here."""
    words = [text for text in map(str, counts.index) if form_of(text) == "absent"]
    if not words:
        return ""
    told, missing = ", ".join(f"{word!r} ({counts[word]:,})" for word in words), [word.strip() for word in words]
    return (
        f"column {name!r} has {told} as a value like others: if it is missing there, set data.missing = "
        + toml_list(list(dict.fromkeys(missing)))
    )


def _forms(counts: pd.Series) -> dict[str, str]:
    """How each text writes a number, seen beside the others: they tell what a comma is, and what a unit."""
    forms = {str(text): form_of(str(text)) for text in counts.index}
    if "decimal" in forms.values():  # then 1,234 has three decimals
        forms = {t: "decimal" if f == "thousands" and t.count(",") == 1 else f for t, f in forms.items()}
    if any(kind not in _NO_NUMBERS for kind in forms.values()):
        forms |= {text: "below" for text in forms if _in_brackets(text)}
    units: dict[str, list[str]] = {}
    for text in (text for text, kind in forms.items() if kind == "text"):
        if found := _UNIT.fullmatch(text.strip()):
            units.setdefault((found["after"] or found["before"]).lower(), []).append(text)
    return forms | {text: "units" for texts in units.values() if len(texts) > FEW for text in texts}


def _in_brackets(text: str) -> bool:
    """Whether a text is a number in brackets."""
    found = _BRACKETS.fullmatch(text.strip())
    return found is not None and form_of(found["size"]) not in _NO_NUMBERS


def form_of(text: str) -> str:
    """How a text writes a number: "number", a form that is read as text, "absent", "date", or "text".

    >>> [form_of(text) for text in ("1e3", "1,234", "0,5", "5 %", "?", "red", "2020-01-31")]
    ['number', 'thousands', 'decimal', 'units', 'absent', 'text', 'date']
    """
    word = text.strip()
    if word.lower() in _ABSENT:
        return "absent"
    if _NUMBER.fullmatch(word):
        return "number"
    if _DATE.fullmatch(word):
        return "date"
    if (plain := word.translate(_MINUS)) != word:
        return "below" if form_of(plain) not in _NO_NUMBERS else "text"
    return next((kind for kind, form in _WRITTEN.items() if form.fullmatch(word)), "text")
