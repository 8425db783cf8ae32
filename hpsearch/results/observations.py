"""The trials of any Optuna study that importances can be computed from, their values, and what was left out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hpsearch.config.messages import did_you_mean, listed

FEW = 10
"""Fewest observations that importances are computed from; a parameter needs as many to mean something."""

OUTLYING = 10.0
"""Interquartile ranges beyond the quartiles from which a value is called an outlier."""


class ImportanceWarning(UserWarning):
    """What to bear in mind when reading importances."""


class ImportanceError(ValueError):
    """Importances cannot be computed."""


def tell(notes: Sequence[str], *, stacklevel: int) -> None:
    """Warn of what to bear in mind, in the line of a call so many levels up."""
    for note in notes:
        warnings.warn(note, ImportanceWarning, stacklevel=stacklevel)


def usable_trials(
    study: optuna.Study, *, target: Callable[[FrozenTrial], float] | None, objective: int | str | None
) -> tuple[list[FrozenTrial], NDArray[np.float64], list[str]]:
    """The completed trials with a finite value, these values (lower is better), and notes on what was left out.

    Args:
        study: Any Optuna study.
        target: What to explain, lower is better.
        objective: Place or metric name of the objective to explain, in the study's direction.

    Raises:
        ImportanceError: if it is no study, there are fewer than 10 such trials, or it is not clear what to explain.
    """
    if not isinstance(study, optuna.Study):
        raise ImportanceError(
            f"importance takes an Optuna study (given: {type(study).__name__}): load one by "
            "optuna.load_study(study_name=…, storage=…)"
        )
    value = _value(study, target=target, objective=objective)
    trials = study.get_trials(deepcopy=False)
    complete = [t for t in trials if t.state == TrialState.COMPLETE]
    values = np.array([value(t) for t in complete], dtype=float)  # None becomes NaN
    finite = np.isfinite(values)
    notes = []
    if unfinished := len(trials) - len(complete):
        verb = "trial is" if unfinished == 1 else "trials are"
        notes.append(f"{unfinished} {verb} pruned, failed or not finished and left out: pruning favours some settings")
    if odd := int((~finite).sum()):
        verb, they = ("trial has", "it is left out: it") if odd == 1 else ("trials have", "they are left out: they")
        notes.append(f"{odd} {verb} a value that is not finite, so {they} may be the worst")
    if finite.sum() < FEW:
        raise ImportanceError(
            f"study {study.study_name!r} has {finite.sum()} completed trials with a finite value, of {len(trials)}; "
            f"importances need at least {FEW}, and {FEW} a parameter to mean something"
        )
    return [t for t, usable in zip(complete, finite, strict=True) if usable], values[finite], notes


def _value(
    study: optuna.Study, *, target: Callable[[FrozenTrial], float] | None, objective: int | str | None
) -> Callable[[FrozenTrial], Any]:
    """What of a trial is explained, lower is better."""
    if target is not None:
        if objective is not None:
            raise ImportanceError("say what to explain by target or by objective, not by both")
        return target
    place = _place(study, objective)
    sign = -1.0 if study.directions[place] == StudyDirection.MAXIMIZE else 1.0
    return lambda trial: sign * trial.values[place]


def _place(study: optuna.Study, objective: int | str | None) -> int:
    """The place of an objective among the study's."""
    count, names = len(study.directions), study.metric_names or []
    options = listed([repr(name) for name in names or range(count)], "or")
    if objective is None and count > 1:
        several = f"study {study.study_name!r} has {count} objectives"
        raise ImportanceError(f"{several}: say by objective= (--objective) which to explain, {options}")
    if isinstance(objective, str) and objective in names:
        return names.index(objective)
    place = 0 if objective is None else objective
    if isinstance(place, bool) or not isinstance(place, Integral) or not 0 <= place < count:
        problem = f"study {study.study_name!r} has no {objective=}: choose {options}"
        raise ImportanceError("; ".join(filter(None, [problem, did_you_mean(str(objective), names)])))
    return int(place)


def counted_parameters(trials: Sequence[FrozenTrial]) -> tuple[list[str], list[int], list[str]]:
    """The parameters that count, the places of the trials that have them all, and notes on what is left out.

    Parameters join in the order of how many trials have them, as long as half of the trials have all so far: so a few
    trials without a parameter go, and not the parameter.
    """
    first = dict.fromkeys(name for trial in trials for name in trial.params)
    frequency = {name: sum(name in trial.params for trial in trials) for name in first}
    counted, kept = set[str](), list(range(len(trials)))
    for name in sorted(first, key=lambda name: -frequency[name]):
        having = [place for place in kept if name in trials[place].params]
        if 2 * len(having) >= len(trials):
            counted, kept = counted | {name}, having
    notes = []
    if rare := [name for name in first if name not in counted]:
        notes.append(f"too few trials have {', '.join(rare)} (beside the others): left out")
    if lacking := len(trials) - len(kept):
        partial = ", ".join(name for name in first if name in counted and frequency[name] < len(trials))
        of = "one of " if ", " in partial else ""
        notes.append(f"{lacking} trials lack {of}{partial} and are left out")
    return [name for name in first if name in counted], kept, notes


def notes_on_values(values: NDArray[np.float64]) -> list[str]:
    """What is odd about finite values, ``(trials,)``: all the same, or outliers among them."""
    if not np.ptp(values / max(1.0, np.abs(values).max())) > 0:  # the scale keeps the difference from overflowing
        return ["the value is the same in every trial: there is nothing to explain, and importances are missing"]
    low, high = np.quantile(values, [0.25, 0.75])
    with np.errstate(over="ignore"):
        reach = OUTLYING * (high - low)
        outliers = int(((values < low - reach) | (values > high + reach)).sum()) if high > low else 0
    if outliers:
        have = "trial has" if outliers == 1 else "trials have"
        return [
            f"{outliers} {have} a value more than {OUTLYING:g} interquartile ranges beyond the quartiles: "
            "importances read the order of the values alone, so how far off they are does not count"
        ]
    return []
