"""The trials of any Optuna study as points of the unit cube, one a setting, with notes of what makes them poor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial
from scipy import stats

from hpsearch.results.evenness import uneven_parameters
from hpsearch.results.observations import FEW, ImportanceError, counted_parameters, notes_on_values, usable_trials
from hpsearch.storage.internals import renumbered

Side: TypeAlias = tuple[NDArray[np.float64], list[Any], BaseDistribution]
"""A parameter's columns of the cube, ``(trials, columns)``, and its values with a distribution for Optuna;
choices by their place."""


@dataclass(frozen=True)
class Sample:
    """Settings as points, each with a value.

    Attributes:
        names: Of the parameters.
        trials: A trial a setting, with distributions on the unit interval, or categorical.
        points: ``(settings, columns)`` on the unit cube, choices one-hot.
        owners: ``(columns,)``: place of each column's parameter among the names.
        values: ``(settings,)``, lower is better: the median where several trials have the setting.
        count: Number of trials behind them.
        notes: What to bear in mind.
    """

    names: tuple[str, ...]
    trials: tuple[FrozenTrial, ...]
    points: NDArray[np.float64]
    owners: NDArray[np.int64]
    values: NDArray[np.float64]
    count: int
    notes: tuple[str, ...]

    @property
    def scores(self) -> NDArray[np.float64]:
        """Normal scores of the values' ranks, ``(settings,)`` (Blom 1958); ties share a rank."""
        return normal_scores(self.values)

    def subset(self, rows: NDArray[np.int64]) -> Sample:
        """Some of the settings."""
        trials = tuple(self.trials[row] for row in rows)
        return replace(self, trials=trials, points=self.points[rows], values=self.values[rows])


def normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normal scores of the ranks of some values, ``(values,)`` (Blom 1958): what an outlier cannot pull at."""
    return np.asarray(stats.norm.ppf((stats.rankdata(values) - 3 / 8) / (len(values) + 1 / 4)))


def read_sample(
    study: optuna.Study, *, target: Callable[[FrozenTrial], float] | None = None, objective: int | str | None = None
) -> Sample:
    """The settings of a study's usable trials, in the parameters that most of them have and that vary.

    Args:
        study: Any Optuna study.
        target: What to explain, lower is better.
        objective: Place or metric name of the objective to explain, in the study's direction.

    Raises:
        ImportanceError: if there are fewer than 10 settings, no such parameter, or it is not clear what to explain.
    """
    trials, values, notes = usable_trials(study, target=target, objective=objective)
    counted, kept, more = counted_parameters(trials)
    trials, values = [trials[place] for place in kept], values[kept]
    names = [n for n in counted if any(t.params[n] != trials[0].params[n] for t in trials)]
    if not names:
        raise ImportanceError(
            f"study {study.study_name!r} has no parameter that half of its trials have and that varies"
        )
    sides = [_side([t.params[name] for t in trials], [t.distributions[name] for t in trials]) for name in names]
    points = np.hstack([columns for columns, _, _ in sides])
    notes += [*more, *notes_on_values(values), *_notes_on_points(names, trials, sides)]
    first, values = _one_a_setting(points, values)
    if len(first) < FEW:
        raise ImportanceError(
            f"study {study.study_name!r} has {len(first)} different settings in {len(trials)} trials; importances need "
            f"at least {FEW}, for trials of one setting tell nothing of its parameters"
        )
    if len(first) < FEW * len(names):
        notes.append(
            f"{len(first)} trials for {len(names)} parameters: fewer than {FEW} each, so expect wide intervals"
        )
    owners = np.repeat(np.arange(len(names)), [columns.shape[1] for columns, _, _ in sides])
    moved = _trials(names, sides, first)
    return Sample(tuple(names), moved, points[first], owners, values, len(trials), tuple(notes))


def _side(values: list[Any], kinds: Sequence[BaseDistribution]) -> Side:
    """A parameter's values and distributions, a trial each, as a side of the cube."""
    if any(isinstance(kind, CategoricalDistribution) for kind in kinds):
        words = [repr(value) for value in values]  # a choice may be a list, which no set takes
        choices = list(dict.fromkeys(words))
        places = [choices.index(word) for word in words]
        one_hot = np.eye(len(choices))[places] / np.sqrt(2)  # two choices are 1 apart
        return one_hot, places, CategoricalDistribution(range(len(choices)))
    unit = _unit(np.array(values, dtype=float), kinds)
    return unit[:, None], unit.tolist(), FloatDistribution(0.0, 1.0)


def _unit(values: NDArray[np.float64], kinds: Sequence[BaseDistribution]) -> NDArray[np.float64]:
    """Values on the unit interval, from the least to the greatest bound of all trials; in the logarithm if all are."""
    numeric = [k for k in kinds if isinstance(k, FloatDistribution | IntDistribution)]
    low, high = min(float(k.low) for k in numeric), max(float(k.high) for k in numeric)
    if all(k.log for k in numeric):
        values, low, high = np.log(values), np.log(low), np.log(high)
    return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0))


def _one_a_setting(
    points: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The first trial of each setting, in the order of the trials, and the median value of the setting's trials.

    Trials of one setting are no independent observations: a null that shuffled them one by one would be too narrow.
    """
    _, first, which = np.unique(points, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return first[order], np.array([np.median(values[which.ravel() == setting]) for setting in order])


def _notes_on_points(names: Sequence[str], trials: Sequence[FrozenTrial], sides: Sequence[Side]) -> list[str]:
    """What is odd about where the trials lie: settings repeated, or parameters not evenly spread."""
    notes = []
    different = len(np.unique(np.hstack([columns for columns, _, _ in sides]), axis=0))
    if different < len(trials):
        notes.append(
            f"{len(trials)} trials have {different} different settings: trials of one setting count as one, "
            "with the median of their values"
        )
    if uneven := uneven_parameters(trials, {name: side[0] for name, side in zip(names, sides, strict=True)}):
        notes.append(
            f"{', '.join(uneven)} are not evenly spread, as an optimiser's trials are not: importances then speak of "
            "where it looked, and not of the space; a survey measures the space"
        )
    return notes


def _trials(names: Sequence[str], sides: Sequence[Side], which: NDArray[np.int64]) -> tuple[FrozenTrial, ...]:
    """Some trials again, with every numeric parameter on the unit interval."""
    distributions = {name: distribution for name, (_, _, distribution) in zip(names, sides, strict=True)}
    settings = [{name: values[row] for name, (_, values, _) in zip(names, sides, strict=True)} for row in which]
    made = (optuna.trial.create_trial(params=s, distributions=distributions, value=0.0) for s in settings)
    return tuple(renumbered(trial, number, 0.0) for number, trial in enumerate(made))
