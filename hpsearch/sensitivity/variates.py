"""A control variate for interactions: an additive function that is close to the response.

An additive function has no interactions, so the contrast of a pair has the same expectation for the response and for
what such a function leaves of it, if the function is not fitted to the very rows of the contrast; and the chance
product of two large main effects, which is most of the contrast's error, is gone (control variates: Owen 2013, Monte
Carlo theory, methods and examples, section 8.9).
"""

from __future__ import annotations

from collections.abc import Iterable

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

    Of a setting: a polynomial of degree 5 on its side of the cube. Of the seed: a number for each.

    Args:
        values: ``(scrambles, blocks, rows)``.
        design: That they stand on.

    Returns:
        The fitted values, ``(scrambles, blocks, rows)``; zeros where the rows are too few.
    """
    shape = values.shape
    terms = 1 + _DEGREE * len(design.space) + (design.seeds if design.seeds <= _MOST_LEVELS else 0)
    if (shape[0] - 1) * shape[1] * shape[2] < _ROWS_A_TERM * terms:
        return np.zeros(shape)
    cubes = [design.cube(scramble).reshape(-1, len(design.factors)) for scramble in range(design.scrambles)]
    squares, products = [], []
    for x, y in zip(_matrices(design, cubes), values.reshape(shape[0], -1), strict=True):
        squares.append(x.T @ x)
        products.append(x.T @ y)
    fitted = np.empty((shape[0], shape[1] * shape[2]))
    for r, x in enumerate(_matrices(design, cubes)):
        square, product = sum(squares) - squares[r], sum(products) - products[r]
        fitted[r] = x @ np.linalg.lstsq(square, product, rcond=1e-10)[0]
    return fitted.reshape(shape)


def _matrices(design: Design, cubes: Iterable[Numbers]) -> Iterable[Numbers]:
    """The terms on every row of a scramble, ``(blocks · rows, terms)``, a matrix a scramble."""
    settings = [k for k, factor in enumerate(design.factors) if factor not in (SEED, DUMMY)]
    for cube in cubes:
        columns: list[Numbers] = [np.ones((len(cube), 1))]
        columns += [np.asarray(legvander(2 * cube[:, k] - 1, _DEGREE)[:, 1:], dtype="float64") for k in settings]
        if design.seeds <= _MOST_LEVELS:
            seed = (cube[:, design.factors.index(SEED)] * design.seeds).astype(int)
            columns.append(np.eye(design.seeds)[np.minimum(seed, design.seeds - 1)])
        yield np.concatenate(columns, axis=1)
