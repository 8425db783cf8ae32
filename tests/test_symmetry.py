"""L1: equal units stay one function, and a beginning that is not quite equal is told."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import grid_of

from hpsearch.engine.network import predict
from hpsearch.engine.training import Training
from hpsearch.experiments.lessons import Trainings, over_seeds, symmetry
from hpsearch.experiments.lessons.symmetry import EQUAL, equal_weights, merged

STUDY = """
[data]
source = "digits"
[space]
learning_rate = {choices = [0.1, 0.3]}
iterations = 150
momentum = 0.0
l2 = 0.0
init_scale = 0.1
width = {choices = [1, 8]}
activation = {choices = ["tanh", "sigmoid"]}
init = {choices = ["zeros", "constant", "scaled"]}
[search]
seeds = 4
checkpoints = 5
"""


@pytest.fixture(scope="module")
def trainings():
    return grid_of(STUDY)


@pytest.fixture(scope="module")
def judgement(trainings):
    return equal_weights(trainings)


def test_equal_weights_are_one_function_for_ever(judgement):
    assert judgement.verdict == "holds"
    assert "at most 1 of 8 hidden units" in judgement.evidence[0]
    assert "In 32 trainings" in judgement.evidence[0]
    assert "8 of the networks give the same answers" in judgement.evidence[0]
    errors = judgement.tables["errors"].query("width == 8").set_index(["activation", "init"])["error"]
    least = min(("tanh", "sigmoid"), key=lambda a: errors[a][["zeros", "constant"]].min() - errors[a, "scaled"])
    equal, drawn = (f"{100 * e:.1f} %" for e in (errors[least][["zeros", "constant"]].min(), errors[least, "scaled"]))
    assert judgement.decided.startswith(f"8 equal units stay 1 function; {least} error {equal} [")
    assert f", from random weights {drawn} [" in judgement.decided
    assert "not shown" not in judgement.decided


def test_zeros_with_tanh_learn_the_class_frequencies_alone(trainings, judgement):
    assert "every weight stays exactly 0" in judgement.more[0]
    counts = np.unique(trainings.evaluator.dataset.train.y, return_counts=True)[1]
    share = counts / counts.sum()
    assert f"{-(share * np.log(share)).sum():.4f}." in judgement.more[0]
    errors = judgement.tables["errors"].set_index(["activation", "init", "width"])
    assert errors.loc[("tanh", "zeros", 8), "train_loss"] == pytest.approx(-(share * np.log(share)).sum(), abs=0.01)
    assert errors.loc[("sigmoid", "zeros", 8), "train_loss"] < 2.29


def test_the_table_of_distinct_units_holds_all_trainings(judgement):
    distinct = judgement.tables["distinct"]
    equal = distinct[distinct["init"].isin(EQUAL)]
    assert (equal[["least", "most"]] == 1).all(axis=None)
    assert (distinct[distinct["init"] == "scaled"][["least", "most"]] == 8).all(axis=None)
    assert sorted(distinct["iteration"].unique())[0] == 0


def test_a_beginning_a_thousandth_from_equal_is_another(monkeypatch):
    names = Training.start.__func__.__globals__
    exact = names["initial_parameters"]

    def perturbed(architecture, seed, scale):
        parameters = exact(architecture, seed, scale)
        if architecture.init in EQUAL:
            parameters += 1e-3 * np.random.default_rng(seed).standard_normal(parameters.shape).astype(parameters.dtype)
        return parameters

    monkeypatch.setitem(names, "initial_parameters", perturbed)
    judgement = equal_weights(grid_of(STUDY))
    assert judgement.verdict == "does not hold"
    assert "at most 8 of 8 hidden units" in judgement.evidence[0]
    assert "other answers" in judgement.evidence[0]
    assert "every weight stays exactly 0" not in judgement.more[0]


def test_units_that_are_one_are_merged_and_answer_the_same(trainings):
    X = trainings.evaluator.dataset.validation.X
    apart = {}
    for init in ("constant", "scaled"):
        rows = trainings.ends.query("init == @init and width == 8 and activation == 'sigmoid'")
        (network,) = trainings.networks(int(rows["number"].iloc[0]), 0, [150])
        one = merged(network)
        assert one.architecture.hidden == (1,)
        answers = [predict(each.architecture, each.parameters, X) for each in (network, one)]
        apart[init] = np.abs(answers[0] - answers[1]).max()
    assert apart["constant"] < 1e-12
    assert apart["scaled"] > 0.01


def test_no_gain_of_random_weights_is_no_verdict(trainings):
    curves = trainings.curves.assign(validation_error=0.5 + 1e-3 * trainings.curves["seed"])
    judgement = equal_weights(type(trainings)(curves, trainings.settings, trainings.evaluator))
    assert judgement.verdict == "does not hold"
    assert "not shown to train better than one" in judgement.evidence[2]
    few = 0.03 + 0.01 * (trainings.curves["init"] != "scaled")  # the same on every seed, and of too few examples
    curves, less = trainings.curves.assign(validation_error=few), over_seeds([0.01, 0.01], step=trainings.step)
    judgement = equal_weights(type(trainings)(curves, trainings.settings, trainings.evaluator))
    assert less.low < 0
    assert judgement.verdict == "does not hold"
    assert judgement.decided.endswith(
        f"error 4.0 % [4.0, 4.0], from random weights 3.0 % [3.0, 3.0], not shown to be less ({less.points})"
    )
    rare = trainings.curves.assign(validation_error=0.3 * (trainings.curves["seed"] == trainings.curves["seed"].max()))
    judgement = equal_weights(type(trainings)(rare, trainings.settings, trainings.evaluator))
    assert (judgement.tables["errors"]["low"] == 0).all()  # and not below


def test_one_unit_that_differs_once_is_told(trainings):
    curves = trainings.curves.copy()
    once = curves.query("init == 'constant' and width == 8 and iteration == 150").index[0]
    curves.loc[once, "distinct_units"] = 2
    judgement = equal_weights(Trainings(curves, trainings.settings, trainings.evaluator))
    assert judgement.verdict == "does not hold"
    assert "at most 2 of 8 hidden units" in judgement.evidence[0]
    assert judgement.decided.startswith("up to 2 of 8 equal units come to differ; ")


def test_networks_that_do_not_answer_as_one_unit_are_told(trainings, monkeypatch):
    def halved(network):
        one = merged(network)
        return replace(one, parameters=one.parameters / 2)

    monkeypatch.setattr(symmetry, "merged", halved)
    judgement = equal_weights(trainings)
    assert judgement.verdict == "does not hold"
    assert "other answers" in judgement.evidence[0]
    assert "stay alike and answer as several" in judgement.decided
