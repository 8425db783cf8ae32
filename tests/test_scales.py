"""L3: large scales saturate tanh and slow learning; without saturation, or without slowness, the claim falls."""

import numpy as np
import pytest
from helpers import grid_of

from hpsearch.experiments.lessons import Trainings
from hpsearch.experiments.lessons.scales import _iterations, large_scale

STUDY = """
[data]
source = "digits"
[network]
hidden = [16]
[space]
learning_rate = 0.1
iterations = 700
momentum = 0.0
l2 = 0.0
init_scale = {choices = [0.01, 0.3, 1.0, 10.0]}
activation = {choices = ["tanh", "relu"]}
[search]
seeds = 4
checkpoints = 24
"""


@pytest.fixture(scope="module")
def trainings():
    return grid_of(STUDY)


def changed(trainings, change):
    return large_scale(Trainings(change(trainings.curves.copy()), trainings.settings, trainings.evaluator))


def test_a_large_scale_saturates_and_is_slow(trainings):
    judgement = large_scale(trainings)
    assert judgement.verdict == "holds where the scale is 1 or more"
    assert judgement.evidence[0].startswith("At α 0.1 tanh learns fastest from scale 0.3")
    assert "none of 4 trainings reaches loss 0.5 in 700 iterations" in judgement.evidence[1]
    assert "Too small is slow as well: from 0.01" in judgement.more[0]
    assert "As a share of the weights' length it shrinks" in judgement.more[1]
    table = judgement.tables["scales"].set_index(["activation", "init_scale"])
    one = table.loc[("tanh", 1.0)]
    assert judgement.decided.startswith(f"tanh is {100 * one['saturation']:.1f} % [")
    assert f"saturated at 1, {np.exp(one['slower']):.1f} times [" in judgement.decided
    assert judgement.decided.endswith("as slow as 0.3")
    start = trainings.curves.query("activation == 'tanh' and init_scale == 1 and iteration == 0")["saturation"]
    assert table.loc[("tanh", 1.0), "saturation"] == pytest.approx(start.mean())
    assert table.loc[("tanh", 10.0), "reached"] == 0
    assert table.loc[("tanh", 10.0), "iterations"] == pytest.approx(700)


def test_units_that_do_not_saturate_do_not_bear_it_out(trainings):
    def relu_as_tanh(curves):
        return curves[curves["activation"] == "relu"].assign(activation="tanh")

    judgement = changed(trainings, relu_as_tanh)
    assert judgement.verdict == "does not hold"
    assert changed(trainings, lambda curves: curves.assign(saturation=0.0)).verdict == "does not hold"
    rare = changed(trainings, lambda curves: curves.assign(saturation=0.3 * (curves["seed"] == curves["seed"].max())))
    assert (rare.tables["scales"]["saturation_low"] == 0).all()  # and not below


def test_saturation_without_slowness_does_not_bear_it_out(trainings):
    def alike(curves):
        fast = curves.query("init_scale == 0.3").set_index(["activation", "seed", "iteration"])["train_loss"]
        keys = curves.set_index(["activation", "seed", "iteration"]).index
        return curves.assign(train_loss=fast.reindex(keys).to_numpy())

    assert changed(trainings, alike).verdict == "does not hold"


def test_where_no_training_learns_no_scale_is_called_fastest(trainings):
    judgement = changed(trainings, lambda curves: curves.assign(train_loss=2.3))
    assert judgement.verdict == "does not hold"
    assert judgement.decided == "no tanh training reaches loss 0.5 from any scale"
    assert "so nothing is seen" in judgement.evidence[0]


def test_the_largest_scale_may_be_the_fastest(trainings):
    def turned(curves):
        scales = {0.01: 10.0, 0.3: 1.0, 1.0: 0.3, 10.0: 0.01}
        return curves.assign(init_scale=curves["init_scale"].map(scales)).query("init_scale != 10.0")

    assert changed(trainings, turned).decided == "tanh learns fastest from the largest scale, 1"


def test_when_the_target_is_reached_is_read_between_checkpoints(trainings):
    curves = trainings.curves.query("number == 0 and seed == 0").head(4)
    read = curves.assign(iteration=[0, 10, 100, 1000], train_loss=[2.0, 1.0, 0.0, 0.0])
    assert np.exp(_iterations(read)) == pytest.approx([np.sqrt(10 * 100)])
    assert np.exp(_iterations(read.assign(train_loss=1.0))) == pytest.approx([1000])
    assert np.exp(_iterations(read.assign(train_loss=0.1))) == pytest.approx([1])
