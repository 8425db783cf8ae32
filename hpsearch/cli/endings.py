"""How a command ends: with a message and an exit code, and where it was stopped, with the command to go on."""

from __future__ import annotations

import re
import shlex
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn, Self

import typer

STOPPED = 130
"""Exit code of a command that a signal stopped: 128 and the number of SIGINT, as shells have it."""


class StopSignals:
    """Inside its context Ctrl-C, SIGTERM and SIGHUP raise KeyboardInterrupt; afterwards the former handlers are back.

    SIGHUP says that the terminal is gone, and stays ignored where it is, as under ``nohup``.

    Code in C may swallow the exception that a handler raises, so the signal is remembered for :meth:`check`.
    """

    def __init__(self) -> None:
        self._received = False

    def __enter__(self) -> Self:
        from hpsearch.storage.signals import STOPS  # here, so that --help stays quick

        always = (signal.SIGINT, signal.SIGTERM)
        heeded = [number for number in STOPS if number in always or signal.getsignal(number) != signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._stop) for number in heeded}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, signum: int, frame: FrameType | None) -> NoReturn:
        self._received = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Stop now, if a signal has come and its exception was swallowed.

        Raises:
            KeyboardInterrupt: if a signal has come.
        """
        if self._received:
            raise KeyboardInterrupt


def stopped(command: str, *, name: str, total: int, rows: str, storage: str | None, results: Path) -> NoReturn:
    """Say what a stopped command has stored and the command that goes on, and exit.

    Args:
        command: That goes on.
        name: Of the study in the storage. Its trials are counted there: the signal may have come between a write and
            its announcement.
        total: Number of trials that it shall hold.
        rows: What they are called.
        storage: URL, or None for the journal in ``results``.
        results: Folder of the results.

    Raises:
        typer.Exit: always.
    """
    from hpsearch.storage.access import count_trials

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # what follows takes a moment and changes nothing
    try:
        done = count_trials(name, storage, results=results)
        counted = f"{done} of {total} {rows} are stored, none is left running"
        print(f"\nstopped: {counted}. Go on with: {command} (and the same options)", file=sys.stderr)
    finally:
        signal.signal(signal.SIGINT, before)
    raise typer.Exit(STOPPED)


@contextmanager
def errors(study: str = "") -> Iterator[None]:
    """Say what is wrong with the input, without a traceback.

    Args:
        study: Name or path of the study's file, to be named in place of where a setting was checked.

    Raises:
        typer.Exit: with code 2 where the user has to change something, with 1 where the machine failed.
    """
    try:
        yield
    except Exception as problem:
        code = _exit_code(problem)
        if code is None:
            raise
        from hpsearch.config.messages import printable
        from hpsearch.data import DataError
        from hpsearch.evaluation.newcomers import is_table

        print(printable(f"error: {_words(_in_file(problem, study))}", keep="\n"), file=sys.stderr)
        if is_table(study) and isinstance(problem, DataError) and re.search(r"\bdata\.(?!csv)[a-z]+ ", str(problem)):
            hint = f"hpsearch new {shlex.quote(study)} --target COLUMN"
            print(f"settings such as data.drop stand in a study's file; this writes one: {hint}", file=sys.stderr)
        raise typer.Exit(code) from None


@contextmanager
def told_warnings() -> Iterator[None]:
    """Print the warnings of what is inside as sentences on standard error, each once, at the end."""
    from hpsearch.config.messages import printable

    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always", UserWarning)
        yield
    for text in dict.fromkeys(str(message.message) for message in messages):
        print(printable(f"warning: {text}", keep="\n"), file=sys.stderr)


def _exit_code(problem: Exception) -> int | None:
    """The exit code for a problem that is no fault of the program; None for one that is."""
    from hpsearch.config import ConfigError  # here, so that --help and show stay quick
    from hpsearch.data.dataset import DataError
    from hpsearch.evaluation.calls import FunctionError
    from hpsearch.evaluation.pools import WorkersLostError
    from hpsearch.experiments.runs import SurveyTimeoutError
    from hpsearch.report.dashboard import DashboardError
    from hpsearch.results.study import ResultsError
    from hpsearch.results.surrogates import ImportanceError
    from hpsearch.sensitivity.designs import DesignError
    from hpsearch.sensitivity.indices import ResponseError
    from hpsearch.storage.access import StudyBusyError
    from hpsearch.storage.journal import StorageError
    from hpsearch.storage.studies import StudyChangedError

    refused = (
        ConfigError, DataError, DesignError, StudyChangedError, ResultsError, DashboardError, ImportanceError,
        FunctionError, ResponseError,
    )  # fmt: skip
    if isinstance(problem, (*refused, FileNotFoundError)):
        return 2
    failed = (StorageError, StudyBusyError, WorkersLostError, SurveyTimeoutError)
    machine = (*failed, OSError, UnicodeEncodeError, MemoryError)
    return 1 if isinstance(problem, machine) and not isinstance(problem, BrokenPipeError) else None


def _words(problem: Exception) -> str:
    """What is said of a problem; the system's own is given a path, a cause and a cure."""
    from hpsearch.data.files import FileError, blamed

    if isinstance(problem, MemoryError):
        return (
            f"memory ran out ({problem or 'no more is free'}): fewer --workers, or smaller data or networks, need less"
        )
    own = type(problem).__module__.startswith("hpsearch.") or isinstance(problem, FileNotFoundError)
    if isinstance(problem, OSError | UnicodeEncodeError) and not isinstance(problem, FileError) and not own:
        return str(blamed(getattr(problem, "filename", None) or "a file", problem, doing="use"))
    return str(problem)


def _in_file(problem: Exception, study: str) -> Exception:
    """The problem, of the study's file where it came up only with the data at hand: the file is what to mend."""
    from hpsearch.config import ConfigError

    if isinstance(problem, ConfigError) and study and not problem.path.endswith(".toml"):
        return ConfigError(study, problem.problems)
    return problem
