"""The first layer's weights while they are learned: those of the trainings, at the trial's own checkpoints."""

import numpy as np
import pytest

from hpsearch import Results
from hpsearch.results.study import ResultsError
from hpsearch.tuning.search import search


@pytest.fixture(scope="module")
def results(small, tmp_path_factory):
    config = small.with_overrides(trials=2, seeds=[0, 4], **{"search.checkpoints": 12})
    return Results.from_study(search(config, results=tmp_path_factory.mktemp("results")))


def test_the_last_weights_are_the_trained_network_s_and_the_first_its_initial_ones(results):
    units, network = results.units(1, seed=4), results.network(1, seed=4)
    assert list(units) == ["number", "seed", "iteration", "unit", "input", "name", "weight", "distinct_units"]
    assert set(units["number"]) == {1}
    assert set(units["seed"]) == {4}
    last = units[units["iteration"] == network.hyperparameters.iterations]
    np.testing.assert_array_equal(last["weight"], network.weights[0].ravel())
    assert last["unit"].tolist() == np.repeat(range(6), 4).tolist()
    assert last["name"].tolist() == list(network.preparation.feature_names) * 6
    first = units[units["iteration"] == 0]["weight"]
    draw = np.random.default_rng((4, 0)).standard_normal(24) * network.hyperparameters.init_scale
    np.testing.assert_allclose(first, draw, rtol=1e-6)


def test_checkpoints_are_six_of_the_trial_s_with_its_distinct_units(results):
    curve = results.curves.query("number == 0 and seed == 0").set_index("iteration")["distinct_units"]
    shown = results.units(0).groupby("iteration")["distinct_units"].first()
    assert len(curve) > len(shown) == 6
    assert shown.index[[0, -1]].tolist() == curve.index[[0, -1]].tolist()
    assert shown.tolist() == curve.loc[shown.index].tolist()


def test_without_a_number_it_is_the_best_trial(results):
    assert set(results.units()["number"]) == {results.best.number}
    with pytest.raises(ResultsError, match="no trial 9"):
        results.units(9)


def test_units_that_start_as_zeros_stay_one_function(small, tmp_path):
    config = small.with_overrides(trials=1, **{"network.init": "zeros"})
    units = Results.from_study(search(config, results=tmp_path)).units(0)
    assert set(units["distinct_units"]) == {1}
    assert not units["weight"].any()
