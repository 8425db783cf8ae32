"""Surveys: a design's rows, trained in populations, kept as the Optuna study ``<name>.survey``, and read back.

A trial there is a row of the design, one training on the row's own seed. Rows that are ends of one training (the prefix
property; a dummy does nothing) share it. Rows are stored as they are trained, in any order, each with its place in the
design, so a survey that was stopped goes on, and a larger one takes over the rows of a smaller: the first rows of a
Sobol sequence are those of the longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from hpsearch.config import StudyConfig, differences
from hpsearch.data.dataset import Dataset
from hpsearch.engine.network import CEILING
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.jobs import JobResult
from hpsearch.evaluation.outcomes import Evaluation, fill, stops_of
from hpsearch.evaluation.populations import Member, populations
from hpsearch.evaluation.workers import Workers
from hpsearch.experiments.stored import (
    CEILINGS,
    DESIGN,
    EXAMPLES,
    design_of,
    place_of,
    stored_survey,
    survey_name,
    with_learning_rate,
)
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import DUMMY, KEY, SEED, Design, shared
from hpsearch.storage.access import only_writer, open_storage
from hpsearch.storage.studies import CONFIG, DATA, StudyChangedError, quiet_optuna
from hpsearch.storage.trials import CURVES, attributes, distributions, objective_value


@dataclass(frozen=True)
class SurveyProgress:
    """How far a survey is.

    Attributes:
        done: Rows of the design that are stored.
        total: Rows of the design.
        fresh: Of the done, those of this run.
        trainings: Trainings that this run needs for the rows it has to make.
        asked: Rows that this run has to make.
        diverged: Rows of this run whose training diverged.
    """

    done: int
    total: int
    fresh: int = 0
    trainings: int = 0
    asked: int = 0
    diverged: int = 0


def survey(
    config: StudyConfig,
    *,
    workers: int = 1,
    storage: str | None = None,
    results: str | Path = "results",
    executor: Executor | None = None,
    dataset: Dataset | None = None,
    on_progress: Callable[[SurveyProgress], None] | None = None,
) -> Survey:
    """Train what a study's survey lacks, and read it back; the numbers do not depend on workers, order or stops.

    Args:
        config: The study; its table [survey] says how large.
        workers: Processes, with one BLAS thread each.
        storage: An Optuna storage URL instead of the journal file in ``results``.
        results: Folder of the journal.
        executor: Trains the populations instead of worker processes.
        dataset: Data of your own instead of the config's source.
        on_progress: Called at the start and after every population.

    Raises:
        ConfigError: if the config does not fit the data.
        DataError: if the data cannot be read.
        StudyChangedError: if the stored survey was made with other settings.
        StudyBusyError: if another process is surveying the same study.
        StorageError: if the storage cannot be opened or written.
    """
    evaluator = Evaluator(config, dataset, checkpoints_kept=config.survey.checkpoints)
    design, name = design_of(config), survey_name(config)
    with quiet_optuna(), only_writer(name, results=results):
        stored = _open(config, evaluator, open_storage(storage, results=results))
        pool = Workers(evaluator.trainer, workers, executor)
        try:
            _Writer(evaluator, design, stored, on_progress or (lambda progress: None)).run(pool)
        except BaseException:
            pool.close(now=True)
            raise
        pool.close()
        if stored.user_attrs.get(DESIGN) != design.describe():
            stored.set_user_attr(DESIGN, design.describe())
    return stored_survey(stored)


def _open(config: StudyConfig, evaluator: Evaluator, storage: optuna.storages.BaseStorage) -> optuna.Study:
    study = optuna.create_study(study_name=survey_name(config), storage=storage, load_if_exists=True)
    known = study.user_attrs
    if CONFIG not in known:
        study.set_user_attr(DATA, evaluator.dataset.fingerprint)
        study.set_user_attr(CEILINGS, useless(evaluator.dataset))
        study.set_user_attr(EXAMPLES, len(evaluator.dataset.train.X))
        study.set_user_attr(CONFIG, config.describe())
        return study
    changes = differences(_identity(known[CONFIG]), _identity(config.describe()))
    if not changes and known[DATA] != evaluator.dataset.fingerprint:
        changes = [("the data itself (fingerprint)", known[DATA][:12], evaluator.dataset.fingerprint[:12])]
    if changes:
        raise StudyChangedError(config.name, changes)
    return study


def _identity(description: Mapping[str, Any]) -> dict[str, Any]:
    """What the rows of a survey depend on: not how many there are."""
    free = {"base", "scrambles", "second_order"}
    design = {key: value for key, value in description["survey"].items() if key not in free}
    return {**{key: description[key] for key in ("data", "network", "space")}, "design": design}


def useless(dataset: Dataset) -> dict[str, float]:
    """Losses of an answer that does not look at its input: the training's class frequencies, or its mean."""
    parts = {"train_loss": dataset.train.y, "validation_loss": dataset.validation.y}
    if dataset.classes is None:
        losses = {name: float(0.5 * np.mean(np.square(y.astype(float)))) for name, y in parts.items()}
        return {**losses, "validation_r2": 0.0}
    frequency = np.bincount(dataset.train.y, minlength=len(dataset.classes)) / len(dataset.train.y)
    with np.errstate(divide="ignore"):
        loss = np.minimum(-np.log(frequency), CEILING)
    return {name: float(loss[y].mean()) for name, y in parts.items()}


