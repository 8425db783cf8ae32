"""The permutations and half samples behind an importance, as pieces of work that need nothing of each other.

Their rows are drawn here in one order, and what a piece computes depends on it alone: so the numbers do not depend on
the number of workers. Workers are processes, because growing a small tree holds Python's lock. A worker imports this
module, and neither Optuna nor pandas.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hpsearch.results.measures import MEASURES
from hpsearch.results.points import Numbers, Sample
from hpsearch.results.processes import Processes

_FIRST = 2
"""Pieces of each kind that are computed here at first: the fastest says how long the rest takes."""

_WORTHWHILE = 8.0
"""Seconds of work from which further processes pay: to start them takes two or three."""


@dataclass(frozen=True)
class ImportanceProgress:
    """How far the computation of importances is.

    Attributes:
        done: Permutations and half samples computed.
        total: Of all measures.
        fresh: Of those done, the ones after the first progress.
        seconds: That the rest will take, by how long the first ones took.
    """

    done: int
    total: int
    fresh: int
    seconds: float


@dataclass(frozen=True)
class Piece:
    """Resamples that are computed together.

    Attributes:
        measure: Name of the measure.
        rows: ``(resamples, settings)``: the settings in another order, or the half that counts.
        null: Whether they are permutations.
        place: Of the parameter that is permuted, where the measure permutes one at a time.
    """

    measure: str
    rows: NDArray[np.int64]
    null: bool
    place: int | None = None

    def run(self, sample: Sample, seed: int) -> Numbers:
        """The statistic of each permutation, or the importances of each half, ``(resamples, parameters)``.

        Missing for a half whose values are all the same; of the one parameter where only that is permuted.
        """
        measure = MEASURES[self.measure]
        if self.null:
            return measure.null(sample, self.rows, self.place, seed)
        halves = [sample.subset(rows) for rows in self.rows]
        missing = np.full(len(sample.names), np.nan)
        return np.array([measure.importances(h, seed) if np.ptp(h.values) > 0 else missing for h in halves])


@dataclass(frozen=True)
class Resamples:
    """All permutations or all half samples of a measure.

    Attributes:
        measure: Name of the measure.
        null: Whether they are permutations.
        count: How many; where the measure permutes one parameter at a time, of each.
        rng: Draws them.
    """

    measure: str
    null: bool
    count: int
    rng: np.random.Generator

    def _places(self, sample: Sample) -> Sequence[int | None]:
        return range(len(sample.names)) if self.null and MEASURES[self.measure].apart else (None,)

    @property
    def _together(self) -> int:
        return MEASURES[self.measure].together if self.null else 1

    def total(self, sample: Sample) -> int:
        """Number of resamples."""
        return self.count * len(self._places(sample))

    def size(self, sample: Sample) -> int:
        """Number of pieces."""
        return ceil(self.count / self._together) * len(self._places(sample))

    def pieces(self, sample: Sample) -> Iterator[Piece]:
        """The pieces, each drawn when it is asked for."""
        settings = len(sample.values)
        for place in self._places(sample):
            for start in range(0, self.count, self._together):
                orders = [self.rng.permutation(settings) for _ in range(min(self._together, self.count - start))]
                rows = orders if self.null else [np.sort(order[: settings // 2]) for order in orders]
                yield Piece(self.measure, np.stack(rows), self.null, place)

    def joined(self, results: Sequence[Numbers], sample: Sample) -> Numbers:
        """The pieces' results, ``(count, parameters)``."""
        if not self.count:
            return np.empty((0, len(sample.names)))
        rows = np.concatenate(results)
        return rows.reshape(-1, self.count).T if len(self._places(sample)) > 1 else rows


