"""What is measured is right, and the lesson's claims L1 to L3 are seen in it."""

import numpy as np
import pytest
import reference
from sklearn.datasets import load_diabetes, load_digits
from sklearn.metrics import accuracy_score, log_loss, r2_score
from test_network import layers_of

from hpsearch.engine.diagnostics import Examples, distinct, measure
from hpsearch.engine.network import CEILING, Architecture, Rooms
from hpsearch.engine.training import Hyperparameters, Population, checkpoints, train


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X - X[:1200].mean(0)) / np.maximum(X[:1200].std(0), 1e-9), y


def digits_examples(architecture, digits):
    X, y = digits
    return Examples.of(architecture, (X[:1200], y[:1200]), (X[1200:], y[1200:]))


def at_start(examples, architecture, scales, l2=0.0):
    population = Population.start(
        architecture, [Hyperparameters(0.1, 1, 0.0, l2, 8, s) for s in scales], [0] * len(scales)
    )
    metrics, diverged = measure(
        architecture, population.weights, np.full(len(scales), l2), examples, Rooms(architecture, len(scales))
    )
    return population, dict(zip(examples.metrics, metrics.T, strict=True)), diverged


def curves(architecture, examples, settings, stops):
    """``{metric: (members, stops)}`` of members that all train as long."""
    *records, _ = train(Population.start(architecture, settings, [0] * len(settings)), examples, stops)
    table = np.stack([record.metrics for record in records], axis=1)
    return {name: table[:, :, i] for i, name in enumerate(examples.metrics)}


def test_metrics_equal_scikit_learn_s_and_the_reference_s(digits):
    X, y = digits
    architecture = Architecture(64, (16, 8), 10, dtype="float64")
    examples = digits_examples(architecture, digits)
    population, found, diverged = at_start(examples, architecture, [0.5], l2=0.2)
    layers = layers_of(architecture, population.weights[0])
    hidden, logits = reference.forward(layers, X, "tanh")
    probability = reference.outputs(logits, "softmax")
    gradients = reference.gradients(layers, X[:256], np.eye(10)[y[:256]], "tanh", "softmax", 0.2)
    flat = np.concatenate([np.r_[dW.ravel(), db] for dW, db in gradients])
    units = np.concatenate([a[:256].ravel() for a in hidden[1:]])
    assert not diverged.any()
    assert found["train_loss"][0] == pytest.approx(log_loss(y[:1200], probability[:1200]), rel=1e-9)
    assert found["validation_loss"][0] == pytest.approx(log_loss(y[1200:], probability[1200:]), rel=1e-9)
    accuracy = accuracy_score(y[1200:], probability[1200:].argmax(axis=1))
    assert found["validation_error"][0] == pytest.approx(1 - accuracy)
    assert found["gradient_norm"][0] == pytest.approx(np.linalg.norm(flat), rel=1e-9)
    assert found["saturation"][0] == pytest.approx(np.mean(1 - units**2 < 0.02))
    weights = np.concatenate([W.ravel() for W, _ in layers])
    assert found["weight_norm"][0] == pytest.approx(np.linalg.norm(weights))
    assert found["distinct_units"][0] == 8  # the fewest of any hidden layer


def test_regression_is_scored_by_r2_and_half_the_squared_error():
    X, y = load_diabetes(return_X_y=True)
    y = (y - y.mean()) / y.std()
    architecture = Architecture(10, (4,), 1, output="identity", dtype="float64")
    examples = Examples.of(architecture, (X[:300], y[:300]), (X[300:], y[300:]))
    population, found, _ = at_start(examples, architecture, [0.5])
    logits = reference.forward(layers_of(architecture, population.weights[0]), X[300:], "tanh")[1][:, 0]
    assert found["validation_r2"][0] == pytest.approx(r2_score(y[300:], logits))
    assert found["validation_loss"][0] == pytest.approx(0.5 * np.mean((y[300:] - logits) ** 2))


def test_weights_that_are_not_finite_count_as_diverged_and_hold_the_ceiling(digits):
    architecture = Architecture(64, (4,), 10)
    examples = digits_examples(architecture, digits)
    population = Population.start(architecture, [Hyperparameters(0.1, 1, 0.0, 0.0, 8, 0.1)] * 2, [0, 0])
    population.weights[1, 3] = np.inf
    metrics, diverged = measure(architecture, population.weights, np.zeros(2), examples, Rooms(architecture, 2))
    assert diverged.tolist() == [False, True]
    assert np.isfinite(metrics[0]).all()
    assert metrics[1, :3] == pytest.approx([CEILING, CEILING, 1.0])


def test_distinct_counts_functions_and_not_rows():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((1, 1, 50))
    b = rng.standard_normal((1, 1, 50))
    zero = np.zeros_like(a)
    assert distinct(np.concatenate([a, b, a, zero, zero, -a], axis=1)).tolist() == [4]
    assert distinct(np.concatenate([a, a * (1 + 1e-6)], axis=1)).tolist() == [1]  # rounding is no difference
    assert distinct(np.concatenate([a, a * 1.01], axis=1)).tolist() == [2]


