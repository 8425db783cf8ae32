"""Studies whose network varies: trained, searched, surveyed, stored and read back."""

import json
import pickle
from dataclasses import replace

import numpy as np
import optuna
import pytest
from helpers import SMALL, TIMES

from hpsearch import Objective, load, search, survey_study
from hpsearch.config import StudyConfig, load_config
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.tuning.samplers import grid_size

SHAPES = SMALL.replace("[network]\nhidden = [6]\n", "").replace(
    "[search]",
    """width = {low = 4, high = 12, log = true}
depth = {low = 1, high = 3}
activation = {choices = ["tanh", "relu", "sigmoid"]}
init = {choices = ["scaled", "xavier", "he"]}
[search]""",
)
LISTS = SHAPES.replace("width = {low = 4, high = 12, log = true}\n", "").replace(
    "depth = {low = 1, high = 3}", "hidden = {choices = [[8], [3], [6, 4]]}"
)


def config_of(text, folder):
    path = folder / "study.toml"
    path.write_text(text.replace('name = "small"\n', ""), encoding="utf-8")
    return load_config(path)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return config_of(SHAPES, tmp_path_factory.mktemp("shapes"))


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    return config_of(LISTS, tmp_path_factory.mktemp("lists"))


def without(table, *columns):
    return table.drop(columns=[*columns])


def fixed(values, small):
    """A study of one network, that of the values."""
    hidden = (
        [int(n) for n in values["hidden"].split("-")] if "hidden" in values else [values["width"]] * values["depth"]
    )
    network = {"network.hidden": hidden, "network.activation": values["activation"], "network.init": values["init"]}
    return small.with_overrides(**network)


@pytest.mark.parametrize("kind", ["shapes", "lists"])
def test_a_trial_is_trained_as_in_a_study_of_its_network_alone(kind, small, request, tmp_path):
    config = request.getfixturevalue(kind).with_overrides(**{"search.sampler": "qmc"})
    study = search(config, trials=8, results=tmp_path)
    seen = set()
    for trial in study.trials:
        six = {name: trial.params[name] for name in small.space.dimensions}
        alone = fixed(trial.params, small)
        (evaluation,) = Evaluator(alone).evaluate([alone.settings(six)])
        assert trial.value == evaluation.final["validation_loss"]
        seen.add(alone.settings(six).hidden)
    assert len(seen) > 2


@pytest.mark.parametrize(
    "sampler", ["tpe", "random", "qmc", "grid", "cmaes", pytest.param("gp", marks=pytest.mark.slow)]
)
def test_every_sampler_asks_for_networks(sampler, lists, tmp_path):
    if sampler == "gp":
        pytest.importorskip("torch")
    config = lists.with_overrides(**{"search.sampler": sampler, "search.grid": 2})
    if sampler == "grid":
        assert grid_size(config) == 2**5 * 3**4
    trials = load("study", results=search(config, results=tmp_path) and tmp_path).trials
    assert len(trials) == 14
    assert set(trials["activation"]) <= {"tanh", "relu", "sigmoid"}
    assert trials["hidden"].nunique() > 1


def test_the_table_has_natural_types_whatever_the_storage(shapes, lists, tmp_path):
    for config, columns in ((shapes, ["int64", "int64", "str", "str"]), (lists, ["str", "str", "str"])):
        tables = []
        for storage in (None, f"sqlite:///{tmp_path}/{columns[0]}.db"):
            folder = tmp_path / f"{columns[0]}-{storage is None}"
            search(config, trials=5, results=folder, storage=storage)
            tables.append(load("study", results=folder, storage=storage).trials.drop(columns=TIMES))
        names = list(config.space.dimensions)
        assert list(tables[0].columns[4 : 4 + len(names)]) == names
        for table in tables:
            assert [str(table[name].dtype) for name in names[6:]] == columns
        assert tables[0].equals(tables[1])


def test_the_chosen_network_is_saved_with_its_own_shape_and_counts_by_its_weights(shapes, tmp_path):
    search(shapes, results=tmp_path)
    results = load("study", results=tmp_path)
    largest = (4 + 1) * 12 + 2 * (12 + 1) * 12 + (12 + 1) * 3  # three layers of twelve, biases among the weights
    for hidden, weights in (((12, 12, 12), largest), ((5,), (4 + 1) * 5 + (5 + 1) * 3)):
        assert results.relative_size(replace(results.best.hyperparameters, hidden=hidden)) == weights / largest
    best, saved = results.best, TrainedNetwork.load(tmp_path / "study.npz")
    row = results.trials.set_index("number").loc[best.number]
    assert saved.architecture.hidden == (row["width"],) * row["depth"] == best.hyperparameters.hidden
    assert (saved.architecture.activation, saved.architecture.init) == (row["activation"], row["init"])
    assert saved.hyperparameters == best.hyperparameters
    np.testing.assert_array_equal(saved.parameters, results.network(best.number).parameters)
    assert f"activation={row['activation']}, init={row['init']}, learning_rate" in repr(saved)


