"""The one loop: forward, loss, gradient, step, repeated; mini-batches, and what is measured on the way."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpsearch.engine.compilation import compiled, unowned
from hpsearch.engine.diagnostics import measure
from hpsearch.engine.network import backward, error, forward, step
from hpsearch.engine.parameters import layers_of, room_of
from hpsearch.engine.settings import Array

_SWEEP = 64
"""Iterations between sweeps of vanishing numbers (see :func:`_sweep`)."""


@compiled
def train_on(
    splits: Any, variance: float, order: Array, first_pass: int, flat: Array, velocity: Array, sizes: Array,
    space: Array, every: Array, choices: tuple[int, int], rates: Any, l2: float, first: int, last: int, due: Array,
    metrics: Array, measured: int,
) -> Any:  # fmt: skip
    """Train from iteration ``first`` to ``last``: forward, loss, gradient, step, repeated, and measure where due.

    ``space`` and ``every`` are those of :func:`room_of`.

    Returns:
        The iteration reached, how many rows of ``metrics`` are filled, and whether the network has diverged.
    """
    train, validation = splits
    examples, targets, order, (activation, output) = unowned(train[0]), unowned(train[1]), unowned(order), choices
    flat, velocity, space = unowned(flat), unowned(velocity), unowned(space)
    layers, speeds = layers_of(flat, sizes), layers_of(velocity, sizes)
    room = room_of(sizes, unowned(every), space)
    size = len(every)
    per_pass = len(examples) // size
    for iteration in range(first, last + 1):
        if measured < len(due) and due[measured] == iteration:
            finite = measure(train, validation, variance, flat, sizes, choices, l2, metrics[measured])
            measured += 1
            if not finite:
                return iteration, measured, True
        if iteration == last:
            break
        place = iteration % per_pass * size
        rows = order[iteration // per_pass - first_pass, place : place + size]
        forward(examples, rows, layers, room, activation)
        error(output, room, targets, rows)
        backward(layers, room, activation)
        step(examples, rows, layers, speeds, room, rates)
        if iteration % _SWEEP == 0:
            _sweep(velocity)
            _sweep(flat)
    return last, measured, False


@compiled
def _sweep(numbers: Array) -> None:
    """Put numbers that decayed towards denormals to zero: these make every pass over them slow."""
    least = 64 * np.finfo(numbers.dtype).tiny
    for i in range(numbers.size):
        if abs(numbers[i]) < least:
            numbers[i] = 0
