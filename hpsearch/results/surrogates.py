"""Importance of any Optuna study's parameters by surrogates, with what a chart of them lacks: intervals and a null.

Three measures side by side: PED-ANOVA (Watanabe, Bansal and Hutter 2023), which asks what gets a trial into the best
tenth; fANOVA (Hutter, Hoos and Leyton-Brown 2014), which explains the variance by a forest; and permutation importance
(Breiman 2001; Fisher, Rudin and Dominici 2019) of a kernel ridge regression on held-out folds. The first two sum to 1
by construction, on pure noise as well: only the p-value tells whether there is anything.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator
from optuna.trial import FrozenTrial, TrialState
from scipy import stats

from hpsearch.storage.internals import DetachedStudy, renumbered

FEW = 10
"""Trials a parameter below which a warning is given."""

_RESAMPLES = {"ped_anova": 200, "fanova": 39, "permutation": 200}
_FANOVA_TREES = 16
_FOLDS = 5
_RIDGE = 0.1
_LENGTH = 0.5
"""Length scale of the kernel on the unit cube; fixed, so that the null needs no choice of its own."""


class ImportanceWarning(UserWarning):
    """What to bear in mind when reading importances."""


class ImportanceError(ValueError):
    """Importances cannot be computed."""


@dataclass(frozen=True)
class _Sample:
    """Trials as points and values.

    Attributes:
        names: Of the parameters.
        trials: With distributions on the unit interval, or categorical.
        points: ``(trials, columns)`` on the unit cube, choices one-hot.
        owners: Parameter of each column.
        values: ``(trials,)``, lower is better.
    """

    names: tuple[str, ...]
    trials: tuple[FrozenTrial, ...]
    points: Any
    owners: Any
    values: Any


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
        measures: Which.
        permutations: Of the values against the parameters, for the p-value; 200, and 39 for the slow fANOVA.
        bootstraps: Resamples of the trials, for the interval; likewise.
        confidence: Of the percentile interval.
        seed: Of both.

    Returns:
        A row a measure and parameter. Columns: measure, hyperparameter, importance, low, high, p_value ((1 + number of
        permutations at least as important) / (1 + permutations), Phipson and Smyth 2010), permutations, bootstraps,
        trials. All missing where the values are constant.

    Raises:
        ImportanceError: if there are fewer than 10 usable trials, no parameter that all have, no such measure, or
            several objectives and no target.

    Warns:
        ImportanceWarning: where trials were left out, are few, or were not drawn evenly.
    """
    unknown = sorted(set(measures) - set(_RESAMPLES))
    if unknown:
        raise ImportanceError(f"no measure {unknown[0]!r}: choose among {', '.join(_RESAMPLES)}")
    sample = _read(study, target)
    _warn_of_bias(sample)
    frames = []
    for measure in measures:
        nulls = _RESAMPLES[measure] if permutations is None else permutations
        boots = _RESAMPLES[measure] if bootstraps is None else bootstraps
        frames.append(_measured(measure, sample, nulls, boots, confidence, seed))
    return pd.concat(frames, ignore_index=True)


