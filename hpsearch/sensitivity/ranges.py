"""Ranges: whether the best lie at a boundary, and which range to try next.

The rows that count are the best tenth of each scramble, at least one; rows that tie at the cut count in part. A survey
covers its space evenly, so a tenth of them would fall into each tenth of a range that did not matter; where they crowd
instead is where to look next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.sensitivity.crowds import Crowd
from hpsearch.sensitivity.designs import Design, DesignError
from hpsearch.sensitivity.edges import TENTHS
from hpsearch.sensitivity.effects import cell_ends
from hpsearch.sensitivity.proposals import Proposal, proposal
from hpsearch.sensitivity.responses import Response, last
from hpsearch.space import Choice, Dimension, Float, Int

_OF_AN_ORDER = (
    "low", "high", "share_low", "share_high", "best_low", "best_median", "best_high", "next_low", "next_high",
)  # fmt: skip
"""Columns of what has an order, missing for words."""


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
        verdicts: By hyperparameter: what is inert or re-rolls luck keeps its range.
        limits: Lowest and highest value that a proposed range may reach, by hyperparameter.
        budget: The hyperparameter that says how long a training is; the reason tells what more of it costs.

    Returns:
        A row a hyperparameter. Columns: response, form, hyperparameter, low, high, scale, verdict, share_low,
        share_high (of the best tenth, in the lowest and highest tenth of the range or choice), best_low, best_median,
        best_high (5, 50 and 95 % of the best tenth), boundary ("low", "high" or ""), next_low, next_high, next_choices
        (one alone where the setting is to be fixed at it), reason. Words have no order: of them next_choices alone is
        proposed, the set that is not shown to be worse, and what speaks of ends and quantiles is missing.
    """
    cost = _cost(response)
    ties, proposals = float((cost == cost.min()).mean()), []
    for name, crowd in _crowds(response, design, table=table).items():
        dimension = design.space[name]
        verdict = str(verdicts[name])
        following = proposal(dimension, crowd, verdict=verdict, limit=limits.get(name, (-inf, inf)))
        reason = following.reason
        if name == budget:
            reason += longer(dimension, following.dimension)
        if ties > 0.5:
            reason += f"; {ties:.0%} of all rows tie for the best".replace("%", " %")
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
        confidence: Of the interval of a share (see :meth:`hpsearch.sensitivity.crowds.Crowd.half_width`).

    Returns:
        A row a cell: a tenth of a range (tenths that are one and the same whole number count as one), a choice, or one
        of few whole numbers. Columns: response, form, hyperparameter, low, high, scale, value (the cell's ends and
        middle, and the scale of its range), share (of the best tenth, in the cell), share_low, share_high, even_share
        (that it would hold if the setting did not matter).
    """
    parts = []
    for name, crowd in _crowds(response, design, table=table).items():
        ends = cell_ends(design.space[name], crowd.shares.shape[1])
        place = pd.factorize(ends["value"])[0]
        own = replace(crowd, shares=pd.DataFrame(crowd.shares.T).groupby(place).sum().to_numpy().T)
        part = ends.groupby(place).agg({"low": "first", "high": "last", "scale": "first", "value": "first"})
        labels = {"response": response.name, "form": response.form, "hyperparameter": name}
        for position, label in enumerate(labels.items()):
            part.insert(position, *label)
        mean, half, even = own.shares.mean(axis=0), own.half_width(confidence), np.bincount(place) / len(place)
        low, high = np.maximum(mean - half, 0.0), np.minimum(mean + half, 1.0)
        parts.append(part.assign(share=mean, share_low=low, share_high=high, even_share=even))
    return pd.concat(parts, ignore_index=True)


def _crowds(response: Response, design: Design, *, table: pd.DataFrame) -> dict[str, Crowd]:
    """Where the best tenth of each scramble's rows lie in each range, by hyperparameter."""
    rows = last(table).reset_index(drop=True)
    weights = _cost(response).groupby(rows["scramble"].to_numpy()).transform(_best).to_numpy()
    best, weights = rows[weights > 0], weights[weights > 0]
    ordered = sum(dimension.ordered for dimension in design.space.values())
    return {
        name: Crowd.of(
            dimension,
            best[name].to_numpy(),
            weights=weights,
            scramble=best["scramble"].to_numpy(),
            cells=dimension.cells(TENTHS),
            ranges=ordered,
        )
        for name, dimension in design.space.items()
    }


def _cost(response: Response) -> pd.Series:
    return pd.Series(response.values if response.better == "lower" else -response.values)


def _best(cost: pd.Series) -> pd.Series:
    """How much of each row is among the best tenth, at least one row: those that tie at the cut share what is left."""
    count = max(len(cost) // TENTHS, 1)
    cut = np.partition(cost.to_numpy(), count - 1)[count - 1]
    better, ties = cost < cut, cost == cut
    return better + ties * (count - better.sum()) / ties.sum()


def _evidence(dimension: Dimension, crowd: Crowd, *, verdict: str, following: Proposal) -> dict[str, Any]:
    shares = crowd.shares.mean(axis=0)
    low, middle, high = dimension.from_unit(crowd.quantiles).tolist()
    evidence = {
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
        "next_choices": following.choices,
    }
    if not dimension.ordered:
        evidence |= dict.fromkeys(_OF_AN_ORDER, np.nan)
    return evidence


def longer(dimension: Dimension, following: Dimension) -> str:
    """What the proposed range of the budget costs, to go on from a reason; nothing where it goes no higher."""
    times = float(following.values(2).max()) / float(dimension.values(2).max())
    return f"; trains up to {times:.3g} times as long" if times > 1 else ""


def refined(proposals: pd.DataFrame, space: Mapping[str, Dimension]) -> dict[str, Dimension]:
    """The proposed ranges as dimensions of a space; what is to be fixed keeps its own.

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
            choices = tuple(row["next_choices"])
            following[name] = Choice(choices) if len(choices) > 1 else dimension
        elif isinstance(dimension, Int):
            following[name] = Int(int(row["next_low"]), int(row["next_high"]), dimension.log)
        else:
            following[name] = Float(float(row["next_low"]), float(row["next_high"]), dimension.log)
    return following
