"""Proposals: which range of one hyperparameter to try next, from where the best rows lie in it."""

from __future__ import annotations

from math import ceil, exp, floor, log, log10
from typing import Any, NamedTuple

import numpy as np

from hpsearch.sensitivity.crowds import Crowd
from hpsearch.sensitivity.verdicts import INERT, REROLLS
from hpsearch.space import Choice, Dimension, Float, Int, Scalar

_WIDE = 0.8
"""Share of a range above which narrowing it is not worth a new study."""


class Proposal(NamedTuple):
    """What to try next of a setting.

    Attributes:
        dimension: The next range; that of before where a choice is to be fixed, as a range has two choices.
        reason: Why.
        fixed: The choice at which to fix it, if one is left.
    """

    dimension: Dimension
    reason: str
    fixed: Scalar | None = None

    @property
    def choices(self) -> tuple[Scalar, ...] | None:
        """The choices to try next, one where it is to be fixed; None of what has none."""
        if self.fixed is not None:
            return (self.fixed,)
        return self.dimension.choices if isinstance(self.dimension, Choice) else None

    @property
    def ends(self) -> tuple[Any, Any]:
        """The lowest and the highest value to try next, or the first choice and the last."""
        return self.dimension.ends if self.fixed is None else (self.fixed, self.fixed)


def proposal(dimension: Dimension, crowd: Crowd, *, verdict: str, limit: tuple[float, float]) -> Proposal:
    """What to try next, and why.

    Args:
        dimension: As surveyed.
        crowd: Of its best rows.
        verdict: Of its indices.
        limit: Lowest and highest value that the proposal may reach, unless the survey itself was beyond.
    """
    if verdict == INERT:
        return Proposal(dimension, "inert: any value does, so fix it or leave it")
    if verdict == REROLLS:
        return Proposal(dimension, "it re-rolls luck alone: on average over seeds any value does")
    if isinstance(dimension, Choice):
        return _next_choices(dimension, crowd, limit=limit) if dimension.ordered else _next_words(dimension, crowd)
    low, _, high = crowd.quantiles
    if not crowd.boundary and high - low > _WIDE:
        return Proposal(dimension, "the best lie all over it")
    return _next_range(dimension, crowd, limit=limit)


def _next_range(dimension: Float | Int, crowd: Crowd, *, limit: tuple[float, float]) -> Proposal:
    """What the outer quantiles of the best enclose; from an end at which they crowd, as far beyond it as they say."""
    (left, _, right), (low, high), boundary = crowd.quantiles, dimension.ends, crowd.boundary
    reach = (float(low), float(high))
    if boundary == "low":
        left, reach = -crowd.beyond, (_octave(dimension)[0], reach[1])
    if boundary == "high":
        right, reach = 1 + crowd.beyond, (reach[0], _octave(dimension)[1])
    wide = _within(_outward(dimension, low=_value(dimension, left), high=_value(dimension, right)), reach)
    legal = max(reach[0], min(limit[0], low)), min(reach[1], max(limit[1], high))
    ends = _within(wide, legal)
    if isinstance(dimension, Int):
        following: Dimension = Int(*_whole(ends, legal, down=boundary == "low"), dimension.log)
    elif ends[0] < ends[1]:
        following = Float(ends[0], ends[1], dimension.log)
    else:
        return Proposal(dimension, "the best are too few to narrow it")
    if not boundary:
        return Proposal(following, crowd.words)
    place = ("low", "high").index(boundary)
    if following.ends[place] == dimension.ends[place]:
        return Proposal(following, f"the best crowd at the {boundary} end, beyond which it may not go")
    far = " as far as it may go" if ends != wide else ""
    return Proposal(following, f"{crowd.crowding}: beyond it{far}")


def _within(ends: tuple[float, float], bounds: tuple[float, float]) -> tuple[float, float]:
    """The ends, each moved into the bounds."""
    low, high = (min(max(end, bounds[0]), bounds[1]) for end in ends)
    return low, high


def _value(dimension: Float | Int, unit: float) -> float:
    """The value at a point that may lie beyond the unit interval; a whole number has the middle of its cell."""
    half = 0.5 if isinstance(dimension, Int) else 0.0
    low, high = dimension.low - half, dimension.high + half
    if dimension.log:
        return exp(log(low) + unit * (log(high) - log(low)))
    return low + unit * (high - low)


