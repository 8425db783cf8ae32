"""Importance of any study: found where it is, and not claimed where there is none."""

import multiprocessing
import re
import signal

import numpy as np
import optuna
import pandas as pd
import pytest
from helpers import run
from optuna.trial import create_trial

from hpsearch.cli import progress
from hpsearch.cli.progress import LiveLine
from hpsearch.results import resampling, surrogates
from hpsearch.results.surrogates import ImportanceError, ImportanceWarning, importance
from hpsearch.sensitivity.verdicts import holm
from hpsearch.storage.access import JOURNAL, open_storage
from hpsearch.storage.writing import add_trials

QUICK = {"measures": ("ped_anova", "permutation"), "permutations": 39, "bootstraps": 20}
FEW = {**QUICK, "permutations": 3, "bootstraps": 3}


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


@pytest.mark.parametrize("measure", ["ped_anova", "fanova"])
def test_a_parameter_alone_has_all_of_the_importance_but_is_seen_only_where_it_matters(measure):
    """Of one parameter the shares give 1, whatever the values: the p-value is of something else."""
    made = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    made.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=40)
    noise = np.random.default_rng(2).standard_normal(40)
    for target, verdict in ((None, "seen"), (lambda trial: noise[trial.number], "not seen")):
        found = importance(made, measures=(measure,), target=target, permutations=19, bootstraps=3).iloc[0]
        assert found["importance"] == found["high"] == 1
        assert found["verdict"] == verdict


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
        noise = study(60, lambda *_: rng.random(), seed=seed)
        found = importance(noise, measures=QUICK["measures"], permutations=39, bootstraps=0)
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
    here, stored = importance(made, **FEW), importance(copy, **FEW)
    turned = importance(study(30, lambda *a: -slope(*a), direction="maximize"), **FEW)
    pd.testing.assert_frame_equal(here, stored)
    pd.testing.assert_frame_equal(here, turned)


def test_trials_of_an_optimiser_are_warned_of():
    made = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    made.optimize(lambda t: (t.suggest_float("x", 0, 1) - 0.5) ** 2, n_trials=60)
    with pytest.warns(ImportanceWarning, match="x is not evenly spread, as an optimiser's trials are not"):
        importance(made, **QUICK)


def test_every_note_becomes_a_warning_in_the_line_of_the_call():
    made = study(40, slope)
    made.add_trial(optuna.trial.create_trial(state=optuna.trial.TrialState.PRUNED))
    with pytest.warns(ImportanceWarning, match="1 trial is pruned, failed or not finished") as caught:
        importance(made, **FEW)
    assert caught[0].filename == __file__


def test_a_constant_value_has_no_importance_no_p_value_and_no_verdict():
    with pytest.warns(ImportanceWarning, match="the value is the same in every trial"):
        found = importance(study(40, lambda *_: 1.0), **FEW)
    assert found[["importance", "low", "high", "null_high", "p_value", "p_adjusted"]].isna().all().all()
    assert set(found["verdict"]) == {""}


def test_what_95_of_100_permutations_stay_below_is_below_an_importance_that_is_seen():
    found = importance(study(100, slope), **{**QUICK, "permutations": 99, "bootstraps": 0})
    assert ((found["importance"] > found["null_high"]) == (found["p_value"] <= 0.06)).all()
    assert found["null_high"].between(0, 1).all()


@pytest.mark.filterwarnings("ignore::hpsearch.results.observations.ImportanceWarning")
def test_a_permutation_that_is_as_extreme_counts_against_a_parameter():
    """A choice that one trial of forty makes differently, and that one is not among the best: so is nearly every one
    of its permutations, and all these have the same statistic.
    """
    made = study(40, lambda x, y, kind: x)
    space = {**made.trials[0].distributions, "kind": optuna.distributions.CategoricalDistribution(("a", "b"))}
    alone = optuna.create_study()
    for trial in made.trials:
        params = {**trial.params, "kind": "b" if trial.value == max(t.value for t in made.trials) else "a"}
        alone.add_trial(create_trial(params=params, distributions=space, value=trial.value))
    found = importance(alone, measures=("ped_anova",), permutations=39, bootstraps=2).set_index("hyperparameter")
    assert found.loc["kind", "p_value"] > 0.7
    assert found.loc["rate", "p_value"] == 1 / 40


def test_verdicts_are_by_the_p_value_adjusted_within_a_measure():
    found = importance(study(100, slope), **{**QUICK, "permutations": 99, "bootstraps": 0})
    for _, rows in found.groupby("measure"):
        assert rows["p_adjusted"].tolist() == holm(rows["p_value"].to_numpy()).tolist()
    assert ((found["p_adjusted"] <= 0.05) == (found["verdict"] == "seen")).all()
    assert set(found["verdict"]) == {"seen", "not seen"}


