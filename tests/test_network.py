import numpy as np
import pytest
import reference
from helpers import layers_of
from sklearn.metrics import log_loss

from hpsearch.engine.examples import Examples
from hpsearch.engine.network import CEILING, initial_weights, losses, mistakes
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.training import Lockstep, MiniBatches, Population

FEATURES, EXAMPLES, BATCH = 5, 12, 8
HIDDEN = {1: (4,), 2: (4, 3), 3: (4, 3, 5)}


def problem(output, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((EXAMPLES, FEATURES))
    if output == "softmax":
        y = np.arange(EXAMPLES) % 3
        return X, y, np.eye(3)[y]
    y = np.arange(EXAMPLES) % 2 if output == "binary" else rng.standard_normal(EXAMPLES)
    return X, y, y[:, None].astype(float)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("output", ["softmax", "binary", "identity"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_a_step_follows_the_cost_s_gradient_by_central_differences(activation, output, depth):
    X, y, Y = problem(output)
    architecture = Architecture(FEATURES, HIDDEN[depth], Y.shape[1], activation, output, "xavier", "float64")
    rate, l2 = 0.1, 0.3
    settings = Hyperparameters(rate, 1, 0.9, l2, BATCH, 1.0)
    start = Population.start(architecture, [settings], [3])
    rng = np.random.default_rng(1)
    start.weights[:] += 0.1 * rng.standard_normal(start.weights.shape)  # biases too, away from relu's kinks
    examples = Examples.of(architecture, (X, y))
    batch = MiniBatches(examples, 3, BATCH).at(0, slice(None))
    X, Y = batch.rows[:, :-1], batch.targets.T
    assert len(X) == BATCH
    loop = Lockstep(start, examples)
    before = start.weights[0].copy()
    loop.advance(1)
    gradient = (before - loop.population.weights[0]) / rate

    def cost(flat):
        return reference.cost(layers_of(architecture, flat), X, Y, activation, output, l2)

    step = 1e-6
    differences = np.array(
        [(cost(before + step * e) - cost(before - step * e)) / (2 * step) for e in np.eye(len(before))]
    )
    assert np.linalg.norm(gradient - differences) / np.linalg.norm(differences) < 1e-6


def test_a_step_of_members_with_two_seeds_and_other_settings_follows_each_one_s_own_gradient():
    X, y, _ = problem("softmax")
    architecture = Architecture(FEATURES, (4, 3), 3, init="xavier", dtype="float64")
    settings = [Hyperparameters(rate, 1, 0.5, l2, BATCH, 1.0) for rate, l2 in [(0.1, 0.0), (0.5, 0.3), (0.02, 2.0)]]
    seeds = [3, 8, 3]
    examples = Examples.of(architecture, (X, y))
    start = Population.start(architecture, settings, seeds)
    before = start.weights.copy()
    loop = Lockstep(start, examples)
    loop.advance(1)
    for member, (setting, seed) in enumerate(zip(settings, seeds, strict=True)):
        batch = MiniBatches(examples, seed, BATCH).at(0, slice(None))
        found = reference.gradients(
            layers_of(architecture, before[member]), batch.rows[:, :-1], batch.targets.T, "tanh", "softmax", setting.l2
        )
        moved = layers_of(architecture, loop.population.weights[member] - before[member])
        for (dW, db), (W, b) in zip(found, moved, strict=True):
            np.testing.assert_allclose(W, -setting.learning_rate * dW, rtol=0, atol=1e-14)
            np.testing.assert_allclose(b, -setting.learning_rate * db, rtol=0, atol=1e-14)


@pytest.mark.parametrize("output", ["softmax", "binary", "identity"])
def test_losses_are_the_textbook_s(output):
    rng = np.random.default_rng(0)
    _, y, Y = problem(output)
    logits = rng.standard_normal((2, Y.shape[1], EXAMPLES))
    for member in range(2):
        out = reference.outputs(logits[member].T, output)
        if output == "identity":
            expected = np.mean(0.5 * (out - Y) ** 2)
        else:
            expected = log_loss(y, out[:, 0] if output == "binary" else out)
        assert losses(output, logits, Y.T)[member].mean() == pytest.approx(expected, rel=1e-10)


def test_a_loss_is_clipped_at_the_ceiling_and_stays_nan_where_logits_are():
    targets = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    logits = np.array([[[-500.0, 500.0, np.nan], [500.0, -500.0, 0.0]]])
    loss = losses("softmax", logits, targets)[0]
    assert loss[0] == CEILING
    assert loss[1] == 0
    assert np.isnan(loss[2])
    wrong, right = losses("binary", np.array([[[-500.0, 500.0]]]), np.array([[1.0, 1.0]]))[0]
    assert (wrong, right) == (CEILING, 0)
    far, near = losses("identity", np.array([[[100.0, 2.0]]]), np.array([[0.0, 1.0]]))[0]
    assert (far, near) == (CEILING, 0.5)


def test_a_tie_goes_to_the_first_class():
    targets = np.eye(3)[:, [0, 1]]
    assert mistakes("softmax", np.zeros((1, 3, 2)), targets).tolist() == [[False, True]]
    assert mistakes("binary", np.zeros((1, 1, 2)), np.array([[0.0, 1.0]])).tolist() == [[False, True]]


def test_members_of_one_seed_start_from_the_same_draws_times_their_scale():
    architecture = Architecture(7, (5,), 3, dtype="float64")
    weights = initial_weights(architecture, [1, 2, 1], [0.5, 0.5, 2.0])
    np.testing.assert_allclose(weights[2], 4 * weights[0], rtol=1e-15)
    assert not np.allclose(weights[0], weights[1])


def test_a_member_s_initial_weights_do_not_depend_on_its_company():
    architecture = Architecture(7, (5,), 3)
    alone = initial_weights(architecture, [4], [0.3])
    among = initial_weights(architecture, [9, 4, 4], [1.0, 0.3, 2.0])
    np.testing.assert_array_equal(alone[0], among[1])


@pytest.mark.parametrize(
    ("init", "deviation"),
    [("scaled", lambda n: 1.0), ("he", lambda n: np.sqrt(2 / n)), ("xavier", lambda n: np.sqrt(1 / n))],
)
def test_initial_weights_have_the_scheme_s_standard_deviation_and_biases_are_zero(init, deviation):
    architecture = Architecture(400, (300, 200), 2, init=init, dtype="float64")
    layers = architecture.layers(initial_weights(architecture, [0], [0.7]))
    for layer, fan_in in zip(layers[:2], (400, 300), strict=True):
        assert layer[0, :, :-1].std() == pytest.approx(0.7 * deviation(fan_in), rel=0.01)
        assert abs(layer[0, :, :-1].mean()) < 0.01 * deviation(fan_in)
    assert not any(layer[0, :, -1].any() for layer in layers)


@pytest.mark.parametrize(("init", "value"), [("zeros", 0.0), ("constant", 0.25)])
def test_constant_schemes_give_every_weight_one_value(init, value):
    architecture = Architecture(4, (3,), 2, init=init)
    for layer in architecture.layers(initial_weights(architecture, [0], [0.25])):
        assert (layer[:, :, :-1] == value).all()
        assert (layer[:, :, -1] == 0).all()
