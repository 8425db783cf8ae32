"""What trainings will take, by their arithmetic, before any is begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hpsearch.engine.examples import Examples
from hpsearch.evaluation.tasks import Task

if TYPE_CHECKING:  # a worker imports this module, and needs no study
    from hpsearch.engine.settings import Hyperparameters
    from hpsearch.evaluation.evaluator import Evaluator

_PER_ITERATION, _PER_OPERATION, _PER_TRAINING = 9e-7, 6.6e-12, 5e-4
"""Seconds, fitted to the times that README gives of one core (AMD EPYC with AVX-512): an iteration of nothing, a
multiplication or addition, and all of a training that is neither."""

_PER_QUESTION = 1e-2
"""Seconds in which a sampler that learns from earlier trials chooses one, at some hundred trials."""

_DRAWN = 256
"""Settings whose mean stands for those that a sampler will choose."""


def search_seconds(evaluator: Evaluator, trials: int) -> tuple[float, float]:
    """Seconds that trials will take on one thread.

    Returns:
        If they are spread evenly over the space; and if they come to lie, as those of a sampler that learns may, where
        training is longest.
    """
    space = evaluator.config.space.dimensions
    drawn = space.from_unit(np.random.default_rng(0).random((_DRAWN, len(space))))
    settings = evaluator.config.settings_of({name: values.tolist() for name, values in drawn.items()})
    even = trials * _mean_seconds(evaluator, settings)
    if not evaluator.config.search.learns:
        return even, even
    longest = int(evaluator.config.space.largest("iterations"))
    long = trials * _mean_seconds(evaluator, [replace(setting, iterations=longest) for setting in settings])
    asking = trials * _PER_QUESTION
    return even + asking, long + asking


def _mean_seconds(evaluator: Evaluator, settings: Sequence[Hyperparameters]) -> float:
    """Seconds of a trial, the mean over settings."""
    return task_seconds(evaluator, [task for setting in settings for task in evaluator.tasks(setting)]) / len(settings)


def task_seconds(evaluator: Evaluator, tasks: Sequence[Task]) -> float:
    """Seconds that trainings will take on one thread."""
    return sum(training_seconds(evaluator.examples, task) for task in tasks)


def training_seconds(examples: Examples, task: Task) -> float:
    """Seconds that a training, or a part of one, will take on one thread.

    Forward and backward take a product a layer, and one more for the gradient of all inputs but the first.
    """
    shapes = examples.architecture(task.settings).shapes
    weights = sum(units * columns for units, columns in shapes)
    begun = 0 if task.training is None else task.training.iteration
    until = task.settings.iterations if task.until is None else min(task.until, task.settings.iterations)
    measured = len(examples.train) + (0 if examples.validation is None else len(examples.validation))
    stops = sum(begun <= stop <= until for stop in task.stops)
    operations = task.settings.batch_size * (6 * weights - 2 * shapes[0][0] * shapes[0][1])
    iteration = _PER_ITERATION + operations * _PER_OPERATION
    return (until - begun) * iteration + stops * 2 * weights * measured * _PER_OPERATION + _PER_TRAINING
