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
from typing import Any

import numpy as np

from hpsearch.engine.compilation import compiled, flattened
from hpsearch.engine.elementary import exp, log, log_1p, tanh
from hpsearch.engine.products import affine, gradient, signal_below
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


def initial_parameters(architecture: Architecture, seed: int, scale: float) -> Array:
    """Draw the initial parameters, ``(parameters,)``.

    The draws come from the seed alone, so networks of one seed start from the same numbers times their own scale
    (common random numbers). The fan-in factor is sqrt(2/n) for "he" (He et al. 2015) and sqrt(1/n) for "xavier"
    (Glorot and Bengio 2010, as usually taught for tanh).
    """
    flat = np.zeros(architecture.parameters)
    gain = {"he": 2.0, "xavier": 1.0}.get(architecture.init)
    generator = np.random.default_rng((seed, 0))
    for layer in architecture.layers(flat):
        units, fan_in = layer.shape[0], layer.shape[1] - 1
        draw = generator.standard_normal((units, fan_in))
        if architecture.init == "constant":
            draw = np.ones((units, fan_in))
        elif architecture.init == "zeros":
            draw = np.zeros((units, fan_in))
        layer[:, :-1] = draw * (1.0 if gain is None else np.sqrt(gain / fan_in))
    with np.errstate(over="ignore"):  # a network that starts beyond its precision has diverged
        return (flat * scale).astype(architecture.dtype)


def sizes_of(architecture: Architecture) -> Array:
    """Features, units of each hidden layer, outputs."""
    return np.array((architecture.features, *architecture.hidden, architecture.outputs))


def packed(architecture: Architecture, parameters: Array) -> Array:
    """Parameters in the order of compiled code, flat: of each layer W ``(inputs, units)``, then b ``(units,)``."""
    columns = [layer.T.reshape(-1) for layer in architecture.layers(parameters)]
    return np.concatenate(columns, dtype=architecture.dtype)


def unpacked(architecture: Architecture, flat: Array) -> Array:
    """The inverse of :func:`packed`."""
    parameters, start = np.empty_like(flat), 0
    for layer in architecture.layers(parameters):
        layer[:] = flat[start : start + layer.size].reshape(layer.shape[::-1]).T
        start += layer.size
    return parameters


@compiled
def layers_of(flat: Array, sizes: Array) -> Any:
    """Views of each layer's W ``(inputs, units)`` and b ``(units,)`` in packed parameters."""
    weights, biases, start = [], [], 0
    for layer in range(len(sizes) - 1):
        inputs, units = sizes[layer], sizes[layer + 1]
        middle = start + inputs * units
        weights.append(flat[start:middle].reshape((inputs, units)))
        biases.append(flat[middle : middle + units])
        start = middle + units
    return weights, biases


@compiled
def space_of(sizes: Array, examples: int) -> int:
    """How many numbers all layers' answers to so many examples are."""
    return examples * int(sizes[1:].sum())


@compiled
def rooms(sizes: Array, examples: int, space: Array) -> Any:
    """Room for each layer's answers to so many examples, ``(examples, units)``, one after the other in a flat space."""
    parts, start = [], 0
    for units in sizes[1:]:
        parts.append(space[start : start + examples * units].reshape((examples, units)))
        start += examples * units
    return parts


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
    inputs: Array, weights: Sequence[Array], biases: Sequence[Array], answers: Sequence[Array], activation: int
) -> None:
    """Fill ``answers`` with every hidden layer's activations and the output's logits."""
    for layer in range(len(weights)):
        affine(inputs, weights[layer], biases[layer], answers[layer])
        if layer < len(weights) - 1:
            activate(activation, answers[layer])
        inputs = answers[layer]


@compiled
def respond(output: int, z: Array) -> None:
    """Turn logits into the network's outputs, in place."""
    if output == SOFTMAX:
        exponentials(z)
        for i in range(z.shape[0]):
            total = row_sum(z, i)
            for k in range(z.shape[1]):
                z[i, k] /= total
    elif output == BINARY:
        activate(SIGMOID, z)


@compiled
def exponentials(z: Array) -> None:
    """The numerators of softmax, in place."""
    shift(z)
    flat = flattened(z)
    for i in range(flat.size):
        flat[i] = exp(flat[i])


@compiled
def row_sum(z: Array, i: int) -> float:
    """The sum of a row, from its first number to its last."""
    total = z[i, 0]
    for k in range(1, z.shape[1]):
        total += z[i, k]
    return total


