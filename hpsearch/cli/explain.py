"""The command that says where the difference of two settings comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpsearch.cli.commands import NameArgument, ResultsOption, StorageOption, WorkersOption, app
from hpsearch.cli.endings import errors, told_warnings
from hpsearch.cli.lines import print_parts
from hpsearch.cli.machines import AddressOption, ExecutorOption, Place, Work
from hpsearch.cli.progress import storing_line, survey_words


@app.command("explain")
def explain_command(
    study: NameArgument = "digits",
    of: Annotated[int | None, typer.Option(help="Number of the trial to explain; by default the best.")] = None,
    against: Annotated[
        int | None, typer.Option(help="Number of the trial to compare it with, instead of the defaults.")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Number of fresh seeds for every mixture of the two.")] = 10,
    workers: WorkersOption = 1,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
    executor: ExecutorOption = None,
    address: AddressOption = None,
) -> None:
    """Say which changed setting gained what, from the defaults to the best, by training all mixtures of the two.

    Ctrl-C stops at any time: finished trainings are kept, and the same command goes on.
    """
    from hpsearch.cli.studies import stored_results, stored_under
    from hpsearch.config.study import PROFILES

    with errors(study), told_warnings():
        work = Work(workers, Place(storage, results), executor, address)
        name = stored_under(study)
        stored = stored_results(name, work.place)
        from hpsearch.report.explanation import attribution_report, show_explained
        from hpsearch.report.ties import alike_sentence

        line = storing_line(
            f"mixtures of {name}", survey_words, name=f"{name}{PROFILES}", rows="trainings", place=work.place
        )
        with line as live, work.executor():
            attribution = stored.attribution(
                of=of, against=against, seeds=seeds, workers=workers, on_progress=live.show
            )
        doubts = [alike_sentence(stored)] if of is None else []
        print_parts([*attribution_report(attribution, name=name), *filter(None, doubts)])
        if of is None and against is None:
            show_explained(stored.study, attribution)
