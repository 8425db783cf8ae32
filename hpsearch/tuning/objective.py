"""The plain Optuna objective of a study, for any sampler, pruner and storage of Optuna's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpsearch.config import StudyConfig, load_config, resolve
from hpsearch.data import Dataset
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers
from hpsearch.evaluation.outcomes import Evaluation, stops_of
from hpsearch.evaluation.stages import Stages
from hpsearch.storage.internals import set_system_attribute
from hpsearch.storage.trials import CURVES, attributes, suggest

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
        config = study if isinstance(study, StudyConfig) else load_config(resolve(study))
        self.evaluator = Evaluator(config, dataset)

    def __call__(self, trial: optuna.Trial) -> float:
        """Suggest, train on every seed, report each checkpoint, and return the metric to minimise.

        Raises:
            optuna.TrialPruned: if the study's pruner says so at a checkpoint.
        """
        import optuna

        evaluator = self.evaluator
        metric = evaluator.config.search.metric
        settings = evaluator.hyperparameters(suggest(trial, evaluator.config.space.dimensions))
        stages = Stages(evaluator, settings, Workers(evaluator.trainer))
        for stop in stops_of(evaluator.stops, settings.iterations)[1:]:
            stages.submit(stop)
            stages.wait()
            evaluation = stages.evaluation(stop)
            trial.report(evaluation.final[metric], stop)
            if stop < settings.iterations and trial.should_prune():
                _attach(trial, evaluation)
                raise optuna.TrialPruned
        evaluation = stages.evaluation()
        _attach(trial, evaluation)
        return evaluation.final[metric]


def _attach(trial: optuna.Trial, evaluation: Evaluation) -> None:
    for name, value in attributes(evaluation).items():
        trial.set_user_attr(name, value)
    set_system_attribute(trial, CURVES, evaluation.encode())
