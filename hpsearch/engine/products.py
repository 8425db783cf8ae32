"""The matrix products of a layer, in tiles.

A tile is a few rows of a product, each of one or two vector registers wide, that stay in registers while the sums of
all their numbers grow: of each term, a row of the second factor is loaded once and multiplied with a number of each of
the tile's rows. Small products so run as fast as the processor multiplies, which a BLAS reaches on large ones alone;
and a compiler given plain loops writes the sums to memory at every step.

Every number of a product is ``start + a[i, 0]·b[0, j] + a[i, 1]·b[1, j] + …``, in this order, each term multiplied and
added with one rounding (fused). How large the tiles are follows the processor, and no number depends on it. (Without
fused multiply-add, before Haswell on x86, the same numbers come slowly.)

Rows are examples: an input is ``(examples, inputs)``, a layer's W ``(inputs, units)``, its b ``(units,)``. The output
layer lies the other way round (see :mod:`hpsearch.engine.parameters`). The tiles themselves stand in
:mod:`hpsearch.engine.tiles`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import overload

from hpsearch.engine.compilation import compiled, inlined
from hpsearch.engine.settings import Array
from hpsearch.engine.tiles import block, last_block, last_tile, low_tile, wide_tile
from hpsearch.engine.vectors import tile_shape


@inlined
def affine(inputs: Array, rows: Array, W: Array, b: Array, out: Array) -> None:
    """Write ``inputs[rows]·W + b`` to ``out``, ``(examples, units)``."""
    product(inputs, W, b, out, rows, None, None, None)


@inlined
def last_affine(inputs: Array, turned: Array, W: Array, b: Array, out: Array) -> None:
    """The output layer's :func:`affine`: ``W·inputsᵀ + b``; ``turned`` is room for ``inputsᵀ``."""
    turn(inputs, None, turned)
    product(W, turned, b.reshape((b.size, 1)), out, None, None, None, None)


@inlined
def signal_below(signal: Array, W: Array, out: Array) -> None:
    """Write ``signal·Wᵀ`` to ``out``, ``(examples, inputs)``: what a layer's signal is to the layer below."""
    turned = np.empty((W.shape[1], W.shape[0]), W.dtype)
    turn(W, None, turned)
    product(signal, turned, None, out, None, None, None, None)


@inlined
def last_signal_below(signal: Array, W: Array, out: Array) -> None:
    """The output layer's :func:`signal_below`: ``signalᵀ·W``, ``(examples, inputs)``."""
    product(signal.T, W, None, out, None, None, None, None)


@compiled
def sum_signal(signal: Array, db: Array) -> None:
    """Write the signal's sum over examples, the gradient of b, to the first of ``db``."""
    examples, whole = signal.shape[0], signal.shape[0] // 4 * 4
    for k in range(signal.shape[1]):
        db[k] = 0
    for i in range(0, whole, 4):  # four at a time, since each sum goes to memory and back
        for k in range(signal.shape[1]):
            db[k] += (signal[i, k] + signal[i + 1, k]) + (signal[i + 2, k] + signal[i + 3, k])
    for i in range(whole, examples):
        for k in range(signal.shape[1]):
            db[k] += signal[i, k]


@compiled
def sum_last_signal(signal: Array, db: Array) -> None:
    """The output layer's :func:`sum_signal`, in the same order."""
    examples, whole = signal.shape[1], signal.shape[1] // 4 * 4
    for k in range(signal.shape[0]):
        total = db.dtype.type(0)
        for i in range(0, whole, 4):
            total += (signal[k, i] + signal[k, i + 1]) + (signal[k, i + 2] + signal[k, i + 3])
        for i in range(whole, examples):
            total += signal[k, i]
        db[k] = total


def product(
    a: Array, b: Array, start: Array | None, out: Array, rows: Any, terms: Any, velocity: Array | None, rates: Any
) -> None:
    """Write ``a·b + start`` to ``out``, or make a step of descent along ``a·b``; called by compiled code.

    The step is ``V ← μ·V − (α·ab + λ·W); W ← W + V``: the gradient never leaves the registers.

    Args:
        a: ``(rows, terms)``; may be transposed.
        b: ``(terms, columns)``.
        start: ``(columns,)`` or ``(rows, 1)``, or None for zeros.
        out: ``(rows, columns)``, no part of the others; of a step W.
        rows: Places in ``a`` of the product's rows; None for all, in order.
        terms: Places in ``a`` of the terms; None for all, in order.
        velocity: V of a step, ``(rows, columns)``; None for a product.
        rates: α, μ and λ of a step, in the precision of the others; None for a product.

    Raises:
        ValueError: if the shapes do not belong together.
    """
    a = a if rows is None else a[rows]
    ab = np.matmul(a if terms is None else a[:, terms], b)
    if velocity is None:
        out[:] = ab + (0 if start is None else start)
    else:
        rate, momentum, decay = rates
        velocity[:] = momentum * velocity - (rate * ab + decay * out)
        out += velocity


@overload(product, jit_options={"error_model": "numpy", "nogil": True})
def _product(a: Any, b: Any, start: Any, out: Any, rows: Any, terms: Any, velocity: Any, rates: Any) -> Any:
    def tiled(a: Any, b: Any, start: Any, out: Any, rows: Any, terms: Any, velocity: Any, rates: Any) -> None:
        height, width = out.shape
        if (a.shape[0] if rows is None else len(rows)) != height or b.shape[1] != width:
            raise ValueError("factors and product have shapes that do not belong together")
        if (a.shape[1] if terms is None else len(terms)) != b.shape[0]:
            raise ValueError("factors have shapes that do not belong together")
        if start is not None and start.size != (width if start.ndim == 1 else height):
            raise ValueError("the start of a product has another number of columns")
        if velocity is not None and velocity.shape != out.shape:
            raise ValueError("weights and velocity have different shapes")
        tall, lanes = tile_shape(out)
        half, j = tall // 2, 0
        while j < width:
            wide, i = j + 2 * lanes <= width, 0
            while i < height:
                low = wide and i + tall > height
                if low:
                    low_tile(a, b, start, out, rows, terms, velocity, rates, i, j)
                elif wide:
                    wide_tile(a, b, start, out, rows, terms, velocity, rates, i, j)
                else:
                    last_tile(a, b, start, out, rows, terms, velocity, rates, i, j)
                i += half if low else tall
            j += 2 * lanes if wide else lanes

    return tiled


def turn(a: Array, rows: Array | None, out: Array) -> None:
    """Write ``a[rows]ᵀ`` to ``out``, of all rows if ``rows`` is None; called by compiled code.

    Args:
        a: ``(rows, columns)``.
        rows: Places in ``a``.
        out: ``(columns, rows)``, no part of ``a``.

    Raises:
        ValueError: if the shapes do not belong together.
    """
    out[:] = (a if rows is None else a[rows]).T


@overload(turn, jit_options={"error_model": "numpy", "nogil": True})
def _turn(a: Any, rows: Any, out: Any) -> Callable[..., None]:
    def turned(a: Any, rows: Any, out: Any) -> None:
        width, height = out.shape
        if a.shape[1] != width or (a.shape[0] if rows is None else len(rows)) != height:
            raise ValueError("a matrix and its transpose have shapes that do not belong together")
        lanes = tile_shape(out)[1]
        for i in range(0, height, lanes):
            for j in range(0, width, lanes):
                if i + lanes <= height and j + lanes <= width:
                    block(a, out, rows, i, j)
                else:
                    last_block(a, out, rows, i, j)

    return turned