def test_a_p_value_that_no_number_so_small_could_have_adjusted_is_called_so():
    found = importance(study(100, slope), measures=("permutation",), permutations=19, bootstraps=0)
    found = found.set_index("hyperparameter")
    assert found.loc["rate", "verdict"] == "too few permutations"
    assert found.loc["kind", "verdict"] == "not seen"
    alone = importance(study(100, slope), measures=("permutation",), permutations=19, bootstraps=0, confidence=0.8)
    assert alone.set_index("hyperparameter").loc["rate", "verdict"] == "seen"


@pytest.mark.parametrize("measure", ["ped_anova", "fanova", "permutation"])
def test_the_default_permutations_allow_a_verdict(measure):
    least, each = surrogates._PERMUTATIONS[measure]
    for parameters in range(1, 40):
        assert parameters / max(least, each * parameters) <= 0.05


@pytest.mark.parametrize("measure", ["ped_anova", "fanova", "permutation"])
def test_without_permutations_or_half_samples_there_is_neither_p_value_nor_interval(measure):
    found = importance(study(40, slope), measures=(measure,), permutations=0, bootstraps=0)
    assert found[["null_high", "p_value", "p_adjusted", "low", "high"]].isna().all().all()
    assert set(found["verdict"]) == {""}
    assert found["importance"].notna().all()


def test_an_interval_contains_its_point_and_shares_stay_shares():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        found = importance(study(30, lambda *_, rng=rng: rng.random(), seed=seed), **{**FEW, "bootstraps": 10})
        assert (found["low"] <= found["importance"]).all()
        assert (found["importance"] <= found["high"]).all()
        shares = found[found["measure"] == "ped_anova"]
        assert shares["low"].min() >= 0
        assert shares["high"].max() <= 1
        assert found.loc[found["measure"] == "permutation", "low"].min() < 0


def test_neither_outliers_nor_the_scale_of_the_values_change_anything():
    made = study(60, slope)
    wild = study(60, slope)
    worst = sorted(made.trials, key=lambda trial: trial.value)[-3:]
    odd = dict(zip([trial.number for trial in worst], [1e4, 1e160, 1e300], strict=True))
    calm = importance(made, measures=("ped_anova", "fanova", "permutation"), permutations=3, bootstraps=2)
    with pytest.warns(ImportanceWarning, match="3 trials have a value more than 10 interquartile ranges beyond"):
        found = importance(
            wild,
            measures=("ped_anova", "fanova", "permutation"),
            target=lambda trial: odd.get(trial.number, trial.value),
            permutations=3,
            bootstraps=2,
        )
    pd.testing.assert_frame_equal(found, calm)


def test_equal_settings_count_as_one():
    made, many = study(30, slope, seed=4), study(30, slope, seed=4)
    for _ in range(9):
        many.add_trials(made.trials)
    with pytest.warns(ImportanceWarning, match="300 trials have 30 different settings"):
        found = importance(many, **FEW)
    assert set(found["trials"]) == {300}
    assert set(found["settings"]) == {30}
    once = importance(made, **FEW)
    pd.testing.assert_frame_equal(found.drop(columns="trials"), once.drop(columns="trials"))


def test_an_objective_of_several_is_taken_in_its_own_direction():
    made = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), directions=["minimize", "maximize"])

    def both(trial):
        rate, y = trial.suggest_float("rate", 1e-3, 1, log=True), trial.suggest_float("y", 0, 1)
        return y, -max(slope(rate, y, "a"), -1.5)

    made.optimize(both, n_trials=60)
    quick = {"measures": ("ped_anova",), "permutations": 9, "bootstraps": 0}
    found = importance(made, objective=1, **quick)
    pd.testing.assert_frame_equal(found, importance(made, target=lambda trial: -trial.values[1], **quick))
    assert not found.equals(importance(made, target=lambda trial: trial.values[1], **quick))


def test_the_interval_does_not_depend_on_the_number_of_permutations():
    made = study(40, slope)
    few, more = (importance(made, **{**FEW, "permutations": count}) for count in (3, 30))
    pd.testing.assert_frame_equal(few[["low", "high"]], more[["low", "high"]])


def test_workers_and_progress_are_passed_on(monkeypatch):
    calls, resampled = [], surrogates.resampled
    monkeypatch.setattr(surrogates, "resampled", lambda *a, **options: calls.append(options) or resampled(*a))
    importance(study(40, slope), **FEW, workers=3, on_progress=print)
    assert calls == [{"workers": 3, "on_progress": print}]


def test_few_trials_are_warned_of():
    with pytest.warns(ImportanceWarning, match="20 trials for 3 parameters: fewer than 10 each"):
        importance(study(20, slope), **FEW)


