"""A population as work to hand out: what a worker gets, how it runs it, and what it sends back.

A worker imports this module and the engine, and neither Optuna nor pandas.
"""

from __future__ import annotations

import time
from collections.abc import Set
from dataclasses import dataclass, replace
from itertools import pairwise

from hpsearch.engine.examples import Examples
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.threads import one_blas_thread
from hpsearch.engine.training import Population, Record, train


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
        """Expected time, in units of what one more example costs a member's iteration.

        Measured with 32 units: an iteration's calls cost 240 whoever shares them, and 24 more a member.
        """
        longest = max(s.iterations for s in self.settings)
        return 240.0 * longest + sum(s.iterations * (24.0 + s.batch_size) for s in self.settings)


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
            records, left = train(population, self.examples, self.stops, until=job.until)
        # Without the weights, of which an empty view would keep the whole.
        slim = tuple(replace(r, weights=r.weights[:0].copy()) for r in records)
        return JobResult(job, slim, left, started, time.time())


def split(job: Job, parts: int) -> list[Job]:
    """Split a job that has not begun into so many parts of about as many members each."""
    count = len(job.owners)
    edges = [count * k // parts for k in range(parts + 1)]
    cuts = [slice(a, b) for a, b in pairwise(edges) if a < b]
    return [Job(job.owners[c], job.settings[c], job.seeds[c], marks=job.marks[c]) for c in cuts]


_installed: Trainer | None = None


def install(trainer: Trainer) -> None:
    """Keep the trainer in this worker process, so that a job carries settings and not the data."""
    global _installed
    _installed = trainer


def run_installed(job: Job) -> JobResult:
    """Run a job with the trainer of this worker process."""
    assert _installed is not None, "install() runs first in every worker"
    return _installed.run(job)
