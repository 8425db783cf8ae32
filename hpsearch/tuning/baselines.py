"""What a chosen network's test score is to be held against: guessing, and scikit-learn's network with its defaults."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import optuna

from hpsearch.data.dataset import Dataset
from hpsearch.storage.internals import set_study_attribute
from hpsearch.storage.journal import UNWRITABLE
from hpsearch.storage.studies import BASELINES, fact
from hpsearch.tuning.scores import TestScore, error, r2

GUESS, DEFAULT = "guessing", "scikit-learn's default MLP"


def baselines(dataset: Dataset) -> dict[str, TestScore]:
    """Train the baselines on the training split and score them on the test split.

    Returns:
        The score of :data:`GUESS` (the most frequent class of the training split; its mean for a regression), then that
        of :data:`DEFAULT` (``MLPClassifier()`` or ``MLPRegressor()``); nothing where there is no test split.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    guessed = guessing(dataset)
    if dataset.test is None or guessed is None:
        return {}
    regression = dataset.classes is None
    model = (MLPRegressor if regression else MLPClassifier)(random_state=0)
    with warnings.catch_warnings():  # its default of 200 passes is what it is
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(dataset.train.X, dataset.train.y)
    predicted = model.predict(dataset.test.X)
    return {GUESS: guessed, DEFAULT: (r2 if regression else error)(predicted, dataset.test.y)}


def guessing(dataset: Dataset) -> TestScore | None:
    """The test score of an answer that does not look at its input; None where there is no test split."""
    if dataset.test is None:
        return None
    seen, target = dataset.train.y, dataset.test.y
    if dataset.classes is None:
        return r2(np.full(len(target), seen.mean()), target)
    return error(np.full(len(target), np.argmax(np.bincount(seen))), target)


def guess(dataset: Dataset) -> str:
    """The answer of :data:`GUESS`: the label of the most frequent class of the training split; "" for a regression."""
    return "" if dataset.classes is None else str(dataset.classes[np.argmax(np.bincount(dataset.train.y))])


def kept_baselines(study: optuna.Study, dataset: Dataset) -> dict[str, TestScore]:
    """The baselines of a study's data, trained once and kept with the study, where its storage can be written."""
    kept: Mapping[str, Any] = fact(study, BASELINES, {})
    if kept.get("data") != dataset.fingerprint:
        scores = {name: vars(score) for name, score in baselines(dataset).items()}
        kept = {"data": dataset.fingerprint, "scores": scores}
        with suppress(*UNWRITABLE):
            set_study_attribute(study, BASELINES, kept)
    return {name: TestScore(**score) for name, score in kept["scores"].items()}
