"""The survey of a study: a design's rows, trained and kept as the Optuna study ``<name>.survey``.

A trial there is a row of the design, one training on the row's own seed. Rows that are ends of one training (the prefix
property; a dummy does nothing) share it. Rows are stored as they are trained, each with its place in the design, so a
survey that was stopped goes on, and a larger one takes over the rows of a smaller: the first rows of a Sobol sequence
are those of the longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.trial import FrozenTrial

from hpsearch.config import StudyConfig, config_of
from hpsearch.config.arguments import checked
from hpsearch.config.messages import ConfigError
from hpsearch.data import Dataset
from hpsearch.engine.losses import CEILING
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.deadlines import Deadline, OutOfTimeError
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers, surrounding
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.evaluation.tasks import Task
from hpsearch.experiments.progress import TrainingProgress
from hpsearch.experiments.surveys import (
    CEILINGS,
    DESIGN,
    FLOORS,
    design_of,
    place_of,
    row_distributions,
    stored_survey,
    survey_name,
    with_learning_rate,
)
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import KEY, SEED, Design, places, shared
from hpsearch.storage.access import only_writer, open_storage
from hpsearch.storage.addresses import StorageAddress
from hpsearch.storage.front import show_survey
from hpsearch.storage.internals import set_study_attribute
from hpsearch.storage.studies import EXAMPLES, fact, open_study, quiet_optuna
from hpsearch.storage.trials import finished_trial
from hpsearch.storage.writing import TrialWriter


@checked(lambda problem: ConfigError("survey_study", [problem]))
def survey_study(
    config: StudyConfig | str | Path,
    *,
    workers: int = 1,
    storage: StorageAddress | None = None,
    results: str | Path = "results",
    executor: Executor | None = None,
    dataset: Dataset | None = None,
    timeout: float | None = None,
    on_progress: Callable[[TrainingProgress], None] | None = None,
) -> Survey:
    """Train what a study's survey lacks, and read it back; the numbers do not depend on workers, order or stops.

    Args:
        config: The study, the path of its TOML, or its name; its table [survey] says how large.
        workers: Number of threads that train.
        storage: A storage URL of Optuna's, the path of a journal, or an open storage, instead of the journal in
            ``results``.
        results: Folder of the journal.
        executor: Trains instead of threads: any ``concurrent.futures`` executor, by default that of ``training_on``
            around the call. It is not shut down.
        dataset: Data of your own instead of the config's source.
        timeout: Seconds after which it ends; what is trained by then is stored, and the same call goes on.
        on_progress: Called at the start and after every training.

    Raises:
        ConfigError: if the config cannot be read or does not fit the data, or an argument is not of its kind.
        DataError: if the data cannot be read.
        StudyChangedError: if the stored survey was made with other settings.
        StudyBusyError: if another process is surveying the same study.
        TypeError: if the executor is something else.
        StorageError: if the storage cannot be opened or written.
        WorkersLostError: if the executor's workers are lost, or its scheduler; finished rows are stored.
        OutOfTimeError: if the timeout came before the last row.
    """
    config, deadline, executor = config_of(config), Deadline(timeout), surrounding(executor)
    evaluator = Evaluator(config, dataset, checkpoint_count=config.survey.checkpoints)
    config, data = evaluator.config, evaluator.dataset
    design, name = design_of(config), survey_name(config)
    evaluator.check_memory(workers=1 if executor else workers, rows=len(design))  # before its table is made
    facts = {CEILINGS: useless(data), FLOORS: perfect(data), EXAMPLES: data.train.examples}
    opened = open_storage(storage, results=results)
    with quiet_optuna(), only_writer(name, opened, results=results):
        study = open_study(opened, config, data.fingerprint, name=name, identity=_identity, facts=facts)
        rows = _Rows(evaluator, design, study)
        try:
            with Workers(evaluator.trainer, workers, executor, deadline) as pool:
                rows.train(pool, on_progress or (lambda progress: None))
        except OutOfTimeError as late:
            stored = f"{rows.progress.done:,} of {rows.progress.total:,} rows are stored"
            raise OutOfTimeError(f"{late}: {stored}, and the same call goes on") from None
        if fact(study, DESIGN) != design.describe():
            set_study_attribute(study, DESIGN, design.describe())
        survey = stored_survey(study)
        show_survey(study, survey)
    return survey


def survey_tasks(evaluator: Evaluator) -> tuple[int, list[Task]]:
    """How many rows the design of a study's survey has, and the trainings that they need, as none is stored.

    Args:
        evaluator: Of the study, with the survey's number of checkpoints.
    """
    config = evaluator.config
    table = with_learning_rate(design_of(config).table())
    settings, seeds = _settings(config, table), table[SEED].tolist()
    groups = table.groupby(shared(table), sort=False).groups.values()
    return len(table), [evaluator.joint_task([settings[row] for row in rows], seeds[rows[0]]) for rows in groups]


def _settings(config: StudyConfig, rows: pd.DataFrame) -> list[Hyperparameters]:
    return config.settings_of({name: rows[name].tolist() for name in config.space.dimensions})


def _identity(description: Mapping[str, Any]) -> dict[str, Any]:
    """What the rows of a survey depend on, their values included: not how many there are."""
    free = {"base", "scrambles", "second_order"}
    design = {key: value for key, value in description["survey"].items() if key not in free}
    metric = {"metric": description["search"]["metric"]}
    return {**{key: description[key] for key in ("data", "network", "space")}, "design": design, "search": metric}


def useless(dataset: Dataset) -> dict[str, float]:
    """Losses of an answer that does not look at its input: the training's class frequencies, or its mean.

    They are clipped example by example as those of a network are, or one target far out would hide every failure.
    """
    parts = {"train_loss": dataset.train.y, "validation_loss": dataset.validation.y}
    if dataset.classes is None:
        squares = {name: 0.5 * np.square(y.astype(float)) for name, y in parts.items()}
        losses = {name: float(np.minimum(square, CEILING).mean()) for name, square in squares.items()}
        return {**losses, "validation_r2": 0.0}
    frequency = np.bincount(dataset.train.y, minlength=dataset.class_count) / dataset.train.examples
    with np.errstate(divide="ignore"):
        loss = np.minimum(-np.log(frequency), CEILING)
    return {name: float(loss[y].mean()) for name, y in parts.items()}


def perfect(dataset: Dataset) -> dict[str, float]:
    """Losses below which an answer counts as perfect: no validation example has its class with less than 0.9.

    Of few examples a network that is of little use may by luck get all right, with a loss of nearly 0, and the
    logarithm would make one such training in thousands weigh more than all others.
    """
    return {} if dataset.classes is None else {"validation_loss": -log(0.9) / dataset.validation.examples}


class _Rows:
    """The rows of a design that a stored survey lacks.

    Attributes:
        missing: The rows, as in the design's table.
        trainings: For each training the places of the rows that are ends of it.
        progress: How far the survey is.
    """

    def __init__(self, evaluator: Evaluator, design: Design, study: optuna.Study) -> None:
        self._evaluator, self._study = evaluator, study
        self._distributions = row_distributions(design)
        table = with_learning_rate(design.table())
        stored = {place_of(trial) for trial in study.get_trials(deepcopy=False)}
        lacking = [place not in stored for place in places(table)]
        self.missing = table[lacking].reset_index(drop=True)
        # In the order of the whole design's trainings, also where a part of a training's rows is stored.
        groups = self.missing.groupby(shared(table)[lacking].to_numpy()).groups
        self.trainings = [list(rows) for rows in groups.values()]
        self._settings = _settings(evaluator.config, self.missing)
        self._seeds = self.missing[SEED].tolist()
        done, missing, trainings = len(table) - len(self.missing), len(self.missing), len(self.trainings)
        longest = [max(self._settings[row].iterations for row in rows) for rows in self.trainings]
        self.progress = TrainingProgress(
            done, len(table), missing=missing, trainings=trainings, iterations=sum(longest)
        )

    def train(self, workers: Workers, announce: Callable[[TrainingProgress], None]) -> None:
        """Train all of them, and store the rows in the order of their trainings, as these end."""
        announce(self.progress)
        if not self.trainings:
            return
        tasks = [
            self._evaluator.joint_task([self._settings[row] for row in rows], self._seeds[rows[0]])
            for rows in self.trainings
        ]
        with TrialWriter(self._study) as writer:
            for rows, task, outcome in zip(self.trainings, tasks, workers.outcomes(tasks), strict=True):
                until = [self._settings[row].iterations for row in rows]
                ended = [self._evaluator.evaluation([task], [outcome], until=iterations) for iterations in until]
                writer.add(*(self._trial(evaluation, row) for evaluation, row in zip(ended, rows, strict=True)))
                self.progress = self.progress.after(ended)
                announce(self.progress)
                writer.write_if_due()

    def _trial(self, evaluation: Evaluation, row: int) -> FrozenTrial:
        return finished_trial(
            evaluation,
            {name: self.missing[name].iat[row] for name in self._distributions},
            self._distributions,
            metric=self._evaluator.config.search.metric,
            curve=False,
            user_attrs={column: self.missing[column].iat[row] for column in KEY},
        )
