"""Ranges: whether the best lies at a boundary, and which range to try next.

The rows that count are the best tenth of each scramble. A survey covers its space evenly, so a tenth of them would fall
into each tenth of a range that did not matter; where they crowd instead is where to look next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from hpsearch.sensitivity.designs import Design
from hpsearch.sensitivity.indices import INERT
from hpsearch.sensitivity.responses import Response, last
from hpsearch.space import Choice, Dimension, Float, Int

_TENTHS = 10
_WIDE = 0.8
"""Share of a range above which narrowing it is not worth a new study."""


@dataclass(frozen=True)
class _Crowd:
    """Where the best rows lie on one side of the cube."""

    units: Any
    shares: Any
    low: float
    high: float

    @classmethod
    def of(cls, units: Any, scramble: Any, cells: int) -> _Crowd:
        cell = np.minimum((units * cells).astype(int), cells - 1)
        shares = pd.crosstab(scramble, cell, normalize="index").reindex(columns=range(cells), fill_value=0.0).to_numpy()
        low, high = np.quantile(units, [0.05, 0.95])
        return cls(units, shares, float(low), float(high))

    @property
    def boundary(self) -> str:
        """The end of the range at which the best crowd, or nothing.

        The cell there holds more than its even share, by the 95 % t-interval over scrambles, and the fullest cell lies
        within that interval.
        """
        mean = self.shares.mean(axis=0)
        error = self.shares.std(axis=0, ddof=1) / np.sqrt(len(self.shares))
        half = stats.t.isf(0.025, len(self.shares) - 1) * error
        for name, cell in (("low", 0), ("high", -1)):
            if mean[cell] - half[cell] > 1 / len(mean) and mean.max() <= mean[cell] + half[cell]:
                return name
        return ""


def next_ranges(
    table: pd.DataFrame,
    design: Design,
    taken: Response,
    verdicts: pd.Series,
    *,
    limits: Mapping[str, tuple[float, float]],
) -> pd.DataFrame:
    """Propose a range for each hyperparameter, with the evidence.

    Args:
        table: Of the survey.
        design: Of the survey.
        taken: The response; lower is better.
        verdicts: Of the total index, by hyperparameter: what is inert keeps its range.
        limits: Lowest and highest value that a hyperparameter may take at all.

    Returns:
        A row a hyperparameter. Columns: response, form, hyperparameter, low, high, scale, verdict, share_low,
        share_high (of the best tenth, in the lowest and highest tenth of the range or choice), best_low, best_median,
        best_high (5, 50 and 95 % of the best tenth), boundary ("low", "high" or ""), next_low, next_high, next_choices,
        reason.
    """
    rows = last(table).reset_index(drop=True)
    place = pd.Series(taken.values).groupby(rows["scramble"].to_numpy()).rank(method="first", pct=True)
    best = rows[(place <= 1 / _TENTHS).to_numpy()]
    cube = design.space.to_unit({name: best[name].to_numpy() for name in design.space})
    found = []
    for k, (name, dimension) in enumerate(design.space.items()):
        cells = len(dimension.choices) if isinstance(dimension, Choice) else _TENTHS
        crowd = _Crowd.of(cube[:, k], best["scramble"].to_numpy(), cells)
        found.append(_proposal(name, dimension, crowd, str(verdicts[name]), limits.get(name, (-np.inf, np.inf))))
    frame = pd.DataFrame(found)
    frame.insert(0, "response", taken.name)
    frame.insert(1, "form", taken.form)
    words = ("response", "form", "hyperparameter", "scale", "verdict", "boundary", "reason")
    return frame.astype(dict.fromkeys(words, "str"))


def _proposal(
    name: str, dimension: Dimension, crowd: _Crowd, verdict: str, limit: tuple[float, float]
) -> dict[str, Any]:
    mean = crowd.shares.mean(axis=0)
    low, middle, high = dimension.from_unit(np.quantile(crowd.units, [0.05, 0.5, 0.95])).tolist()
    row = {
        "hyperparameter": name,
        "low": _ends(dimension)[0],
        "high": _ends(dimension)[1],
        "scale": "choices" if isinstance(dimension, Choice) else "log" if dimension.log else "linear",
        "verdict": verdict,
        "share_low": mean[0],
        "share_high": mean[-1],
        "best_low": low,
        "best_median": middle,
        "best_high": high,
        "boundary": crowd.boundary,
    }
    following, reason = _next(dimension, crowd, verdict, limit)
    choices = following.choices if isinstance(following, Choice) else None
    ends = _ends(following)
    return {**row, "next_low": ends[0], "next_high": ends[1], "next_choices": choices, "reason": reason}


def _ends(dimension: Dimension) -> tuple[Any, Any]:
    if isinstance(dimension, Choice):
        return dimension.choices[0], dimension.choices[-1]
    return dimension.low, dimension.high


def _next(dimension: Dimension, crowd: _Crowd, verdict: str, limit: tuple[float, float]) -> tuple[Dimension, str]:
    if verdict == INERT:
        return dimension, "inert: any value does, so fix it or leave it"
    if isinstance(dimension, Choice):
        return _next_choices(dimension, crowd, limit)
    low, high = crowd.low, crowd.high
    if not crowd.boundary and high - low > _WIDE:
        return dimension, "the best lie all over it"
    half = (high - low) / 2
    if crowd.boundary == "low":
        low = -half
    if crowd.boundary == "high":
        high = 1 + half
    wanted = [_stretched(dimension, unit) for unit in (low, high)]
    ends = [min(max(value, limit[0]), limit[1]) for value in wanted]
    if isinstance(dimension, Int):
        following: Dimension = Int(round(ends[0]), max(round(ends[1]), round(ends[0]) + 1), dimension.log)
    else:
        following = Float(_rounded(ends[0]), _rounded(ends[1]), dimension.log)
    if not crowd.boundary:
        return following, "the middle 90 % of the best"
    stopped = " as far as it may go" if ends != wanted else ""
    return following, f"the best crowd at the {crowd.boundary} end: beyond it{stopped}"


def _next_choices(dimension: Choice, crowd: _Crowd, limit: tuple[float, float]) -> tuple[Dimension, str]:
    shares = crowd.shares.mean(axis=0)
    kept = [c for c, share in zip(dimension.choices, shares, strict=True) if share >= 0.5 / len(shares)]
    beyond: list[Any] = []
    first, last_ = dimension.choices[0], dimension.choices[-1]
    numeric = all(isinstance(c, int | float) and not isinstance(c, bool) and c > 0 for c in dimension.choices)
    if numeric and crowd.boundary == "low" and isinstance(first, int | float):
        half = first // 2 if isinstance(first, int) else first / 2
        beyond = [half] if half >= max(limit[0], 1 if isinstance(first, int) else 0) and half > 0 else []
        kept = [*beyond, *kept]
    if numeric and crowd.boundary == "high" and isinstance(last_, int | float):
        beyond = [2 * last_] if 2 * last_ <= limit[1] else []
        kept = [*kept, *beyond]
    if len(kept) < 2:
        return dimension, "one choice holds the best: fix it"
    words = f"the best crowd at the {crowd.boundary} end: " if crowd.boundary else ""
    if beyond:
        return Choice(tuple(kept)), f"{words}{beyond[0]} joins"
    if len(kept) == len(dimension.choices):
        return dimension, f"{words}as far as it may go" if words else "the best lie all over it"
    return Choice(tuple(kept)), f"{words}without the choices that hold few of the best"


def _stretched(dimension: Float | Int, unit: float) -> float:
    """The value at a point that may lie beyond the unit interval."""
    if dimension.log:
        return float(np.exp(np.log(dimension.low) + unit * np.log(dimension.high / dimension.low)))
    return float(dimension.low + unit * (dimension.high - dimension.low))


def _rounded(value: float) -> float:
    """To two digits, which is finer than what is known of it."""
    return float(f"{value:.2g}")


def refined(proposals: pd.DataFrame, space: Mapping[str, Dimension]) -> dict[str, Dimension]:
    """The proposed ranges as dimensions of a space."""
    rows: dict[Any, dict[str, Any]] = {row["hyperparameter"]: row for row in proposals.to_dict("records")}  # type: ignore[misc]
    following: dict[str, Dimension] = {}
    for name, dimension in space.items():
        row = rows[name]
        if isinstance(dimension, Choice):
            following[name] = Choice(tuple(row["next_choices"]))
        elif isinstance(dimension, Int):
            following[name] = Int(int(row["next_low"]), int(row["next_high"]), dimension.log)
        else:
            following[name] = Float(float(row["next_low"]), float(row["next_high"]), dimension.log)
    return following
