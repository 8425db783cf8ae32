"""The command that judges the lesson's claims by trainings and writes their page."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpsearch.cli.commands import COMPILING, ResultsOption, StorageOption, WorkersOption, app
from hpsearch.cli.endings import errors
from hpsearch.cli.lines import print_parts, say
from hpsearch.cli.machines import AddressOption, ExecutorOption, Place, Work
from hpsearch.cli.progress import LiveLine, search_words, stoppable_line
from hpsearch.cli.stops import stopped

if TYPE_CHECKING:
    from hpsearch.experiments.lessons import Judgement
    from hpsearch.tuning.batches import Progress


@app.command("lesson")
def lesson_command(
    claim: Annotated[str | None, typer.Argument(help="L1 to L8; all by default.")] = None,
    workers: WorkersOption = 1,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
    executor: ExecutorOption = None,
    address: AddressOption = None,
) -> None:
    """Judge by trainings what a lesson on shallow networks claims, and write the page of its verdicts.

    Each claim has a study in [b]studies/lesson/[/b], which is searched first; Ctrl-C keeps what is trained.
    """
    from rich.console import Console

    console, judgements = Console(highlight=False, markup=False), []
    with errors(), ExitStack() as machines:
        from hpsearch.data.files import check_writable, write_text
        from hpsearch.report.lesson import TITLE, details, lesson_sections, verdict_line
        from hpsearch.report.page import page
        from hpsearch.results.lesson import CLAIMS, checked

        claims = list(CLAIMS) if claim is None else [checked(claim)]
        path = results / (f"lesson-{claims[0]}.html" if claim else "lesson.html")
        check_writable(path)  # before there is work to lose
        work = Work(workers, Place(storage, results), executor, address)
        machines.enter_context(work.executor())
        for name in claims:
            judgements.append(_judgement(name, work))
            print(verdict_line(judgements[-1], width=console.width), flush=True)
            print_parts(details(judgements[-1], width=console.width) if claim else ())
        html = page(TITLE, lesson_sections(judgements))
        write_text(path, html)
        words = f"page in {path} ({len(html.encode()) / 1e6:.1f} MB): open it in a browser, offline too"
        at_length = "; `hpsearch lesson L4` prints one claim at length, with what it was measured on"
        say(words + ("" if claim else at_length))


def _judgement(name: str, work: Work) -> Judgement:
    """A claim judged, with a live line for each of its studies."""
    from hpsearch.engine.compilation import before_compiling
    from hpsearch.results.lesson import Lesson
    from hpsearch.results.study import ResultsError
    from hpsearch.storage.studies import StudyChangedError

    under_way = name

    def tell(line: LiveLine[Progress]) -> None:
        stopped(name=under_way, total=line.total, rows="trials", place=work.place)

    def show(study: str, progress: Progress) -> None:
        nonlocal under_way
        under_way = study
        line.show(progress)

    try:
        with stoppable_line(name, search_words, tell) as line, before_compiling(partial(line.say, COMPILING)):
            return Lesson(work.workers, work.place.results, work.place.storage, show).judgement(name)
    except StudyChangedError as problem:
        lines = str(problem).splitlines()[:-1] or [str(problem).split(": start anew")[0]]
        ways = "start the lesson anew in another folder: --results FOLDER"
        raise ResultsError("\n".join([*lines, ways])) from None
