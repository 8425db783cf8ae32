"""A layer's products beside NumPy's, in extended precision of the same numbers, over generated shapes."""

from fractions import Fraction

import numpy as np
import pytest
from numba import njit

from hpsearch.engine import products
from hpsearch.engine.products import affine, gradient, signal_below

SHAPES = [(1, 1, 1), (16, 64, 32), (130, 100, 129), *np.random.default_rng(5).integers(1, 70, (25, 3)).tolist()]
"""Examples, inputs, units."""


@njit
def product(a, b, start, out):
    products.product(a, b, start, out)


@njit
def product_of_transposed(a, b, out):
    products.product(a.T, b, None, out)


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


@pytest.mark.parametrize("columns", [1, 7, 8, 9, 16, 31, 32, 33, 50])
@pytest.mark.parametrize("rows", [1, 3, 4, 5, 8, 13])
def test_nothing_around_a_product_is_written(rows, columns):
    for dtype in ("float32", "float64"):
        a, b, _, _ = layer((rows, 3, columns), dtype)
        room = np.full(rows * columns + 200, 7.0, dtype)
        product(a, b, None, room[100:-100].reshape(rows, columns))
        assert (room[:100] == 7).all()
        assert (room[-100:] == 7).all()
        close(room[100:-100].reshape(rows, columns), a.astype(np.longdouble) @ b, 3)


@pytest.mark.parametrize("shape", [(3, 40, 2), (9, 7, 19)])
def test_a_sum_has_one_order_and_each_term_is_rounded_once(shape):
    a, b, start, _ = layer(shape, "float64")
    expected = np.tile(start, (len(a), 1))
    for i, j in np.ndindex(expected.shape):
        for x, y in zip(a[i].tolist(), b[:, j].tolist(), strict=True):
            expected[i, j] = float(Fraction(x) * Fraction(y) + Fraction(expected[i, j]))
    found, same = np.empty_like(expected), np.empty_like(expected)
    product(a, b, start, found)
    np.testing.assert_array_equal(found, expected)
    product(a, b, None, found)
    product_of_transposed(np.ascontiguousarray(a.T), b, same)
    np.testing.assert_array_equal(same, found)


def test_what_is_no_number_stays_in_its_row_and_column():
    a, b, start, out = layer((9, 4, 33), "float32")
    a[3, 1] = np.nan
    product(a, b, start, out)
    assert np.isnan(out[3]).all()
    assert np.isfinite(np.delete(out, 3, axis=0)).all()


@pytest.mark.parametrize(
    ("rows", "terms", "columns", "begin"), [(3, 5, 5, 5), (4, 4, 5, 5), (4, 5, 6, 5), (4, 5, 5, 6)]
)
def test_shapes_that_do_not_belong_together_are_refused(rows, terms, columns, begin):
    with pytest.raises(ValueError, match=r"do not belong together|another number of columns"):
        product(np.ones((rows, terms)), np.ones((5, columns)), np.ones(begin), np.ones((4, 5)))
