"""fANOVA (Hutter, Hoos and Leyton-Brown 2014): variances of a regression forest's marginals over the unit cube.

Equal to Optuna's where all parameters are numbers (the same forest of scikit-learn; the marginals in closed form, some
forty times faster, which pays for a null of its own for every parameter). A choice's marginal runs over its choices,
where Optuna's runs over all corners of their one-hot cube.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.imports import import_sklearn
from hpsearch.results.points import Numbers

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor


TREES = 16


@dataclass(frozen=True)
class Leaves:
    """The leaves of all trees of a forest: boxes that fill the unit cube once a tree.

    Attributes:
        tree: ``(leaves,)``: place of each leaf's tree, ascending.
        low: ``(leaves, columns)``: lower corners.
        high: ``(leaves, columns)``: upper corners.
        value: ``(leaves,)``: predictions.
    """

    tree: NDArray[np.int64]
    low: Numbers
    high: Numbers
    value: Numbers


def leaves(points: Numbers, values: Numbers, *, seed: int) -> Leaves:
    """The leaves of a random forest, grown as in Optuna's fANOVA.

    Args:
        points: ``(points, columns)`` in the unit cube.
        values: ``(points,)``.
        seed: Of the forest.
    """
    trees = _trees(points, values, seed=seed)
    first = np.cumsum([0, *(tree.node_count for tree in trees)])
    left, right = (
        np.concatenate([getattr(tree, side) + start for tree, start in zip(trees, first, strict=False)])
        for side in ("children_left", "children_right")
    )
    feature, threshold = (np.concatenate([getattr(t, name) for t in trees]) for name in ("feature", "threshold"))
    low, high = np.zeros((first[-1], points.shape[1])), np.ones((first[-1], points.shape[1]))
    nodes = first[:-1]
    while len(nodes := nodes[feature[nodes] >= 0]):  # one level of all trees at a time
        below, above, column = left[nodes], right[nodes], feature[nodes]
        low[below], high[below], low[above], high[above] = low[nodes], high[nodes], low[nodes], high[nodes]
        high[below, column] = low[above, column] = threshold[nodes]
        nodes = np.concatenate([below, above])
    ends = np.flatnonzero(feature < 0)
    value = np.concatenate([tree.value[:, 0, 0] for tree in trees])
    return Leaves(np.searchsorted(first, ends, side="right") - 1, low[ends], high[ends], value[ends])


def _trees(points: Numbers, values: Numbers, *, seed: int) -> list[Any]:
    """Scikit-learn's trees of a random forest, each grown by itself: half of a small forest's time goes to checks."""
    import_sklearn()
    from sklearn import config_context

    corners = np.asarray(points, dtype=np.float32, order="C")  # as a tree wants them
    with config_context(skip_parameter_validation=True):
        return [
            tree.fit(corners, values, sample_weight=weight, check_input=False).tree_
            for tree, weight in _draws(len(points), points.shape[1], seed)
        ]


@lru_cache(maxsize=8)
def _draws(count: int, columns: int, seed: int) -> list[tuple[DecisionTreeRegressor, Numbers]]:
    """A forest's trees, unfitted, and how often each draws each point: by the number of points and the seed alone."""
    import_sklearn()
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(n_estimators=TREES, max_depth=64, random_state=seed)
    forest.fit(np.zeros((count, columns)), np.zeros(count))
    weights = [np.bincount(drawn, minlength=count).astype(float) for drawn in forest.estimators_samples_]
    return list(zip(forest.estimators_, weights, strict=True))


def tree_shares(forest: Leaves, owners: NDArray[np.int64]) -> Numbers:
    """Share of each parameter's marginal in a tree's variance, the mean of the trees that vary, ``(parameters,)``.

    Args:
        forest: Its leaves.
        owners: ``(columns,)``: place of each column's parameter, ascending.

    Returns:
        NaN where no tree varies.
    """
    sides = [_side(forest, owners == place) for place in range(owners[-1] + 1)]
    volume = np.prod([_width(side) for side in sides], axis=0)
    mean = np.bincount(forest.tree, volume * forest.value)
    total = np.bincount(forest.tree, volume * np.square(forest.value)) - np.square(mean)
    vary = total > 1e-12
    if not vary.any():
        return np.full(len(sides), np.nan)
    parts = [_marginal_variance(forest.tree, side, volume / _width(side) * forest.value) for side in sides]
    return np.array([(part[vary] / total[vary]).mean() for part in parts])


def forest_variances(forest: Leaves, owners: NDArray[np.int64], *, place: int | None = None) -> Numbers:
    """Variance of each parameter's marginal of the whole forest, the trees' mean, ``(parameters,)``.

    Not a share: a tree splits until it has explained all of its sample, noise as well, but the noise of different
    trees averages out. Arguments as in :func:`tree_shares`; where a place is named, of that parameter alone, ``(1,)``.
    """
    sides = [_side(forest, owners == other) for other in range(owners[-1] + 1)]
    weight = np.prod([_width(side) for side in sides], axis=0) * forest.value / TREES
    sought = sides if place is None else [sides[place]]
    return np.array([_marginal_variance(np.zeros_like(forest.tree), s, weight / _width(s))[0] for s in sought])


Side: TypeAlias = tuple[Numbers, Numbers]
"""Lower and upper ends, ``(leaves, pieces)``, of the parts of the unit interval that leaves take of one parameter."""


def _width(side: Side) -> Numbers:
    return np.asarray((side[1] - side[0]).sum(axis=1))


def _side(forest: Leaves, own: NDArray[np.bool_]) -> Side:
    """What leaves take of one parameter: an interval; of choices, each an equal piece, those that the leaf holds."""
    low, high = forest.low[:, own], forest.high[:, own]
    count = low.shape[1]
    if count == 1:
        return low, high
    chosen = low > 0  # the leaf lies on this choice's side of a split
    holds = (high == 1) & (chosen.sum(axis=1, keepdims=True) - chosen == 0)
    start = np.broadcast_to(np.arange(count) / count, holds.shape)
    return start, start + holds / count


def _marginal_variance(group: NDArray[np.int64], side: Side, height: Numbers) -> Numbers:
    """Variance over the unit interval of the sum of steps, ``(groups,)``.

    Args:
        group: ``(leaves,)``, ascending from 0: steps of different groups are summed apart.
        side: Where each leaf's steps begin and end.
        height: ``(leaves,)``: of its steps.
    """
    start, end = ((group[:, None] + part).ravel() for part in side)  # the groups laid end to end
    rise = np.broadcast_to(height[:, None], side[0].shape).ravel()
    order = np.argsort(places := np.concatenate([start, end]))
    level, gap = np.cumsum(np.concatenate([rise, -rise])[order])[:-1], np.diff(places[order])
    which = np.minimum(places[order][:-1].astype(int), group[-1])
    mean, square = np.bincount(which, gap * level), np.bincount(which, gap * np.square(level))
    return np.asarray(np.maximum(square - np.square(mean), 0.0))
