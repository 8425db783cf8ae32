"""The best of any study is Optuna's own, or it is said why there is none."""

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState, create_trial

from hpsearch import Results, StorageError, load, search
from hpsearch.results.study import ResultsError


def study_of(*values, constraints=None, **options):
    """A study whose trials have these values and constraints."""
    study = optuna.create_study(study_name="f", **options)
    for k, value in enumerate(values):
        several = value if isinstance(value, tuple) else (value,)
        study.add_trial(create_trial(values=several, constraints=constraints and {"c": constraints[k], "d": -1.0}))
    return study


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("constraints", [None, [1.0, 0.0, -1.0, 0.5, 0.0]])
def test_the_best_is_optuna_s(direction, constraints):
    study = study_of(5.0, 3.0, 4.0, 1.0, 2.0, direction=direction, constraints=constraints)
    best = Results.from_study(study).best
    assert (best.number, best.value) == (study.best_trial.number, study.best_value)
    assert Results.from_study(study).pareto["number"].tolist() == [best.number]


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning", "ignore:.*constraints_func:FutureWarning")
def test_constraints_of_a_sampler_s_function_count_as_those_that_are_set():
    def limit(trial):
        return (trial.params["x"] - 0.5,)

    sampler = optuna.samplers.NSGAIISampler(constraints_func=limit, seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=12)
    results = Results.from_study(study)
    assert results.best.number == study.best_trial.number != max(study.trials, key=lambda trial: trial.value).number
    assert results.trials["constraint_0"].tolist() == pytest.approx([t.params["x"] - 0.5 for t in study.trials])


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("constraints", [None, [0.0, 1.0, 0.0, -1.0, 0.0, 0.0]])
def test_the_front_of_several_objectives_holds_what_no_other_trial_beats(constraints):
    values = [(1.0, 1.0), (0.5, 9.0), (2.0, 3.0), (2.0, 2.0), (1.0, 1.0), (3.0, 2.5)]
    study = study_of(*values, directions=["minimize", "maximize"], constraints=constraints)
    study.add_trial(create_trial(state=TrialState.FAIL))
    results = Results.from_study(study)
    counted = [k for k in range(6) if constraints is None or constraints[k] <= 0]
    beaten = {
        a
        for a in counted
        for b in counted
        if values[b][0] <= values[a][0] and values[b][1] >= values[a][1] and values[b] != values[a]
    }
    pd.testing.assert_frame_equal(
        results.pareto, results.trials[results.trials["number"].isin(set(counted) - beaten)].reset_index(drop=True)
    )
    study.set_metric_names(["loss", "speed"])
    with pytest.raises(ResultsError, match=r"'f' has 2 objectives \(loss, speed\).*`pareto` has the trials"):
        _ = results.best
    assert "best" not in results._repr_html_()


@pytest.mark.parametrize(
    ("study", "reason"),
    [
        (study_of(), "has no completed trial yet"),
        (study_of(1.0, 2.0, constraints=[1.0, 0.1]), "no trial that satisfies the constraints: all 2 completed trials"),
        (study_of(float("inf"), -float("inf")), "no trial with a finite value among its 2 completed trials"),
        (study_of(float("inf"), 2.0, constraints=[0.0, 1.0]), r"among its 1 completed trials \(the other 1 violate"),
    ],
)
def test_why_there_is_no_best_is_said(study, reason):
    with pytest.raises(ResultsError, match=reason):
        _ = Results.from_study(study).best
    assert Results.from_study(study).pareto.empty


def test_a_value_that_is_not_finite_is_on_no_front_and_beats_nothing():
    values = [(-float("inf"), 5.0), (1.0, 4.0), (2.0, float("inf")), (2.0, 3.0), (0.5, -float("inf")), (3.0, 4.0)]
    results = Results.from_study(study_of(*values, directions=["minimize", "maximize"]))
    assert results.pareto["number"].tolist() == [1]


def test_a_front_of_three_objectives_is_optuna_s():
    values = np.random.default_rng(0).integers(0, 20, (80, 3)).astype(float)
    study = study_of(*map(tuple, values), directions=["minimize", "maximize", "minimize"])
    front = Results.from_study(study).pareto["number"].tolist()
    assert front == sorted(trial.number for trial in study.best_trials)
    assert 3 < len(front) < 80


def test_trials_that_come_later_are_seen():
    study = study_of(2.0)
    results = Results.from_study(study)
    assert results.best.number == 0
    assert np.shares_memory(
        results.trials["value"], results.trials["value"]
    )  # not made again where nothing has changed
    study.add_trial(create_trial(value=1.0))
    assert results.best.number == 1
    assert len(results.trials) == len(results.history()) == 2
    trial = study.ask()
    assert results.trials["state"].tolist()[2] == "RUNNING"
    trial.report(0.3, 1)
    assert results.curves["value"].tolist() == [0.3]
    trial.report(0.2, 2)
    assert results.curves["value"].tolist() == [0.3, 0.2]
    study.tell(trial, 0.1)
    assert results.best.number == 2
    assert results.trials["state"].tolist()[2] == "COMPLETE"


@pytest.mark.parametrize("name", ["train_loss", "validation_error"])
def test_a_parameter_named_like_a_metric_is_none(name):
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float(name, 0, 1), n_trials=1)
    assert Results.from_study(study).best.metrics == {}
    assert name in Results.from_study(study).trials


def test_a_study_that_was_deleted_is_said_to_be_gone_whatever_is_asked():
    study = study_of(2.0)
    results = Results.from_study(study)
    assert len(results.trials) == 1
    optuna.delete_study(study_name="f", storage=study._storage)
    for read in ("study", "ours", "trials", "best", "pareto", "config", "survey"):
        with pytest.raises(ResultsError, match="study 'f' has been deleted from its storage since it was loaded"):
            getattr(results, read)
    assert repr(results) == "Results('f', deleted)"


def test_results_whose_storage_has_moved_still_print(small, tmp_path):
    search(small.with_overrides(trials=1), results=tmp_path / "before")
    results = load("small", results=tmp_path / "before")
    (tmp_path / "before").rename(tmp_path / "after")
    assert repr(results) == "Results('small', its storage cannot be read)"
    assert results._repr_html_() is None
    with pytest.raises(StorageError, match="was it moved or deleted"):
        results.trials  # noqa: B018  # read
    assert results._repr_html_() is None
