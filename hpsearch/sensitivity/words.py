"""What the tables of a survey say in words that terminals and notes share: indices with intervals, and what is cut."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from hpsearch.config.digits import digits
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.responses import Kind

TOTAL_ORDER = (
    "the share of a setting with all that it does together with others, so that these may sum to more than 1; first "
    "order: by itself"
)
"""What a total and a first-order index are, for a legend."""

MEAN_ORDER = "the part of the total order that is left when the response is averaged over seeds"
"""What a mean index is, for a legend."""

_ROUNDED = 0.0005
"""What three decimals do not show."""


def clipping(survey: Survey) -> str:
    """How many values of a survey's response count as its ceiling or its floor, to go on from its form; or nothing."""
    response, kind = survey.take(), survey.kinds.get(survey.response, Kind())
    words, rows = "", len(response.values)
    if kind.ceiling is not None:
        guess = "an answer that ignores its input; " if survey.budget else ""
        words = f", clipped at {kind.ceiling:.3g} ({guess}{response.at_ceiling:,} of {rows:,} rows)"
    if kind.floor is not None and response.at_floor:
        perfect = "as good as perfect; " if survey.budget else ""
        words += f", not below {kind.floor:.3g} ({perfect}{response.at_floor:,} of {rows:,} rows)"
    return words


def index_with_interval(row: Mapping[Any, Any], part: Literal["first", "total", "mean"]) -> str:
    """An index of a row of ``Survey.sensitivity()`` with its interval, as text; "-" where it has none."""
    value, low, high = (row[f"{part}_{column}"] for column in ("order", "low", "high"))
    limit = None if part == "first" else row["share"]
    return "-" if math.isnan(value) else f"{value:.3f} {share_interval(low, high, limit=limit)}"


def share_interval(low: float, high: float, *, limit: float | None = None) -> str:
    """The interval of a share, cut at 0 and 1 with the marks <0 and >1 (see :func:`cut_mark`).

    Args:
        low: Its lower end.
        high: Its upper end.
        limit: A share that no end must read as if it is another: the verdict rests on it.
    """
    count = digits((low, high), () if limit is None else (limit,), least=3)
    first = "<0" if low <= -_ROUNDED else f"{max(low, 0.0):.{count}f}"
    last = ">1" if high >= 1 + _ROUNDED else f"{min(high, 1.0):.{count}f}"
    return f"[{first:>5}, {last:>5}]"


def cut_mark(rows: Sequence[Mapping[Any, Any]]) -> str:
    """What <0 and >1 mean in the printed intervals of rows of ``Survey.sensitivity()``; "" where there is neither."""
    parts = ("first", "total", "mean")
    if any(row[f"{p}_low"] <= -_ROUNDED or row[f"{p}_high"] >= 1 + _ROUNDED for row in rows for p in parts):
        return "<0 and >1: the interval is cut there, for a share lies in 0 to 1; what lies beyond is sampling error"
    return ""
