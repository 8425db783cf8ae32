"""Where the trainings of a table come from: a rehearsal that trains nothing, and a run that trains what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TypeAlias

import numpy as np

from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.experiments.progress import TrainingProgress

Training: TypeAlias = tuple[Hyperparameters, int]
"""A setting and a seed."""


class Rehearsal:
    """A source that trains nothing, and notes what a table needs.

    Attributes:
        trainings: What was needed so far, in order.
    """

    def __init__(self, evaluator: Evaluator, kept: Mapping[Training, Evaluation]) -> None:
        self.config, self.dataset = evaluator.config, evaluator.dataset
        self.trainings: dict[Training, None] = {}
        self._metrics, self._kept = evaluator.examples.metrics, kept

    def evaluate(self, settings: Sequence[Hyperparameters], *, seeds: Sequence[int]) -> list[Evaluation]:
        """What is kept, and zeros for the rest."""
        self.trainings |= dict.fromkeys(product(settings, seeds))
        return [_together([self._kept.get((s, seed)) or self._zeros(s, seed) for seed in seeds]) for s in settings]

    def _zeros(self, setting: Hyperparameters, seed: int) -> Evaluation:
        curves = np.zeros((1, 1, len(self._metrics)), np.float32)
        return Evaluation(self._metrics, (seed,), (setting.iterations,), curves, (False,))


class TrainingRun:
    """A source that trains what is not kept, and keeps it.

    Args:
        evaluator: Of the study.
        kept: Trainings by their setting and seed; grows.
        workers: That train.
        store: Called with every training that ends, and those that are a part of it.
        progress: At the start.
        announce: Called with the progress after each.

    Attributes:
        progress: So far.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        kept: dict[Training, Evaluation],
        workers: Workers,
        *,
        store: Callable[[Mapping[Training, Evaluation]], None],
        progress: TrainingProgress,
        announce: Callable[[TrainingProgress], None],
    ) -> None:
        self.config, self.dataset, self.progress = evaluator.config, evaluator.dataset, progress
        self._evaluator, self._kept, self._workers = evaluator, kept, workers
        self._store, self._announce = store, announce

    def evaluate(self, settings: Sequence[Hyperparameters], *, seeds: Sequence[int]) -> list[Evaluation]:
        """Evaluate settings on every seed, an evaluation each."""
        self._train([training for training in dict.fromkeys(product(settings, seeds)) if training not in self._kept])
        return [_together([self._kept[setting, seed] for seed in seeds]) for setting in settings]

    def _train(self, missing: Sequence[Training]) -> None:
        """Train, and store in the order of the trainings, which does not depend on the number of workers."""
        groups = joined(missing)
        tasks = [self._evaluator.joint_task([setting for setting, _ in ends], ends[0][1]) for ends in groups]
        for ends, task, outcome in zip(groups, tasks, self._workers.outcomes(tasks), strict=True):
            ended = {
                training: self._evaluator.evaluation([task], [outcome], until=training[0].iterations)
                for training in ends
            }
            self._kept |= ended
            self._store(ended)
            self.progress = self.progress.after(ended.values())
            self._announce(self.progress)


def joined(trainings: Iterable[Training]) -> list[list[Training]]:
    """Trainings in groups that differ in length alone."""
    groups: dict[Training, list[Training]] = {}
    for setting, seed in trainings:
        groups.setdefault((replace(setting, iterations=1), seed), []).append((setting, seed))
    return list(groups.values())


def _together(alone: Sequence[Evaluation]) -> Evaluation:
    """A setting's trainings on a seed each as one evaluation, at the checkpoints that all have."""
    stops = sorted(set.intersection(*(set(evaluation.iterations) for evaluation in alone)))
    curves = [e.curves[0][[e.iterations.index(stop) for stop in stops]] for e in alone]
    return replace(
        alone[0],
        seeds=tuple(seed for evaluation in alone for seed in evaluation.seeds),
        iterations=tuple(stops),
        curves=np.stack(curves),
        diverged=tuple(diverged for evaluation in alone for diverged in evaluation.diverged),
        started=min(evaluation.started for evaluation in alone),
        finished=max(evaluation.finished for evaluation in alone),
    )
