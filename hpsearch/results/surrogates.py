"""Importance of any Optuna study's parameters by surrogates, with what a chart of them lacks: intervals and a null.

Three measures side by side: PED-ANOVA (Watanabe, Bansal and Hutter 2023), which asks what gets a trial into the best
tenth; fANOVA (Hutter, Hoos and Leyton-Brown 2014), which explains the variance by a forest; and permutation importance
(Breiman 2001; Fisher, Rudin and Dominici 2019) of a kernel ridge regression on held-out folds. The first two sum to 1
by construction, on pure noise as well: only the p-value tells whether there is anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator
from optuna.trial import FrozenTrial

from hpsearch.results.samples import ImportanceError, ImportanceWarning, Sample, read_sample, warn_of_bias
from hpsearch.storage.internals import DetachedStudy, renumbered

Numbers: TypeAlias = NDArray[np.float64]

__all__ = ["ImportanceError", "ImportanceWarning", "importance"]

_RESAMPLES = {"ped_anova": 200, "fanova": 39, "permutation": 200}
_COLUMNS = ("importance", "low", "high", "null_high", "p_value")
_NULL = 0.95
_FANOVA_TREES = 16
_FOLDS = 5
_RIDGE = 0.1
_LENGTH = 0.5
"""Length scale of the kernel on the unit cube; fixed, so that the null needs no choice of its own."""


def importance(
    study: optuna.Study,
    *,
    target: Callable[[FrozenTrial], float] | None = None,
    measures: Sequence[str] = ("ped_anova", "fanova", "permutation"),
    permutations: int | None = None,
    bootstraps: int | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Importance of every parameter of a study, by three measures.

    Only completed trials count. Numeric parameters are taken on their own scale (log ranges in the logarithm), as
    Optuna's fANOVA would not.

    Args:
        study: Any Optuna study.
        target: What to explain, lower is better; the value by default. A study of several objectives needs it.
        measures: Which of "ped_anova", "fanova" and "permutation".
        permutations: Of the values against the parameters, for the p-value; 200, and 39 for the slow fANOVA.
        bootstraps: Resamples of the trials, for the interval; likewise.
        confidence: Of the percentile interval.
        seed: Of the permutations, the resamples and the measures' own draws.

    Returns:
        A row a measure and parameter. Columns: measure, hyperparameter, importance, low, high, null_high (what 95 % of
        the permutations stay below), p_value ((1 + number of permutations at least as important) / (1 +
        permutations), Phipson and Smyth 2010), permutations, bootstraps, trials. All missing where the values are
        constant.

    Raises:
        ImportanceError: if there are fewer than 10 usable trials, no parameter that all have, no such measure, or
            several objectives and no target.

    Warns:
        ImportanceWarning: where trials were left out, are few, or were not drawn evenly.
    """
    unknown = sorted(set(measures) - set(_RESAMPLES))
    if unknown:
        raise ImportanceError(f"no measure {unknown[0]!r}: choose among {', '.join(_RESAMPLES)}")
    sample = read_sample(study, target)
    warn_of_bias(sample)
    frames = []
    for measure in measures:
        nulls = _RESAMPLES[measure] if permutations is None else permutations
        boots = _RESAMPLES[measure] if bootstraps is None else bootstraps
        columns = _measured(measure, sample, nulls=nulls, boots=boots, confidence=confidence, seed=seed)
        named = pd.DataFrame({"measure": measure, "hyperparameter": sample.names}).astype("str")
        frames.append(named.assign(**columns, permutations=nulls, bootstraps=boots, trials=len(sample.values)))
    return pd.concat(frames, ignore_index=True)


