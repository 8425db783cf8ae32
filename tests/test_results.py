import copy
import pickle
import re
from dataclasses import replace

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState
from scipy import stats

import hpsearch
from hpsearch.data import from_arrays
from hpsearch.evaluation.archive import NetworkFileError
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.results.study import Results, ResultsError, load
from hpsearch.storage.internals import set_study_attribute, study_attributes
from hpsearch.storage.trials import CURVES
from hpsearch.tuning.choice import ARTIFACTS, best_trial, choose, network_path
from hpsearch.tuning.scores import score_on_test
from hpsearch.tuning.search import search


@pytest.fixture(scope="module")
def folder(small, small_evaluator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    choose(search(small, results=folder), small_evaluator, results=folder)
    return folder


@pytest.fixture
def results(folder):
    return load("small", results=folder)


def test_the_best_is_the_lowest_value_with_its_setting_metrics_and_test_score(results):
    best, trials = results.best, results.trials
    row = trials.sort_values("value").iloc[0]
    assert (best.number, best.value) == (row["number"], row["value"])
    assert best.hyperparameters.learning_rate == row["learning_rate"]
    assert isinstance(best.hyperparameters.batch_size, int)
    assert best.metrics["validation_error"] == row["validation_error"]
    wrong, n = round(best.test.value * best.test.examples), best.test.examples
    z = stats.norm.ppf(0.975)
    middle = (wrong + z * z / 2) / (n + z * z)  # Wilson 1927
    half = z / (n + z * z) * np.sqrt(wrong * (n - wrong) / n + z * z / 4)
    assert (best.test.low, best.test.high) == pytest.approx((middle - half, middle + half))
    assert n == 30


def test_results_the_best_and_a_network_print_short(results):
    best = results.best
    assert repr(results) == "Results('small', 14 trials)"
    words = repr(best)
    assert words.startswith(f"Best(trial {best.number}, value {best.value:.4g}, learning_rate=")
    assert f"batch_size={best.hyperparameters.batch_size}" in words
    assert f"test error {100 * best.test.value:.2f} % (95 % interval {100 * best.test.low:.2f} % to " in words
    network = repr(best.network)
    assert network.startswith("TrainedNetwork(units=4-6-3, activation=tanh, init=scaled, learning_rate=")
    assert network.endswith("seed=0)")
    assert max(map(len, (words, network))) < 300


def test_in_a_notebook_they_are_tables_that_ask_for_nothing(results):
    best = results.best
    cells = dict(re.findall(r"<th>(.*?)</th>\s*<td>(.*?)</td>", best._repr_html_()))
    assert cells["learning rate α"] == f"{best.hyperparameters.learning_rate:.4g}"
    assert cells["test error"].startswith(f"{100 * best.test.value:.2f} % (95 % interval ")
    assert results._repr_html_() == f"<p>study small: 14 complete trials</p>{best._repr_html_()}"
    assert "<th>units</th>" in best.network._repr_html_()
    for shown in (results, best.network):
        assert not re.search(r"src=|href=|<script", shown._repr_html_())


def test_hostile_names_are_text_in_a_notebook():
    study = optuna.create_study(study_name="<script>s</script>")
    assert Results.from_study(study)._repr_html_() == "<p>study &lt;script&gt;s&lt;/script&gt;: no trials</p>"
    study.optimize(lambda trial: trial.suggest_categorical("<b>", ["<i>"]) == "", n_trials=1)
    shown = Results.from_study(study)._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "&lt;i&gt;" in shown
    assert not re.search("<b>|<i>|<script", shown)


def test_the_best_network_predicts_raw_rows(results, small_evaluator):
    network = results.best.network
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)
    assert network.score(X, y) > 0.8
    probability = network.predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    np.testing.assert_array_equal(network.predict(X), network.classes[probability.argmax(axis=1)])
    hidden = np.tanh(small_evaluator.dataset.preparation.transform(X) @ network.weights[0].T + network.biases[0])
    logits = hidden @ network.weights[1].T + network.biases[1]
    np.testing.assert_array_equal(network.predict(X), logits.argmax(axis=1))


def test_what_a_caller_changes_in_a_table_is_the_caller_s_alone(results):
    for name in ("trials", "curves", "members"):
        whole, mine = getattr(results, name).copy(), getattr(results, name)
        mine["validation_loss"] = 0.0
        mine["of my own"] = 1
        mine.attrs["note"] = "mine"
        pd.testing.assert_frame_equal(getattr(results, name), whole)
        assert getattr(results, name).attrs == {}
    assert results.best.value > 0


def test_the_best_and_all_that_it_is_of_can_be_pickled(results):
    for best in (pickle.loads(pickle.dumps(results.best)), copy.deepcopy(results).best):
        assert best == results.best
        np.testing.assert_array_equal(best.network.parameters, results.best.network.parameters)


