"""The commands: each parses, calls and prints, and imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpsearch.cli.endings import STOPPED, StopSignals, errors, stopped, told_warnings
from hpsearch.cli.progress import LiveLine, cost_first, search_words, survey_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from hpsearch.config import StudyConfig
    from hpsearch.report.terminal import Part
    from hpsearch.results.study import Results

app = typer.Typer(
    name="hpsearch",
    help="Find the best hyperparameters of a shallow neural network on your data, and see how it got there.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

StudyArgument = Annotated[str, typer.Argument(help="A name in [b]studies/[/b], such as digits, or the path of a TOML.")]
NameArgument = Annotated[str, typer.Argument(help="Name of a study in the results.")]
ResultsOption = Annotated[Path, typer.Option(help="Folder of the results.")]
WorkersOption = Annotated[
    int, typer.Option(min=1, max=256, help="Threads that train; the results do not depend on it.")
]
StorageOption = Annotated[
    str | None, typer.Option(help="An Optuna storage URL, instead of the journal file in the results folder.")
]


_EVIDENCE = ("# ranges", "#   ")
"""How the lines of evidence begin that stand above a refined study; the next refined study has lines of its own."""

COMPILING = "compiling the engine, once: this takes some ten seconds"


class Format(StrEnum):
    """File formats of an export."""

    csv = "csv"
    parquet = "parquet"


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
) -> None:
    """Search for the best setting, going on from what is stored, and show the ten best.

    Ctrl-C stops at any time: finished trials are kept, and the same command goes on.
    """
    from hpsearch.engine.compilation import before_compiling
    from hpsearch.evaluation.evaluator import load_data
    from hpsearch.report.terminal import search_report
    from hpsearch.results.study import Results
    from hpsearch.tuning.search import Progress, search

    with errors(study):
        config = _config(study).with_overrides(name=name, trials=trials, sampler=sampler, pruner=pruner, seed=seed)
        signals, before = StopSignals(), Progress(0, config.search.trials)
        line = LiveLine(config.name, search_words, before=before, check=signals.check)
        try:
            with signals, line, before_compiling(partial(line.say, COMPILING)):
                data = load_data(config)
                stored = search(
                    config, workers=workers, storage=storage, results=results, dataset=data, on_progress=line.show
                )
        except KeyboardInterrupt:
            command = f"hpsearch search {study} --trials {line.last.total}"
            stopped(command, name=config.name, total=line.last.total, rows="trials", storage=storage, results=results)
        tables = Results(stored, results)
        with told_warnings():
            _print(search_report(config, tables, fresh=line.last.fresh, storage=storage, notes=data.notes))


@app.command("survey")
def survey_command(
    study: StudyArgument = "digits",
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
) -> None:
    """Measure by real trainings how sensitive training is to each setting, going on from what is stored.

    Ctrl-C stops at any time: finished trainings are kept, and the same command goes on.
    """
    from hpsearch.engine.compilation import before_compiling
    from hpsearch.experiments.stored import survey_name
    from hpsearch.experiments.trainings import SurveyProgress, survey_study
    from hpsearch.report.terminal import survey_report

    with errors(study):
        size = {"base": base, "scrambles": scrambles, "dummy": dummy or None}
        size |= {"second_order": second_order or None, "effective_step": effective_step or None}
        config = _config(study).with_overrides(name=name, **{f"survey.{key}": value for key, value in size.items()})
        signals, before = StopSignals(), SurveyProgress(0, 0)
        line = LiveLine(f"survey of {config.name}", survey_words, before=before, check=signals.check)
        try:
            with signals, line, before_compiling(partial(line.say, COMPILING)):
                survey = survey_study(config, workers=workers, storage=storage, results=results, on_progress=line.show)
        except KeyboardInterrupt:
            command, stored = f"hpsearch survey {study}", survey_name(config)
            stopped(command, name=stored, total=line.last.total, rows="rows", storage=storage, results=results)
        with told_warnings():
            _print(survey_report(config, survey, line.last))


@app.command()
def refine(
    study: NameArgument = "digits",
    name: Annotated[str | None, typer.Option(help="Of the new study; by default the old one's with -2.")] = None,
    to: Annotated[Path | None, typer.Option(help="File to write; by default studies/NAME.toml.")] = None,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
) -> None:
    """Write the ranges that a study's survey proposes as the TOML of a new study."""
    from hpsearch.data.files import atomic_write
    from hpsearch.experiments.stored import refined_config
    from hpsearch.report.terminal import range_lines
    from hpsearch.results.study import ResultsError, load

    with errors():
        stored = load(study, storage=storage, results=results)
        refined = refined_config(stored.survey, stored.config, name=name or f"{study}-2")
        path = to or Path("studies") / f"{refined.name}.toml"
        if path.exists():
            raise ResultsError(f"{path} is there already: give the new study another --name, or a file with --to")
        evidence = range_lines(stored.ranges(), stored.survey.design.space)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            partial.write_text(_refined_toml(study, refined, evidence), encoding="utf-8")
        print(evidence)
        print(f"written to {path}, by {stored.survey.response}; next: hpsearch search {path}")


