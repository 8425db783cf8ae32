"""One iteration of a network: forward, error, backward, step; and what it answers.

The training rule, stated once (:mod:`hpsearch.engine.descent` repeats these steps):

* Layer l: ``Z = A_prev·W + b``. Hidden layers apply tanh, relu or sigmoid. The output is softmax or one sigmoid
  unit with cross-entropy, or the identity with half the squared error.
* Rows are examples: an input is ``(examples, features)``, a layer's weights are ``(inputs, units)``.
* cost = mean loss over the mini-batch + (λ/2)·Σ‖W‖². Biases are not regularised, λ is not divided by the batch.
* Initial W = ``init_scale`` × N(0, 1) (× a fan-in factor for "he" and "xavier"), b = 0.

A gradient has its parameter's shape and the name ``d`` + that name. Compiled functions get choices as numbers: the
place of an activation in ``ACTIVATIONS``, of an output in ``OUTPUTS``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hpsearch.engine.compilation import compiled, flattened
from hpsearch.engine.elementary import exp, fma, tanh
from hpsearch.engine.parameters import Layers, Room, layers_of, packed, room_of, sizes_of, space_of
from hpsearch.engine.products import (
    affine,
    last_affine,
    last_signal_below,
    product,
    signal_below,
    sum_last_signal,
    sum_signal,
    turn,
)
from hpsearch.engine.settings import Architecture, Array

ACTIVATIONS = ("tanh", "relu", "sigmoid")
OUTPUTS = ("softmax", "binary", "identity")
TANH, RELU, SIGMOID = range(3)
SOFTMAX, BINARY, IDENTITY = range(3)

_LEAST_LOGIT = -80
"""Logits this far under the largest are raised to here: exp(-80) is still a normal float32, and denormal numbers
make an elementwise pass many times slower on some processors. No probability changes by more than 2e-35."""

_CHUNK = 4096
"""Examples answered at a time, so that memory stays bounded."""


@compiled
def activate(activation: int, z: Array) -> None:
    """Apply a hidden activation in place."""
    flat = flattened(z)
    if activation == TANH:
        for i in range(flat.size):
            flat[i] = tanh(flat[i])
    elif activation == RELU:
        for i in range(flat.size):
            flat[i] = flat.dtype.type(0) if flat[i] < 0 else flat[i]
    else:  # sigmoid z = (1 + tanh(z/2)) / 2, which cannot overflow
        half, one = flat.dtype.type(0.5), flat.dtype.type(1)
        for i in range(flat.size):
            flat[i] = (tanh(flat[i] * half) + one) * half


@compiled
def times_slope(activation: int, signal: Array, activated: Array) -> None:
    """Multiply a signal by the activation's derivative at the activations it gave, in place."""
    s, a = flattened(signal), flattened(activated)
    one, zero = a.dtype.type(1), a.dtype.type(0)
    if activation == TANH:
        for i in range(s.size):
            s[i] *= one - a[i] * a[i]
    elif activation == RELU:
        for i in range(s.size):
            s[i] *= one if a[i] > zero else zero
    else:
        for i in range(s.size):
            s[i] *= (one - a[i]) * a[i]


@compiled
def forward(inputs: Array, rows: Array, layers: Layers, room: Room, activation: int) -> None:
    """Fill ``room.answers`` with every hidden layer's activations and the output's logits.

    Args:
        inputs: ``(all examples, features)``.
        rows: Places of the examples among all, ``(examples,)``.
        layers: The parameters.
        room: For the examples.
        activation: Of the hidden layers.
    """
    weights, biases, answers = layers.weights, layers.biases, room.answers
    last = len(weights) - 1
    for layer in range(last):
        affine(inputs, rows, weights[layer], biases[layer], answers[layer])
        activate(activation, answers[layer])
        inputs, rows = answers[layer], room.every
    last_affine(inputs, room.turned, weights[last], biases[last], answers[last])


@compiled
def shift(z: Array, top: Array) -> None:
    """Take the largest logit off each example's, in place; none stays under the least.

    Args:
        z: ``(outputs, examples)``.
        top: Overwritten, ``(examples,)``.
    """
    least = z.dtype.type(_LEAST_LOGIT)
    for i in range(top.size):
        top[i] = z[0, i]
    for k in range(1, z.shape[0]):
        for i in range(top.size):
            top[i] = z[k, i] if z[k, i] > top[i] else top[i]
    for k in range(z.shape[0]):
        for i in range(top.size):
            below = z[k, i] - top[i]
            z[k, i] = least if below < least else below


