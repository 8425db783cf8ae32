"""What stands on a page in place of a search or a survey that is not there, and the command that makes it."""

from __future__ import annotations

from hpsearch.config.study import SURVEY
from hpsearch.experiments.surveys import survey_name
from hpsearch.report import facts
from hpsearch.report.page import Section
from hpsearch.results.names import stored_name
from hpsearch.results.study import Results, ResultsError
from hpsearch.storage.commands import command, make, options_of
from hpsearch.storage.internals import storage_of


def of_step(results: Results) -> bool:
    """Whether these are the survey of the effective step, which stands beside a study and its own survey."""
    return results.study.study_name.endswith(SURVEY) and results.ours and results.config.survey.effective_step


def search(results: Results) -> Section:
    """For the page of a survey alone."""
    if of_step(results):
        name = results.config.name
        text = (
            "This is the survey of the effective step α/(1−μ) alone, which stands in it for the learning rate. A "
            "search of its study has a page of its own."
        )
        ways = [] if _searched(results) else [("This searches:", make("search", name, *_place(results)))]
        ways.append(("This writes that page:", command("report", name, *_place(results))))
        return Section("The best setting", [text], commands=ways)
    text = "There is no search of this study yet: it would find the best setting, and this page would show it."
    way = make("search", facts.name_of(results), *_place(results))
    return Section("The best setting", [text], commands=[("This searches; then write the page anew:", way)])


def survey(results: Results) -> Section:
    """For the page of a search alone, or of a survey that is not complete."""
    title, config = "What training is sensitive to", results.config
    if config.survey.effective_step and not of_step(results):
        text = (
            "The study asks for the survey of the effective step α/(1−μ) (survey.effective_step), which has a page of "
            "its own. How sensitive training is to the learning rate itself is not measured."
        )
        ways = [
            ("This surveys:", make("survey", config.name, *_place(results))),
            ("This writes that page:", command("report", survey_name(config), *_place(results))),
        ]
        return Section(title, [text], commands=ways)
    text = (
        "How sensitive training is to each setting is not measured yet. A survey would: real trainings all over the "
        "space, shares of the variance with intervals, beside the luck of the seed."
    )
    way = make("survey", results.study.study_name, *_place(results))
    return Section(title, [text], commands=[("This surveys; then write the page anew:", way)])


def _searched(results: Results) -> bool:
    """Whether the study of a survey has a search."""
    try:
        return stored_name(results.config.name, storage_of(results.study)) == results.config.name
    except ResultsError:
        return False


def _place(results: Results) -> tuple[str, ...]:
    return options_of(storage_of(results.study))
