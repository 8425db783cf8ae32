"""The command line: parses, calls, writes. No function here does work of its own."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from hpsearch.config import StudyConfig
    from hpsearch.experiments.trainings import SurveyProgress
    from hpsearch.results.study import Results
    from hpsearch.sensitivity.analysis import Survey
    from hpsearch.tuning.search import Progress

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
StorageOption = Annotated[
    str | None, typer.Option(help="An Optuna storage URL, instead of the journal file in the results folder.")
]


class Format(StrEnum):
    """File formats of an export."""

    csv = "csv"
    parquet = "parquet"


@app.command()
def search(
    study: StudyArgument = "digits",
    trials: Annotated[
        int | None, typer.Option(min=1, help="Total number of trials, those already stored included.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Worker processes; the results do not depend on it.")
    ] = 1,
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
    from hpsearch.report import dashboard
    from hpsearch.tuning import choice as best
    from hpsearch.tuning import objective
    from hpsearch.tuning import search as writer

    with _errors(study):
        config = _config(study).with_overrides(name=name, trials=trials, sampler=sampler, pruner=pruner, seed=seed)
        _listen()
        last: list[Progress] = []
        try:
            dataset = objective.load_data(config)
            with _progress_bar(config, last) as on_progress:
                stored = writer.search(
                    config, workers=workers, storage=storage, results=results, dataset=dataset, on_progress=on_progress
                )
            chosen = best.choose(stored, objective.Evaluator(config, dataset), results=results)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # what follows takes a moment and changes nothing
            _stopped(study, config.name, last[-1].total if last else config.search.trials, storage, results)
        if chosen is not None and last[-1].fresh:
            dashboard.describe(stored, config)
        _report(config, stored, last[-1], results, storage, dataset.notes)


@app.command()
def survey(
    study: StudyArgument = "digits",
    base: Annotated[int | None, typer.Option(help="Rows of a block, a power of two; instead of the study's.")] = None,
    scrambles: Annotated[int | None, typer.Option(help="Independent designs; instead of the study's.")] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Worker processes; the results do not depend on it.")
    ] = 1,
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
    from hpsearch.experiments import trainings as surveys
    from hpsearch.report import dashboard
    from hpsearch.storage.access import open_storage
    from hpsearch.tuning import objective

    with _errors(study):
        asked = {"base": base, "scrambles": scrambles, "dummy": dummy or None}
        asked |= {"second_order": second_order or None, "effective_step": effective_step or None}
        config = _config(study).with_overrides(name=name, **{f"survey.{key}": value for key, value in asked.items()})
        _listen()
        last: list[surveys.SurveyProgress] = []
        try:
            with _survey_bar(config.name, last) as on_progress:
                found = surveys.survey(
                    config,
                    workers=workers,
                    storage=storage,
                    results=results,
                    dataset=objective.load_data(config),
                    on_progress=on_progress,
                )
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            _survey_stopped(study, surveys.survey_name(config), last[-1].total if last else 0, storage, results)
        if last[-1].fresh:
            dashboard.describe_survey(open_storage(storage, results=results), surveys.survey_name(config), found)
        _survey_report(found, config, last[-1])


@app.command()
def refine(
    study: NameArgument = "digits",
    name: Annotated[str | None, typer.Option(help="Of the new study; by default the old one's with -2.")] = None,
    to: Annotated[Path | None, typer.Option(help="File to write; by default studies/NAME.toml.")] = None,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
) -> None:
    """Write the ranges that a study's survey proposes as the TOML of a new study."""
    from hpsearch.config import to_toml
    from hpsearch.experiments.trainings import refined_config
    from hpsearch.report.terminal import range_lines
    from hpsearch.results.study import ResultsError, load

    with _errors():
        found = load(study, storage=storage, results=results)
        following = refined_config(found.surveyed, found.config, name=name or f"{study}-2")
        path = to or Path("studies") / f"{following.name}.toml"
        if path.exists():
            raise ResultsError(f"{path} is there already: give the new study another --name, or a file with --to")
        path.parent.mkdir(parents=True, exist_ok=True)
        evidence = range_lines(found.ranges()).splitlines()
        path.write_text("\n".join([*(f"# {line}" for line in evidence), to_toml(following)]), encoding="utf-8")
        print("\n".join(evidence))
        print(f"written to {path}; next: hpsearch search {path}")


