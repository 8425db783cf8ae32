"""The engine's own exp, tanh and log, beside the same in extended precision."""

import numpy as np
import pytest
from numba import njit

from hpsearch.engine.elementary import exp, fma, log, log_1p, tanh


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


@njit
def logs(z):
    return np.array([log(x) for x in z], z.dtype), np.array([log_1p(x) for x in z], z.dtype)


def test_log_errs_by_less_than_two_units_in_the_last_place_also_near_one():
    rng = np.random.default_rng(0)
    small = 10 ** rng.uniform(-300, 0, 50_000)
    x = np.concatenate([small, 1 / small, rng.uniform(0.5, 2, 50_000), 1 + small, 1 - 1e-3 * small])
    exact = np.log(x.astype(np.longdouble))
    assert units_in_the_last_place(logs(x)[0][exact != 0], exact[exact != 0]).max() < 2
    assert not logs(x)[0][exact == 0].any()
    x = np.concatenate([small, rng.uniform(0, 1, 50_000)])
    assert units_in_the_last_place(logs(x)[1], np.log1p(x.astype(np.longdouble))).max() < 2


def test_the_logarithm_of_what_is_no_number_is_none_and_of_infinity_infinite():
    np.testing.assert_array_equal(logs(np.array([np.nan, np.inf, 1.0]))[0], [np.nan, np.inf, 0])
    np.testing.assert_array_equal(logs(np.array([np.nan, 0.0]))[1], [np.nan, 0])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_multiply_and_add_is_rounded_once(kind):
    small = np.ldexp(kind(1), -(np.finfo(kind).nmant // 2 + 1))  # whose square is beyond the last bit of 1
    assert (1 + small) * (1 + small) - (1 + 2 * small) == 0
    assert njit(lambda x, y: fma(x, x, y))(1 + small, -(1 + 2 * small)) == small * small
