"""Whether the trials of a study are spread evenly over each parameter's range, as an optimiser's are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial
from scipy import stats

_LEVEL = 0.01
_COUNT_A_CELL = 5
"""Expected count below which neighbouring cells of a χ² test are joined (Cochran 1954)."""

_MOST_CELLS = 10_000


def uneven_parameters(trials: Sequence[FrozenTrial], units: Mapping[str, NDArray[np.float64]]) -> list[str]:
    """The parameters over which trials are not spread evenly, by a test each (Bonferroni).

    Whole numbers, steps and choices by χ², other numbers by Kolmogorov and Smirnov.

    Args:
        trials: All have the parameters.
        units: Of each parameter the places on the unit interval of its own scale, ``(trials, 1)``; choices are not
            read from here.
    """
    level = _LEVEL / len(units)
    return [name for name, unit in units.items() if _p_value(name, trials, unit) < level]


def _p_value(name: str, trials: Sequence[FrozenTrial], unit: NDArray[np.float64]) -> float:
    kinds = [trial.distributions[name] for trial in trials]
    values = [trial.params[name] for trial in trials]
    if any(isinstance(kind, CategoricalDistribution) for kind in kinds):
        options = [repr(c) for k in kinds if isinstance(k, CategoricalDistribution) for c in k.choices]
        places = {word: place for place, word in enumerate(dict.fromkeys([*options, *map(repr, values)]))}
        return _chi_squared(np.array([places[repr(v)] for v in values]), np.full(len(places), 1 / len(places)))
    if len(set(kinds)) == 1 and (cells := _cells(kinds[0])) is not None:
        edges, shares = cells
        return _chi_squared(np.searchsorted(edges, np.array(values, dtype=float)), shares)
    grid, which = np.unique(unit[:, 0], return_inverse=True)
    if len(grid) < len(unit) / 2:  # a grid: how often each of its values
        return _chi_squared(which, np.full(len(grid), 1 / len(grid)))
    return float(stats.kstest(unit[:, 0], "uniform").pvalue)


def _cells(kind: BaseDistribution) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The inner edges between the values of a stepped range, and the share of an even draw that each value gets.

    None for a range without steps, or with so many that they are none. In the logarithm Optuna rounds a draw between
    half a step below the range and half a step above it.
    """
    if not isinstance(kind, FloatDistribution | IntDistribution) or kind.step is None:
        return None
    count = round((kind.high - kind.low) / kind.step) + 1
    if count > _MOST_CELLS:
        return None
    edges = np.asarray(kind.low + kind.step * (np.arange(count + 1) - 0.5), dtype=np.float64)
    scale: NDArray[np.float64] = np.log(edges) if kind.log else edges
    return edges[1:-1], np.diff(scale) / (scale[-1] - scale[0])


def _chi_squared(cells: NDArray[np.int64], shares: NDArray[np.float64]) -> float:
    """p-value of the cells that trials fell into, ``(trials,)``, where ``shares`` are due; thin cells are joined."""
    most = max(2, len(cells) // _COUNT_A_CELL)
    middle = np.cumsum(shares) - shares / 2
    joined = np.unique(np.minimum((middle * most).astype(int), most - 1), return_inverse=True)[1]
    if len(shares) < 2 or np.max(joined) < 1:
        return 1.0
    due = np.bincount(joined, shares)
    return float(stats.chisquare(np.bincount(joined[cells], minlength=len(due)), due * len(cells)).pvalue)
