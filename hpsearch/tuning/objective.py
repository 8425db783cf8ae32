"""Hyperparameters in, evaluation out: for whole populations, and for one Optuna trial.

An :class:`Evaluator` holds a study's data and the shape of its network, and its results depend on nothing but the
settings and the seeds. It splits the trials of a batch into jobs, each a population in lockstep; a worker's
:class:`Trainer` runs a job, and a :class:`Sheet` puts the records of all jobs back together, trial by trial.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hpsearch.config import ConfigError, StudyConfig, load, resolve
from hpsearch.data.dataset import Dataset, load_dataset
from hpsearch.engine.diagnostics import Examples
from hpsearch.engine.network import Architecture
from hpsearch.engine.threads import one_blas_thread
from hpsearch.engine.training import Hyperparameters, Lockstep, Population, checkpoints
from hpsearch.evaluation.jobs import Job, JobResult, Trainer
from hpsearch.evaluation.outcomes import CURVES, Evaluation, fill, stops_of
from hpsearch.evaluation.populations import Member, populations
from hpsearch.evaluation.trained import TrainedNetwork
from hpsearch.space import Choice, Float, Int

if TYPE_CHECKING:
    from pathlib import Path

    import optuna

class Evaluator:
    """Trains settings of one study.

    Args:
        config: The study.
        dataset: Its data; loaded from the config if not given.
        checkpoints_kept: Instead of ``config.search.checkpoints``.

    Raises:
        ConfigError: if the space does not fit the data.
        DataError: if the data cannot be read.
    """

    def __init__(
        self, config: StudyConfig, dataset: Dataset | None = None, *, checkpoints_kept: int | None = None
    ) -> None:
        if dataset is None:
            dataset = load_data(config)
        self.config, self.dataset = config, dataset
        self.architecture = _architecture(config, dataset)
        _check_fit(config, dataset, self.architecture)
        self.seeds = config.search.seeds
        kept = checkpoints_kept or config.search.checkpoints
        self.stops = checkpoints(int(config.space.largest("iterations")), kept)
        held_out = (dataset.validation.X, dataset.validation.y)
        self.examples = Examples.of(self.architecture, (dataset.train.X, dataset.train.y), held_out)
        self.trainer = Trainer(self.architecture, self.examples, self.stops)

    def hyperparameters(self, params: Mapping[str, Any]) -> Hyperparameters:
        """A trial's parameters with the study's fixed settings."""
        return Hyperparameters(**{**self.config.space.fixed, **params})

    def jobs(self, settings: Sequence[Hyperparameters], *, workers: int = 1) -> list[Job]:
        """Split a batch of trials into populations: each trial on each of the study's seeds."""
        members = [Member((t, k), s, seed) for t, s in enumerate(settings) for k, seed in enumerate(self.seeds)]
        return populations(self.architecture, members, workers=workers)

    def sheet(self, settings: Sequence[Hyperparameters]) -> Sheet:
        """Where the records of a batch's jobs are put together, trial by trial."""
        return Sheet(self.examples.metrics, self.stops, [self.seeds] * len(settings), settings)

    def run(self, job: Job) -> JobResult:
        """Train a job's members in this process."""
        return self.trainer.run(job)

    def evaluate(self, settings: Sequence[Hyperparameters]) -> list[Evaluation]:
        """Evaluate settings on every seed, in this process.

        Returns:
            An evaluation for each, in order.
        """
        sheet = self.sheet(settings)
        for job in self.jobs(settings):
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


