"""Crowds: where the best rows lie in the range of one hyperparameter."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from hpsearch.space import Dimension, Int

_ROUNDING = 1e-9
"""By which shares may differ that are equal but for rounding: a whole number fills several cells alike."""


@dataclass(frozen=True)
class Crowd:
    """Where the best rows lie on one side of the cube.

    Attributes:
        quantiles: 5, 50 and 95 % of them, on the unit interval.
        shares: ``(scrambles, cells)``: of a scramble's best rows, in each cell of the range.
        ordered: Whether the range has an order, and so ends.
        rows: How many best rows there are, of all scrambles.
        ranges: At the ends of how many ranges crowds are looked for: the more, the larger one must be to be no chance.
    """

    quantiles: tuple[float, float, float]
    shares: NDArray[np.float64]
    ordered: bool = True
    rows: float = inf
    ranges: int = 1

    words = "the middle 90 % of the best"
    """What the outer quantiles enclose, as the reason of a proposal says it."""

    few = "few of the best"
    """What the choices hold that are left out."""

    alone = True
    """Whether every other choice is shown to be worse than the fullest, where no other is left."""

    @property
    def crowding(self) -> str:
        """Where they crowd, as the reason of a proposal says it."""
        return f"the best crowd at the {self.boundary} end"

    @property
    def least(self) -> float:
        """Share of the best from which a choice stays: half its even share."""
        return 0.5 / self.shares.shape[1]

    @property
    def worse(self) -> NDArray[np.bool_]:
        """Which choices without an order are shown to be worse.

        One is where it holds less than half its even share of the best, and by its 95 % interval less than the even
        share.
        """
        mean, even = self.shares.mean(axis=0), 1 / self.shares.shape[1]
        return np.asarray((mean < even / 2) & (mean + self.half_width(0.95) < even))

    @property
    def beyond(self) -> float:
        """How far past an end at which they crowd the next range goes, in widths of the range, at most an octave."""
        return (self.quantiles[2] - self.quantiles[0]) / 2

    @classmethod
    def of(
        cls,
        dimension: Dimension,
        values: NDArray[Any],
        *,
        weights: NDArray[np.float64],
        scramble: NDArray[np.int64],
        cells: int,
        ranges: int = 1,
    ) -> Crowd:
        """Count the best rows by scramble in so many cells of equal width of the unit interval.

        A whole number lies all over its own part of the interval, so that each cell may hold its even share.

        Args:
            dimension: On whose side of the cube they lie.
            values: ``(rows,)``, of this setting.
            weights: ``(rows,)``: how much of each row is among the best of its scramble.
            scramble: ``(rows,)``.
            cells: How many.
            ranges: In how many ranges with an order crowds are looked for.
        """
        units = dimension.to_unit(values)
        within = np.diff(_below(dimension, values, units=units, edges=np.linspace(0, 1, cells + 1)), axis=1)
        shares = pd.DataFrame(within * weights[:, None]).groupby(scramble).sum()
        low, middle, high = np.quantile(units, [0.05, 0.5, 0.95], weights=weights, method="inverted_cdf").tolist()
        parts = shares.div(shares.sum(axis=1), axis=0).to_numpy()
        return cls((low, middle, high), parts, dimension.ordered, float(weights.sum()), ranges)

    def half_width(self, confidence: float) -> NDArray[np.float64]:
        """Of the interval of each cell's share, ``(cells,)``: a t-interval over scrambles, and no less than Wilson's.

        In a cell that few of the best meet, the scrambles agree by chance: where none does, a t-interval would have no
        width. Wilson's score interval (1927, J. Am. Stat. Assoc. 22) is that of so many rows drawn one by one.
        """
        mean, error = self.shares.mean(axis=0), self.shares.std(axis=0, ddof=1) / np.sqrt(len(self.shares))
        unseen = stats.norm.isf((1 - confidence) / 2) ** 2 / self.rows
        drawn = np.abs(1 - 2 * mean) * unseen / 2 + np.sqrt(mean * (1 - mean) * unseen + unseen**2 / 4)
        return np.maximum(stats.t.isf((1 - confidence) / 2, len(self.shares) - 1) * error, drawn / (1 + unseen))

    @property
    def boundary(self) -> str:
        """The end of the range at which the best crowd, or nothing.

        The cell there holds more than its even share, by the interval that misses it at any end of any range in 5 % of
        surveys at most (Bonferroni), and the fullest cell lies within its 95 % interval. Without an
        order there is no end.
        """
        if not self.ordered:
            return ""
        mean, half, wide = self.shares.mean(axis=0), self.half_width(0.95), self.half_width(1 - 0.05 / self.ranges)
        for name, cell in (("low", 0), ("high", -1)):
            more, fullest = mean[cell] - wide[cell] - 1 / len(mean), mean[cell] + half[cell] - np.max(mean)
            if more > _ROUNDING and fullest >= -_ROUNDING:
                return name
        return ""


def _below(
    dimension: Dimension, values: NDArray[Any], *, units: NDArray[np.float64], edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How much of each value lies below each edge, ``(rows, edges)``: part of a whole number, all or nothing else."""
    inner = edges[1:-1]
    if isinstance(dimension, Int):
        low, high = (_unit(dimension, values + half)[:, None] for half in (-0.5, 0.5))
        below = np.clip((inner - low) / (high - low), 0.0, 1.0)
    else:
        below = (units[:, None] < inner).astype(float)
    return np.pad(below, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1)))


def _unit(dimension: Int, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The point of each value, ``(rows,)``, which may lie between two whole numbers."""
    low, high = dimension.low - 0.5, dimension.high + 0.5
    if dimension.log:
        return np.asarray(np.log(values / low) / log(high / low))
    return (values - low) / (high - low)