@compiled
def respond(output: int, z: Array, room: Array) -> None:
    """Turn logits into the network's outputs, in place.

    Args:
        output: The network's output function.
        z: ``(outputs, examples)``.
        room: Overwritten, ``(examples,)``.
    """
    if output == BINARY:
        activate(SIGMOID, z)
    if output != SOFTMAX:
        return
    shift(z, room)
    flat = flattened(z)
    for i in range(flat.size):
        flat[i] = exp(flat[i])
    for i in range(room.size):
        room[i] = z[0, i]
    for k in range(1, z.shape[0]):
        for i in range(room.size):
            room[i] += z[k, i]
    for k in range(z.shape[0]):
        for i in range(room.size):
            z[k, i] /= room[i]


@compiled
def error(output: int, room: Room, targets: Array, rows: Array) -> None:
    """Fill the output layer's signal, (output − target): the derivative of its loss by its logits, of every output.

    Args:
        output: The network's output function.
        room: As :func:`forward` left it; the logits are overwritten.
        targets: ``(all examples, outputs)``.
        rows: Places of the examples among all, ``(examples,)``.
    """
    logits, signal = room.answers[-1], room.signals[-1]
    respond(output, logits, signal[0])
    turn(targets, rows, signal)
    answers, s = flattened(logits), flattened(signal)
    for i in range(s.size):
        s[i] = answers[i] - s[i]


@compiled
def backward(layers: Layers, room: Room, activation: int) -> None:
    """Fill ``room.signals`` of the hidden layers from that of the output."""
    weights, answers, signals = layers.weights, room.answers, room.signals
    for layer in range(len(weights) - 1, 0, -1):
        if layer == len(weights) - 1:
            last_signal_below(signals[layer], weights[layer], signals[layer - 1])
        else:
            signal_below(signals[layer], weights[layer], signals[layer - 1])
        times_slope(activation, signals[layer - 1], answers[layer - 1])


@compiled
def step(inputs: Array, rows: Array, layers: Layers, velocity: Layers, room: Room, rates: tuple[Any, Any, Any]) -> None:
    """V ← μ·V − (α·dW + α·λ·W); W ← W + V. The same of b, which is not regularised.

    The gradient of the summed loss by a layer's W is ``dW = inputsᵀ·signal``, by its b the sum of the signal over
    examples.

    Args:
        inputs: Of the last :func:`forward`.
        rows: Of the last :func:`forward`.
        layers: The parameters.
        velocity: Their V.
        room: As :func:`backward` left it.
        rates: α by the number of examples, μ, α·λ.
    """
    weights, speeds, signals = layers.weights, velocity.weights, room.signals
    last = len(weights) - 1
    for layer in range(last):
        product(inputs.T, signals[layer], None, weights[layer], None, rows, speeds[layer], rates)
        sum_signal(signals[layer], room.sums)
        _descend_along(layers.biases[layer], velocity.biases[layer], room.sums, rates)
        inputs, rows = room.answers[layer], room.every
    product(signals[last], inputs, None, weights[last], None, None, speeds[last], rates)
    sum_last_signal(signals[last], room.sums)
    _descend_along(layers.biases[last], velocity.biases[last], room.sums, rates)


@compiled
def _descend_along(b: Array, V: Array, db: Array, rates: tuple[Any, Any, Any]) -> None:
    rate, momentum, _ = rates
    for k in range(b.size):
        moved = fma(momentum, V[k], -(rate * db[k]))
        V[k] = moved
        b[k] += moved


@compiled
def _answers(inputs: Array, flat: Array, sizes: Array, activation: int, output: int) -> Array:
    every = np.arange(len(inputs)).astype(np.int32)
    room = room_of(sizes, every, np.empty(space_of(sizes, len(inputs)), flat.dtype))
    forward(inputs, every, layers_of(flat, sizes), room, activation)
    logits = room.answers[-1]
    respond(output, logits, room.signals[-1][0])
    return logits.T


def predict(architecture: Architecture, parameters: Array, inputs: Array) -> Array:
    """What a network answers, ``(examples, outputs)``.

    Computed in float64 whatever the network was trained in: an example's answer then does not change with the
    examples beside it.

    Args:
        architecture: Of the network.
        parameters: ``(parameters,)``.
        inputs: ``(examples, features)``.

    Raises:
        ValueError: if the inputs have another number of features.
    """
    if inputs.ndim != 2 or inputs.shape[1] != architecture.features:
        raise ValueError(f"inputs are (examples, {architecture.features}) for this network (given: {inputs.shape})")
    flat = packed(replace(architecture, dtype="float64"), np.asarray(parameters))
    sizes, choices = sizes_of(architecture), codes_of(architecture)
    answers = np.empty((len(inputs), architecture.outputs))
    for start in range(0, len(inputs), _CHUNK):
        rows = np.array(inputs[start : start + _CHUNK], float, order="C")
        answers[start : start + len(rows)] = _answers(rows, flat, sizes, *choices)
    return answers


def codes_of(architecture: Architecture) -> tuple[int, int]:
    """The activation and the output as compiled code gets them."""
    return ACTIVATIONS.index(architecture.activation), OUTPUTS.index(architecture.output)
