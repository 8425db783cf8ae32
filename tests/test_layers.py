"""A pass through a network, written out, against the oracle; sizes layer by layer against their definition."""

import numpy as np
import pytest
import reference
from helpers import grid_of
from sklearn.metrics import log_loss

from hpsearch.engine.settings import Architecture
from hpsearch.experiments.lessons.layers import passed, sizes


def problem(output, shapes, seed=0):
    rng = np.random.default_rng(seed)
    layers = [(rng.standard_normal(shape), rng.standard_normal(shape[1])) for shape in shapes]
    X, outputs = rng.standard_normal((12, shapes[0][0])), shapes[-1][1]
    if output == "softmax":
        return layers, X, np.eye(outputs)[np.arange(12) % outputs]
    return layers, X, (np.arange(12) % 2 if output == "binary" else rng.standard_normal(12))[:, None].astype(float)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("output", ["softmax", "binary", "identity"])
def test_a_pass_is_the_oracle_s(activation, output):
    outputs = 3 if output == "softmax" else 1
    layers, X, Y = problem(output, [(5, 4), (4, 3), (3, outputs)])
    seen = passed(Architecture(5, (4, 3), outputs, activation, output), layers, X, Y)
    hidden, logits = reference.forward(layers, X, activation)
    np.testing.assert_allclose(seen.logits[-1], logits, atol=1e-12)
    for a, b in zip(seen.activations, hidden[1:], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)
    assert seen.loss == pytest.approx(reference.loss(layers, X, Y, activation, output), rel=1e-12)
    for dW, db, (W, b) in zip(seen.dW, seen.db, reference.gradients(layers, X, Y, activation, output, 0), strict=True):
        np.testing.assert_allclose(dW, W, atol=1e-12)
        np.testing.assert_allclose(db, b, atol=1e-12)


def test_the_loss_is_scikit_learn_s_and_infinite_where_a_certain_answer_is_wrong():
    layers, X, Y = problem("softmax", [(5, 4), (4, 3)])
    seen = passed(Architecture(5, (4,), 3), layers, X, Y)
    assert seen.loss == pytest.approx(log_loss(Y.argmax(axis=1), seen.outputs))
    sure = [(np.array([[1.0]]), np.zeros(1)), (np.array([[1e4]]), np.zeros(1))]
    assert passed(Architecture(1, (1,), 1, output="binary"), sure, np.ones((1, 1)), np.zeros((1, 1))).loss == np.inf


def test_sizes_are_root_mean_squares_layer_by_layer():
    trainings = grid_of(
        """
        data = {source = "iris"}
        network = {hidden = [6, 5]}
        [space]
        iterations = 5
        init_scale = {choices = [0.5, 1.0]}
        """
    )
    (network,) = trainings.networks(0, 0, [0])
    train = trainings.evaluator.examples.train
    table = sizes(network, train.inputs, train.answers)
    layers = [(W.T.astype(float), b.astype(float)) for W, b in zip(network.weights, network.biases, strict=True)]
    X, Y = train.inputs.astype(float), train.answers.astype(float)
    hidden = reference.forward(layers, X, "tanh")[0][1:]
    expected = [np.sqrt(((a - a.mean(axis=0)) ** 2).mean()) for a in hidden]
    np.testing.assert_allclose(table["activation"].to_numpy()[:2], expected)
    assert np.isnan(table["activation"].to_numpy()[2])
    gradients = reference.gradients(layers, X, Y, "tanh", "softmax", 0)
    np.testing.assert_allclose(table["gradient"], [np.sqrt((dW**2).mean()) for dW, _ in gradients])
    assert table["layer"].tolist() == [1, 2, 3]
