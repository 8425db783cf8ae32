"""The command that writes a study's page, with what it needs first."""

from __future__ import annotations

import warnings
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpsearch.cli.commands import NameArgument, ResultsOption, StorageOption, WorkersOption, app, path_option
from hpsearch.cli.endings import errors, told_warnings
from hpsearch.cli.importance import measured_importance
from hpsearch.cli.lines import say
from hpsearch.cli.machines import AddressOption, ExecutorOption, Place, Work
from hpsearch.cli.progress import storing_line, survey_words
from hpsearch.cli.search import search_command
from hpsearch.cli.survey import survey_command

if TYPE_CHECKING:
    from hpsearch.results.study import Results


@app.command("report")
def report_command(
    study: NameArgument = "digits",
    complete: Annotated[
        bool, typer.Option("--complete", help="Search and survey first, where either is missing or unfinished.")
    ] = False,
    workers: WorkersOption = 1,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
    to: Annotated[Path | None, path_option("File to write; by default results/STUDY.html.")] = None,
    executor: ExecutorOption = None,
    address: AddressOption = None,
) -> None:
    """Write a study's page: figures, tables and what they say, in one file that opens anywhere.

    What it shows around the best setting is trained first and kept; Ctrl-C keeps it too.
    """
    from hpsearch.cli.studies import check_stored, stored_results, stored_under
    from hpsearch.config.study import SURVEY
    from hpsearch.data.files import check_writable, file_name, write_text

    work = Work(workers, Place(storage, results), executor, address)
    with errors(study), ExitStack() as machines:
        if not complete:
            study = stored_under(study)
            check_stored(study, work.place)  # before a cluster is started
        machines.enter_context(work.executor())
        if complete:
            study = completed(study, work)
        stored = stored_results(study, work.place)
        from hpsearch.report.facts import name_of
        from hpsearch.report.page import page
        from hpsearch.report.sections import sections
        from hpsearch.results.surrogates import ImportanceError

        path = to or results / f"{file_name(name_of(stored))}.html"
        check_writable(path)  # before there is work to lose
        with told_warnings():
            _trained(stored, work)
        with warnings.catch_warnings():  # the page's own sentences say what is to be minded
            warnings.simplefilter("ignore", UserWarning)
            if not stored.study.study_name.endswith(SURVEY):
                with suppress(ImportanceError):  # of which the page says why
                    measured_importance(stored, workers=workers)
            html = page(name_of(stored), sections(stored))
            write_text(path, html)
            _offered(stored, path)
        say(f"report in {path} ({len(html.encode()) / 1e6:.1f} MB): open it in a browser, offline too")


def _offered(stored: Results, path: Path) -> None:
    """Let the dashboard offer the page of a study of ours, and show what it knows by now."""
    from hpsearch import figures
    from hpsearch.config.study import SURVEY
    from hpsearch.report.explanation import show_explained
    from hpsearch.report.profiles import attribution_of
    from hpsearch.results.surrogates import ImportanceError
    from hpsearch.storage.front import show_search, show_surrogates
    from hpsearch.storage.journal import UNWRITABLE
    from hpsearch.tuning.choice import ARTIFACTS, register

    if not stored.ours and stored.function is None:
        return
    with suppress(*UNWRITABLE, ImportanceError):  # a storage that only gives has no page to offer
        register(stored.study, path, folder=stored.folder / ARTIFACTS, mimetype="text/html")
        if not stored.study.study_name.endswith(SURVEY):
            show_search(stored.study)
            if attribution := attribution_of(stored):
                show_explained(stored.study, attribution)
            show_surrogates(stored.study, figures.importance(stored.importance()))


def completed(study: str, work: Work) -> str:
    """Search and survey a study where that is missing or unfinished, and say so; the study's name.

    The survey of the effective step is completed alone, for its page shows no search.
    """
    from hpsearch.cli.studies import study_named
    from hpsearch.config.study import SURVEY
    from hpsearch.experiments.surveys import survey_name
    from hpsearch.results.study import ResultsError, load

    place, config = work.place, study_named(study, None, work.place).config
    surveyed = survey_name(config)
    of_step = config.survey.effective_step and study.removesuffix(SURVEY) == surveyed.removesuffix(SURVEY)
    try:
        stored = load(config.name, storage=place.storage, results=place.results)
        searched = stored.study.study_name == config.name and len(stored.trials) >= config.search.trials
    except (FileNotFoundError, ResultsError):
        searched = False
    if not searched and not of_step:
        say(f"{config.name} is not completely searched yet: searching first", error=True)
        search_command(study, workers=work.workers, results=place.results, storage=place.storage)
    try:
        load(surveyed, storage=place.storage, results=place.results).survey  # noqa: B018  # read, to see whether it is complete
    except ResultsError:
        name = surveyed if of_step else config.name
        say(f"{name} is not completely surveyed yet: surveying first", error=True)
        survey_command(study, workers=work.workers, results=place.results, storage=place.storage)
    return surveyed if of_step else config.name


def _trained(stored: Results, work: Work) -> None:
    """Train what the page shows around the best setting, with progress; what is kept is read."""
    from hpsearch.config.study import PROFILES
    from hpsearch.report.profiles import around_the_best

    name = stored.study.study_name
    for table, words in around_the_best(stored).items():
        line = storing_line(
            f"{words} of {name}", survey_words, name=f"{name}{PROFILES}", rows="trainings", place=work.place
        )
        with line as live:
            table(workers=work.workers, on_progress=live.show)
