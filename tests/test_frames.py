import os
import time

import numpy as np
import optuna
import pandas as pd
import pytest

from hpsearch import Results
from hpsearch.results import frames
from hpsearch.storage.access import open_storage
from hpsearch.tuning.search import search

HYPERPARAMETERS = ["learning_rate", "iterations", "momentum", "l2", "batch_size", "init_scale"]
METRICS = ["train_loss", "validation_loss", "validation_error", "gradient_norm", "saturation", "weight_norm",
           "distinct_units"]  # fmt: skip
TRIALS = {
    "study": "str", "number": "int64", "state": "str", "value": "float64",
    "learning_rate": "float64", "iterations": "int64", "momentum": "float64", "l2": "float64", "batch_size": "int64",
    "init_scale": "float64", **dict.fromkeys(METRICS, "float64"), "diverged": "bool", "seeds": "Int64",
    "duration_s": "float64", "started": "datetime64[us, UTC]", "finished": "datetime64[us, UTC]",
}  # fmt: skip
CURVES = {"study": "str", "number": "int64", "seed": "Int64", "iteration": "int64", **dict.fromkeys(METRICS, "float64")}
MEMBERS = {
    "study": "str", "number": "int64", "seed": "int64", "iterations": "int64", **dict.fromkeys(METRICS, "float64"),
    "diverged": "bool",
}  # fmt: skip


@pytest.fixture(scope="module")
def searched(small, tmp_path_factory):
    return search(small.with_overrides(seeds=[0, 4], trials=5), results=tmp_path_factory.mktemp("results"))


@pytest.fixture(params=["journal", "sqlite", "memory"])
def storage(request, tmp_path):
    if request.param == "memory":
        return optuna.storages.InMemoryStorage()
    return open_storage(f"sqlite:///{tmp_path}/s.db" if request.param == "sqlite" else None, results=tmp_path)


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def test_tables_have_the_same_columns_dtypes_and_values_from_every_storage(searched, storage):
    copy = optuna.create_study(study_name="small", storage=storage)
    copy.add_trials(searched.get_trials())
    for read, schema in ((frames.trials, TRIALS), (frames.curves, CURVES), (frames.members, MEMBERS)):
        assert list(dtypes(read(copy)).items()) == list(schema.items())
        expected, found = read(searched), read(copy)
        times = [c for c in ("started", "finished", "duration_s") if c in expected]
        pd.testing.assert_frame_equal(expected.drop(columns=times), found.drop(columns=times))
        for column in times[:2]:
            assert (expected[column] - found[column]).abs().max() < pd.Timedelta("1s")


def test_tables_say_what_was_stored(searched):
    trials, curves, members = frames.trials(searched), frames.curves(searched), frames.members(searched)
    assert trials["number"].tolist() == [0, 1, 2, 3, 4]
    assert (trials["seeds"] == 2).all()
    assert (trials["finished"] >= trials["started"]).all()
    ends = curves.groupby(["number", "seed"]).tail(1).reset_index(drop=True)
    np.testing.assert_array_equal(ends["validation_loss"], members["validation_loss"])
    np.testing.assert_array_equal(ends["iteration"], trials["iterations"].repeat(2))
    np.testing.assert_allclose(members.groupby("number")["train_loss"].mean(), trials["train_loss"])
    assert (curves.groupby(["number", "seed"])["iteration"].min() == 0).all()


def test_an_empty_study_has_empty_tables():
    study = optuna.create_study()
    trials = frames.trials(study)
    assert list(trials.columns) == [
        "study", "number", "state", "value", "diverged", "seeds", "duration_s", "started", "finished"
    ]  # fmt: skip
    assert len(trials) == len(frames.curves(study)) == len(frames.members(study)) == 0
    assert str(trials["started"].dtype) == "datetime64[us, UTC]"


def foreign(storage):
    """Plain Optuna: conditional and mixed parameters, and a trial of every state."""
    study = optuna.create_study(storage=storage, study_name="foreign", sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial):
        kind = trial.suggest_categorical("kind", ["svm", "forest"])
        trial.suggest_categorical("flag", [True, False])
        trial.suggest_categorical("mixed", [1, "a", None])
        trial.suggest_float("value", 0, 1)
        if trial.number % 2:
            trial.suggest_int("depth", 1, 9)
        else:
            trial.suggest_float("gamma", 1e-3, 1, log=True)
        trial.set_user_attr("diverged", "what is this")
        for step in (1, 5):
            trial.report(trial.number + step / 10, step)
        if trial.number == 2:
            raise optuna.TrialPruned
        if trial.number == 3:
            raise RuntimeError
        return float(kind == "svm")

    study.optimize(objective, n_trials=5, catch=RuntimeError)
    study.ask().suggest_int("depth", 1, 9)
    study.enqueue_trial({"depth": 3})
    return study


@pytest.mark.filterwarnings("ignore::UserWarning:optuna")
def test_any_optuna_study_can_be_read(storage):
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    study = foreign(storage)
    trials = Results.from_study(study).trials
    assert trials["state"].tolist() == ["COMPLETE", "COMPLETE", "PRUNED", "FAIL", "COMPLETE", "RUNNING", "WAITING"]
    found = dtypes(trials)
    expected = {"kind": "str", "flag": "boolean", "mixed": "str", "params_value": "float64", "depth": "Int64"}
    assert {name: found[name] for name in expected} == expected
    assert trials["depth"].isna().tolist() == [True, False, True, False, True, False, True]
    assert trials["value"].tolist()[2] == pytest.approx(2.5)  # a pruned trial's last
    assert np.isnan(trials["value"][3])
    assert trials["diverged"].isna().all()
    now = pd.Timestamp.now(tz="UTC")
    assert ((now - trials["started"].dropna()) < pd.Timedelta("10min")).all()
    curves = Results.from_study(study).curves
    assert list(dtypes(curves).items()) == [
        ("study", "str"), ("number", "int64"), ("seed", "Int64"), ("iteration", "int64"), ("value", "float64"),
    ]  # fmt: skip
    assert curves["value"].tolist()[:4] == pytest.approx([0.1, 0.5, 1.1, 1.5])
    assert len(Results.from_study(study).members) == 0


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="POSIX")
def test_local_times_of_a_database_become_utc(tmp_path, monkeypatch):
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        study = optuna.create_study(storage=f"sqlite:///{tmp_path}/s.db")
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
        started = frames.trials(study)["started"][0]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert os.environ.get("TZ") == before
    assert abs(pd.Timestamp.now(tz="UTC") - started) < pd.Timedelta("10min")
