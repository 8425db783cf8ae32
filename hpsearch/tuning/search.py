"""The writer: a search asks a batch of trials, evaluates it in populations, tells the results, and goes on.

The sampler and the pruner work on a *mirror* of the study in memory, and the storage receives finished trials only,
each written whole. That keeps bookkeeping cheap, and no trial can stay RUNNING, however the process ends. What is
asked for batch b depends on the trials of batches before b − 1 and on the settings of batch b − 1 (which trains
meanwhile), never on timing or workers; a resumed search asks the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from hpsearch.config import StudyConfig
from hpsearch.data.dataset import Dataset
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.jobs import Job, JobResult
from hpsearch.evaluation.outcomes import Sheet
from hpsearch.evaluation.workers import Workers
from hpsearch.storage.access import add_trials, only_writer, open_storage
from hpsearch.storage.studies import open_study, quiet_optuna
from hpsearch.storage.trials import CURVES, attributes, distributions, objective_value
from hpsearch.tuning.samplers import REMEMBERED, check_sampler, grid_size, pruner, sampler

_LEARNING_BATCH = 8

_STORED_TOGETHER = 64
"""Trials of one write: a kill in these milliseconds, or a disk full by then, costs at most as many."""


@dataclass(frozen=True)
class Progress:
    """How far a search is.

    Attributes:
        done: Trials in the storage, or about to be: they are written some at a time.
        total: Trials asked for.
        fresh: Of the done, those of this run.
        best: Lowest value so far, or None.
        diverged: Trials of which a seed diverged.
        pruned: Trials stopped by the pruner.
    """

    done: int
    total: int
    fresh: int = 0
    best: float | None = None
    diverged: int = 0
    pruned: int = 0

    def after(self, trial: FrozenTrial, *, fresh: bool = True) -> Progress:
        """With one more trial."""
        value = trial.value if trial.state == TrialState.COMPLETE else None
        best = value if self.best is None else self.best if value is None else min(self.best, value)
        return replace(
            self,
            done=self.done + 1,
            fresh=self.fresh + fresh,
            best=best,
            diverged=self.diverged + bool(trial.user_attrs.get("diverged")),
            pruned=self.pruned + (trial.state == TrialState.PRUNED),
        )


def search(
    config: StudyConfig,
    *,
    trials: int | None = None,
    workers: int = 1,
    storage: str | None = None,
    results: str | Path = "results",
    executor: Executor | None = None,
    dataset: Dataset | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> optuna.Study:
    """Search until the study holds so many trials, going on from those that are stored.

    Args:
        config: The study.
        trials: Total, stored ones included; the config's by default. A grid ends with its last point.
        workers: Processes that train, with one BLAS thread each. No result depends on it. More than 1 starts new
            processes, so a script must call this under ``if __name__ == "__main__":``.
        storage: An Optuna storage URL instead of the journal file in ``results``.
        results: Folder of the journal.
        executor: Trains the populations instead of worker processes.
        dataset: Data of your own (see :func:`hpsearch.data.dataset.from_arrays`) instead of the config's source.
        on_progress: Called at the start and after every trial told.

    Returns:
        The Optuna study, in its storage.

    Raises:
        ConfigError: if the config does not fit the data, or its sampler is not installed.
        DataError: if the data cannot be read.
        StudyChangedError: if the study is stored with other settings.
        StudyBusyError: if another process is searching the same study.
        StorageError: if the storage cannot be opened or written.
    """
    check_sampler(config)
    evaluator = Evaluator(config, dataset)
    total = config.search.trials if trials is None else trials
    if config.search.sampler == "grid":
        total = min(total, grid_size(config))
    with quiet_optuna(), only_writer(config.name, results=results):
        stored = open_study(config, evaluator, open_storage(storage, results=results))
        pool = Workers(evaluator.trainer, workers, executor)
        try:
            _Search(config, evaluator, stored, pool, on_progress).run(total)
        except BaseException:
            pool.close(now=True)
            raise
        pool.close()
    return stored


def trials_per_ask(config: StudyConfig) -> int:
    """Number of trials asked together: ``search.batch``, or what suits the sampler.

    A sampler that learns from results sees them only once a batch is trained, so its batches are small. The other
    samplers need no results. Their batches hold enough trials to fill populations, and no more than may be lost: what
    is trained but not stored yet is gone if the process is killed.
    """
    if config.search.batch:
        return config.search.batch
    return _LEARNING_BATCH if config.search.learns else _STORED_TOGETHER


@dataclass
class _Batch:
    """Trials asked together, on their way; ``asked`` is empty where the storage holds all of them."""

    numbers: range
    asked: list[optuna.Trial]
    sheet: Sheet
    results: Callable[[], Iterator[JobResult]]


class _Search:
    def __init__(
        self,
        config: StudyConfig,
        evaluator: Evaluator,
        stored: optuna.Study,
        workers: Workers,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._config, self._evaluator, self._stored, self._workers = config, evaluator, stored, workers
        self._announce = on_progress or (lambda progress: None)
        self._distributions = distributions(config.space.space)
        self._size = trials_per_ask(config)
        self._known = sorted(stored.get_trials(deepcopy=False), key=lambda t: t.number)
        # What is told goes through this sampler: only asking may depend on the batch, and the grid sampler tries to
        # stop a study.optimize that is not there.
        self._told = optuna.samplers.RandomSampler()
        self._mirror = optuna.create_study(
            study_name=config.name, direction="minimize", pruner=pruner(config), sampler=self._told
        )
        self._remembers = config.search.sampler == "cmaes" or config.search.pruner != "none"
        self._prunes = config.search.pruner != "none"
        self._lag = 0 if self._prunes else 1  # pruning compares with what has been told: nothing may be on the way

    def run(self, total: int) -> None:
        """Ask, train and tell until the storage holds ``total`` trials."""
        self._progress = Progress(0, max(total, len(self._known)))
        for trial in self._known:
            self._progress = self._progress.after(trial, fresh=False)
        self._announce(self._progress)
        if len(self._known) >= total:
            return
        first = max(0, len(self._known) // self._size - self._lag)
        self._mirror.add_trials(self._known[: first * self._size])
        batches = -(-total // self._size)
        self._sharing = -(-self._workers.count // min(batches, 1 + self._lag))  # workers to each batch on the way
        on_the_way: deque[_Batch] = deque()
        for batch in range(first, batches):
            on_the_way.append(self._start(batch, total))
            if len(on_the_way) > self._lag:
                self._finish(on_the_way.popleft())
        while on_the_way:
            self._finish(on_the_way.popleft())

    def _start(self, batch: int, total: int) -> _Batch:
        """Ask a batch and send it to the workers, or bring back one that the storage holds whole."""
        numbers = range(batch * self._size, min((batch + 1) * self._size, total))
        if numbers[-1] < len(self._known):
            for number in numbers:
                known = self._known[number]
                running = optuna.trial.create_trial(
                    state=TrialState.RUNNING, params=known.params, distributions=known.distributions
                )
                self._mirror.add_trial(running)
            return _Batch(numbers, [], self._evaluator.sheet([]), lambda: iter(()))
        self._mirror.sampler = sampler(self._config, batch)
        asked = [self._mirror.ask(self._distributions) for _ in numbers]
        self._mirror.sampler = self._told
        settings = [self._evaluator.hyperparameters(trial.params) for trial in asked]
        jobs = self._evaluator.jobs(settings, workers=self._sharing)
        sheet = self._evaluator.sheet(settings)
        if self._prunes:
            return _Batch(numbers, asked, sheet, lambda: self._prune(asked, sheet, jobs))
        return _Batch(numbers, asked, sheet, self._workers.submit(jobs))

    def _prune(self, asked: list[optuna.Trial], sheet: Sheet, jobs: list[Job]) -> Iterator[JobResult]:
        """Train a batch from checkpoint to checkpoint, dropping the trials that the pruner stops at each."""
        for stop in self._evaluator.stops[1:]:
            jobs = [replace(job, until=stop) for job in jobs]
            going_on = []
            for result in self._workers.submit(jobs)():
                yield result
                going_on.append(result)
            stopped = self._ask_pruner(asked, sheet, stop)
            jobs = [job for result in going_on if (job := result.going_on(without=stopped))]

    def _ask_pruner(self, asked: list[optuna.Trial], sheet: Sheet, stop: int) -> set[int]:
        """Report a checkpoint of every trial that still trains; which of them are to stop."""
        for place, trial in enumerate(asked):
            if place in sheet.stopped or sheet.settings[place].iterations < stop:
                continue
            value = objective_value(sheet.evaluation(place, until=stop), self._config)
            trial.report(value, stop)
            if stop < sheet.settings[place].iterations and trial.should_prune():
                sheet.stopped[place] = stop
        return set(sheet.stopped)

    def _finish(self, batch: _Batch) -> None:
        """Wait for a batch, tell the mirror, and store every trial that is not stored yet."""
        for result in batch.results():
            batch.sheet.add(result)
        fresh: list[FrozenTrial] = []
        try:
            for place, number in enumerate(batch.numbers):
                trial = self._told_trial(batch, place) if batch.asked else self._known[number]
                value = trial.value if trial.state == TrialState.COMPLETE else None
                self._mirror.tell(number, value, trial.state)
                if number >= len(self._known):
                    fresh.append(trial)
                    self._progress = self._progress.after(trial)
                    self._announce(self._progress)
                if len(fresh) == _STORED_TOGETHER:
                    storing, fresh = fresh, []
                    add_trials(self._stored, storing)
        finally:
            add_trials(self._stored, fresh)

    def _told_trial(self, batch: _Batch, place: int) -> FrozenTrial:
        """The trial as it is stored: whole, in one write."""
        asked, evaluation = batch.asked[place], batch.sheet.evaluation(place)
        settings = batch.sheet.settings[place]
        curve = evaluation.curve(self._config.search.metric).tolist()
        kept = {}
        if self._remembers:
            attributes_of = asked.storage.get_trial(asked._trial_id).system_attrs
            kept = {k: v for k, v in attributes_of.items() if k.startswith(REMEMBERED)}
        trial = optuna.trial.create_trial(
            state=TrialState.PRUNED if evaluation.pruned else TrialState.COMPLETE,
            value=curve[-1],
            params={name: getattr(settings, name) for name in self._distributions},
            distributions=self._distributions,
            user_attrs=attributes(evaluation),
            system_attrs={CURVES: evaluation.encode(), **kept},
            intermediate_values=dict(zip(evaluation.iterations, curve, strict=True)),
        )
        trial.datetime_start = datetime.fromtimestamp(evaluation.started, UTC)
        trial.datetime_complete = datetime.fromtimestamp(evaluation.finished, UTC)
        return trial
