"""A search, batch by batch: ask trials, train them, store them and tell the sampler.

The sampler and the pruner work on a *mirror* of the study in memory, and the storage receives finished trials only,
each written whole. That keeps bookkeeping cheap, and no trial can stay RUNNING, however the process ends. What is
asked for batch b depends on the trials of batches before b − 1 and on the settings of batch b − 1 (which trains
meanwhile), never on timing or workers; a resumed search asks the same.

Several coordinators on one storage are a plan; none of it is built. A survey divides by scramble: each is a design of
its own, a row's place is stored with it, and rows may come in any order, so coordinators that each hold some scrambles
need a claim for each scramble instead of one for the whole study. Writing a row is about a quarter of what a
coordinator does (measured) and goes on under the journal's lock: at most four coordinators a file. A qmc, random or
grid search divides by ranges of batches, as a batch's settings depend on its number alone; its trials must be stored in
the order of their numbers, so each coordinator would write a study of its own, and the last joins them. A sampler that
learns does not divide.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import optuna
from optuna.trial import FrozenTrial, TrialState

from hpsearch.config import StudyConfig
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.evaluation.stages import Stages
from hpsearch.storage.internals import end_trial, system_attributes
from hpsearch.storage.trials import distributions, finished_trial
from hpsearch.storage.writing import TrialWriter
from hpsearch.tuning.samplers import pruner, remembered, sampler

_LEARNING_BATCH, _OTHER_BATCH = 4, 16


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


def trials_per_ask(config: StudyConfig) -> int:
    """Number of trials asked together: ``search.batch``, or what suits the sampler.

    A sampler that learns from results sees them only once a batch is trained, so it is asked for a few at a time: of
    the trials before, the last 4 to 7 are unknown to it, whatever the number of workers.

    Measured of TPE on digits and breast_cancer (30 seeds, 120 trials of one training of at most 300 iterations; 1 to 16
    trials a batch, 0 to 2 batches trained meanwhile): each doubling of the trials on their way, that asked for among
    them, raises the best loss by 1.3 ± 0.4 and 0.1 ± 0.3 % (standard errors over seeds), but with no batch trained
    meanwhile two workers take 1.2 to 2.5 times as long for a trial (1 to 4 a batch). At equal wall time, computed from
    measured times of asking and training, nothing is shown to be better than 4 and 1 for two workers: 1 and 2 or 2 and
    1, on 70 seeds, end -0.5 to +1.8 % away (± 0.7 to 1.5), and for eight workers and trainings of 0.1 s 2 to 9 % worse.
    """
    return config.search.batch or (_LEARNING_BATCH if config.search.learns else _OTHER_BATCH)


@dataclass
class _Batch:
    """Trials asked together, on their way.

    Attributes:
        numbers: Of the trials.
        trials: As the mirror asked them; empty where the storage holds all of them.
        evaluations: Of the trials, in order, as they come.
    """

    numbers: range
    trials: list[optuna.Trial]
    evaluations: Iterable[Evaluation]


class SearchRun:
    """One run of a search."""

    def __init__(self, evaluator: Evaluator, study: optuna.Study, workers: Workers, total: int) -> None:
        config = evaluator.config
        self._config, self._evaluator, self._study, self._workers = config, evaluator, study, workers
        self._distributions = distributions(config.space.dimensions)
        self._size = trials_per_ask(config)
        self._stored = sorted(study.get_trials(deepcopy=False), key=lambda t: t.number)
        self._total = max(total, len(self._stored))
        self._mirror = optuna.create_study(study_name=config.name, pruner=pruner(config))
        self._prunes = config.search.pruner != "none"
        self._learns = self._prunes or config.search.learns  # else more batches may be asked without knowing the last
        # Pruning compares with what has been told: nothing may be on the way. Where nothing is learnt a second batch
        # waits, as workers may be through with one of short trainings before the next is asked.
        self._lag = 0 if self._prunes else 1 if self._learns else 2

        self._progress = Progress(0, self._total)
        for trial in self._stored:
            self._progress = self._progress.after(trial, fresh=False)

    def run(self, announce: Callable[[Progress], None]) -> None:
        """Ask, train, store and tell until the storage holds all trials."""
        announce(self._progress)
        if len(self._stored) >= self._total:
            return
        first = max(0, len(self._stored) // self._size - self._lag)
        self._mirror.add_trials(self._stored[: first * self._size])
        on_the_way: deque[_Batch] = deque()
        with TrialWriter(self._study) as writer:
            for batch in range(first, -(-self._total // self._size)):
                on_the_way.append(self._ask(batch))
                if len(on_the_way) > self._lag and (self._learns or self._workers.full):
                    self._finish(on_the_way.popleft(), writer, announce)
            while on_the_way:
                self._finish(on_the_way.popleft(), writer, announce)

    def _ask(self, batch: int) -> _Batch:
        """Ask a batch and send it to the workers, or bring back one that the storage holds whole."""
        numbers = range(batch * self._size, min((batch + 1) * self._size, self._total))
        if numbers[-1] < len(self._stored):
            for number in numbers:
                stored = self._stored[number]
                running = optuna.trial.create_trial(
                    state=TrialState.RUNNING,
                    params=stored.params,
                    distributions=stored.distributions,
                    system_attrs=remembered(stored.system_attrs),
                )
                self._mirror.add_trial(running)
            return _Batch(numbers, [], ())
        self._mirror.sampler = sampler(self._config, batch)
        trials = [self._mirror.ask(self._distributions) for _ in numbers]
        settings = [self._config.settings(trial.params) for trial in trials]
        evaluations = self._pruned(trials, settings) if self._prunes else self._trained(settings)
        return _Batch(numbers, trials, evaluations)

    def _trained(self, settings: list[Hyperparameters]) -> Iterator[Evaluation]:
        """Hand the trainings of a batch out; they are under way before the first evaluation is waited for."""
        trials = [self._evaluator.tasks(setting) for setting in settings]
        waiting = [[self._workers.submit(task) for task in tasks] for tasks in trials]
        return (
            self._evaluator.evaluation(tasks, [outcome() for outcome in outcomes])
            for tasks, outcomes in zip(trials, waiting, strict=True)
        )

    def _pruned(self, trials: list[optuna.Trial], settings: list[Hyperparameters]) -> Iterator[Evaluation]:
        """Train a batch from checkpoint to checkpoint, dropping the trials that the pruner stops at each."""
        batch = [Stages(self._evaluator, setting, self._workers) for setting in settings]
        ended = 0
        for stop in self._evaluator.stops[1:]:
            for stages in batch:
                stages.submit(stop)
            for trial, stages in zip(trials, batch, strict=True):
                stages.wait()
                if stages.stopped is None and stages.iterations >= stop:
                    trial.report(stages.evaluation(stop).final[self._config.search.metric], stop)
                    stages.stopped = stop if stop < stages.iterations and trial.should_prune() else None
            while ended < len(batch) and batch[ended].ended:
                yield batch[ended].evaluation()
                ended += 1

    def _finish(self, batch: _Batch, writer: TrialWriter, announce: Callable[[Progress], None]) -> None:
        """Store the trials of a batch, in their order, as they end; then tell the mirror of all of them."""
        finished = [] if batch.trials else self._stored[batch.numbers.start : batch.numbers.stop]
        for trial, evaluation in zip(batch.trials, batch.evaluations, strict=True):
            finished.append(self._finished(trial, evaluation))
            if batch.numbers[len(finished) - 1] >= len(self._stored):
                writer.add(finished[-1])
                self._progress = self._progress.after(finished[-1])
                announce(self._progress)
            writer.write_if_due()
        for number, ended in zip(batch.numbers, finished, strict=True):
            end_trial(self._mirror, number, ended)

    def _finished(self, trial: optuna.Trial, evaluation: Evaluation) -> FrozenTrial:
        search = self._config.search
        keeps = self._prunes or search.sampler == "cmaes"
        memory = remembered(system_attributes(trial)) if keeps else {}
        return finished_trial(evaluation, trial.params, self._distributions, metric=search.metric, system_attrs=memory)
