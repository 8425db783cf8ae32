import json
import time

import numpy as np
import optuna
import pandas as pd
import pytest
from helpers import TIMES
from optuna.trial import TrialState

from hpsearch.config import StudyConfig, load_config
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.results import frames
from hpsearch.results.study import load as load_results
from hpsearch.storage import studies
from hpsearch.storage.access import open_storage
from hpsearch.storage.holders import StudyBusyError
from hpsearch.storage.internals import note_of
from hpsearch.storage.studies import StudyChangedError
from hpsearch.storage.trials import CURVES
from hpsearch.tuning.batches import trials_per_ask
from hpsearch.tuning.samplers import grid_size
from hpsearch.tuning.search import search

SAMPLERS = ["tpe", "random", "qmc", "grid", "cmaes"]


class Stopped(Exception):
    pass


def tables(study):
    return [frames.trials(study).drop(columns=TIMES), frames.curves(study), frames.members(study)]


def same(one, other):
    for a, b in zip(tables(one), tables(other), strict=True):
        pd.testing.assert_frame_equal(a, b, check_exact=True)


def after(count):
    def stop(progress):
        if progress.fresh == count:
            raise Stopped("enough")

    return stop


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory):
    """Uninterrupted searches on one worker, by sampler and pruner."""
    made = {}

    def get(sampler, pruner="none"):
        if (sampler, pruner) not in made:
            config = small.with_overrides(sampler=sampler, pruner=pruner)
            made[sampler, pruner] = search(config, results=tmp_path_factory.mktemp("whole"))
        return made[sampler, pruner]

    return get


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_same_study_twice_gives_the_same_tables(small, whole, sampler, tmp_path):
    again = search(small.with_overrides(sampler=sampler), results=tmp_path)
    assert len(again.trials) == 14
    same(whole(sampler), again)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_two_workers_give_the_same_tables_as_one(small, sampler, tmp_path):
    config = small.with_overrides(sampler=sampler, trials=20)  # TPE learns once it is told ten
    one, two = (search(config, results=tmp_path / str(workers), workers=workers) for workers in (1, 2))
    same(one, two)


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_two_workers_prune_the_same_trials_as_one(small, whole, pruner, tmp_path):
    config = small.with_overrides(sampler="random", pruner=pruner)
    same(whole("random", pruner), search(config, results=tmp_path, workers=2))


@pytest.mark.parametrize("told", [*(pytest.param(n, marks=pytest.mark.slow) for n in (1, 4)), 6, 8, 13])
@pytest.mark.parametrize(
    ("sampler", "pruner"), [*((s, "none") for s in SAMPLERS), ("tpe", "median"), ("random", "hyperband")]
)
def test_a_resumed_search_equals_the_uninterrupted_one(small, whole, sampler, pruner, told, tmp_path):
    config = small.with_overrides(sampler=sampler, pruner=pruner)
    with pytest.raises(Stopped, match="enough"):
        search(config, results=tmp_path, on_progress=after(told))
    stored = open_storage(results=tmp_path)
    assert len(stored.get_all_trials(stored.get_study_id_from_name("small"))) == told
    same(whole(sampler, pruner), search(config, results=tmp_path))


def test_ctrl_c_leaves_finished_trials_whole_and_none_running(small, tmp_path):
    def interrupt(progress):
        if progress.fresh == 6:
            raise KeyboardInterrupt("now")

    with pytest.raises(KeyboardInterrupt, match="now"):
        search(small, results=tmp_path, on_progress=interrupt)
    storage = open_storage(results=tmp_path)
    trials = storage.get_all_trials(storage.get_study_id_from_name("small"))
    assert [t.state for t in trials] == [TrialState.COMPLETE] * 6
    assert all(CURVES in t.system_attrs for t in trials)


def test_no_trial_is_ever_running_in_the_storage(small, tmp_path):
    states = set()

    def look(progress):
        storage = open_storage(results=tmp_path)
        states.update(t.state for t in storage.get_all_trials(storage.get_study_id_from_name("small")))

    search(small, results=tmp_path, on_progress=look)
    assert states == {TrialState.COMPLETE}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("sampler", "pruner"), [("tpe", "none"), ("random", "none"), ("random", "median")])
def test_trials_are_stored_while_others_train(small, tmp_path, sampler, pruner, workers):
    config = small.with_overrides(**{"sampler": sampler, "pruner": pruner, "trials": 100, "search.batch": 25})
    waiting, storage = [], open_storage(results=tmp_path)

    def look(progress):
        waiting.append(progress.done - len(storage.get_all_trials(0, deepcopy=False)))

    search(config, results=tmp_path, workers=workers, on_progress=look)
    assert len(waiting) == 101
    assert max(waiting) <= 64


