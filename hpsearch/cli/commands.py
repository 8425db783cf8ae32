"""The commands: each parses, calls and prints, and imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

import signal
import sys
import warnings
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpsearch.cli.endings import (
    STOPPED,
    Commands,
    StopSignals,
    errors,
    say_stopped,
    stopped,
    tell_stored,
    told_warnings,
)
from hpsearch.cli.lines import print_parts
from hpsearch.cli.machines import AddressOption, ExecutorOption, TimeoutOption, executor_of, refuse
from hpsearch.cli.progress import LiveLine, cost_first, search_words, survey_words
from hpsearch.cli.streams import lasting_output

if TYPE_CHECKING:
    import pandas as pd

    from hpsearch.results.study import Results

app = typer.Typer(
    name="hpsearch",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

StudyArgument = Annotated[
    str,
    typer.Argument(help="A name in [b]studies/[/b], such as digits, the path of a TOML, or a table: CSV or Parquet."),
]
TargetOption = Annotated[str | None, typer.Option(help="Column to predict, of a table.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and train nothing.")]
NameArgument = Annotated[str, typer.Argument(help="Name of a study in the results.")]
ResultsOption = Annotated[Path, typer.Option(help="Folder of the results.")]
WorkersOption = Annotated[
    int, typer.Option(min=1, max=256, help="Threads that train; the results do not depend on it.")
]
StorageOption = Annotated[
    str | None,
    typer.Option(help="An Optuna storage URL or the path of a journal, instead of the one in the results folder."),
]


TIME_UP = "the time is up"
COMPILING = "compiling the engine, once: this takes some ten seconds"


class Format(StrEnum):
    """File formats of an export."""

    csv = "csv"
    parquet = "parquet"


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"hpsearch {version('hpsearch')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Find the best hyperparameters of a shallow neural network on your data, and see how it got there."""


