"""L4: 0.01 serves shallow networks and fails in deep ones; where it does not, or fan-in fails too, that is told."""

import re

import numpy as np
import pytest
from helpers import grid_of

from hpsearch.experiments.lessons import Trainings
from hpsearch.experiments.lessons.depths import one_scale_for_every_depth

STUDY = """
[data]
source = "digits"
[space]
learning_rate = {choices = [0.1, 0.3]}
iterations = 300
momentum = 0.0
l2 = 0.0
width = 24
depth = {choices = [1, 5]}
INIT
[search]
seeds = 6
checkpoints = 2
"""
SCALES = STUDY.replace("INIT", "init_scale = {choices = [0.01, 1.0]}\nactivation = {choices = ['tanh', 'sigmoid']}")
FAN_IN = STUDY.replace(
    "INIT", "init_scale = 1.0\ninit = {choices = ['xavier', 'he']}\nactivation = {choices = ['tanh', 'sigmoid']}"
)


@pytest.fixture(scope="module")
def studies():
    return grid_of(SCALES), grid_of(FAN_IN)


@pytest.fixture(scope="module")
def judgement(studies):
    return one_scale_for_every_depth(*studies)


def changed(trainings, change):
    return Trainings(change(trainings.curves.copy()), trainings.settings, trainings.evaluator)


def test_a_small_scale_fails_with_depth_and_fan_in_serves_where_the_units_are_tanh(judgement):
    assert judgement.verdict == "holds where units are tanh"
    errors = judgement.tables["errors"].set_index(["activation", "depth", "scheme"])
    assert errors.loc[("tanh", 5, "scale 0.01"), "error"] > 0.8
    assert errors.loc[("tanh", 1, "scale 0.01"), "serves"]
    assert not errors.loc[("sigmoid", 5, "he"), "serves"]
    assert (errors["seeds"] == 3).all()
    assert judgement.evidence[0].startswith("tanh, error with 1 and 5 hidden layers: from scale 0.01 ")
    assert judgement.evidence[1].startswith("sigmoid, ")
    shallow, deep = (round(100 * errors.loc[("tanh", depth, "scale 0.01"), "error"]) for depth in (1, 5))
    assert judgement.decided.startswith(f"1 tanh layer errs in {shallow} % [")
    assert f"from 0.01, 5 in {deep} % [" in judgement.decided
    assert "not shown" not in judgement.decided
    fan_in = min(("xavier", "he"), key=lambda scheme: errors.loc[("tanh", 5, scheme), "error"])
    assert f"({fan_in}: {round(100 * errors.loc[('tanh', 5, fan_in), 'error'])} % [" in judgement.decided


def test_signals_shrink_layer_by_layer_from_a_small_scale_and_keep_their_size_from_fan_in(judgement):
    layers = judgement.tables["layers"]
    sizes = layers.query("activation == 'tanh' and quantity == 'activations'").set_index(["scheme", "layer"])["size"]
    assert len(sizes) == 4 * 5
    small, fan_in = (np.array([sizes[scheme, layer] for layer in range(1, 6)]) for scheme in ("scale 0.01", "xavier"))
    back = layers.query("activation == 'tanh' and quantity == 'gradient' and scheme == 'scale 0.01' and layer == 1")
    assert f"{small[-1]:.0e} and {back['size'].iloc[0]:.0e} from scale 0.01" in judgement.more[2]
    np.testing.assert_allclose(small[1:] / small[:-1], 0.01 * np.sqrt(24), rtol=0.4)
    assert (fan_in > 0.25).all()


def test_a_small_scale_that_serves_the_deep_does_not_bear_it_out(studies):
    def saved(curves):
        return curves.assign(validation_error=0.05 + 1e-4 * curves["seed"])

    judgement = one_scale_for_every_depth(*(changed(each, saved) for each in studies))
    assert judgement.verdict == "does not hold"
    assert "; 5 from scale 0.01 not shown to lose over 5 points (loses 0.0 points [-1.7, 1.7])" in judgement.decided

    def rare(curves):
        return curves.assign(validation_error=0.3 * (curves["seed"] == curves["seed"].max()))

    errors = one_scale_for_every_depth(*(changed(each, rare) for each in studies)).tables["errors"]
    assert (errors["low"] == 0).all()  # and not below


def test_a_small_scale_that_fails_the_shallow_does_not_bear_it_out(studies):
    def broken(curves):
        bad = (curves["depth"] == 1) & (curves["init_scale"] == 0.01)
        return curves.assign(validation_error=curves["validation_error"].where(~bad, 0.5))

    judgement = one_scale_for_every_depth(changed(studies[0], broken), studies[1])
    assert judgement.verdict == "does not hold"
    loss = judgement.tables["errors"].query("activation == 'tanh' and depth == 1 and scheme == 'scale 0.01'")["loss"]
    told = f"; 1 from scale 0.01 not shown to be within 5 points of the best (loses {100 * loss.iloc[0]:.1f} points ["
    assert told in judgement.decided


@pytest.mark.parametrize("depth", [1, 5])
def test_fan_in_that_fails_the_shallow_or_the_deep_does_not_bear_it_out(studies, depth):
    def broken(curves):
        return curves.assign(validation_error=curves["validation_error"].where(curves["depth"] != depth, 0.9))

    judgement = one_scale_for_every_depth(studies[0], changed(studies[1], broken))
    assert judgement.verdict == "does not hold"
    assert re.search(rf"; {depth} from (xavier|he) not shown to be within 5 points of the best", judgement.decided)


def test_a_loss_is_paired_by_seed(judgement):
    errors = judgement.tables["errors"]
    row = errors.query("activation == 'sigmoid' and depth == 1 and scheme == 'scale 0.01'").iloc[0]
    best = errors.query("activation == 'sigmoid' and depth == 1 and best").iloc[0]
    assert row["loss"] == pytest.approx(row["error"] - best["error"])
    assert (best["loss_low"], best["loss_high"]) == (0, 0)
