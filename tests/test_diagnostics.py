"""What is measured is right, and the lesson's claims L1 to L3 are seen in it."""

import numpy as np
import pytest
import reference
from helpers import layers_of, rows_of, trained
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.metrics import accuracy_score, log_loss, r2_score

from hpsearch.engine.diagnostics import distinct
from hpsearch.engine.examples import Examples
from hpsearch.engine.losses import CEILING
from hpsearch.engine.metrics import METRIC
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.training import Training, checkpoints, train


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X - X[:1200].mean(0)) / np.maximum(X[:1200].std(0), 1e-9), y


def digits_examples(architecture, digits):
    X, y = digits
    return Examples.of(architecture, (X[:1200], y[:1200]), (X[1200:], y[1200:]))


def at_start(examples, architecture, scales, *, l2=0.0, bias=0.0):
    """Parameters of networks of some scales, their metrics before training by name, and which have diverged."""
    starts = [Training.start(architecture, Hyperparameters(0.1, 1, 0.0, l2, 8, scale), 0) for scale in scales]
    for start in starts:
        for layer in architecture.layers(start.parameters):
            layer[:, -1] = bias
    records = [train(start, examples, (0,), until=0)[0] for start in starts]
    metrics = np.concatenate([record.metrics for record in records])
    columns = dict(zip(examples.metrics, metrics.T, strict=True))
    return [start.parameters for start in starts], columns, [record.diverged for record in records]


def curves(architecture, examples, settings, stops):
    """``{metric: (networks, stops)}`` of networks that all train as long."""
    records = [train(Training.start(architecture, s, 0), examples, stops)[0] for s in settings]
    table = np.stack([record.metrics for record in records])
    return {name: table[:, :, i] for i, name in enumerate(examples.metrics)}


def test_metrics_equal_scikit_learn_s_and_the_reference_s(digits):
    X, y = digits
    architecture = Architecture(64, (16, 8), 10, dtype="float64")
    examples = digits_examples(architecture, digits)
    parameters, found, diverged = at_start(examples, architecture, [0.5], l2=0.2, bias=0.4)
    layers = layers_of(architecture, parameters[0])
    hidden, logits = reference.forward(layers, X, "tanh")
    probability = reference.outputs(logits, "softmax")
    gradients = reference.gradients(layers, X[:256], np.eye(10)[y[:256]], "tanh", "softmax", 0.2)
    flat = np.concatenate([np.r_[dW.ravel(), db] for dW, db in gradients])
    units = np.concatenate([a[:256].ravel() for a in hidden[1:]])
    assert diverged == [False]
    assert found["train_loss"][0] == pytest.approx(log_loss(y[:1200], probability[:1200]), rel=1e-9)
    assert found["validation_loss"][0] == pytest.approx(log_loss(y[1200:], probability[1200:]), rel=1e-9)
    accuracy = accuracy_score(y[1200:], probability[1200:].argmax(axis=1))
    assert found["validation_error"][0] == pytest.approx(1 - accuracy)
    assert found["gradient_norm"][0] == pytest.approx(np.linalg.norm(flat), rel=1e-9)
    assert found["saturation"][0] == pytest.approx(np.mean(1 - units**2 < 0.02))
    weights = np.concatenate([W.ravel() for W, _ in layers])
    assert found["weight_norm"][0] == pytest.approx(np.linalg.norm(weights))
    assert found["distinct_units"][0] == 8  # the fewest of any hidden layer


@pytest.mark.parametrize("far", [None, 100.0])
def test_regression_is_scored_by_r2_and_half_the_squared_error_that_counts_up_to_the_ceiling(far):
    X, y = load_diabetes(return_X_y=True)
    y = (y - y.mean()) / y.std()
    if far:
        y[-1] = far
    architecture = Architecture(10, (4,), 1, output="identity", dtype="float64")
    examples = Examples.of(architecture, (X[:300], y[:300]), (X[300:], y[300:]))
    parameters, found, _ = at_start(examples, architecture, [0.5])
    logits = reference.forward(layers_of(architecture, parameters[0]), X[300:], "tanh")[1][:, 0]
    assert found["validation_r2"][0] == pytest.approx(r2_score(y[300:], logits))
    counted = np.minimum(0.5 * (y[300:] - logits) ** 2, -np.log(np.finfo(np.float32).eps))
    assert found["validation_loss"][0] == pytest.approx(counted.mean())


