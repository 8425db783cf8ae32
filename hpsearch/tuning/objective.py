"""Hyperparameters in, evaluation out: for whole populations, and for one Optuna trial.

An :class:`Evaluator` holds a study's data and the shape of its network, and its results depend on nothing but the
settings and the seeds. It splits the trials of a batch into jobs, each a population in lockstep; a worker's
:class:`Trainer` runs a job, and a :class:`Sheet` puts the records of all jobs back together, trial by trial.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hpsearch.config import StudyConfig, load, resolve
from hpsearch.data.dataset import Dataset
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.outcomes import Evaluation, stops_of
from hpsearch.space import Choice, Float, Int
from hpsearch.storage.trials import CURVES, attributes, objective_value

if TYPE_CHECKING:
    from pathlib import Path

    import optuna


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
