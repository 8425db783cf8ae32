import pickle
from dataclasses import replace

import numpy as np
import pytest
import reference
from helpers import layers_of, rows_of
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from hpsearch.engine.examples import Examples
from hpsearch.engine.network import CEILING
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.training import Lockstep, MiniBatches, Population, Record, checkpoints, train


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X - 8) / 6, y


def examples_of(architecture, digits, train_rows=600, validation_rows=200):
    X, y = digits
    stop = train_rows + validation_rows
    return Examples.of(architecture, (X[:train_rows], y[:train_rows]), (X[train_rows:stop], y[train_rows:stop]))


def run(architecture, examples, settings, seeds, stops, **options):
    records, left = train(Population.start(architecture, settings, seeds), examples, stops, **options)
    return records, left


@pytest.mark.parametrize(("hidden", "activation"), [((32,), "tanh"), ((16, 8), "sigmoid"), ((16,), "relu")])
def test_weights_after_200_iterations_equal_the_plain_reference_s(digits, hidden, activation):
    X, y = digits
    architecture = Architecture(64, hidden, 10, activation, "softmax", "xavier", "float64")
    examples = examples_of(architecture, digits)
    settings = Hyperparameters(0.1, 200, 0.9, 1e-3, 32, 1.0)
    population = Population.start(architecture, [settings], [5])
    start = layers_of(architecture, population.weights[0])
    loop = Lockstep(population, examples)
    loop.advance(200)
    expected = reference.train(
        start, X[:600], np.eye(10)[y[:600]], rows_of(examples, 5, 32, 200),
        activation=activation, output="softmax", learning_rate=0.1, momentum=0.9, l2=1e-3,
    )  # fmt: skip
    for (W, b), (V, c) in zip(layers_of(architecture, loop.population.weights[0]), expected, strict=True):
        np.testing.assert_allclose(W, V, atol=1e-8, rtol=0)
        np.testing.assert_allclose(b, c, atol=1e-8, rtol=0)


def test_weights_after_200_iterations_equal_scikit_learn_s(digits):
    X, y = digits
    architecture = Architecture(64, (32,), 10, init="xavier", dtype="float64")
    examples = examples_of(architecture, digits)
    batch, l2 = 32, 1e-3
    population = Population.start(architecture, [Hyperparameters(0.05, 200, 0.9, l2, batch, 1.0)], [7])
    start = layers_of(architecture, population.weights[0])
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
    loop = Lockstep(population, examples)
    loop.advance(200)
    ours = layers_of(architecture, loop.population.weights[0])
    for (W, b), V, c in zip(ours, network.coefs_, network.intercepts_, strict=True):
        np.testing.assert_allclose(W, V, atol=1e-8, rtol=0)
        np.testing.assert_allclose(b, c, atol=1e-8, rtol=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_member_alone_equals_the_same_member_among_63_others_bit_for_bit(digits, dtype):
    rng = np.random.default_rng(0)
    architecture = Architecture(64, (32,), 10, dtype=dtype)
    examples = examples_of(architecture, digits)
    settings = [
        Hyperparameters(10 ** rng.uniform(-3, 0), int(rng.integers(20, 120)), rng.uniform(0, 0.99), 1e-4, 64, 0.1)
        for _ in range(64)
    ]
    seeds = sorted(int(s) for s in rng.integers(0, 5, 64))
    stops = checkpoints(120, 8)
    records, _ = run(architecture, examples, settings, seeds, stops)
    for member in (0, 17, 40, 63):
        alone, _ = run(architecture, examples, [settings[member]], [seeds[member]], stops)
        among = [(r, r.ids.index(member)) for r in records if member in r.ids]
        assert [r.iteration for r in alone] == [r.iteration for r, _ in among]
        for one, (many, row) in zip(alone, among, strict=True):
            np.testing.assert_array_equal(one.metrics[0], many.metrics[row])
        end = next(r for r in records if member in r.finished)
        np.testing.assert_array_equal(alone[-1].weights[0], end.weights[end.finished.index(member)])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("hidden", "activation", "batch_size"),
    [((1,), "tanh", 1), ((7, 5), "sigmoid", 33), ((3,), "relu", 2), ((32,), "tanh", 300)],
)
def test_company_does_not_change_a_bit_in_other_shapes_and_with_seeds_in_any_order(
    digits, hidden, activation, batch_size, dtype
):
    rng = np.random.default_rng(1)
    architecture = Architecture(64, hidden, 10, activation, dtype=dtype)
    examples = examples_of(architecture, digits, 300, 99)
    settings = [Hyperparameters(10 ** rng.uniform(-3, -1), 25, 0.9, 1e-4, batch_size, 0.1) for _ in range(16)]
    seeds = [int(s) for s in rng.integers(0, 4, 16)]
    assert seeds != sorted(seeds)
    many, _ = run(architecture, examples, settings, seeds, (0, 3, 25))
    for member in (0, 6, 15):
        alone, _ = run(architecture, examples, [settings[member]], [seeds[member]], (0, 3, 25))
        for one, all_of_them in zip(alone, many, strict=True):
            np.testing.assert_array_equal(one.metrics[0], all_of_them.metrics[member])
        np.testing.assert_array_equal(alone[-1].weights[0], many[-1].weights[member])


