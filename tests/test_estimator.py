import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from hpsearch.config import ConfigError, NetworkConfig
from hpsearch.config.hyperparameters import TRAINING
from hpsearch.engine.examples import Examples
from hpsearch.engine.losses import CEILING
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.training import Training, train
from hpsearch.estimator import ShallowNetworkClassifier, ShallowNetworkRegressor

NAME = "shallownetworkclassifier"
BOTH = pytest.mark.parametrize("kind", [ShallowNetworkClassifier, ShallowNetworkRegressor])
SETTINGS_GIVEN = {
    "learning_rate": 0.03,
    "iterations": 70,
    "momentum": 0.5,
    "l2": 1e-3,
    "batch_size": 20,
    "init_scale": 0.3,
}
DIVERGING = {"learning_rate": 10.0, "l2": 10.0}  # each step multiplies the weights by −99


def iris():
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def two_classes():
    X, y = iris()
    return X[y > 0], y[y > 0]


def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def data_for(kind):
    return iris() if kind is ShallowNetworkClassifier else diabetes()


def learned(estimator):
    return np.concatenate([layer.ravel() for layer in [*estimator.coefs_, *estimator.intercepts_]])


@parametrize_with_checks([ShallowNetworkClassifier(), ShallowNetworkRegressor()])
def test_scikit_learn_accepts_it_as_an_estimator(estimator, check):
    check(estimator)


# Constructor arguments are hyperparameters, attributes that end in _ are parameters (L5).


@BOTH
def test_the_defaults_are_those_of_a_study(kind):
    given = kind().get_params()
    assert {setting.name: given.pop(setting.name) for setting in TRAINING} == {s.name: s.default for s in TRAINING}
    network = NetworkConfig()
    assert given == {**{name: getattr(network, name) for name in NetworkConfig.model_fields}, "seed": 0}


@BOTH
def test_nothing_is_chosen_by_position(kind):
    with pytest.raises(TypeError, match="positional"):
        kind(0.1)


@BOTH
def test_fit_changes_no_constructor_argument_and_learns_only_attributes_that_end_in_an_underscore(kind):
    X, y = data_for(kind)
    hidden = [5, 3]
    estimator = kind(hidden=hidden, batch_size=100_000, iterations=10)
    before = dict(vars(estimator))
    assert set(before) == set(estimator.get_params())
    estimator.fit(X, y)
    assert {name: value for name, value in vars(estimator).items() if name in before} == before
    assert estimator.hidden is hidden
    assert hidden == [5, 3]
    assert all(name.endswith("_") and not name.startswith("_") for name in set(vars(estimator)) - set(before))


@BOTH
def test_a_clone_has_the_hyperparameters_but_not_the_parameters(kind):
    estimator = kind(learning_rate=0.02, iterations=10).fit(*data_for(kind))
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params()
    assert not hasattr(copy, "coefs_")
    with pytest.raises(NotFittedError, match="not fitted yet"):
        copy.predict(data_for(kind)[0])


@BOTH
def test_set_params_changes_what_the_next_fit_does_and_not_what_was_learned(kind):
    X, y = data_for(kind)
    estimator = kind(iterations=10).fit(X, y)
    before = estimator.predict(X)
    estimator.set_params(activation="relu", hidden=(4,), dtype="float64", iterations=20)
    assert np.array_equal(estimator.predict(X), before)
    estimator.fit(X, y)
    assert estimator.n_iter_ == 20
    assert estimator.coefs_[0].shape == (X.shape[1], 4)
    assert estimator.coefs_[0].dtype == np.float64


@pytest.mark.parametrize("setting", TRAINING, ids=lambda setting: setting.name)
def test_a_hyperparameter_outside_its_rule_is_refused_at_fit(setting):
    estimator = ShallowNetworkClassifier(**{setting.name: -1})
    with pytest.raises(ConfigError, match=rf"{setting.name}: .*given: -1\); {setting.name} is {setting.rule}"):
        estimator.fit(*iris())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("iterations", 2.5, r"iterations: must be a whole number \(given: 2.5\)"),
        ("learning_rate", "fast", r'learning_rate: must be a number \(given: "fast"\)'),
        ("learning_rate", float("nan"), r"learning_rate: must be finite \(given: nan\)"),
        ("batch_size", True, r"batch_size: must be a whole number \(given: true\)"),
        ("hidden", (), r"hidden: has too few entries \(given: \[\]\); give 1 to 16 widths"),
        ("hidden", 32, r"hidden: must be a list \(given: 32\)"),
        ("hidden", (8, 0), r"hidden\[1\]: must be at least 1 \(given: 0\)"),
        ("activation", "tan", r'activation: .*given: "tan"\); did you mean "tanh"'),
        ("init", "glorot", r'init: .*given: "glorot"\); use "scaled", "xavier"'),
        ("dtype", "float16", r'dtype: .*given: "float16"\)'),
        ("seed", -1, r"seed: is no seed \(given: -1\); give a whole number from 0 to 4,294,967,295"),
        ("seed", None, r"seed: is no seed \(given: None\)"),
        ("seed", True, r"seed: is no seed \(given: true\)"),
    ],
)
def test_a_wrong_argument_is_told_with_what_was_given_and_the_rule(name, value, message):
    with pytest.raises(ValueError, match=message):
        ShallowNetworkRegressor(**{name: value}).fit(*diabetes())