def test_r2_is_no_less_than_that_of_a_diverged_training():
    X, y = load_diabetes(return_X_y=True)
    y = (y - y.mean()) / y.std()
    architecture = Architecture(10, (4,), 1, output="identity", dtype="float64")
    examples = Examples.of(architecture, (X[:300], y[:300]), (X[300:], y[300:]))
    _, found, _ = at_start(examples, architecture, [1e6])
    assert found["validation_r2"][0] == pytest.approx(1 + 2 * np.log(np.finfo(np.float32).eps))
    assert METRIC["validation_r2"].worst == found["validation_r2"][0]


def test_two_classes_are_scored_by_accuracy_and_log_loss():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    architecture = Architecture(30, (4,), 1, "sigmoid", "binary", dtype="float64")
    examples = Examples.of(architecture, (X[:200], y[:200]), (X[200:], y[200:]))
    parameters, found, _ = at_start(examples, architecture, [1.0, 0.3])
    for member in range(2):
        logits = reference.forward(layers_of(architecture, parameters[member]), X, "sigmoid")[1]
        probability = reference.outputs(logits, "binary")[:, 0]
        assert found["train_loss"][member] == pytest.approx(log_loss(y[:200], probability[:200]), rel=1e-9)
        assert found["validation_loss"][member] == pytest.approx(log_loss(y[200:], probability[200:]), rel=1e-9)
        accuracy = accuracy_score(y[200:], probability[200:] > 0.5)
        assert found["validation_error"][member] == pytest.approx(1 - accuracy)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_saturation_is_the_share_of_slopes_under_two_percent_of_the_steepest(digits, activation):
    architecture = Architecture(64, (16, 8), 10, activation, dtype="float64")
    parameters, found, _ = at_start(digits_examples(architecture, digits), architecture, [0.3, 1.0])
    for member in range(2):
        hidden, _ = reference.forward(layers_of(architecture, parameters[member]), digits[0][:256], activation)
        slopes = np.concatenate([reference.ACTIVATIONS[activation][1](a).ravel() for a in hidden[1:]])
        steepest = {"tanh": 1.0, "relu": 1.0, "sigmoid": 0.25}[activation]
        assert found["saturation"][member] == pytest.approx(np.mean(slopes < 0.02 * steepest))
        assert 0 < found["saturation"][member] < 1


def test_the_train_loss_of_a_large_set_is_measured_on_its_first_2048_examples():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((3000, 5)), rng.integers(0, 3, 3000)
    architecture = Architecture(5, (4,), 3, dtype="float64")
    parameters, found, _ = at_start(Examples.of(architecture, (X, y)), architecture, [1.0])
    layers = layers_of(architecture, parameters[0])
    expected = reference.loss(layers, X[:2048], np.eye(3)[y[:2048]], "tanh", "softmax")
    assert found["train_loss"][0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("place", [3, 64])  # a weight; a bias, which saturates its unit and leaves all else finite
def test_weights_that_are_not_finite_count_as_diverged_and_hold_the_ceiling(digits, place):
    architecture = Architecture(64, (4,), 10)
    examples = digits_examples(architecture, digits)
    start = Training.start(architecture, Hyperparameters(0.1, 1, 0.0, 0.0, 8, 0.1), 0)
    start.parameters[place] = np.inf
    record, end = train(start, examples, (0, 1))
    assert record.diverged
    assert (record.iterations, end.iteration) == ((0,), 0)
    assert record.metrics[0, :3] == pytest.approx([CEILING, CEILING, 1.0])
    assert np.isnan(record.metrics[0, 3:]).all()


@pytest.mark.parametrize("value", [np.nan, 1e30])
def test_a_metric_that_is_not_finite_is_divergence_too(digits, value):
    """Logits that overflow or are no number, from an input, with weights that are finite."""
    architecture = Architecture(64, (4,), 10, "relu")
    X, y = digits[0].copy(), digits[1]
    X[1200] = value
    start = Training.start(architecture, Hyperparameters(0.1, 1, 0.0, 0.0, 8, 1e9), 0)
    record, _ = train(start, digits_examples(architecture, (X, y)), (0,))
    assert record.diverged


def test_distinct_counts_functions_and_not_rows():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 50, 1))
    zero = np.zeros_like(a)
    assert distinct(np.hstack([a, b, a, zero, zero, -a])) == 4
    assert distinct(np.hstack([a, a * (1 + 1e-6)])) == 1  # rounding is no difference
    assert distinct(np.hstack([a, a * 1.01])) == 2