def test_a_member_that_diverges_leaves_and_its_neighbours_numbers_stay_the_same_to_the_bit(digits):
    architecture = Architecture(64, (32,), 10)
    examples = examples_of(architecture, digits)
    calm = Hyperparameters(0.1, 60, 0.9, 1e-3, 32, 0.1)
    wild = Hyperparameters(1e30, 60, 0.9, 1e-3, 32, 0.1)
    stops = checkpoints(60, 6)
    together, left = run(architecture, examples, [calm, wild, calm], [0, 0, 1], stops)
    apart, _ = run(architecture, examples, [calm, calm], [0, 1], stops)
    for r, s in zip(together, apart, strict=True):
        rows = [r.ids.index(0), r.ids.index(2)]
        np.testing.assert_array_equal(r.metrics[rows], s.metrics)
    np.testing.assert_array_equal(together[-1].weights, apart[-1].weights)
    lost = next(r for r in together if r.diverged.any())
    names = examples.metrics
    row = dict(zip(names, lost.metrics[lost.ids.index(1)].tolist(), strict=True))
    assert row["train_loss"] == row["validation_loss"] == pytest.approx(CEILING)
    assert row["validation_error"] == 1.0
    assert all(np.isnan(row[name]) for name in ("gradient_norm", "saturation", "weight_norm", "distinct_units"))
    assert lost.diverged.tolist() == [False, True, False]
    assert lost.finished == (1,)
    assert 0 < lost.iteration < 60
    assert all(1 not in r.ids for r in together if r.iteration > lost.iteration)
    assert left.seeds == ()


def test_the_end_of_a_member_that_diverged_before_is_no_stop(digits):
    architecture = Architecture(64, (4,), 10)
    examples = examples_of(architecture, digits, 100, 50)
    wild, calm = (Hyperparameters(rate, n, 0.9, 1e-3, 10, 0.1) for rate, n in ((1e30, 33), (0.1, 40)))
    records, _ = run(architecture, examples, [wild, calm], [0, 0], (0, 10, 40))
    assert [(r.iteration, r.ids) for r in records] == [(0, (0, 1)), (10, (0, 1)), (40, (1,))]


def test_a_run_of_500_is_the_beginning_of_a_run_of_2000(digits):
    architecture = Architecture(64, (8,), 10)
    examples = examples_of(architecture, digits, 200, 50)
    stops = (0, 1, 10, 100, 500)
    short = Hyperparameters(0.1, 500, 0.9, 1e-3, 16, 0.1)
    long = Hyperparameters(0.1, 2000, 0.9, 1e-3, 16, 0.1)
    one, _ = run(architecture, examples, [short], [3], stops)
    other, left = run(architecture, examples, [long], [3], stops, until=500)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.metrics, b.metrics)
    np.testing.assert_array_equal(one[-1].weights, left.weights)
    assert left.iteration == 500