@dataclass
class Sheet:
    """A batch's records as they come in, from whichever job, to be read trial by trial.

    Attributes:
        metrics: Names of what is measured.
        stops: Checkpoints shared by all trainings.
        seeds: Of each trial of the batch.
        settings: Of each trial of the batch.
        stopped: The iteration at which the pruner stopped a trial.
    """

    metrics: tuple[str, ...]
    stops: tuple[int, ...]
    seeds: Sequence[tuple[int, ...]]
    settings: Sequence[Hyperparameters]
    stopped: dict[int, int] = field(default_factory=dict)
    _rows: dict[tuple[int, int], dict[int, Any]] = field(default_factory=dict)
    _diverged: set[tuple[int, int]] = field(default_factory=set)
    _times: dict[int, tuple[float, float]] = field(default_factory=dict)

    def add(self, result: JobResult) -> None:
        """Enter a job's records."""
        owners = result.job.owners
        for record in result.records:
            for row, member in enumerate(record.ids):
                self._rows.setdefault(owners[member], {})[record.iteration] = record.metrics[row]
                if record.diverged[row]:
                    self._diverged.add(owners[member])
        for trial in {t for t, _ in owners}:
            began, ended = self._times.get(trial, (result.started, result.finished))
            self._times[trial] = (min(began, result.started), max(ended, result.finished))

    def evaluation(self, trial: int, *, until: int | None = None) -> Evaluation:
        """A trial's evaluation where it ended, or up to ``until``."""
        last, seeds = self.settings[trial].iterations, self.seeds[trial]
        ended = min(last, self.stopped.get(trial, last) if until is None else until)
        stops = stops_of(self.stops, ended)
        owners = [(trial, k) for k in range(len(seeds))]
        started, finished = self._times[trial]
        return Evaluation(
            metrics=self.metrics,
            seeds=seeds,
            iterations=stops,
            curves=np.stack([fill(self._rows[owner], stops) for owner in owners]),
            diverged=tuple(owner in self._diverged for owner in owners),
            pruned=ended < last,
            started=started,
            finished=finished,
        )


class Objective:
    """The plain Optuna objective: ``study.optimize(Objective("digits"), n_trials=50)``.

    It works with any sampler, pruner and storage of Optuna's, and gives the same value for the same hyperparameters
    as a search of the same config does.

    Args:
        study: A config, the path of its TOML, or its name in ``studies/``.
        dataset: The data, if not the config's own.

    Raises:
        ConfigError: if the config is refused.
        DataError: if the data cannot be read.
    """

    def __init__(self, study: StudyConfig | str | Path, *, dataset: Dataset | None = None) -> None:
        config = study if isinstance(study, StudyConfig) else load(resolve(study))
        self.evaluator = Evaluator(config, dataset)

    def __call__(self, trial: optuna.Trial) -> float:
        """Suggest, train in lockstep on every seed, report each checkpoint, and return the metric to minimise.

        Raises:
            optuna.TrialPruned: if the study's pruner says so at a checkpoint.
        """
        import optuna

        evaluator = self.evaluator
        settings = evaluator.hyperparameters(suggest(trial, evaluator.config))
        sheet, jobs = evaluator.sheet([settings]), evaluator.jobs([settings])
        for stop in stops_of(evaluator.stops, settings.iterations)[1:]:
            results = [evaluator.run(replace(job, until=stop)) for job in jobs]
            for result in results:
                sheet.add(result)
            jobs = [job for result in results if (job := result.going_on())]
            evaluation = sheet.evaluation(0, until=stop)
            trial.report(objective_value(evaluation, evaluator.config), stop)
            if stop < settings.iterations and trial.should_prune():
                _attach(trial, evaluation)
                raise optuna.TrialPruned
        _attach(trial, sheet.evaluation(0))
        return objective_value(sheet.evaluation(0), evaluator.config)


def _attach(trial: optuna.Trial, evaluation: Evaluation) -> None:
    for name, value in attributes(evaluation).items():
        trial.set_user_attr(name, value)
    # A system attribute: the dashboard shows every user attribute as a column, and this one is no column.
    trial.storage.set_trial_system_attr(trial._trial_id, CURVES, evaluation.encode())


def objective_value(evaluation: Evaluation, config: StudyConfig) -> float:
    """What the study minimises, where training ended."""
    return evaluation.final[config.search.metric]


def attributes(evaluation: Evaluation) -> dict[str, float]:
    """The metrics where training ended, as the numbers that Optuna's dashboard sorts and draws."""
    numbers = {name: value for name, value in evaluation.final.items() if np.isfinite(value)}
    return {**numbers, "diverged": float(any(evaluation.diverged)), "seeds": float(len(evaluation.seeds))}


def suggest(trial: optuna.Trial, config: StudyConfig) -> dict[str, Any]:
    """Ask a trial for every hyperparameter that varies."""
    params: dict[str, Any] = {}
    for name, dimension in config.space.space.items():
        if isinstance(dimension, Float):
            params[name] = trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)
        elif isinstance(dimension, Int):
            params[name] = trial.suggest_int(name, dimension.low, dimension.high, log=dimension.log)
        else:
            assert isinstance(dimension, Choice)
            params[name] = trial.suggest_categorical(name, dimension.choices)
    return params
