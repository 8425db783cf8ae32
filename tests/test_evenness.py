"""Which parameters' trials are spread unevenly."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import create_trial

from hpsearch.results.evenness import uneven_parameters
from hpsearch.results.samples import read_sample


def uneven(values, kind):
    trials = [create_trial(params={"x": v}, distributions={"x": kind}, value=0.0) for v in values]
    numeric = not isinstance(kind, CategoricalDistribution)
    unit = (np.array(values, dtype=float) - kind.low)[:, None] / (kind.high - kind.low) if numeric else np.empty(0)
    return uneven_parameters(trials, {"x": unit}) == ["x"]


KINDS = {
    "whole": IntDistribution(1, 5),
    "many whole": IntDistribution(0, 1000),
    "whole in the logarithm": IntDistribution(1, 64, log=True),
    "every third": IntDistribution(1, 10, step=3),
    "steps": FloatDistribution(0, 1, step=0.25),
    "choices": CategoricalDistribution(["a", "b", "c"]),
    "any": FloatDistribution(0, 1),
}


def drawn(kind, rng):
    """An even draw of 150, as Optuna's random sampler makes it."""
    sampler = optuna.samplers.RandomSampler(seed=int(rng.integers(2**31)))
    study = optuna.create_study(sampler=sampler)
    return [study.ask({"x": kind}).params["x"] for _ in range(150)]


@pytest.mark.parametrize("name", KINDS)
def test_an_even_draw_is_not_called_uneven(name):
    rng = np.random.default_rng(0)
    assert sum(uneven(drawn(KINDS[name], rng), KINDS[name]) for _ in range(6)) <= 1  # of 6 at the level 0.01


@pytest.mark.parametrize("name", [name for name in KINDS if name != "choices"])
def test_an_uneven_draw_is(name):
    kind, rng = KINDS[name], np.random.default_rng(0)
    assert uneven(sorted(drawn(kind, rng))[:100] + sorted(drawn(kind, rng))[:50], kind)


def test_a_choice_that_never_came_counts():
    kind = CategoricalDistribution(["a", "b", "c"])
    assert uneven(["a", "b"] * 20, kind)
    assert not uneven(["a", "b", "c"] * 14, kind)


def test_a_grid_of_a_range_without_steps_is_even():
    assert not uneven([0.0, 0.25, 0.5, 0.75, 1.0] * 30, FloatDistribution(0, 1))
    assert uneven([0.0, 0.25, 0.5, 0.75, 1.0] + [1.0] * 100, FloatDistribution(0, 1))


def test_a_huge_range_of_whole_numbers_is_treated_as_without_steps():
    kind, rng = IntDistribution(0, 10**12), np.random.default_rng(0)
    assert not uneven([int(v) for v in rng.integers(10**12, size=100)], kind)
    assert uneven([int(v) for v in rng.integers(10**11, size=100)], kind)


def test_two_whole_numbers_that_an_optimiser_chose_are_noted():
    made = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    made.optimize(lambda t: (t.suggest_int("a", 1, 20) - 10) ** 2 + t.suggest_int("b", 1, 20), n_trials=60)
    notes = [note for note in read_sample(made).notes if "not evenly spread" in note]
    assert notes[0].startswith("a and b are not evenly spread")
    made = optuna.create_study()
    sides = dict.fromkeys("abcd", FloatDistribution(0, 1))
    for k in range(60):
        params = dict.fromkeys(sides, 0.01 * k**0.5)
        made.add_trial(optuna.trial.create_trial(params=params, distributions=sides, value=float(k)))
    assert any(note.startswith("none of the 4 parameters is evenly spread") for note in read_sample(made).notes)
    made = optuna.create_study()
    sides["e"] = FloatDistribution(0, 1)
    for k in range(60):
        params = {**dict.fromkeys("abcd", 0.01 * k**0.5), "e": (k + 0.5) / 60}
        made.add_trial(optuna.trial.create_trial(params=params, distributions=sides, value=float(k)))
    assert any(note.startswith("a, b, c and d are not evenly spread") for note in read_sample(made).notes)
