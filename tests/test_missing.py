"""What a page says in place of a search or a survey, and that its commands are those of the study they belong to."""

import optuna
import pytest

from hpsearch import Results, load, search, survey_study
from hpsearch.report import missing

SURVEY = {"survey.base": 2, "survey.scrambles": 2, "survey.checkpoints": 2}


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    """A folder with surveys of each kind, with and without a search of one trial, and a search alone."""
    folder, step = tmp_path_factory.mktemp("missing"), {"survey.effective_step": True}
    for name, more in (("plain", {}), ("steps", step)):
        search(small.with_overrides(name=name, **more), results=folder, trials=1)
    survey_study(small.with_overrides(name="alone", **SURVEY), results=folder)
    for name in ("steps", "lone", "alone"):
        survey_study(small.with_overrides(name=name, **SURVEY, **step), results=folder)
    return folder


def told(section):
    return section.sentences[0], [command.split(" --results")[0] for _, command in section.commands]


def test_a_survey_alone_asks_for_a_search_and_that_of_the_effective_step_for_the_page_of_its_study(folder):
    text, commands = told(missing.search(load("alone", results=folder)))
    assert text.startswith("There is no search of this study yet")
    assert commands == ["hpsearch search alone"]
    text, commands = told(missing.search(load("steps.effective_step.survey", results=folder)))
    assert text.startswith("This is the survey of the effective step")
    assert commands == ["hpsearch report steps"]
    for name in ("lone", "alone"):  # the second has a plain survey too, which is no search
        text, commands = told(missing.search(load(f"{name}.effective_step.survey", results=folder)))
        assert commands == [f"hpsearch search {name}", f"hpsearch report {name}"]


def test_a_search_alone_asks_for_the_survey_that_its_study_makes(folder):
    text, commands = told(missing.survey(load("plain", results=folder)))
    assert "is not measured yet" in text
    assert commands == ["hpsearch survey plain"]
    text, commands = told(missing.survey(load("steps", results=folder)))
    assert "has a page of its own" in text
    assert commands == ["hpsearch survey steps", "hpsearch report steps.effective_step.survey"]
    text, commands = told(missing.survey(load("steps.effective_step.survey", results=folder)))  # if it is not complete
    assert "is not measured yet" in text
    assert commands == ["hpsearch survey steps.effective_step.survey"]


def test_only_the_survey_of_the_effective_step_itself_is_one(folder):
    names = ("alone", "plain", "steps", "steps.effective_step.survey")
    assert [missing.of_step(load(name, results=folder)) for name in names] == [False, False, False, True]
    assert not missing.of_step(Results(optuna.create_study(study_name="theirs.survey")))
