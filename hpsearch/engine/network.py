"""A network's parameters, and one pass through them: initialise, forward, loss, backward.

The training rule, stated once (:mod:`hpsearch.engine.training` repeats these steps):

* Layer l: ``Z = A_prev·W + b``. Hidden layers apply tanh, relu or sigmoid. The output is softmax or one sigmoid
  unit with cross-entropy, or the identity with half the squared error.
* Rows are examples: an input is ``(examples, features)``, a layer's weights are ``(inputs, units)``.
* cost = mean loss over the mini-batch + (λ/2)·Σ‖W‖². Biases are not regularised, λ is not divided by the batch.
* Initial W = ``init_scale`` × N(0, 1) (× a fan-in factor for "he" and "xavier"), b = 0.

A gradient has its parameter's shape and the name ``d`` + that name. Compiled functions get choices as numbers: the
place of an activation in ``ACTIVATIONS``, of an output in ``OUTPUTS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hpsearch.engine.compilation import compiled, flattened
from hpsearch.engine.elementary import exp, log, log_1p, tanh
from hpsearch.engine.parameters import layers_of, packed, rooms, sizes_of, space_of
from hpsearch.engine.products import (
    affine,
    gradient,
    last_affine,
    last_gradient,
    last_signal_below,
    signal_below,
    turn,
)
from hpsearch.engine.settings import Architecture, Array

CEILING = float(-np.log(np.finfo(np.float32).eps))
"""The largest loss, 15.94: scikit-learn's ``log_loss`` clips probabilities at float32 eps in the same way."""

ACTIVATIONS = ("tanh", "relu", "sigmoid")
OUTPUTS = ("softmax", "binary", "identity")
TANH, RELU, SIGMOID = range(3)
SOFTMAX, BINARY, IDENTITY = range(3)

_LEAST_LOGIT = -80
"""Logits this far under the largest are raised to here: exp(-80) is still a normal float32, and denormal numbers
make an elementwise pass many times slower on some processors. No probability changes by more than 2e-35."""

_LEAST_LOSS = -700.0
"""The logarithm of the least loss of one sigmoid unit: exp below it is denormal."""

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
def forward(
    inputs: Array,
    rows: Array,
    weights: Sequence[Array],
    biases: Sequence[Array],
    answers: Sequence[Array],
    turned: Array,
    activation: int,
) -> None:
    """Fill ``answers`` with every hidden layer's activations and the output's logits.

    Args:
        inputs: ``(all examples, features)``.
        rows: Places of the examples among all, ``(examples,)``.
        weights: Of each layer.
        biases: Of each layer.
        answers: Overwritten.
        turned: Room for what the output layer gets, ``(inputs, examples)``.
        activation: Of the hidden layers.
    """
    last = len(weights) - 1
    affine(inputs, rows, weights[0], biases[0], answers[0])
    activate(activation, answers[0])
    for layer in range(1, last):
        affine(answers[layer - 1], None, weights[layer], biases[layer], answers[layer])
        activate(activation, answers[layer])
    last_affine(answers[last - 1], turned, weights[last], biases[last], answers[last])


@compiled
def shift(z: Array, top: Array) -> None:
    """Take the largest logit off each example's, in place; none stays under the least.

    Args:
        z: ``(outputs, examples)``.
        top: Overwritten, ``(examples,)``.
    """
    least = z.dtype.type(_LEAST_LOGIT)
    top[:] = z[0]
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
    room[:] = z[0]
    for k in range(1, z.shape[0]):
        for i in range(room.size):
            room[i] += z[k, i]
    for k in range(z.shape[0]):
        for i in range(room.size):
            z[k, i] /= room[i]


@compiled
def error(output: int, logits: Array, targets: Array, rows: Array, signal: Array) -> None:
    """Write (output − target) to ``signal``; the logits are overwritten.

    Args:
        output: The network's output function.
        logits: ``(outputs, examples)``.
        targets: ``(all examples, outputs)``.
        rows: Places of the examples among all, ``(examples,)``.
        signal: ``(outputs, examples)``.
    """
    respond(output, logits, signal[0])
    turn(targets, rows, signal)
    answers, s = flattened(logits), flattened(signal)
    for i in range(s.size):
        s[i] = answers[i] - s[i]


