"""The measures' null: a weak parameter beside a strong one is not hidden by it."""

import numpy as np
import optuna
import pytest

from hpsearch.results.measures import MEASURES
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


def exceedances(measure, sample):
    """How many of 19 permutations are at least as important, by parameter."""
    own, null = measure.null(sample, 19, np.random.default_rng(0), 0)
    assert null.shape == (19, 3)
    return (null >= own).sum(axis=0)


@pytest.fixture(scope="module")
def sample():
    return mixed(lambda point: np.sqrt(12) * (point - 0.5), 150)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_strong_parameter_does_not_hide_a_weak_one(sample, measure):
    rate, momentum, nothing = exceedances(MEASURES[measure], sample)
    assert rate == momentum == 0
    assert nothing > 0


def test_fanova_sees_the_weak_one_because_the_strong_one_stays_where_it_is():
    valley = mixed(lambda point: (np.square(point - 0.5) - 1 / 12) * np.sqrt(180), 100)
    rate, momentum, nothing = exceedances(MEASURES["fanova"], valley)
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
