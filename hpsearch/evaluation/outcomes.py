"""What a trial's training gave: the record that the writer stores and the reader gets back.

A trial's curves hold every metric at every checkpoint for every seed. Optuna keeps one number a step and trial, so
the curves travel as one attribute of the trial, in the network's own precision; the metrics at the last checkpoint
are plain numbers beside it, for the dashboard.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpsearch.engine.settings import Array
from hpsearch.evaluation.tasks import Outcome


class CurvesError(ValueError):
    """What a trial measured is stored in a form that this version does not read."""


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
        started: Seconds since 1970 when its first training began.
        finished: The same, when its last training ended.
    """

    metrics: tuple[str, ...]
    seeds: tuple[int, ...]
    iterations: tuple[int, ...]
    curves: Array
    diverged: tuple[bool, ...]
    pruned: bool = False
    started: float = 0.0
    finished: float = 0.0

    @classmethod
    def of(
        cls, outcomes: Sequence[Outcome], *, metrics: tuple[str, ...], seeds: Sequence[int], stops: tuple[int, ...]
    ) -> Evaluation:
        """A trial's evaluation from the outcomes of its trainings."""
        records = [outcome.record for outcome in outcomes]
        return cls(
            metrics=metrics,
            seeds=tuple(seeds),
            iterations=stops,
            curves=np.stack([record.at(stops) for record in records]),
            diverged=tuple(record.diverged and record.iterations[-1] <= stops[-1] for record in records),
            started=min(outcome.started for outcome in outcomes),
            finished=max(outcome.finished for outcome in outcomes),
        )

    def curve(self, metric: str) -> Array:
        """A metric at each checkpoint, mean over seeds, ``(checkpoints,)`` in float64."""
        mean: Array = self.curves[:, :, self.metrics.index(metric)].mean(axis=0, dtype=float)
        return mean

    def ends(self, metric: str) -> Array:
        """A metric where training ended, ``(seeds,)`` in float64."""
        ends: Array = self.curves[:, -1, self.metrics.index(metric)].astype(float)
        return ends

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
        """The inverse of :meth:`encode`; times and pruning stand in the trial itself.

        Raises:
            CurvesError: if they are stored in another form.
        """
        try:
            shape = (len(stored["seeds"]), len(stored["iterations"]), len(stored["metrics"]))
            dtype = np.dtype(stored["dtype"]).newbyteorder("<")
            numbers = np.frombuffer(base64.b64decode(stored["numbers"]), dtype).reshape(shape)
        except (KeyError, TypeError, ValueError) as problem:
            from importlib.metadata import version

            raise CurvesError(
                f"the curves of a trial are stored in a form that hpsearch {version('hpsearch')} does not read "
                f"({problem!r:.100}): use the version that wrote them"
            ) from problem
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