@compiled
def backward(
    inputs: Array,
    rows: Array,
    weights: Sequence[Array],
    answers: Sequence[Array],
    signals: Sequence[Array],
    dWs: Sequence[Array],
    dbs: Sequence[Array],
    activation: int,
) -> None:
    """Write the gradient of the summed loss.

    For every output the derivative of its loss by its logits is (output − target): see :func:`error`.

    Args:
        inputs: Of the last :func:`forward`.
        rows: Of the last :func:`forward`.
        weights: Of each layer.
        answers: As :func:`forward` left them.
        signals: Room for each layer's signal; the last holds (output − target).
        dWs: Overwritten.
        dbs: Overwritten.
        activation: Of the hidden layers.
    """
    last = len(weights) - 1
    last_gradient(answers[last - 1], signals[last], dWs[last], dbs[last])
    last_signal_below(signals[last], weights[last], signals[last - 1])
    times_slope(activation, signals[last - 1], answers[last - 1])
    for layer in range(last - 1, 0, -1):
        gradient(answers[layer - 1], None, signals[layer], dWs[layer], dbs[layer])
        signal_below(signals[layer], weights[layer], signals[layer - 1])
        times_slope(activation, signals[layer - 1], answers[layer - 1])
    gradient(inputs, rows, signals[0], dWs[0], dbs[0])


@compiled
def losses(output: int, logits: Array, targets: Array, values: Array) -> None:
    """Write the loss of each example, clipped to [0, 15.94], to ``values``; NaN where its logits are not finite.

    Args:
        output: The network's output function.
        logits: ``(outputs, examples)``, overwritten; of softmax those that :func:`shift` left.
        targets: ``(examples, outputs)``.
        values: ``(examples,)`` in float64.
    """
    if output == SOFTMAX:
        _softmax_losses(logits, targets, values)
    elif output == BINARY:
        for i in range(values.size):
            z = float(logits[0, i])
            values[i] = log_1p(exp(max(-abs(z), _LEAST_LOSS))) + (z if z > 0 else 0.0) - float(targets[i, 0]) * z
    else:
        values[:] = 0
        for k in range(logits.shape[0]):
            for i in range(values.size):
                values[i] += 0.5 * float(logits[k, i] - targets[i, k]) ** 2
    for i in range(values.size):
        values[i] = CEILING if values[i] > CEILING else 0.0 if values[i] < 0 else values[i]


@compiled
def _softmax_losses(logits: Array, targets: Array, values: Array) -> None:
    own = np.zeros_like(values)
    for k in range(logits.shape[0]):
        for i in range(values.size):
            own[i] += logits[k, i] * targets[i, k]
    flat = flattened(logits)
    for i in range(flat.size):
        flat[i] = exp(flat[i])
    values[:] = 0
    for k in range(logits.shape[0]):
        for i in range(values.size):
            values[i] += logits[k, i]
    for i in range(values.size):
        values[i] = log(values[i]) - own[i]


@compiled
def mistakes(output: int, logits: Array, targets: Array) -> int:
    """How many examples are put in the wrong class; a tie goes to the first class.

    Args:
        output: Softmax or binary.
        logits: ``(outputs, examples)``.
        targets: ``(examples, outputs)``: 0 or 1.
    """
    wrong = 0
    for i in range(logits.shape[1]):
        if output == BINARY:
            wrong += (logits[0, i] > 0) != (targets[i, 0] > 0.5)
        else:
            answer, top = 0, logits[0, i]
            for k in range(1, logits.shape[0]):
                if logits[k, i] > top:
                    answer, top = k, logits[k, i]
            wrong += targets[i, answer] < 0.5
    return wrong


@compiled
def _answers(inputs: Array, flat: Array, sizes: Array, activation: int, output: int) -> Array:
    count = len(inputs)
    weights, biases = layers_of(flat, sizes)
    answers = rooms(sizes, count, np.empty(space_of(sizes, count), flat.dtype))
    turned = np.empty((sizes[-2], count), flat.dtype)
    forward(inputs, np.arange(count, dtype=np.int32), weights, biases, answers, turned, activation)
    respond(output, answers[-1], np.empty(count, flat.dtype))
    return answers[-1].T


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
