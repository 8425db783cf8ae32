"""A network's numbers: its parameters, drawn and laid out for compiled code, and room for its answers.

Compiled code has of each hidden layer W as ``(inputs, units)`` and answers as ``(examples, units)``. The output layer
lies the other way round: W is ``(outputs, inputs)``, answers are ``(outputs, examples)``. Vector registers so run along
inputs and examples, where a row of few outputs would leave them half empty.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from hpsearch.engine.compilation import aligned, inlined, part
from hpsearch.engine.settings import Architecture, Array

_LINE = 16
"""Numbers whose multiples begin a cache line, in either precision: a vector across two lines takes twice the time."""

_KEPT_DRAWS, _KEPT_PARAMETERS = 32, 1 << 16
"""Draws of so many networks, each of at most so many parameters, are kept: 16 MB, and a study trains few shapes."""


def initial_parameters(architecture: Architecture, seed: int, scale: float) -> Array:
    """Draw the initial parameters, ``(parameters,)``.

    The draws come from the seed alone, so networks of one seed start from the same numbers times their own scale
    (common random numbers). The fan-in factor is sqrt(2/n) for "he" (He et al. 2015) and sqrt(1/n) for "xavier"
    (Glorot and Bengio 2010, as usually taught for tanh).
    """
    draw = _kept_draw if architecture.parameters <= _KEPT_PARAMETERS else _draw
    with np.errstate(over="ignore"):  # a network that starts beyond its precision has diverged
        return (draw(architecture, seed) * scale).astype(architecture.dtype)


def _draw(architecture: Architecture, seed: int) -> Array:
    """The initial parameters at scale 1."""
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
    flat.flags.writeable = False
    return flat


_kept_draw = lru_cache(maxsize=_KEPT_DRAWS)(_draw)


def plan_of(architecture: Architecture) -> Array:
    """Where compiled code finds a network's numbers, ``(layers, 5)``.

    Of each layer: its inputs, its units, the places of W and of b among packed parameters, and the units of the layers
    below it.
    """
    plan, start, below = [], 0, 0
    for inputs, units in pairwise((architecture.features, *architecture.hidden, architecture.outputs)):
        plan.append((inputs, units, start, start + inputs * units, below))
        start += (inputs + 1) * units
        below += units
    return np.array(plan, np.int64)


def packed(architecture: Architecture, parameters: Array) -> Array:
    """Parameters in the order of compiled code, flat: of each layer W, then b (see :func:`plan_of`)."""
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
    """Packed parameters, or their velocity.

    Attributes:
        flat: Of each layer W, then b.
        plan: See :func:`plan_of`.
    """

    flat: Array
    plan: Array


@inlined
def weights_of(layers: Layers, layer: int) -> Array:
    """A hidden layer's W ``(inputs, units)``, the output layer's ``(outputs, inputs)``."""
    plan = layers.plan
    inputs, units = plan[layer, 0], plan[layer, 1]
    shape = (inputs, units) if layer < len(plan) - 1 else (units, inputs)
    return part(layers.flat, plan[layer, 2], shape)


@inlined
def biases_of(layers: Layers, layer: int) -> Array:
    """A layer's b, ``(units,)``."""
    return part(layers.flat, layers.plan[layer, 3], (layers.plan[layer, 1],))


class Room(NamedTuple):
    """Where a network's numbers for some examples go.

    Attributes:
        space: All of it.
        plan: Of the network, see :func:`plan_of`.
        every: 0, 1, 2, …, ``(examples,)``.
    """

    space: Array
    plan: Array
    every: Array


@inlined
def answers_of(room: Room, layer: int) -> Array:
    """A hidden layer's activations ``(examples, units)``, the output layer's logits ``(outputs, examples)``."""
    return _in_room(room, layer, 0)


@inlined
def signal_of(room: Room, layer: int) -> Array:
    """The derivatives of the loss by a layer's Z, in the shape of its answers."""
    return _in_room(room, layer, room.plan[-1, 4] + room.plan[-1, 1])


@inlined
def turned_of(room: Room) -> Array:
    """What the output layer gets, ``(inputs, examples)``."""
    units = 2 * (room.plan[-1, 4] + room.plan[-1, 1])
    return part(room.space, units * _whole_lines(len(room.every)), (room.plan[-1, 0], len(room.every)))


@inlined
def sums_of(room: Room, layer: int) -> Array:
    """Room for the gradient by a layer's b, ``(units,)``."""
    units = 2 * (room.plan[-1, 4] + room.plan[-1, 1]) + room.plan[-1, 0]
    return part(room.space, units * _whole_lines(len(room.every)), (room.plan[layer, 1],))


@inlined
def _in_room(room: Room, layer: int, before: int) -> Array:
    """A layer's part of the numbers that every layer has, behind those of so many units."""
    plan, examples = room.plan, len(room.every)
    units = plan[layer, 1]
    shape = (examples, units) if layer < len(plan) - 1 else (units, examples)
    return part(room.space, (before + plan[layer, 4]) * _whole_lines(examples), shape)


def room_for(plan: Array, examples: int, dtype: str) -> Room:
    """Room for so many examples."""
    units = 2 * (plan[-1, 4] + plan[-1, 1]) + plan[-1, 0]
    count = int(units * whole_lines(examples) + plan[:, 1].max())
    return Room(aligned(count, dtype), plan, np.arange(examples, dtype=np.int32))


@inlined
def room_within(room: Room, examples: int) -> Room:
    """Room for fewer examples, in the same place."""
    return Room(room.space, room.plan, room.every[:examples])


def whole_lines(count: int) -> int:
    """So many numbers and what fills the last line of the processor's cache."""
    return (count + _LINE - 1) // _LINE * _LINE


_whole_lines = inlined(whole_lines)  # for compiled code; called from Python, it would be compiled in every process
