"""exp, tanh and log in plain arithmetic: the same numbers on every processor and system.

The compiler makes vector instructions of exp and tanh, which it cannot of the system's. Both rest on
``exp(x) - 1 = 2ⁿ·m + (2ⁿ - 1)`` with ``n = round(x / ln 2)``, ``r = x - n·ln 2`` and
``m = exp(r) - 1 = r + r²·p(r)``. The polynomial p is fitted in the Chebyshev nodes of ±ln(2)/2, weighted towards the
least largest error: 1.3e-8 of m in single, 2.9e-19 in double precision.

Errors, in units of the last place: exp at most 1.2, tanh at most 3 (both precisions), log and log_1p (double precision)
at most 2. NaN stays NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic, overload

from hpsearch.engine.compilation import compiled

_ROUNDING_32, _ROUNDING_64 = np.float32(12582912.0), 6755399441055744.0
"""1.5 times 2 to the number of fraction bits: added to a small number, it leaves that number's whole part in the last
bits, and subtracted again the number rounded."""

_PER_LOG2_32, _LOG2_HIGH_32, _LOG2_LOW_32 = np.float32(1.442695041), np.float32(-0.693359375), np.float32(2.12194440e-4)
_PER_LOG2_64, _LOG2_HIGH_64, _LOG2_LOW_64 = 1.4426950408889634, -6.93145751953125e-1, -1.42860682030941723212e-6

_P32 = tuple(np.float32(c) for c in (0.5, 0.16666543, 0.04166628, 0.008366584, 0.0013946448))
_P64 = (
    0.5, 0.16666666666666677, 0.04166666666666673, 0.008333333333321416, 0.0013888888888854763,
    0.00019841269886594447, 2.4801587382282155e-05, 2.7557243790446574e-06, 2.755722604849621e-07,
    2.5109170278294562e-08, 2.092915024108187e-09,
)  # fmt: skip


def fma(x: Any, y: Any, z: Any) -> Any:
    """x·y + z of three numbers of one precision, rounded once."""
    return x * y + z  # twice, where nothing is compiled


@intrinsic
def _fma(typing: Any, x: Any, y: Any, z: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return x(x, x, x), code


@overload(fma)
def _(x: Any, y: Any, z: Any) -> Callable[..., Any]:
    def fused(x: Any, y: Any, z: Any) -> Any:
        return _fma(x, y, z)

    return fused


@compiled
def _parts_32(x: Any) -> Any:
    """2ⁿ and m of a number between -87 and 88."""
    t = fma(x, _PER_LOG2_32, _ROUNDING_32)
    n = t - _ROUNDING_32
    r = fma(n, _LOG2_LOW_32, fma(n, _LOG2_HIGH_32, x))
    p = fma(r, _P32[4], _P32[3])
    p = fma(r, p, _P32[2])
    p = fma(r, p, _P32[1])
    p = fma(r, p, _P32[0])
    power = np.int32((np.float32(t).view(np.int32) << np.int32(23)) + np.int32(127 << 23)).view(np.float32)
    return power, fma(r * r, p, r)


@compiled
def _parts_64(x: Any) -> Any:
    """2ⁿ and m of a number between -708 and 709."""
    t = fma(x, _PER_LOG2_64, _ROUNDING_64)
    n = t - _ROUNDING_64
    r = fma(n, _LOG2_LOW_64, fma(n, _LOG2_HIGH_64, x))
    p = fma(r, _P64[10], _P64[9])
    p = fma(r, p, _P64[8])
    p = fma(r, p, _P64[7])
    p = fma(r, p, _P64[6])
    p = fma(r, p, _P64[5])
    p = fma(r, p, _P64[4])
    p = fma(r, p, _P64[3])
    p = fma(r, p, _P64[2])
    p = fma(r, p, _P64[1])
    p = fma(r, p, _P64[0])
    power = np.int64((np.float64(t).view(np.int64) << np.int64(52)) + np.int64(1023 << 52)).view(np.float64)
    return power, fma(r * r, p, r)


@compiled
def _exp_32(x: Any) -> Any:
    power, m = _parts_32(x)
    return fma(power, m, power)


@compiled
def _exp_64(x: Any) -> Any:
    power, m = _parts_64(x)
    return fma(power, m, power)


@compiled
def _tanh_32(x: Any) -> Any:
    a = abs(x)
    a = np.float32(10) if a > np.float32(10) else a
    power, m = _parts_32(a + a)
    e = fma(power, m, power - np.float32(1))
    t = e / (e + np.float32(2))
    return -t if x < 0 else t


@compiled
def _tanh_64(x: Any) -> Any:
    a = abs(x)
    a = 20.0 if a > 20.0 else a
    power, m = _parts_64(a + a)
    e = fma(power, m, power - 1.0)
    t = e / (e + 2.0)
    return -t if x < 0 else t


_ARTANH = tuple(1 / odd for odd in range(23, 1, -2))
_MANTISSA, _HALF = (1 << 52) - 1, 1022 << 52


@compiled
def log(x: float) -> float:
    """The natural logarithm of a positive float64 that is not denormal; NaN of NaN, infinity of infinity.

    Of ``x = 2ⁿ·m`` with m next to 1, it is ``n·ln 2 + 2·artanh(s)`` with ``s = (m-1)/(m+1)``, and of artanh the first
    terms of its series ``s + s³/3 + s⁵/5 + …``: s is under 0.172.
    """
    if not x < np.inf:
        return x
    bits: Any = np.float64(x).view(np.int64)
    n = (bits >> 52) - 1022
    m = np.int64((bits & _MANTISSA) | _HALF).view(np.float64)
    if m < 0.7071067811865476:
        m, n = m + m, n - 1
    f = m - 1.0
    s = f / (m + 1.0)
    z = s * s
    p = _ARTANH[0]
    for coefficient in _ARTANH[1:]:
        p = fma(z, p, coefficient)
    # 2·s is f - s·f, whose larger part is exact.
    return fma(float(n), -_LOG2_HIGH_64, f - (s * (f - 2.0 * (z * p)) - float(n) * -_LOG2_LOW_64))


@compiled
def log_1p(x: float) -> float:
    """The natural logarithm of 1 + x, x a float64 from 0 to 1."""
    u = 1.0 + x
    return log(u) + (x - (u - 1.0)) / u


def exp(x: Any) -> Any:
    """The exponential of a float32 between -87 and 88 or a float64 between -708 and 709; NaN of NaN."""
    return _exp_32(x) if isinstance(x, np.float32) else _exp_64(x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent of a float32 or a float64."""
    return _tanh_32(x) if isinstance(x, np.float32) else _tanh_64(x)


@overload(exp)
def _(x: Any) -> Any:
    function: Any = _exp_32 if x == types.float32 else _exp_64
    return function.py_func


@overload(tanh)
def _(x: Any) -> Any:
    function: Any = _tanh_32 if x == types.float32 else _tanh_64
    return function.py_func
