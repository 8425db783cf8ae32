"""A trial in Optuna's words: distributions, attributes, and the curves of its training."""

from __future__ import annotations

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from hpsearch.config.study import StudyConfig
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.space import Choice, Float, Int, Space


def objective_value(evaluation: Evaluation, config: StudyConfig) -> float:
    """What the study minimises, where training ended."""
    return evaluation.final[config.search.metric]


def attributes(evaluation: Evaluation) -> dict[str, float]:
    """The metrics where training ended, as the numbers that Optuna's dashboard sorts and draws."""
    numbers = {name: value for name, value in evaluation.final.items() if np.isfinite(value)}
    return {**numbers, "diverged": float(any(evaluation.diverged)), "seeds": float(len(evaluation.seeds))}


CURVES = "hpsearch:curves"
"""Trial attribute that holds :meth:`Evaluation.encode`."""


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The space in Optuna's words."""
    return {name: _distribution(dimension) for name, dimension in space.items()}


def _distribution(dimension: Float | Int | Choice) -> BaseDistribution:
    if isinstance(dimension, Float):
        return FloatDistribution(dimension.low, dimension.high, log=dimension.log)
    if isinstance(dimension, Int):
        return IntDistribution(dimension.low, dimension.high, log=dimension.log)
    return CategoricalDistribution(dimension.choices)
