"""L2: random weights make units differ; equal draws, biases and scales that vanish are told."""

import numpy as np
import pandas as pd
import pytest
from helpers import grid_of

from hpsearch.engine.training import Training
from hpsearch.experiments.lessons import Trainings
from hpsearch.experiments.lessons.draws import random_weights

STUDY = """
[data]
source = "digits"
[network]
hidden = [8]
dtype = "float32"
[space]
learning_rate = 0.3
iterations = 120
momentum = 0.0
init_scale = {choices = [1e-60, 1e-38, 1e-8, 0.01, 0.1]}
[search]
seeds = 3
checkpoints = 4
"""


def judged(*dtypes):
    return random_weights([grid_of(STUDY.replace("float32", dtype)) for dtype in dtypes])


def test_small_random_weights_differ_down_to_what_the_precision_holds():
    judgement = judged("float32", "float64")
    assert judgement.verdict == "holds where the scale is at least 1e-08 in float32"
    assert judgement.decided == "at 0.01 all 8 units differ throughout; biases begin at 0"
    assert "all 8 hidden units are distinct" in judgement.evidence[0]
    assert (
        "1e-08 in float32 (not at 1e-38) and down to scale 1e-60 in float64 (the smallest that was tried)"
        in judgement.evidence[1]
    )
    table = judgement.tables["scales"].set_index(["dtype", "init_scale"])
    assert table.loc[("float32", 1e-60), ["start", "least"]].tolist() == [1, 1]
    assert table.loc[("float64", 1e-60), "start"] == 8


@pytest.mark.parametrize("rule", ["a unit twice", "biases drawn"])
def test_another_rule_is_not_borne_out(monkeypatch, rule):
    names = Training.start.__func__.__globals__
    exact = names["initial_parameters"]

    def other(architecture, seed, scale):
        parameters = exact(architecture, seed, scale)
        for layer in architecture.layers(parameters):
            if rule == "biases drawn":
                layer[:, -1] = scale * np.random.default_rng(seed).standard_normal(len(layer))
            else:
                layer[1] = layer[0]
        layer[:, 1] = layer[:, 0]  # of the output: what goes out of the two units is one too
        return parameters

    monkeypatch.setitem(names, "initial_parameters", other)
    judgement = judged("float32")
    assert judgement.verdict == "does not hold"
    told = "where biases are not 0" if rule == "biases drawn" else "only 7 of 8 units are distinct"
    assert told in judgement.evidence[0]
    assert ("begin at other than 0" in judgement.decided) == (rule == "biases drawn")
    assert ("7 of 8 units differ" in judgement.decided) == (rule == "a unit twice")


def judged_with(scale, distinct):
    trainings = grid_of(STUDY)
    curves = trainings.curves.copy()
    late = (curves["init_scale"] == scale) & (curves["iteration"] == 120) & (curves["seed"] == 1)
    curves.loc[late, "distinct_units"] = distinct
    return random_weights([Trainings(curves, trainings.settings, trainings.evaluator)])


def test_units_that_become_one_later_are_told():
    judgement = judged_with(0.01, 7)
    assert judgement.verdict == "does not hold"
    assert "only 7 of 8 units are distinct" in judgement.evidence[0]


def test_the_limit_is_that_of_all_larger_scales():
    assert judged_with(1e-8, 7).verdict == "holds where the scale is at least 1e-08 in float32"  # a pair by chance
    judgement = judged_with(1e-8, 6)
    assert judgement.verdict == "holds where the scale is at least 1e-02 in float32"
    assert judgement.more == [""]  # no smaller scale is left to be told of
    judgement = judged_with(0.1, 6)
    assert judgement.verdict == "does not hold"
    assert "throughout, at no scale in float32" in judgement.evidence[1]


def test_what_has_learned_no_more_than_guessing_is_not_said_to_learn():
    trainings = grid_of(STUDY)
    assert random_weights([trainings]).more[0].startswith("What is that small still learns: from scale 1e-08")
    data = trainings.evaluator.dataset
    guess = np.mean(data.validation.y != pd.Series(data.train.y).mode()[0])
    small = trainings.curves["init_scale"] == 1e-8
    curves = trainings.curves.assign(validation_error=trainings.curves["validation_error"].mask(small, guess))
    told = random_weights([Trainings(curves, trainings.settings, trainings.evaluator)]).more[0]
    assert told.startswith("From scale 1e-08 nothing is shown to be learned in so many iterations: the error ends at ")
    assert told.endswith(f"where the most frequent class for all has {100 * guess:.1f} %.")
    curves = trainings.curves.assign(
        validation_error=0.3 * (trainings.curves["seed"] == trainings.curves["seed"].max())
    )
    rare = random_weights([Trainings(curves, trainings.settings, trainings.evaluator)])
    assert (rare.tables["scales"]["low"] == 0).all()  # and not below
