"""The command that compares studies, with what it needs first."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpsearch.cli.commands import ResultsOption, StorageOption, WorkersOption, app, path_option
from hpsearch.cli.endings import errors, told_warnings
from hpsearch.cli.lines import print_parts
from hpsearch.cli.machines import AddressOption, ExecutorOption, Place, Work
from hpsearch.cli.progress import LiveLine, stoppable_line, survey_words
from hpsearch.cli.reports import completed
from hpsearch.cli.stops import say_stopped

if TYPE_CHECKING:
    from hpsearch.experiments.progress import TrainingProgress


@app.command("compare")
def compare_command(
    studies: Annotated[list[str], typer.Argument(help="Names of two or more studies.")],
    complete: Annotated[
        bool, typer.Option("--complete", help="Search and survey first, where either is missing or unfinished.")
    ] = False,
    seeds: Annotated[
        int, typer.Option(min=2, max=1000, help="Number of seeds on which each setting is trained on each study.")
    ] = 16,
    workers: WorkersOption = 1,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
    to: Annotated[Path | None, path_option("File to write; by default results/compare.html.")] = None,
    executor: ExecutorOption = None,
    address: AddressOption = None,
) -> None:
    """Compare studies: what each is sensitive to, and what the best of one loses on another.

    What it trains is kept with the studies; Ctrl-C keeps it too, and the same command goes on.
    """
    from hpsearch.cli.studies import check_stored, stored_under
    from hpsearch.data.files import check_writable, write_text

    with errors(), ExitStack() as machines:
        path = to or results / "compare.html"
        work = Work(workers, Place(storage, results), executor, address)
        check_writable(path)  # before there is work to lose
        names = [] if complete else [stored_under(study) for study in studies]
        for name in names:
            check_stored(name, work.place)
        machines.enter_context(work.executor())
        names = names or [completed(study, work) for study in studies]
        from hpsearch.report.comparisons import comparison_page, comparison_report
        from hpsearch.results.comparison import compare

        with told_warnings(), stoppable_line("comparison", survey_words, _stopped) as line:
            comparison = compare(
                names, results=results, storage=storage, seeds=seeds, workers=workers, on_progress=line.show
            )
        print_parts(comparison_report(comparison))  # which a page that cannot be written does not take away
        write_text(path, comparison_page(comparison))
        print_parts([f"page in {path}: open it in a browser, offline too"])


def _stopped(line: LiveLine[TrainingProgress]) -> None:
    say_stopped(f"{line.done} of {line.total} trainings are kept with their studies, none is left running")