@app.command()
def importance(
    storage: Annotated[str, typer.Argument(help="An Optuna storage URL, or results/hpsearch.journal.")],
    study: Annotated[str, typer.Argument(help="Name of any Optuna study in it.")],
) -> None:
    """Importance of any Optuna study's parameters, by three measures, with intervals and a permutation null."""
    from rich.console import Console

    from hpsearch.report.terminal import importance_table
    from hpsearch.results.study import load
    from hpsearch.results.surrogates import ImportanceWarning
    from hpsearch.results.surrogates import importance as measured
    from hpsearch.storage.access import JOURNAL

    with _errors(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ImportanceWarning)
        path = Path(storage)
        found = load(study, results=path.parent) if path.name == JOURNAL else load(study, storage=storage)
        frame = measured(found.study)
    Console().print(importance_table(frame, title=f"{study}: importance, {frame['trials'].iat[0]} trials"))
    for warning in caught:
        print(f"warning: {warning.message}", file=sys.stderr)


@app.command()
def show(study: StudyArgument = "digits") -> None:
    """Print a study with every setting and default, as a TOML that reads back the same."""
    from hpsearch.config import to_toml

    with _errors():
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
    from hpsearch.tuning import choice as best

    with _errors():
        existing_storage(storage, results=results)
        served = page.server(
            open_storage(storage, results=results),
            artifacts=results / best.ARTIFACTS,
            host=host,
            port=port,
            exposed=expose_without_login,
        )
        address = f"[{host}]" if ":" in host else host
        print(f"Optuna dashboard: http://{address}:{served.server_port}/dashboard/  (Ctrl-C stops it)", flush=True)
        try:
            served.serve_forever()
        except KeyboardInterrupt:
            print("stopped")
        finally:
            served.server_close()


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

    with _errors():
        found = load(study, storage=storage, results=results)
        for path in found.export(to or results / study, format=format.value):
            print(path)


def main() -> None:
    """Entry point of the command ``hpsearch``."""
    app()


def _config(study: str) -> StudyConfig:
    from hpsearch.config import load, resolve

    return load(resolve(study))


_asked_to_stop: list[int] = []


def _listen() -> None:
    """Take SIGTERM for Ctrl-C, and remember either: code in C may swallow the exception that a handler raises."""
    _asked_to_stop.clear()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(signum: int, frame: Any) -> NoReturn:
    _asked_to_stop.append(signum)
    raise KeyboardInterrupt


def _heed() -> None:
    """Stop now, if the exception was swallowed."""
    if _asked_to_stop:
        raise KeyboardInterrupt


@contextmanager
def _errors(study: str = "") -> Iterator[None]:
    """Say what is wrong with the input (of a study's file, if it is given), without a traceback."""
    try:
        yield
    except Exception as problem:
        from hpsearch.config import ConfigError  # here, so that --help and show stay quick
        from hpsearch.data.dataset import DataError
        from hpsearch.evaluation.workers import WorkersLostError
        from hpsearch.report.dashboard import DashboardError
        from hpsearch.results.study import ResultsError
        from hpsearch.results.surrogates import ImportanceError
        from hpsearch.storage.access import StudyBusyError
        from hpsearch.storage.journal import StorageError
        from hpsearch.tuning.search import StudyChangedError

        refused = (
            ConfigError,
            DataError,
            StudyChangedError,
            ResultsError,
            FileNotFoundError,
            DashboardError,
            ImportanceError,
        )
        if isinstance(problem, ConfigError) and study and not problem.path.endswith(".toml"):
            problem = ConfigError(study, problem.problems)  # found with the data at hand: the file is what to mend
        if isinstance(problem, refused):
            _fail(problem, 2)
        if isinstance(problem, StorageError | StudyBusyError | WorkersLostError):
            _fail(problem, 1)
        raise


def _fail(problem: Exception, code: int) -> NoReturn:
    print(f"error: {problem}", file=sys.stderr)
    raise typer.Exit(code)


def _stopped(study: str, name: str, total: int, storage: str | None, results: Path) -> NoReturn:
    from hpsearch.storage.access import count_trials

    done = count_trials(name, storage, results=results)  # the stop may fall between a write and its announcement
    print(
        f"\nstopped: {done} of {total} trials are stored, none is left running. "
        f"Go on with: hpsearch search {study} --trials {total} (and the same options)",
        file=sys.stderr,
    )
    raise typer.Exit(130)


def _survey_stopped(study: str, name: str, total: int, storage: str | None, results: Path) -> NoReturn:
    from hpsearch.storage.access import count_trials

    print(
        f"\nstopped: {count_trials(name, storage, results=results)} of {total} rows are stored. "
        f"Go on with: hpsearch survey {study} (and the same options)",
        file=sys.stderr,
    )
    raise typer.Exit(130)


