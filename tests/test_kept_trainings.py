"""Trainings around the best: trained once, read from then on, whatever the storage, the workers and the stops."""

import threading

import numpy as np
import optuna
import pandas as pd
import pytest
from helpers import TIMES, run

from hpsearch import load, search
from hpsearch.data import from_arrays
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.tasks import Trainer
from hpsearch.experiments import kept_trainings
from hpsearch.experiments.kept_trainings import KeptTrainings, NotKeptWarning
from hpsearch.experiments.profiles import plane, profile, tunability
from hpsearch.experiments.tolerances import tolerance
from hpsearch.experiments.trainings import survey_study
from hpsearch.results.study import Results, ResultsError
from hpsearch.sensitivity.designs import DesignError
from hpsearch.storage.access import JOURNAL, only_writer, open_storage
from hpsearch.storage.holders import StudyBusyError
from hpsearch.storage.internals import note_of, set_study_attribute, storage_of, study_attributes
from hpsearch.storage.journal import JournalFile, StorageError
from hpsearch.storage.studies import StudyChangedError

SIZE = {"values": 4, "seeds": 2}
CORNERS = {"first": "momentum", "second": "l2", "values": 2, "seeds": 2}
"""A plane of eight trainings."""

AROUND = Hyperparameters(0.3, 20, momentum=0.6, l2=1e-4, batch_size=16, init_scale=0.1, hidden=(6,))
DEFAULT_RATE = 0.1


@pytest.fixture(scope="module")
def config(small):
    return small.with_overrides(**{"search.trials": 4})


@pytest.fixture
def results(config, tmp_path):
    """The results of a search of four trials, read back."""
    search(config, results=tmp_path)
    return load("small", results=tmp_path)


@pytest.fixture
def trained(monkeypatch):
    """How many iterations were trained in this process, a number a training."""
    lengths, own = [], Trainer.run

    def run(self, task, *check):
        lengths.append(task.settings.iterations)
        return own(self, task, *check)

    monkeypatch.setattr(Trainer, "run", run)
    return lengths


def tolerances(evaluator, best):
    """How wrong each may be, from trainings that nothing keeps."""
    return pd.DataFrame(
        [tolerance(profile(evaluator, best, name, **SIZE)) for name in evaluator.config.space.dimensions]
    )


def stored(folder):
    """The trials of the study of profiles, without their times."""
    return load("small.profiles", results=folder).trials.drop(columns=TIMES)


def test_the_tables_are_those_of_an_evaluator_that_keeps_nothing(results, small_evaluator):
    best = results.best.hyperparameters
    for name in ("learning_rate", "iterations"):  # lengths are ends of one training
        pd.testing.assert_frame_equal(results.profile(name, **SIZE), profile(small_evaluator, best, name, **SIZE))
    pair = ("iterations", "batch_size")
    pd.testing.assert_frame_equal(results.plane(*pair, **SIZE), plane(small_evaluator, best, *pair, **SIZE))
    pd.testing.assert_frame_equal(results.tolerance(**SIZE), tolerances(small_evaluator, best))
    pd.testing.assert_frame_equal(results.tunability(**SIZE), tunability(small_evaluator, best, **SIZE))


def test_the_second_call_reads(results, trained, tmp_path):
    first, rest = results.tunability(**SIZE), len(trained)
    assert rest > 0
    seen = []
    pd.testing.assert_frame_equal(results.tunability(**SIZE, on_progress=seen.append), first)
    again = load("small", results=tmp_path).tunability(**SIZE, on_progress=seen.append)
    pd.testing.assert_frame_equal(again, first)
    assert len(trained) == rest
    assert [(p.done, p.fresh, p.missing) for p in seen] == [(p.total, 0, 0) for p in seen]


def test_more_values_or_seeds_train_only_what_is_new(results, trained):
    results.plane(**CORNERS)
    assert len(trained) == 4 * 2
    results.plane(**{**CORNERS, "values": 3})  # four of the nine points are those before
    assert len(trained) == 9 * 2
    results.plane(**{**CORNERS, "values": 3, "seeds": 3})
    assert len(trained) == 9 * 3