@pytest.mark.parametrize("batch_size", [1, 8, 32, 100, 1200])
def test_zeros_init_keeps_all_hidden_units_identical_at_every_checkpoint(digits, batch_size):
    """L1: nothing reaches the hidden layer, at any step size and on any processor."""
    architecture = Architecture(64, (32,), 10, init="zeros")
    settings = [Hyperparameters(rate, 500, 0.9, 1e-4, batch_size, 0.1) for rate in (0.01, 0.05, 0.2)]
    found = curves(architecture, digits_examples(architecture, digits), settings, checkpoints(500, 12))
    assert (found["distinct_units"] == 1).all()
    assert (found["weight_norm"] == 0).all()


@pytest.mark.parametrize("batch_size", [1, 8, 32, 100, 1200])
@pytest.mark.parametrize(("dtype", "momentum"), [("float32", 0.0), ("float64", 0.0), ("float64", 0.9)])
def test_constant_init_keeps_all_hidden_units_identical_at_every_checkpoint(digits, dtype, momentum, batch_size):
    """L1: equal units get equal gradients, for ever, as long as rounding is not amplified (the next test says when)."""
    architecture = Architecture(64, (32,), 10, init="constant", dtype=dtype)
    settings = [Hyperparameters(rate, 500, momentum, 1e-4, batch_size, 0.1) for rate in (0.003, 0.01)]
    found = curves(architecture, digits_examples(architecture, digits), settings, checkpoints(500, 12))
    assert (found["distinct_units"] == 1).all()
    assert (found["train_loss"][:, -1] < found["train_loss"][:, 0] - 0.005).all()  # they do learn


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden", [(33,), (5, 17)])
def test_constant_units_stay_one_function_to_the_bit_at_any_width_and_step(digits, hidden, dtype):
    """L1 is a law of arithmetic, and holds of rounded numbers where every unit's sums have the same order."""
    architecture = Architecture(64, hidden, 10, init="constant", dtype=dtype)
    start = Training.start(architecture, Hyperparameters(0.05, 600, 0.9, 1e-3, 32, 0.1), 0)
    examples = digits_examples(architecture, digits)
    record, end = train(start, examples, checkpoints(600, 8))
    assert (record.metrics[:, examples.metrics.index("distinct_units")] == 1).all()
    for layer in architecture.layers(end.parameters)[:-1]:
        assert not np.ptp(layer, axis=0).any()


def test_thirty_two_constant_units_train_as_one_unit_with_rescaled_rates(digits):
    """L1, exactly: U = 32·v follows from α·32, and w from α/32, so one unit takes the same path as 32 equal ones."""
    X, y = digits
    units, rate, momentum = 32, 0.01, 0.9
    architecture = Architecture(64, (units,), 10, init="constant", dtype="float64")
    examples = digits_examples(architecture, digits)
    start = Training.start(architecture, Hyperparameters(rate, 200, momentum, 0.0, 32, 0.1), 0)
    (W1, b1), (W2, b2) = layers_of(architecture, start.parameters)
    one = [(W1[:, :1], b1[:1]), (W2.sum(axis=0, keepdims=True), b2)]
    rates = [(rate / units, rate / units), (rate * units, rate)]
    speed = [(np.zeros_like(W), np.zeros_like(b)) for W, b in one]
    for rows in rows_of(examples, 0, 32, 200):
        found = reference.gradients(one, X[rows], np.eye(10)[y[rows]], "tanh", "softmax", 0.0)
        speed = [
            (momentum * vW - rW * dW, momentum * vb - rb * db)
            for (vW, vb), (rW, rb), (dW, db) in zip(speed, rates, found, strict=True)
        ]
        one = [(W + vW, b + vb) for (W, b), (vW, vb) in zip(one, speed, strict=True)]
    many = reference.forward(layers_of(architecture, trained(start, examples).parameters), X, "tanh")[1]
    assert np.abs(many).max() > 1
    np.testing.assert_allclose(reference.forward(one, X, "tanh")[1], many, rtol=0, atol=1e-8)