class _Writer:
    """Trains the rows that a stored survey lacks, and stores them."""

    def __init__(
        self, evaluator: Evaluator, design: Design, stored: optuna.Study, announce: Callable[[SurveyProgress], None]
    ) -> None:
        self._evaluator, self._design, self._stored, self._announce = evaluator, design, stored, announce
        self._distributions = _distributions(design)
        table = with_learning_rate(design.table())
        known = {place_of(t) for t in stored.get_trials(deepcopy=False)}
        places = zip(*(table[column].tolist() for column in KEY), strict=True)
        self._rows = table[[place not in known for place in places]].reset_index(drop=True)
        self._trainings = [list(rows) for rows in self._rows.groupby(shared(self._rows), sort=False).groups.values()]
        done, asked = len(table) - len(self._rows), len(self._rows)
        self._progress = SurveyProgress(done, len(table), trainings=len(self._trainings), asked=asked)

    def run(self, workers: Workers) -> None:
        self._announce(self._progress)
        if not self._trainings:
            return
        self._settings = self._hyperparameters()
        self._seeds, members = self._rows[SEED].tolist(), []
        for number, rows in enumerate(self._trainings):
            longest = max((self._settings[row] for row in rows), key=lambda s: s.iterations)
            marks = sorted({self._settings[row].iterations for row in rows} - {longest.iterations})
            members.append(Member((number, 0), longest, self._seeds[rows[0]], tuple(marks)))
        for result in workers.submit(populations(self._evaluator.architecture, members, workers=workers.count))():
            self._store(result)

    def _hyperparameters(self) -> list[Hyperparameters]:
        columns = {name: self._rows[name].tolist() for name in self._evaluator.config.space.space}
        rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
        return [self._evaluator.hyperparameters(row) for row in rows]

    def _store(self, result: JobResult) -> None:
        records: dict[int, dict[int, Any]] = {}
        diverged: dict[int, int] = {}
        for record in result.records:
            for place, member in enumerate(record.ids):
                number = result.job.owners[member][0]
                records.setdefault(number, {})[record.iteration] = record.metrics[place]
                if record.diverged[place]:
                    diverged[number] = record.iteration
        lost = 0
        for number, found in records.items():
            for row in self._trainings[number]:
                evaluation = self._evaluation(row, found, diverged.get(number), result)
                self._stored.add_trial(self._trial(row, evaluation))
                lost += evaluation.diverged[0]
        p, fresh = self._progress, sum(len(self._trainings[number]) for number in records)
        self._progress = replace(p, done=p.done + fresh, fresh=p.fresh + fresh, diverged=p.diverged + lost)
        self._announce(self._progress)

    def _evaluation(self, row: int, records: Mapping[int, Any], diverged: int | None, result: JobResult) -> Evaluation:
        ended = self._settings[row].iterations
        stops = stops_of(self._evaluator.stops, ended)
        return Evaluation(
            metrics=self._evaluator.examples.metrics,
            seeds=(self._seeds[row],),
            iterations=stops,
            curves=fill(records, stops)[None],
            diverged=(diverged is not None and diverged <= ended,),
            started=result.started,
            finished=result.finished,
        )

    def _trial(self, row: int, evaluation: Evaluation) -> FrozenTrial:
        values = {name: self._rows[name].iat[row] for name in self._distributions}
        place = {column: self._rows[column].iat[row] for column in KEY}
        numbers = {k: v for k, v in attributes(evaluation).items() if k != "seeds"}
        trial = optuna.trial.create_trial(
            state=TrialState.COMPLETE,
            value=objective_value(evaluation, self._evaluator.config),
            params={name: v.item() if isinstance(v, np.generic) else v for name, v in values.items()},
            distributions=self._distributions,
            user_attrs={**numbers, **{k: v.item() if isinstance(v, np.generic) else v for k, v in place.items()}},
            system_attrs={CURVES: evaluation.encode()},
        )
        trial.datetime_start = datetime.fromtimestamp(evaluation.started, UTC)
        trial.datetime_complete = datetime.fromtimestamp(evaluation.finished, UTC)
        return trial


def _distributions(design: Design) -> dict[str, BaseDistribution]:
    extra: dict[str, BaseDistribution] = {SEED: IntDistribution(0, design.seeds - 1)}
    if design.dummy:
        extra[DUMMY] = FloatDistribution(0.0, 1.0)
    return {**distributions(design.space), **extra}
