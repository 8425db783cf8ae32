"""fANOVA in closed form: equal to Optuna's, and right about choices."""

import numpy as np
import optuna
import pytest
from optuna.importance import FanovaImportanceEvaluator

from hpsearch.results.forest import TREES, Leaves, forest_variances, leaves, tree_shares


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).random((40, 3))


def test_shares_of_numbers_are_those_of_optuna(points):
    values = points @ [1, 0.5, 0] + 0.1 * np.random.default_rng(1).standard_normal(40)
    sides = {f"x{i}": optuna.distributions.FloatDistribution(0, 1) for i in range(3)}
    study = optuna.create_study()
    for point, value in zip(points.tolist(), values.tolist(), strict=True):
        params = dict(zip(sides, point, strict=True))
        study.add_trial(optuna.trial.create_trial(params=params, distributions=sides, value=value))
    theirs = FanovaImportanceEvaluator(n_trees=TREES, seed=3).evaluate(study)
    shares = tree_shares(leaves(points, values, seed=3), np.arange(3))
    np.testing.assert_allclose(shares, [theirs[name] for name in sides], rtol=1e-6)


def one_tree(boxes, values):
    low, high = np.array(boxes, dtype=float).transpose(2, 0, 1)
    return Leaves(np.zeros(len(values), dtype=int), low, high, np.array(values, dtype=float))


def test_a_tree_by_hand():
    """x below 0.25: 0; else 1 where y is below 0.5 and 3 above: E(x) is 0 or 2, E(y) 0.75 or 2.25."""
    tree = one_tree([[(0, 0.25), (0, 1)], [(0.25, 1), (0, 0.5)], [(0.25, 1), (0.5, 1)]], [0, 1, 3])
    total = 0.375 * (1 + 9) - 1.5**2
    np.testing.assert_allclose(tree_shares(tree, np.arange(2)), np.array([0.75, 0.5625]) / total)


def test_a_marginal_of_choices_runs_over_the_choices():
    """Of three choices the first gives 3, the others 0: mean 1, variance 2, all of it the choice's."""
    top = 0.35
    tree = one_tree([[(top, 1), (0, 1), (0, 1), (0, 1)], [(0, top), (0, 1), (0, 1), (0, 1)]], [3, 0])
    np.testing.assert_allclose(tree_shares(tree, np.array([0, 0, 0, 1])), [1, 0], atol=1e-12)
    np.testing.assert_allclose(forest_variances(tree, np.array([0, 0, 0, 1])) * TREES**2, [2, 0], atol=1e-12)


def test_a_forest_of_choices_finds_their_variance():
    rng = np.random.default_rng(0)
    choice = rng.integers(3, size=200)
    points = np.hstack([np.eye(3)[choice] / np.sqrt(2), rng.random((200, 1))])
    found = forest_variances(leaves(points, np.array([0.0, 1.0, 5.0])[choice], seed=0), np.array([0, 0, 0, 1]))
    np.testing.assert_allclose(found, [np.var([0, 1, 5]), 0], atol=1e-6)


def test_leaves_fill_the_cube_once_a_tree(points):
    forest = leaves(points, np.random.default_rng(1).standard_normal(40), seed=0)
    volume = np.bincount(forest.tree, (forest.high - forest.low).prod(axis=1))
    np.testing.assert_allclose(volume, np.ones(TREES))


def test_the_mean_of_trees_varies_less_on_noise_than_a_tree(points):
    alone, noise = points[:, :1], np.random.default_rng(1).standard_normal(40)
    assert tree_shares(leaves(alone, noise, seed=0), np.array([0])) == pytest.approx(1)
    of_noise = forest_variances(leaves(alone, noise, seed=0), np.array([0]))
    order = np.sort(noise)[np.argsort(np.argsort(alone[:, 0]))]
    assert of_noise < 0.75 * forest_variances(leaves(alone, order, seed=0), np.array([0]))


def test_trees_that_do_not_vary_have_no_shares(points):
    assert np.isnan(tree_shares(leaves(points, np.ones(40), seed=0), np.arange(3))).all()
