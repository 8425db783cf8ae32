import numpy as np
import pytest
import reference
from helpers import layers_of, rows_of, trained
from sklearn.metrics import log_loss

from hpsearch.engine import network
from hpsearch.engine.examples import Examples
from hpsearch.engine.network import CEILING, OUTPUTS, initial_parameters, predict, shift
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.training import Training

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
    start = Training.start(architecture, settings, 3)
    rng = np.random.default_rng(1)
    start.parameters[:] += 0.1 * rng.standard_normal(start.parameters.shape)  # biases too, away from relu's kinks
    examples = Examples.of(architecture, (X, y))
    (rows,) = rows_of(examples, 3, BATCH, 1)
    X, Y = X[rows], Y[rows]
    assert len(X) == BATCH
    before = start.parameters
    gradient = (before - trained(start, examples).parameters) / rate

    def cost(flat):
        return reference.cost(layers_of(architecture, flat), X, Y, activation, output, l2)

    step = 1e-6
    differences = np.array(
        [(cost(before + step * e) - cost(before - step * e)) / (2 * step) for e in np.eye(len(before))]
    )
    assert np.linalg.norm(gradient - differences) / np.linalg.norm(differences) < 1e-6


@pytest.mark.parametrize(("rate", "l2"), [(0.1, 0.0), (0.5, 0.3), (0.02, 2.0)])
@pytest.mark.parametrize("seed", [3, 8])
def test_a_first_step_is_the_reference_s_gradient_times_alpha(seed, rate, l2):
    X, y, Y = problem("softmax")
    architecture = Architecture(FEATURES, (4, 3), 3, init="xavier", dtype="float64")
    start = Training.start(architecture, Hyperparameters(rate, 1, 0.5, l2, BATCH, 1.0), seed)
    examples = Examples.of(architecture, (X, y))
    (rows,) = rows_of(examples, seed, BATCH, 1)
    found = reference.gradients(layers_of(architecture, start.parameters), X[rows], Y[rows], "tanh", "softmax", l2)
    moved = layers_of(architecture, trained(start, examples).parameters - start.parameters)
    for (dW, db), (W, b) in zip(found, moved, strict=True):
        np.testing.assert_allclose(W, -rate * dW, rtol=0, atol=1e-14)
        np.testing.assert_allclose(b, -rate * db, rtol=0, atol=1e-14)


def losses(output, logits, targets):
    """Of each example; ``logits`` and ``targets`` are (examples, outputs)."""
    logits, code, values = logits.copy(), OUTPUTS.index(output), np.empty(len(logits))
    if output == "softmax":
        shift(logits)
    network.losses(code, logits, targets.copy(), values)
    return values


def mistakes(output, logits, targets):
    """Of each example, whether it is one."""
    code = OUTPUTS.index(output)
    return [network.mistakes(code, logits[[i]], targets[[i]]) for i in range(len(logits))]


@pytest.mark.parametrize("output", ["softmax", "binary", "identity"])
def test_losses_are_the_textbook_s(output):
    rng = np.random.default_rng(0)
    _, y, Y = problem(output)
    logits = rng.standard_normal((EXAMPLES, Y.shape[1]))
    out = reference.outputs(logits, output)
    if output == "identity":
        expected = np.mean(0.5 * (out - Y) ** 2)
    else:
        expected = log_loss(y, out[:, 0] if output == "binary" else out)
    assert losses(output, logits, Y).mean() == pytest.approx(expected, rel=1e-10)


def test_a_loss_is_clipped_at_the_ceiling_and_stays_nan_where_logits_are():
    first = np.array([[1.0, 0.0]] * 3)
    wrong, right, lost = losses("softmax", np.array([[-500.0, 500.0], [500.0, -500.0], [np.nan, 0.0]]), first)
    assert (wrong, right) == (CEILING, 0)
    assert np.isnan(lost)
    assert np.isnan(losses("softmax", np.array([[0.0, np.nan], [np.inf, 0.0], [0.0, np.inf]]), first)).all()
    wrong, right, lost = losses("binary", np.array([[-500.0], [500.0], [np.nan]]), first[:, :1])
    assert (wrong, right) == (CEILING, 0)
    assert np.isnan(lost)
    far, near, lost = losses("identity", np.array([[100.0], [2.0], [np.nan]]), np.array([[0.0], [1.0], [0.0]]))
    assert (far, near) == (CEILING, 0.5)
    assert np.isnan(lost)


def test_a_tie_goes_to_the_first_class():
    assert mistakes("softmax", np.zeros((2, 3)), np.eye(3)[:2]) == [False, True]
    assert mistakes("binary", np.zeros((2, 1)), np.array([[0.0], [1.0]])) == [False, True]


@pytest.mark.parametrize("output", ["softmax", "binary", "identity"])
def test_what_a_network_answers_is_the_reference_s_however_many_are_asked(output):
    X, _, Y = problem(output)
    X = np.tile(X, (500, 1))  # more than are answered at a time
    architecture = Architecture(FEATURES, (4, 3), Y.shape[1], "sigmoid", output, "xavier")
    parameters = initial_parameters(architecture, 0, 1.0)
    expected = reference.forward(layers_of(architecture, parameters.astype(float)), X, "sigmoid")[1]
    np.testing.assert_allclose(predict(architecture, parameters, X), reference.outputs(expected, output), atol=1e-14)
    with pytest.raises(ValueError, match=r"inputs are \(examples, 5\).*\(6000, 4\)"):
        predict(architecture, parameters, X[:, 1:])


def test_networks_of_one_seed_start_from_the_same_draws_times_their_scale():
    architecture = Architecture(7, (5,), 3, dtype="float64")
    one, other, larger = (initial_parameters(architecture, s, scale) for s, scale in ((1, 0.5), (2, 0.5), (1, 2.0)))
    np.testing.assert_allclose(larger, 4 * one, rtol=1e-15)
    assert not np.allclose(one, other)


@pytest.mark.parametrize(
    ("init", "deviation"),
    [("scaled", lambda n: 1.0), ("he", lambda n: np.sqrt(2 / n)), ("xavier", lambda n: np.sqrt(1 / n))],
)
def test_initial_weights_have_the_scheme_s_standard_deviation_and_biases_are_zero(init, deviation):
    architecture = Architecture(400, (300, 200), 2, init=init, dtype="float64")
    layers = architecture.layers(initial_parameters(architecture, 0, 0.7))
    for layer, fan_in in zip(layers[:2], (400, 300), strict=True):
        assert layer[:, :-1].std() == pytest.approx(0.7 * deviation(fan_in), rel=0.01)
        assert abs(layer[:, :-1].mean()) < 0.01 * deviation(fan_in)
    assert not any(layer[:, -1].any() for layer in layers)


@pytest.mark.parametrize(("init", "value"), [("zeros", 0.0), ("constant", 0.25)])
def test_constant_schemes_give_every_weight_one_value(init, value):
    architecture = Architecture(4, (3,), 2, init=init)
    for layer in architecture.layers(initial_parameters(architecture, 0, 0.25)):
        assert (layer[:, :-1] == value).all()
        assert (layer[:, -1] == 0).all()
