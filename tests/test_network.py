import numpy as np
import pytest
import reference
from sklearn.metrics import log_loss

from hpsearch.engine.diagnostics import Examples
from hpsearch.engine.network import CEILING, Architecture, initial_weights, losses, mistakes
from hpsearch.engine.training import Hyperparameters, Lockstep, Population

FEATURES, EXAMPLES = 5, 12
HIDDEN = {1: (4,), 2: (4, 3), 3: (4, 3, 5)}


def problem(output, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((EXAMPLES, FEATURES))
    if output == "softmax":
        y = np.arange(EXAMPLES) % 3
        return X, y, np.eye(3)[y]
    y = np.arange(EXAMPLES) % 2 if output == "binary" else rng.standard_normal(EXAMPLES)
    return X, y, y[:, None].astype(float)


def layers_of(architecture, flat):
    """The engine's flat parameters as the oracle's pairs (W, b)."""
    return [(layer[0, :, :-1].T.copy(), layer[0, :, -1].copy()) for layer in architecture.layers(flat[None])]


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("output", ["softmax", "binary", "identity"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_a_step_follows_the_cost_s_gradient_by_central_differences(activation, output, depth):
    X, y, Y = problem(output)
    architecture = Architecture(FEATURES, HIDDEN[depth], Y.shape[1], activation, output, "xavier", "float64")
    rate, l2 = 0.1, 0.3
    settings = Hyperparameters(rate, 1, 0.0, l2, EXAMPLES, 1.0)
    start = Population.start(architecture, [settings], [3])
    rng = np.random.default_rng(1)
    start.weights[:] += 0.1 * rng.standard_normal(start.weights.shape)  # biases too, away from relu's kinks
    loop = Lockstep(start, Examples.of(architecture, (X, y)))
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
    ("init", "deviation"), [("scaled", 1.0), ("he", np.sqrt(2 / 400)), ("xavier", np.sqrt(1 / 400))]
)
def test_initial_weights_have_the_scheme_s_standard_deviation_and_biases_are_zero(init, deviation):
    architecture = Architecture(400, (300,), 2, init=init, dtype="float64")
    first = architecture.layers(initial_weights(architecture, [0], [0.7]))[0][0]
    assert first[:, :-1].std() == pytest.approx(0.7 * deviation, rel=0.01)
    assert not first[:, -1].any()


@pytest.mark.parametrize(("init", "value"), [("zeros", 0.0), ("constant", 0.25)])
def test_constant_schemes_give_every_weight_one_value(init, value):
    architecture = Architecture(4, (3,), 2, init=init)
    for layer in architecture.layers(initial_weights(architecture, [0], [0.25])):
        assert (layer[:, :, :-1] == value).all()
        assert (layer[:, :, -1] == 0).all()
