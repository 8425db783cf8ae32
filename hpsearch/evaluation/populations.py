"""Which trainings share a lockstep loop, and which process gets them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.evaluation.jobs import Job, split

_CACHE_BYTES = 11 << 18
_LARGEST_POPULATION = 64
_SEEDS_TOGETHER = 4
"""Populations' worth of members among which those of like length are put together."""


@dataclass(frozen=True)
class Member:
    """One training to be put into a population.

    Attributes:
        owner: ``(trial, seed)`` places in the batch.
        settings: Its hyperparameters.
        seed: Its seed.
        marks: Further iterations at which it is measured.
    """

    owner: tuple[int, int]
    settings: Hyperparameters
    seed: int
    marks: tuple[int, ...] = ()


def population_size(architecture: Architecture, batch_size: int) -> int:
    """Number of members trained together: so many that their working set stays in the cache."""
    a = architecture
    numbers = 5 * a.parameters + (3 * sum(a.hidden) + 2 * a.outputs) * batch_size
    return max(1, min(_LARGEST_POPULATION, _CACHE_BYTES // (numbers * np.dtype(a.dtype).itemsize)))


def populations(architecture: Architecture, members: Iterable[Member], *, workers: int = 1) -> list[Job]:
    """Split trainings into populations, the costliest first; no result, nor the order of members, depends on workers.

    Members of one batch size are put together by seed, as equal seeds share their mini-batches, and a few seeds'
    members by length, so that they leave together.
    """
    jobs = []
    alike: dict[int, list[Member]] = {}
    for member in members:
        alike.setdefault(member.settings.batch_size, []).append(member)
    for size, group in alike.items():
        step = population_size(architecture, size)
        for some in _by_seeds(group, _SEEDS_TOGETHER * step):
            some.sort(key=lambda m: (m.settings.iterations, m.owner))
            jobs += [_job(some[i : i + step]) for i in range(0, len(some), step)]
    jobs.sort(key=lambda job: -job.cost)
    share = sum(job.cost for job in jobs) / workers
    if workers > 1:  # a small population is hardly cheaper than a large one: no more parts than workers need
        return [part for job in jobs for part in split(job, max(1, round(job.cost / share)))]
    return jobs


def _by_seeds(members: Iterable[Member], size: int) -> list[list[Member]]:
    """Groups of at least ``size`` members, the last aside, that hold all members of their seeds."""
    groups: list[list[Member]] = [[]]
    for _, alike in groupby(sorted(members, key=lambda m: m.seed), key=lambda m: m.seed):
        if len(groups[-1]) >= size:
            groups.append([])
        groups[-1] += alike
    return groups


def _job(members: Sequence[Member]) -> Job:
    ordered = sorted(members, key=lambda m: (m.seed, m.owner))
    return Job(
        owners=tuple(m.owner for m in ordered),
        settings=tuple(m.settings for m in ordered),
        seeds=tuple(m.seed for m in ordered),
        marks=tuple(m.marks for m in ordered),
    )
