"""What the program keeps of a study: out of the dashboard's sight, and read where older versions kept it."""

from importlib.metadata import version

import numpy as np
import optuna
import pandas as pd
import pytest
from helpers import SMALL, TIMES, run

from hpsearch.config import ConfigError, load_config
from hpsearch.config.messages import StoredConfigError
from hpsearch.data import from_frame
from hpsearch.evaluation.outcomes import CurvesError
from hpsearch.experiments.surveys import CEILINGS, DESIGN
from hpsearch.experiments.trainings import survey_study
from hpsearch.results.rounds import search_rounds
from hpsearch.results.study import Results, ResultsError, load
from hpsearch.storage.access import open_storage
from hpsearch.storage.internals import set_study_attribute, study_attributes
from hpsearch.storage.studies import (
    BASELINES,
    BEST,
    CONFIG,
    DATA,
    ENGINE_OF_STUDY,
    EXAMPLES,
    VERSION,
    StudyChangedError,
    fact,
    quiet_optuna,
)
from hpsearch.tuning.objective import Objective
from hpsearch.tuning.search import search

OLD = {"survey.base": 8, "survey.scrambles": 2, "survey.seeds": 4, "trials": 4}


def test_a_fact_is_read_from_the_system_attributes_before_those_of_the_user_and_is_else_the_default():
    study = optuna.create_study()
    assert fact(study, DATA) is None
    assert fact(study, DATA, {}) == {}
    study.set_user_attr(DATA, "old")
    assert fact(study, DATA) == "old"
    set_study_attribute(study, DATA, "new")
    assert fact(study, DATA, {}) == "new"


@pytest.mark.parametrize("level", [optuna.logging.INFO, optuna.logging.ERROR])
def test_optuna_is_quiet_within_and_as_before_afterwards_whichever_call_ends_first(level):
    default = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(level)
    try:
        first, second = quiet_optuna(), quiet_optuna()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert optuna.logging.get_verbosity() == max(level, optuna.logging.WARNING)
        second.__exit__(None, None, None)
        assert optuna.logging.get_verbosity() == level
    finally:
        optuna.logging.set_verbosity(default)


def as_of_old(study, storage, name, *, engine=True):
    """A copy of a study with its facts among the user attributes, and without its engine if that was the first."""
    old = optuna.create_study(study_name=name, storage=storage)
    for key in (CONFIG, DATA, BEST, BASELINES, DESIGN, CEILINGS, EXAMPLES, *([ENGINE_OF_STUDY] if engine else [])):
        if (value := fact(study, key)) is not None:
            old.set_user_attr(key, value)
    old.add_trials(study.trials)
    return old


