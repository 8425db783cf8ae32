"""How far trainings are; and how far a survey of a function is, what a row costs, and how long is left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpsearch.evaluation.outcomes import Evaluation


@dataclass(frozen=True)
class TrainingProgress:
    """How far the trainings of a table are: of a survey's rows, or of settings on a seed.

    Attributes:
        done: Those that are kept.
        total: Those that the table needs; a table that chooses settings by its own trainings may need fewer.
        fresh: Of the done, those of this run.
        missing: Those that were not kept when this run began.
        trainings: What this run trains for them: those that differ in length alone are one.
        iterations: Of all these together.
        diverged: Those of this run that diverged.
    """

    done: int
    total: int
    fresh: int = 0
    missing: int = 0
    trainings: int = 0
    iterations: int = 0
    diverged: int = 0

    def after(self, evaluations: Collection[Evaluation]) -> TrainingProgress:
        """With some more."""
        return replace(
            self,
            done=min(self.done + len(evaluations), self.total),
            fresh=self.fresh + len(evaluations),
            diverged=self.diverged + sum(any(evaluation.diverged) for evaluation in evaluations),
        )


def together(parts: Sequence[TrainingProgress]) -> TrainingProgress:
    """The progress of several tables as one."""
    names = [field.name for field in fields(TrainingProgress)]
    return TrainingProgress(**{name: sum(getattr(part, name) for part in parts) for name in names})


@dataclass(frozen=True)
class FunctionProgress:
    """How far a survey of a function is; as text, a line for a reader.

    Attributes:
        done: Evaluations that are there.
        total: Evaluations of the design, those again included.
        fresh: Of the done, those of this run.
        failed: Rows of this run that failed.
        elapsed: Seconds of this run so far.
        first: Seconds until its first call was answered, in which workers start and modules are imported.
        base: Rows of a block of the design.
        workers: That share the work; 0 if an executor does it.
        rows_of_first: Rows of the first call.
    """

    done: int
    total: int
    fresh: int = 0
    failed: int = 0
    elapsed: float = 0.0
    first: float = 0.0
    base: int = 0
    workers: int = 1
    rows_of_first: int = 1

    @property
    def pace(self) -> float | None:
        """Seconds a row, all workers together, without the first call; by that alone before there are others."""
        later = self.fresh - self.rows_of_first
        if later > 0:
            return (self.elapsed - self.first) / later
        return self.first / self.fresh / max(self.workers, 1) if self.fresh else None

    @property
    def left(self) -> float | None:
        """Seconds until the design is complete, at this pace; None before its first row."""
        return None if self.pace is None else self.pace * (self.total - self.done)

    def __str__(self) -> str:
        words = f"{self.done:,} of {self.total:,} rows (blocks of {self.base})"
        if self.pace is not None and self.left is not None:
            words += f", {self.pace:.2g} s a row, {duration(self.left)} left"
        return words + (f", {self.failed:,} failed" if self.failed else "")


def duration(seconds: float) -> str:
    """A time in words.

    >>> duration(12.4), duration(312), duration(8000)
    ('12 s', '5.2 min', '2.2 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