def test_thirty_two_identical_units_are_one_unit_and_score_as_one(digits):
    """L1: folded into one unit, with their output weights summed, they predict the same; random ones do far better."""
    X, _ = digits
    examples, wide = digits_examples(Architecture(64, (32,), 10, dtype="float64"), digits), {}
    for init in ("constant", "scaled"):
        architecture = Architecture(64, (32,), 10, init=init, dtype="float64")
        start = Training.start(architecture, Hyperparameters(0.05, 1500, 0.0, 1e-4, 32, 0.1), 0)
        record, end = train(start, examples, (1500,))
        wide[init] = end.parameters, record.metrics[-1, examples.metrics.index("validation_error")]
    (W1, b1), (W2, b2) = layers_of(Architecture(64, (32,), 10), wide["constant"][0])
    one = [(W1[:, :1], b1[:1]), (W2.sum(axis=0, keepdims=True), b2)]
    many = reference.forward([(W1, b1), (W2, b2)], X, "tanh")[1]
    np.testing.assert_allclose(reference.forward(one, X, "tanh")[1], many, rtol=0, atol=1e-3)
    assert wide["constant"][1] > 0.6  # measured: 0.75, and 0.08 where weights are random
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
    architecture = Architecture(64, (32,), 10, dtype="float64")
    scales = np.array([0.1, 1.0, 10.0, 100.0])
    examples, lengths = digits_examples(architecture, digits), []
    for scale in scales:
        start = Training.start(architecture, Hyperparameters(1.0, 1, 0.0, 0.0, 1200, 0.1), 0)
        architecture.layers(start.parameters)[0][:] *= scale / 0.1
        step = architecture.layers(start.parameters - trained(start, examples).parameters)[0]
        lengths.append(np.linalg.norm(step[:, :-1]))
    assert (np.diff(lengths) < 0).all()
    assert lengths[-1] < lengths[0] / 100  # measured: 0.55, 0.10, 0.013, 0.003


def test_the_slope_through_the_hidden_layer_shrinks_with_the_scale(digits):
    """L3: mean 1 − a², from 0.99 at scale 0.01 to below 0.02 at 10."""
    architecture = Architecture(64, (32,), 10, dtype="float64")
    scales = [0.01, 0.1, 0.3, 1, 3, 10]
    parameters, _, _ = at_start(digits_examples(architecture, digits), architecture, scales)
    hidden = [reference.forward(layers_of(architecture, w), digits[0][:256], "tanh")[0][1] for w in parameters]
    slopes = [np.mean(1 - a**2) for a in hidden]
    assert (np.diff(slopes) < 0).all()
    assert slopes[0] > 0.99
    assert slopes[-1] < 0.02


def test_gradients_relative_to_the_weights_fall_with_a_large_scale(digits):
    """L3: what a first step changes of the weights falls by more than a hundred times from scale 0.1 to 100.

    The absolute length does not fall (measured: 0.9 at 0.1, 6.1 at 100), since the output layer's weights grow too
    and carry a larger signal back.
    """
    architecture = Architecture(64, (32,), 10)
    _, found, _ = at_start(digits_examples(architecture, digits), architecture, [0.1, 1, 10, 100])
    relative = found["gradient_norm"] / found["weight_norm"]
    assert (np.diff(relative) < 0).all()
    assert relative[-1] < relative[0] / 100
    assert found["gradient_norm"][-1] > found["gradient_norm"][0]


def test_a_large_scale_needs_more_iterations_to_a_loss(digits):
    """L3: learning is slow from the start."""
    architecture = Architecture(64, (32,), 10)
    settings = [Hyperparameters(0.1, 600, 0.9, 0.0, 64, scale) for scale in (0.1, 1.0, 3.0, 10.0)]
    stops = checkpoints(600, 40)
    found = curves(architecture, digits_examples(architecture, digits), settings, stops)
    reached = [next((s for s, v in zip(stops, loss, strict=True) if v < 0.5), 601) for loss in found["train_loss"]]
    assert (np.diff(reached) > 0).all()  # measured: 15, 31, 128 and not within 600
    assert reached[-1] > 5 * reached[0]
