"""Hyperparameter search and measured sensitivity for shallow neural networks, trained in lockstep.

The package is two halves joined by tables. One half turns settings into rows; the other reads rows.

========================  ==================================================================================
:func:`search`            search a study for its best setting; trials go to an Optuna storage
:func:`load`              a study's results: ``trials``, ``curves``, ``members``, ``best``, ``network(number)``,
                          and of its survey: ``survey``, ``sensitivity()``, ``effects()``, ``interactions()``, …
:class:`Results`          the same for any Optuna study, with ``Results.from_study(study)``
:class:`Objective`        the plain Optuna objective, for ``study.optimize``
:func:`survey`            how sensitive any function of a :class:`Space` is to each of its settings
:func:`importance`        of any Optuna study's parameters, with intervals and a permutation null
:func:`load_config`       read a study's TOML into a :class:`StudyConfig`
:class:`ShallowNetworkClassifier`, :class:`ShallowNetworkRegressor`   the network as scikit-learn estimators
:class:`TrainedNetwork`   a trained network: ``predict``, ``save``, ``load``
:class:`Hyperparameters`  one point of the space: what is chosen, where weights are learned
========================  ==================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpsearch.config import ConfigError, StudyConfig, load_config
    from hpsearch.data.dataset import DataError, Dataset
    from hpsearch.engine.settings import Hyperparameters
    from hpsearch.estimator import ShallowNetworkClassifier, ShallowNetworkRegressor
    from hpsearch.evaluation.trained import TrainedNetwork
    from hpsearch.experiments.function import survey
    from hpsearch.experiments.trainings import survey_study
    from hpsearch.results.study import Results, load
    from hpsearch.results.surrogates import importance
    from hpsearch.sensitivity.analysis import Survey
    from hpsearch.space import Choice, Float, Int, Space
    from hpsearch.tuning.objective import Objective
    from hpsearch.tuning.search import search

__version__ = "0.1.0"

_PLACES = {
    "ConfigError": ("hpsearch.config", "ConfigError"),
    "DataError": ("hpsearch.data.checks", "DataError"),
    "Dataset": ("hpsearch.data.dataset", "Dataset"),
    "Hyperparameters": ("hpsearch.engine.settings", "Hyperparameters"),
    "Objective": ("hpsearch.tuning.objective", "Objective"),
    "Results": ("hpsearch.results.study", "Results"),
    "ShallowNetworkClassifier": ("hpsearch.estimator", "ShallowNetworkClassifier"),
    "ShallowNetworkRegressor": ("hpsearch.estimator", "ShallowNetworkRegressor"),
    "StudyConfig": ("hpsearch.config", "StudyConfig"),
    "TrainedNetwork": ("hpsearch.evaluation.trained", "TrainedNetwork"),
    "Choice": ("hpsearch.space", "Choice"),
    "Float": ("hpsearch.space", "Float"),
    "Int": ("hpsearch.space", "Int"),
    "Space": ("hpsearch.space", "Space"),
    "Survey": ("hpsearch.sensitivity.analysis", "Survey"),
    "survey": ("hpsearch.experiments.function", "survey"),
    "survey_study": ("hpsearch.experiments.trainings", "survey_study"),
    "importance": ("hpsearch.results.surrogates", "importance"),
    "load": ("hpsearch.results.study", "load"),
    "load_config": ("hpsearch.config", "load_config"),
    "search": ("hpsearch.tuning.search", "search"),
}

__all__ = [
    "Choice",
    "ConfigError",
    "DataError",
    "Dataset",
    "Float",
    "Hyperparameters",
    "Int",
    "Objective",
    "Results",
    "ShallowNetworkClassifier",
    "ShallowNetworkRegressor",
    "Space",
    "StudyConfig",
    "Survey",
    "TrainedNetwork",
    "importance",
    "load",
    "load_config",
    "search",
    "survey",
    "survey_study",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: a worker process needs NumPy, not Optuna."""
    if name not in _PLACES:
        raise AttributeError(f"module 'hpsearch' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, imported or not."""
    return sorted([*globals(), *__all__])
