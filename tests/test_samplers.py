import importlib.util
import pickle
import re
from pathlib import Path

import numpy as np
import optuna
import pytest
from helpers import interrupt, run
from scipy.stats import qmc

from hpsearch import load
from hpsearch.config import ConfigError, to_toml
from hpsearch.results.observations import ImportanceWarning
from hpsearch.space import Float, Space
from hpsearch.storage.access import open_storage
from hpsearch.storage.journal import StorageError
from hpsearch.storage.studies import StudyChangedError
from hpsearch.storage.trials import distributions
from hpsearch.tuning import samplers
from hpsearch.tuning.samplers import _sobol, check_sampler, grid, grid_size, pruner, sampler
from hpsearch.tuning.search import search


def test_distributions_have_the_space_s_bounds(small):
    found = distributions(small.space.dimensions)
    assert found["learning_rate"] == optuna.distributions.FloatDistribution(0.01, 1.0, log=True)
    assert found["iterations"] == optuna.distributions.IntDistribution(5, 60, log=True)
    assert found["batch_size"] == optuna.distributions.CategoricalDistribution((8, 16, 32))
    assert list(found) == list(small.space.dimensions)


def test_qmc_gives_scipy_s_scrambled_sobol_sequence_in_the_order_of_the_trials(small, tmp_path, monkeypatch):
    draw, draws = qmc.Sobol.random, []
    monkeypatch.setattr(qmc.Sobol, "random", lambda *arguments: draws.append(arguments) or draw(*arguments))
    study = search(small.with_overrides(sampler="qmc", trials=9), results=tmp_path)
    assert len(draws) <= 1  # for all trials
    points = qmc.Sobol(6, rng=np.random.default_rng(0)).random(16)[:9]
    expected = small.space.dimensions.from_unit(points)
    for name, values in expected.items():
        assert [t.params[name] for t in study.trials] == values.tolist()


def test_a_batch_s_sampler_is_made_the_same_again(small):
    config = small.with_overrides(sampler="random")
    asked = []
    for _ in range(2):
        study = optuna.create_study(sampler=sampler(config, 3))
        asked.append([study.ask(distributions(small.space.dimensions)).params for _ in range(3)])
    assert asked[0] == asked[1]
    assert asked[0][0] != asked[0][1]


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "cmaes"])
def test_no_batch_asks_what_another_has_asked(small, tmp_path, sampler):
    study = search(small.with_overrides(sampler=sampler), results=tmp_path)
    assert len({t.params["learning_rate"] for t in study.trials}) == 14


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed")
def test_gp_without_pytorch_names_the_extra(small):
    with pytest.raises(ConfigError, match=r"'gp' needs PyTorch.*pip install 'hpsearch\[gp\]'"):
        check_sampler(small.with_overrides(sampler="gp"))


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the extra gp")
def test_gp_searches(small, tmp_path):
    assert len(search(small.with_overrides(sampler="gp"), results=tmp_path).trials) == 14