def test_handing_a_population_over_changes_nothing(digits):
    architecture = Architecture(64, (8,), 10)
    examples = examples_of(architecture, digits, 200, 50)
    settings = [Hyperparameters(0.1, n, 0.9, 1e-3, 16, 0.1) for n in (30, 77, 120)]
    stops = checkpoints(120, 7)
    whole, _ = run(architecture, examples, settings, [0, 0, 1], stops)
    population, parts = Population.start(architecture, settings, [0, 0, 1]), []
    for until in (10, 31, 120):
        records, population = train(pickle.loads(pickle.dumps(population)), examples, stops, until=until)
        parts += records
    assert [(r.iteration, r.ids) for r in parts] == [(r.iteration, r.ids) for r in whole]
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(a.metrics, b.metrics)
        np.testing.assert_array_equal(a.weights, b.weights)


@pytest.mark.parametrize("batch_size", [1, 7, 49, 50])
def test_every_mini_batch_is_full_and_a_pass_shows_no_example_twice(digits, batch_size):
    architecture = Architecture(64, (2,), 10)
    examples = Examples.of(architecture, (digits[0][:50], digits[1][:50]))
    per_pass = 50 // batch_size
    rows = rows_of(examples, 0, batch_size, 3 * per_pass)
    assert all(len(batch) == batch_size for batch in rows)
    passes = [[row for batch in rows[i * per_pass : (i + 1) * per_pass] for row in batch] for i in range(3)]
    assert all(len(set(seen)) == per_pass * batch_size for seen in passes)
    assert passes[0] != passes[1]


@pytest.mark.parametrize("batch_size", [0, 51])
def test_a_batch_that_does_not_fit_the_training_set_is_refused(digits, batch_size):
    architecture = Architecture(64, (2,), 10)
    examples = Examples.of(architecture, (digits[0][:50], digits[1][:50]))
    population = Population.start(architecture, [Hyperparameters(0.1, 1, 0.0, 0.0, batch_size, 0.1)], [0])
    with pytest.raises(ValueError, match=f"batch_size {batch_size} does not fit 50 training examples: choose 1 to 50"):
        Lockstep(population, examples)


@pytest.mark.parametrize("batch_size", [1, 49, 50])
def test_batches_of_one_of_all_but_one_and_of_all_examples_train(digits, batch_size):
    X, y = digits
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    examples = Examples.of(architecture, (X[:50], y[:50]))
    population = Population.start(architecture, [Hyperparameters(0.05, 60, 0.5, 1e-3, batch_size, 1.0)], [0])
    start = layers_of(architecture, population.weights[0])
    loop = Lockstep(population, examples)
    loop.advance(60)
    expected = reference.train(
        start, X[:50], np.eye(10)[y[:50]], rows_of(examples, 0, batch_size, 60),
        activation="tanh", output="softmax", learning_rate=0.05, momentum=0.5, l2=1e-3,
    )  # fmt: skip
    for (W, b), (V, c) in zip(layers_of(architecture, loop.population.weights[0]), expected, strict=True):
        np.testing.assert_allclose(W, V, atol=1e-10, rtol=0)
        np.testing.assert_allclose(b, c, atol=1e-10, rtol=0)


def test_a_stream_answers_any_iteration_in_any_order_and_each_seed_has_its_own(digits):
    architecture = Architecture(64, (2,), 10)
    examples = examples_of(architecture, digits, 600, 50)
    once = rows_of(examples, 4, 8, 200)  # several gatherings a pass, and three passes
    stream = MiniBatches(examples, 4, 8)
    for i in np.random.default_rng(0).permutation(200):
        batch = stream.at(int(i), slice(2, 5))
        assert batch.members == slice(2, 5)
        np.testing.assert_array_equal(batch.rows, examples.train.rows(once[i]))
        np.testing.assert_array_equal(batch.inputs, batch.rows.T)
        np.testing.assert_array_equal(batch.targets, examples.train.targets[once[i]].T)
    assert rows_of(examples, 4, 8, 10) == once[:10]
    assert rows_of(examples, 5, 8, 10) != once[:10]