def _measured(
    measure: str, sample: Sample, *, nulls: int, boots: int, confidence: float, seed: int
) -> dict[str, Numbers]:
    """Importance, interval and p-value, ``(parameters,)`` each; all missing where the values are constant."""
    count = len(sample.values)
    if not np.ptp(sample.values) > 0:
        return {column: np.full(len(sample.names), np.nan) for column in _COLUMNS}
    rng = np.random.default_rng((seed, list(_RESAMPLES).index(measure)))
    values = np.stack([sample.values, *(rng.permutation(sample.values) for _ in range(nulls))])
    draws = [rng.integers(count, size=count) for _ in range(boots)]
    own, *null = _scores(measure, sample, rows=np.arange(count), values=values, seed=seed)
    resampled = [_scores(measure, sample, rows=r, values=sample.values[None, r], seed=seed)[0] for r in draws]
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(resampled, ends, axis=0) if resampled else np.full((2, len(own)), np.nan)
    null_high = np.quantile(null, _NULL, axis=0) if null else np.full(len(own), np.nan)
    p = (1 + np.sum([scores >= own for scores in null], axis=0)) / (1 + nulls)  # Phipson and Smyth 2010
    return dict(zip(_COLUMNS, (own, low, high, null_high, np.broadcast_to(p, own.shape)), strict=True))


def _scores(measure: str, sample: Sample, *, rows: NDArray[np.int64], values: Numbers, seed: int) -> Numbers:
    """A measure of some of the trials, for several values of them.

    Args:
        measure: Which.
        sample: All trials.
        rows: ``(rows,)``: places of the trials that count, with repeats in a bootstrap.
        values: ``(targets, rows)``.
        seed: Of the measure's own draws.

    Returns:
        ``(targets, parameters)``.
    """
    if measure == "permutation":
        return _ridge_importance(sample, rows, values=values, seed=seed)
    return np.stack([_by_optuna(measure, sample, rows=rows, values=target, seed=seed) for target in values])


def _by_optuna(measure: str, sample: Sample, *, rows: NDArray[np.int64], values: Numbers, seed: int) -> Numbers:
    """Optuna's importances, with sum 1, ``(parameters,)``; ``values`` is ``(rows,)``."""
    pairs = enumerate(zip(rows, values, strict=True))
    trials = [renumbered(sample.trials[row], number, float(value)) for number, (row, value) in pairs]
    evaluator: Any = PedAnovaImportanceEvaluator()
    if measure == "fanova":
        evaluator = FanovaImportanceEvaluator(n_trees=_FANOVA_TREES, seed=seed)
    importances = evaluator.evaluate(DetachedStudy(trials, _empty()), params=list(sample.names))
    scores = np.array([importances[name] for name in sample.names], dtype=float)
    return scores / scores.sum() if scores.sum() > 0 else np.full(len(scores), 1 / len(scores))


def _empty() -> optuna.Study:
    """A study without trials, made without a word in the log."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(study_name="resample")
    finally:
        optuna.logging.set_verbosity(level)


def _ridge_importance(sample: Sample, rows: NDArray[np.int64], *, values: Numbers, seed: int) -> Numbers:
    """Rise of the held-out squared error when a parameter is shuffled, over the variance.

    Repeats of a trial share a fold. A kernel ridge regression is linear in its targets, so one fit serves all of them
    and the null costs little. Arguments and result are those of :func:`_scores`.
    """
    from sklearn.kernel_ridge import KernelRidge

    rng = np.random.default_rng((seed, 7))
    fold = rng.integers(_FOLDS, size=len(sample.values))[rows]
    points, targets = sample.points[rows], (values - values.mean(axis=1, keepdims=True)).T
    rise = np.zeros((targets.shape[1], len(sample.names)))
    for k in range(_FOLDS):
        test, train = np.flatnonzero(fold == k), fold != k
        if len(test) < 2 or not train.any():
            continue
        model = KernelRidge(alpha=_RIDGE, kernel="rbf", gamma=1 / (2 * _LENGTH**2)).fit(points[train], targets[train])
        error = np.square(targets[test] - model.predict(points[test])).sum(axis=0)
        for j in range(len(sample.names)):
            shuffled, own = points[test].copy(), sample.owners == j
            shuffled[:, own] = shuffled[rng.permutation(len(test))][:, own]
            rise[:, j] += np.square(targets[test] - model.predict(shuffled)).sum(axis=0) - error
    return np.asarray(rise / np.square(targets).sum(axis=0)[:, None])