@pytest.mark.parametrize("init", ["zeros", "constant"])
def test_constant_init_keeps_all_hidden_units_identical_at_every_checkpoint(digits, init):
    """L1: equal units get equal gradients, for ever."""
    architecture = Architecture(64, (32,), 10, init=init)
    settings = [Hyperparameters(rate, 800, 0.9, 1e-4, 32, 0.1) for rate in (0.01, 0.05, 0.2)]
    found = curves(architecture, digits_examples(architecture, digits), settings, checkpoints(800, 12))
    assert (found["distinct_units"] == 1).all()


def test_thirty_two_identical_units_are_one_unit_and_score_as_one(digits):
    """L1: folded into one unit, with their output weights summed, they predict the same; random ones do far better."""
    X, _ = digits
    examples, wide = digits_examples(Architecture(64, (32,), 10), digits), {}
    for init in ("constant", "scaled"):
        architecture = Architecture(64, (32,), 10, init=init)
        population = Population.start(architecture, [Hyperparameters(0.05, 1500, 0.9, 1e-4, 32, 0.1)], [0])
        *records, _ = train(population, examples, (1500,))
        wide[init] = records[-1].weights[0], records[-1].metrics[0, examples.metrics.index("validation_error")]
    (W1, b1), (W2, b2) = layers_of(Architecture(64, (32,), 10), wide["constant"][0].astype(float))
    one = [(W1[:, :1], b1[:1]), (W2.sum(axis=0, keepdims=True), b2)]
    many = reference.forward([(W1, b1), (W2, b2)], X, "tanh")[1]
    np.testing.assert_allclose(reference.forward(one, X, "tanh")[1], many, atol=1e-3)
    assert wide["constant"][1] > 0.4
    assert wide["scaled"][1] < 0.15


def test_scaled_random_init_has_as_many_distinct_units_as_units_ever_after(digits):
    """L2: random weights break the symmetry, with biases at zero."""
    architecture = Architecture(64, (32,), 10)
    settings = [Hyperparameters(0.1, 400, 0.9, 1e-4, 32, scale) for scale in (0.01, 0.1)]
    found = curves(architecture, digits_examples(architecture, digits), settings, checkpoints(400, 8))
    assert (found["distinct_units"] == 32).all()


def test_a_large_scale_saturates_from_the_start(digits):
    """L3: saturation at iteration 0 rises with the scale, from none to nearly all."""
    architecture = Architecture(64, (32,), 10)
    _, found, _ = at_start(digits_examples(architecture, digits), architecture, [0.01, 0.1, 0.3, 1, 3, 10])
    assert (np.diff(found["saturation"]) > 0).all()
    assert found["saturation"][0] == 0
    assert found["saturation"][-1] > 0.9


def test_a_large_first_layer_shrinks_its_own_first_gradients(digits):
    """L3: with W1 large and W2 kept small, the slope of tanh starves the first layer's gradient.

    The scale is taken up by W1 alone, as in the lesson: when W2 grows as well, the signal that comes back grows with
    it and the gradient's absolute length does not fall.
    """
    X, y = digits
    architecture = Architecture(64, (32,), 10, dtype="float64")
    lengths = []
    for scale in (0.1, 1.0, 10.0, 100.0):
        population = Population.start(architecture, [Hyperparameters(0.1, 1, 0.0, 0.0, 8, 0.1)], [0])
        layers = layers_of(architecture, population.weights[0])
        layers[0] = (layers[0][0] * scale / 0.1, layers[0][1])
        dW1 = reference.gradients(layers, X[:256], np.eye(10)[y[:256]], "tanh", "softmax", 0.0)[0][0]
        lengths.append(np.linalg.norm(dW1))
    assert (np.diff(lengths) < 0).all()
    assert lengths[-1] < lengths[0] / 5


def test_gradients_relative_to_the_weights_fall_with_a_large_scale(digits):
    """L3: what a first step changes of the weights falls by more than a hundred times from scale 0.1 to 100."""
    architecture = Architecture(64, (32,), 10)
    _, found, _ = at_start(digits_examples(architecture, digits), architecture, [0.1, 1, 10, 100])
    relative = found["gradient_norm"] / found["weight_norm"]
    assert (np.diff(relative) < 0).all()
    assert relative[-1] < relative[0] / 100


def test_a_large_scale_needs_more_iterations_to_a_loss(digits):
    """L3: learning is slow from the start."""
    architecture = Architecture(64, (32,), 10)
    settings = [Hyperparameters(0.1, 600, 0.9, 0.0, 64, scale) for scale in (0.1, 1.0, 3.0, 10.0)]
    stops = checkpoints(600, 40)
    found = curves(architecture, digits_examples(architecture, digits), settings, stops)
    reached = [next((s for s, v in zip(stops, loss, strict=True) if v < 0.3), 601) for loss in found["train_loss"]]
    assert reached == sorted(reached)
    assert reached[-1] > 5 * reached[0]
