"""A study's data and training rule: settings in, evaluations out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpsearch.config.messages import ConfigError
from hpsearch.config.study import StudyConfig
from hpsearch.data.dataset import Dataset, load_dataset
from hpsearch.engine.examples import Examples
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.threads import one_blas_thread
from hpsearch.engine.training import Lockstep, Population, checkpoints
from hpsearch.evaluation.jobs import Job, JobResult, Trainer
from hpsearch.evaluation.outcomes import Evaluation, Sheet
from hpsearch.evaluation.populations import Member, populations
from hpsearch.evaluation.trained import TrainedNetwork


class Evaluator:
    """Trains settings of one study.

    Args:
        config: The study.
        dataset: Its data; loaded from the config if not given.
        checkpoint_count: Number of checkpoints, instead of ``config.search.checkpoints``.

    Raises:
        ConfigError: if the space does not fit the data.
        DataError: if the data cannot be read.
    """

    def __init__(
        self, config: StudyConfig, dataset: Dataset | None = None, *, checkpoint_count: int | None = None
    ) -> None:
        if dataset is None:
            dataset = load_data(config)
        self.config, self.dataset = config, dataset
        self.architecture = _architecture(config, dataset)
        _check_fit(config, dataset, self.architecture)
        self.seeds = config.search.seeds
        count = checkpoint_count or config.search.checkpoints
        self.stops = checkpoints(int(config.space.largest("iterations")), count)
        held_out = (dataset.validation.X, dataset.validation.y)
        self.examples = Examples.of(self.architecture, (dataset.train.X, dataset.train.y), held_out)
        self.trainer = Trainer(self.architecture, self.examples, self.stops)

    def hyperparameters(self, params: Mapping[str, Any]) -> Hyperparameters:
        """A trial's parameters with the study's fixed settings."""
        return Hyperparameters(**{**self.config.space.fixed, **params})

    def jobs(
        self, settings: Sequence[Hyperparameters], *, seeds: Sequence[int] | None = None, workers: int = 1
    ) -> list[Job]:
        """Split a batch of trials into populations: each trial on each seed."""
        seeds = self.seeds if seeds is None else seeds
        members = [Member((t, k), s, seed) for t, s in enumerate(settings) for k, seed in enumerate(seeds)]
        return populations(self.architecture, members, workers=workers)

    def sheet(self, settings: Sequence[Hyperparameters], *, seeds: Sequence[int] | None = None) -> Sheet:
        """Where the records of a batch's jobs are put together, trial by trial; each trial on each seed."""
        chosen = self.seeds if seeds is None else tuple(seeds)
        return Sheet(self.examples.metrics, self.stops, [chosen] * len(settings), settings)

    def run(self, job: Job) -> JobResult:
        """Train a job's members in this process."""
        return self.trainer.run(job)

    def evaluate(self, settings: Sequence[Hyperparameters], *, seeds: Sequence[int] | None = None) -> list[Evaluation]:
        """Evaluate settings on every seed, in this process.

        Args:
            settings: To be evaluated.
            seeds: Instead of the study's own.

        Returns:
            An evaluation for each, in order.
        """
        sheet = self.sheet(settings, seeds=seeds)
        for job in self.jobs(settings, seeds=seeds):
            sheet.add(self.run(job))
        return [sheet.evaluation(trial) for trial in range(len(settings))]

    def network(self, settings: Hyperparameters, seed: int) -> TrainedNetwork:
        """Train one network again: the same weights, to the bit, as when it was evaluated."""
        loop = Lockstep(Population.start(self.architecture, [settings], [seed]), self.examples)
        with one_blas_thread():
            loop.advance(settings.iterations)
        data = self.dataset
        return TrainedNetwork(
            architecture=self.architecture,
            parameters=loop.population.weights[0],
            preparation=data.preparation,
            classes=data.classes,
            target_mean=data.target_mean,
            target_scale=data.target_scale,
            hyperparameters=settings,
            seed=seed,
        )


def load_data(config: StudyConfig) -> Dataset:
    """The data that a config names.

    Raises:
        DataError: if it cannot be used.
    """
    d = config.data
    return load_dataset(d.source, target=d.target, task=d.task, validation=d.validation, test=d.test, seed=d.seed)


def _architecture(config: StudyConfig, dataset: Dataset) -> Architecture:
    network = config.network
    classes = 0 if dataset.classes is None else len(dataset.classes)
    return Architecture(
        features=dataset.train.X.shape[1],
        hidden=network.hidden,
        outputs=classes if classes > 2 else 1,
        activation=network.activation,
        output="identity" if not classes else "binary" if classes == 2 else "softmax",
        init=network.init,
        dtype=network.dtype,
    )


def _check_fit(config: StudyConfig, dataset: Dataset, architecture: Architecture) -> None:
    problems = []
    examples, largest = len(dataset.train.X), int(config.space.largest("batch_size"))
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
    if problems:
        raise ConfigError(config.name, problems)