def test_a_trial_ends_for_all_to_see_while_others_of_its_batch_are_still_to_be_trained(small, tmp_path):
    times = []
    config = small.with_overrides(sampler="random", trials=64, seed=1, **{"search.batch": 64})
    study = search(config, results=tmp_path, on_progress=lambda progress: times.append(time.time()))
    assert times[1] < max(trial.datetime_complete.timestamp() for trial in study.trials)


def test_a_search_in_python_gives_all_that_the_command_does(small, tmp_path):
    study = search(small, results=tmp_path, trials=6)
    best = load_results("small", results=tmp_path).best
    assert best.number == min(study.trials, key=lambda trial: trial.value).number
    assert best.test.examples == 30
    saved = TrainedNetwork.load(tmp_path / "small.npz")
    assert saved.hyperparameters == best.hyperparameters
    again = optuna.load_study(study_name="small", storage=open_storage(results=tmp_path))
    assert note_of(again).startswith("# small")
    written = [(tmp_path / "hpsearch.journal").read_bytes().count(word) for word in (b"note_str", b"hpsearch:best")]
    search(small, results=tmp_path, trials=6)
    assert [(tmp_path / "hpsearch.journal").read_bytes().count(w) for w in (b"note_str", b"hpsearch:best")] == written


def test_a_rerun_adds_nothing_and_a_larger_total_goes_on(small, tmp_path):
    first = tables(search(small, results=tmp_path, trials=6))
    again = search(small, results=tmp_path, trials=6)
    for a, b in zip(first, tables(again), strict=True):
        pd.testing.assert_frame_equal(a, b)
    assert len(search(small, results=tmp_path, trials=9).trials) == 9
    assert len(search(small, results=tmp_path, trials=3).trials) == 9


def test_the_value_of_a_trial_is_the_mean_over_its_seeds(small, tmp_path):
    study = search(small.with_overrides(seeds=[3, 5, 9], trials=5), results=tmp_path)
    members = frames.members(study)
    assert sorted(set(members["seed"])) == [3, 5, 9]
    means = members.groupby("number")["validation_loss"].mean()
    np.testing.assert_allclose(frames.trials(study)["value"], means, rtol=1e-12)
    assert members.groupby("number")["validation_loss"].nunique().min() > 1


def test_a_grid_ends_with_its_last_point(small, tmp_path):
    config = small.with_overrides(sampler="grid", grid=2, trials=10_000)
    config = config.with_overrides(
        **{"space.momentum": 0.5, "space.l2": 1e-4, "space.init_scale": 0.1, "space.iterations": 10}
    )
    study = search(config, results=tmp_path)
    assert len(study.trials) == grid_size(config) == 6
    assert len({tuple(t.params.values()) for t in study.trials}) == 6


def test_pruned_trials_stop_at_a_checkpoint_and_the_others_train_as_if_unpruned(small, whole):
    study = whole("random", "hyperband")
    evaluator = Evaluator(small)
    trials = study.trials
    pruned = [t for t in trials if t.state == TrialState.PRUNED]
    assert 0 < len(pruned) < len(trials)
    for trial in trials:
        settings = evaluator.config.settings(trial.params)
        full = evaluator.evaluate([settings])[0].curve("validation_loss")
        last = max(trial.intermediate_values)
        assert list(trial.intermediate_values.values()) == full[: len(trial.intermediate_values)].tolist()
        assert trial.value == trial.intermediate_values[last]
        assert (last in evaluator.stops and last < settings.iterations) == (trial.state == TrialState.PRUNED)


@pytest.mark.parametrize(
    ("change", "key", "told"),
    [
        ({"space.momentum": {"low": 0.1, "high": 0.9}}, "space.momentum", "0.1"),
        ({"data.seed": 7}, "data.seed", "7"),
        ({"network.hidden": [5]}, "network.hidden", r"\[5\]"),
        ({"seed": 4}, "search.seed", "4"),
        ({"seeds": [1]}, "search.seeds", r"\[1\]"),
        ({"sampler": "random"}, "search.sampler", "random"),
        ({"metric": "validation_error"}, "search.metric", "validation_error"),
    ],
)
def test_a_changed_study_is_refused_with_the_difference(small, tmp_path, change, key, told):
    search(small, results=tmp_path, trials=2)
    with pytest.raises(StudyChangedError, match=rf"(?s){key}.*stored.*now.*{told}.*--name small-2"):
        search(small.with_overrides(**change), results=tmp_path, trials=4)
    assert len(search(small, results=tmp_path, trials=2).trials) == 2