@pytest.fixture(scope="module")
def made(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    config = small.with_overrides(**OLD)
    study = search(config, results=folder)
    survey_study(config, results=folder)
    return config, study, load("small.survey", results=folder).study


@pytest.fixture
def old(made, tmp_path):
    """A results folder as older versions left it, with its config."""
    config, study, surveyed = made
    storage = open_storage(results=tmp_path)
    as_of_old(study, storage, "small")
    as_of_old(surveyed, storage, "small.survey")
    return config, tmp_path


@pytest.mark.filterwarnings("ignore::hpsearch.ConcentrationWarning")
def test_a_study_of_an_older_version_is_read(made, old):
    config, folder = old
    before, now = load("small", results=folder), Results(made[1])
    assert before.ours
    assert before.config == config
    assert before.best == now.best
    assert before.best.test is not None
    assert before.network(0).hyperparameters == now.network(0).hyperparameters
    pd.testing.assert_frame_equal(before.survey.table, now.survey.table)


def test_a_search_whose_facts_lie_where_older_versions_kept_them_goes_on(old, made, tmp_path):
    config, folder = old
    more = search(config, trials=8, results=folder)
    anew = search(config, trials=8, results=tmp_path / "anew")
    frames = [load("small", results=place).trials.drop(columns=TIMES) for place in (folder, tmp_path / "anew")]
    pd.testing.assert_frame_equal(*frames)
    assert fact(more, BEST) == fact(anew, BEST)
    assert CONFIG not in study_attributes(more)  # nothing is moved: an older version still reads the study
    with pytest.raises(StudyChangedError, match=r"search\.seeds: stored .*, now "):
        search(config.with_overrides(seeds=[7]), results=folder)


@pytest.mark.filterwarnings("ignore::hpsearch.ConcentrationWarning")
def test_a_survey_whose_facts_lie_where_older_versions_kept_them_goes_on(old, tmp_path):
    config, folder = old
    larger = config.with_overrides(**{"survey.scrambles": 3})
    table = survey_study(larger, results=folder).table
    pd.testing.assert_frame_equal(table, survey_study(larger, results=tmp_path / "anew").table)
    assert load("small.survey", results=folder).survey.design.scrambles == 3


def test_a_study_that_names_no_engine_is_of_the_first_and_none_is_added_to_it(made, tmp_path):
    config, study, surveyed = made
    storage = open_storage(results=tmp_path)
    as_of_old(study, storage, "small", engine=False)
    as_of_old(surveyed, storage, "small.survey", engine=False)
    for go_on in (search, survey_study):
        with pytest.raises(StudyChangedError, match="begun with an engine of another version of hpsearch"):
            go_on(config, results=tmp_path)
    trials = [results.trials.drop(columns=TIMES) for results in (load("small", results=tmp_path), Results(study))]
    pd.testing.assert_frame_equal(*trials)


@pytest.mark.parametrize("run", [search, survey_study, search_rounds, Objective])
def test_a_study_may_be_given_by_its_name_whatever_runs_it(run):
    with pytest.raises(ConfigError, match=r"no study has this name .*wine"):
        run("wien")


def test_a_study_is_of_the_most_trials_that_it_was_searched_for(small, tmp_path):
    for trials, most in ((2, 2), (4, 4), (3, 4)):
        search(small.with_overrides(trials=trials), results=tmp_path)
        assert load("small", results=tmp_path).config.search.trials == most


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A user's folder with a study of files of its own, entered."""
    folder = tmp_path / "first"
    (folder / "studies").mkdir(parents=True)
    (folder / "data").mkdir()
    x = np.random.default_rng(0).standard_normal((60, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.where(x.sum(axis=1) > 0, "p", "q")})
    for name in ("t", "last"):
        frame.to_csv(folder / f"data/{name}.csv")
    files = 'source = "csv:../data/t.csv"\ntest = "csv:../data/last.csv"\ntarget = "y"\ndrop = ["Unnamed: 0"]'
    text = SMALL.replace('source = "iris"', files)
    (folder / "studies" / "small.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def test_a_project_that_moved_goes_on(project, tmp_path, monkeypatch):
    small, survey = (lambda: load_config("studies/small.toml")), {"survey.base": 4, "survey.scrambles": 2}
    search(small(), trials=6)
    survey_study(small().with_overrides(**survey))
    moved = project.rename(tmp_path / "second")
    monkeypatch.chdir(moved)
    stored = load("small")
    assert [stored.config.data.source, stored.config.data.test] == [f"csv:{moved}/data/{n}.csv" for n in ("t", "last")]
    assert stored.network(0).score is not None
    assert load("small", results=moved / "results").config == stored.config
    assert len(search(small(), trials=8).trials) == 8
    survey_study(small().with_overrides(**{**survey, "survey.scrambles": 3}))
    assert fact(load("small").study, CONFIG)["data"]["source"] == f"csv:{moved}/data/t.csv"
    assert fact(load("small").study, CONFIG)["data"]["test"] == f"csv:{moved}/data/last.csv"
    search(small(), trials=8, results="anew")
    frames = [load("small", results=place).trials.drop(columns=TIMES) for place in ("results", "anew")]
    pd.testing.assert_frame_equal(*frames)
    monkeypatch.chdir(tmp_path)  # where nothing of it is to be seen but from its results
    assert load("small", results="second/results").network(0).hyperparameters == stored.network(0).hyperparameters


def test_of_a_moved_project_other_data_and_other_settings_are_told_and_not_the_place(project, tmp_path, monkeypatch):
    search("small", trials=4)
    moved = project.rename(tmp_path / "second")
    monkeypatch.chdir(moved)
    config = load_config("studies/small.toml")
    with pytest.raises(StudyChangedError) as refused:
        search(config.with_overrides(seeds=[7]))
    assert [key for key, *_ in refused.value.changes] == ["search.seeds"]
    table = pd.read_csv("data/t.csv")
    table.assign(a=table["a"] ** 2).to_csv("data/t.csv", index=False)
    with pytest.raises(StudyChangedError) as refused:
        search(config)
    assert [key for key, *_ in refused.value.changes] == ["data.source", "data.test", "the data itself (fingerprint)"]
    with pytest.raises(ResultsError, match=r"has changed since .* again from 'csv:.*/second/data/t\.csv'; .*dataset="):
        load("small").network(0)
    with pytest.raises(ResultsError, match="again from the given dataset; "):
        load("small", dataset=from_frame(table, "y")).network(0)


def test_of_a_new_study_no_fact_is_a_user_attribute(made):
    for study in made[1:]:
        assert fact(study, CONFIG) is not None
        assert not [key for key in study.user_attrs if key.startswith("hpsearch:")]
        assert all(isinstance(value, str) for value in study.user_attrs.values())


@pytest.mark.parametrize("by", ["99.1", None], ids=["named", "unnamed"])
def test_a_study_of_a_newer_version_is_told_with_what_is_unknown_in_it(small, tmp_path, by):
    study = search(small, results=tmp_path, trials=1)
    assert fact(study, VERSION) == version("hpsearch")
    newer = fact(study, CONFIG)
    set_study_attribute(study, CONFIG, {**newer, "search": {**newer["search"], "sampler": "magic", "shiny": 3}})
    set_study_attribute(study, VERSION, by)
    words = f"was made by {f'hpsearch {by}' if by else 'another version of hpsearch'}.* and this is "
    for read in (lambda: load("small", results=tmp_path).config, lambda: search(small, results=tmp_path)):
        with pytest.raises(
            StoredConfigError, match=rf"(?s){words}.*search\.sampler.*search\.shiny: is not a known key"
        ):
            read()
    told = " ".join(run("show", "small", "--results", tmp_path, code=2).stderr.split())
    assert "error: study 'small' was made by" in told


def test_curves_in_another_form_are_told_and_the_trials_stay_readable(small, tmp_path):
    search(small, results=tmp_path, trials=1)
    path = tmp_path / "hpsearch.journal"
    path.write_bytes(path.read_bytes().replace(b'"metrics":', b'"measured":').replace(b'"numbers":', b'"packed":'))
    results = load("small", results=tmp_path)
    assert len(results.trials) == 1
    for read in (lambda: results.curves, lambda: results.members):
        with pytest.raises(CurvesError, match=r"a form that hpsearch .* does not read \(KeyError\('metrics'\)\)"):
            read()
