"""What the program keeps of a study: out of the dashboard's sight, and read where older versions kept it."""

import optuna
import pandas as pd
import pytest

from hpsearch.experiments.stored import CEILINGS, DESIGN, EXAMPLES
from hpsearch.experiments.trainings import survey_study
from hpsearch.results.study import Results, load
from hpsearch.storage.access import open_storage
from hpsearch.storage.internals import set_study_attribute
from hpsearch.storage.studies import BASELINES, BEST, CONFIG, DATA, StudyChangedError, fact
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


def as_of_old(study, storage, name):
    """A copy of a study with its facts among the user attributes, as versions before this wrote them."""
    old = optuna.create_study(study_name=name, storage=storage)
    for key in (CONFIG, DATA, BEST, BASELINES, DESIGN, CEILINGS, EXAMPLES):
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


@pytest.mark.filterwarnings("ignore::hpsearch.sensitivity.ConcentrationWarning")
def test_a_study_of_an_older_version_is_read(made, old):
    config, folder = old
    before, now = load("small", results=folder), Results(made[1])
    assert before.ours
    assert before.config == config
    assert before.best == now.best
    assert before.best.test is not None
    assert before.network(0).hyperparameters == now.network(0).hyperparameters
    pd.testing.assert_frame_equal(before.survey.table, now.survey.table)


def test_a_study_of_an_older_version_is_not_gone_on_with_for_its_engine_was_another(old):
    config, folder = old
    stored = load("small", results=folder).trials
    for go_on in (search, survey_study):
        with pytest.raises(StudyChangedError, match="begun with an engine of another version"):
            go_on(config, results=folder)
    with pytest.raises(StudyChangedError, match=r"search\.seeds: stored .*, now "):
        search(config.with_overrides(seeds=[7]), results=folder)
    pd.testing.assert_frame_equal(load("small", results=folder).trials, stored)


def test_of_a_new_study_no_fact_is_a_user_attribute(made):
    for study in made[1:]:
        assert fact(study, CONFIG) is not None
        assert not [key for key in study.user_attrs if key.startswith("hpsearch:")]
        assert all(isinstance(value, str) for value in study.user_attrs.values())