def test_changed_data_is_refused_though_the_config_is_the_same(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.standard_normal(90), "y": [0, 1, 2] * 30})
    table.to_csv(tmp_path / "t.csv", index=False)
    toml = (
        'data = {source = "csv:t.csv", target = "y"}\nspace = {learning_rate = {low = 0.1, high = 0.2}, iterations = 5}'
    )
    (tmp_path / "own.toml").write_text(toml, encoding="utf-8")
    search(load_config(tmp_path / "own.toml"), results=tmp_path, trials=2)
    table.assign(a=table["a"] ** 2).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(StudyChangedError, match="the data itself"):
        search(load_config(tmp_path / "own.toml"), results=tmp_path, trials=4)


def test_a_study_of_another_program_is_left_alone(small, tmp_path):
    other = optuna.create_study(study_name="small", storage=open_storage(results=tmp_path))
    other.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    with pytest.raises(StudyChangedError, match="another program"):
        search(small, results=tmp_path)


def test_two_searches_of_one_study_at_once_are_refused(small, tmp_path):
    def second(progress):
        search(small, results=tmp_path)

    with pytest.raises(StudyBusyError, match="another run is at work on study 'small'"):
        search(small, results=tmp_path, on_progress=second)


def test_what_is_stored_is_json_and_finite_even_where_training_diverges(small, tmp_path):
    config = small.with_overrides(
        **{"space.learning_rate": {"low": 1e20, "high": 1e30, "log": True}, "trials": 4, "sampler": "random"}
    )
    study = search(config, results=tmp_path)
    for trial in study.trials:
        assert trial.state == TrialState.COMPLETE
        assert trial.value == pytest.approx(15.942385)
        assert trial.user_attrs["diverged"] == 1
        assert all(np.isfinite(v) for v in trial.intermediate_values.values())
        json.dumps([trial.user_attrs, trial.system_attrs], allow_nan=False)
    assert frames.trials(study)["diverged"].all()


def test_optuna_s_verbosity_is_as_before(small, tmp_path):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    search(small, results=tmp_path, trials=1)
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


def test_a_search_in_sqlite_equals_one_in_a_journal(small, whole, tmp_path):
    study = search(small, storage=f"sqlite:///{tmp_path}/s.db", results=tmp_path)
    same(whole("tpe"), study)


@pytest.mark.parametrize(
    ("sampler", "count"), [("tpe", 4), ("cmaes", 4), ("gp", 4), ("random", 16), ("qmc", 16), ("grid", 16)]
)
def test_a_sampler_that_learns_is_asked_for_a_few_trials_at_a_time(sampler, count):
    assert trials_per_ask(StudyConfig(name="asked", search={"sampler": sampler})) == count
    assert trials_per_ask(StudyConfig(name="asked", search={"sampler": sampler, "batch": 5})) == 5


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_trial_is_stored_while_the_second_trains(tmp_path, workers):
    """Trainings of about a second each."""
    space = {"learning_rate": {"low": 0.01, "high": 0.1}, "iterations": 4000, "batch_size": 256}
    config = StudyConfig(name="slow", space=space, search={"sampler": "random", "trials": 4, "seeds": 1})
    stored, storage = [], open_storage(results=tmp_path)

    def look(progress):
        stored.append(len(storage.get_all_trials(0, deepcopy=False)))
        if progress.fresh == 2:
            raise Stopped("enough")

    with pytest.raises(Stopped, match="enough"):
        search(config, results=tmp_path, workers=workers, on_progress=look)
    assert stored == [0, 0, 1]


@pytest.mark.parametrize("engine", [None, 1, 99])
def test_a_study_begun_with_another_engine_is_refused_and_stays_readable(small, tmp_path, monkeypatch, engine):
    with monkeypatch.context() as patch:
        if engine is None:  # before engines were counted
            patch.setattr(studies, "ENGINE_OF_STUDY", "before")
        else:
            patch.setattr(studies, "ENGINE", engine)
        search(small, results=tmp_path, trials=3)
    with pytest.raises(StudyChangedError, match=r"begun with an engine of another version .*--name small-2"):
        search(small, results=tmp_path, trials=6)
    assert len(load_results("small", results=tmp_path).trials) == 3
    assert len(search(small.with_overrides(name="small-2"), results=tmp_path, trials=3).trials) == 3