def resampled(
    sample: Sample,
    seed: int,
    tasks: Sequence[Resamples],
    *,
    workers: int = 1,
    on_progress: Callable[[ImportanceProgress], None] | None = None,
) -> list[Numbers]:
    """Compute resamples, ``(count, parameters)`` of each task.

    Args:
        sample: The settings.
        seed: Of the measures' own draws.
        tasks: What to compute.
        workers: Processes; the numbers do not depend on it, and where there is little to do only this one works.
        on_progress: Called after every piece, first when enough are computed to tell how long it takes.
    """
    run = _Run(sample, seed, tasks)
    with threadpool_limits(1):  # as in a worker: the order of a sum may depend on the number of threads
        run.first()
        announce = on_progress or (lambda progress: None)
        announce(run.progress(workers))
        busy = workers if run.progress(1).seconds > _WORTHWHILE else 1
        with closing(_computed(run.rest(), sample, seed, busy)) as computed:
            for task, result in computed:
                run.add(task, result)
                announce(run.progress(busy))
    return [task.joined(results, sample) for task, results in zip(tasks, run.results, strict=True)]


def expected(sample: Sample, seed: int, tasks: Sequence[Resamples], *, workers: int = 1) -> ImportanceProgress:
    """What :func:`resampled` tells at first, and nothing more computed; arguments likewise."""
    run = _Run(sample, seed, tasks)
    with threadpool_limits(1):
        run.first()
    return run.progress(workers)


def _computed(
    pieces: Iterator[tuple[int, Piece]], sample: Sample, seed: int, workers: int
) -> Generator[tuple[int, Numbers]]:
    """The places of pieces' tasks with the pieces' results, in their order."""
    if workers == 1:
        yield from ((task, piece.run(sample, seed)) for task, piece in pieces)
        return
    with Processes[Piece, Numbers](workers, Piece.run, sample, seed) as pool:
        yield from pool.map(pieces)


class _Run:
    """The pieces of all tasks, the results so far, and how long a resample of each task takes."""

    def __init__(self, sample: Sample, seed: int, tasks: Sequence[Resamples]) -> None:
        self._sample, self._seed = sample, seed
        self._sizes = [task.size(sample) for task in tasks]
        self._left = [task.total(sample) for task in tasks]
        self._total = sum(self._left)
        self._pieces = [task.pieces(sample) for task in tasks]
        self._seconds = [0.0 for _ in tasks]
        self._first = 0
        self.results: list[list[Numbers]] = [[] for _ in tasks]

    def first(self) -> None:
        """Compute the first pieces of each task, in this process."""
        for task, size in enumerate(self._sizes):
            times = []
            for _ in range(min(_FIRST, size)):
                began = time.perf_counter()
                result = next(self._pieces[task]).run(self._sample, self._seed)
                times.append((time.perf_counter() - began) / len(result))
                self.add(task, result)
            self._seconds[task] = min(times, default=0.0)
        self._first = self._total - sum(self._left)

    def rest(self) -> Iterator[tuple[int, Piece]]:
        """The other pieces with their task's place, those of all tasks mixed evenly: so the pace stays the same."""
        shares = [((k + 0.5) / size, task) for task, size in enumerate(self._sizes) for k in range(_FIRST, size)]
        return ((task, next(self._pieces[task])) for _, task in sorted(shares))

    def add(self, task: int, result: Numbers) -> None:
        """Take a piece's result; those of a task come in their order."""
        self.results[task].append(result)
        self._left[task] -= len(result)

    def progress(self, workers: int) -> ImportanceProgress:
        seconds = sum(each * left for each, left in zip(self._seconds, self._left, strict=True)) / workers
        done = self._total - sum(self._left)
        return ImportanceProgress(done, self._total, done - self._first, seconds)


def interval_by_halves(own: Numbers, halves: Numbers, *, confidence: float, shares: bool) -> Numbers:
    """Lower and upper ends, ``(2, parameters)``, by random halves (Politis and Romano 1994).

    The distance between a mean and that of a half drawn without replacement has the variance of the mean itself, so it
    needs no scaling; that an importance of half the trials is more biased makes the interval wider.
    """
    finite = halves[np.isfinite(halves).all(axis=1)]
    if not len(finite):
        return np.full((2, len(own)), np.nan)
    reach = np.quantile(np.abs(finite - own), confidence, axis=0)
    ends = np.stack([own - reach, own + reach])
    return np.clip(ends, 0.0, 1.0) if shares else ends