@compiled
def shift(z: Array) -> None:
    """Take the largest logit off each example's, in place; none stays under the least."""
    least = z.dtype.type(_LEAST_LOGIT)
    for i in range(z.shape[0]):
        top = z[i, 0]
        for k in range(1, z.shape[1]):
            top = z[i, k] if z[i, k] > top else top
        for k in range(z.shape[1]):
            below = z[i, k] - top
            z[i, k] = least if below < least else below


@compiled
def error(output: int, logits: Array, targets: Array, rows: Array, signal: Array) -> None:
    """Write (output − target) to ``signal``; the logits are overwritten.

    Args:
        output: The network's output function.
        logits: ``(examples, outputs)``.
        targets: ``(all examples, outputs)``.
        rows: Places of the examples among all, ``(examples,)``.
        signal: ``(examples, outputs)``.
    """
    if output == SOFTMAX:
        exponentials(logits)
    else:
        respond(output, logits)
    for i in range(len(rows)):
        row, total = rows[i], row_sum(logits, i) if output == SOFTMAX else logits.dtype.type(1)
        for k in range(signal.shape[1]):
            signal[i, k] = logits[i, k] / total - targets[row, k]


@compiled
def backward(
    inputs: Array,
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
        weights: Of each layer.
        answers: As :func:`forward` left them.
        signals: Room for each layer's signal; the last holds (output − target).
        dWs: Overwritten.
        dbs: Overwritten.
        activation: Of the hidden layers.
    """
    for layer in range(len(weights) - 1, 0, -1):
        gradient(answers[layer - 1], signals[layer], dWs[layer], dbs[layer])
        signal_below(signals[layer], weights[layer], signals[layer - 1])
        times_slope(activation, signals[layer - 1], answers[layer - 1])
    gradient(inputs, signals[0], dWs[0], dbs[0])


@compiled
def losses(output: int, logits: Array, targets: Array, values: Array) -> None:
    """Write the loss of each example, clipped to [0, 15.94], to ``values``; NaN where its logits are not finite.

    Args:
        output: The network's output function.
        logits: ``(examples, outputs)``, overwritten; of softmax those that :func:`shift` left.
        targets: ``(examples, outputs)``.
        values: ``(examples,)`` in float64.
    """
    if output == SOFTMAX:
        _softmax_losses(logits, targets, values)
    elif output == BINARY:
        for i in range(values.size):
            z = float(logits[i, 0])
            values[i] = log_1p(exp(max(-abs(z), _LEAST_LOSS))) + (z if z > 0 else 0.0) - float(targets[i, 0]) * z
    else:
        for i in range(values.size):
            values[i] = 0.0
            for k in range(logits.shape[1]):
                values[i] += 0.5 * float(logits[i, k] - targets[i, k]) ** 2
    for i in range(values.size):
        values[i] = CEILING if values[i] > CEILING else 0.0 if values[i] < 0 else values[i]


@compiled
def _softmax_losses(logits: Array, targets: Array, values: Array) -> None:
    own = np.empty_like(values)
    for i in range(values.size):
        own[i] = 0.0
        for k in range(logits.shape[1]):
            own[i] += logits[i, k] * targets[i, k]
    flat = flattened(logits)
    for i in range(flat.size):
        flat[i] = exp(flat[i])
    for i in range(values.size):
        values[i] = 0.0
        for k in range(logits.shape[1]):
            values[i] += logits[i, k]
    for i in range(values.size):
        values[i] = log(values[i]) - own[i]


@compiled
def mistakes(output: int, logits: Array, targets: Array) -> int:
    """How many examples are put in the wrong class; a tie goes to the first class.

    Args:
        output: Softmax or binary.
        logits: ``(examples, outputs)``.
        targets: ``(examples, outputs)``: 0 or 1.
    """
    wrong = 0
    for i in range(logits.shape[0]):
        if output == BINARY:
            wrong += (logits[i, 0] > 0) != (targets[i, 0] > 0.5)
        else:
            answer, top = 0, logits[i, 0]
            for k in range(1, logits.shape[1]):
                if logits[i, k] > top:
                    answer, top = k, logits[i, k]
            wrong += targets[i, answer] < 0.5
    return wrong


@compiled
def _answers(inputs: Array, flat: Array, sizes: Array, activation: int, output: int) -> Array:
    weights, biases = layers_of(flat, sizes)
    answers = rooms(sizes, len(inputs), np.empty(space_of(sizes, len(inputs)), flat.dtype))
    forward(inputs, weights, biases, answers, activation)
    respond(output, answers[-1])
    return answers[-1]


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
