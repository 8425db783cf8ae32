"""Trainings around a study's best, kept as the Optuna study ``<name>.profiles``.

A trial there is one training: a setting on a seed. What is kept is read, and the rest is trained and stored
as it comes, so a table that was stopped goes on, and one of more values or seeds trains only what is new.
Trainings that differ in length alone are ends of one (the prefix property). A storage that cannot be written, or that
lives in memory, is left as it is: the trainings are then kept as long as the object here, and of the first it is told.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from hpsearch.config.study import PROFILES
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers, surrounding
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.experiments.profiles import TrainingSource
from hpsearch.experiments.progress import TrainingProgress
from hpsearch.experiments.sources import Rehearsal, Training, TrainingRun, joined
from hpsearch.sensitivity.designs import SEED
from hpsearch.storage.access import only_writer
from hpsearch.storage.journal import UNWRITABLE
from hpsearch.storage.notes import note_profiles
from hpsearch.storage.studies import existing_study, open_study, quiet_optuna
from hpsearch.storage.trials import CURVES, WORDS, finished_trial, values_of
from hpsearch.storage.writing import TrialWriter

T = TypeVar("T")
Table: TypeAlias = Callable[[TrainingSource], T]
"""What needs trainings: a function of where they come from. Which it needs next may depend on those before."""


class NotKeptWarning(UserWarning):
    """Trainings are made that cannot be stored: the next call makes them again."""


class KeptTrainings:
    """The trainings around a study's best, stored or not yet.

    Args:
        evaluator: Of the study.
        storage: That the study lives in.
        name: Of the study.
        results: The results folder, which holds the locks where the storage is a database.
    """

    def __init__(
        self, evaluator: Evaluator, storage: optuna.storages.BaseStorage, *, name: str, results: str | Path
    ) -> None:
        self._evaluator, self._storage = evaluator, storage
        self._name, self._results = f"{name}{PROFILES}", results
        self._kept: dict[Training, Evaluation] = {}
        self._read = 0  # trials of the stored study

    def progress(self, table: Table[Any]) -> TrainingProgress:
        """What a table would train now, without training it.

        Raises:
            StudyChangedError: if the stored trainings were made with other data or another network.
        """
        self._read_stored()
        return self._rehearse(table)[1]

    def table(
        self, table: Table[T], *, workers: int = 1, on_progress: Callable[[TrainingProgress], None] | None = None
    ) -> T:
        """Make a table, training what is missing; its numbers do not depend on workers, order, stops or what is kept.

        Args:
            table: To be called with where its trainings come from; more than once, first without training.
            workers: Number of threads that train.
            on_progress: Called at the start, after every training and at the end.

        Raises:
            StudyChangedError: if the stored trainings were made with other data or another network.
            StudyBusyError: if another process is training around the same study's best.
            StorageError: if the trainings cannot be written after all, as on a full disk.
        """
        announce = on_progress or (lambda progress: None)
        self._read_stored()
        answer, progress = self._rehearse(table)
        announce(progress)
        if not progress.missing:
            return answer
        with self._writer() as writer, Workers(self._evaluator.trainer, workers, surrounding()) as pool:
            store = partial(self._store, writer)
            run = TrainingRun(self._evaluator, self._kept, pool, store=store, progress=progress, announce=announce)
            answer = table(run)
        announce(replace(run.progress, done=run.progress.total))
        return answer

    def _rehearse(self, table: Table[T]) -> tuple[T, TrainingProgress]:
        """The table with zeros for what is not kept (the table itself if nothing is missing), and how much that is."""
        rehearsal = Rehearsal(self._evaluator, self._kept)
        answer = table(rehearsal)
        missing = [training for training in rehearsal.trainings if training not in self._kept]
        longest = [max(setting.iterations for setting, _ in ends) for ends in joined(missing)]
        total = len(rehearsal.trainings)
        return answer, TrainingProgress(
            total - len(missing), total, missing=len(missing), trainings=len(longest), iterations=sum(longest)
        )

    def _read_stored(self) -> None:
        config, fingerprint = self._evaluator.config, self._evaluator.dataset.fingerprint
        with quiet_optuna():
            study = existing_study(self._storage, config, fingerprint, name=self._name, identity=_identity)
        if study is not None:
            self._read_on(study)

    def _read_on(self, study: optuna.Study) -> None:
        """Read the trials that were stored since the last time, by whomever."""
        trials = study.get_trials(deepcopy=False)
        for trial in trials[self._read :]:
            if CURVES in trial.system_attrs:
                setting = self._evaluator.config.settings(values_of(trial))
                self._kept[setting, trial.params[SEED]] = Evaluation.decode(trial.system_attrs[CURVES])
        self._read = len(trials)

    @contextmanager
    def _writer(self) -> Iterator[TrialWriter | None]:
        """The stored study's writer, which nobody else is meanwhile; None where nothing can be stored."""
        with ExitStack() as stack:
            study = None if isinstance(self._storage, optuna.storages.InMemoryStorage) else self._opened(stack)
            yield None if study is None else stack.enter_context(TrialWriter(study))

    def _opened(self, stack: ExitStack) -> optuna.Study | None:
        """The stored study, made if it is not there, held until the stack closes; None if it cannot be written."""
        config, fingerprint = self._evaluator.config, self._evaluator.dataset.fingerprint
        try:
            stack.enter_context(only_writer(self._name, self._storage, results=self._results))
            with quiet_optuna():
                study = open_study(self._storage, config, fingerprint, name=self._name, identity=_identity)
            note_profiles(study)
        except UNWRITABLE as problem:
            warnings.warn(f"the trainings of {self._name} are not kept: {problem}", NotKeptWarning, stacklevel=2)
            return None
        self._read_on(study)  # another process may have trained some until now
        return study

    def _store(self, writer: TrialWriter | None, ended: Mapping[Training, Evaluation]) -> None:
        if writer is not None:
            writer.add(*(self._trial(training, evaluation) for training, evaluation in ended.items()))
            writer.write_if_due()

    def _trial(self, training: Training, evaluation: Evaluation) -> FrozenTrial:
        setting, seed = training
        config = self._evaluator.config
        values = config.values(setting)
        ranges = {name: self._range(name, value) for name, value in values.items() if name not in WORDS}
        return finished_trial(
            evaluation,
            {**values, SEED: seed},
            {**ranges, SEED: IntDistribution(0, seed)},
            metric=config.search.metric,
            curve=False,
            user_attrs={name: value for name, value in values.items() if name in WORDS},
        )

    def _range(self, name: str, value: Any) -> BaseDistribution:
        """A range that holds the value: a default may lie outside the study's own, and zero is in no log range."""
        most = max(value, self._evaluator.config.space.largest(name))
        return IntDistribution(0, int(most)) if isinstance(value, int) else FloatDistribution(0.0, float(most))


def _identity(description: Mapping[str, Any]) -> dict[str, Any]:
    """What the trials depend on besides their own setting and seed."""
    own = {key: description[key] for key in ("data", "network")}
    return {**own, "search": {"metric": description["search"]["metric"]}}
