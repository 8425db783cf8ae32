"""The one loop: forward, loss, gradient, step, repeated; mini-batches, and what is measured on the way."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpsearch.engine.compilation import compiled, unowned
from hpsearch.engine.diagnostics import measure
from hpsearch.engine.elementary import fma
from hpsearch.engine.network import backward, error, forward
from hpsearch.engine.parameters import layers_of, rooms, space_of
from hpsearch.engine.settings import Array

_SWEEP = 64
"""Iterations between sweeps of vanishing numbers (see :func:`_sweep`)."""


@compiled
def descend(
    splits: Any, variance: float, order: Array, first_pass: int, flat: Array, velocity: Array, sizes: Array,
    space: Array, choices: tuple[int, int], rates: Any, size: int, first: int, last: int, due: Array, metrics: Array,
    measured: int,
) -> Any:  # fmt: skip
    """Train from iteration ``first`` to ``last``: forward, loss, gradient, step, repeated, and measure where due.

    ``space`` is room for each layer's answers and signals, the gradient, and what the output layer gets, turned.

    Returns:
        The iteration reached, how many rows of ``metrics`` are filled, and whether the network has diverged.
    """
    train, validation = splits
    examples, targets, order, (activation, output) = unowned(train[0]), unowned(train[1]), unowned(order), choices
    flat, velocity, space = unowned(flat), unowned(velocity), unowned(space)
    needed, width = space_of(sizes, size), sizes[-2]
    answers, signals = rooms(sizes, size, space[:needed]), rooms(sizes, size, space[needed:])
    gradient, turned = space[2 * needed :][: flat.size], space[2 * needed + flat.size :].reshape((width, size))
    (weights, biases), (dWs, dbs) = layers_of(flat, sizes), layers_of(gradient, sizes)
    per_pass = len(examples) // size
    for iteration in range(first, last + 1):
        if measured < len(due) and due[measured] == iteration:
            finite = measure(train, validation, variance, flat, sizes, choices, rates[3], metrics[measured])
            measured += 1
            if not finite:
                return iteration, measured, True
        if iteration == last:
            break
        place = iteration % per_pass * size
        rows = order[iteration // per_pass - first_pass, place : place + size]
        forward(examples, rows, weights, biases, answers, turned, activation)
        error(output, answers[-1], targets, rows, signals[-1])
        backward(examples, rows, weights, answers, signals, dWs, dbs, activation)
        step(flat, velocity, gradient, sizes, rates)
        if iteration % _SWEEP == 0:
            _sweep(velocity)
            _sweep(flat)
    return last, measured, False


@compiled
def step(flat: Array, velocity: Array, gradient: Array, sizes: Array, rates: Any) -> None:
    """V ← μ·V − α·(dW + λ·W); W ← W + V. Biases are not regularised."""
    rate, momentum, decay, _ = rates
    none = flat.dtype.type(0)
    start = 0
    for layer in range(len(sizes) - 1):
        middle = start + sizes[layer] * sizes[layer + 1]
        stop = middle + sizes[layer + 1]
        _descend_along(flat[start:middle], velocity[start:middle], gradient[start:middle], rate, momentum, decay)
        _descend_along(flat[middle:stop], velocity[middle:stop], gradient[middle:stop], rate, momentum, none)
        start = stop


@compiled
def _descend_along(W: Array, V: Array, dW: Array, rate: float, momentum: float, decay: float) -> None:
    for i in range(W.size):
        moved = fma(momentum, V[i], -fma(rate, dW[i], decay * W[i]))
        V[i] = moved
        W[i] += moved


@compiled
def _sweep(numbers: Array) -> None:
    """Put numbers that decayed towards denormals to zero: these make every pass over them slow."""
    least = 64 * np.finfo(numbers.dtype).tiny
    for i in range(numbers.size):
        if abs(numbers[i]) < least:
            numbers[i] = 0
