"""A trial in Optuna's words: distributions and suggestions of a space, attributes, and the finished trial as stored.

Optuna keeps one number a step and trial, so the curves of a training travel as one attribute of the trial, in the
network's own precision. The metrics where training ended are plain numbers beside it, for the dashboard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import BaseTrial, FrozenTrial, TrialState

from hpsearch.config.hyperparameters import BY_NAME, HYPERPARAMETERS
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.space import Choice, Float, Int, Space

CURVES = "hpsearch:curves"
"""System attribute of a trial that holds :meth:`hpsearch.evaluation.outcomes.Evaluation.encode`."""

_WORDS: Mapping[type, tuple[type[BaseDistribution], str]] = {
    Float: (FloatDistribution, "suggest_float"),
    Int: (IntDistribution, "suggest_int"),
    Choice: (CategoricalDistribution, "suggest_categorical"),
}
"""For each kind of dimension Optuna's distribution and the method of a trial that suggests from it."""


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The space as Optuna's distributions, in its order."""
    return {name: _WORDS[type(dimension)][0](**asdict(dimension)) for name, dimension in space.items()}


def suggest(trial: BaseTrial, space: Space) -> dict[str, Any]:
    """Ask a trial for a value of every hyperparameter of the space, in its order.

    Raises:
        ValueError: if the trial or its sampler refuses one, which it names.
    """
    params = {}
    for name, dimension in space.items():
        try:
            params[name] = getattr(trial, _WORDS[type(dimension)][1])(name, **asdict(dimension))
        except ValueError as problem:
            raise ValueError(f"{name}: {problem}") from problem
    return params


WORDS = tuple(h.name for h in HYPERPARAMETERS if h.kind == "text")
"""Hyperparameters that the trainings around a best hold as attributes: of a parameter, a storage takes no word that
was not among the first trial's."""


def values_of(trial: FrozenTrial) -> dict[str, Any]:
    """A stored trial's hyperparameters by name."""
    values = {name: value for name, value in trial.params.items() if name in BY_NAME}
    return {**values, **{name: trial.user_attrs[name] for name in WORDS if name in trial.user_attrs}}


def attributes(evaluation: Evaluation) -> dict[str, float]:
    """The metrics where training ended, as the numbers that Optuna's dashboard sorts and draws."""
    numbers = {name: value for name, value in evaluation.final.items() if np.isfinite(value)}
    return {**numbers, "diverged": float(any(evaluation.diverged)), "seeds": float(len(evaluation.seeds))}


def finished_trial(
    evaluation: Evaluation,
    params: Mapping[str, Any],
    distributions: Mapping[str, BaseDistribution],
    *,
    metric: str,
    curve: bool = True,
    user_attrs: Mapping[str, Any] | None = None,
    system_attrs: Mapping[str, Any] | None = None,
) -> FrozenTrial:
    """A trial that has ended, whole, ready to be stored in one write.

    Args:
        evaluation: What came of its trainings.
        params: Its hyperparameters; NumPy numbers become Python's, which JSON can hold.
        distributions: Of the same names.
        metric: Its value, where training ended.
        curve: Whether the metric at every checkpoint is stored as Optuna's intermediate values too.
        user_attrs: Further attributes that the dashboard shows, such as a row's place in a design.
        system_attrs: Further attributes that it does not show.
    """
    values = evaluation.curve(metric).tolist()
    trial = optuna.trial.create_trial(
        state=TrialState.PRUNED if evaluation.pruned else TrialState.COMPLETE,
        value=values[-1],
        params={name: plain(params[name]) for name in distributions},
        distributions=dict(distributions),
        user_attrs={**attributes(evaluation), **{name: plain(v) for name, v in (user_attrs or {}).items()}},
        system_attrs={CURVES: evaluation.encode(), **(system_attrs or {})},
        intermediate_values=dict(zip(evaluation.iterations, values, strict=True)) if curve else None,
    )
    trial.datetime_start = datetime.fromtimestamp(evaluation.started, UTC)
    trial.datetime_complete = datetime.fromtimestamp(evaluation.finished, UTC)
    return trial


def plain(value: Any) -> Any:
    """A NumPy scalar as Python's own; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value