def test_every_trial_s_network_can_be_trained_again(results, small_evaluator):
    data = small_evaluator.dataset.validation
    for number in (0, 7, 13):
        answers = results.network(number).respond(data.X)
        loss = -np.log(answers[data.y, np.arange(data.examples)]).mean()
        assert loss == pytest.approx(results.trials["validation_loss"][number], rel=1e-5)


def test_the_saved_network_is_the_retrained_one_to_the_bit(results, folder):
    best = results.best
    saved = TrainedNetwork.load(network_path("small", folder))
    np.testing.assert_array_equal(saved.parameters, results.network(best.number).parameters)
    assert saved.hyperparameters == best.hyperparameters


def test_the_network_is_registered_once_as_an_artifact(results, folder, small, small_evaluator):
    study = search(small, results=folder)
    choose(study, small_evaluator, results=folder)
    (artifact,) = optuna.artifacts.get_all_artifact_meta(study)
    store = optuna.artifacts.FileSystemArtifactStore(str(folder / ARTIFACTS))
    with store.open_reader(artifact.artifact_id) as file:
        assert file.read() == network_path("small", folder).read_bytes()
    assert artifact.filename == "small.npz"


def test_the_test_split_has_no_part_in_the_search(small, small_evaluator, tmp_path):
    data = small_evaluator.dataset
    spoilt = replace(data, test=type(data.test)(data.test.X * 0 + 9, data.test.y))
    one = search(small, results=tmp_path / "a", dataset=spoilt, trials=5)
    other = search(small, results=tmp_path / "b", trials=5)
    assert [t.value for t in one.trials] == [t.value for t in other.trials]


def test_own_arrays_can_be_searched_and_their_networks_trained_again(small, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 3))
    data = from_arrays(X, np.where(X[:, 0] > 0, "up", "down"))
    study = search(small, results=tmp_path, dataset=data, trials=4)
    choose(study, Evaluator(small, data), results=tmp_path)
    again = load("small", results=tmp_path, dataset=data)
    assert set(again.network(0).predict(X)) <= {"up", "down"}
    with pytest.raises(ResultsError, match="the data of study 'small' has changed"):
        load("small", results=tmp_path).network(0)


def test_regression_is_scored_by_r2_with_an_interval(small, tmp_path):
    config = small.with_overrides(**{"data.source": "diabetes", "trials": 6})
    choose(search(config, results=tmp_path), Evaluator(config), results=tmp_path)
    test = load("small", results=tmp_path).best.test
    assert test.metric == "test_r2"
    assert test.low < test.value < test.high < 1


def test_without_a_test_split_there_is_no_test_score(small, tmp_path):
    config = small.with_overrides(**{"data.test": 0.0, "trials": 2})
    evaluator = Evaluator(config)
    choose(search(config, results=tmp_path), evaluator, results=tmp_path)
    assert load("small", results=tmp_path).best.test is None
    assert score_on_test(load("small", results=tmp_path).best.network, evaluator.dataset) is None


def test_what_is_not_there_is_named(results, folder, tmp_path):
    with pytest.raises(ResultsError, match=r'no study \'smal\' in the results.*did you mean "small"'):
        load("smal", results=folder)
    with pytest.raises(FileNotFoundError, match="run `hpsearch search` first"):
        load("small", results=tmp_path)
    with pytest.raises(ResultsError, match="no trial 99 in study 'small', which has 14"):
        results.network(99)
    with pytest.raises(ResultsError, match=r"not trained on seed 5; its seeds are \(0,\)"):
        results.network(0, seed=5)
    foreign = Results.from_study(optuna.create_study(study_name="foreign"))
    with pytest.raises(ResultsError, match=r"has no completed trial yet$"):
        _ = foreign.best
    with pytest.raises(ResultsError, match=r"'foreign' was not made by hpsearch, which cannot .* so it has no survey"):
        _ = foreign.survey
    for wrong in ("small", None, optuna):
        for make in (Results, Results.from_study):
            with pytest.raises(ResultsError, match=rf"of an Optuna study \(given: {type(wrong).__name__}\): load one"):
                make(wrong)
    with pytest.raises(ResultsError, match="'foreign' was not made by hpsearch"):
        foreign.network(0)


def ended(results, **changes):
    """Results of a copy of a study whose first trial differs."""
    trials = [copy.deepcopy(trial) for trial in results.study.trials[:2]]
    for name, value in changes.items():
        setattr(trials[0], name, value)
    study = optuna.create_study(study_name="copy")
    study.add_trials(trials)
    for name, value in study_attributes(results.study).items():
        set_study_attribute(study, name, value)
    return Results(study)


