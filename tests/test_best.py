"""The chosen setting: networks whose answers are known by hand are scored as counted by hand."""

import shutil

import numpy as np
import optuna
import pytest
from optuna.artifacts import FileSystemArtifactStore, upload_artifact
from optuna.artifacts import get_all_artifact_meta as shown
from optuna.trial import TrialState, create_trial
from sklearn.metrics import r2_score

from hpsearch.data import Dataset, Split, from_frame
from hpsearch.data.preparation import Preparation
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.storage.internals import artifacts_of, set_study_attribute
from hpsearch.storage.studies import BEST, fact
from hpsearch.tuning import scores
from hpsearch.tuning.choice import UnitsWarning, best_trial, choose, network_path, register
from hpsearch.tuning.scores import score_on_test
from hpsearch.tuning.search import search

SETTING = Hyperparameters(0.1, 5, 0.5, 1e-4, 8, 0.1)
UNIT = [20.0, 0.0]
"""Weight and bias of one hidden unit, tanh: the sign of the input."""

OUTPUTS = {
    "binary": [10.0, 0.0],  # class 1 above 0
    "softmax": [-5.0, 0.0, 0.0, 1.0, 5.0, 0.0],  # class 0 below 0, 1 at 0, 2 above
    "identity": [1.0, 0.0],  # the sign
}
"""Weight and bias of each output."""


def network(output):
    labels = {"binary": np.array(["no", "yes"]), "softmax": np.array(["a", "b", "c"]), "identity": None}[output]
    architecture = Architecture(1, (1,), 3 if output == "softmax" else 1, "tanh", output, "scaled", "float64")
    preparation = Preparation(("x",), (None,), np.zeros(1), np.ones(1))
    parameters = np.array([*UNIT, *OUTPUTS[output]])
    return TrainedNetwork(architecture, parameters, preparation, labels, 0.0, 1.0, SETTING, 0)


def data(one, x, y):
    test = Split(np.array(x, float)[:, None], np.array(y))
    task = "regression" if one.classes is None else "classification"
    return Dataset("by hand", task, test, test, test, one.preparation, one.classes)


@pytest.mark.parametrize(
    ("output", "x", "y", "value", "low", "high"),
    [
        ("binary", [-2, -1, 1, 2, 3], [0, 0, 0, 1, 1], 0.2, 0.0362, 0.6245),
        ("binary", [-2, -1, 1, 2, 3], [0, 0, 1, 1, 1], 0.0, 0.0, 0.4345),
        ("softmax", [-1, 0, 1, 1], [0, 1, 2, 0], 0.25, 0.0456, 0.6994),
    ],
)
def test_the_error_is_the_share_of_wrong_answers_with_wilson_s_interval(output, x, y, value, low, high):
    one = network(output)
    score = score_on_test(one, data(one, x, y))
    assert (score.metric, score.value, score.examples) == ("test_error", value, len(y))
    assert (score.low, score.high) == pytest.approx((low, high), abs=5e-5)


def test_a_number_is_scored_by_r2_with_an_interval_around_it():
    one = network("identity")  # answers -1, 0, 1, 1: residuals 0, 0, 0, 2; squares about the mean 0.75 sum to 8.75
    score = score_on_test(one, data(one, [-1, 0, 1, 1], [-1.0, 0.0, 1.0, 3.0]))
    assert (score.metric, score.examples) == ("test_r2", 4)
    assert score.value == pytest.approx(1 - 4 / 8.75)
    assert score.low < score.value < score.high <= 1


def test_the_interval_of_r2_is_as_much_wider_as_few_examples_need():
    """As a t-interval of 12 examples reaches 2.3 standard deviations and not 1.96, 97.85 % of resamples lie within."""
    rng = np.random.default_rng(3)
    predicted = rng.normal(size=12)
    target = predicted + rng.normal(size=12)
    resamples = [r2_score(target[rows], predicted[rows]) for rows in rng.integers(0, 12, (600, 12))]
    score = scores.r2(predicted, target)
    within = np.mean([score.low <= value <= score.high for value in resamples])
    assert within == pytest.approx(0.9785, abs=0.02)
    assert scores.r2(predicted[:2], target[:2]).low < scores.r2(predicted[:2], target[:2]).high