def test_trainings_that_differ_in_length_alone_are_one(results, trained):
    told = results.cost("plane", "iterations", "l2", values=3, seeds=2)
    assert (told.done, told.total, told.missing, told.trainings, told.iterations) == (0, 18, 18, 6, 6 * 60)
    assert trained == []
    results.plane("iterations", "l2", values=3, seeds=2)
    assert trained == [60] * 6


def test_a_cost_is_asked_for_as_its_table_is(results, trained):
    told = results.cost("plane", first="iterations", second="l2", values=3, seeds=2, workers=2, on_progress=print)
    assert (told.total, told.iterations) == (18, 6 * 60)
    assert results.cost("attribution", seeds=2, workers=2).total == results.cost("attribution", seeds=2).total
    for arguments, options, message in (
        (
            ["profile"],
            {},
            r"of profile: missing .* 'hyperparameter'; give cost\('profile', hyperparameter, values=32, s",
        ),
        (
            ["plane", "l2"],
            {},
            r"of plane: missing .* 'second'; give cost\('plane', first, second, values=16, seeds=3\)",
        ),
        (
            ["tolerance", "l2"],
            {},
            r"of tolerance: too many .*; give cost\('tolerance', points=0.01, values=32, seeds=3",
        ),
        (
            ["attribution", "l2"],
            {},
            r"of attribution: too many .*; give cost\('attribution', of=None, against=None, se",
        ),
        (
            ["profile", "l2"],
            {"sizes": 3},
            r"of profile: .* unexpected keyword argument 'sizes'; give cost\('profile', ",
        ),
        (["profile", 3], {}, r"^hyperparameter must be text \(given: 3\)$"),
    ):
        with pytest.raises(DesignError, match=message):
            results.cost(*arguments, **options)
    assert trained == []


