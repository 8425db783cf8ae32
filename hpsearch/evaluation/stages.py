"""A trial trained from checkpoint to checkpoint, so that a pruner may stop it at each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.evaluation.tasks import Outcome, Task


class Stages:
    """A trial's trainings between two checkpoints.

    Attributes:
        iterations: Of the settings.
        stopped: The checkpoint at which a pruner stopped the trial; to be set.
    """

    def __init__(self, evaluator: Evaluator, settings: Hyperparameters, workers: Workers) -> None:
        self.iterations = settings.iterations
        self.stopped: int | None = None
        self._evaluator, self._workers = evaluator, workers
        self._tasks = evaluator.tasks(settings)
        self._going_on: dict[int, Task] = dict(enumerate(self._tasks))
        self._waiting: dict[int, Callable[[], Outcome]] = {}
        self._outcomes: dict[int, Outcome] = {}

    @property
    def ended(self) -> bool:
        """Whether no training of the trial goes on."""
        return self.stopped is not None or not self._going_on

    def submit(self, until: int) -> None:
        """Hand the trainings that go on out, up to a checkpoint."""
        if not self.ended:
            self._waiting = {k: self._workers.submit(replace(t, until=until)) for k, t in self._going_on.items()}

    def wait(self) -> None:
        """Wait until they are at the checkpoint."""
        for place, outcome in self._waiting.items():
            came, before, task = outcome(), self._outcomes.get(place), self._going_on.pop(place)
            self._outcomes[place] = came if before is None else before.then(came)
            if came.training is not None:
                self._going_on[place] = replace(task, training=came.training)
        self._waiting = {}

    def evaluation(self, until: int | None = None) -> Evaluation:
        """The trial where it ended, or as it would be had training ended at ``until``."""
        ended = self.stopped if until is None else until
        outcomes = [self._outcomes[place] for place in range(len(self._tasks))]
        evaluation = self._evaluator.evaluation(self._tasks, outcomes, until=ended)
        return replace(evaluation, pruned=until is None and self.stopped is not None)