@pytest.mark.parametrize("target", [[1.0, 1.0, 4.0, 0.5], [2.0, 2.0, 2.0, 2.0]])
def test_r2_of_resamples_is_scikit_learn_s_however_many_are_drawn_together(target, monkeypatch):
    rows = np.random.default_rng(0).integers(0, 4, (40, 4))
    y, guess = np.array(target), np.array([1.0, 2.0, 3.0, 0.5])
    for predicted in (guess, y):
        assert scores._r2(y[rows], predicted[rows]) == pytest.approx([r2_score(y[i], predicted[i]) for i in rows])
    at_once = scores.r2(guess, y)
    monkeypatch.setattr(scores, "_DRAWN_TOGETHER", 7)
    assert scores.r2(guess, y) == at_once


def test_one_example_has_no_r2():
    one = network("identity")
    score = score_on_test(one, data(one, [1], [1.0]))
    assert score.examples == 1
    assert np.isnan([score.value, score.low, score.high]).all()


def test_the_score_is_that_of_the_labels_the_network_predicts(small):
    for source in ("breast_cancer", "digits"):
        evaluator = Evaluator(small.with_overrides(**{"data.source": source}))
        test = evaluator.dataset.test
        one = evaluator.network(Hyperparameters(0.3, 60, 0.5, 1e-4, 16, 0.1), 0)
        raw = test.X * one.preparation.scale + one.preparation.mean
        wrong = np.mean(one.predict(raw) != one.classes[test.y])
        assert 0 < wrong < 0.3
        assert score_on_test(one, evaluator.dataset).value == pytest.approx(wrong)


def test_the_best_trial_is_the_lowest_that_ended_and_the_first_of_equals():
    study = optuna.create_study()
    assert best_trial(study) is None
    study.add_trial(create_trial(value=0.0, state=TrialState.PRUNED))
    assert best_trial(study) is None
    study.add_trials([create_trial(value=value) for value in (3.0, 1.0, 1.0, 2.0)])
    assert best_trial(study).number == 2


def test_a_choice_is_made_once_and_again_where_its_file_is_lost_or_another_trial_is_better(small, tmp_path):
    config = small.with_overrides(seeds=[3, 5], trials=4)
    study, evaluator, path = search(config, results=tmp_path), Evaluator(config), network_path("small", tmp_path)
    first = choose(study, evaluator, results=tmp_path)
    assert first.number == min(study.trials, key=lambda t: t.value).number == fact(study, BEST)["number"]
    saved = TrainedNetwork.load(path)
    assert saved.seed == 3
    path.write_bytes(b"mine")
    assert choose(study, evaluator, results=tmp_path).number == first.number
    assert path.read_bytes() == b"mine"
    path.unlink()
    choose(study, evaluator, results=tmp_path)
    np.testing.assert_array_equal(TrainedNetwork.load(path).parameters, saved.parameters)
    other = next(t for t in study.trials if t.number != first.number)
    study.add_trial(create_trial(params=other.params, distributions=other.distributions, value=-1.0))
    assert choose(study, evaluator, results=tmp_path).number == fact(study, BEST)["number"] == 4
    assert TrainedNetwork.load(path).hyperparameters.learning_rate == other.params["learning_rate"]


