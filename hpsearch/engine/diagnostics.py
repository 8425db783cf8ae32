"""What is measured at a checkpoint; :mod:`hpsearch.engine.metrics` says what each metric is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hpsearch.engine.activations import SIGMOID, times_slope
from hpsearch.engine.compilation import compiled, flattened, inlined
from hpsearch.engine.losses import CEILING, LEAST_R2, half_squares, losses, mistakes
from hpsearch.engine.network import IDENTITY, SOFTMAX, backward, error, forward, shift, step
from hpsearch.engine.parameters import (
    Layers,
    Room,
    answers_of,
    biases_of,
    room_within,
    signal_of,
    turned_of,
    weights_of,
)
from hpsearch.engine.products import product
from hpsearch.engine.settings import Array

_TRAIN_EXAMPLES = 2048
PROBE = 256
"""Examples that are measured at a time; the first of them are the gradient's."""
_UNITS_PROBE = 64
_FLAT = 0.02
_SAME = 1e-3


@inlined
def measure(
    train: tuple[Array, Array],
    validation: tuple[Array, Array],
    variance: float,
    layers: Layers,
    room: Room,
    choices: tuple[int, int],
    l2: float,
    metrics: Array,
) -> bool:
    """Measure a network.

    Args:
        train: Inputs ``(examples, features)``, and targets ``(examples, outputs)`` or classes ``(examples, 1)``.
        validation: The same, with no examples where there is no validation.
        variance: Of the validation targets, for R².
        layers: The parameters.
        room: For as many examples as are measured at a time, or more.
        choices: Activation and output.
        l2: λ, for the cost's gradient.
        metrics: Filled, ``(metrics,)``, in the order of ``Examples.metrics``.

    Returns:
        Whether the parameters and all metrics are finite; else the network has diverged.
    """
    place = 1
    if len(validation[0]) > 0:
        metrics[1], metrics[2] = _scores(validation, len(validation[0]), layers, room, choices)
        if choices[1] == IDENTITY:
            r2 = 1 - 2 * metrics[2] / variance
            metrics[2] = LEAST_R2 if r2 < LEAST_R2 else r2
        place = 3
    metrics[0], _ = _scores(train, min(len(train[0]), _TRAIN_EXAMPLES), layers, room, choices)
    _probe(train, layers, room, choices, l2, metrics[place:])
    return _finite(layers.flat) and _finite(metrics)


@compiled
def _finite(numbers: Array) -> bool:
    for number in numbers:  # noqa: SIM110  # compiled
        if not math.isfinite(number):
            return False
    return True


@compiled
def _scores(examples: tuple[Array, Array], count: int, layers: Layers, room: Room, choices: tuple[int, int]) -> Any:
    """Mean loss over the first ``count`` examples, and the share of them put in the wrong class.

    For regression the second is the mean of half the squared error, which is not clipped as the loss of an example is:
    one target far out would have a small loss beside a large variance, and R² would seem near 1.

    The last to be answered are the first examples: the room is left with what the network answers to them.
    """
    activation, output = choices
    total, missed, values = 0.0, 0.0, np.empty(count)
    squares = np.empty(count if output == IDENTITY else 0)
    for start in range((count - 1) // PROBE * PROBE, -1, -PROBE):
        part = room_within(room, min(PROBE, count - start))
        some = slice(start, start + len(part.every))
        forward(examples[0][some], part.every, layers, part, activation)
        logits, targets = _logits_to_change(part), examples[1][some]
        if output == SOFTMAX:
            shift(logits, turned_of(part)[0])
        if output == IDENTITY:
            half_squares(logits, targets, squares[some])
        else:
            missed += mistakes(output, logits, targets)
        losses(output, logits, targets, values[some])
    for value in values:
        total += value
    for square in squares:
        missed += square
    mean = total / count
    return CEILING if mean > CEILING else mean, missed / count


@inlined
def _logits_to_change(room: Room) -> Array:
    """A copy of the logits, where the output layer's signal will be."""
    last = len(room.plan) - 1
    copy = signal_of(room, last)
    logits, numbers = flattened(answers_of(room, last)), flattened(copy)
    for i in range(numbers.size):
        numbers[i] = logits[i]
    return copy


@inlined
def _probe(
    train: tuple[Array, Array], layers: Layers, room: Room, choices: tuple[int, int], l2: float, metrics: Array
) -> None:
    """Fill four metrics: what the gradient, the activations and the weights tell, on the first training examples.

    The room holds what the network answers to these.
    """
    activation, output = choices
    room = room_within(room, min(PROBE, len(train[0])))
    count, plan, flat = len(room.every), layers.plan, layers.flat
    error(output, room, train[1], room.every)
    backward(layers, room, activation)
    zero, one = flat.dtype.type(0), flat.dtype.type(1)
    descended, gradient = flat.copy(), np.zeros_like(flat)
    # The velocity of a step of rate −1 without momentum is the gradient.
    step(train[0], room.every, Layers(descended, plan), Layers(gradient, plan), room, (zero - one, zero, zero))
    metrics[0], metrics[2] = _lengths(layers, Layers(gradient, plan), count, l2)
    metrics[1] = _saturation(activation, room)
    metrics[3] = distinct(answers_of(room, 0)[:_UNITS_PROBE])
    for layer in range(1, len(plan) - 1):
        metrics[3] = min(metrics[3], distinct(answers_of(room, layer)[:_UNITS_PROBE]))


@compiled
def _lengths(layers: Layers, gradient: Layers, count: int, l2: float) -> Any:
    """Length of the cost's gradient, from that of the summed loss of so many examples; and of the weights."""
    weight_square, gradient_square = 0.0, 0.0
    for layer in range(len(layers.plan)):
        W, dW = weights_of(layers, layer), weights_of(gradient, layer)
        if layer == len(layers.plan) - 1:  # as (inputs, units), like the others: a sum has one order
            W, dW = np.ascontiguousarray(W.T), np.ascontiguousarray(dW.T)
        for i in range(W.shape[0]):
            for j in range(W.shape[1]):
                weight_square += float(W[i, j]) ** 2
                gradient_square += (float(dW[i, j]) / count + l2 * float(W[i, j])) ** 2
        for db in biases_of(gradient, layer):
            gradient_square += (float(db) / count) ** 2
    return math.sqrt(gradient_square), math.sqrt(weight_square)


@compiled
def _saturation(activation: int, room: Room) -> float:
    """Share of all hidden activations whose slope is under 2 % of the steepest."""
    flat, count = 0, 0
    least = _FLAT * (0.25 if activation == SIGMOID else 1.0)
    for layer in range(len(room.plan) - 1):
        activated = answers_of(room, layer)
        slopes = np.ones_like(activated)
        times_slope(activation, slopes, activated)
        for slope in slopes.reshape(slopes.size):
            flat += slope < least
        count += slopes.size
    return flat / count


@compiled
def distinct(activated: Array) -> int:
    """Number of units that no earlier unit of their layer repeats.

    Two units are one function if their activations are closer than a thousandth of their length. Units equal in exact
    arithmetic differ by rounding alone, far less than that, until large steps in low precision amplify the difference.

    Args:
        activated: ``(examples, units)``.
    """
    a = activated.astype(np.float64)
    units = a.shape[1]
    products = np.empty((units, units))
    product(a.T, a, None, products, None, None, None, None)
    repeats = 0
    for i in range(units):
        for j in range(i):
            scale = products[i, i] + products[j, j]
            if scale - 2 * products[i, j] <= _SAME**2 * scale / 2:
                repeats += 1
                break
    return units - repeats
