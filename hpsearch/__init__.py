"""Hyperparameter search and measured sensitivity for shallow neural networks.

The rooms, in the order of the pipeline; the docstring of each lists its files:

===============  ===========================================================================================
``space``        the dimensions of a search and the unit cube
``data``         a raw table -> a data set ready for the network
``engine``       one network trained: initialise, forward, loss, gradient, descent step
``config``       one TOML -> the settings of a study
``figures``      a table -> a plotly figure
``sensitivity``  tables -> tables: designs, Sobol indices, effects, ranges
``evaluation``   settings -> evaluations, on any number of workers
``estimator``    the network as a scikit-learn estimator
``storage``      a study and its trials in Optuna's words
``tuning``       trials that a sampler chooses
``experiments``  trainings that a design chooses
``results``      any study -> DataFrames
``report``       tables -> something to look at
``cli``          the command ``hpsearch``
===============  ===========================================================================================

The public names, from the same order:

==============================================  ============================================================
`Space`, `Float`, `Int`, `Choice`               a space of hyperparameters
`Dataset`, `data`                               the data of a study: ``data.from_frame(frame, target)``
`Hyperparameters`                               one point of the space: what is chosen
`load_config`, `StudyConfig`                    a study's TOML, read
`Survey`                                        a survey's table and all tables made of it
`TrainedNetwork`                                a trained network: ``predict``, ``save``, ``load``
`ShallowNetworkClassifier`, `…Regressor`        scikit-learn estimators
`search`, `Objective`                           a study's search; the plain objective for ``study.optimize``
`search_rounds`                                 a search in rounds, each in the ranges that the last proposes
`survey_study`                                  how sensitive a study's training is to each setting
`survey`, `survey_frames`                       the same of any function of a space, by settings or by tables of them
`Design`, `survey_of`                           rows to evaluate elsewhere, and the survey of their values
`training_on`                                   the executor, such as a cluster's, in which all of these train
`load`, `Results`                               a study's tables, best setting and networks
`compare`                                       studies side by side: sensitivity, transfer of settings, one default
`importance`                                    of any Optuna study's parameters, with intervals
`figures`                                       of every table, as plotly figures
==============================================  ============================================================

They raise, each where its docstring says so: `ConfigError`, `DataError`, `DesignError`, `FigureError`, `FileError`,
`FunctionError`, `ImportanceError`, `NetworkFileError`, `OutOfTimeError`, `ResponseError`, `ResultsError`,
`StorageError`, `StudyBusyError`, `StudyChangedError`, `SurveyStopped`, `SurveyTimeoutError`, `WorkersLostError`; and
warn of: `ConcentrationWarning`, `ImportanceWarning`.

Each is imported when it is first used, because a cluster's worker needs the engine but not Optuna. `__init__.pyi` is
the one list of them, for this module and for type checkers alike.
"""

import random as _random
import warnings as _warnings
from typing import Any as _Any

import lazy_loader

__version__ = "0.1.0"

_imported, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> _Any:
    """Import a public name; what libraries do when they are imported leaves the caller's process as it was."""
    state = _random.getstate()
    try:
        with _warnings.catch_warnings():
            return _imported(name)
    finally:
        _random.setstate(state)