@contextmanager
def _survey_bar(name: str, last: list[SurveyProgress]) -> Iterator[Callable[[SurveyProgress], None]]:
    """A live line: rows, speed, diverged, time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    texts = [TextColumn("{task.fields[speed]}"), TextColumn("diverged {task.fields[diverged]}"), TextColumn("left")]
    columns = (TextColumn("[b]{task.description}"), BarColumn(), MofNCompleteColumn(), *texts)
    bar = Bar(*columns, TimeRemainingColumn(compact=True), console=Console(stderr=True), refresh_per_second=8)

    def on_progress(progress: SurveyProgress) -> None:
        if not last:  # only now is it sure that there is something to show
            bar.add_task(f"survey of {name}", total=None, speed="", diverged=0)
            bar.start()
        last[:] = [progress]
        _heed()
        task = bar.tasks[0]
        speed = f"{progress.fresh / task.elapsed:.0f}/s" if progress.fresh and task.elapsed else ""
        bar.update(task.id, completed=progress.done, total=progress.total, speed=speed, diverged=progress.diverged)

    try:
        yield on_progress
    finally:
        if last:
            bar.stop()


def _survey_report(found: Survey, config: StudyConfig, progress: SurveyProgress) -> None:
    from rich.console import Console

    from hpsearch.report import terminal

    console, name = Console(), config.name
    if progress.fresh:
        console.print(f"{progress.fresh} rows from {progress.trainings} trainings", style="dim")
    console.print(terminal.sensitivity_table(found.sensitivity(), title=f"{name}: what training is sensitive to"))
    console.print(terminal.sensitivity_note(found), soft_wrap=True)
    console.print(terminal.interaction_lines(found.interactions()), soft_wrap=True)
    console.print(terminal.range_lines(found.ranges()), soft_wrap=True)
    stored = f"{name}.effective_step.survey" if config.survey.effective_step else name
    console.print(
        f"next: in Python [b]r = hpsearch.load({stored!r})[/b], then [b]r.survey, r.sensitivity(), r.effects()[/b], …",
        soft_wrap=True,
    )


@contextmanager
def _progress_bar(config: StudyConfig, last: list[Progress]) -> Iterator[Callable[[Progress], None]]:
    """A live line: trials, speed, best value, diverged, pruned, time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("[b]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TextColumn("best {task.fields[best]}"),
        TextColumn("diverged {task.fields[diverged]}"),
        TextColumn("pruned {task.fields[pruned]}"),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
    )
    bar = Bar(*columns, console=Console(stderr=True), refresh_per_second=8)

    def on_progress(progress: Progress) -> None:
        if not last:  # only now is it sure that there is something to show
            bar.add_task(config.name, total=None, speed="", best="-", diverged=0, pruned=0)
            bar.start()
        last[:] = [progress]
        _heed()
        _update(bar, progress)

    try:
        yield on_progress
    finally:
        if last:
            bar.stop()


def _update(bar: Bar, progress: Progress) -> None:
    task = bar.tasks[0]
    elapsed = task.elapsed or 0.0
    bar.update(
        task.id,
        completed=progress.done,
        total=progress.total,
        speed=f"{progress.fresh / elapsed:.1f}/s" if progress.fresh and elapsed else "",
        best="-" if progress.best is None else f"{progress.best:.4f}",
        diverged=progress.diverged,
        pruned=progress.pruned,
    )


def _verdicts(found: Results, name: str) -> str:
    """What the study's survey says, or how to get one."""
    from hpsearch.report.terminal import verdict_line
    from hpsearch.results.study import ResultsError

    try:
        return verdict_line(found.sensitivity())
    except ResultsError:
        return f"how sensitive training is to each setting is not measured yet: make survey STUDY={name}"


def _report(
    config: StudyConfig,
    stored: Any,
    progress: Progress,
    results: Path,
    storage: str | None,
    notes: tuple[str, ...],
) -> None:
    """The ten best, the test score, where things are, what to type next."""
    from rich.console import Console

    from hpsearch.report.terminal import best_table, chosen_line
    from hpsearch.results.study import Results
    from hpsearch.storage.access import JOURNAL, hide_password

    found, console = Results(stored, results), Console()
    if not progress.fresh:
        console.print(
            f"{config.name} already holds {progress.done} trials: ask for more with TRIALS=… or --trials", style="dim"
        )
    console.print(best_table(found.trials, config))
    console.print(chosen_line(found.best), soft_wrap=True)
    console.print(_verdicts(found, config.name), soft_wrap=True)
    for note in notes:
        console.print(f"note: {note}", style="dim", soft_wrap=True)
    place = hide_password(storage) if storage else str(results / JOURNAL)
    console.print(f"results in {place}, the chosen network in {results / config.name}.npz", soft_wrap=True)
    console.print(
        f"next: [b]make dashboard[/b], [b]make export STUDY={config.name}[/b], or in Python "
        f"[b]hpsearch.load({config.name!r}).trials[/b]",
        soft_wrap=True,
    )
