"""What a claim of the lesson comes to: a verdict, the numbers that decide it, and the trainings they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hpsearch.config.digits import digits
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.experiments.tolerances import intervals
from hpsearch.sensitivity.indices import Numbers

ERROR = "validation_error"


@dataclass(frozen=True)
class Judgement:
    """What a claim comes to.

    Attributes:
        claim: Its number, "L1" to "L8".
        says: The claim, a sentence.
        holds: Whether the trainings bear it out, everywhere or somewhere.
        decided: The numbers that decide it, with their intervals, in the few words that fit a line.
        where: Where it holds, if not everywhere that it was tried; words that follow "holds where".
        evidence: The same at length, in sentences; the first decides most.
        tables: The numbers, by name.
        more: Sentences of what else was seen.
        printed: Names of the tables that a terminal shows too.
        measured: On which examples, what its errors or losses are of, and what its intervals are over; a sentence.
    """

    claim: str
    says: str
    holds: bool
    decided: str
    evidence: Sequence[str]
    where: str = ""
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    more: Sequence[str] = ()
    printed: Sequence[str] = ()
    measured: str = ""

    @property
    def verdict(self) -> str:
        """*holds*, *holds where …* or *does not hold*."""
        if not self.holds:
            return "does not hold"
        return f"holds where {self.where}" if self.where else "holds"


class Interval(NamedTuple):
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, row: Mapping[Any, Any] | pd.Series, mean: str, low: str = "low", high: str = "high") -> Interval:
        """That of a table's row, by the names of its columns."""
        return cls(row[mean], row[low], row[high])

    @property
    def percent(self) -> str:
        """Of a share, in per cent.

        >>> Interval(0.0441, 0.0402, 0.0479).percent
        '4.4 % [4.0, 4.8]'
        """
        return self._percent(1)

    @property
    def rounded(self) -> str:
        """Of a share, in whole per cent."""
        mean, low, high = (str(round(100 * number)) for number in self)
        return f"{mean} % [{low}, {high}]"

    @property
    def points(self) -> str:
        """Of a difference of shares, in points."""
        ends = 100 * self.low, 100 * self.high
        return self._percent(digits(ends, least=1)).replace(" %", " points")

    @property
    def times(self) -> str:
        """Of a logarithm, as a ratio.

        >>> Interval(0.0, -0.693, 0.693).times
        '1.0 times [0.5, 2.0]'
        """
        ratios = [float(np.exp(number)) for number in self]
        count = digits(ratios[1:], (1.0,), least=1)
        mean, low, high = (f"{ratio:.{count}f}" if ratio < 10 else f"{ratio:,.0f}" for ratio in ratios)
        return f"{mean} times [{low}, {high}]"

    @property
    def short(self) -> str:
        """In three digits."""
        mean, low, high = (f"{number:.3g}" for number in self)
        return f"{mean} [{low}, {high}]"

    def _percent(self, count: int) -> str:
        mean, low, high = (f"{100 * number + 0.0:.{count}f}" for number in self)
        return f"{mean} % [{low}, {high}]"


def over_seeds(samples: ArrayLike, *, step: float = 0.0) -> Interval:
    """Mean with its 95 % t-interval over seeds; see :func:`hpsearch.experiments.tolerances.intervals`.

    Args:
        samples: ``(seeds,)``, at least two. For a difference, those of each seed: what luck adds to both cancels.
        step: In which they move, as a share of n examples moves in 1/n.
    """
    mean, low, high = intervals(np.asarray(samples, dtype=float)[None], step=step)
    return Interval(float(mean[0]), float(low[0]), float(high[0]))


def of_share(samples: ArrayLike) -> Interval:
    """As :func:`over_seeds`, of a share itself: none lies outside of 0 to 1."""
    mean, low, high = over_seeds(samples)
    return Interval(mean, max(low, 0.0), min(high, 1.0))


@dataclass(frozen=True)
class Trainings:
    """The trainings of a study, read.

    Attributes:
        curves: A row a trial, seed and checkpoint. Columns: number, seed, iteration, the settings that vary, the
            metrics.
        settings: Of each trial, by number.
        evaluator: Of the study, to look at a network again.
    """

    curves: pd.DataFrame
    settings: Mapping[int, Hyperparameters]
    evaluator: Evaluator

    @property
    def first(self) -> tuple[int, int]:
        """Number and seed of the first training."""
        return int(self.curves["number"].to_numpy()[0]), int(self.curves["seed"].to_numpy()[0])

    @property
    def ends(self) -> pd.DataFrame:
        """The rows where training ended, of each trial and seed; a diverged training has the ceiling there."""
        last = self.curves.groupby(["number", "seed"])["iteration"].transform("max")
        return self.curves[self.curves["iteration"] == last]

    @property
    def step(self) -> float:
        """In which a validation error moves."""
        return 1 / self.evaluator.dataset.validation.examples

    def networks(self, number: int, seed: int, iterations: Sequence[int]) -> Iterator[TrainedNetwork]:
        """A trial's network at some iterations of its training, ascending; the same weights, to the bit."""
        return self.evaluator.networks(self.settings[number], seed, iterations=iterations)

    def tuned(self, by: Sequence[str]) -> pd.DataFrame:
        """Each group at the learning rate that suits it best, chosen on the first half of the seeds.

        Args:
            by: Settings that make a group.

        Returns:
            The ends of those trainings on the other half of the seeds, which had no part in the choice.
        """
        ends, seeds = self.ends, np.sort(self.curves["seed"].unique())
        first = ends[ends["seed"].isin(seeds[: len(seeds) // 2])]
        rates = first.groupby([*by, "learning_rate"])[ERROR].mean().reset_index()
        best = rates.sort_values([ERROR, "learning_rate"]).drop_duplicates(list(by))
        others = ends[~ends["seed"].isin(first["seed"])]
        return others.merge(best[[*by, "learning_rate"]], on=[*by, "learning_rate"]).sort_values([*by, "seed"])


def select(rows: pd.DataFrame, **settings: object) -> pd.DataFrame:
    """The rows with these settings."""
    for name, value in settings.items():
        rows = rows[rows[name] == value]
    return rows


def samples(rows: pd.DataFrame, metric: str) -> Numbers:
    """A metric of each seed, by seed, ``(seeds,)``; the rows are of one setting."""
    return rows.sort_values("seed")[metric].to_numpy(dtype=float)
