import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numba
import numpy as np
import pytest
import reference
from helpers import layers_of, rows_of, trained
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from hpsearch.engine import training as loop
from hpsearch.engine.examples import Examples, Shuffles
from hpsearch.engine.losses import CEILING
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.training import Training, checkpoints, load_code, train


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X - 8) / 6, y


def examples_of(architecture, digits, train_rows=600, validation_rows=200):
    X, y = digits
    stop = train_rows + validation_rows
    return Examples.of(architecture, (X[:train_rows], y[:train_rows]), (X[train_rows:stop], y[train_rows:stop]))


@pytest.mark.parametrize(("hidden", "activation"), [((32,), "tanh"), ((16, 8), "sigmoid"), ((16,), "relu")])
def test_weights_after_200_iterations_equal_the_plain_reference_s(digits, hidden, activation):
    X, y = digits
    architecture = Architecture(64, hidden, 10, activation, "softmax", "xavier", "float64")
    examples = examples_of(architecture, digits)
    settings = Hyperparameters(0.1, 200, 0.9, 1e-3, 32, 1.0)
    training = Training.start(architecture, settings, 5)
    start = layers_of(architecture, training.parameters)
    end = trained(training, examples, 200)
    expected = reference.train(
        start, X[:600], np.eye(10)[y[:600]], rows_of(examples, 5, 32, 200),
        activation=activation, output="softmax", learning_rate=0.1, momentum=0.9, l2=1e-3,
    )  # fmt: skip
    for (W, b), (V, c) in zip(layers_of(architecture, end.parameters), expected, strict=True):
        np.testing.assert_allclose(W, V, atol=1e-8, rtol=0)
        np.testing.assert_allclose(b, c, atol=1e-8, rtol=0)


def test_weights_after_200_iterations_equal_scikit_learn_s(digits):
    X, y = digits
    architecture = Architecture(64, (32,), 10, init="xavier", dtype="float64")
    examples = examples_of(architecture, digits)
    batch, l2 = 32, 1e-3
    training = Training.start(architecture, Hyperparameters(0.05, 200, 0.9, l2, batch, 1.0), 7)
    start = layers_of(architecture, training.parameters)
    network = MLPClassifier(
        (32,), activation="tanh", solver="sgd", alpha=l2 * batch, batch_size=batch, learning_rate_init=0.05,
        momentum=0.9, nesterovs_momentum=False, shuffle=False, random_state=0,
    )  # fmt: skip
    network.partial_fit(X[:batch], y[:batch], classes=np.arange(10))  # makes its arrays
    for (W, b), V, c in zip(start, network.coefs_, network.intercepts_, strict=True):
        V[:], c[:] = W, b
    for velocity in network._optimizer.velocities:
        velocity[:] = 0
    for rows in rows_of(examples, 7, batch, 200):
        network.partial_fit(X[rows], y[rows])
    end = trained(training, examples, 200)
    ours = layers_of(architecture, end.parameters)
    for (W, b), V, c in zip(ours, network.coefs_, network.intercepts_, strict=True):
        np.testing.assert_allclose(W, V, atol=1e-8, rtol=0)
        np.testing.assert_allclose(b, c, atol=1e-8, rtol=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("hidden", "activation", "batch_size"),
    [((32,), "tanh", 64), ((1,), "tanh", 1), ((7, 5), "sigmoid", 33), ((3,), "relu", 2), ((32,), "tanh", 300)],
)
def test_a_training_beside_others_on_threads_equals_the_same_alone_bit_for_bit(
    digits, hidden, activation, batch_size, dtype
):
    rng = np.random.default_rng(1)
    architecture = Architecture(64, hidden, 10, activation, dtype=dtype)
    settings = [
        Hyperparameters(10 ** rng.uniform(-3, 0), int(rng.integers(20, 60)), rng.uniform(0, 0.99), 1e-4, batch_size, s)
        for s in rng.uniform(0.1, 1, 16)
    ]
    settings[7] = replace(settings[7], learning_rate=1e30)
    starts = [Training.start(architecture, s, int(rng.integers(4))) for s in settings]

    def ends(start, examples):
        record, training = train(start, examples, (0, 3, 25))
        return record.diverged, record.iterations, record.metrics.tobytes(), training.parameters.tobytes()

    examples, other = (examples_of(architecture, digits, 300, 99) for _ in range(2))
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(partial(ends, examples=examples), starts))
    assert together[::-1] == [ends(start, other) for start in starts[::-1]]
    assert [diverged for diverged, *_ in together] == [k == 7 for k in range(16)]


