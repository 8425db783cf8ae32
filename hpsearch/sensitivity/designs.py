"""Designs: which settings to evaluate, as tables in the space's own values.

Every design is laid out in the unit cube of the space, so a log range is covered evenly in its logarithm and ordered
choices evenly over their values. The seed of training is one more factor of a survey's design, drawn from a pool: rows
that differ in one setting share it (common random numbers), and luck has indices of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import qmc

from hpsearch.config.arguments import check_record, checked
from hpsearch.engine.signals import stops_later
from hpsearch.space import Space

Cube: TypeAlias = NDArray[np.float64]
"""Points of the unit cube."""

SEED = "seed"
DUMMY = "dummy"
KEY = ("scramble", "block", "row")
"""Columns that name a row of a design, in the order of its table."""
REPLICATE = "replicate"
"""Column that counts the evaluations of a row, where there are several."""
FAILURE = "failure"
"""Column that says why a row has no responses."""

LARGEST_BASE = 2**20
"""Rows of a block, at most."""

RESERVED = frozenset({"design", *KEY, REPLICATE, SEED, DUMMY, "iteration", "diverged", FAILURE})


class DesignError(ValueError):
    """A design cannot be laid out as asked."""


@dataclass(frozen=True)
class Design:
    """Saltelli's blocks over scrambled Sobol sequences (Saltelli et al. 2010, Comput. Phys. Commun. 181, table 2).

    Each scramble is a design of its own: two independent samples A and B of ``base`` rows, for each factor i the block
    AB_i (A, with the column of i from B), and with ``second_order`` also BA_i (B, with that column from A).

    Attributes:
        space: The hyperparameters and their ranges.
        base: Rows in a block, a power of two.
        scrambles: Number of independent randomisations, from which the intervals come.
        seeds: Size of the pool of training seeds.
        dummy: Whether to add a factor on which nothing depends, as a control.
        second_order: Whether to add the blocks BA_i.
        seed: Seed of the randomisation.

    Raises:
        DesignError: if a number is out of range or a hyperparameter's name is one of the table's own columns.
    """

    space: Space
    base: int = 128
    scrambles: int = 8
    seeds: int = 32
    dummy: bool = False
    second_order: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.space, Space):
            kind = type(self.space).__name__
            raise DesignError(
                f"a design needs a space (given: {kind}): make one, hpsearch.Space({{name: dimension, …}})"
            )
        check_record(self, DesignError)
        if not 2 <= self.base <= LARGEST_BASE or self.base & (self.base - 1):
            raise DesignError(f"base must be a power of two from 2 to 2**20 (given: {self.base}); 64 and 128 are usual")
        if not 2 <= self.scrambles <= 1000:
            raise DesignError(f"scrambles must be from 2 to 1,000 (given: {self.scrambles}): intervals come from them")
        if not 2 <= self.seeds <= 2**20:
            raise DesignError(f"seeds must be from 2 to 2**20 (given: {self.seeds}): a pool of 32 shows what luck does")
        clashes = sorted(RESERVED & set(self.space))
        if clashes:
            raise DesignError(
                f"{clashes[0]!r} is a column of the survey's own table: name that hyperparameter otherwise"
            )

    @property
    def factors(self) -> tuple[str, ...]:
        """The hyperparameters, the dummy if there is one, and the seed: the columns of the cube."""
        return (*self.space, *((DUMMY,) if self.dummy else ()), SEED)

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the blocks, in order."""
        crossed = [f"AB_{factor}" for factor in self.factors]
        return ("A", "B", *crossed, *(f"BA_{f}" for f in self.factors if self.second_order))

    @property
    def rows_per_scramble(self) -> int:
        """Rows of one scramble's design."""
        return len(self.blocks) * self.base

    def __len__(self) -> int:
        return self.scrambles * self.rows_per_scramble

    def cube(self, scramble: int) -> Cube:
        """A scramble's points, ``(blocks, rows, factors)``."""
        d = len(self.factors)
        rng = np.random.default_rng((self.seed, scramble))
        points = sobol(2 * d, self.base, rng)
        a, b = points[:, :d], points[:, d:]
        return np.stack([a, b, *_crossed(a, b), *(_crossed(b, a) if self.second_order else [])])

    @checked(DesignError)
    def table(self, replicates: int = 1) -> pd.DataFrame:
        """All rows.

        Columns: design, scramble, block, row, replicate if there are several, seed, the hyperparameters, the dummy if
        there is one.

        Args:
            replicates: How often each row stands there, to be evaluated so often.

        Raises:
            DesignError: if that is no whole number from 1 to 10,000.
        """
        rows = pd.concat([self._scramble(r) for r in range(self.scrambles)], ignore_index=True)
        if replicates > 1:
            rows = rows.loc[rows.index.repeat(replicates)].reset_index(drop=True)
            rows.insert(4, REPLICATE, np.tile(np.arange(replicates), len(self)))
        return rows

    def _scramble(self, scramble: int) -> pd.DataFrame:
        cube = self.cube(scramble).reshape(self.rows_per_scramble, len(self.factors))
        seeds = np.minimum((cube[:, -1] * self.seeds).astype("int64"), self.seeds - 1)
        columns: dict[str, Any] = {
            "design": "saltelli",
            "scramble": np.full(len(cube), scramble),
            "block": pd.Series(np.repeat(self.blocks, self.base), dtype="str"),
            "row": np.tile(np.arange(self.base), len(self.blocks)),
            SEED: seeds,
            **self.space.from_unit(cube[:, : len(self.space)]),
        }
        if self.dummy:
            columns[DUMMY] = cube[:, -2]
        return pd.DataFrame(columns)

    def side(self, factor: str) -> tuple[float, float, str]:
        """Lowest and highest value of a factor, and its scale; choices that are no numbers have neither."""
        if factor == SEED:
            return 0.0, float(self.seeds - 1), "pool"
        if factor == DUMMY:
            return 0.0, 1.0, "linear"
        values, scale = self.space[factor].values(2), self.space[factor].scale
        if values.dtype.kind not in "biuf":
            return np.nan, np.nan, scale
        return float(values.min()), float(values.max()), scale

    def describe(self) -> dict[str, int | bool]:
        """What identifies the rows besides the space, as JSON values."""
        names = ("base", "scrambles", "seeds", "dummy", "second_order", "seed")
        return {name: getattr(self, name) for name in names}