@pytest.mark.parametrize("name", ["median", "hyperband"])
def test_a_pruner_stops_none_before_a_thirtieth_of_the_longest_training(small, name):
    config = small.with_overrides(pruner=name, **{"space.iterations": {"low": 10, "high": 3000, "log": True}})
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), pruner=pruner(config))

    def worse_and_worse(trial):
        for step in (1, 50, 99, 100, 150, 300, 999, 1000, 3000):
            trial.report(trial.number, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return trial.number

    study.optimize(worse_and_worse, n_trials=40)
    assert min(t.last_step for t in study.trials if t.state == optuna.trial.TrialState.PRUNED) == 100


def test_short_trainings_are_spared_for_one_iteration_at_least(small):
    config = small.with_overrides(pruner="hyperband", **{"space.iterations": {"low": 2, "high": 20}})
    assert pruner(config)._min_resource == 1


def test_without_a_pruner_the_worst_trial_goes_on(small):
    study = optuna.create_study(pruner=pruner(small))
    for number in range(10):
        trial = study.ask()
        trial.report(number, 3000)
        assert not trial.should_prune()
        study.tell(trial, number)


def test_a_grid_goes_from_bound_to_bound_on_each_scale_and_takes_all_choices(small):
    config = small.with_overrides(sampler="grid", grid=3)
    values = grid(config)
    assert values["learning_rate"] == pytest.approx([0.01, 0.1, 1.0])
    assert values["momentum"] == pytest.approx([0.0, 0.45, 0.9])
    assert values["iterations"] == [5, 17, 60]  # √(5·60) = 17.3
    assert values["batch_size"] == [8, 16, 32]
    assert grid_size(config) == 3**6


def test_a_grid_that_memory_does_not_hold_is_refused_before_anything_runs(small, tmp_path, monkeypatch):
    config = small.with_overrides(sampler="grid", grid=50)  # 37 of the iterations from 5 to 60, and 3 mini-batches
    with pytest.raises(ConfigError, match=r"search.grid: 50 values .* 693,750,000 points; it may have 10,000,000"):
        check_sampler(config)
    check_sampler(config.with_overrides(sampler="qmc"))
    monkeypatch.setattr(samplers, "_MOST_POINTS", 3**6)
    check_sampler(config.with_overrides(grid=3))
    monkeypatch.setattr(samplers, "_MOST_POINTS", 3**6 - 1)
    config, file = config.with_overrides(grid=3), tmp_path / "small.toml"
    file.write_text(to_toml(config), encoding="utf-8")
    with pytest.raises(ConfigError, match="a grid of 729 points"):
        search(config, results=tmp_path / "results")
    plan = run("search", file, "--dry-run", "--results", tmp_path / "results", code=2)
    assert "a grid of 729 points" in plan.stderr
    assert not (tmp_path / "results").exists()


class Trap:
    """What is run where it is unpickled: a file is made."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_state_of_cmaes_that_would_run_something_is_refused_and_a_stranger_s_is_never_read(small, folder):
    trap, evil = folder / "sprung", pickle.dumps(Trap(folder / "sprung")).hex()
    config = small.with_overrides(sampler="cmaes", trials=34)
    ours = search(config, results="own", trials=24)
    journal = Path("own/hpsearch.journal")
    state = re.compile(r'("cma:optimizer:)0":"[0-9a-f]+"')
    changed, count = state.subn(rf'\g<1>0":"{evil}"', journal.read_text(encoding="utf-8"))
    assert count
    journal.write_text(re.sub(r'"cma:optimizer:[1-9]":"[0-9a-f]+",?', "", changed), encoding="utf-8")
    with pytest.raises(
        StorageError, match=r"a state of CMA-ES that would run (_io|io)\.open: .* nothing of it was run"
    ):
        search(config, results="own")
    other = optuna.create_study(study_name="small", storage=open_storage(results="results"))
    for trial in ours.trials:
        trial.system_attrs = {"cma:optimizer:0": evil, "cma:generation": 0}
        other.add_trial(trial)
    with pytest.raises(StudyChangedError, match="another program"):
        search(config)
    run("list")
    run("export", "small")
    results = load("small")
    with pytest.warns(ImportanceWarning, match="24 trials for 6 parameters"):
        assert len(results.importance(measures=["ped_anova"], permutations=20, bootstraps=20)) > 0
    assert len(results.trials) == len(ours.trials)
    assert not trap.exists()
    pickle.loads(bytes.fromhex(evil)).close()
    assert trap.exists()  # it would have been sprung


def test_a_stop_while_settings_are_drawn_waits_until_they_are(monkeypatch):
    ended = interrupt(monkeypatch, qmc.Sobol, "__init__")
    with pytest.raises(KeyboardInterrupt):
        _sobol(Space({"x": Float(0, 1)}), 99, 4)
    assert ended == ["__init__"]
