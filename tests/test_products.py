"""A layer's products beside NumPy's, in extended precision of the same numbers, over generated shapes."""

from fractions import Fraction

import numpy as np
import pytest
from numba import njit

from hpsearch.engine import products
from hpsearch.engine.products import (
    affine,
    last_affine,
    last_signal_below,
    signal_below,
    sum_last_signal,
    sum_signal,
)

SHAPES = [(1, 1, 1), (16, 64, 32), (130, 100, 129), *np.random.default_rng(5).integers(1, 70, (25, 3)).tolist()]
"""Examples, inputs, units."""


@njit
def product(a, b, start, out):
    products.product(a, b, start, out, None, None, None, None)


@njit
def product_of_transposed(a, b, out):
    products.product(a.T, b, None, out, None, None, None, None)


@njit
def descend(a, b, W, V, rates, terms):
    products.product(a.T, b, None, W, None, terms, V, rates)


@njit
def turn(a, rows, out):
    products.turn(a, rows, out)


def layer(shape, dtype):
    examples, inputs, units = shape
    rng = np.random.default_rng(shape)
    sides = ((examples, inputs), (inputs, units), (units,), (examples, units))
    return [rng.standard_normal(side).astype(dtype) for side in sides]


def close(found, expected, terms):
    """To rounding: a sum of so many terms of about 1."""
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=4 * terms * np.finfo(found.dtype).eps)


@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_products_of_a_layer_are_those_of_numpy(shape, dtype):
    inputs, W, b, signal = layer(shape, dtype)
    A, V, c, S = (part.astype(np.longdouble) for part in (inputs, W, b, signal))
    out, below, db = (np.full_like(part, np.nan) for part in (signal, inputs, b))
    rows = np.arange(shape[0], dtype=np.int32)[::-1].copy()
    affine(inputs, rows, W, b, out)
    signal_below(signal, W, below)
    sum_signal(signal, db)
    close(out, np.matmul(A[rows], V) + c, shape[1] + 1)
    close(below, np.matmul(S, V.T), shape[2])
    close(db, S.sum(axis=0), shape[0])


@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_products_of_the_output_layer_are_the_same_turned(shape, dtype):
    inputs, W, b, signal = layer(shape, dtype)
    out, same, below, below_too, db, db_too = (
        np.full_like(part, np.nan) for part in (signal.T.copy(), signal, inputs, inputs, b, b)
    )
    last_affine(inputs, np.full_like(inputs.T.copy(), np.nan), W.T.copy(), b, out)
    affine(inputs, np.arange(shape[0], dtype=np.int32), W, b, same)
    last_signal_below(signal.T.copy(), W.T.copy(), below)
    signal_below(signal, W, below_too)
    sum_last_signal(signal.T.copy(), db)
    sum_signal(signal, db_too)
    np.testing.assert_array_equal(out.T, same)
    np.testing.assert_array_equal(below, below_too)
    np.testing.assert_array_equal(db, db_too)


@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_step_moves_every_weight_once_by_momentum_gradient_and_decay(shape, dtype):
    inputs, W, _, signal = layer(shape, dtype)
    velocity = np.random.default_rng(1).standard_normal(W.shape).astype(dtype)
    rows = np.random.default_rng(2).permutation(shape[0]).astype(np.int32)
    rate, momentum, decay = rates = tuple(np.dtype(dtype).type(r) for r in (0.25, 0.5, 0.125))
    A, start, V, S = (part.astype(np.longdouble) for part in (inputs[rows], W, velocity, signal))
    moved = momentum * V - (rate * np.matmul(A.T, S) + decay * start)
    descend(inputs, signal, W, velocity, rates, rows)
    close(velocity, moved, shape[0] + 2)
    close(W, start + moved, shape[0] + 3)


@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (16, 16), (8, 32), (17, 5), (5, 17), (33, 40), (2, 3)])
def test_a_turned_matrix_has_the_picked_rows_as_columns_and_nothing_around_it_is_written(rows, columns, dtype):
    rng = np.random.default_rng(0)
    a, picks = rng.standard_normal((50, columns)).astype(dtype), rng.integers(0, 50, rows).astype(np.int32)
    room = np.full(rows * columns + 200, 7.0, dtype)
    turn(a, picks, room[100:-100].reshape(columns, rows))
    np.testing.assert_array_equal(room[100:-100].reshape(columns, rows), a[picks].T)
    assert (room[:100] == 7).all()
    assert (room[-100:] == 7).all()
    with pytest.raises(ValueError, match="its transpose have shapes"):
        turn(a, picks, np.empty((columns + 1, rows), dtype))


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


def test_a_velocity_of_another_shape_than_the_weights_is_refused():
    ones = np.ones((4, 5))
    with pytest.raises(ValueError, match="different shapes"):
        descend(ones, ones, np.ones((5, 5)), np.ones((5, 4)), (0.1, 0.9, 0.0), np.arange(4, dtype=np.int32))
