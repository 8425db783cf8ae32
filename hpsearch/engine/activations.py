"""The activations of hidden units, and their slopes. Compiled functions get one as its place in ``ACTIVATIONS``."""

from __future__ import annotations

from hpsearch.engine.compilation import compiled, flattened
from hpsearch.engine.elementary import tanh
from hpsearch.engine.settings import Array

ACTIVATIONS = ("tanh", "relu", "sigmoid")
TANH, RELU, SIGMOID = range(3)


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