def diverged(trial, seeds, gone):
    """System attributes of a trial that was trained on these seeds and diverged with some of them."""
    one = trial.system_attrs[CURVES]
    stored = Evaluation.decode(one)
    curves = np.repeat(stored.curves[:1], len(seeds), axis=0)
    more = replace(stored, seeds=seeds, diverged=tuple(seed in gone for seed in seeds), curves=curves)
    return trial.system_attrs | {CURVES: more.encode()}


def test_a_network_is_that_of_a_training_that_came_to_its_end(results):
    first = results.study.trials[0]
    assert ended(results).network(0).hyperparameters == results.network(0).hyperparameters
    pruned = ended(results, state=TrialState.PRUNED)
    with pytest.raises(ResultsError, match=rf"trial 0 was pruned at iteration {max(first.intermediate_values)}"):
        pruned.network(0)
    with pytest.raises(ResultsError, match="trial 0 was pruned"):
        pruned.units(0)
    failed = {"state": TrialState.FAIL, "values": None}
    with pytest.raises(ResultsError, match="trial 0 has failed: it has no network"):
        ended(results, **failed).network(0)
    for state in (TrialState.RUNNING, TrialState.WAITING):
        with pytest.raises(ResultsError, match=f"trial 0 is {state.name}: it has no network yet"):
            ended(results, state=state, values=None, datetime_complete=None).network(0)
    gone = ended(results, system_attrs=diverged(first, (0, 4, 7), (0, 7)))
    with pytest.raises(ResultsError, match="trial 0 diverged with seed 0: it has no network; with seed 4 it did not"):
        gone.network(0)
    assert gone.network(0, seed=4).seed == 4


def test_a_trial_that_failed_before_it_had_a_setting_is_no_setting_to_explain(results):
    study = ended(results).study
    study.add_trial(optuna.trial.create_trial(state=TrialState.FAIL))
    with pytest.raises(ResultsError, match="ended before it had a value for learning_rate, iterations"):
        Results(study).attribution(of=2)


def test_where_no_trial_is_complete_it_is_told_what_they_are():
    study = optuna.create_study(study_name="s")
    states = {TrialState.FAIL: 2, TrialState.PRUNED: 1, TrialState.WAITING: 1}
    study.add_trials([optuna.create_trial(state=state) for state, count in states.items() for _ in range(count)])
    with pytest.raises(ResultsError, match=r"has no completed trial yet \(2 fail, 1 pruned, 1 waiting\)$"):
        _ = Results.from_study(study).best


def test_the_best_of_another_program_s_study_is_a_plain_dict():
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=5)
    best = Results.from_study(study).best
    assert best.hyperparameters == study.best_params == best_trial(study).params
    assert best.value == study.best_value
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("a\nb", 0, 0) + len(trial.suggest_categorical("c", ["\x1b["])), 1)
    assert repr(Results.from_study(study).best) == "Best(trial 0, value 2, a\\u000ab=0, c=\\u001b[)"


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_tables_are_exported_whole(results, tmp_path, format):
    written = results.export(tmp_path / "out", format=format)
    assert [p.name for p in written] == [f"{n}.{format}" for n in ("trials", "curves", "members")]
    read = pd.read_parquet if format == "parquet" else pd.read_csv
    back = read(written[0])
    assert list(back.columns) == list(results.trials.columns)
    np.testing.assert_allclose(back["value"], results.trials["value"])
    if format == "parquet":
        pd.testing.assert_frame_equal(back, results.trials)


def test_a_network_file_from_a_stranger_is_refused_and_nothing_runs(results, tmp_path):
    good = results.best.network.save(tmp_path / "good.npz")
    whole = good.read_bytes()
    bad = tmp_path / "bad.npz"
    cases = {"nothing": b"", "text": b"hello", "cut": whole[: len(whole) // 2], "pickle": b"\x80\x04K\x01."}
    for content in cases.values():
        bad.write_bytes(content)
        with pytest.raises(NetworkFileError, match="is not a network saved by hpsearch"):
            TrainedNetwork.load(bad)
    with np.load(good) as arrays:
        parts = dict(arrays)
    np.savez(bad, **{**parts, "parameters": parts["parameters"][:-1]})
    with pytest.raises(NetworkFileError, match="holds parameters of shape"):
        TrainedNetwork.load(bad)
    np.savez(bad, **{**parts, "parameters": np.array([object()])}, allow_pickle=True)
    with pytest.raises(NetworkFileError, match="parameters holds object"):
        TrainedNetwork.load(bad)
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        TrainedNetwork.load(tmp_path / "none.npz")


def test_the_public_names_are_all_there():
    for name in hpsearch.__all__:
        assert getattr(hpsearch, name) is not None
    with pytest.raises(AttributeError, match="No hpsearch attribute nonsense"):
        _ = hpsearch.nonsense