def test_a_training_that_diverges_ends_there_and_holds_the_ceiling(digits):
    architecture = Architecture(64, (32,), 10)
    examples = examples_of(architecture, digits)
    wild = Hyperparameters(1e30, 60, 0.9, 1e-3, 32, 0.1)
    stops = checkpoints(60, 6)
    record, training = train(Training.start(architecture, wild, 0), examples, stops)
    row = dict(zip(examples.metrics, record.metrics[-1].tolist(), strict=True))
    assert row["train_loss"] == row["validation_loss"] == pytest.approx(CEILING)
    assert row["validation_error"] == 1.0
    assert all(np.isnan(row[name]) for name in ("gradient_norm", "saturation", "weight_norm", "distinct_units"))
    assert record.diverged
    assert np.isfinite(record.metrics[:-1]).all()
    assert 0 < record.iterations[-1] == training.iteration < 60
    assert training.ended
    np.testing.assert_array_equal(record.at((60,)), record.metrics[-1:])
    again, same = train(training, examples, stops)
    assert again.iterations == ()
    assert same is training


def test_a_run_of_500_is_the_beginning_of_a_run_of_2000(digits):
    architecture = Architecture(64, (8,), 10)
    examples = examples_of(architecture, digits, 200, 50)
    stops = (0, 1, 10, 100, 500)
    short = Hyperparameters(0.1, 500, 0.9, 1e-3, 16, 0.1)
    long = Hyperparameters(0.1, 2000, 0.9, 1e-3, 16, 0.1)
    one, end = train(Training.start(architecture, short, 3), examples, stops)
    other, left = train(Training.start(architecture, long, 3), examples, stops, until=500)
    assert one.iterations == other.iterations == stops
    np.testing.assert_array_equal(one.metrics, other.metrics)
    np.testing.assert_array_equal(end.parameters, left.parameters)
    assert left.iteration == 500
    assert end.ended
    assert not left.ended


def test_handing_a_training_over_changes_nothing(digits):
    architecture = Architecture(64, (8,), 10)
    examples = examples_of(architecture, digits, 200, 50)
    start, stops = Training.start(architecture, Hyperparameters(0.1, 120, 0.9, 1e-3, 16, 0.1), 1), checkpoints(120, 7)
    whole, end = train(start, examples, stops)
    record, training = train(start, examples, stops, until=10)
    for until in (31, 31, 120):
        training, copied = pickle.loads(pickle.dumps((training, examples)))
        part, training = train(training, copied, stops, until=until)
        record = record.then(part)
    assert record.iterations == whole.iterations
    np.testing.assert_array_equal(record.metrics, whole.metrics)
    np.testing.assert_array_equal(training.parameters, end.parameters)
    np.testing.assert_array_equal(training.velocity, end.velocity)


