"""A control variate for interactions: an additive function that is close to the response.

An additive function has no interactions, so the contrast of a pair has the same expectation for the response and for
what such a function leaves of it, if the function is not fitted to the very rows of the contrast; and the chance
product of two large main effects, which is most of the contrast's error, is gone (control variates: Owen 2013, Monte
Carlo theory, methods and examples, section 8.9).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.polynomial.legendre import legvander

from hpsearch.sensitivity.designs import DUMMY, SEED, Design
from hpsearch.sensitivity.indices import Numbers

_DEGREE = 5
_MOST_LEVELS = 64
"""Seeds of a pool up to which each has an effect of its own; those of a larger pool have none."""
_ROWS_A_TERM = 10
"""Fewer rows than so many a term do not fit a function that is any use."""


def additive(values: Numbers, design: Design) -> Numbers:
    """A sum of functions of one factor each, for each scramble fitted to all the others by least squares.

    Of a setting: a polynomial of degree 5 on its side of the cube. Of the seed: a number for each. Of the dummy, and of
    what changes nothing: none.

    Args:
        values: ``(scrambles, blocks, rows)``.
        design: That they stand on.

    Returns:
        The fitted values, ``(scrambles, blocks, rows)``; zeros where the rows are too few.
    """
    scrambles, blocks, base = values.shape
    factors = [
        k
        for k, factor in enumerate(design.factors)
        if factor != DUMMY and (factor != SEED or design.seeds <= _MOST_LEVELS) and _acts(values, k)
    ]
    terms = 1 + sum(design.seeds if design.factors[k] == SEED else _DEGREE for k in factors)
    if (scrambles - 1) * blocks * base < _ROWS_A_TERM * terms:
        return np.zeros(values.shape)
    cubes = [design.cube(scramble).reshape(blocks * base, -1) for scramble in range(scrambles)]
    squares, products = [], []
    for cube, y in zip(cubes, values.reshape(scrambles, -1), strict=True):
        x = _terms(cube, factors, design=design)
        squares.append(x.T @ x)
        products.append(x.T @ y)
    fitted = np.empty((scrambles, blocks * base))
    for r, cube in enumerate(cubes):
        square, product = sum(squares) - squares[r], sum(products) - products[r]
        fitted[r] = _terms(cube, factors, design=design) @ np.linalg.lstsq(square, product, rcond=1e-10)[0]
    return fitted.reshape(values.shape)


def _acts(values: Numbers, k: int) -> bool:
    """Whether factor k changes any value."""
    return bool((values[:, 0] != values[:, 2 + k]).any())


def _terms(cube: Numbers, factors: Sequence[int], *, design: Design) -> Numbers:
    """The terms of some factors at points of the cube, ``(points, terms)``."""
    columns: list[Numbers] = [np.ones((len(cube), 1))]
    for k in factors:
        if design.factors[k] == SEED:
            seed = np.minimum((cube[:, k] * design.seeds).astype(int), design.seeds - 1)
            columns.append(np.eye(design.seeds)[seed])
        else:
            columns.append(np.asarray(legvander(2 * cube[:, k] - 1, _DEGREE)[:, 1:], dtype="float64"))
    return np.concatenate(columns, axis=1)