def _refined_toml(study: str, config: StudyConfig, evidence: str) -> str:
    """A refined study's file: the evidence for its ranges as a comment, then the file of the study before, changed."""
    from hpsearch.config import ConfigError, refined_toml, resolve

    try:
        lines = resolve(study).read_text(encoding="utf-8").splitlines(keepends=True)
        source = "".join(dropwhile(lambda line: line.startswith(_EVIDENCE), lines))
    except (ConfigError, OSError, UnicodeDecodeError):  # the results outlive the file
        source = None
    return "".join(f"# {line}\n" for line in evidence.splitlines()) + refined_toml(source, config)


@app.command()
def importance(
    storage: Annotated[str, typer.Argument(help="An Optuna storage URL, or results/hpsearch.journal.")],
    study: Annotated[str, typer.Argument(help="Name of any Optuna study in it.")],
    objective: Annotated[str | None, typer.Option(help="Of several: its place, from 0, or its metric name.")] = None,
    workers: WorkersOption = 1,
) -> None:
    """Importance of any Optuna study's parameters, by three measures, with intervals and a permutation null.

    It is kept with the study: asked again of the same trials, it is read. Ctrl-C stops at any time, and keeps nothing.
    """
    from hpsearch import figures
    from hpsearch.report.terminal import IMPORTANCE_NOTE, importance_table
    from hpsearch.results.study import load
    from hpsearch.storage.access import JOURNAL
    from hpsearch.storage.front import show_surrogates

    with errors(), told_warnings():
        path = Path(storage)
        stored = load(study, results=path.parent) if path.name == JOURNAL else load(study, storage=storage)
        place = int(objective) if objective is not None and objective.isdecimal() else objective
        frame = measured_importance(stored, workers=workers, objective=place)
        title = f"{study}: importance, {frame['trials'].iat[0]} trials"
        _print([importance_table(frame, title=title), IMPORTANCE_NOTE])
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
        print("\nstopped: nothing of it is kept, none is left running", file=sys.stderr)
        raise typer.Exit(STOPPED) from None


@app.command()
def show(study: StudyArgument = "digits") -> None:
    """Print a study with every setting and default, as a TOML that reads back the same."""
    from hpsearch.config import to_toml

    with errors():
        print(to_toml(_config(study)), end="")


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
    from hpsearch.report import dashboard as page
    from hpsearch.storage.access import existing_storage, open_storage
    from hpsearch.tuning.choice import ARTIFACTS

    with errors():
        existing_storage(storage, results=results)
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
    from hpsearch.results.study import load

    with errors():
        stored = load(study, storage=storage, results=results)
        for path in stored.export(to or results / study, format=format.value):
            print(path)


def main() -> None:
    """Entry point of the command ``hpsearch``."""
    app()


def _config(study: str) -> StudyConfig:
    from hpsearch.config import load_config, resolve

    return load_config(resolve(study))


def _print(parts: Iterable[Part]) -> None:
    """Print tables as wide as the terminal, and sentences whole: the terminal breaks them, so copies have no breaks."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for part in parts:
        console.print(part, soft_wrap=not isinstance(part, Table), markup=False, emoji=False)
