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


def hostile(storage):
    """Plain Optuna: two objectives, constraints, attributes, and names that meet the table's own."""
    study = optuna.create_study(
        storage=storage, study_name="hostile", directions=["minimize", "maximize"],
        sampler=optuna.samplers.RandomSampler(seed=0),
    )  # fmt: skip

    def objective(trial):
        x, y = (trial.suggest_float(name, 0, 1) for name in ("value", "params_value"))
        trial.suggest_categorical("layers", [(16,), (16, 8)])
        trial.suggest_categorical("features", [None, "sqrt", 0.5])
        trial.suggest_int("number", 0, 3)
        trial.set_user_attr("layers", [trial.number])
        trial.set_user_attr("note", "a,b\nc")
        trial.set_user_attr("seeds", trial.number)
        if trial.number:
            trial.set_user_attr("gpu", True)
        trial.set_constraint("memory", x - 0.5)
        return x, y

    study.optimize(objective, n_trials=3)
    return study


HOSTILE = {
    "study": "str", "number": "int64", "state": "str", "value_0": "float64", "value_1": "float64",
    "params_params_value": "float64", "params_value": "float64", "layers": "str", "features": "str",
    "params_number": "int64", "diverged": "boolean", "seeds": "Int64", "duration_s": "float64",
    "started": "datetime64[us, UTC]", "finished": "datetime64[us, UTC]", "gpu": "boolean", "user_attrs_layers": "str",
    "note": "str", "user_attrs_seeds": "int64", "constraint_memory": "float64",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Choices for a categorical:UserWarning")
def test_every_value_attribute_and_constraint_has_a_column_of_its_own(storage):
    study = hostile(storage)
    trials = frames.trials(study)
    assert list(dtypes(trials).items()) == list(HOSTILE.items())
    np.testing.assert_array_equal(trials["value_0"], trials["params_params_value"])
    np.testing.assert_array_equal(trials["value_1"], trials["params_value"])
    assert [trial.params["value"] for trial in study.trials] == trials["params_params_value"].tolist()
    assert set(trials["layers"]) <= {"[16]", "[16, 8]"}
    assert trials["features"].tolist() == [str(trial.params["features"]) for trial in study.trials]
    assert trials["user_attrs_layers"].tolist() == ["[0]", "[1]", "[2]"]
    np.testing.assert_allclose(trials["constraint_memory"], trials["value_0"] - 0.5)
    assert trials["gpu"].isna().tolist() == [True, False, False]
    assert set(Results.from_study(study).space()["hyperparameter"]) == {
        "params_params_value", "params_value", "layers", "features", "params_number",
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:Choices for a categorical:UserWarning")
def test_a_foreign_study_is_exported_as_it_is_read(storage, tmp_path):
    results = Results.from_study(hostile(storage))
    csv, parquet = (results.export(tmp_path, format=format)[0] for format in ("csv", "parquet"))
    pd.testing.assert_frame_equal(pd.read_parquet(parquet), results.trials)
    read = pd.read_csv(csv, keep_default_na=False, na_values=[""])
    assert list(read) == list(HOSTILE)
    for name in ("layers", "features", "note", "user_attrs_layers"):
        assert read[name].tolist() == results.trials[name].tolist()


@pytest.mark.filterwarnings("ignore:Choices for a categorical:UserWarning")
def test_the_history_of_several_objectives_is_that_of_the_first(storage):
    results = Results.from_study(hostile(storage))
    history = results.history()
    np.testing.assert_array_equal(history["value"], results.trials["value_0"])
    feasible = history["value"].where(history["value"] <= 0.5)
    np.testing.assert_array_equal(history["best_so_far"], feasible.cummin().ffill())
    assert len(results.plot.trials().data) > 0


def test_whole_numbers_beyond_64_bits_can_be_read_and_written(tmp_path):
    study = optuna.create_study()
    distributions = {"n": optuna.distributions.IntDistribution(0, 2**70)}
    study.add_trial(
        optuna.trial.create_trial(
            params={"n": 2**69}, distributions=distributions, value=0.0, intermediate_values={2**65: 1.0}
        )
    )
    results = Results.from_study(study)
    assert results.trials["n"].tolist() == [2.0**69]
    assert results.curves["iteration"].tolist() == [2.0**65]
    results.export(tmp_path, format="parquet")


def test_the_columns_of_our_own_studies_are_fixed(searched):
    assert frames.parameter_columns(searched) == {name: name for name in HYPERPARAMETERS}
    assert list(frames.trials(searched)) == list(TRIALS)
