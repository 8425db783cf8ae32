"""What a trial's training gave: the record that the writer stores and the reader gets back.

A trial's curves hold every metric at every checkpoint for every seed. Optuna keeps one number a step and trial, so
the curves travel as one attribute of the trial, in the network's own precision; the metrics at the last checkpoint
are plain numbers beside it, for the dashboard.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hpsearch.engine.settings import Array, Hyperparameters
from hpsearch.evaluation.jobs import JobResult


@dataclass(frozen=True)
class Evaluation:
    """A trial's training on each of its seeds.

    Attributes:
        metrics: Names, in order.
        seeds: In order.
        iterations: Checkpoints, ascending; the last is where training ended.
        curves: ``(seeds, checkpoints, metrics)``.
        diverged: ``(seeds,)``: whose weights or loss stopped being finite.
        pruned: Training was stopped before its last iteration.
        started: Seconds since 1970 when its first population began.
        finished: The same, when its last population ended.
    """

    metrics: tuple[str, ...]
    seeds: tuple[int, ...]
    iterations: tuple[int, ...]
    curves: Array
    diverged: tuple[bool, ...]
    pruned: bool = False
    started: float = 0.0
    finished: float = 0.0

    def curve(self, metric: str) -> Array:
        """A metric at each checkpoint, mean over seeds, ``(checkpoints,)`` in float64."""
        mean: Array = self.curves[:, :, self.metrics.index(metric)].mean(axis=0, dtype=float)
        return mean

    @property
    def final(self) -> dict[str, float]:
        """Each metric where training ended, mean over seeds; NaN for what a diverged seed no longer has."""
        means = self.curves[:, -1].mean(axis=0, dtype=float).tolist()
        return dict(zip(self.metrics, means, strict=True))

    def encode(self) -> dict[str, Any]:
        """As JSON values: names and checkpoints readable, the numbers as base64 of little-endian floats."""
        numbers = np.ascontiguousarray(self.curves, dtype=self.curves.dtype.newbyteorder("<"))
        return {
            "metrics": list(self.metrics),
            "seeds": list(self.seeds),
            "iterations": list(self.iterations),
            "diverged": list(self.diverged),
            "dtype": f"float{numbers.itemsize * 8}",
            "numbers": base64.b64encode(numbers.tobytes()).decode("ascii"),
        }

    @classmethod
    def decode(cls, stored: Mapping[str, Any]) -> Evaluation:
        """The inverse of :meth:`encode`; times and pruning stand in the trial itself."""
        shape = (len(stored["seeds"]), len(stored["iterations"]), len(stored["metrics"]))
        dtype = np.dtype(stored["dtype"]).newbyteorder("<")
        numbers = np.frombuffer(base64.b64decode(stored["numbers"]), dtype).reshape(shape)
        return cls(
            metrics=tuple(stored["metrics"]),
            seeds=tuple(stored["seeds"]),
            iterations=tuple(stored["iterations"]),
            curves=numbers,
            diverged=tuple(stored["diverged"]),
        )


def stops_of(checkpoints: Sequence[int], iterations: int) -> tuple[int, ...]:
    """Where a run of so many iterations is measured: the shared checkpoints before its end, and its end.

    >>> stops_of((0, 1, 10, 100), 50)
    (0, 1, 10, 50)
    """
    return (*(stop for stop in checkpoints if stop < iterations), iterations)


def fill(rows: Mapping[int, Array], stops: Sequence[int]) -> Array:
    """A training's records at some iterations, ``(checkpoints, metrics)``.

    Args:
        rows: What was recorded, by iteration.
        stops: Iterations; a diverged member's last row, the ceiling, stands for those after it.
    """
    last = rows[max(rows)]
    return np.stack([rows.get(stop, last) for stop in stops])


@dataclass
class Sheet:
    """The records of many trainings as they come in, to be read trial by trial.

    Attributes:
        metrics: Names of what is measured.
        stops: Checkpoints shared by all trainings.
        seeds: Of each trial.
        settings: Of each trial.
        stopped: The iteration at which a pruner stopped a trial.
    """

    metrics: tuple[str, ...]
    stops: tuple[int, ...]
    seeds: Sequence[tuple[int, ...]]
    settings: Sequence[Hyperparameters]
    stopped: dict[int, int] = field(default_factory=dict)
    _rows: dict[tuple[int, int], dict[int, Any]] = field(default_factory=dict)
    _ended: set[tuple[int, int]] = field(default_factory=set)
    _diverged: dict[tuple[int, int], int] = field(default_factory=dict)
    _times: dict[int, tuple[float, float]] = field(default_factory=dict)

    def add(self, result: JobResult) -> set[int]:
        """Enter a job's records.

        Returns:
            The trials that the job trained.
        """
        owners = result.job.owners
        for record in result.records:
            for row, member in enumerate(record.ids):
                self._rows.setdefault(owners[member], {})[record.iteration] = record.metrics[row]
                if record.diverged[row]:
                    self._diverged[owners[member]] = record.iteration
            self._ended |= {owners[member] for member in record.finished}
        trials = {trial for trial, _ in owners}
        for trial in trials:
            began, ended = self._times.get(trial, (result.started, result.finished))
            self._times[trial] = (min(began, result.started), max(ended, result.finished))
        return trials

    def complete(self, trial: int) -> bool:
        """Whether all trainings of a trial have ended, by themselves or by the pruner."""
        return trial in self.stopped or all(owner in self._ended for owner in self._owners(trial))

    def evaluation(self, trial: int, *, until: int | None = None) -> Evaluation:
        """A trial's evaluation where it ended, or as it would be had training ended at ``until``."""
        last = self.settings[trial].iterations
        ended = min(last, self.stopped.get(trial, last) if until is None else until)
        stops = stops_of(self.stops, ended)
        owners = self._owners(trial)
        started, finished = self._times[trial]
        return Evaluation(
            metrics=self.metrics,
            seeds=self.seeds[trial],
            iterations=stops,
            curves=np.stack([fill(self._rows[owner], stops) for owner in owners]),
            diverged=tuple(self._diverged.get(owner, ended + 1) <= ended for owner in owners),
            pruned=until is None and ended < last,
            started=started,
            finished=finished,
        )

    def _owners(self, trial: int) -> list[tuple[int, int]]:
        return [(trial, k) for k in range(len(self.seeds[trial]))]