@pytest.mark.parametrize("places", [16, 48, 16 * 45])
def test_a_training_cut_into_several_compiled_calls_is_the_same_and_may_be_stopped_between(digits, monkeypatch, places):
    architecture = Architecture(64, (8,), 10)
    examples = examples_of(architecture, digits, 200, 50)
    start, stops = Training.start(architecture, Hyperparameters(0.1, 120, 0.9, 1e-3, 16, 0.1), 1), checkpoints(120, 7)
    whole, end = train(start, examples, stops)
    monkeypatch.setattr("hpsearch.engine.training._PLACES_A_CALL", places)
    monkeypatch.setattr("hpsearch.engine.examples._KEPT_NUMBERS", 300)  # passes beyond the first are not kept
    examples, calls = pickle.loads(pickle.dumps(examples)), []
    record, training = train(start, examples, stops, check=lambda: calls.append(1))
    assert len(calls) == -(-120 // (places // 16)) - 1
    assert record.iterations == whole.iterations
    np.testing.assert_array_equal(record.metrics, whole.metrics)
    np.testing.assert_array_equal(training.parameters, end.parameters)

    def stop():
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        train(start, examples, stops, check=stop)


@pytest.mark.parametrize("kept", [1 << 20, 0])
def test_a_pass_is_the_shuffle_of_its_seed_and_number_whatever_was_asked_before(monkeypatch, kept):
    monkeypatch.setattr("hpsearch.engine.examples._KEPT_NUMBERS", kept)
    monkeypatch.setattr("hpsearch.engine.examples._KEPT_SEEDS", 2)
    shuffles = Shuffles(50)
    for seed, first, stop in ((0, 0, 3), (1, 2, 4), (0, 1, 9), (0, 0, 2), (7, 5, 6), (1, 0, 1), (0, 8, 9)):
        passes = shuffles.passes(seed, first, stop)
        expected = [np.random.default_rng((seed, 1, p)).permutation(50) for p in range(first, stop)]
        np.testing.assert_array_equal(passes, expected)


def test_shuffles_asked_for_by_many_threads_are_the_same():
    shuffles, barrier = Shuffles(50), threading.Barrier(8)

    def ask(k):
        barrier.wait()
        return shuffles.passes(k % 2, 0, 10 + 5 * k)

    with ThreadPoolExecutor(8) as pool:
        for k, passes in enumerate(pool.map(ask, range(8))):
            np.testing.assert_array_equal(passes, Shuffles(50).passes(k % 2, 0, 10 + 5 * k))


@pytest.mark.parametrize("batch_size", [0, 51])
def test_a_batch_that_does_not_fit_the_training_set_is_refused(digits, batch_size):
    architecture = Architecture(64, (2,), 10)
    examples = Examples.of(architecture, (digits[0][:50], digits[1][:50]))
    start = Training.start(architecture, Hyperparameters(0.1, 1, 0.0, 0.0, batch_size, 0.1), 0)
    with pytest.raises(ValueError, match=f"batch_size {batch_size} does not fit 50 training examples: choose 1 to 50"):
        trained(start, examples)


def test_shapes_that_do_not_belong_together_are_refused_before_compiled_code_runs(digits):
    X, y = digits[0][:50], digits[1][:50]
    architecture = Architecture(64, (2,), 10)
    for inputs, targets, message in (
        (X[:, :5], y, r"inputs are \(examples, 64\).*\(50, 5\)"),
        (X[0], y, r"inputs are \(examples, 64\).*\(64,\)"),
        (X[:0], y[:0], "at least one example"),
        (X, y[:49], r"targets of 50 examples are \(50,\).*\(49,\)"),
        (X, y + 1, "classes are 0 to 9 .given: 1 to 10"),
        (X, y - 1, "classes are 0 to 9 .given: -1 to 8"),
    ):
        with pytest.raises(ValueError, match=message):
            Examples.of(architecture, (inputs, targets))
    examples = Examples.of(architecture, (X, y), (X, y))
    settings = Hyperparameters(0.1, 1, 0.0, 0.0, 8, 0.1)
    start = Training.start(architecture, settings, 0)
    for other in (Architecture(63, (2,), 10), Architecture(64, (2,), 9), Architecture(64, (2,), 10, dtype="float64")):
        with pytest.raises(ValueError, match=r"do(es)? not fit"):
            trained(Training.start(other, settings, 0), examples)
    for part in ("parameters", "velocity"):
        with pytest.raises(ValueError, match=r"parameters of shape \(159,\) do not fit"):
            trained(replace(start, **{part: start.parameters[:-1]}), examples)


def test_examples_that_may_not_be_written_to_train_the_same(digits):
    architecture = Architecture(64, (2,), 10)
    examples = examples_of(architecture, digits)
    start = Training.start(architecture, Hyperparameters(0.1, 9, 0.0, 0.0, 8, 0.1), 0)
    expected = trained(start, examples).parameters
    for array in (examples.train.inputs, examples.train.targets):
        array.flags.writeable = False
    np.testing.assert_array_equal(trained(start, examples).parameters, expected)


@pytest.mark.parametrize("batch_size", [1, 49, 50])
def test_batches_of_one_of_all_but_one_and_of_all_examples_train(digits, batch_size):
    X, y = digits
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    examples = Examples.of(architecture, (X[:50], y[:50]))
    training = Training.start(architecture, Hyperparameters(0.05, 60, 0.5, 1e-3, batch_size, 1.0), 0)
    start = layers_of(architecture, training.parameters)
    end = trained(training, examples, 60)
    expected = reference.train(
        start, X[:50], np.eye(10)[y[:50]], rows_of(examples, 0, batch_size, 60),
        activation="tanh", output="softmax", learning_rate=0.05, momentum=0.5, l2=1e-3,
    )  # fmt: skip
    for (W, b), (V, c) in zip(layers_of(architecture, end.parameters), expected, strict=True):
        np.testing.assert_allclose(W, V, atol=1e-10, rtol=0)
        np.testing.assert_allclose(b, c, atol=1e-10, rtol=0)


def test_trainings_of_one_seed_see_the_same_examples(digits):
    architecture = Architecture(64, (4,), 10)
    examples = examples_of(architecture, digits, 200, 50)
    same = Hyperparameters(0.1, 40, 0.9, 1e-3, 16, 0.1)
    start = Training.start(architecture, same, 0)
    ends = [trained(replace(start, seed=seed), examples).parameters for seed in (0, 1, 0)]
    np.testing.assert_array_equal(ends[2], ends[0])
    assert not np.allclose(ends[1], ends[0])


def test_zeros_init_keeps_every_weight_at_zero_and_the_loss_at_the_class_frequencies(digits):
    """Three classes of very unequal size, so that the frequencies have to be learned (by the output's biases)."""
    X, y = digits[0], np.minimum(digits[1], 2)
    architecture = Architecture(64, (8,), 3, init="zeros", dtype="float64")
    examples = Examples.of(architecture, (X, y))
    training = Training.start(architecture, Hyperparameters(0.5, 400, 0.5, 0.01, len(y), 1.0), 0)
    record, end = train(training, examples, (0, 400))
    hidden, output = architecture.layers(end.parameters)
    assert not hidden.any()
    assert not output[:, :-1].any()
    shares = np.bincount(y) / len(y)
    entropy = -(shares * np.log(shares)).sum()
    loss = record.metrics[:, examples.metrics.index("train_loss")]
    assert loss[0] == pytest.approx(np.log(3))
    assert loss[1] == pytest.approx(entropy, abs=1e-10)
    assert entropy < 0.7
    np.testing.assert_allclose(np.exp(output[:, -1]) / np.exp(output[:, -1]).sum(), shares, atol=1e-6)


def test_heavy_ball_equals_momentum_as_a_moving_average_of_a_larger_step(digits):
    """α and μ here are α/(1−μ) and μ of v ← μ·v + (1−μ)·g (Sutskever's and the course's conventions)."""
    X, y = digits
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    examples = examples_of(architecture, digits)
    training = Training.start(architecture, Hyperparameters(0.02, 50, 0.8, 0.0, 64, 1.0), 0)
    layers = layers_of(architecture, training.parameters)
    average = [(np.zeros_like(W), np.zeros_like(b)) for W, b in layers]
    for rows in rows_of(examples, 0, 64, 50):
        found = reference.gradients(layers, X[rows], np.eye(10)[y[rows]], "tanh", "softmax", 0.0)
        average = [(0.8 * a + 0.2 * g, 0.8 * c + 0.2 * h) for (a, c), (g, h) in zip(average, found, strict=True)]
        layers = [(W - 0.02 / 0.2 * a, b - 0.02 / 0.2 * c) for (W, b), (a, c) in zip(layers, average, strict=True)]
    end = trained(training, examples, 50)
    for (W, _), (V, _) in zip(layers_of(architecture, end.parameters), layers, strict=True):
        np.testing.assert_allclose(W, V, atol=1e-13)


def test_without_momentum_training_is_plain_descent(digits):
    X, y = digits
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    examples = examples_of(architecture, digits)
    training = Training.start(architecture, Hyperparameters(0.1, 50, 0.0, 1e-2, 64, 1.0), 0)
    layers = layers_of(architecture, training.parameters)
    for rows in rows_of(examples, 0, 64, 50):
        found = reference.gradients(layers, X[rows], np.eye(10)[y[rows]], "tanh", "softmax", 1e-2)
        layers = [(W - 0.1 * dW, b - 0.1 * db) for (W, b), (dW, db) in zip(layers, found, strict=True)]
    end = trained(training, examples, 50)
    for (W, b), (V, c) in zip(layers_of(architecture, end.parameters), layers, strict=True):
        np.testing.assert_allclose(W, V, rtol=0, atol=1e-13)
        np.testing.assert_allclose(b, c, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("batch_size", "same"), [(100, True), (50, False)])
def test_the_seed_of_the_order_matters_only_when_the_batch_is_not_the_whole_set(digits, batch_size, same):
    X, y = digits
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    examples = Examples.of(architecture, (X[:100], y[:100]))
    ends = []
    for order in (0, 9):
        settings = Hyperparameters(0.1, 30, 0.9, 1e-3, batch_size, 1.0)
        start = replace(Training.start(architecture, settings, 0), seed=order)  # its weights stay seed 0's
        ends.append(trained(start, examples).parameters)
    assert np.allclose(*ends, rtol=0, atol=1e-12) == same


def test_with_the_whole_set_as_batch_the_order_is_irrelevant(digits):
    X, y = digits
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    examples = Examples.of(architecture, (X[:100], y[:100]))
    training = Training.start(architecture, Hyperparameters(0.1, 30, 0.9, 1e-3, 100, 1.0), 0)
    start = layers_of(architecture, training.parameters)
    end = trained(training, examples, 30)
    whole = reference.train(
        start, X[:100], np.eye(10)[y[:100]], [np.arange(100)] * 30,
        activation="tanh", output="softmax", learning_rate=0.1, momentum=0.9, l2=1e-3,
    )  # fmt: skip
    for (W, _), (V, _) in zip(layers_of(architecture, end.parameters), whole, strict=True):
        np.testing.assert_allclose(W, V, atol=1e-12)


@pytest.mark.parametrize("init_scale", [1.0, 1e-12])
def test_where_the_gradient_is_zero_l2_shrinks_weights_by_one_minus_alpha_lambda(init_scale):
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    silent = np.zeros((20, 64))  # no input, so no gradient of the first layer's weights
    examples = Examples.of(architecture, (silent, np.arange(20) % 10))
    training = Training.start(architecture, Hyperparameters(0.1, 25, 0.0, 0.2, 20, init_scale), 0)
    before = architecture.layers(training.parameters)[0]
    end = trained(training, examples, 25)
    after = architecture.layers(end.parameters)[0]
    np.testing.assert_allclose(after[:, :-1], before[:, :-1] * (1 - 0.1 * 0.2) ** 25, rtol=1e-12)


def test_weights_that_shrink_towards_denormal_numbers_become_zero():
    """After 65 iterations at 1 − αλ = 1/4 they would be about 2⁻¹³⁰, where float32 is no longer normal."""
    architecture = Architecture(64, (4,), 10)
    examples = Examples.of(architecture, (np.zeros((20, 64)), np.arange(20) % 10))
    start = Training.start(architecture, Hyperparameters(0.75, 65, 0.0, 1.0, 20, 1.0), 0)
    assert architecture.layers(trained(start, examples, 60).parameters)[0][:, :-1].all()
    end = trained(start, examples)
    for array in (end.parameters, end.velocity):
        assert not array[(array != 0) & (np.abs(array) < np.finfo(np.float32).tiny)].size
        assert not architecture.layers(array)[0][:, :-1].any()


def test_the_code_that_is_loaded_for_a_precision_is_that_of_every_training_in_it(monkeypatch):
    kinds = {}

    def called(*arguments):
        kinds.setdefault(dtype, []).append(numba.typeof(arguments))
        return arguments[-4], 0, False  # the last iteration

    monkeypatch.setattr(loop, "train_on", called)
    for dtype in ("float32", "float64"):
        load_code.__wrapped__(dtype)
        assert len(kinds[dtype]) == 1
        for output, outputs, hidden in (("softmax", 3, (4,)), ("binary", 1, (5, 3)), ("identity", 2, (1, 1, 1))):
            network = Architecture(3, hidden, outputs, "relu", output, dtype=dtype)
            X, y = np.zeros((20, 3)), np.zeros((20, 2) if outputs == 2 else 20, int)
            for examples in (Examples.of(network, (X, y)), Examples.of(network, (X, y), (X[:7], y[:7]))):
                assert examples.dtype == dtype
                train(Training.start(network, Hyperparameters(0.1, 9, 0.9, 1e-3, 7, 1.0), 0), examples, (0, 9))
        assert len(kinds[dtype]) == 7
        assert len(set(kinds[dtype])) == 1
    assert kinds["float32"][0] != kinds["float64"][0]


@pytest.mark.parametrize(("longest", "count"), [(1, 20), (1, 1), (2, 20), (2000, 20), (60, 6), (7, 1)])
def test_checkpoints_rise_from_zero_to_the_longest(longest, count):
    found = checkpoints(longest, count)
    assert found[0] == 0
    assert found[-1] == longest
    assert list(found) == sorted(set(found))
    assert len(found) <= count + 1


def test_a_training_is_measured_where_it_is_asked_for_and_nowhere_else(digits):
    architecture = Architecture(64, (4,), 10)
    examples = examples_of(architecture, digits, 100, 50)
    start = Training.start(architecture, Hyperparameters(0.1, 20, 0.5, 0.0, 10, 0.1), 0)
    for stops, iterations in (((0, 5, 20), (0, 5, 20)), ((7, 5, 5, 99), (5, 7)), ((), ())):
        record, end = train(start, examples, stops)
        assert record.iterations == iterations
        assert record.metrics.shape == (len(iterations), len(examples.metrics))
        assert end.iteration == 20
