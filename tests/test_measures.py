"""The measures' null: a weak parameter beside a strong one is not hidden by it."""

import numpy as np
import optuna
import pytest
from sklearn.kernel_ridge import KernelRidge

from hpsearch.results.measures import MEASURES
from hpsearch.results.points import Sample
from hpsearch.results.resampling import Resamples, resampled
from hpsearch.results.samples import read_sample


def mixed(effect, trials):
    """0.7 of the variance is the rate's, 0.2 the momentum's, 0.1 noise; a third parameter does nothing."""
    rng = np.random.default_rng(3)
    sides = {name: optuna.distributions.FloatDistribution(0, 1) for name in ("rate", "momentum", "nothing")}
    made = optuna.create_study()
    for point in rng.random((trials, 3)):
        value = effect(point[:2]) @ np.sqrt([0.7, 0.2]) + np.sqrt(0.1) * rng.standard_normal()
        params = dict(zip(sides, point.tolist(), strict=True))
        made.add_trial(optuna.trial.create_trial(params=params, distributions=sides, value=float(value)))
    return read_sample(made)


def exceedances(name, sample):
    """How many of 19 permutations are at least as important, by parameter."""
    own, rng = MEASURES[name].statistic(sample, 0), np.random.default_rng(0)
    (null,) = resampled(sample, 0, [Resamples(name, True, 19, rng)])
    assert null.shape == (19, 3)
    return (null >= own).sum(axis=0)


@pytest.fixture(scope="module")
def sample():
    return mixed(lambda point: np.sqrt(12) * (point - 0.5), 150)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_strong_parameter_does_not_hide_a_weak_one(sample, measure):
    rate, momentum, nothing = exceedances(measure, sample)
    assert rate == momentum == 0
    assert nothing > 0


def test_fanova_sees_the_weak_one_because_the_strong_one_stays_where_it_is():
    valley = mixed(lambda point: (np.square(point - 0.5) - 1 / 12) * np.sqrt(180), 100)
    rate, momentum, nothing = exceedances("fanova", valley)
    assert rate == momentum == 0
    assert nothing > 0


@pytest.mark.parametrize("measure", ["ped_anova", "fanova"])
def test_shares_sum_to_one(sample, measure):
    assert MEASURES[measure].importances(sample, 0).sum() == pytest.approx(1)


@pytest.mark.parametrize("measure", MEASURES)
def test_half_of_the_trials_gives_another_importance_of_as_many_parameters(sample, measure):
    half = sample.subset(np.arange(0, 150, 2))
    assert half.values.tolist() == sample.values[::2].tolist()
    assert half.points.tolist() == sample.points[::2].tolist()
    own, other = (MEASURES[measure].importances(s, 0) for s in (sample, half))
    assert own.shape == other.shape == (3,)
    assert not np.allclose(own, other)


def test_held_out_rises_are_those_of_scikit_learn_s_kernel_ridge():
    rng = np.random.default_rng(5)
    points, scores = rng.random((60, 3)), rng.standard_normal(60)
    sample = Sample(("x", "kind"), points, np.array([0, 1, 1]), scores, 60, ())
    (found,) = MEASURES["permutation"].null(sample, np.arange(60)[None], None, 4)
    rng, targets = np.random.default_rng((4, 7)), sample.scores - sample.scores.mean()
    fold, rise = rng.permutation(np.arange(60) % 5), np.zeros(2)
    for k in range(5):
        model = KernelRidge(alpha=0.1, kernel="rbf", gamma=2).fit(points[fold != k], targets[fold != k])
        for j, columns in enumerate(([0], [1, 2])):
            shuffled = points[fold == k]
            shuffled[:, columns] = shuffled[rng.permutation(12)][:, columns]
            errors = [np.square(targets[fold == k] - model.predict(p)).sum() for p in (shuffled, points[fold == k])]
            rise[j] += errors[0] - errors[1]
    np.testing.assert_allclose(found, rise / np.square(targets).sum(), rtol=1e-10)
