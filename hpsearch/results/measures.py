"""Three measures of importance: of a sample the importances, and the statistic that permutations are compared by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve
from scipy.spatial.distance import cdist

from hpsearch.results.divergences import divergences
from hpsearch.results.forest import forest_variances, leaves, tree_shares
from hpsearch.results.points import Numbers, Sample

Orders: TypeAlias = NDArray[np.int64]

_FOLDS = 5
_RIDGE = 0.1
_LENGTH = 0.5
"""Length scale of the kernel on the unit cube; fixed, so that the null needs no choice of its own."""


@dataclass(frozen=True)
class Measure:
    """A measure of importance.

    Attributes:
        importances: A sample and the seed of the measure's own draws -> ``(parameters,)``.
        statistic: The same -> what permutations are compared by, ``(parameters,)``.
        null: A sample, orders of its settings ``(permutations, settings)``, the place of a parameter, the seed -> the
            statistic of the sample with its values in these orders, ``(permutations, parameters)``.
        shares: Whether the importances sum to 1.
        apart: Whether the null permutes that one parameter instead of the values, and gives its statistic alone,
            ``(permutations, 1)``; where it does not, there is no place.
        together: So many permutations are computed in one go.
    """

    importances: Callable[[Sample, int], Numbers]
    statistic: Callable[[Sample, int], Numbers]
    null: Callable[[Sample, Orders, int | None, int], Numbers]
    shares: bool
    apart: bool
    together: int


def _ped_anova(sample: Sample, seed: int) -> Numbers:
    return _normalised(_divergences(sample, seed))


def _divergences(sample: Sample, seed: int) -> Numbers:
    """As they are: made to sum to 1, a weak one would look small beside a strong one."""
    return divergences(sample.points, sample.owners, sample.values)


def _ped_anova_null(sample: Sample, orders: Orders, place: int | None, seed: int) -> Numbers:
    return np.array([_divergences(sample.permuted(order), seed) for order in orders])


def _normalised(scores: Numbers) -> Numbers:
    """Scores with sum 1; NaN where all are 0."""
    return scores / scores.sum() if scores.sum() > 0 else np.full(len(scores), np.nan)


def _fanova(sample: Sample, seed: int) -> Numbers:
    return _normalised(tree_shares(leaves(sample.points, sample.scores, seed=seed), sample.owners))


def _forest_variances(sample: Sample, seed: int) -> Numbers:
    return forest_variances(leaves(sample.points, sample.scores, seed=seed), sample.owners)


def _fanova_null(sample: Sample, orders: Orders, place: int | None, seed: int) -> Numbers:
    """One parameter permuted at a time: what the others explain is then not noise that it has to stand out from."""
    forests = (leaves(p.points, p.scores, seed=seed) for p in (sample.permuted(order, place=place) for order in orders))
    return np.array([forest_variances(forest, sample.owners, place=place) for forest in forests])


def _permutation(sample: Sample, seed: int) -> Numbers:
    return np.asarray(_held_out_rises(sample, sample.scores[None], seed)[0])


def _permutation_null(sample: Sample, orders: Orders, place: int | None, seed: int) -> Numbers:
    return _held_out_rises(sample, sample.scores[orders], seed)


def _held_out_rises(sample: Sample, targets: Numbers, seed: int) -> Numbers:
    """Rise of the held-out squared error when a parameter is shuffled, over the variance.

    A kernel ridge regression is linear in its targets, so one fit serves all of them and the null costs little.

    Args:
        sample: The settings.
        targets: ``(targets, settings)``: what to predict.
        seed: Of the folds and the shuffling.

    Returns:
        ``(targets, parameters)``.
    """
    rng = np.random.default_rng((seed, 7))
    fold = rng.permutation(np.arange(len(sample.values)) % _FOLDS)
    points, values = sample.points, (targets - targets.mean(axis=1, keepdims=True)).T
    rise = np.zeros((len(targets), len(sample.names)))
    for k in range(_FOLDS):
        test, train = points[fold == k], points[fold != k]
        own = values[fold == k]
        weights = solve(_kernel(train, train) + _RIDGE * np.eye(len(train)), values[fold != k], assume_a="pos")
        error = np.square(own - _kernel(test, train) @ weights).sum(axis=0)
        for j in range(len(sample.names)):
            shuffled, columns = test.copy(), sample.owners == j
            shuffled[:, columns] = shuffled[rng.permutation(len(test))][:, columns]
            rise[:, j] += np.square(own - _kernel(shuffled, train) @ weights).sum(axis=0) - error
    return np.asarray(rise / np.square(values).sum(axis=0)[:, None])


def _kernel(points: Numbers, others: Numbers) -> Numbers:
    return np.asarray(np.exp(cdist(points, others, "sqeuclidean") / (-2 * _LENGTH**2)))


MEASURES: Mapping[str, Measure] = {
    "ped_anova": Measure(_ped_anova, _divergences, _ped_anova_null, shares=True, apart=False, together=20),
    "fanova": Measure(_fanova, _forest_variances, _fanova_null, shares=True, apart=True, together=1),
    "permutation": Measure(_permutation, _permutation, _permutation_null, shares=False, apart=False, together=100),
}
