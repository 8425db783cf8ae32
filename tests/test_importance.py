"""Importance of any study: found where it is, and not claimed where there is none."""

import warnings

import numpy as np
import optuna
import pandas as pd
import pytest
from helpers import run

from hpsearch.results.surrogates import ImportanceError, ImportanceWarning, importance
from hpsearch.storage.access import JOURNAL

QUICK = {"measures": ("ped_anova", "permutation"), "permutations": 39, "bootstraps": 20}


def study(trials, function, *, seed=0, direction="minimize", low=1e-3):
    made = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed), direction=direction, study_name="s")

    def objective(trial):
        x = trial.suggest_float("rate", low, 1, log=True)
        return function(x, trial.suggest_float("y", 0, 1), trial.suggest_categorical("kind", ["a", "b"]))

    made.optimize(objective, n_trials=trials)
    return made


def slope(x, y, kind):
    return np.log10(x) + 0.1 * y


@pytest.mark.slow
def test_all_measures_find_the_one_that_matters():
    check_that_rate_matters(importance(study(100, slope), permutations=39, bootstraps=8))


def test_the_quick_measures_find_the_one_that_matters():
    check_that_rate_matters(importance(study(100, slope), measures=QUICK["measures"], permutations=39, bootstraps=8))


def test_fanova_finds_the_one_that_matters():
    found = importance(study(40, slope), measures=("fanova",), permutations=19, bootstraps=2)
    check_that_rate_matters(found)


def check_that_rate_matters(found):
    found = found.set_index(["hyperparameter", "measure"])
    rate = found.loc["rate"]
    assert (rate["p_value"] <= 0.05).all()
    assert (rate["low"] <= rate["high"]).all()
    assert (found["importance"].groupby("measure").idxmax().map(lambda place: place[0]) == "rate").all()


@pytest.mark.parametrize("permutations", [1, 4])
def test_a_permutation_as_important_counts_against_the_parameter(permutations):
    """Of one parameter alone PED-ANOVA and fANOVA give 1, whatever the values: every permutation ties."""
    made = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    made.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=20)
    found = importance(made, measures=("ped_anova", "fanova"), permutations=permutations, bootstraps=2)
    assert found[["importance", "low", "high", "null_high", "p_value"]].to_numpy().tolist() == [[1.0] * 5] * 2


@pytest.mark.parametrize("permutations", [19, 99])
def test_a_parameter_that_is_everything_has_the_smallest_p_value_there_is(permutations):
    made = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    made.optimize(lambda trial: trial.suggest_float("x", 0, 1) + 0 * trial.suggest_float("y", 0, 1), n_trials=80)
    found = importance(made, measures=QUICK["measures"], permutations=permutations, bootstraps=0)
    found = found[found["hyperparameter"] == "x"]
    assert found["p_value"].tolist() == [1 / (1 + permutations)] * 2
    assert set(found["permutations"]) == {permutations}


def test_of_100_permutations_95_stay_below_the_null_s_high_end():
    """It and the p-value come of the same permutations: above it means few as important, below it many."""
    found = importance(study(60, slope), measures=QUICK["measures"], permutations=99, bootstraps=0)
    above = found["importance"] > found["null_high"]
    assert above.tolist() == (found["p_value"] <= 0.06).tolist()
    assert 0 < above.sum() < len(found)
    assert importance(study(60, slope), measures=QUICK["measures"], permutations=0)["null_high"].isna().all()


def check_the_null(seeds):
    rng, p, top = np.random.default_rng(0), [], []
    for seed in range(seeds):
        found = importance(study(60, lambda *_: rng.random(), seed=seed), measures=QUICK["measures"], bootstraps=0)
        p += found["p_value"].tolist()
        top.append(found.loc[found["measure"] == "ped_anova", "importance"].max())
    assert np.median(top) > 0.4
    assert np.mean(np.array(p) < 0.05) <= 0.10  # of 6 p-values a seed 5 % are expected


@pytest.mark.slow
def test_on_noise_the_top_looks_important_and_the_null_says_otherwise():
    check_the_null(seeds=20)