def test_all_wrong_arguments_are_told_at_once():
    with pytest.raises(ConfigError, match=r"(?s)ShallowNetworkClassifier: 3 problems.*momentum.*activation.*seed"):
        ShallowNetworkClassifier(momentum=1, activation="x", seed=0.5).fit(*iris())


def test_numbers_of_numpy_are_as_good_as_python_s():
    X, y = iris()
    given = {name: np.array([value])[0] for name, value in SETTINGS_GIVEN.items()}
    assert not isinstance(given["iterations"], int)
    by_numpy = ShallowNetworkClassifier(**given, hidden=np.array([6]), seed=np.int32(3)).fit(X, y)
    by_python = ShallowNetworkClassifier(**SETTINGS_GIVEN, hidden=(6,), seed=3).fit(X, y)
    assert np.array_equal(learned(by_numpy), learned(by_python))


# The weights are the engine's.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", ["softmax", "binary", "identity"])
def test_the_weights_are_the_engine_s_to_the_bit(case, dtype):
    X, y = {"softmax": iris, "binary": two_classes, "identity": diabetes}[case]()
    kind = ShallowNetworkRegressor if case == "identity" else ShallowNetworkClassifier
    network = {"hidden": (7, 5), "activation": "relu", "init": "he", "dtype": dtype}
    estimator = kind(**SETTINGS_GIVEN, **network, seed=11).fit(X, y)

    targets = (y - y.mean()) / y.std() if case == "identity" else y - y.min()
    architecture = Architecture(X.shape[1], outputs=3 if case == "softmax" else 1, output=case, **network)
    examples = Examples.of(architecture, (X, targets))
    # Measured at other checkpoints: no result depends on these.
    start = Training.start(architecture, Hyperparameters(**SETTINGS_GIVEN), 11)
    _, end = train(start, examples, (0, 13))
    for layer, coefs, intercepts in zip(
        architecture.layers(end.parameters), estimator.coefs_, estimator.intercepts_, strict=True
    ):
        assert np.array_equal(coefs, layer[:, :-1].T)
        assert np.array_equal(intercepts, layer[:, -1])
        assert coefs.dtype == intercepts.dtype == np.dtype(dtype)


def test_fewer_iterations_are_the_first_part_of_the_same_run():
    X, y = iris()
    long = ShallowNetworkClassifier(iterations=200).fit(X, y)
    iteration = int(long.curve_["iteration"].iloc[12])
    short = ShallowNetworkClassifier(iterations=iteration).fit(X, y)
    assert 10 < iteration < 200
    assert short.loss_ == long.curve_["train_loss"].iloc[12]


@BOTH
def test_the_seed_alone_decides_the_weights(kind):
    X, y = data_for(kind)
    first, again, other = (learned(kind(iterations=30, seed=seed).fit(X, y)) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-3)


@BOTH
def test_fitting_again_starts_again(kind):
    X, y = data_for(kind)
    estimator = kind(iterations=30).fit(X[:100], y[:100])
    fresh = kind(iterations=30).fit(X, y)
    assert np.array_equal(learned(estimator.fit(X, y)), learned(fresh))


@BOTH
def test_the_precision_of_the_table_does_not_matter_but_that_of_the_engine_does(kind):
    X, y = data_for(kind)
    X = X.astype(np.float32)
    single = kind(iterations=30).fit(X, y)
    double = kind(iterations=30).fit(X.astype(float), y)
    assert np.array_equal(learned(single), learned(double))
    assert np.array_equal(single.predict(X), single.predict(X.astype(float)))
    assert learned(single).dtype == np.float32
    assert learned(kind(iterations=30, dtype="float64").fit(X, y)).dtype == np.float64


