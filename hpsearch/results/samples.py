"""The trials of any Optuna study as points of the unit cube, one a setting, with notes of what makes them poor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from hpsearch.config.messages import listed
from hpsearch.results.evenness import uneven_parameters
from hpsearch.results.observations import FEW, ImportanceError, counted_parameters, notes_on_values, usable_trials
from hpsearch.results.points import Sample
from hpsearch.sensitivity.designs import KEY

_NAMED = 3
"""Parameters that a note names where it says the same of all."""


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
    varied = _varied(counted, trials)
    trials, values = [trials[place] for place in kept], values[kept]
    names = _varied(counted, trials)
    if same := [f"{name} is {trials[0].params[name]!r}" for name in varied if name not in names]:
        more.append(f"{' and '.join(same)} in every trial that is left, and so has no importance here")
    if not names:
        raise ImportanceError(
            f"study {study.study_name!r} has no parameter that half of its trials have and that varies"
        )
    sides = [_side([t.params[name] for t in trials], [t.distributions[name] for t in trials]) for name in names]
    points = np.hstack(sides)
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
    owners = np.repeat(np.arange(len(names)), [side.shape[1] for side in sides])
    return Sample(tuple(names), points[first], owners, values, len(trials), tuple(notes))


def _varied(names: Sequence[str], trials: Sequence[FrozenTrial]) -> list[str]:
    """The parameters that have more than one value."""
    values = {name: {repr(t.params[name]) for t in trials if name in t.params} for name in names}
    return [name for name in names if len(values[name]) > 1]  # by text: a choice may be a list, or NaN


def _side(values: list[Any], kinds: Sequence[BaseDistribution]) -> NDArray[np.float64]:
    """A parameter's values and distributions, a trial each, as columns of the cube, ``(trials, columns)``."""
    if any(isinstance(kind, CategoricalDistribution) for kind in kinds):
        words = [repr(value) for value in values]
        choices = list(dict.fromkeys(words))
        places = [choices.index(word) for word in words]
        return np.asarray(np.eye(len(choices))[places] / np.sqrt(2))  # two choices are 1 apart
    return _unit(np.array(values, dtype=float), kinds)[:, None]


def _unit(values: NDArray[np.float64], kinds: Sequence[BaseDistribution]) -> NDArray[np.float64]:
    """Values on the unit interval, from the least to the greatest bound of all trials; in the logarithm if all are."""
    numeric = [k for k in kinds if isinstance(k, FloatDistribution | IntDistribution)]
    low, high = min(float(k.low) for k in numeric), max(float(k.high) for k in numeric)
    if all(k.log for k in numeric):
        values, low, high = np.log(values), np.log(low), np.log(high)
    half = high / 2 - low / 2  # a range may be longer than the largest number
    return np.asarray(np.clip((values / 2 - low / 2) / half, 0.0, 1.0))


def _one_a_setting(
    points: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The first trial of each setting, in the order of the trials, and the median value of the setting's trials.

    Trials of one setting are no independent observations: a null that shuffled them one by one would be too narrow.
    """
    _, first, which = np.unique(points, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return first[order], np.array([np.median(values[which.ravel() == setting]) for setting in order])


def _notes_on_points(
    names: Sequence[str], trials: Sequence[FrozenTrial], sides: Sequence[NDArray[np.float64]]
) -> list[str]:
    """What is odd about where the trials lie: settings repeated, or parameters not evenly spread."""
    notes = []
    different = len(np.unique(np.hstack(sides), axis=0))
    if different < len(trials):
        notes.append(
            f"{len(trials)} trials have {different} different settings: trials of one setting count as one, "
            "with the median of their values"
        )
    by_design = all(trial.user_attrs.keys() >= set(KEY) for trial in trials)  # a survey's, whose blocks repeat values
    if not by_design and (uneven := uneven_parameters(trials, dict(zip(names, sides, strict=True)))):
        which = f"{listed(uneven)} {'are' if len(uneven) > 1 else 'is'} not"
        if len(uneven) == len(names) > _NAMED:
            which = f"none of the {len(names)} parameters is"
        notes.append(
            f"{which} evenly spread, as an optimiser's trials are "
            "not: importances then speak of where it looked, and not of the space; a survey measures the space"
        )
    return notes
