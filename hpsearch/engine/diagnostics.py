"""What is measured at a checkpoint: losses, errors, and whether the units still learn.

| metric | of |
|---|---|
| train_loss | mean loss over the training examples (the first 2,048 of a larger set), without the λ term |
| validation_loss | mean loss over all validation examples |
| validation_error | share of validation examples put in the wrong class; `validation_r2`, R², for regression |
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

from hpsearch.engine.examples import TRAIN_EXAMPLES, Examples
from hpsearch.engine.network import (
    CEILING,
    Batch,
    Rooms,
    Workspace,
    backward,
    forward,
    losses,
    mistakes,
    respond,
    slope,
)
from hpsearch.engine.settings import Architecture, Array

FLOOR = float(np.finfo(np.float32).eps)
"""The least that counts in the logarithm: the loss of a probability of 1 − ε, and the rounding of a length near 1."""

_UNITS_PROBE = 64
_FLAT = 0.02
_SAME = 1e-3


@dataclass(frozen=True)
class Metric:
    """What a metric is, for everyone who reads one.

    Attributes:
        name: Its column in every table.
        better: "lower" or "higher"; None for what describes a training and is no goal.
        worst: What a diverged training gets: the ceiling of a loss. None where a diverged training has no value; that
            of R² depends on the data, see :func:`worst_values`.
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
    Metric("validation_r2", better="higher", shown=True),
    Metric("gradient_norm", floor=FLOOR),
    Metric("saturation"),
    Metric("weight_norm", floor=FLOOR),
    Metric("distinct_units"),
)
"""In the order of every table's columns; a study has those that it measured."""

METRIC: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}
"""By name."""


def measure(
    architecture: Architecture, weights: Array, l2: Array, examples: Examples, rooms: Rooms
) -> tuple[Array, Array]:
    """All metrics of each member.

    Args:
        architecture: Of all members.
        weights: ``(members, parameters)``.
        l2: ``(members,)``, for the cost's gradient.
        examples: What to measure on.
        rooms: Workspaces for at least this many members.

    Returns:
        ``(members, metrics)`` in the network's precision, and ``(members,)``: which members have diverged. A diverged
        member's losses and error are the ceiling, its other metrics NaN.
    """
    layers = architecture.layers(weights)
    with np.errstate(all="ignore"):
        columns = _on_training(architecture, layers, l2, examples, rooms)
        if examples.validation is not None:
            columns |= _on_validation(architecture, layers, examples, rooms)
    metrics = np.stack([columns[name] for name in examples.metrics], axis=1)
    diverged = ~(np.isfinite(weights).all(axis=1) & np.isfinite(metrics).all(axis=1))
    if diverged.any():
        metrics[diverged] = worst_values(examples)
    return metrics.astype(architecture.dtype), diverged


def worst_values(examples: Examples) -> list[float]:
    """What a diverged training gets, in the order of ``examples.metrics``; NaN where it has no value."""
    worst = {metric.name: metric.worst for metric in METRICS if metric.worst is not None}
    if "validation_r2" in examples.metrics:
        worst["validation_r2"] = 1 - 2 * CEILING / examples.validation_variance
    return [worst.get(name, np.nan) for name in examples.metrics]


def _on_training(
    architecture: Architecture, layers: list[Array], l2: Array, examples: Examples, rooms: Rooms
) -> dict[str, Array]:
    members, total, columns = len(l2), np.zeros(len(l2)), {}
    for i, chunk in enumerate(examples.train_chunks):
        workspace = rooms.room(members, chunk.inputs.shape[1])
        forward(layers, [chunk], workspace)
        total += losses(architecture.output, workspace.outputs, chunk.targets).sum(axis=1, dtype=float)
        if i == 0:
            columns = _on_probe(architecture, layers, l2, chunk, workspace)
    count = min(len(examples.train), TRAIN_EXAMPLES)
    return {"train_loss": np.minimum(total / count, CEILING), **columns}


def _on_validation(
    architecture: Architecture, layers: list[Array], examples: Examples, rooms: Rooms
) -> dict[str, Array]:
    members, count = len(layers[0]), sum(chunk.inputs.shape[1] for chunk in examples.validation_chunks)
    total, wrong = np.zeros(members), np.zeros(members)
    for chunk in examples.validation_chunks:
        workspace = rooms.room(members, chunk.inputs.shape[1])
        forward(layers, [chunk], workspace)
        total += losses(architecture.output, workspace.outputs, chunk.targets).sum(axis=1, dtype=float)
        if architecture.output != "identity":
            wrong += np.count_nonzero(mistakes(architecture.output, workspace.outputs, chunk.targets), axis=1)
    loss = np.minimum(total / count, CEILING)
    if architecture.output == "identity":
        return {"validation_loss": loss, "validation_r2": 1 - 2 * loss / examples.validation_variance}
    return {"validation_loss": loss, "validation_error": wrong / count}


def _on_probe(
    architecture: Architecture, layers: list[Array], l2: Array, probe: Batch, workspace: Workspace
) -> dict[str, Array]:
    """What the activations and the gradient tell, from the forward pass just made."""
    columns = {
        "saturation": saturation(architecture, workspace),
        "distinct_units": np.min([distinct(a[:, :-1, :_UNITS_PROBE]) for a in workspace.activations], axis=0),
    }
    gradients = [np.empty_like(layer) for layer in layers]
    respond(workspace)
    mean = np.full((len(l2), 1, 1), 1 / probe.inputs.shape[1], layers[0].dtype)
    backward(layers, gradients, [probe], workspace, mean)
    weight_square, gradient_square = np.zeros(len(l2)), np.zeros(len(l2))
    for layer, gradient in zip(layers, gradients, strict=True):
        weights = layer[:, :, :-1]
        gradient[:, :, :-1] += l2.astype(layer.dtype)[:, None, None] * weights
        weight_square += np.square(weights, dtype=float).sum(axis=(1, 2))
        gradient_square += np.square(gradient, dtype=float).sum(axis=(1, 2))
    return {**columns, "weight_norm": np.sqrt(weight_square), "gradient_norm": np.sqrt(gradient_square)}


def saturation(architecture: Architecture, workspace: Workspace) -> Array:
    """Share of all hidden activations whose slope is under 2 % of the steepest, ``(members,)``."""
    steepest = 0.25 if architecture.activation == "sigmoid" else 1.0
    flat, count = np.zeros(len(workspace.outputs)), 0
    for activated, room in zip(workspace.activations, workspace.slopes, strict=True):
        slopes = slope(architecture.activation, activated[:, :-1], room)
        flat += np.count_nonzero(slopes < _FLAT * steepest, axis=(1, 2))
        count += slopes[0].size
    return flat / count


def distinct(activations: Array) -> Array:
    """Number of units that no earlier unit of their layer repeats, ``(members,)``.

    Two units are one function if their activations are closer than a thousandth of their length. Units equal in exact
    arithmetic differ by rounding alone, far less than that, until large steps in low precision amplify the difference.

    Args:
        activations: ``(members, units, examples)``.
    """
    a = activations.astype(float)
    products = a @ a.transpose(0, 2, 1)
    lengths = np.einsum("muu->mu", products)
    scale = lengths[:, :, None] + lengths[:, None, :]
    same = scale - 2 * products <= _SAME**2 * scale / 2
    repeats = np.tril(same, -1).any(axis=2)
    count: Array = (~repeats).sum(axis=1)
    return count
