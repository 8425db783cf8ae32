"""Settings as points of the unit cube, each with a value: what the measures of importance read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Settings as points, each with a value.

    Attributes:
        names: Of the parameters.
        points: ``(settings, columns)`` on the unit cube, choices one-hot.
        owners: ``(columns,)``: place of each column's parameter among the names, ascending.
        values: ``(settings,)``, lower is better: the median where several trials have the setting.
        count: Number of trials behind them.
        notes: What to bear in mind.
    """

    names: tuple[str, ...]
    points: Numbers
    owners: NDArray[np.int64]
    values: Numbers
    count: int
    notes: tuple[str, ...]

    @property
    def scores(self) -> Numbers:
        """Normal scores of the values' ranks, ``(settings,)`` (Blom 1958); ties share a rank."""
        return normal_scores(self.values)

    def subset(self, rows: NDArray[np.int64]) -> Sample:
        """Some of the settings."""
        return replace(self, points=self.points[rows], values=self.values[rows])

    def permuted(self, order: NDArray[np.int64], *, place: int | None = None) -> Sample:
        """The same with the values in another order; or, where a place is named, that parameter alone."""
        if place is None:
            return replace(self, values=self.values[order])
        points, own = self.points.copy(), self.owners == place
        points[:, own] = points[np.ix_(order, own)]
        return replace(self, points=points)


def normal_scores(values: Numbers) -> Numbers:
    """Normal scores of the ranks of some values, ``(values,)`` (Blom 1958): what an outlier cannot pull at."""
    return np.asarray(stats.norm.ppf((stats.rankdata(values) - 3 / 8) / (len(values) + 1 / 4)))
