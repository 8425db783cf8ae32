"""The engine's own exp and tanh, beside the same in extended precision."""

import numpy as np
import pytest
from numba import njit

from hpsearch.engine.elementary import exp, tanh


@njit
def exps(z):
    return np.array([exp(x) for x in z], z.dtype)


@njit
def tanhs(z):
    return np.array([tanh(x) for x in z], z.dtype)


def units_in_the_last_place(value, exact):
    """Distance of each value from the exact one, in the spacing of numbers there."""
    return np.abs(value.astype(np.longdouble) - exact) / np.spacing(np.abs(exact.astype(value.dtype)))


@pytest.mark.parametrize(("dtype", "ends"), [("float32", 87), ("float64", 708)])
def test_exp_errs_by_less_than_one_and_a_fifth_units_in_the_last_place(dtype, ends):
    rng = np.random.default_rng(0)
    x = np.concatenate([np.linspace(-ends, ends, 50_001), rng.uniform(-1, 1, 50_000)]).astype(dtype)
    assert units_in_the_last_place(exps(x), np.exp(x.astype(np.longdouble))).max() < 1.2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tanh_errs_by_less_than_three_units_in_the_last_place_also_near_zero(dtype):
    rng = np.random.default_rng(0)
    small = 10 ** rng.uniform(-30, 0, 50_000)
    x = np.concatenate([np.linspace(-25, 25, 50_001), rng.uniform(-1, 1, 50_000), small, -small]).astype(dtype)
    assert units_in_the_last_place(tanhs(x), np.tanh(x.astype(np.longdouble))).max() < 3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_no_number_stays_none_and_infinity_saturates(dtype):
    z = np.array([np.nan, np.inf, -np.inf, 0.0], dtype)
    np.testing.assert_array_equal(tanhs(z), [np.nan, 1, -1, 0])
    np.testing.assert_array_equal(exps(z[[0, 3]]), [np.nan, 1])
    assert exps(z).dtype == tanhs(z).dtype == dtype
