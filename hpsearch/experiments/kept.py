"""Trainings around a study's best, kept as the Optuna study ``<name>.profiles``.

A trial there is one training: a setting on a seed. What is kept is read, and the rest is trained in populations and
stored as it comes, so a table that was stopped goes on, and one of more values or seeds trains only what is new.
Trainings that differ in length alone are ends of one (the prefix property). A storage that cannot be written, or that
lives in memory, is left as it is: the trainings are then kept as long as the object here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from hpsearch.config import HYPERPARAMETERS
from hpsearch.config.study import PROFILES
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.outcomes import Evaluation, Sheet
from hpsearch.evaluation.populations import Member, populations
from hpsearch.evaluation.workers import Workers
from hpsearch.experiments.profiles import TrainingSource
from hpsearch.sensitivity.designs import SEED
from hpsearch.storage.access import TrialWriter, lock_folder, only_writer
from hpsearch.storage.journal import StorageError
from hpsearch.storage.notes import note_profiles
from hpsearch.storage.studies import existing_study, open_study, quiet_optuna
from hpsearch.storage.trials import CURVES, finished_trial

T = TypeVar("T")
Table: TypeAlias = Callable[[TrainingSource], T]
"""What needs trainings: a function of where they come from. Which it needs next may depend on those before."""

Training: TypeAlias = tuple[Hyperparameters, int]
"""A setting and a seed."""


@dataclass(frozen=True)
class ProfileProgress:
    """How far the trainings of a table are.

    Attributes:
        done: Those that are kept: settings on a seed.
        total: Those that the table needs; a table that chooses settings by its own trainings may need fewer.
        fresh: Of the done, those of this run.
        missing: Those that were not kept when this run began.
        trainings: What this run trains for them: those that differ in length alone are one.
        iterations: Of all these together.
        diverged: Those of this run that diverged.
    """

    done: int
    total: int
    fresh: int = 0
    missing: int = 0
    trainings: int = 0
    iterations: int = 0
    diverged: int = 0

    def after(self, evaluations: Collection[Evaluation]) -> ProfileProgress:
        """With some more trainings."""
        return replace(
            self,
            done=min(self.done + len(evaluations), self.total),
            fresh=self.fresh + len(evaluations),
            diverged=self.diverged + sum(any(evaluation.diverged) for evaluation in evaluations),
        )


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
        self._name, self._folder = f"{name}{PROFILES}", lock_folder(storage, results=results)
        self._kept: dict[Training, Evaluation] = {}
        self._read = 0  # trials of the stored study

    def progress(self, table: Table[Any]) -> ProfileProgress:
        """What a table would train now, without training it.

        Raises:
            StudyChangedError: if the stored trainings were made with other data or another network.
        """
        self._read_stored()
        return self._rehearse(table)[1]

    def table(
        self, table: Table[T], *, workers: int = 1, on_progress: Callable[[ProfileProgress], None] | None = None
    ) -> T:
        """Make a table, training what is missing; its numbers do not depend on workers, order, stops or what is kept.

        Args:
            table: To be called with where its trainings come from; more than once, first without training.
            workers: Processes, with one BLAS thread each.
            on_progress: Called at the start, after every population and at the end.

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
        with self._writer() as writer, Workers(self._evaluator.trainer, workers) as pool:
            run = _Run(self._evaluator, self._kept, writer, pool, progress, announce)
            answer = table(run)
        announce(replace(run.progress, done=run.progress.total))
        return answer

    def _rehearse(self, table: Table[T]) -> tuple[T, ProfileProgress]:
        """The table with zeros for what is not kept (the table itself if nothing is missing), and how much that is."""
        rehearsal = _Rehearsal(self._evaluator, self._kept)
        answer = table(rehearsal)
        missing = [training for training in rehearsal.trainings if training not in self._kept]
        longest = [max(setting.iterations for setting, _ in ends) for ends in _joined(missing)]
        total = len(rehearsal.trainings)
        return answer, ProfileProgress(
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
                params = dict(trial.params)
                seed = params.pop(SEED)
                self._kept[Hyperparameters(**params), seed] = Evaluation.decode(trial.system_attrs[CURVES])
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
            stack.enter_context(only_writer(self._name, results=self._folder))
            with quiet_optuna():
                study = open_study(self._storage, config, fingerprint, name=self._name, identity=_identity)
            note_profiles(study)
        except (StorageError, OSError, optuna.exceptions.StorageInternalError):
            return None
        self._read_on(study)  # another process may have trained some until now
        return study


class _Rehearsal:
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


class _Run:
    """A source that trains what is not kept, and keeps it.

    Attributes:
        progress: So far.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        kept: dict[Training, Evaluation],
        writer: TrialWriter | None,
        workers: Workers,
        progress: ProfileProgress,
        announce: Callable[[ProfileProgress], None],
    ) -> None:
        self.config, self.dataset, self.progress = evaluator.config, evaluator.dataset, progress
        self._evaluator, self._kept, self._writer = evaluator, kept, writer
        self._workers, self._announce = workers, announce

    def evaluate(self, settings: Sequence[Hyperparameters], *, seeds: Sequence[int]) -> list[Evaluation]:
        """Evaluate settings on every seed, an evaluation each."""
        self._train([training for training in dict.fromkeys(product(settings, seeds)) if training not in self._kept])
        return [_together([self._kept[setting, seed] for seed in seeds]) for setting in settings]

    def _train(self, missing: Sequence[Training]) -> None:
        """Train in populations, and store in their order, which does not depend on the number of workers."""
        groups = _joined(missing)
        members, longest = [], []
        for number, ends in enumerate(groups):
            lengths = sorted(setting.iterations for setting, _ in ends)
            setting, seed = ends[0]
            longest.append(replace(setting, iterations=lengths[-1]))
            members.append(Member((number, 0), longest[-1], seed, tuple(lengths[:-1])))
        seeds = [(member.seed,) for member in members]
        sheet = Sheet(self._evaluator.examples.metrics, self._evaluator.stops, seeds, longest)
        jobs = populations(self._evaluator.architecture, members, workers=self._workers.count)
        for result in self._workers.submit(jobs):
            sheet.add(result)
            ended = {
                training: sheet.evaluation(number, until=training[0].iterations)
                for number, _ in result.job.owners
                for training in groups[number]
            }
            self._keep(ended)

    def _keep(self, ended: Mapping[Training, Evaluation]) -> None:
        self._kept |= ended
        if self._writer is not None:
            self._writer.add(*(self._trial(training, evaluation) for training, evaluation in ended.items()))
        self.progress = self.progress.after(ended.values())
        self._announce(self.progress)
        if self._writer is not None:
            self._writer.write_if_due()

    def _trial(self, training: Training, evaluation: Evaluation) -> FrozenTrial:
        setting, seed = training
        params = {**asdict(setting), SEED: seed}
        ranges = {h.name: self._range(h.name, h.kind, params[h.name]) for h in HYPERPARAMETERS}
        ranges[SEED] = IntDistribution(0, seed)
        return finished_trial(evaluation, params, ranges, metric=self.config.search.metric, curve=False)

    def _range(self, name: str, kind: str, value: Any) -> BaseDistribution:
        """A range that holds the value: a default may lie outside the study's own, and zero is in no log range."""
        most = max(value, self.config.space.largest(name))
        return IntDistribution(0, int(most)) if kind == "int" else FloatDistribution(0.0, float(most))


def _identity(description: Mapping[str, Any]) -> dict[str, Any]:
    """What the trials depend on besides their own setting and seed."""
    own = {key: description[key] for key in ("data", "network")}
    return {**own, "search": {"metric": description["search"]["metric"]}}


def _joined(trainings: Iterable[Training]) -> list[list[Training]]:
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