@app.command("search")
def search_command(
    study: StudyArgument = "digits",
    trials: Annotated[
        int | None, typer.Option(min=1, help="Total number of trials, those already stored included.")
    ] = None,
    workers: WorkersOption = 1,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
    name: Annotated[str | None, typer.Option(help="Keep the study under another name: a fresh start.")] = None,
    sampler: Annotated[
        str | None, typer.Option(help="tpe, random, qmc, grid, cmaes or gp, instead of the study's.")
    ] = None,
    pruner: Annotated[str | None, typer.Option(help="none, median or hyperband, instead of the study's.")] = None,
    seed: Annotated[int | None, typer.Option(help="The sampler's seed, instead of the study's.")] = None,
    rounds: Annotated[
        int | None,
        typer.Option(help="Divide the trials into 2 to 10 rounds, each in the ranges that the last proposes."),
    ] = None,
    repeats: Annotated[int | None, typer.Option(help="With --rounds: do it with so many sampler seeds.")] = None,
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
    from hpsearch.cli.studies import announce, meant, print_plan, search_cost

    with errors(study):
        study_meant = meant(study, target, storage=storage, results=results)
        options = {"name": name, "trials": trials, "sampler": sampler, "pruner": pruner, "seed": seed}
        config = study_meant.config.with_overrides(**options)
        if rounds is not None or repeats is not None:
            from hpsearch.cli.rounds import search_in_rounds

            refuse({"--executor": executor, "--address": address, "--timeout": timeout}, beside="--rounds")
            search_in_rounds(config, rounds, repeats, workers=workers, storage=storage, results=results)
            return
        # What trains takes a second to be imported: a mistake in the settings was told by now.
        from hpsearch.engine.compilation import before_compiling
        from hpsearch.evaluation.evaluator import Evaluator, load_data
        from hpsearch.report.terminal import search_report
        from hpsearch.results.study import Results
        from hpsearch.storage.access import count_trials
        from hpsearch.tuning.search import Progress, search

        signals, before = StopSignals(), Progress(0, config.search.trials)
        line = LiveLine(config.name, search_words, before=before, check=signals.check)
        try:
            with signals, line, before_compiling(partial(line.say, COMPILING)):
                evaluator = Evaluator(config, load_data(config))
                config, data = evaluator.config, evaluator.dataset
                announce(study_meant, evaluator, study)
                if dry_run:
                    done = count_trials(config.name, storage, results=results)
                    print_plan(study_meant, evaluator, search_cost(evaluator, stored=done, workers=workers))
                    return
                with executor_of(executor, address, workers=workers) as elsewhere:
                    stored = search(
                        config, workers=workers, storage=storage, results=results, dataset=data, executor=elsewhere,
                        timeout=timeout, on_progress=line.show,
                    )  # fmt: skip
        except KeyboardInterrupt:
            stopped(name=config.name, total=line.last.total, rows="trials", storage=storage, results=results)
        if line.last.done < line.last.total:
            total = line.last.total
            if not tell_stored(TIME_UP, name=config.name, total=total, rows="trials", storage=storage, results=results):
                return
        tables = Results(stored, results, dataset=data)
        with told_warnings():
            print_parts(search_report(config, tables, fresh=line.last.fresh, storage=storage, notes=evaluator.notes))


@app.command("survey")
def survey_command(
    study: Annotated[
        str | None,
        typer.Argument(
            help="A name in [b]studies/[/b], or the path of a TOML; with --function the survey's name.",
            show_default="digits",
        ),
    ] = None,
    base: Annotated[int | None, typer.Option(help="Rows of a block, a power of two; instead of the study's.")] = None,
    scrambles: Annotated[int | None, typer.Option(help="Independent designs; instead of the study's.")] = None,
    workers: WorkersOption = 1,
    dummy: Annotated[bool, typer.Option("--dummy", help="A setting that does nothing joins, as control.")] = False,
    second_order: Annotated[
        bool, typer.Option("--second-order", help="Measure pairs alone too: twice the trainings.")
    ] = False,
    effective_step: Annotated[
        bool, typer.Option("--effective-step", help="Survey α/(1−μ) instead of α, as a survey of its own.")
    ] = False,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
    name: Annotated[str | None, typer.Option(help="Keep it under another study's name.")] = None,
    target: TargetOption = None,
    dry_run: DryRunOption = False,
    function: Annotated[
        str | None, typer.Option(help="package.module:function to survey instead, called with one setting by keyword.")
    ] = None,
    space: Annotated[Path | None, typer.Option(help="With --function: TOML with its [space].")] = None,
    until: Annotated[
        str | None, typer.Option(help="With --function: grow until verdicts are decided: [b]decided[/b], or a share.")
    ] = None,
    processes: Annotated[bool, typer.Option("--processes", help="With --function: workers are processes.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="With --function: evaluate rows that failed again.")] = False,
    executor: ExecutorOption = None,
    address: AddressOption = None,
    timeout: TimeoutOption = None,
) -> None:
    """Measure by real trainings how sensitive training is to each setting, going on from what is stored.

    With --function any function of a space is surveyed instead of a study's training.

    Ctrl-C stops at any time, and --timeout ends it: finished trainings are kept, and the same command goes on.
    """
    from hpsearch.cli.functions import refuse_without_function, space_of, survey_of_function
    from hpsearch.cli.studies import announce, meant, print_plan, survey_cost

    with errors(study or ("digits" if function is None else "")):
        size = {"base": base, "scrambles": scrambles, "dummy": dummy or None}
        size |= {"second_order": second_order or None}
        only = {"--space": space, "--until": until, "--processes": processes, "--retry": retry}
        if function is not None:
            others = {"--effective-step": effective_step, "--target": target, "--dry-run": dry_run}
            others |= {"--executor": executor, "--address": address}
            survey_of_function(
                function,
                space_of(function, space, others),
                name=name or study,
                sizes={key: value for key, value in size.items() if value is not None}, until=until, timeout=timeout,
                workers=workers, processes=processes, retry=retry, storage=storage, results=results,
            )  # fmt: skip
            return
        refuse_without_function(only)
        study, size["effective_step"] = study or "digits", effective_step or None
        study_meant = meant(study, target, storage=storage, results=results)
        options = {f"survey.{key}": value for key, value in size.items()}
        config = study_meant.config.with_overrides(name=name, **options)
        from hpsearch.engine.compilation import before_compiling
        from hpsearch.evaluation.deadlines import OutOfTimeError
        from hpsearch.evaluation.evaluator import Evaluator, load_data
        from hpsearch.experiments.stored import survey_name
        from hpsearch.experiments.trainings import SurveyProgress, survey_study
        from hpsearch.report.terminal import survey_report
        from hpsearch.storage.access import count_trials
        from hpsearch.storage.commands import options_for

        signals, before = StopSignals(), SurveyProgress(0, 0)
        line = LiveLine(f"survey of {config.name}", survey_words, before=before, check=signals.check)
        try:
            with signals, line, before_compiling(partial(line.say, COMPILING)):
                evaluator = Evaluator(config, load_data(config), checkpoint_count=config.survey.checkpoints)
                config, data = evaluator.config, evaluator.dataset
                announce(study_meant, evaluator, study)
                if dry_run:
                    done = count_trials(survey_name(config), storage, results=results)
                    print_plan(study_meant, evaluator, survey_cost(evaluator, stored=done, workers=workers))
                    return
                with executor_of(executor, address, workers=workers) as elsewhere:
                    survey = survey_study(
                        config, workers=workers, storage=storage, results=results, dataset=data, executor=elsewhere,
                        timeout=timeout, on_progress=line.show,
                    )  # fmt: skip
        except KeyboardInterrupt:
            total, stored = line.last.total, survey_name(config)
            stopped(name=stored, total=total, rows="rows", storage=storage, results=results)
        except OutOfTimeError:
            total, stored = line.last.total, survey_name(config)
            tell_stored(TIME_UP, name=stored, total=total, rows="rows", storage=storage, results=results)
            return
        with told_warnings():
            place = options_for(storage, results)
            print_parts(survey_report(config, survey, line.last, notes=evaluator.notes, options=place))


@app.command()
def importance(
    storage: Annotated[str, typer.Argument(help="An Optuna storage URL, or the path of a journal of any name.")],
    study: Annotated[str, typer.Argument(help="Name of any Optuna study in it.")],
    objective: Annotated[str | None, typer.Option(help="Of several: its place, from 0, or its metric name.")] = None,
    workers: WorkersOption = 1,
) -> None:
    """Importance of any Optuna study's parameters, by three measures, with intervals and a permutation null.

    It is kept with the study: asked again of the same trials, it is read. Ctrl-C stops at any time, and keeps nothing.
    """
    from hpsearch.cli.studies import stored_results
    from hpsearch.storage.access import JOURNAL

    with errors(), told_warnings():
        path = Path(storage)
        journal = path.name == JOURNAL
        results = path.parent if journal else Path("results")
        stored = stored_results(study, storage=None if journal else storage, results=results)
        from hpsearch import figures
        from hpsearch.report.terminal import IMPORTANCE_NOTE, importance_table
        from hpsearch.storage.front import show_surrogates

        which = int(objective) if objective is not None and objective.isdecimal() else objective
        frame = measured_importance(stored, workers=workers, objective=which)
        title = f"{study}: importance, {frame['trials'].iat[0]} trials"
        print_parts([importance_table(frame, title=title), IMPORTANCE_NOTE])
        show_surrogates(stored.study, figures.importance(frame))


def measured_importance(stored: Results, *, workers: int, objective: int | str | None = None) -> pd.DataFrame:
    """Importances of a study, with a live line and what they cost; a signal ends the command."""
    from hpsearch.results.resampling import ImportanceProgress

    signals, before = StopSignals(), ImportanceProgress(0, 0, 0, 0.0)
    line = LiveLine(f"importance in {stored.study.study_name}", lambda _: "", before=before, check=signals.check)
    try:
        with signals, line:
            told = cost_first(line, workers=workers)
            return stored.importance(objective=objective, workers=workers, on_progress=told)
    except KeyboardInterrupt:
        say_stopped("nothing of it is kept, none is left running", next="Begin anew with")
        raise typer.Exit(STOPPED) from None


@app.command()
def show(
    study: StudyArgument = "digits",
    target: TargetOption = None,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
) -> None:
    """Print a study with every setting and default, as a TOML that reads back the same."""
    from hpsearch.cli.newcomers import new_toml
    from hpsearch.cli.studies import meant
    from hpsearch.config import to_toml
    from hpsearch.evaluation.newcomers import is_table

    with errors(study):
        if is_table(study):
            print(new_toml(study, target)[0], end="")
        else:
            print(to_toml(meant(study, target, storage=storage, results=results).config), end="")


@app.command()
def dashboard(
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    expose_without_login: Annotated[
        bool, typer.Option("--expose-without-login", help="Allow a host that other machines reach.")
    ] = False,
) -> None:
    """Serve the Optuna dashboard of all studies in the results, on this machine only."""
    from hpsearch.storage.access import existing_storage, open_storage

    with errors():
        existing_storage(storage, results=results)
        from hpsearch.report import dashboard as page
        from hpsearch.tuning.choice import ARTIFACTS

        server = page.server(
            open_storage(storage, results=results),
            artifacts=results / ARTIFACTS,
            host=host,
            port=port,
            exposed=expose_without_login,
        )
        address = f"[{host}]" if ":" in host else host
        print(f"Optuna dashboard: http://{address}:{server.server_port}/dashboard/  (Ctrl-C stops it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped")
        finally:
            server.server_close()


@app.command()
def export(
    study: NameArgument = "digits",
    format: Annotated[Format, typer.Option(help="Of the files.")] = Format.csv,
    to: Annotated[Path | None, typer.Option(help="Folder for the files; by default results/STUDY.")] = None,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
) -> None:
    """Write a study's tables trials, curves and members as CSV or Parquet."""
    from hpsearch.cli.studies import stored_results
    from hpsearch.data.files import file_name

    with errors():
        stored = stored_results(study, storage=storage, results=results)
        for path in stored.export(to or results / file_name(study), format=format.value):
            print(path)


def main() -> None:
    """Entry point of the command ``hpsearch``: the process ends with it, and Ctrl-C is not heeded any more."""
    with warnings.catch_warnings(), lasting_output():  # libraries add filters when they are imported
        try:
            app(prog_name="hpsearch")
        except KeyboardInterrupt:  # before a command has begun
            sys.exit(STOPPED)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Python ends the process now, and would print a traceback
