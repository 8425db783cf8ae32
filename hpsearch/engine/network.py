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

from typing import Any

import numpy as np

from hpsearch.engine.activations import ACTIVATIONS, SIGMOID, activate, times_slope
from hpsearch.engine.compilation import compiled, flattened, unowned
from hpsearch.engine.elementary import exp, fma
from hpsearch.engine.parameters import Layers, Room, answers_of, biases_of, signal_of, sums_of, turned_of, weights_of
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

OUTPUTS = ("softmax", "binary", "identity")
SOFTMAX, BINARY, IDENTITY = range(3)

_LEAST_LOGIT = -80
"""Logits this far under the largest are raised to here: exp(-80) is still a normal float32, and denormal numbers
make an elementwise pass many times slower on some processors. No probability changes by more than 2e-35."""

_CHUNK = 128
"""Examples answered at a time: so many inputs stay in the processor's cache."""


@compiled
def forward(inputs: Array, rows: Array, layers: Layers, room: Room, activation: int) -> None:
    """Fill the room with every hidden layer's activations and the output's logits.

    Args:
        inputs: ``(all examples, features)``.
        rows: Places of the examples among all, ``(examples,)``.
        layers: The parameters.
        room: For the examples.
        activation: Activation function of the hidden layers.
    """
    last, inputs, rows = len(layers.plan) - 1, unowned(inputs), unowned(rows)
    for layer in range(last):
        z = answers_of(room, layer)
        affine(inputs, rows, weights_of(layers, layer), biases_of(layers, layer), z)
        activate(activation, z)
        inputs, rows = z, unowned(room.every)
    last_affine(inputs, turned_of(room), weights_of(layers, last), biases_of(layers, last), answers_of(room, last))


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
        targets: ``(all examples, outputs)``, or the indexes of their classes ``(all examples, 1)``.
        rows: Places of the examples among all, ``(examples,)``.
    """
    last = len(room.plan) - 1
    logits, signal = answers_of(room, last), signal_of(room, last)
    respond(output, logits, turned_of(room)[0])
    answers, s = flattened(logits), flattened(signal)
    if output == SOFTMAX:
        for i in range(s.size):
            s[i] = answers[i]
        for i in range(rows.size):
            signal[int(targets[rows[i], 0]), i] -= 1
    else:
        turn(targets, rows, signal)
        for i in range(s.size):
            s[i] = answers[i] - s[i]


@compiled
def backward(layers: Layers, room: Room, activation: int) -> None:
    """Fill the signals of the hidden layers from that of the output."""
    last = len(layers.plan) - 1
    for layer in range(last, 0, -1):
        signal, W, below = signal_of(room, layer), weights_of(layers, layer), signal_of(room, layer - 1)
        if layer == last:
            last_signal_below(signal, W, below)
        else:
            signal_below(signal, W, below)
        times_slope(activation, below, answers_of(room, layer - 1))


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
    last, inputs, rows = len(layers.plan) - 1, unowned(inputs), unowned(rows)
    for layer in range(last):
        signal, db = signal_of(room, layer), sums_of(room, layer)
        product(inputs.T, signal, None, weights_of(layers, layer), None, rows, weights_of(velocity, layer), rates)
        sum_signal(signal, db)
        _descend_along(biases_of(layers, layer), biases_of(velocity, layer), db, rates)
        inputs, rows = answers_of(room, layer), unowned(room.every)
    signal, db = signal_of(room, last), sums_of(room, last)
    product(signal, inputs, None, weights_of(layers, last), None, None, weights_of(velocity, last), rates)
    sum_last_signal(signal, db)
    _descend_along(biases_of(layers, last), biases_of(velocity, last), db, rates)


@compiled
def _descend_along(b: Array, V: Array, db: Array, rates: tuple[Any, Any, Any]) -> None:
    rate, momentum, _ = rates
    for k in range(b.size):
        moved = fma(momentum, V[k], -(rate * db[k]))
        V[k] = moved
        b[k] += moved


@compiled
def _z(layer: Array, inputs: Array) -> Array:
    """A layer's ``W·inputs + b``, ``(units, examples)``; each number is summed as :func:`forward` does it.

    Plain loops, which compile in a tenth of the time that tiles take: answers are asked for at the end alone.

    Args:
        layer: W and b, ``(units, inputs + 1)``.
        inputs: ``(inputs, examples)``.
    """
    last, z = len(inputs), np.empty((len(layer), inputs.shape[1]))
    for k in range(z.shape[0]):
        for i in range(z.shape[1]):
            z[k, i] = layer[k, last]
        for j in range(last):
            for i in range(z.shape[1]):
                z[k, i] = fma(layer[k, j], inputs[j, i], z[k, i])
    return z


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
    activation, output = codes_of(architecture)
    *hidden, last = architecture.layers(np.array(parameters, float))
    answers = np.empty((len(inputs), architecture.outputs))
    for start in range(0, len(inputs), _CHUNK):
        a = np.array(inputs[start : start + _CHUNK].T, float, order="C")
        for layer in hidden:
            a = _z(layer, a)
            activate(activation, a)
        a = _z(last, a)
        respond(output, a, np.empty(a.shape[1]))
        answers[start : start + a.shape[1]] = a.T
    return answers


def codes_of(architecture: Architecture) -> tuple[int, int]:
    """The activation and the output as compiled code gets them."""
    return ACTIVATIONS.index(architecture.activation), OUTPUTS.index(architecture.output)