def _measured(measure: str, sample: _Sample, nulls: int, boots: int, confidence: float, seed: int) -> pd.DataFrame:
    count, d = len(sample.values), len(sample.names)
    found, low, high, p = (np.full(d, np.nan) for _ in range(4))
    if np.ptp(sample.values) > 0:
        rng = np.random.default_rng((seed, list(_RESAMPLES).index(measure)))
        shuffled = np.stack([sample.values, *(rng.permutation(sample.values) for _ in range(nulls))])
        drawn = [rng.integers(count, size=count) for _ in range(boots)]
        if measure == "permutation":
            scores = _ridge_importance(sample, np.arange(count), shuffled, seed)
            resampled = [_ridge_importance(sample, rows, sample.values[None, rows], seed)[0] for rows in drawn]
        else:
            scores = np.stack([_by_optuna(measure, sample, np.arange(count), values, seed) for values in shuffled])
            resampled = [_by_optuna(measure, sample, rows, sample.values[rows], seed) for rows in drawn]
        found = scores[0]
        p = (1 + (scores[1:] >= found).sum(axis=0)) / (1 + nulls)
        if resampled:
            low, high = np.quantile(resampled, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return pd.DataFrame(
        {
            "measure": pd.Series([measure] * d, dtype="str"),
            "hyperparameter": pd.Series(sample.names, dtype="str"),
            "importance": found,
            "low": low,
            "high": high,
            "p_value": p,
            "permutations": nulls,
            "bootstraps": boots,
            "trials": count,
        }
    )


def _read(study: optuna.Study, target: Callable[[FrozenTrial], float] | None) -> _Sample:
    if target is None and len(study.directions) > 1:
        raise ImportanceError(
            f"study {study.study_name!r} has {len(study.directions)} objectives: say which to explain, "
            "with target=lambda trial: trial.values[0]"
        )
    everything = study.get_trials(deepcopy=False)
    complete = [t for t in everything if t.state == TrialState.COMPLETE]
    sign = -1.0 if target is None and study.direction == optuna.study.StudyDirection.MAXIMIZE else 1.0
    value: Callable[[FrozenTrial], Any] = target or (lambda trial: trial.value)
    scored = [(t, float(sign * (value(t) if value(t) is not None else np.nan))) for t in complete]
    used = [(t, v) for t, v in scored if np.isfinite(v)]
    _warn(
        len(everything) - len(complete),
        "are pruned, failed or not finished and left out: pruning favours some settings",
    )
    _warn(len(complete) - len(used), "have a value that is not finite and are left out: they may be the worst")
    if len(used) < FEW:
        raise ImportanceError(
            f"study {study.study_name!r} has {len(used)} completed trials with a finite value, of {len(everything)}; "
            f"importances need at least {FEW}, and {FEW} a parameter to mean something"
        )
    trials = [t for t, _ in used]
    common = [n for n in trials[0].params if all(n in t.params for t in trials)]
    partial = sorted({n for t in trials for n in t.params} - set(common))
    if partial:
        message = f"not every trial has {', '.join(partial)}: left out"
        warnings.warn(message, ImportanceWarning, stacklevel=3)
    names = tuple(n for n in common if len({t.params[n] for t in trials}) > 1)
    if not names:
        raise ImportanceError(f"study {study.study_name!r} has no parameter that every trial has and that varies")
    if len(trials) < FEW * len(names):
        message = f"{len(trials)} trials for {len(names)} parameters: fewer than {FEW} each, so expect wide intervals"
        warnings.warn(message, ImportanceWarning, stacklevel=3)
    return _on_the_cube(names, trials, np.array([v for _, v in used]))


def _warn(count: int, what: str) -> None:
    if count:
        warnings.warn(f"{count} trials {what}", ImportanceWarning, stacklevel=4)


def _on_the_cube(names: tuple[str, ...], trials: Sequence[FrozenTrial], values: Any) -> _Sample:
    """The same trials with every numeric parameter on the unit interval of its own scale."""
    columns: list[Any] = []
    owners: list[int] = []
    params: dict[str, list[Any]] = {}
    distributions: dict[str, BaseDistribution] = {}
    for k, name in enumerate(names):
        given = [t.params[name] for t in trials]
        kinds = [t.distributions[name] for t in trials]
        if any(isinstance(kind, CategoricalDistribution) for kind in kinds):
            choices = tuple(dict.fromkeys(given))
            one_hot = np.array([[value == choice for choice in choices] for value in given], dtype=float)
            columns.append(one_hot / np.sqrt(2))
            params[name], distributions[name] = given, CategoricalDistribution(choices)
        else:
            unit = _unit(np.array(given, dtype=float), kinds)
            columns.append(unit[:, None])
            params[name], distributions[name] = unit.tolist(), FloatDistribution(0.0, 1.0)
        owners += [k] * columns[-1].shape[1]
    moved = tuple(_trial(i, {n: params[n][i] for n in names}, distributions) for i in range(len(trials)))
    return _Sample(names, moved, np.hstack(columns), np.array(owners), values)


def _unit(values: Any, kinds: Sequence[BaseDistribution]) -> Any:
    """Over the range of all trials' ranges; in the logarithm if they are log."""
    numeric = [k for k in kinds if isinstance(k, FloatDistribution | IntDistribution)]
    low, high = min(float(k.low) for k in numeric), max(float(k.high) for k in numeric)
    if all(k.log for k in numeric):
        values, low, high = np.log(values), np.log(low), np.log(high)
    return np.clip((values - low) / (high - low), 0.0, 1.0)


def _trial(number: int, params: dict[str, Any], distributions: dict[str, BaseDistribution]) -> FrozenTrial:
    return renumbered(optuna.trial.create_trial(params=params, distributions=distributions, value=0.0), number, 0.0)


def _warn_of_bias(sample: _Sample) -> None:
    """Evenly drawn trials pass a Kolmogorov-Smirnov or χ² test of evenness in every parameter."""
    uneven = []
    for k, name in enumerate(sample.names):
        columns = sample.points[:, sample.owners == k]
        if columns.shape[1] > 1:
            p = stats.chisquare((columns > 0).sum(axis=0)).pvalue
        elif len(np.unique(columns)) < len(columns) / 2:  # whole numbers: steps, not a continuous law
            continue
        else:
            p = stats.kstest(columns[:, 0], "uniform").pvalue
        if p < 0.01 / len(sample.names):
            uneven.append(name)
    if uneven:
        message = (
            f"{', '.join(uneven)} are not evenly spread, as an optimiser's trials are not: importances then speak of "
            "where it looked, and not of the space; a survey measures the space"
        )
        warnings.warn(message, ImportanceWarning, stacklevel=3)


def _by_optuna(measure: str, sample: _Sample, rows: Any, values: Any, seed: int) -> Any:
    pairs = enumerate(zip(rows, values, strict=True))
    trials = [renumbered(sample.trials[row], number, float(value)) for number, (row, value) in pairs]
    evaluator: Any = PedAnovaImportanceEvaluator()
    if measure == "fanova":
        evaluator = FanovaImportanceEvaluator(n_trees=_FANOVA_TREES, seed=seed)
    found = evaluator.evaluate(DetachedStudy(trials, _empty()), params=list(sample.names))
    scores = np.array([found[name] for name in sample.names], dtype=float)
    return scores / scores.sum() if scores.sum() > 0 else np.full(len(scores), 1 / len(scores))


def _empty() -> optuna.Study:
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(study_name="resample")
    finally:
        optuna.logging.set_verbosity(level)


def _ridge_importance(sample: _Sample, rows: Any, values: Any, seed: int) -> Any:
    """Rise of the held-out squared error when a parameter is shuffled, over the variance.

    Args:
        sample: Points.
        rows: ``(trials,)``: which trials, with repeats in a bootstrap; repeats share a fold.
        values: ``(targets, trials)``: a kernel ridge regression is linear in them, so the null costs little.
        seed: Of folds and shuffles.

    Returns:
        ``(targets, parameters)``.
    """
    from sklearn.kernel_ridge import KernelRidge

    rng = np.random.default_rng((seed, 7))
    fold = rng.integers(_FOLDS, size=len(sample.values))[rows]
    points, targets = sample.points[rows], (values - values.mean(axis=1, keepdims=True)).T
    rise = np.zeros((targets.shape[1], len(sample.names)))
    for k in range(_FOLDS):
        held, train = np.flatnonzero(fold == k), fold != k
        if len(held) < 2 or not train.any():
            continue
        model = KernelRidge(alpha=_RIDGE, kernel="rbf", gamma=1 / (2 * _LENGTH**2)).fit(points[train], targets[train])
        error = np.square(targets[held] - model.predict(points[held])).sum(axis=0)
        for j in range(len(sample.names)):
            changed, own = points[held].copy(), sample.owners == j
            changed[:, own] = changed[rng.permutation(len(held))][:, own]
            rise[:, j] += np.square(targets[held] - model.predict(changed)).sum(axis=0) - error
    return rise / np.square(targets).sum(axis=0)[:, None]
