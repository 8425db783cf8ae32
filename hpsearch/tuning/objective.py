"""The plain Optuna objective of a study, for any sampler, pruner and storage of Optuna's."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, TypeAlias

import optuna
from optuna.study import StudyDirection
from optuna.trial import FixedTrial, FrozenTrial

from hpsearch.config import ConfigError, StudyConfig, config_of
from hpsearch.config.hyperparameters import BY_NAME
from hpsearch.data import Dataset
from hpsearch.engine.settings import Hyperparameters
from hpsearch.engine.training import load_code
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers
from hpsearch.evaluation.outcomes import Evaluation, stops_of
from hpsearch.evaluation.stages import Stages
from hpsearch.storage.internals import set_system_attribute
from hpsearch.storage.trials import CURVES, attributes, suggest

_MAXIMISED = (
    "the study {study!r} maximises, and the {metric} that this objective returns is to be minimised: create the study "
    "with direction='minimize' (a wrapper that returns the negative needs a study without a pruner, for pruners see "
    "the {metric} itself)"
)
"""A warning: such a study would choose the worst setting."""

AnyTrial: TypeAlias = optuna.Trial | FixedTrial | FrozenTrial


class Objective:
    """The plain Optuna objective: ``study.optimize(Objective("digits"), n_trials=50)``.

    It works with any sampler, pruner and storage of Optuna's, and gives the same value for the same hyperparameters
    as a search of the same config does. ``objective(study.best_trial)`` and ``objective(FixedTrial({...}))`` train a
    setting again. In a study with several objectives it may supply one of the values, and reports no checkpoint. The
    value is to be minimised; in a study that maximises a warning says so. Where the engine is not compiled yet, it is
    when an objective is made: a quarter of a minute, which no trial's time holds.

    Args:
        study: A config, the path of its TOML, or its name in ``studies/``.
        dataset: The data, if not the config's own.

    Raises:
        ConfigError: if the config is refused.
        DataError: if the data cannot be read.
    """

    def __init__(self, study: StudyConfig | str | Path, *, dataset: Dataset | None = None) -> None:
        self.evaluator = Evaluator(config_of(study), dataset)
        load_code(self.evaluator.examples.dtype)

    def __repr__(self) -> str:
        return f"Objective({self.evaluator.config.name!r})"

    def __call__(self, trial: AnyTrial) -> float:
        """Suggest, train on every seed, report each checkpoint, and return the metric to minimise.

        Args:
            trial: Of any kind. Its hyperparameters must be as the study's space and data allow, where they are fixed or
                enqueued.

        Raises:
            ConfigError: if the trial's hyperparameters cannot be trained; nothing is.
            optuna.TrialPruned: if the study's pruner says so at a checkpoint.
        """
        evaluator = self.evaluator
        metric = evaluator.config.search.metric
        settings = self._settings(trial)
        stages = Stages(evaluator, settings, Workers(evaluator.trainer))
        reports = _takes_reports(trial, metric)
        for stop in stops_of(evaluator.stops, settings.iterations)[1:]:
            stages.submit(stop)
            stages.wait()
            evaluation = stages.evaluation(stop)
            if not reports:
                continue
            trial.report(evaluation.final[metric], stop)
            if stop < settings.iterations and trial.should_prune():
                _attach(trial, evaluation)
                raise optuna.TrialPruned
        evaluation = stages.evaluation()
        _attach(trial, evaluation)
        return evaluation.final[metric]

    def _settings(self, trial: AnyTrial) -> Hyperparameters:
        """The trial's hyperparameters, checked: of fixed or enqueued values out of range Optuna only warns."""
        config, data = self.evaluator.config, self.evaluator.dataset
        try:
            params = suggest(trial, config.space.dimensions)
        except ValueError as problem:
            raise ConfigError(config.name, [f"this trial does not fit the study's space: {problem}"]) from problem
        values = {name: _number(value) for name, value in params.items()}
        problems = [fault.line((name,)) for name, value in values.items() for fault in BY_NAME[name].faults(value)]
        if problems:
            raise ConfigError(config.name, problems)
        settings = config.settings(values)
        size, examples = settings.batch_size, data.train.examples
        if size > examples:
            rule = f"batch_size: {size} is above the {examples} training examples of {data.name!r}"
            raise ConfigError(config.name, [rule])
        return settings


def _takes_reports(trial: AnyTrial, metric: str) -> bool:
    """Whether a trial's checkpoints can be reported: of several objectives Optuna refuses them."""
    if not isinstance(trial, optuna.Trial):
        return True
    directions = trial.study.directions
    if directions == [StudyDirection.MAXIMIZE]:
        warnings.warn(_MAXIMISED.format(study=trial.study.study_name, metric=metric), stacklevel=3)
    return len(directions) == 1


def _number(value: Any) -> Any:
    """A fixed value as Python's own number: a NumPy one, or 16.0 for a mini-batch of 16."""
    value = value.item() if hasattr(value, "item") else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _attach(trial: AnyTrial, evaluation: Evaluation) -> None:
    for name, value in attributes(evaluation).items():
        trial.set_user_attr(name, value)
    set_system_attribute(trial, CURVES, evaluation.encode())
