"""A population as work to hand out: what a worker gets, how it runs it, and what it sends back.

A worker imports this module and the engine, and neither Optuna nor pandas.
"""

from __future__ import annotations

import time
from collections.abc import Set
from dataclasses import dataclass, replace

from hpsearch.engine.diagnostics import Examples
from hpsearch.engine.network import Architecture
from hpsearch.engine.training import Hyperparameters, Population, Record, train
from hpsearch.threads import one_blas_thread


@dataclass(frozen=True)
class Job:
    """Members trained in one lockstep loop.

    Attributes:
        owners: ``(trial, seed)`` places of each member in the batch.
        settings: Each member's hyperparameters, of one batch size.
        seeds: Each member's seed.
        population: The members' state, once training has begun.
        until: Iteration at which to hand over, or None to train to the end.
        marks: Further iterations at which each member is measured, or nothing for none.
    """

    owners: tuple[tuple[int, int], ...]
    settings: tuple[Hyperparameters, ...]
    seeds: tuple[int, ...]
    population: Population | None = None
    until: int | None = None
    marks: tuple[tuple[int, ...], ...] = ()

    @property
    def cost(self) -> float:
        """Expected work, in units of one member's iteration on one example; 40 is the cost of an iteration's calls."""
        return sum(s.iterations * (40.0 + s.batch_size) for s in self.settings)


@dataclass(frozen=True)
class JobResult:
    """What a worker sends back.

    Attributes:
        job: The job, with its owners.
        records: In order of iteration.
        population: The members that are still training.
        started: Seconds since 1970.
        finished: Seconds since 1970.
    """

    job: Job
    records: tuple[Record, ...]
    population: Population
    started: float
    finished: float

    def going_on(self, *, without: Set[int] = frozenset()) -> Job | None:
        """The job of the members that still train, without those of some trials; None if none is left."""
        ids = self.population.ids
        staying = [i for i, member in enumerate(ids) if self.job.owners[member][0] not in without]
        return replace(self.job, population=self.population.select(staying)) if staying else None


@dataclass(frozen=True)
class Trainer:
    """What a worker needs to run a job: pure and picklable.

    Attributes:
        architecture: Of every network.
        examples: Training and validation examples.
        stops: Checkpoints shared by all members.
    """

    architecture: Architecture
    examples: Examples
    stops: tuple[int, ...]

    def run(self, job: Job) -> JobResult:
        """Train a job's members, on one BLAS thread."""
        started = time.time()
        population = job.population or Population.start(self.architecture, job.settings, job.seeds, job.marks)
        with one_blas_thread():
            *records, left = train(population, self.examples, self.stops, until=job.until)
        assert isinstance(left, Population)
        slim = tuple(replace(r, weights=r.weights[:0]) for r in records if isinstance(r, Record))
        return JobResult(job, slim, left, started, time.time())


def halve(job: Job, cost: float) -> list[Job]:
    """Split a job into parts of at most this cost, or single members."""
    if job.cost <= cost or len(job.owners) == 1:
        return [job]
    middle = len(job.owners) // 2
    parts = [slice(None, middle), slice(middle, None)]
    halves = [Job(job.owners[p], job.settings[p], job.seeds[p], marks=job.marks[p]) for p in parts]
    return [part for half in halves for part in halve(half, cost)]


_installed: Trainer | None = None


def install(trainer: Trainer) -> None:
    """Keep the trainer in this worker process, so that a job carries settings and not the data."""
    global _installed
    _installed = trainer


def run_installed(job: Job) -> JobResult:
    """Run a job with the trainer of this worker process."""
    assert _installed is not None, "install() runs first in every worker"
    return _installed.run(job)
