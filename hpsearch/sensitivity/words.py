"""What tables say in words that terminals, pages and notes share: indices, what is cut, and where the best crowd."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from hpsearch.config.digits import decimal, digits
from hpsearch.config.hyperparameters import in_words
from hpsearch.config.messages import listed
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.edges import reachable
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

_BEYOND, _NOTHING = "better settings may lie beyond", "beyond that nothing is allowed"
_CHANCE = (
    "trials there are not shown to be better than others of their time, so the sampler may have crowded them there by "
    "chance"
)
"""What is said of an end at which the best trials crowd."""


def at_edges(edges: pd.DataFrame, limits: Mapping[str, tuple[float, float]]) -> str:
    """Whether the best trials lie at an end of a range, and whether the range can go on there.

    Args:
        edges: Of :func:`hpsearch.sensitivity.edges.edges`.
        limits: Lowest and highest value that a range may reach, by hyperparameter.
    """
    if edges.empty:
        return ""
    count, at = edges["trials"].max(), edges[edges["edge"] != ""].to_dict("records")
    if not at:
        return f"The {count} best trials crowd at no end of a range."
    ends: dict[str, list[str]] = {_BEYOND: [], _CHANCE: [], _NOTHING: []}
    for row in at:
        words = (_BEYOND if row["beyond"] else _CHANCE) if reachable(row, limits) else _NOTHING
        ends[words].append(f"the {row['edge']} end of {in_words(row['hyperparameter'])}")
    texts = [
        f"Of the {count} best trials at least half lie at {listed(parts)}: {words}."
        for words, parts in ends.items()
        if parts
    ]
    return " ".join(texts)


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
    if math.isnan(value):
        return "-"
    return f"{decimal(value, least=3, limit=limit)} {share_interval(low, high, limit=limit)}"


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
