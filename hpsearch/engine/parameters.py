"""A network's numbers: its parameters, drawn and laid out for compiled code, and room for its answers.

Compiled code has of each hidden layer W as ``(inputs, units)`` and answers as ``(examples, units)``. The output layer
lies the other way round: W is ``(outputs, inputs)``, answers are ``(outputs, examples)``. Vector registers so run along
inputs and examples, where a row of few outputs would leave them half empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hpsearch.engine.compilation import aligned, compiled
from hpsearch.engine.settings import Architecture, Array

_LINE = 16
"""Numbers whose multiples begin a cache line, in either precision: a vector across two lines takes twice the time."""


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
    """Parameters in the order of compiled code, flat: of each layer W, then b (see :func:`layers_of`)."""
    *hidden, last = architecture.layers(parameters)
    flat = aligned(architecture.parameters, architecture.dtype)
    np.concatenate([*(layer.T.reshape(-1) for layer in hidden), last[:, :-1].reshape(-1), last[:, -1]], out=flat)
    return flat


def unpacked(architecture: Architecture, flat: Array) -> Array:
    """The inverse of :func:`packed`."""
    parameters, start = np.empty_like(flat), 0
    *hidden, last = architecture.layers(parameters)
    for layer in hidden:
        layer[:] = flat[start : start + layer.size].reshape(layer.shape[::-1]).T
        start += layer.size
    last[:, :-1] = flat[start : flat.size - len(last)].reshape(len(last), -1)
    last[:, -1] = flat[flat.size - len(last) :]
    return parameters


class Layers(NamedTuple):
    """Views of packed parameters.

    Attributes:
        weights: Each hidden layer's W ``(inputs, units)``, the output layer's ``(outputs, inputs)``.
        biases: Each layer's b ``(units,)``.
    """

    weights: Sequence[Array]
    biases: Sequence[Array]


@compiled
def layers_of(flat: Array, sizes: Array) -> Layers:
    """Views of each layer's W and b in packed parameters."""
    weights, biases, start = [], [], 0
    for layer in range(len(sizes) - 1):
        inputs, units = sizes[layer], sizes[layer + 1]
        middle = start + inputs * units
        shape = (inputs, units) if layer < len(sizes) - 2 else (units, inputs)
        weights.append(flat[start:middle].reshape(shape))
        biases.append(flat[middle : middle + units])
        start = middle + units
    return Layers(weights, biases)


class Room(NamedTuple):
    """Where a network's numbers for some examples go.

    Attributes:
        answers: Each hidden layer's activations ``(examples, units)``, and the logits ``(outputs, examples)``.
        signals: The derivatives of the loss by each layer's Z, in the same shapes.
        turned: What the output layer gets, ``(inputs, examples)``.
        sums: For the gradient by any layer's b.
        every: 0, 1, 2, …, ``(examples,)``.
    """

    answers: Sequence[Array]
    signals: Sequence[Array]
    turned: Array
    sums: Array
    every: Array


@compiled
def space_of(sizes: Array, examples: int) -> int:
    """How many numbers :func:`room_of` takes for so many examples."""
    return 2 * _answers_space(sizes, examples) + examples * int(sizes[-2]) + int(sizes.max())


@compiled
def room_of(sizes: Array, every: Array, space: Array) -> Room:
    """A room in a flat space, for as many examples as ``every`` counts."""
    examples, inputs = len(every), sizes[-2]
    span = _answers_space(sizes, examples)
    turned, sums = space[2 * span :][: examples * inputs], space[2 * span + examples * inputs :]
    answers, signals = _answers_in(space, sizes, examples), _answers_in(space[span:], sizes, examples)
    return Room(answers, signals, turned.reshape((inputs, examples)), sums, every)


@compiled
def _answers_space(sizes: Array, examples: int) -> int:
    return sum([_whole_lines(examples * units) for units in sizes[1:]])


@compiled
def _answers_in(space: Array, sizes: Array, examples: int) -> list[Array]:
    parts, start = [], 0
    for layer in range(1, len(sizes)):
        units = sizes[layer]
        shape = (examples, units) if layer < len(sizes) - 1 else (units, examples)
        parts.append(space[start : start + examples * units].reshape(shape))
        start += _whole_lines(examples * units)
    return parts


@compiled
def _whole_lines(count: int) -> int:
    return (count + _LINE - 1) // _LINE * _LINE
