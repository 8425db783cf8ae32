"""Baselines: guessing as counted by hand, scikit-learn's network as scikit-learn scores it, both trained once."""

import numpy as np
import optuna
import pytest
from sklearn.neural_network import MLPClassifier

from hpsearch.data import load_dataset
from hpsearch.storage.access import open_storage
from hpsearch.storage.journal import JournalFile, StorageError
from hpsearch.tuning import baselines as module
from hpsearch.tuning.baselines import DEFAULT, GUESS, baselines, kept_baselines


@pytest.fixture(scope="module")
def iris():
    return load_dataset("iris")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_classes_are_guessed_by_the_most_frequent_and_trained_as_scikit_learn_does(iris):
    scores = baselines(iris)
    frequent = np.bincount(iris.train.y).argmax()
    assert scores[GUESS].value == pytest.approx(np.mean(iris.test.y != frequent))
    model = MLPClassifier(random_state=0).fit(iris.train.X, iris.train.y)
    assert scores[DEFAULT].value == pytest.approx(1 - model.score(iris.test.X, iris.test.y))
    assert scores[DEFAULT].low < scores[DEFAULT].high <= 1
    assert scores[DEFAULT].examples == len(iris.test.y)


def test_the_mean_as_guess_of_a_number_explains_nothing():
    scores = baselines(load_dataset("diabetes"))
    assert scores[GUESS].metric == "test_r2"
    assert -0.1 < scores[GUESS].value <= 0 < scores[DEFAULT].value


def test_without_a_test_split_there_are_none():
    assert baselines(load_dataset("iris", test=0.0)) == {}


def test_of_results_that_cannot_be_written_they_are_trained_and_not_kept(iris, tmp_path, monkeypatch):
    study = optuna.create_study(study_name="s", storage=open_storage(results=tmp_path))

    def full(self, logs):
        raise StorageError("the disk is full")

    monkeypatch.setattr(JournalFile, "_append", full)
    assert kept_baselines(study, iris) == baselines(iris)


def test_they_are_trained_once_and_anew_for_other_data(iris, monkeypatch):
    study, calls = optuna.create_study(), []
    monkeypatch.setattr(module, "baselines", lambda data: calls.append(data) or baselines(data))
    first = kept_baselines(study, iris)
    assert kept_baselines(study, iris) == first == baselines(iris)
    assert not study.user_attrs
    kept_baselines(study, load_dataset("wine"))
    assert [data.name for data in calls] == ["iris", "wine"]
