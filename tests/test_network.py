import numpy as np
import pytest
import reference
from helpers import layers_of, rows_of, trained

from hpsearch.engine.examples import Examples
from hpsearch.engine.network import predict
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


@pytest.mark.parametrize("output", ["softmax", "binary", "identity"])
def test_what_a_network_answers_is_the_reference_s_however_many_are_asked(output):
    X, _, Y = problem(output)
    X = np.tile(X, (500, 1))  # more than are answered at a time
    architecture = Architecture(FEATURES, (4, 3), Y.shape[1], "sigmoid", output, "xavier")
    parameters = np.random.default_rng(0).standard_normal(architecture.parameters)  # biases too
    expected = reference.forward(layers_of(architecture, parameters.astype(float)), X, "sigmoid")[1]
    np.testing.assert_allclose(predict(architecture, parameters, X), reference.outputs(expected, output), atol=1e-14)
    with pytest.raises(ValueError, match=r"inputs are \(examples, 5\).*\(6000, 4\)"):
        predict(architecture, parameters, X[:, 1:])
