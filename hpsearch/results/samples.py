"""The trials of any Optuna study as points of the unit cube, with warnings of what makes them a poor sample."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState
from scipy import stats

from hpsearch.storage.internals import renumbered

FEW = 10
"""Trials a parameter below which a warning is given."""


class ImportanceWarning(UserWarning):
    """What to bear in mind when reading importances."""


class ImportanceError(ValueError):
    """Importances cannot be computed."""


@dataclass(frozen=True)
class Sample:
    """Trials as points and values.

    Attributes:
        names: Of the parameters.
        trials: With distributions on the unit interval, or categorical.
        points: ``(trials, columns)`` on the unit cube, choices one-hot.
        owners: ``(columns,)``: place of each column's parameter among the names.
        values: ``(trials,)``, lower is better.
    """

    names: tuple[str, ...]
    trials: tuple[FrozenTrial, ...]
    points: NDArray[np.float64]
    owners: NDArray[np.int64]
    values: NDArray[np.float64]


def read_sample(study: optuna.Study, target: Callable[[FrozenTrial], float] | None) -> Sample:
    """The completed trials with a finite value, and the parameters that all of them have and that vary.

    Args:
        study: Any Optuna study.
        target: What to explain, lower is better; the value by default.

    Raises:
        ImportanceError: if there are fewer than 10 such trials, no such parameter, or several objectives and no target.

    Warns:
        ImportanceWarning: where trials or parameters are left out, or trials are few.
    """
    trials, values = _scored(study, target)
    common = [n for n in trials[0].params if all(n in t.params for t in trials)]
    partial = sorted({n for t in trials for n in t.params} - set(common))
    if partial:
        _warn(f"not every trial has {', '.join(partial)}: left out")
    names = tuple(n for n in common if len({t.params[n] for t in trials}) > 1)
    if not names:
        raise ImportanceError(f"study {study.study_name!r} has no parameter that every trial has and that varies")
    if len(trials) < FEW * len(names):
        _warn(f"{len(trials)} trials for {len(names)} parameters: fewer than {FEW} each, so expect wide intervals")
    return _on_the_cube(names, trials, values=values)


def _scored(
    study: optuna.Study, target: Callable[[FrozenTrial], float] | None
) -> tuple[list[FrozenTrial], NDArray[np.float64]]:
    """The completed trials with a finite value, and these values, lower is better."""
    if target is None and len(study.directions) > 1:
        raise ImportanceError(
            f"study {study.study_name!r} has {len(study.directions)} objectives: say which to explain, "
            "with target=lambda trial: trial.values[0]"
        )
    trials = study.get_trials(deepcopy=False)
    complete = [t for t in trials if t.state == TrialState.COMPLETE]
    sign = -1.0 if target is None and study.direction == optuna.study.StudyDirection.MAXIMIZE else 1.0
    value: Callable[[FrozenTrial], Any] = target or (lambda trial: trial.value)
    scores = [(t, float(sign * (value(t) if value(t) is not None else np.nan))) for t in complete]
    finite = [(t, score) for t, score in scores if np.isfinite(score)]
    if unfinished := len(trials) - len(complete):
        _warn(
            f"{unfinished} trials are pruned, failed or not finished and left out: pruning favours some settings",
            frames=5,
        )
    if infinite := len(complete) - len(finite):
        _warn(f"{infinite} trials have a value that is not finite and are left out: they may be the worst", frames=5)
    if len(finite) < FEW:
        raise ImportanceError(
            f"study {study.study_name!r} has {len(finite)} completed trials with a finite value, of {len(trials)}; "
            f"importances need at least {FEW}, and {FEW} a parameter to mean something"
        )
    return [t for t, _ in finite], np.array([score for _, score in finite])


def _warn(message: str, *, frames: int = 4) -> None:
    """Warn in the line that called ``importance``, so many frames up."""
    warnings.warn(message, ImportanceWarning, stacklevel=frames)


def _on_the_cube(names: tuple[str, ...], trials: Sequence[FrozenTrial], *, values: NDArray[np.float64]) -> Sample:
    """The same trials with every numeric parameter on the unit interval of its own scale."""
    parts: list[NDArray[np.float64]] = []
    params: list[list[Any]] = []
    distributions: dict[str, BaseDistribution] = {}
    for name in names:
        kinds = [t.distributions[name] for t in trials]
        points, column, distributions[name] = _side([t.params[name] for t in trials], kinds)
        parts.append(points)
        params.append(column)
    rows = zip(*params, strict=True)
    settings = [dict(zip(names, row, strict=True)) for row in rows]
    moved = tuple(_trial(number, setting, distributions=distributions) for number, setting in enumerate(settings))
    owners = np.repeat(np.arange(len(names)), [part.shape[1] for part in parts])
    return Sample(names, moved, np.hstack(parts), owners, values)


def _side(
    values: list[Any], kinds: Sequence[BaseDistribution]
) -> tuple[NDArray[np.float64], list[Any], BaseDistribution]:
    """A parameter's columns of the cube, ``(trials, columns)``, and its values with a distribution for Optuna."""
    if any(isinstance(kind, CategoricalDistribution) for kind in kinds):
        choices = tuple(dict.fromkeys(values))
        one_hot = np.array([[value == choice for choice in choices] for value in values], dtype=float)
        return one_hot / np.sqrt(2), values, CategoricalDistribution(choices)  # two choices are 1 apart
    unit = _unit(np.array(values, dtype=float), kinds)
    return unit[:, None], unit.tolist(), FloatDistribution(0.0, 1.0)


def _unit(values: NDArray[np.float64], kinds: Sequence[BaseDistribution]) -> NDArray[np.float64]:
    """Values on the unit interval, from the least to the greatest bound of all trials; in the logarithm if all are."""
    numeric = [k for k in kinds if isinstance(k, FloatDistribution | IntDistribution)]
    low, high = min(float(k.low) for k in numeric), max(float(k.high) for k in numeric)
    if all(k.log for k in numeric):
        values, low, high = np.log(values), np.log(low), np.log(high)
    return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0))


def _trial(number: int, params: dict[str, Any], *, distributions: dict[str, BaseDistribution]) -> FrozenTrial:
    return renumbered(optuna.trial.create_trial(params=params, distributions=distributions, value=0.0), number, 0.0)


def warn_of_bias(sample: Sample) -> None:
    """Warn where trials are not evenly spread, by a Kolmogorov-Smirnov or χ² test of each parameter (Bonferroni)."""
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
        _warn(
            f"{', '.join(uneven)} are not evenly spread, as an optimiser's trials are not: importances then speak of "
            "where it looked, and not of the space; a survey measures the space"
        )