def _octave(dimension: Float | Int) -> tuple[float, float]:
    """How far a range may go in one round: a factor of 2 where it is log, a quarter of itself where it is linear."""
    if dimension.log:
        return dimension.low / 2, dimension.high * 2
    quarter = (dimension.high - dimension.low) / 4
    step = max(quarter, 1) if isinstance(dimension, Int) else quarter
    return dimension.low - step, dimension.high + step


def _outward(dimension: Float | Int, *, low: float, high: float) -> tuple[float, float]:
    """Ends that hold both, in whole numbers or in a step of at most a tenth of the end and a twentieth of the width.

    That is finer than what is known of the ends, and rounding them away from each other keeps them apart.
    """
    if isinstance(dimension, Int):
        return floor(low + 1e-9), ceil(high - 1e-9)
    width = high - low
    if width <= 0:
        return low, high
    least = 0.0 if dimension.log else width / 1000  # no need of many zeros beside 0
    down, up = (floor(log10(max(min(abs(end) / 10, width / 20), least))) for end in (low, high))
    return float(f"{floor(low / 10.0**down + 1e-9)}e{down}"), float(f"{ceil(high / 10.0**up - 1e-9)}e{up}")


def _whole(ends: tuple[float, float], legal: tuple[float, float], *, down: bool) -> tuple[int, int]:
    """Whole numbers from end to end; a neighbour joins a single one, from below if ``down`` and it is legal."""
    low, high = ceil(ends[0]), floor(ends[1])
    if low < high:
        return low, high
    neighbours = (low - 1, low + 1) if down else (low + 1, low - 1)
    other = next(value for value in neighbours if legal[0] <= value <= legal[1])
    return min(low, other), max(low, other)


def _next_choices(dimension: Choice, crowd: Crowd, *, limit: tuple[float, float]) -> Proposal:
    """The choices that hold enough of the best, and one beyond an end at which they crowd."""
    shares = crowd.shares.mean(axis=0)
    choices = [c for c, share in zip(dimension.choices, shares, strict=True) if share >= crowd.least]
    beyond = _beyond(dimension, crowd.boundary, limit=limit)
    if beyond is not None:
        choices = [beyond, *choices] if crowd.boundary == "low" else [*choices, beyond]
    if len(choices) < 2:
        return _fixed(dimension, crowd)
    words = f"{crowd.crowding}: " if crowd.boundary else ""
    if beyond is not None:
        return Proposal(Choice(tuple(choices)), f"{words}{beyond} joins")
    if len(choices) == len(dimension.choices):
        return Proposal(dimension, f"{words}as far as it may go" if words else "the best lie all over it")
    return Proposal(Choice(tuple(choices)), f"{words}without the choices that hold {crowd.few}")


def _fixed(dimension: Choice, crowd: Crowd) -> Proposal:
    """To fix the fullest choice, which need not hold all of the best; where that may be chance all choices stay."""
    shares = crowd.shares.mean(axis=0)
    fullest = int(np.argmax(shares))
    choice = dimension.choices[fullest]
    words = f"{choice} holds {100 * shares[fullest]:.0f} % of the best"
    if not crowd.alone:
        return Proposal(dimension, f"{words}, perhaps by chance")
    return Proposal(dimension, f"{words}: fix it by hand", choice)


def _next_words(dimension: Choice, crowd: Crowd) -> Proposal:
    """The choices that are not shown to be worse."""
    choices = tuple(choice for choice, drop in zip(dimension.choices, crowd.worse, strict=True) if not drop)
    if len(choices) == len(dimension.choices):
        return Proposal(dimension, f"no choice is shown to hold {crowd.few}")
    if len(choices) < 2:
        return _fixed(dimension, crowd)
    return Proposal(Choice(choices), f"without the choices that hold {crowd.few}")


def _beyond(dimension: Choice, boundary: str, *, limit: tuple[float, float]) -> int | float | None:
    """Half the first choice or twice the last, where choices are ascending numbers above 0 and it is legal."""
    values = dimension.values(0)
    if not boundary or not dimension.numeric or values[0] <= 0 or (np.diff(values) <= 0).any():
        return None
    if boundary == "high":
        double: int | float = 2 * values[-1].item()
        return double if double <= limit[1] else None
    first = values[0].item()
    half: int | float = first // 2 if isinstance(first, int) else first / 2
    return half if half > 0 and half >= limit[0] else None
