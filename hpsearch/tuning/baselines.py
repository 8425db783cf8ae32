"""What a chosen network's test score is to be held against: guessing, and scikit-learn's network with its defaults."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import optuna

from hpsearch.data.dataset import Dataset
from hpsearch.storage.internals import set_study_attribute, study_attributes
from hpsearch.tuning.scores import TestScore, error, r2

BASELINES = "hpsearch:baselines"
"""System attribute of a study that keeps the baselines' scores, with the fingerprint of the data they are of."""

GUESS, DEFAULT = "guessing", "scikit-learn's default MLP"


def baselines(dataset: Dataset, *, seed: int = 0) -> dict[str, TestScore]:
    """Train the baselines on the training split and score them on the test split.

    Args:
        dataset: As the study's networks see it: encoded, standardised, split.
        seed: Of scikit-learn's network.

    Returns:
        The score of :data:`GUESS` (the most frequent class of the training split; its mean for a regression), then that
        of :data:`DEFAULT` (``MLPClassifier()`` or ``MLPRegressor()``); nothing where there is no test split.
    """
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    if dataset.test is None:
        return {}
    regression = dataset.classes is None
    judge = r2 if regression else error
    models = {
        GUESS: DummyRegressor() if regression else DummyClassifier(strategy="most_frequent"),
        DEFAULT: (MLPRegressor if regression else MLPClassifier)(random_state=seed),
    }
    scores = {}
    for name, model in models.items():
        with warnings.catch_warnings():  # its default of 200 passes is what it is
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(dataset.train.X, dataset.train.y)
        scores[name] = judge(model.predict(dataset.test.X), dataset.test.y)
    return scores


def kept_baselines(study: optuna.Study, dataset: Dataset) -> dict[str, TestScore]:
    """The baselines of a study's data, trained once and kept with the study."""
    kept: Mapping[str, Any] = study_attributes(study).get(BASELINES, {})
    if kept.get("data") != dataset.fingerprint:
        scores = {name: vars(score) for name, score in baselines(dataset).items()}
        kept = {"data": dataset.fingerprint, "scores": scores}
        set_study_attribute(study, BASELINES, kept)
    return {name: TestScore(**score) for name, score in kept["scores"].items()}
