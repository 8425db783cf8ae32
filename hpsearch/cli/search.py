"""The command that searches for the best setting."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpsearch.cli.commands import (
    COMPILING,
    TIME_UP,
    DryRunOption,
    ResultsOption,
    StorageOption,
    StudyArgument,
    TargetOption,
    WorkersOption,
    app,
)
from hpsearch.cli.endings import errors, told_warnings
from hpsearch.cli.lines import print_parts
from hpsearch.cli.machines import AddressOption, ExecutorOption, Place, TimeoutOption, Work, refuse
from hpsearch.cli.progress import search_words, storing_line
from hpsearch.cli.stops import tell_stored

if TYPE_CHECKING:
    import optuna

    from hpsearch.cli.studies import NamedStudy
    from hpsearch.evaluation.evaluator import Evaluator
    from hpsearch.tuning.batches import Progress


@app.command("search")
def search_command(
    study: StudyArgument = "digits",
    trials: Annotated[
        int | None, typer.Option(min=1, help="Total number of trials, including those already stored.")
    ] = None,
    workers: WorkersOption = 1,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
    name: Annotated[str | None, typer.Option(help="Store the study under another name, as a fresh start.")] = None,
    sampler: Annotated[
        str | None, typer.Option(help="tpe, random, qmc, grid, cmaes or gp, instead of the study's.")
    ] = None,
    pruner: Annotated[str | None, typer.Option(help="none, median or hyperband, instead of the study's.")] = None,
    seed: Annotated[int | None, typer.Option(help="The sampler's seed, instead of the study's.")] = None,
    rounds: Annotated[
        int | None,
        typer.Option(help="Divide the trials into 2 to 10 rounds, each in the ranges that the one before proposes."),
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(help="With --rounds: repeat all of it with this many sampler seeds.")
    ] = None,
    target: TargetOption = None,
    dry_run: DryRunOption = False,
    executor: ExecutorOption = None,
    address: AddressOption = None,
    timeout: TimeoutOption = None,
) -> None:
    """Search for the best setting, going on from what is stored, and show the ten best.

    With --rounds the ranges are refined from round to round, beside one search of the same cost as NAME-unrefined.

    Ctrl-C stops at any time, and --timeout ends it: finished trials are kept, and the same command goes on.
    """
    from hpsearch.cli.studies import study_named

    with errors(study), told_warnings():
        work = Work(workers, Place(storage, results), executor, address, timeout)
        named = study_named(study, target, work.place)
        options = {"name": name, "trials": trials, "sampler": sampler, "pruner": pruner, "seed": seed}
        named = replace(named, config=named.config.with_overrides(**options))
        if rounds is None and repeats is None:
            _search(named, study, work, dry_run=dry_run)
            return
        from hpsearch.cli.rounds import search_in_rounds

        refuse({"--dry-run": dry_run or None}, beside="--rounds")
        search_in_rounds(named.config, rounds, repeats, work)


def _search(named: NamedStudy, path: str, work: Work, *, dry_run: bool) -> None:
    """Search, and show what was found; or say what a search would take."""
    # What trains takes a second to be imported: a mistake in the settings was told by now.
    from hpsearch.cli.studies import announce, print_plan, search_cost
    from hpsearch.engine.compilation import before_compiling
    from hpsearch.evaluation.evaluator import Evaluator, load_data
    from hpsearch.storage.access import count_trials
    from hpsearch.tuning.samplers import check_sampler
    from hpsearch.tuning.search import search

    config, place = named.config, work.place
    check_sampler(config)  # so that a plan tells it too
    total = config.search.trials
    line = storing_line(config.name, search_words, name=config.name, rows="trials", place=place, total=total)
    with line as live, before_compiling(partial(live.say, COMPILING)):
        evaluator = Evaluator(config, load_data(config))
        announce(named, evaluator, path)
        if dry_run:
            done = count_trials(config.name, place.storage, results=place.results)
            print_plan(named, evaluator, search_cost(evaluator, stored=done, workers=work.workers))
            return
        with work.executor():
            searched = search(
                evaluator.config, workers=work.workers, storage=place.storage, results=place.results,
                dataset=evaluator.dataset, timeout=work.timeout, on_progress=live.show,
            )  # fmt: skip
    _show(searched, live.last, evaluator, work)


def _show(searched: optuna.Study, last: Progress, evaluator: Evaluator, work: Work) -> None:
    """Print what a search found, if anything, and where its time was up, how to go on."""
    from hpsearch.report.search import search_report
    from hpsearch.results.study import Results

    if last.done < last.total and not tell_stored(
        TIME_UP, name=searched.study_name, total=last.total, rows="trials", place=work.place
    ):
        return
    tables, storage = Results(searched, work.place.results, dataset=evaluator.dataset), work.place.storage
    print_parts(search_report(evaluator.config, tables, fresh=last.fresh, storage=storage, notes=evaluator.notes))
