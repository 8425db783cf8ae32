"""A layer's products beside NumPy's, in float64 of the same numbers, over generated shapes."""

import numpy as np
import pytest

from hpsearch.engine.products import affine, gradient, signal_below

SHAPES = [(1, 1, 1), (1, 5, 3), (7, 1, 1), (16, 64, 32), (33, 31, 17), (5, 10, 1), (64, 3, 10), (130, 100, 129)]
"""Examples, inputs, units."""


def layer(shape, dtype):
    examples, inputs, units = shape
    rng = np.random.default_rng(shape)
    sides = ((examples, inputs), (inputs, units), (units,), (examples, units))
    return [rng.standard_normal(side).astype(dtype) for side in sides]


def close(found, expected, terms):
    """To rounding: a sum of so many terms of about 1."""
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=4 * terms * np.finfo(found.dtype).eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_products_of_a_layer_are_those_of_numpy(shape, dtype):
    inputs, W, b, signal = layer(shape, dtype)
    A, V, c, S = (part.astype(np.longdouble) for part in (inputs, W, b, signal))
    out, below, dW, db = (np.full_like(part, np.nan) for part in (signal, inputs, W, b))
    affine(inputs, W, b, out)
    signal_below(signal, W, below)
    gradient(inputs, signal, dW, db)
    close(out, np.matmul(A, V) + c, shape[1] + 1)
    close(below, np.matmul(S, V.T), shape[2])
    close(dW, np.matmul(A.T, S), shape[0])
    close(db, S.sum(axis=0), shape[0])
