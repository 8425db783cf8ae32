"""Ranges: whether the best lie at a boundary, and which range to try next.

The rows that count are the best tenth of each scramble. A survey covers its space evenly, so a tenth of them would fall
into each tenth of a range that did not matter; where they crowd instead is where to look next.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hpsearch.sensitivity.designs import Design, DesignError
from hpsearch.sensitivity.effects import cell_ends
from hpsearch.sensitivity.proposals import Crowd, proposal
from hpsearch.sensitivity.responses import Response, last
from hpsearch.space import Choice, Dimension, Float, Int

_TENTHS = 10


def next_ranges(
    response: Response,
    design: Design,
    *,
    table: pd.DataFrame,
    verdicts: pd.Series,
    limits: Mapping[str, tuple[float, float]],
    budget: str | None = None,
) -> pd.DataFrame:
    """Propose a range for each hyperparameter, with the evidence.

    A range goes at most an octave (a linear one: a quarter of itself) beyond an end at which the best crowd.

    Args:
        response: On the rows of the table.
        design: Of the survey.
        table: Of the survey.
        verdicts: Of the total index, by hyperparameter: what is inert keeps its range.
        limits: Lowest and highest value that a proposed range may reach, by hyperparameter.
        budget: The hyperparameter that says how long a training is; the reason tells what more of it costs.

    Returns:
        A row a hyperparameter. Columns: response, form, hyperparameter, low, high, scale, verdict, share_low,
        share_high (of the best tenth, in the lowest and highest tenth of the range or choice), best_low, best_median,
        best_high (5, 50 and 95 % of the best tenth), boundary ("low", "high" or ""), next_low, next_high, next_choices,
        reason.
    """
    proposals = []
    for name, crowd in _crowds(response, design, table=table).items():
        dimension = design.space[name]
        verdict = str(verdicts[name])
        following, reason = proposal(dimension, crowd, verdict=verdict, limit=limits.get(name, (-inf, inf)))
        longer = _largest(following) / _largest(dimension) if name == budget else 1.0
        if longer > 1:
            reason += f"; trains up to {longer:.3g} times as long"
        row = {"response": response.name, "form": response.form, "hyperparameter": name}
        proposals.append({**row, **_evidence(dimension, crowd, verdict=verdict, following=following), "reason": reason})
    words = ("response", "form", "hyperparameter", "scale", "verdict", "boundary", "reason")
    return pd.DataFrame(proposals).astype(dict.fromkeys(words, "str"))


def best_tenth(response: Response, design: Design, *, table: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Where in each range the best tenth lie.

    Args:
        response: On the rows of the table.
        design: Of the survey.
        table: Of the survey.
        confidence: Of the interval of a share, a t-interval over scrambles; its ends may lie beyond 0 and 1.

    Returns:
        A row a cell: a tenth of a range, a choice, or one of few whole numbers; no row where a cell holds no whole
        number. Columns: response, form, hyperparameter, low, high, scale, value (the cell's ends and middle, and the
        scale of its range), share (of the best tenth, in the cell), share_low, share_high, even_share (that it would
        hold if the setting did not matter).
    """
    parts = []
    for name, crowd in _crowds(response, design, table=table).items():
        mean, half = crowd.shares.mean(axis=0), crowd.half_width(confidence)
        even = _even_shares(design.space[name], len(mean))
        part = cell_ends(design.space[name], len(mean))
        labels = {"response": response.name, "form": response.form, "hyperparameter": name}
        for place, (column, word) in enumerate(labels.items()):
            part.insert(place, column, pd.Series([word] * len(part), dtype="str"))
        part = part.assign(share=mean, share_low=mean - half, share_high=mean + half, even_share=even)
        parts.append(part[even > 0])
    return pd.concat(parts, ignore_index=True)


def _even_shares(dimension: Dimension, count: int) -> NDArray[np.float64]:
    """Share of a range in each of so many cells, ``(cells,)``; a whole number's share lies in one cell."""
    points = (np.arange(count * 1000) + 0.5) / (count * 1000)
    cells = np.minimum((dimension.to_unit(dimension.from_unit(points)) * count).astype(int), count - 1)
    return np.bincount(cells, minlength=count) / len(points)


def _crowds(response: Response, design: Design, *, table: pd.DataFrame) -> dict[str, Crowd]:
    """Where the best tenth of each scramble's rows lie in each range, by hyperparameter."""
    rows = last(table).reset_index(drop=True)
    ranks = (
        pd.Series(response.values)
        .groupby(rows["scramble"].to_numpy())
        .rank(method="first", pct=True, ascending=response.better == "lower")
    )
    best = rows[(ranks <= 1 / _TENTHS).to_numpy()]
    cube, scramble = design.space.to_unit({n: best[n].to_numpy() for n in design.space}), best["scramble"].to_numpy()
    return {
        name: Crowd.of(cube[:, k], scramble, cells=dimension.cells(_TENTHS))
        for k, (name, dimension) in enumerate(design.space.items())
    }


def _evidence(dimension: Dimension, crowd: Crowd, *, verdict: str, following: Dimension) -> dict[str, Any]:
    shares = crowd.shares.mean(axis=0)
    low, middle, high = dimension.from_unit(crowd.quantiles).tolist()
    return {
        "low": dimension.ends[0],
        "high": dimension.ends[1],
        "scale": dimension.scale,
        "verdict": verdict,
        "share_low": shares[0],
        "share_high": shares[-1],
        "best_low": low,
        "best_median": middle,
        "best_high": high,
        "boundary": crowd.boundary,
        "next_low": following.ends[0],
        "next_high": following.ends[1],
        "next_choices": following.choices if isinstance(following, Choice) else None,
    }


def _largest(dimension: Dimension) -> float:
    return float(dimension.values(2).max())


def refined(proposals: pd.DataFrame, space: Mapping[str, Dimension]) -> dict[str, Dimension]:
    """The proposed ranges as dimensions of a space.

    Raises:
        DesignError: if nothing is proposed for one of the space's hyperparameters.
    """
    rows: dict[Any, dict[str, Any]] = {row["hyperparameter"]: row for row in proposals.to_dict("records")}  # type: ignore[misc]
    missing = [name for name in space if name not in rows]
    if missing:
        raise DesignError(f"no range is proposed for {missing[0]!r}: the survey is of {', '.join(rows)}")
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
