"""How a command ends: with a message and an exit code, and where it was stopped, with the command to go on."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import typer

_asked_to_stop: list[int] = []


def listen() -> None:
    """Take SIGTERM for Ctrl-C, and remember either: code in C may swallow the exception that a handler raises."""
    _asked_to_stop.clear()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(signum: int, frame: Any) -> NoReturn:
    _asked_to_stop.append(signum)
    raise KeyboardInterrupt


def heed() -> None:
    """Stop now, if the exception was swallowed."""
    if _asked_to_stop:
        raise KeyboardInterrupt


@contextmanager
def errors(study: str = "") -> Iterator[None]:
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
        from hpsearch.storage.studies import StudyChangedError

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


def stopped(study: str, name: str, total: int, storage: str | None, results: Path) -> NoReturn:
    """Say what a stopped search has stored, and the command that goes on."""
    from hpsearch.storage.access import count_trials

    done = count_trials(name, storage, results=results)  # the stop may fall between a write and its announcement
    print(
        f"\nstopped: {done} of {total} trials are stored, none is left running. "
        f"Go on with: hpsearch search {study} --trials {total} (and the same options)",
        file=sys.stderr,
    )
    raise typer.Exit(130)


def survey_stopped(study: str, name: str, total: int, storage: str | None, results: Path) -> NoReturn:
    """Say what a stopped survey has stored, and the command that goes on."""
    from hpsearch.storage.access import count_trials

    print(
        f"\nstopped: {count_trials(name, storage, results=results)} of {total} rows are stored. "
        f"Go on with: hpsearch survey {study} (and the same options)",
        file=sys.stderr,
    )
    raise typer.Exit(130)