def test_a_file_that_is_registered_again_takes_the_place_of_the_first(tmp_path):
    study, path, folder = optuna.create_study(), tmp_path / "a.html", tmp_path / "artifacts"

    def stored():
        return [(meta.filename, meta.mimetype, (folder / meta.artifact_id).read_text()) for meta in shown(study)]

    for text in ("first, the longer", "second"):
        path.write_text(text)
        register(study, path, folder=folder, mimetype="text/html")
        assert stored() == [("a.html", "text/html", text)]
    other = tmp_path / "b.html"
    other.write_text("other")
    register(study, other, folder=folder, mimetype="text/html")
    shutil.rmtree(folder)
    register(study, path, folder=folder, mimetype="text/html")
    register(study, other, folder=folder, mimetype="text/html")
    assert stored() == [("a.html", "text/html", "second"), ("b.html", "text/html", "other")]


def test_a_file_that_was_deleted_in_the_dashboard_is_registered_anew(tmp_path):
    study, path = optuna.create_study(), tmp_path / "a.html"
    path.write_text("text")
    register(study, path, folder=tmp_path / "artifacts", mimetype="text/html")
    (first,) = artifacts_of(study, "a.html")
    set_study_attribute(study, f"artifacts:{first}", "null")
    assert artifacts_of(study, "a.html") == []
    register(study, path, folder=tmp_path / "artifacts", mimetype="text/html")
    assert len(artifacts_of(study, "a.html")) == 1


def test_an_older_version_s_pile_of_one_file_is_all_of_the_new_one(tmp_path):
    study, path = optuna.create_study(), tmp_path / "a.npz"
    store = FileSystemArtifactStore(str(tmp_path))
    for text in ("one", "two"):
        path.write_text(text)
        upload_artifact(artifact_store=store, file_path=str(path), study_or_trial=study)
    path.write_text("three")
    register(study, path, folder=tmp_path, mimetype="application/zip")
    assert [(tmp_path / name).read_text() for name in artifacts_of(study, "a.npz")] == ["three", "three"]


def test_a_network_is_saved_for_the_units_that_the_data_are_in_by_now(small, numbers, tmp_path):
    config, path = small.with_overrides(trials=2), network_path("small", tmp_path)
    numbers = (numbers * 1e6).assign(y=numbers["a"] + numbers["b"], colour=list("rg") * 50)

    def network_of(frame):
        """What is saved after the search of a table, and when."""
        search(config, results=tmp_path, dataset=from_frame(frame, "y"))
        return TrainedNetwork.load(path), path.stat().st_mtime_ns

    first, saved = network_of(numbers)
    assert network_of(numbers)[1] == saved  # nothing is said or done where nothing has changed
    assert network_of(numbers.assign(a=numbers["a"] * (1 + 1e-9)))[1] == saved  # as of another machine's sums
    scaled = numbers.assign(b=numbers["b"] * 1000 + 5, y=numbers["y"] / 10)
    with pytest.warns(UnitsWarning, match=r"small\.npz was saved for \('b' had mean .*, now .*; 1 more\): no trial"):
        second, _ = network_of(scaled)
    expected = first.predict(numbers) / 10
    np.testing.assert_allclose(second.predict(scaled), expected, rtol=1e-4, atol=1e-6)
    assert abs(first.predict(scaled) / 10 - expected).max() > 0.01
    renamed = scaled.assign(colour=scaled["colour"].replace("r", "rot"))
    with pytest.warns(UnitsWarning, match="'colour=r' is now 'colour=rot'"):
        third, _ = network_of(renamed)
    np.testing.assert_array_equal(third.predict(renamed), second.predict(scaled))


def test_the_units_of_another_studys_network_of_that_name_are_not_compared(small, numbers, tmp_path, recwarn):
    config = small.with_overrides(trials=1)
    search(config, results=tmp_path, storage=tmp_path / "a.journal")
    data = from_frame(numbers.assign(d=numbers["a"] ** 2, y=numbers["b"]), "y")
    search(config.with_overrides(seed=1), results=tmp_path, storage=tmp_path / "b.journal", dataset=data)
    search(config, results=tmp_path, storage=tmp_path / "a.journal")
    assert not [warning for warning in recwarn if warning.category is UnitsWarning]
