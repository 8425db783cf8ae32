"""Whether rows that are evaluated again give the same: then the seed governs all noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hpsearch.sensitivity.designs import FAILURE
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.sensitivity.responses import Kind, clipped

PROBE = 256
"""Rows that are evaluated twice: noise in 1 % of them is met with 1 − 0.99^256 = 92 %."""

_DUST = 1e-4
"""Of the spread of a response: what differs by less adds 1e-8 of the variance, far below any share of interest."""


def different(
    before: pd.DataFrame, again: pd.DataFrame, *, whole: pd.DataFrame, kinds: Mapping[str, Kind]
) -> tuple[str, ...]:
    """The responses that differ where rows are evaluated again (at the ceiling, of one that has it).

    Args:
        before: Of these rows.
        again: Of these rows, in the same order.
        whole: Of all rows, for the spread of each response.
        kinds: Of the responses.
    """
    return tuple(
        name
        for name in before.columns.drop(FAILURE)
        if not _alike(*(_numbers(table, name, kinds) for table in (before, again, whole)))
    )


def _alike(was: NDArray[np.float64], now: NDArray[np.float64], everywhere: NDArray[np.float64]) -> bool:
    """Whether a response is the same, what is not finite included."""
    finite = np.isfinite(was)
    if not np.array_equal(np.where(finite, 0, was), np.where(np.isfinite(now), 0, now), equal_nan=True):
        return False
    return not finite.any() or _same(was[finite], now[finite], everywhere=everywhere[np.isfinite(everywhere)])


def _numbers(table: pd.DataFrame, name: str, kinds: Mapping[str, Kind]) -> NDArray[np.float64]:
    try:
        return clipped(table, name, kinds=kinds)
    except ResponseError:  # not finite, and there is no ceiling
        return table[name].to_numpy(dtype="float64")


def _same(was: NDArray[np.float64], now: NDArray[np.float64], *, everywhere: NDArray[np.float64]) -> bool:
    """Whether values are again what they were; where all are above 0, in the logarithm too."""
    if (np.abs(now - was) > _DUST * _spread(everywhere)).any():
        return False
    if min(np.min(everywhere), np.min(now)) <= 0:
        return True
    return bool((np.abs(np.log(now / was)) <= _DUST * _spread(np.log(everywhere))).all())


def _spread(values: NDArray[np.float64]) -> float:
    """The interquartile range; the standard deviation where most values are nearly equal; at least rounding's size."""
    quartiles, deviation = np.quantile(values, [0.25, 0.75]), float(values.std())
    middle = float(quartiles[1] - quartiles[0])
    rounding = 1e-12 * float(np.abs(values).max()) / _DUST
    return max(middle if middle > deviation / 1000 else deviation, rounding)
