"""Three measures of importance: of a sample the importances, and what permutations of it give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.importance import PedAnovaImportanceEvaluator

from hpsearch.results.forest import forest_variances, leaves, tree_shares
from hpsearch.results.samples import Sample
from hpsearch.storage.internals import DetachedStudy, renumbered

Numbers: TypeAlias = NDArray[np.float64]

_FOLDS = 5
_RIDGE = 0.1
_LENGTH = 0.5
"""Length scale of the kernel on the unit cube; fixed, so that the null needs no choice of its own."""


@dataclass(frozen=True)
class Measure:
    """A measure of importance.

    Attributes:
        importances: A sample and the seed of the measure's own draws -> ``(parameters,)``.
        null: A sample, the number of permutations, their generator, the measure's seed -> the statistic that is
            compared, of the sample ``(parameters,)`` and of its permutations ``(permutations, parameters)``.
        shares: Whether the importances sum to 1.
    """

    importances: Callable[[Sample, int], Numbers]
    null: Callable[[Sample, int, np.random.Generator, int], tuple[Numbers, Numbers]]
    shares: bool


def _ped_anova(sample: Sample, seed: int) -> Numbers:
    return _normalised(_divergences(sample, sample.values))


def _ped_anova_null(sample: Sample, permutations: int, rng: np.random.Generator, seed: int) -> tuple[Numbers, Numbers]:
    """By the divergences as they are: made to sum to 1, a weak one would look small beside a strong one."""
    own = _divergences(sample, sample.values)
    return own, np.array([_divergences(sample, rng.permutation(sample.values)) for _ in range(permutations)])


def _divergences(sample: Sample, values: Numbers) -> Numbers:
    """Optuna's PED-ANOVA, ``(parameters,)``: each parameter's density in the best tenth against that in all trials."""
    pairs = enumerate(zip(sample.trials, values, strict=True))
    trials = [renumbered(trial, number, float(value)) for number, (trial, value) in pairs]
    divergences = PedAnovaImportanceEvaluator().evaluate(DetachedStudy(trials, _empty()), params=list(sample.names))
    return np.array([divergences[name] for name in sample.names], dtype=float)


@cache
def _empty() -> optuna.Study:
    """A study without trials, made without a word in the log."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(study_name="resample")
    finally:
        optuna.logging.set_verbosity(level)


def _normalised(scores: Numbers) -> Numbers:
    """Scores with sum 1; NaN where all are 0."""
    return scores / scores.sum() if scores.sum() > 0 else np.full(len(scores), np.nan)


def _fanova(sample: Sample, seed: int) -> Numbers:
    return _normalised(tree_shares(leaves(sample.points, sample.scores, seed=seed), sample.owners))


def _fanova_null(sample: Sample, permutations: int, rng: np.random.Generator, seed: int) -> tuple[Numbers, Numbers]:
    """One parameter permuted at a time: what the others explain is then not noise that it has to stand out from."""
    own = forest_variances(leaves(sample.points, sample.scores, seed=seed), sample.owners)
    null = np.zeros((permutations, len(own)))
    for place in range(len(own)):
        columns = sample.owners == place
        for k in range(permutations):
            points = sample.points.copy()
            points[:, columns] = rng.permutation(points[:, columns])
            null[k, place] = forest_variances(leaves(points, sample.scores, seed=seed), sample.owners)[place]
    return own, null


def _permutation(sample: Sample, seed: int) -> Numbers:
    return np.asarray(_held_out_rises(sample, sample.scores[None], seed)[0])


def _permutation_null(
    sample: Sample, permutations: int, rng: np.random.Generator, seed: int
) -> tuple[Numbers, Numbers]:
    permuted = (rng.permutation(sample.scores) for _ in range(permutations))
    rises = _held_out_rises(sample, np.stack([sample.scores, *permuted]), seed)
    return rises[0], rises[1:]


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
    from sklearn.kernel_ridge import KernelRidge

    rng = np.random.default_rng((seed, 7))
    fold = rng.permutation(np.arange(len(sample.values)) % _FOLDS)
    points, values = sample.points, (targets - targets.mean(axis=1, keepdims=True)).T
    rise = np.zeros((len(targets), len(sample.names)))
    for k in range(_FOLDS):
        test, train = np.flatnonzero(fold == k), fold != k
        model = KernelRidge(alpha=_RIDGE, kernel="rbf", gamma=1 / (2 * _LENGTH**2)).fit(points[train], values[train])
        error = np.square(values[test] - model.predict(points[test])).sum(axis=0)
        for j in range(len(sample.names)):
            shuffled, own = points[test].copy(), sample.owners == j
            shuffled[:, own] = shuffled[rng.permutation(len(test))][:, own]
            rise[:, j] += np.square(values[test] - model.predict(shuffled)).sum(axis=0) - error
    return np.asarray(rise / np.square(values).sum(axis=0)[:, None])


MEASURES: Mapping[str, Measure] = {
    "ped_anova": Measure(_ped_anova, _ped_anova_null, shares=True),
    "fanova": Measure(_fanova, _fanova_null, shares=True),
    "permutation": Measure(_permutation, _permutation_null, shares=False),
}
