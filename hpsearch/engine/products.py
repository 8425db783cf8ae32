"""The three matrix products of a layer, by the BLAS that SciPy brings.

Rows are examples: an input is ``(examples, inputs)``, a layer's W ``(inputs, units)``, its b ``(units,)``.
"""

from __future__ import annotations

import numpy as np

from hpsearch.engine.compilation import compiled
from hpsearch.engine.settings import Array


@compiled
def affine(inputs: Array, W: Array, b: Array, out: Array) -> None:
    """Write ``inputs·W + b`` to ``out``, ``(examples, units)``."""
    np.dot(inputs, W, out)
    for i in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[i, k] += b[k]


@compiled
def signal_below(signal: Array, W: Array, out: Array) -> None:
    """Write ``signal·Wᵀ`` to ``out``, ``(examples, inputs)``: what a layer's signal is to the layer below."""
    np.dot(signal, W.T, out)


@compiled
def gradient(inputs: Array, signal: Array, dW: Array, db: Array) -> None:
    """Write ``inputsᵀ·signal`` to ``dW`` and the signal's sum over examples to ``db``."""
    np.dot(inputs.T, signal, dW)
    db[:] = 0
    for i in range(signal.shape[0]):
        for k in range(signal.shape[1]):
            db[k] += signal[i, k]