def test_two_workers_give_the_trials_of_one_in_the_same_order(config, trained, tmp_path, monkeypatch):
    tables, threads, run = [], [], Trainer.run
    monkeypatch.setattr(Trainer, "run", lambda *task: threads.append(threading.current_thread()) or run(*task))
    for workers in (1, 2):
        search(config, results=tmp_path / str(workers))
        trained.clear(), threads.clear()
        r = load("small", results=tmp_path / str(workers))
        tables.append(r.plane("l2", "momentum", values=3, workers=workers))
        assert len(trained) == 27
        assert (threads == [threading.current_thread()] * 27) == (workers == 1)
    pd.testing.assert_frame_equal(*tables)
    one, two = (stored(tmp_path / str(workers)) for workers in (1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert set(one["seeds"]) == {1}
    assert set(one["seed"]) == {1_000_000, 1_000_001, 1_000_002}


class _Interrupt:
    """Stops as Ctrl-C does, at a progress that has some trainings of this run."""

    def __call__(self, progress):
        if progress.fresh:
            raise KeyboardInterrupt


def test_a_table_that_was_stopped_goes_on(results, trained, tmp_path, small_evaluator, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        results.tolerance(**SIZE, on_progress=_Interrupt())
    before = len(stored(tmp_path))
    assert before == len(trained) > 0
    fresh, seen = load("small", results=tmp_path), []
    whole = fresh.tolerance(**SIZE, on_progress=seen.append)
    assert (seen[0].done, seen[0].missing) == (before, seen[0].total - before)
    assert len(stored(tmp_path)) == seen[-1].done == seen[-1].total
    assert seen[-1].fresh == seen[0].missing
    pd.testing.assert_frame_equal(whole, tolerances(small_evaluator, fresh.best.hyperparameters))


@pytest.mark.parametrize("from_defaults", [False, True])  # with ranges that begin there, less is foreseen than trained
def test_one_progress_covers_all_profiles(config, tmp_path, from_defaults):
    ranges = {"learning_rate": (0.1, 1.0), "momentum": (0.9, 0.95), "l2": (1e-4, 1.0), "init_scale": (0.1, 1.0)}
    entries = {f"space.{name}": {"low": low, "high": high} for name, (low, high) in ranges.items() if from_defaults}
    search(config.with_overrides(**entries), results=tmp_path)
    results, seen = load("small", results=tmp_path), []
    results.tunability(**SIZE, on_progress=seen.append)
    assert (seen[-1].fresh > seen[-1].total) == from_defaults
    assert [p.total for p in seen] == [seen[0].total] * len(seen)
    assert seen[0].done == 0
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done == seen[-1].total
    assert abs(seen[-1].fresh - seen[-1].total) <= SIZE["seeds"] * len(results.config.space.dimensions)


def kept_with(config, folder, dataset=None):
    return KeptTrainings(Evaluator(config, dataset), open_storage(results=folder), name="small", results=folder)


def test_trainings_of_other_data_or_another_network_are_refused(config, results, tmp_path):
    best = results.best.hyperparameters
    results.plane(**CORNERS)
    assert len(stored(tmp_path)) == 8
    x = np.random.default_rng(0).standard_normal((150, 4))
    others = [
        (kept_with(config.with_overrides(**{"network.hidden": [5]}), tmp_path), r"network.hidden: stored \[6\], now"),
        (kept_with(config, tmp_path, from_arrays(x, (x[:, 0] > 0).astype(int))), "the data itself"),
        (
            kept_with(config.with_overrides(metric="validation_error"), tmp_path),
            "search.metric: stored 'validation_loss'",
        ),
    ]
    for other, words in others:
        with pytest.raises(StudyChangedError, match=rf"study 'small.profiles' is in(.|\n)*{words}"):
            other.table(lambda source: plane(source, best, **CORNERS))
    assert len(stored(tmp_path)) == 8


def test_other_seeds_ranges_and_checkpoints_share_the_trainings(config, results, trained, tmp_path):
    best, count = results.best.hyperparameters, len(trained)
    table = results.plane(**CORNERS)
    changed = {"search.seeds": 2, "search.checkpoints": 3, "space.init_scale": {"low": 1e-9, "high": 0.5}}
    other = kept_with(config.with_overrides(**changed), tmp_path)
    pd.testing.assert_frame_equal(other.table(lambda source: plane(source, best, **CORNERS)), table)
    assert len(trained) == count + 8
    mixed = other.table(lambda source: source.evaluate([best], seeds=[1_000_000, 7]))[0]  # of 6 and of 3 checkpoints
    alone = Evaluator(config).evaluate([best], seeds=[1_000_000, 7])[0]
    assert mixed.seeds == alone.seeds
    assert mixed.curves[:, -1].tolist() == alone.curves[:, -1].tolist()
    assert mixed.iterations[-1] == best.iterations


def test_a_storage_in_memory_is_left_as_it_is(config, trained, tmp_path):
    studied = search(config, results=tmp_path)
    memory = optuna.create_study(study_name="small")
    memory.add_trials(studied.trials)
    for name, value in study_attributes(studied).items():
        set_study_attribute(memory, name, value)
    r = Results(memory, tmp_path / "none")
    before = len(trained)
    first = r.plane(**CORNERS)
    assert len(trained) == before + 8
    pd.testing.assert_frame_equal(r.plane(**CORNERS), first)
    assert len(trained) == before + 8
    assert optuna.get_all_study_names(storage_of(memory)) == ["small"]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("problem", [StorageError("no space"), PermissionError("read-only")])
def test_a_storage_that_cannot_be_written_is_read_and_the_rest_kept_in_memory(results, trained, monkeypatch, problem):
    results.plane(**CORNERS)
    size = (results.folder / JOURNAL).stat().st_size
    fresh = load("small", results=results.folder)
    monkeypatch.setattr(JournalFile, "_append", lambda self, logs: (_ for _ in ()).throw(problem))
    before = len(trained)
    with pytest.warns(NotKeptWarning, match=f"the trainings of small.profiles are not kept: .*{problem}"):
        first = fresh.plane(**{**CORNERS, "seeds": 3})
    assert len(trained) == before + 4
    pd.testing.assert_frame_equal(fresh.plane(**{**CORNERS, "seeds": 3}), first)
    assert len(trained) == before + 4
    assert (results.folder / JOURNAL).stat().st_size == size


def test_what_another_run_is_training_is_refused_and_what_is_kept_is_read(results, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = Results.from_study(load("small", results=tmp_path).study)  # which knows of no folder but the journal's
    first = results.plane(**CORNERS)
    count = len(trained)
    with only_writer("small.profiles", open_storage(results=tmp_path), results=tmp_path):
        pd.testing.assert_frame_equal(other.plane(**CORNERS), first)  # nothing to write
        with pytest.raises(StudyBusyError, match=r"at work on study 'small\.profiles'"):
            other.profile("init_scale", **SIZE)
    assert len(trained) == count
    assert not (tmp_path / "results").exists()


def test_a_database_keeps_them_too(config, trained, tmp_path):
    storage, tables = open_storage(f"sqlite:///{tmp_path}/s.db"), []
    for _ in range(2):
        database = KeptTrainings(Evaluator(config), storage, name="small", results=tmp_path)
        tables.append(database.table(lambda source: plane(source, AROUND, **CORNERS)))
    pd.testing.assert_frame_equal(*tables)
    assert len(trained) == 8


def test_values_outside_the_study_s_ranges_are_kept(config, trained, tmp_path):
    """Tunability trains around the defaults, which a study's ranges need not hold."""
    ranges = {"learning_rate": {"low": 0.2, "high": 0.4}, "l2": 0.0, "batch_size": {"choices": [8, 16]}}
    search(config.with_overrides(**{f"space.{name}": entry for name, entry in ranges.items()}), results=tmp_path)
    first = load("small", results=tmp_path).tunability(values=3, seeds=2)
    assert (stored(tmp_path)["learning_rate"] == DEFAULT_RATE).any()
    assert (stored(tmp_path)["l2"] == 0).all()
    count = len(trained)
    pd.testing.assert_frame_equal(load("small", results=tmp_path).tunability(values=3, seeds=2), first)
    assert len(trained) == count


def test_the_study_of_profiles_is_one_to_read_and_disturbs_no_other(results, folder):
    r = load("small", results=results.folder)
    before = r.trials, r.best.number
    table = r.plane(**CORNERS)
    profiles = load("small.profiles", results=results.folder)
    assert len(profiles.trials) == len(profiles.members) == 8
    ends = profiles.trials.groupby(["momentum", "l2"])["validation_loss"].mean()
    assert ends.to_numpy() == pytest.approx(table["mean"].to_numpy())
    assert profiles.best.hyperparameters.momentum in table["momentum"].tolist()
    network = profiles.network(7)
    assert network.seed == profiles.members["seed"][7]
    assert "one training around the best setting of `small`" in note_of(profiles.study)
    assert "timeline and importances mean nothing here" in profiles.study.user_attrs["these trials"]
    after = load("small", results=results.folder)
    pd.testing.assert_frame_equal(after.trials, before[0])
    assert after.best.number == before[1]
    with pytest.raises(ResultsError, match=r"which hold: small(;|$)"):
        load("smal", results=results.folder)
    assert "survey" not in run("export", "small", "--results", results.folder, "--to", folder / "out").stdout
    assert run("export", "small.profiles", "--results", results.folder, "--to", folder / "out").stdout


def test_a_study_its_survey_and_its_profiles_share_the_trainings_around_a_setting(config, tmp_path):
    survey_study(config.with_overrides(**{"survey.base": 4, "survey.scrambles": 2}), results=tmp_path)
    load("small.survey", results=tmp_path).plane(**CORNERS)
    load("small.profiles", results=tmp_path).plane(**CORNERS)
    names = optuna.get_all_study_names(open_storage(results=tmp_path))
    assert sorted(names) == ["small.profiles", "small.survey"]
    assert len(stored(tmp_path)) == 8


def test_another_run_s_trainings_are_read_before_more_are_trained(results, trained, tmp_path, monkeypatch):
    other, opened = load("small", results=tmp_path), kept_trainings.only_writer
    count = len(trained)

    def late(*arguments, **options):
        """The other run ends between the look at what is stored and the lock."""
        monkeypatch.setattr(kept_trainings, "only_writer", opened)
        other.plane(**CORNERS)
        return opened(*arguments, **options)

    monkeypatch.setattr(kept_trainings, "only_writer", late)
    results.plane(**CORNERS)
    assert len(trained) == count + 8
    assert len(stored(tmp_path)) == 8


VARIED = {
    "hidden": {"choices": [[6], [3, 2]]},
    "activation": {"choices": ["relu", "tanh"]},
    "init": {"choices": ["he", "scaled"]},
}


@pytest.fixture
def varied(config):
    """A study of networks that vary: of lists of layers, an activation and an init."""
    described = config.describe()
    space = {**described["space"], **VARIED}
    return config.from_description({**described, "name": "varied", "network": {}, "space": space})


@pytest.mark.parametrize("storage", [None, "sqlite"])
def test_trainings_of_varied_networks_are_kept_whole(varied, trained, tmp_path, storage):
    url = None if storage is None else f"sqlite:///{tmp_path}/kept.db"
    search(varied, results=tmp_path, storage=url)
    first = load("varied", results=tmp_path, storage=url)
    made = first.plane("hidden", "activation", **SIZE), first.profile("init", **SIZE)
    count, best = len(trained), first.best.hyperparameters
    again = load("varied", results=tmp_path, storage=url)
    pd.testing.assert_frame_equal(again.plane("hidden", "activation", **SIZE), made[0])
    pd.testing.assert_frame_equal(again.profile("init", **SIZE), made[1])
    assert len(trained) == count
    pd.testing.assert_frame_equal(made[0], plane(Evaluator(varied), best, "hidden", "activation", **SIZE))
    assert made[0]["hidden"].tolist() == ["6", "6", "3-2", "3-2"]
    profiles = load("varied.profiles", results=tmp_path, storage=url)
    networks = [profiles.network(number).architecture for number in profiles.trials["number"]]
    assert {network.hidden for network in networks} == {(6,), (3, 2)}
    assert {network.init for network in networks} == {"he", "scaled"}


def test_a_default_that_is_no_choice_is_kept_too(varied, trained, tmp_path):
    search(varied, results=tmp_path)
    first = load("varied", results=tmp_path).tunability(values=2, seeds=2)
    assert set(first.set_index("hyperparameter").loc[["hidden", "init"], "default"]) == {"32", "scaled"}
    count = len(trained)
    pd.testing.assert_frame_equal(load("varied", results=tmp_path).tunability(values=2, seeds=2), first)
    assert len(trained) == count


@pytest.mark.slow
def test_trainings_kept_by_an_earlier_version_are_read(results, trained, tmp_path):
    """They hold no word of the network, which was that of [network]."""
    results.plane(**CORNERS)
    count, study = len(trained), load("small.profiles", results=tmp_path).study
    bare = optuna.create_study(study_name=study.study_name, storage=f"sqlite:///{tmp_path}/bare.db")
    for name, value in study_attributes(study).items():
        set_study_attribute(bare, name, value)
    for trial in study.trials:
        trial.user_attrs = {name: value for name, value in trial.user_attrs.items() if name not in VARIED}
        bare.add_trial(trial)
    search(results.config, results=tmp_path / "other", storage=f"sqlite:///{tmp_path}/bare.db")
    count = len(trained)
    older = load("small", results=tmp_path / "other", storage=f"sqlite:///{tmp_path}/bare.db")
    pd.testing.assert_frame_equal(older.plane(**CORNERS), results.plane(**CORNERS))
    assert len(trained) == count