def sobol(dimensions: int, count: int, rng: np.random.Generator) -> Cube:
    """The first points of a scrambled Sobol sequence, ``(count, dimensions)``.

    A signal waits until they are drawn: SciPy drops what it raises while the sequence's direction numbers are loaded,
    and goes on without them.
    """
    with stops_later():
        return np.asarray(qmc.Sobol(dimensions, rng=rng).random(count))


def _crossed(base: Cube, other: Cube) -> list[Cube]:
    """For each factor the points of ``base`` with that column from ``other``."""
    blocks = []
    for i in range(base.shape[1]):
        block = base.copy()
        block[:, i] = other[:, i]
        blocks.append(block)
    return blocks


def places(rows: pd.DataFrame) -> list[tuple[int, str, int]]:
    """Scramble, block and row of each row of a design's table, which name it."""
    return list(zip(*(rows[column].tolist() for column in KEY), strict=True))


def shared(rows: pd.DataFrame) -> pd.Series:
    """Which rows are ends of one training: equal in everything that training depends on but its length.

    A run of 500 iterations is the first part of a run of 2,000 (the prefix property), and a dummy does nothing.

    Returns:
        A number for each row, equal where a training is shared, in order of first appearance.
    """
    same = [c for c in rows.columns if c not in {"design", *KEY, "iterations", DUMMY}]
    return rows.groupby(same, sort=False).ngroup()
