"""The metrics: losses, errors, and whether the units still learn.

| metric | of |
|---|---|
| train_loss | mean loss over the training examples (the first 2,048 of a larger set), without the λ term |
| validation_loss | mean loss over all validation examples |
| validation_error | share of validation examples put in the wrong class; for regression `validation_r2`, R², ≥ −30.9 |
| gradient_norm | Euclidean length of the cost's gradient over the first 256 training examples |
| saturation | share of hidden activations, over these, whose slope is under 2 % of the steepest (tanh: beyond ±0.99) |
| weight_norm | Euclidean length of all weights, biases left out |
| distinct_units | number of hidden units that differ from one another on the first 64 training examples |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hpsearch.engine.examples import Examples
from hpsearch.engine.losses import CEILING, LEAST_R2

FLOOR = float(np.finfo(np.float32).eps)
"""The least that counts in the logarithm: the loss of a probability of 1 − ε, and the rounding of a length near 1."""


@dataclass(frozen=True)
class Metric:
    """What a metric is, for everyone who reads one.

    Attributes:
        name: Its column in every table.
        better: "lower" or "higher"; None for what describes a training and is no goal.
        worst: What a diverged training gets: the ceiling of a loss. None where a diverged training has no value.
        form: In which its sensitivity is analysed unless another is asked for.
        floor: Value at which it is clipped from below in the logarithm, which 0 does not have. None where no floor is
            that of every study: a share's depends on the number of its examples.
        shown: Whether tables of trials for people show it.
    """

    name: str
    better: Literal["lower", "higher"] | None = None
    worst: float | None = None
    form: Literal["log", "linear"] = "linear"
    floor: float | None = None
    shown: bool = False


METRICS: tuple[Metric, ...] = (
    Metric("train_loss", better="lower", worst=CEILING, form="log", floor=FLOOR),
    Metric("validation_loss", better="lower", worst=CEILING, form="log", floor=FLOOR, shown=True),
    Metric("validation_error", better="lower", worst=1.0, shown=True),
    Metric("validation_r2", better="higher", worst=LEAST_R2, shown=True),
    Metric("gradient_norm", floor=FLOOR),
    Metric("saturation"),
    Metric("weight_norm", floor=FLOOR),
    Metric("distinct_units"),
)
"""In the order of every table's columns; a study has those that it measured."""

METRIC: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}
"""By name."""


def worst_values(examples: Examples) -> list[float]:
    """What a diverged training gets, in the order of ``examples.metrics``; NaN where it has no value."""
    worst = (METRIC[name].worst for name in examples.metrics)
    return [np.nan if value is None else value for value in worst]