def test_bad_input_is_refused():
    with pytest.raises(ImportanceError, match="has 3 completed trials with a finite value, of 3"):
        importance(study(3, slope))
    with pytest.raises(ImportanceError, match="no measure 'shap': choose among ped_anova"):
        importance(study(3, slope), measures=("shap",))
    made = optuna.create_study(directions=["minimize", "minimize"])
    with pytest.raises(
        ImportanceError, match=r"has 2 objectives: say by objective= \(--objective\) which to explain, 0 or 1"
    ):
        importance(made)


@pytest.mark.slow
def test_the_command_reads_any_study_of_any_storage(folder):
    made = optuna.create_study(
        storage="sqlite:///s.db", study_name="any", sampler=optuna.samplers.RandomSampler(seed=0)
    )
    made.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=12)
    told = run("importance", "sqlite:///s.db", "any").stdout
    assert "any: importance, 12 trials" in told
    assert all(word in told for word in ("ped anova", "fanova", "permutation", "x", "1.00 [", "seen"))
    assert "p: adjusted for the number of settings" in told
    assert 'did you mean "any"' in run("importance", "sqlite:///s.db", "ary", code=2).stderr


@pytest.mark.slow
def test_the_command_prints_every_measure_and_what_to_bear_in_mind(folder):
    run("search", "small", "--trials", 24, "--sampler", "random")
    told = run("importance", f"results/{JOURNAL}", "small")
    assert "small: importance, 24 trials" in told.stdout
    assert all(word in told.stdout for word in ("learning_rate", "ped anova", "fanova", "permutation", " p 0."))
    assert "24 trials for" in told.stderr
    assert "no study 'smal'" in run("importance", f"results/{JOURNAL}", "smal", code=2).stderr


def test_the_command_takes_an_objective_by_place_or_name(folder):
    made = optuna.create_study(storage="sqlite:///s.db", study_name="two", directions=["minimize", "minimize"])
    with pytest.warns(optuna.exceptions.ExperimentalWarning, match="set_metric_names"):
        made.set_metric_names(["loss", "time"])
    made.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 1.0), n_trials=12)
    assert (
        "say by objective= (--objective) which to explain, 'loss' or 'time'"
        in run("importance", "sqlite:///s.db", "two", code=2).stderr
    )
    for objective in ("1", "time"):  # of a constant there is nothing to compute
        told = run("importance", "sqlite:///s.db", "two", "--objective", objective)
        assert "missing" in told.stdout
        assert f"two: importance for {objective}, 12 trials" in told.stdout
        assert "the value is the same in every trial" in told.stderr


@pytest.fixture
def long(folder):
    """A study that takes long."""
    made = optuna.create_study(storage=open_storage(), study_name="long")
    sides = {f"x{k}": optuna.distributions.FloatDistribution(0, 1) for k in range(6)}
    points = np.random.default_rng(0).random((200, 6))
    params = [dict(zip(sides, point, strict=True)) for point in points.tolist()]
    add_trials(made, [create_trial(params=p, distributions=sides, value=sum(p.values())) for p in params])


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_the_command_tells_a_high_cost_first_and_stops_at_ctrl_c(long, monkeypatch, workers):
    monkeypatch.setattr(progress, "_LONG", 0.5)
    monkeypatch.setattr(resampling, "_WORTHWHILE", 0.0)

    processes = set()

    def interrupt(line, progress):
        show(line, progress)
        processes.update(multiprocessing.active_children())
        if progress.fresh > 20:
            signal.raise_signal(signal.SIGINT)

    show = LiveLine.show
    monkeypatch.setattr(LiveLine, "show", interrupt)
    told = run("importance", f"results/{JOURNAL}", "long", "--workers", workers, code=130).stderr
    share = "2 workers" if workers == 2 else r"one worker; more share the work \(--workers\)"
    assert re.match(rf"about \d+ s for 1,692 resamples with {share}\n", told)
    assert told.count("about") == 1
    assert told.endswith(
        f"\nstopped: nothing of it is kept, and nothing is left running. Begin anew with:\n"
        f"  hpsearch importance results/{JOURNAL} long --workers {workers}\n"
    )
    assert multiprocessing.active_children() == []
    assert len(processes) == (2 if workers == 2 else 0)


def test_the_command_reads_what_is_kept(folder, monkeypatch):
    measures = ("ped_anova", "fanova", "permutation")
    monkeypatch.setattr(surrogates, "_PERMUTATIONS", dict.fromkeys(measures, (3, 1)))
    monkeypatch.setattr(surrogates, "_BOOTSTRAPS", dict.fromkeys(measures, 2))
    made = optuna.create_study(storage="sqlite:///s.db", study_name="any")
    for k in range(12):
        made.enqueue_trial({"x": k / 12})
    made.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=12)
    first, again = (run("importance", "sqlite:///s.db", "any") for _ in range(2))
    assert first.stdout == again.stdout
    assert "about" not in first.stderr
    assert "12/12" in first.stderr
    assert "12" not in again.stderr
