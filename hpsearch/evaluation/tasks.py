"""A training as work to hand out: what a worker gets, how it runs it, and what it sends back.

A worker imports this module and the engine, and neither Optuna nor pandas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hpsearch.engine.examples import Examples
from hpsearch.engine.settings import Hyperparameters
from hpsearch.engine.training import Record, Training, load_code, train
from hpsearch.evaluation.clocks import clock


@dataclass(frozen=True)
class Task:
    """A training, or a part of one. It carries no data.

    Attributes:
        settings: Its hyperparameters.
        seed: Its seed.
        stops: Iterations at which it is measured.
        training: Where to go on from, once training has begun.
        until: Iteration at which to hand over, or None to train to the end.
    """

    settings: Hyperparameters
    seed: int
    stops: tuple[int, ...]
    training: Training | None = None
    until: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What a worker sends back.

    Attributes:
        record: What was measured.
        training: Where it stands; None if it has ended.
        started: Seconds since 1970; the engine was compiled and loaded by then.
        finished: Seconds since 1970.
    """

    record: Record
    training: Training | None
    started: float
    finished: float

    def then(self, later: Outcome) -> Outcome:
        """This part of a training and the next, as one."""
        finished = max(self.finished, later.finished)  # the clock may have been set back in between
        return Outcome(self.record.then(later.record), later.training, self.started, finished)


@dataclass(frozen=True)
class Trainer:
    """What a worker needs to run any task of a study: picklable.

    Attributes:
        examples: Training and validation examples.
    """

    examples: Examples

    def run(self, task: Task, check: Callable[[], None] = lambda: None) -> Outcome:
        """Train and measure.

        Args:
            task: What to train.
            check: Called about every second; what it raises ends training.
        """
        load_code(self.examples.dtype)  # before the clock: these seconds are not the setting's
        now = clock()
        started, start = now(), task.training
        if start is None:
            start = Training.start(self.examples.architecture(task.settings), task.settings, task.seed)
        record, training = train(start, self.examples, task.stops, until=task.until, check=check)
        return Outcome(record, None if training.ended else training, started, now())
