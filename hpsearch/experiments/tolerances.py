"""How wrong a setting may be: intervals and tests over seeds, and the stretches of a range that they allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from hpsearch.sensitivity.indices import Numbers

_STRETCHES = ("near", "tolerated", "unshown")


def intervals(samples: Numbers, *, step: float = 0.0) -> tuple[Numbers, Numbers, Numbers]:
    """Mean of each row with its 95 % t-interval over seeds.

    A share of n examples moves in steps of 1/n. Where few seeds meet few steps they may all agree by chance, and a
    t-interval would have no width. So with a step the half-width is at least that of Wilson's score interval (1927, J.
    Am. Stat. Assoc. 22) for a Poisson count of steps, as if examples changed sides one by one. What that does not cover
    is a seed that fails as a whole: k seeds miss a failure of probability p with probability (1 − p)ᵏ.

    Args:
        samples: ``(rows, seeds)``, at least two seeds.
        step: In which the samples move; 0 where they are continuous.

    Returns:
        Mean, lower end and upper end, each ``(rows,)``.
    """
    seeds = samples.shape[-1]
    mean, quantile = samples.mean(axis=-1), stats.t.isf(0.025, seeds - 1)
    half = quantile * samples.std(axis=-1, ddof=1) / np.sqrt(seeds)
    if step:
        unseen = quantile**2 * step / seeds
        half = np.maximum(half, unseen / 2 + np.sqrt(np.abs(mean) * unseen + unseen**2 / 4))
    return mean, mean - half, mean + half


def levels(samples: Numbers, *, step: float = 0.0) -> tuple[Numbers, Numbers, Numbers]:
    """As :func:`intervals`, of what lies far from 0: of a score itself, and of no difference.

    Most seeds get the same examples wrong, so with a step those count that change sides from the median over seeds on;
    and no share lies below 0.
    """
    middle = np.median(samples, axis=-1)
    mean, low, high = (end + middle for end in intervals(samples - middle[..., None], step=step))
    return mean, np.maximum(low, 0.0) if step else low, high


def interval_columns(name: str, interval: Any, *, ends: str = "") -> dict[str, Any]:
    """A mean with its interval, as the columns of a table.

    Args:
        name: Of the mean's column.
        interval: Mean, lower end and upper end.
        ends: What the names of the other two begin with, before _low and _high; the mean's by default.
    """
    mean, low, high = interval
    return {name: mean, f"{ends or name}_low": low, f"{ends or name}_high": high}


def excludable(points: float, *, examples: int, seeds: int) -> bool:
    """Whether a loss of so much can be excluded at all: it can where nothing changes, or nowhere.

    Args:
        points: Validation error that may be lost.
        examples: In the validation split.
        seeds: Trainings of each value.
    """
    return bool(intervals(np.zeros((1, seeds)), step=1 / examples)[2][0] < points)


def p_values(samples: Numbers, *, step: float = 0.0) -> Numbers:
    """Two-sided p-values of a mean of 0, at or below 0.05 where the interval of :func:`intervals` excludes it.

    Args:
        samples: ``(rows, seeds)``, at least two seeds.
        step: In which the samples move; 0 where they are continuous.

    Returns:
        ``(rows,)``; 1 where the mean is 0, and 0 where all samples are the same and there is no step.
    """
    seeds = samples.shape[-1]
    mean, error = np.abs(samples.mean(axis=-1)), samples.std(axis=-1, ddof=1) / np.sqrt(seeds)
    t = np.divide(mean, error, out=np.where(mean > 0, np.inf, 0.0), where=error > 0)
    if step:
        t = np.minimum(t, np.sqrt(mean * seeds / (2 * step)))  # Wilson's interval excludes 0 beyond this quantile
    return np.asarray(2 * stats.t.sf(t, seeds - 1))


def tolerance(profiled: pd.DataFrame, *, points: float = 0.01) -> dict[str, Any]:
    """How wrong a setting may be, from its profile.

    Three stretches hold the chosen value. *Near* is what is left of the range when values are taken off its ends as
    long as they are shown to be worse than it by the metric; *unshown*, when they are taken off as long as a loss of
    more than ``points`` is shown. *Tolerated* grows from it outward as long as such a loss is excluded; it lies within
    *unshown*, and more seeds bring the two together. Each end is that of a sequence of tests, each at 2.5 %, in
    an order fixed before the measurement, so no correction for their number is due (Maurer, Hothorn and Lehmacher 1995,
    in Biometrie in der chemisch-pharmazeutischen Industrie 6).

    Words have no order, so each is compared with the chosen one by itself, the tests corrected for their number by
    Bonferroni, and the stretches are sets: *near* those not shown to be worse, *unshown* those of which no such loss is
    shown, *tolerated* those of which it is excluded.

    Excluded is not impossible: a loss that comes from rare seeds that fail as a whole may be missed. At 32 seeds one of
    0.1 in every tenth seed is excluded in 16 of 100 profiles, one of 0.3 in every thirtieth in 34. And with fewer than
    about 5 / ``points`` validation examples times seeds nothing is excluded, not even where nothing changes.

    Args:
        profiled: One hyperparameter's :func:`hpsearch.experiments.profiles.profile`.
        points: Validation error that may be lost (0.01: one point of accuracy).

    Returns:
        hyperparameter, best (the chosen value), near_low, near_high, tolerated_low, tolerated_high, unshown_low,
        unshown_high (missing for words), near_choices, tolerated_choices, unshown_choices (tuples of words, None for
        what has an order), points. What is tolerated and unshown is missing for regression.
    """
    values, best = profiled["value"].tolist(), int(profiled["chosen"].argmax())
    ordered = not isinstance(values[best], str)
    allowed = _along(profiled, points, best=best) if ordered else _each(profiled, points)
    row = {"hyperparameter": profiled["hyperparameter"].iat[0], "best": values[best]}
    for name in _STRETCHES:
        ends = [values[place] for place in allowed[name]] if ordered and name in allowed else [np.nan, np.nan]
        row |= dict(zip((f"{name}_low", f"{name}_high"), ends, strict=True))
    for name in _STRETCHES:
        words = None if ordered or name not in allowed else tuple(values[place] for place in allowed[name])
        row[f"{name}_choices"] = words
    return {**row, "points": points}


def _along(profiled: pd.DataFrame, points: float, *, best: int) -> dict[str, tuple[int, int]]:
    """Places of the ends of each stretch."""
    low, high = (profiled[f"error_difference_{end}"].to_numpy() for end in ("low", "high"))
    stretches = {"near": _inward(profiled["near_best"].to_numpy(), best)}
    if not np.isnan(low).any():
        stretches |= {"tolerated": _outward(high < points, best), "unshown": _inward(low <= points, best)}
    return stretches


def _each(profiled: pd.DataFrame, points: float) -> dict[str, list[int]]:
    """Places of the values in each set."""
    seeds, others = profiled["seeds"].to_numpy()[0], len(profiled) - 1
    wider = stats.t.isf(0.025 / others, seeds - 1) / stats.t.isf(0.025, seeds - 1)

    def ends(name: str, factor: float) -> Iterator[Numbers]:
        middle = profiled[name].to_numpy()
        return (middle + factor * (profiled[f"{name}_{end}"].to_numpy() - middle) for end in ("low", "high"))

    low, _ = ends("difference", wider)
    within = {"near": low <= 0}
    # What an interval of a share adds for steps unseen grows with the square of the quantile.
    low, high = ends("error_difference", wider**2)
    if not np.isnan(low).any():
        within |= {"tolerated": high < points, "unshown": low <= points}
    return {name: np.flatnonzero(places | profiled["chosen"].to_numpy()).tolist() for name, places in within.items()}


def _outward(excluded: NDArray[np.bool_], best: int) -> tuple[int, int]:
    """Ends of the unbroken run of true around a place."""
    low = high = best
    while low > 0 and excluded[low - 1]:
        low -= 1
    while high < len(excluded) - 1 and excluded[high + 1]:
        high += 1
    return low, high


def _inward(unshown: NDArray[np.bool_], best: int) -> tuple[int, int]:
    """The first and the last that is true or the best."""
    places = [*np.flatnonzero(unshown).tolist(), best]
    return min(places), max(places)