def test_members_of_one_seed_see_the_same_examples_wherever_they_stand(digits):
    architecture = Architecture(64, (4,), 10)
    examples = examples_of(architecture, digits, 200, 50)
    same = Hyperparameters(0.1, 40, 0.9, 1e-3, 16, 0.1)
    records, _ = run(architecture, examples, [same] * 4, [0, 1, 0, 0], (40,))
    weights = records[-1].weights
    np.testing.assert_array_equal(weights[2], weights[0])
    np.testing.assert_array_equal(weights[3], weights[0])
    assert not np.allclose(weights[1], weights[0])


def test_members_of_two_batch_sizes_are_refused():
    settings = [Hyperparameters(0.1, 1, 0.0, 0.0, size, 0.1) for size in (4, 8)]
    with pytest.raises(ValueError, match=r"share one batch size, given \[4, 8\]"):
        Population.start(Architecture(3, (2,), 2), settings, [0, 0])


def test_zeros_init_keeps_every_weight_at_zero_and_the_loss_at_the_class_frequencies(digits):
    """Three classes of very unequal size, so that the frequencies have to be learned (by the output's biases)."""
    X, y = digits[0], np.minimum(digits[1], 2)
    architecture = Architecture(64, (8,), 3, init="zeros", dtype="float64")
    examples = Examples.of(architecture, (X, y))
    population = Population.start(architecture, [Hyperparameters(0.5, 400, 0.5, 0.01, len(y), 1.0)], [0])
    records, _ = train(population, examples, (0, 400))
    hidden, output = architecture.layers(records[-1].weights)
    assert not hidden.any()
    assert not output[:, :, :-1].any()
    shares = np.bincount(y) / len(y)
    entropy = -(shares * np.log(shares)).sum()
    loss = [record.metrics[0, examples.metrics.index("train_loss")] for record in records]
    assert loss[0] == pytest.approx(np.log(3))
    assert loss[1] == pytest.approx(entropy, abs=1e-10)
    assert entropy < 0.7
    np.testing.assert_allclose(np.exp(output[0, :, -1]) / np.exp(output[0, :, -1]).sum(), shares, atol=1e-6)


def test_heavy_ball_equals_momentum_as_a_moving_average_of_a_larger_step(digits):
    """α and μ here are α/(1−μ) and μ of v ← μ·v + (1−μ)·g (Sutskever's and the course's conventions)."""
    X, y = digits
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    examples = examples_of(architecture, digits)
    population = Population.start(architecture, [Hyperparameters(0.02, 50, 0.8, 0.0, 64, 1.0)], [0])
    layers = layers_of(architecture, population.weights[0])
    average = [(np.zeros_like(W), np.zeros_like(b)) for W, b in layers]
    for rows in rows_of(examples, 0, 64, 50):
        found = reference.gradients(layers, X[rows], np.eye(10)[y[rows]], "tanh", "softmax", 0.0)
        average = [(0.8 * a + 0.2 * g, 0.8 * c + 0.2 * h) for (a, c), (g, h) in zip(average, found, strict=True)]
        layers = [(W - 0.02 / 0.2 * a, b - 0.02 / 0.2 * c) for (W, b), (a, c) in zip(layers, average, strict=True)]
    loop = Lockstep(population, examples)
    loop.advance(50)
    for (W, _), (V, _) in zip(layers_of(architecture, loop.population.weights[0]), layers, strict=True):
        np.testing.assert_allclose(W, V, atol=1e-13)


def test_without_momentum_training_is_plain_descent(digits):
    X, y = digits
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    examples = examples_of(architecture, digits)
    population = Population.start(architecture, [Hyperparameters(0.1, 50, 0.0, 1e-2, 64, 1.0)], [0])
    layers = layers_of(architecture, population.weights[0])
    for rows in rows_of(examples, 0, 64, 50):
        found = reference.gradients(layers, X[rows], np.eye(10)[y[rows]], "tanh", "softmax", 1e-2)
        layers = [(W - 0.1 * dW, b - 0.1 * db) for (W, b), (dW, db) in zip(layers, found, strict=True)]
    loop = Lockstep(population, examples)
    loop.advance(50)
    for (W, b), (V, c) in zip(layers_of(architecture, loop.population.weights[0]), layers, strict=True):
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
        start = replace(Population.start(architecture, [settings], [0]), seeds=(order,))  # its weights stay seed 0's
        loop = Lockstep(start, examples)
        loop.advance(30)
        ends.append(loop.population.weights)
    assert np.allclose(*ends, rtol=0, atol=1e-12) == same