def test_on_a_little_noise_the_top_looks_important_and_the_null_says_otherwise():
    check_the_null(seeds=5)


def test_fanova_sees_a_log_range_in_its_logarithm():
    equal = study(100, lambda x, y, kind: np.log10(x) / 5 + y, low=1e-5)
    found = importance(equal, measures=("fanova",), permutations=1, bootstraps=0).set_index("hyperparameter")
    assert 0.5 < found.loc["rate", "importance"] / found.loc["y", "importance"] < 2


def test_storage_and_direction_make_no_difference(tmp_path):
    made = study(30, slope)
    copy = optuna.create_study(study_name="s", storage=f"sqlite:///{tmp_path}/s.db")
    copy.add_trials(made.trials)
    here, stored = importance(made, **QUICK), importance(copy, **QUICK)
    turned = importance(study(30, lambda *a: -slope(*a), direction="maximize"), **QUICK)
    pd.testing.assert_frame_equal(here, stored)
    pd.testing.assert_frame_equal(here, turned)


def test_trials_of_an_optimiser_are_warned_of():
    made = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    made.optimize(lambda t: (t.suggest_float("x", 0, 1) - 0.5) ** 2, n_trials=60)
    with pytest.warns(ImportanceWarning, match="x are not evenly spread, as an optimiser's trials are not"):
        importance(made, **QUICK)


def test_what_is_left_out_is_said():
    made = study(40, slope)
    made.add_trial(optuna.trial.create_trial(state=optuna.trial.TrialState.PRUNED))
    params, distributions = made.trials[0].params, made.trials[0].distributions
    made.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=float("inf")))
    made.add_trial(optuna.trial.create_trial(params={"y": 0.5}, distributions={"y": distributions["y"]}, value=0.1))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = importance(made, **QUICK)
    told = " ".join(str(w.message) for w in caught)
    assert "1 trials are pruned, failed or not finished" in told
    assert "1 trials have a value that is not finite" in told
    assert "not every trial has kind, rate: left out" in told
    assert set(found["hyperparameter"]) == {"y"}
    assert set(found["trials"]) == {41}


def test_a_constant_value_has_no_importance():
    found = importance(study(40, lambda *_: 1.0), **QUICK)
    assert found[["importance", "low", "high", "null_high", "p_value"]].isna().all().all()


def test_few_trials_are_warned_of():
    with pytest.warns(ImportanceWarning, match="20 trials for 3 parameters: fewer than 10 each"):
        importance(study(20, slope), **QUICK)


def test_bad_input_is_refused():
    with pytest.raises(ImportanceError, match="has 3 completed trials with a finite value, of 3"):
        importance(study(3, slope))
    with pytest.raises(ImportanceError, match="no measure 'shap': choose among ped_anova"):
        importance(study(3, slope), measures=("shap",))
    made = optuna.create_study(directions=["minimize", "minimize"])
    with pytest.raises(ImportanceError, match="has 2 objectives: say which"):
        importance(made)


def test_the_command_reads_any_study_of_any_storage(folder):
    made = optuna.create_study(
        storage="sqlite:///s.db", study_name="any", sampler=optuna.samplers.RandomSampler(seed=0)
    )
    made.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=12)
    told = run("importance", "sqlite:///s.db", "any").stdout
    assert "any: importance, 12 trials" in told
    assert all(word in told for word in ("ped anova", "fanova", "permutation", "x", "1.00 [1.00, 1.00]", "p 1.000"))
    assert 'did you mean "any"' in run("importance", "sqlite:///s.db", "ary", code=2).stderr


@pytest.mark.slow
def test_the_command_prints_every_measure_and_what_to_bear_in_mind(folder):
    run("search", "small", "--trials", 24, "--sampler", "random")
    told = run("importance", f"results/{JOURNAL}", "small")
    assert "small: importance, 24 trials" in told.stdout
    assert all(word in told.stdout for word in ("learning_rate", "ped anova", "fanova", "permutation", " p 0."))
    assert "24 trials for" in told.stderr
    assert "no study 'smal'" in run("importance", f"results/{JOURNAL}", "smal", code=2).stderr
