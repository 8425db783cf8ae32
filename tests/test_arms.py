"""What searches cost, one search of the same cost as rounds, and the best of both."""

import numpy as np
import pytest

from hpsearch import load
from hpsearch.evaluation.evaluator import load_data
from hpsearch.results import arms
from hpsearch.results.arms import best_of_rounds, costs, unrefined_search
from hpsearch.results.rounds import Searches, search_rounds


@pytest.fixture(scope="module")
def config(small):
    return small.with_overrides(trials=41, seeds=2, sampler="random")


@pytest.fixture(scope="module")
def searches(config):
    data = load_data(config)
    return lambda folder: Searches(1, None, folder, data)


@pytest.fixture(scope="module")
def made(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("arms")
    return folder, search_rounds(config, 2, results=folder)


def test_the_cost_is_iterations_times_batch_size_over_seeds(made):
    _, (first, _) = made
    trials = first.results.trials
    expected = trials["iterations"] * trials["batch_size"] * 2
    np.testing.assert_array_equal(costs(first.results), expected)
    assert best_of_rounds([first]).cost == expected.sum()


def test_a_pruned_trial_costs_what_was_trained_of_it(config, tmp_path):
    pruning = config.with_overrides(pruner="median", **{"space.batch_size": 8})
    results = search_rounds(pruning, 2, results=tmp_path)[0].results
    trained = results.curves.groupby("number")["iteration"].max() * 8 * 2
    np.testing.assert_array_equal(costs(results), trained)
    assert (trained < results.trials.set_index("number")["iterations"] * 16).any()


def test_the_unrefined_search_ends_where_it_has_cost_as_much(config, made, searches):
    folder, rounds = made
    refined = best_of_rounds(rounds)
    for cost in (refined.cost, 2 * refined.cost):
        arm = unrefined_search(config, cost, searches(folder))
        spent = np.cumsum(costs(load("small-unrefined", results=folder)))
        assert arm.cost == spent[arm.trials - 1] <= cost < spent[arm.trials]
        counted = load("small-unrefined", results=folder).trials[: arm.trials]
        assert arm.value == counted["value"].min()
        assert arm.number == counted["value"].idxmin()


def test_a_grid_ends_the_unrefined_search_below_the_cost(config, tmp_path, searches):
    grid = config.with_overrides(
        name="g", sampler="grid", **{"search.grid": 2, "space.l2": 0.01, "space.momentum": 0.5}
    )
    arm = unrefined_search(grid, 10**12, searches(tmp_path))
    assert arm.trials == 2**3 * 3


def test_a_search_of_short_trainings_ends_at_ten_times_the_trials(config, tmp_path, searches):
    arm = unrefined_search(config.with_overrides(trials=3), 10**12, searches(tmp_path))
    assert arm.trials == len(load("small-unrefined", results=tmp_path).trials) == 30


def test_where_trainings_get_ever_shorter_a_search_is_begun_anew_a_few_times(config, monkeypatch):
    totals = []

    class Shorter:
        def search(self, config, total):
            totals.append(total)
            return total

    monkeypatch.setattr(arms, "costs", lambda total: 10.0**6 * 0.9 ** np.arange(total))
    monkeypatch.setattr(arms, "_arm", lambda name, parts, first: parts[0])
    assert unrefined_search(config, 10**7 + 10**5, Shorter()) == 410  # ten times the trials, all of which cost 10⁷
    assert len(totals) < 15


def test_the_best_of_all_rounds_is_kept_whichever_had_it(made):
    _, rounds = made
    values = {round.results.study.study_name: round.results.trials["value"].min() for round in rounds}
    arm = best_of_rounds(rounds)
    assert arm.value == min(values.values()) == values[arm.study]
    assert best_of_rounds(rounds[::-1]) == arm
    assert arm.trials == 41
    assert arm.cost == sum(costs(round.results).sum() for round in rounds)