def test_with_the_whole_set_as_batch_the_order_is_irrelevant(digits):
    X, y = digits
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    examples = Examples.of(architecture, (X[:100], y[:100]))
    population = Population.start(architecture, [Hyperparameters(0.1, 30, 0.9, 1e-3, 100, 1.0)], [0])
    start = layers_of(architecture, population.weights[0])
    loop = Lockstep(population, examples)
    loop.advance(30)
    whole = reference.train(
        start, X[:100], np.eye(10)[y[:100]], [np.arange(100)] * 30,
        activation="tanh", output="softmax", learning_rate=0.1, momentum=0.9, l2=1e-3,
    )  # fmt: skip
    for (W, _), (V, _) in zip(layers_of(architecture, loop.population.weights[0]), whole, strict=True):
        np.testing.assert_allclose(W, V, atol=1e-12)


@pytest.mark.parametrize("init_scale", [1.0, 1e-12])
def test_where_the_gradient_is_zero_l2_shrinks_weights_by_one_minus_alpha_lambda(init_scale):
    architecture = Architecture(64, (4,), 10, init="xavier", dtype="float64")
    silent = np.zeros((20, 64))  # no input, so no gradient of the first layer's weights
    examples = Examples.of(architecture, (silent, np.arange(20) % 10))
    population = Population.start(architecture, [Hyperparameters(0.1, 25, 0.0, 0.2, 20, init_scale)], [0])
    before = architecture.layers(population.weights.copy())[0]
    loop = Lockstep(population, examples)
    loop.advance(25)
    after = architecture.layers(loop.population.weights)[0]
    np.testing.assert_allclose(after[:, :, :-1], before[:, :, :-1] * (1 - 0.1 * 0.2) ** 25, rtol=1e-12)


def test_weights_that_shrink_towards_denormal_numbers_become_zero():
    """After 65 iterations at 1 − αλ = 1/4 they would be about 2⁻¹³⁰, where float32 is no longer normal."""
    architecture = Architecture(64, (4,), 10)
    examples = Examples.of(architecture, (np.zeros((20, 64)), np.arange(20) % 10))
    loop = Lockstep(Population.start(architecture, [Hyperparameters(0.75, 65, 0.0, 1.0, 20, 1.0)], [0]), examples)
    loop.advance(60)
    assert architecture.layers(loop.population.weights)[0][:, :, :-1].all()
    loop.advance(65)
    for array in (loop.population.weights, loop.population.velocity):
        assert not array[(array != 0) & (np.abs(array) < np.finfo(np.float32).tiny)].size
        assert not architecture.layers(array)[0][:, :, :-1].any()


@pytest.mark.parametrize(("longest", "count"), [(1, 20), (1, 1), (2, 20), (2000, 20), (60, 6), (7, 1)])
def test_checkpoints_rise_from_zero_to_the_longest(longest, count):
    found = checkpoints(longest, count)
    assert found[0] == 0
    assert found[-1] == longest
    assert list(found) == sorted(set(found))
    assert len(found) <= count + 1


def test_finished_members_leave_and_the_last_iteration_is_always_measured(digits):
    architecture = Architecture(64, (4,), 10)
    examples = examples_of(architecture, digits, 100, 50)
    settings = [Hyperparameters(0.1, n, 0.5, 0.0, 10, 0.1) for n in (7, 20)]
    records, left = run(architecture, examples, settings, [0, 0], (0, 5, 20))
    assert [(r.iteration, r.ids, r.finished) for r in records] == [
        (0, (0, 1), ()),
        (5, (0, 1), ()),
        (7, (0,), (0,)),
        (20, (1,), (1,)),
    ]
    assert all(isinstance(r, Record) for r in records)
    assert left.ids == ()