def test_a_network_saved_by_an_earlier_version_is_read_with_its_settings(small, tmp_path):
    setting = small.settings(
        {"iterations": 3, "batch_size": 8, "learning_rate": 0.1, "momentum": 0, "l2": 0, "init_scale": 1}
    )
    path = Evaluator(small).network(setting, 0).save(tmp_path / "now.npz")
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays["about"]))
    for name in ("hidden", "activation", "init"):
        del about["hyperparameters"][name]
    np.savez(tmp_path / "then.npz", **{**arrays, "about": np.array(json.dumps(about))})
    assert TrainedNetwork.load(tmp_path / "then.npz").hyperparameters == setting


def test_the_objective_gives_the_value_of_a_search(shapes, tmp_path):
    stored = search(shapes, trials=3, results=tmp_path).trials
    study = optuna.create_study()
    for trial in stored:
        study.enqueue_trial(trial.params)
    study.optimize(Objective(shapes), n_trials=3)
    assert [trial.value for trial in study.trials] == [trial.value for trial in stored]


def test_a_pruned_search_goes_on_from_a_network_of_its_shape(shapes, tmp_path):
    study = search(shapes.with_overrides(**{"search.pruner": "median"}), results=tmp_path)
    complete = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    assert len(complete) < len(study.trials) == 14
    evaluator = Evaluator(shapes)
    for trial in complete:
        (evaluation,) = evaluator.evaluate([evaluator.config.settings(trial.params)])
        assert trial.value == evaluation.final["validation_loss"]


def test_a_survey_of_networks_is_that_of_its_rows_and_goes_on(shapes, tmp_path):
    config = shapes.with_overrides(**{"survey.base": 4, "survey.scrambles": 2, "survey.seeds": 2})
    table = survey_study(config, results=tmp_path, workers=2).table
    last = table.groupby(["scramble", "block", "row"]).tail(1).reset_index(drop=True)
    evaluator = Evaluator(config)
    assert last["width"].nunique() > 3
    assert last["init"].nunique() == 3
    for row in last.iloc[:12].to_dict("records"):
        setting = evaluator.config.settings({name: row[name] for name in config.space.dimensions})
        (evaluation,) = evaluator.evaluate([setting], seeds=[row["seed"]])
        assert row["validation_loss"] == evaluation.final["validation_loss"]
    assert str(table["activation"].dtype) == "str"
    more = survey_study(config.with_overrides(**{"survey.base": 8}), results=tmp_path).table
    again = more[(more["row"] < 4)].reset_index(drop=True)
    assert without(again, "diverged").equals(without(table, "diverged"))


def test_trainings_of_two_networks_are_two_and_of_two_lengths_one(shapes):
    evaluator = Evaluator(shapes)
    base = Hyperparameters(0.1, 10, 0.5, 0.0, 8, 0.5, hidden=(4,))
    task = evaluator.joint_task([base, replace(base, iterations=20)], 0)
    outcome = evaluator.trainer.run(task)
    alone = evaluator.evaluate([base, replace(base, hidden=(5,))])
    ends = evaluator.evaluation([task], [outcome], until=10)
    assert ends.final == alone[0].final != alone[1].final


def test_a_trainer_sent_elsewhere_trains_any_network(shapes):
    evaluator = Evaluator(shapes)
    trainer = pickle.loads(pickle.dumps(evaluator.trainer))
    for hidden in ((3,), (7, 2)):
        setting = Hyperparameters(0.1, 10, 0.5, 0.0, 8, 0.5, hidden=hidden, activation="relu", init="he")
        (task,) = evaluator.tasks(setting)
        np.testing.assert_array_equal(trainer.run(task).record.metrics, evaluator.trainer.run(task).record.metrics)
        assert evaluator.architecture(setting) == Architecture(4, hidden, 3, "relu", "softmax", "he", "float32")


def test_a_study_stored_before_goes_on(small, tmp_path):
    """Its description holds no setting of the network in [space]."""
    search(small, trials=4, results=tmp_path)
    stored = small.describe()
    assert stored["space"].keys() == small.space.dimensions.keys()
    assert len(search(StudyConfig.from_description(stored), trials=6, results=tmp_path).trials) == 6
