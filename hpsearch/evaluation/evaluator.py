"""A study's data and training rule: settings in, evaluations out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hpsearch.config.kinds import text_of
from hpsearch.config.messages import ConfigError
from hpsearch.config.study import StudyConfig
from hpsearch.data.dataset import Dataset, checked_dataset
from hpsearch.data.loading import load_dataset
from hpsearch.engine.examples import Examples
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.training import Training, checkpoints, train
from hpsearch.evaluation.fitting import fitted
from hpsearch.evaluation.memory import check_memory
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.evaluation.outcomes import Evaluation, stops_of
from hpsearch.evaluation.tasks import Outcome, Task, Trainer

_MOST_PARAMETERS = 100_000_000
"""Of one network: with its velocity and gradient some gigabytes."""


class Evaluator:
    """Trains settings of one study.

    Args:
        config: The study.
        dataset: Its data; loaded from the config if not given.
        checkpoint_count: Number of checkpoints, instead of ``config.search.checkpoints``.

    Attributes:
        config: The study, its defaults fitted to the data (see :func:`hpsearch.evaluation.fitting.fitted`).
        notes: What is to be said of the data, and of what was fitted to it.

    Raises:
        ConfigError: if the space does not fit the data, or a training does not fit into memory.
        DataError: if the data cannot be read.
    """

    def __init__(
        self, config: StudyConfig, dataset: Dataset | None = None, *, checkpoint_count: int | None = None
    ) -> None:
        dataset = data_of(config, dataset)
        config, note = fitted(config, dataset.train.examples)
        self.config, self.dataset = config, dataset
        self.notes = (*dataset.notes, *([note] if note else []))
        self._architecture = architecture = _architecture(config, dataset)
        _check_fit(config, dataset, architecture)
        check_memory(config, dataset, architecture)
        self.seeds = config.search.seeds
        count = checkpoint_count or config.search.checkpoints
        self.stops = checkpoints(int(config.space.largest("iterations")), count)
        held_out = (dataset.validation.X, dataset.validation.y)
        self.examples = Examples.of(architecture, (dataset.train.X, dataset.train.y), held_out)
        self.trainer = Trainer(self.examples)

    def __repr__(self) -> str:
        return f"Evaluator({self.config.name!r}, {self.dataset!r})"

    def check_memory(self, *, workers: int, rows: int | None = None) -> None:
        """See that there is memory for a search on so many workers, or for a survey of so many rows.

        Raises:
            ConfigError: if there is not, with the sum and what to change.
        """
        trials = self.config.search.trials if rows is None else 0
        check_memory(self.config, self.dataset, self._architecture, workers=workers, trials=trials, rows=rows or 0)

    def architecture(self, settings: Hyperparameters) -> Architecture:
        """The network of a setting."""
        return self.examples.architecture(settings)

    def tasks(self, settings: Hyperparameters, *, seeds: Sequence[int] | None = None) -> list[Task]:
        """The trainings of a trial, one a seed."""
        stops = stops_of(self.stops, settings.iterations)
        return [Task(settings, seed, stops) for seed in (self.seeds if seeds is None else seeds)]

    def joint_task(self, settings: Sequence[Hyperparameters], seed: int) -> Task:
        """The one training whose ends are those of settings that differ in their iterations alone."""
        longest = max(settings, key=lambda setting: setting.iterations)
        ends = {setting.iterations for setting in settings}
        return Task(longest, seed, tuple(sorted({*stops_of(self.stops, longest.iterations), *ends})))

    def evaluation(self, tasks: Sequence[Task], outcomes: Sequence[Outcome], *, until: int | None = None) -> Evaluation:
        """A trial's evaluation from the outcomes of its tasks, as it would be had training ended at ``until``."""
        last = tasks[0].settings.iterations
        ended = last if until is None else min(last, until)
        seeds, stops = [task.seed for task in tasks], stops_of(self.stops, ended)
        return Evaluation.of(outcomes, metrics=self.examples.metrics, seeds=seeds, stops=stops)

    def evaluate(self, settings: Sequence[Hyperparameters], *, seeds: Sequence[int] | None = None) -> list[Evaluation]:
        """Evaluate settings on every seed, in this thread.

        Returns:
            An evaluation for each, in order.
        """
        trials = [self.tasks(setting, seeds=seeds) for setting in settings]
        return [self.evaluation(tasks, [self.trainer.run(task) for task in tasks]) for tasks in trials]

    def network(self, settings: Hyperparameters, seed: int) -> TrainedNetwork:
        """Train one network again: the same weights, to the bit, as when it was evaluated."""
        (network,) = self.networks(settings, seed, iterations=[settings.iterations])
        return network

    def networks(self, settings: Hyperparameters, seed: int, *, iterations: Sequence[int]) -> Iterator[TrainedNetwork]:
        """A network at some iterations of its training, ascending."""
        data, architecture = self.dataset, self.architecture(settings)
        training = Training.start(architecture, settings, seed)
        for stop in iterations:
            _, training = train(training, self.examples, (), until=stop)
            yield TrainedNetwork(
                architecture=architecture,
                parameters=training.parameters,
                preparation=data.preparation,
                classes=data.classes,
                target_mean=data.target_mean,
                target_scale=data.target_scale,
                hyperparameters=replace(settings, iterations=stop),
                seed=seed,
            )


def load_data(config: StudyConfig) -> Dataset:
    """The data that a config names.

    Raises:
        DataError: if it cannot be used.
    """
    return load_dataset(**config.data.model_dump())


def data_of(config: StudyConfig, dataset: Dataset | None) -> Dataset:
    """The data set that a caller gave, or else that of the config.

    Raises:
        DataError: if what was given is none, or the data cannot be used.
    """
    return load_data(config) if dataset is None else checked_dataset(dataset)


def _architecture(config: StudyConfig, dataset: Dataset) -> Architecture:
    """The study's largest network."""
    classes = dataset.class_count
    return Architecture(
        features=dataset.features,
        hidden=config.largest_hidden,
        outputs=classes if classes > 2 else 1,
        output="identity" if not classes else "binary" if classes == 2 else "softmax",
        dtype=config.network.dtype,
    )


def _check_fit(config: StudyConfig, dataset: Dataset, architecture: Architecture) -> None:
    problems = []
    examples, largest = dataset.train.examples, int(config.space.largest("batch_size"))
    if largest > examples:
        problems.append(
            f"space.batch_size: {largest} is above the {examples} training examples of {dataset.name!r}; "
            f"a mini-batch may take 1 to {examples}"
        )
    if config.search.metric == "validation_error" and architecture.output == "identity":
        problems.append(
            "search.metric: 'validation_error' is for classes, and the target of "
            f"{dataset.name!r} is a number; use 'validation_loss'"
        )
    if architecture.parameters > _MOST_PARAMETERS:
        place = next(
            (f"space.{name}" for name in ("width", "hidden") if name in config.space.entries), "network.hidden"
        )
        problems.append(
            f"{place}: the largest network, {text_of(architecture.hidden)}, would have {architecture.parameters:,} "
            f"weights and biases; it may have {_MOST_PARAMETERS:,}: give fewer units or layers"
        )
    if problems:
        raise ConfigError(config.name, problems)