@BOTH
def test_a_data_frame_is_an_array_with_names(kind):
    X, y = data_for(kind)
    frame = pd.DataFrame(X, columns=[f"column {k}" for k in range(X.shape[1])])
    named = kind(iterations=30).fit(frame, pd.Series(y))
    plain = kind(iterations=30).fit(X, y)
    assert np.array_equal(learned(named), learned(plain))
    assert np.array_equal(named.predict(frame), plain.predict(X))
    assert list(named.feature_names_in_) == list(frame.columns)
    assert named.n_features_in_ == X.shape[1]
    with pytest.raises(ValueError, match="feature names should match"):
        named.predict(frame.rename(columns={"column 0": "another"}))


@BOTH
def test_an_example_s_prediction_does_not_depend_on_the_examples_beside_it(kind):
    X, y = data_for(kind)
    estimator = kind(iterations=30).fit(X, y)
    respond = estimator.predict_proba if kind is ShallowNetworkClassifier else estimator.predict
    many = np.tile(X, (60, 1))  # above the 4,096 examples of one pass
    together = respond(many)
    assert np.allclose(together[-len(X) :], respond(X), rtol=1e-12, atol=0)
    alone = np.concatenate([respond(X[[k]]) for k in range(20)])
    assert np.allclose(alone, together[:20], rtol=1e-12, atol=0)


@BOTH
def test_changing_a_weight_changes_what_is_predicted(kind):
    X, y = data_for(kind)
    estimator = kind(iterations=30).fit(X, y)
    respond = estimator.predict_proba if kind is ShallowNetworkClassifier else estimator.predict
    before = respond(X)
    estimator.intercepts_[-1][0] += 1
    assert not np.allclose(respond(X), before, atol=0.01)


def test_the_weights_of_scikit_learn_s_shapes_give_the_prediction():
    X, y = diabetes()
    model = ShallowNetworkRegressor(iterations=30, hidden=(6, 4)).fit(X, y)
    assert [c.shape for c in model.coefs_] == [(10, 6), (6, 4), (4, 1)]
    assert [b.shape for b in model.intercepts_] == [(6,), (4,), (1,)]
    hidden = X.astype(np.float32).astype(float)
    for coefs, intercepts in zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True):
        hidden = np.tanh(hidden @ coefs + intercepts)
    standard = hidden @ model.coefs_[-1] + model.intercepts_[-1]
    assert np.allclose(model.predict(X), standard[:, 0] * y.std() + y.mean(), rtol=1e-10)


@BOTH
def test_a_pickled_estimator_predicts_the_same(kind):
    X, y = data_for(kind)
    estimator = kind(iterations=30).fit(X, y)
    again = pickle.loads(pickle.dumps(estimator))
    assert np.array_equal(again.predict(X), estimator.predict(X))
    pd.testing.assert_frame_equal(again.curve_, estimator.curve_)


# It learns.


@pytest.mark.parametrize(("load", "least"), [(load_breast_cancer, 0.95), (load_iris, 0.93)])
def test_a_pipeline_with_a_scaler_classifies_unseen_examples(load, least):
    X, y = load(return_X_y=True)
    model = make_pipeline(StandardScaler(), ShallowNetworkClassifier())
    assert cross_val_score(model, X, y, cv=5).mean() > least


def test_a_grid_search_finds_the_learning_rate_that_learns():
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), ShallowNetworkClassifier(iterations=100))
    name = "shallownetworkclassifier__learning_rate"
    search = GridSearchCV(model, {name: [1e-5, 1e-4, 0.1]}, cv=3).fit(X, y)
    assert search.best_params_ == {name: 0.1}
    assert search.best_score_ > 0.93


