"""The one loop: forward, loss, gradient, step, repeated; mini-batches, and what is measured on the way."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpsearch.engine.compilation import compiled, inlined, part, unowned
from hpsearch.engine.diagnostics import measure
from hpsearch.engine.network import backward, error, forward, step
from hpsearch.engine.parameters import Layers, Room
from hpsearch.engine.settings import Array

_SWEEP = 64
"""Iterations between sweeps of vanishing numbers (see :func:`_sweep`)."""


@compiled
def train_on(
    splits: Any, variance: float, order: Array, first_pass: int, layers: Layers, velocity: Layers,
    room: Room, size: int, choices: tuple[int, int], rates: Any, l2: float, first: int, last: int, due: Array,
    metrics: Array, measured: int,
) -> Any:  # fmt: skip
    """Train from iteration ``first`` to ``last``: forward, loss, gradient, step, repeated, and measure where due.

    There is room for a mini-batch of ``size`` examples, and for as many as are measured at a time.

    Returns:
        The iteration reached, how many rows of ``metrics`` are filled, and whether the network has diverged.
    """
    train, validation = splits
    examples, targets, (activation, output) = unowned(train[0]), unowned(train[1]), choices
    layers, velocity = _unowned_layers(layers), _unowned_layers(velocity)
    batch = Room(unowned(room.space), unowned(room.plan), unowned(room.every[:size]))
    per_pass = len(examples) // size
    for iteration in range(first, last + 1):
        if measured < len(due) and due[measured] == iteration:
            finite = measure(train, validation, variance, layers, room, choices, l2, metrics[measured])
            measured += 1
            if not finite:
                return iteration, measured, True
        if iteration == last:
            break
        run, place = divmod(iteration, per_pass)
        rows = part(order, (run - first_pass) * order.shape[1] + place * size, (size,))
        forward(examples, rows, layers, batch, activation)
        error(output, batch, targets, rows)
        backward(layers, batch, activation)
        step(examples, rows, layers, velocity, batch, rates)
        if iteration % _SWEEP == 0:
            _sweep(velocity.flat)
            _sweep(layers.flat)
    return last, measured, False


@inlined
def _unowned_layers(layers: Layers) -> Layers:
    return Layers(unowned(layers.flat), unowned(layers.plan))


@compiled
def _sweep(numbers: Array) -> None:
    """Put numbers that decayed towards denormals to zero: these make every pass over them slow."""
    least = 64 * np.finfo(numbers.dtype).tiny
    for i in range(numbers.size):
        if abs(numbers[i]) < least:
            numbers[i] = 0