def test_regression_is_as_good_as_scikit_learn_s_own_network():
    X, y = load_diabetes(return_X_y=True)
    ours = ShallowNetworkRegressor(learning_rate=0.01)
    # The best of eight rates and lengths that were tried: its y is not standardised, so it needs a smaller rate.
    theirs = MLPRegressor(
        hidden_layer_sizes=(32,), activation="tanh", solver="sgd", learning_rate_init=1e-4, batch_size=32,
        max_iter=50, tol=0, n_iter_no_change=50, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs_r2 = cross_val_score(make_pipeline(StandardScaler(), theirs), X, y, cv=3).mean()
    ours_r2 = cross_val_score(make_pipeline(StandardScaler(), ours), X, y, cv=3).mean()
    assert ours_r2 > 0.45
    assert ours_r2 > theirs_r2 - 0.03


@pytest.mark.parametrize("factor", [1e-9, 1.0, 1e9])
def test_a_regression_does_not_depend_on_the_units_of_its_target(factor):
    X, y = diabetes()
    model = ShallowNetworkRegressor(learning_rate=0.01).fit(X, y)
    scaled = ShallowNetworkRegressor(learning_rate=0.01).fit(X, y * factor + 5 * factor)
    assert np.allclose(scaled.predict(X) / factor - 5, model.predict(X), rtol=1e-3)
    assert scaled.loss_ == pytest.approx(model.loss_, rel=1e-3)


@pytest.mark.parametrize("constant", [0.0, 0.1, -3e7])
def test_a_constant_target_is_predicted_as_it_is(constant):
    X, _ = diabetes()
    model = ShallowNetworkRegressor(iterations=300).fit(X, np.full(len(X), constant))
    assert model.target_scale_ == 1.0
    assert np.allclose(model.predict(X), constant, atol=0.05)


def test_a_target_too_large_to_square_is_refused():
    X, y = diabetes()
    with pytest.raises(ValueError, match=r"y is too large to be squared \(given: up to 3.46e\+302\)"):
        ShallowNetworkRegressor().fit(X, y * 1e300)


@pytest.mark.parametrize("names", [["no", "yes"], ["setosa", "versicolor", "a third"]])
@pytest.mark.parametrize("as_series", [False, True])
def test_labels_may_be_text_in_any_order(names, as_series):
    X, y = iris()
    keep = y < len(names)
    X, labels = X[keep], np.array(names)[y[keep]]
    model = ShallowNetworkClassifier().fit(X, pd.Series(labels) if as_series else labels)
    assert list(model.classes_) == sorted(names)
    assert np.mean(model.predict(X) == labels) > 0.95
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (len(X), len(names))
    assert np.allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert model.coefs_[-1].shape[1] == (1 if len(names) == 2 else 3)


def test_a_single_class_is_refused():
    X, _ = iris()
    with pytest.raises(ValueError, match=r'needs at least 2 classes: y has 1 class \(given: "only"\)'):
        ShallowNetworkClassifier().fit(X, ["only"] * len(X))


def test_a_number_to_predict_is_no_class():
    with pytest.raises(ValueError, match="Unknown label type"):
        ShallowNetworkClassifier().fit(iris()[0], iris()[0][:, 0])


def test_a_batch_larger_than_the_training_set_is_clipped_to_it():
    X, y = iris()
    large = ShallowNetworkClassifier(batch_size=10_000, iterations=20).fit(X, y)
    exact = ShallowNetworkClassifier(batch_size=len(X), iterations=20).fit(X, y)
    smaller = ShallowNetworkClassifier(batch_size=len(X) - 1, iterations=20).fit(X, y)
    assert (large.batch_size, large.batch_size_, smaller.batch_size_) == (10_000, 150, 149)
    assert np.array_equal(learned(large), learned(exact))
    assert not np.array_equal(learned(large), learned(smaller))


# What happened in training.


@BOTH
def test_the_curve_runs_from_the_initial_weights_to_the_last_iteration(kind):
    X, y = data_for(kind)
    model = kind(iterations=90, learning_rate=0.01).fit(X, y)
    curve = model.curve_
    assert list(curve.columns) == [
        "iteration", "train_loss", "gradient_norm", "saturation", "weight_norm", "distinct_units",
    ]  # fmt: skip
    assert curve["iteration"].is_monotonic_increasing
    assert (curve["iteration"].iloc[0], curve["iteration"].iloc[-1], model.n_iter_) == (0, 90, 90)
    assert model.loss_ == curve["train_loss"].iloc[-1] < 0.8 * curve["train_loss"].iloc[0]
    assert model.diverged_ is False


def test_the_last_loss_is_that_of_the_predictions():
    X, y = diabetes()
    model = ShallowNetworkRegressor(dtype="float64").fit(X, y)
    assert model.loss_ == pytest.approx(0.5 * np.mean(((y - model.predict(X)) / y.std()) ** 2))
    X, y = iris()
    classifier = ShallowNetworkClassifier(dtype="float64").fit(X, y)
    assert classifier.loss_ == pytest.approx(-np.log(classifier.predict_proba(X)[np.arange(150), y]).mean())


@BOTH
def test_validation_examples_are_measured_and_not_learned_from(kind):
    X, y = data_for(kind)
    train, held_out = np.arange(len(X)) % 3 > 0, np.arange(len(X)) % 3 == 0
    without = kind(iterations=60).fit(X[train], y[train])
    model = kind(iterations=60).fit(X[train], y[train], validation=(X[held_out], y[held_out]))
    assert np.array_equal(learned(model), learned(without))
    score = "validation_error" if kind is ShallowNetworkClassifier else "validation_r2"
    assert set(model.curve_.columns) - set(without.curve_.columns) == {"validation_loss", score}
    last = model.curve_[score].iloc[-1]
    by_hand = model.score(X[held_out], y[held_out])
    assert (1 - last if kind is ShallowNetworkClassifier else last) == pytest.approx(by_hand, abs=1e-5)


def test_validation_examples_that_cannot_be_used_are_refused():
    X, y = iris()
    model = ShallowNetworkClassifier(iterations=5)
    with pytest.raises(ValueError, match=r"classes not trained on \(given: \[7\]\); trained on \[0, 1, 2\]"):
        model.fit(X, y, validation=(X, np.where(y == 1, 7, y)))
    with pytest.raises(ValueError, match="X has 3 features, but ShallowNetworkClassifier is expecting 4"):
        model.fit(X, y, validation=(X[:, :3], y))
    with pytest.raises(ValueError, match=r'must be a pair \(X, y\) \(given: "ndarray"\)'):
        model.fit(X, y, validation=X)
    with pytest.raises(ValueError, match="validation: y has one value only"):
        ShallowNetworkRegressor(iterations=5).fit(*diabetes(), validation=(diabetes()[0], np.ones(442)))


@pytest.mark.parametrize("case", [iris, two_classes, diabetes])
def test_a_diverged_network_warns_and_predicts_as_if_it_had_learned_nothing(case):
    X, y = case()
    kind = ShallowNetworkRegressor if case is diabetes else ShallowNetworkClassifier
    model = kind(**DIVERGING)
    with pytest.warns(
        ConvergenceWarning, match=r"diverged between iterations \d+ and \d+ \(learning_rate=10, "
    ) as told:
        model.fit(X, y)
    assert told[0].filename == __file__
    assert model.diverged_ is True
    assert 0 < model.n_iter_ < model.iterations
    assert model.loss_ == model.curve_["train_loss"].iloc[-1] == pytest.approx(CEILING)
    assert not learned(model).any()
    if case is diabetes:
        assert np.allclose(model.predict(X), y.mean())
    else:
        assert np.allclose(model.predict_proba(X), 1 / len(np.unique(y)))
        assert set(model.predict(X)) == {y.min()}


@BOTH
def test_initial_weights_beyond_all_numbers_are_a_divergence(kind):
    X, y = data_for(kind)
    model = kind(init_scale=1e300)
    with pytest.warns(ConvergenceWarning, match="diverged at its initial weights .*init_scale=1e\\+300"):
        model.fit(X, y)
    assert np.isfinite(learned(model)).all()
    assert np.isfinite(model.curve_["train_loss"]).all()


def test_a_grid_search_does_not_choose_a_setting_that_diverged():
    X, y = diabetes()
    grid = {"learning_rate": [0.01, 10.0]}
    with pytest.warns(ConvergenceWarning, match="learning_rate=10"):
        search = GridSearchCV(ShallowNetworkRegressor(l2=10.0), grid, cv=3, refit=False).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert scores[1] <= 0


def test_a_value_that_float32_cannot_hold_is_refused():
    X, y = iris()
    X[3, 1] = 1e39
    with pytest.raises(ValueError, match="too large for dtype\\('float32'\\)"):
        ShallowNetworkClassifier().fit(X, y)
    model = ShallowNetworkClassifier(iterations=5).fit(*iris())
    with pytest.raises(ValueError, match="too large for dtype\\('float32'\\)"):
        model.predict(X)


def test_a_grid_search_over_networks_finds_the_one_that_learns():
    X, y = load_iris(return_X_y=True)
    model = ShallowNetworkClassifier(iterations=60, learning_rate=0.3, init_scale=1.0)
    networks = {"hidden": [(4,), (3, 2)], "activation": ["tanh", "relu"], "init": ["he", "zeros"]}
    search = GridSearchCV(
        make_pipeline(StandardScaler(), model), {f"{NAME}__{k}": v for k, v in networks.items()}, cv=3
    )
    search.fit(X, y)
    results = search.cv_results_
    best = {name.removeprefix(f"{NAME}__"): value for name, value in search.best_params_.items()}
    assert best["init"] == "he"
    fitted = search.best_estimator_[-1].architecture_
    assert (fitted.hidden, fitted.activation, fitted.init) == (best["hidden"], best["activation"], "he")
    of_zeros = [score for score, params in zip(results["mean_test_score"], results["params"], strict=True)
                if params[f"{NAME}__init"] == "zeros"]  # fmt: skip
    assert max(of_zeros) < 0.5 < search.best_score_
