"""How a command ends: with a message and an exit code, and where it was stopped, with the command to go on."""

from __future__ import annotations

import errno
import re
import shlex
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

import typer
from typer.core import TyperGroup

from hpsearch.cli.again import command_again, remember
from hpsearch.cli.lines import say

STOPPED = 130
"""Exit code of a command that a signal stopped: 128 and the number of SIGINT, as shells have it."""


class StopSignals:
    """Inside its context Ctrl-C, SIGTERM and SIGHUP raise KeyboardInterrupt; afterwards the former handlers are back.

    SIGHUP says that the terminal is gone, and stays ignored where it is, as under ``nohup``.

    Code in C may swallow the exception that a handler raises, so the signal is remembered for :meth:`check`, and what
    then fails is taken for the stop that it is.
    """

    def __init__(self) -> None:
        self._received = False

    def __enter__(self) -> Self:
        heeded = [signal.SIGINT, signal.SIGTERM]
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            heeded.append(signal.SIGHUP)
        if threading.current_thread() is not threading.main_thread():
            heeded = []  # another thread may set no handler
        self._before = {number: signal.signal(number, self._stop) for number in heeded}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if isinstance(problem, Exception) and not isinstance(problem, typer.Exit) and _exit_code(problem) is None:
            self.check()  # what a stop in its middle made of a library's work is no fault of the program

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


class Commands(TyperGroup):
    """The commands. What was typed is remembered, and a signal ends each with a sentence, wherever it is."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """As Typer's own."""
        remember(args)
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, context: Any) -> Any:
        """Run a command.

        Raises:
            typer.Exit: if a signal stopped it where it has nothing of its own to say of that.
        """
        try:
            with StopSignals():
                return super().invoke(context)
        except KeyboardInterrupt:
            print(file=sys.stderr)  # the terminal has shown ^C
            say("stopped. To run it again:", command=command_again(), error=True)
            raise typer.Exit(STOPPED) from None


def stopped(*, name: str, total: int, rows: str, storage: str | None, results: Path) -> NoReturn:
    """Say what a stopped command has stored and the command that goes on, and exit; see :func:`tell_stored`.

    Raises:
        typer.Exit: always.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # what follows takes a moment and changes nothing
    try:
        tell_stored("stopped", name=name, total=total, rows=rows, storage=storage, results=results)
    finally:
        signal.signal(signal.SIGINT, before)
    raise typer.Exit(STOPPED)


def tell_stored(ending: str, *, name: str, total: int, rows: str, storage: str | None, results: Path) -> int:
    """Say what a command that came to no end has stored, and the command that goes on.

    Args:
        ending: How it ended.
        name: Of the study in the storage. Its trials are counted there: a signal may have come between a write and
            its announcement.
        total: Number of trials that it shall hold; 0 if the signal came before that was reckoned.
        rows: What they are called.
        storage: URL, or None for the journal in ``results``.
        results: Folder of the results.

    Returns:
        Number of trials stored.
    """
    from hpsearch.storage.access import count_trials
    from hpsearch.storage.journal import StorageError

    try:
        count = count_trials(name, storage, results=results)
        words = f"{count}{f' of {total}' if total else ''} {rows} are stored, none is left running"
    except StorageError:  # such as a server that is away, for which the user would no longer wait
        count, words = 0, f"the storage cannot be read now to count its {rows}; what was stored is kept"
    say_stopped(words, ending=ending)
    return count


def say_stopped(words: str, *, ending: str = "stopped", next: str = "Go on with") -> None:
    """Say that a command was stopped, what became of its work, and that the same command goes on, or begins anew."""
    print(file=sys.stderr)  # the terminal has shown ^C, or the live line
    say(f"{ending}: {words}. {next}:", command=command_again(), error=True)


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
        say(f"error: {_words(_in_file(problem, study))}", error=True)
        if _of_table(problem, study):
            words = "settings such as data.drop belong in a study's file; to write one:"
            say(words, command=f"hpsearch new {shlex.quote(study)} --target COLUMN", error=True)
        raise typer.Exit(code) from None


@contextmanager
def told_warnings() -> Iterator[None]:
    """Print the warnings of what is inside as sentences on standard error, each once, at the end, however it ends."""
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always", UserWarning)
        try:
            yield
        finally:
            for text in dict.fromkeys(str(message.message) for message in messages):
                say(f"warning: {text}", error=True)


_REFUSED = (
    "hpsearch.config.messages.ConfigError",
    "hpsearch.data.checks.DataError",
    "hpsearch.evaluation.archive.NetworkFileError",
    "hpsearch.evaluation.outcomes.CurvesError",
    "hpsearch.evaluation.calls.FunctionError",
    "hpsearch.figures.style.FigureError",
    "hpsearch.report.dashboard.DashboardError",
    "hpsearch.results.names.ResultsError",
    "hpsearch.results.observations.ImportanceError",
    "hpsearch.sensitivity.designs.DesignError",
    "hpsearch.sensitivity.indices.ResponseError",
    "hpsearch.storage.studies.StudyChangedError",
    "builtins.FileNotFoundError",
)
"""Problems that a user mends, and by name: their rooms are imported where they are raised, and to be told at once."""

_FAILED = (
    "hpsearch.evaluation.failures.ClusterError",
    "hpsearch.evaluation.failures.EngineDiffersError",
    "hpsearch.evaluation.failures.WorkersLostError",
    "hpsearch.storage.holders.StudyBusyError",
    "hpsearch.storage.journal.StorageError",
    "builtins.OSError",
    "builtins.UnicodeEncodeError",
)
"""Problems of the machine, likewise."""


_NO_MEMORY = re.compile("failed to map segment|cannot allocate memory|can't start new thread", re.IGNORECASE)
"""What libraries say that cannot be loaded, and threads that cannot be started, where memory is short."""


def _memory_ran_out(problem: Exception) -> bool:
    return isinstance(problem, MemoryError) or (
        isinstance(problem, ImportError | RuntimeError) and bool(_NO_MEMORY.search(str(problem)))
    )


def _exit_code(problem: Exception) -> int | None:
    """The exit code for a problem that is no fault of the program; None for one that is."""
    if _memory_ran_out(problem):
        return 1
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(problem).__mro__}
    too_long = isinstance(problem, OSError) and problem.errno == errno.ENAMETOOLONG
    if names.intersection(_REFUSED) or too_long:
        return 2
    return 1 if names.intersection(_FAILED) and not isinstance(problem, BrokenPipeError) else None


def _words(problem: Exception) -> str:
    """What is said of a problem; the system's own is given a path, a cause and a cure."""
    from hpsearch.data.files import FileError, blamed

    if _memory_ran_out(problem):
        reason = str(problem) or "no more is free"
        return f"memory ran out ({reason}): use fewer --workers, smaller data or smaller networks"
    own = type(problem).__module__.startswith("hpsearch.") or isinstance(problem, FileNotFoundError)
    if isinstance(problem, OSError | UnicodeEncodeError) and not isinstance(problem, FileError) and not own:
        return str(blamed(getattr(problem, "filename", None) or "a file", problem, doing="use"))
    return str(problem)


def _of_table(problem: Exception, study: str) -> bool:
    """Whether a problem is of a table whose study has no file, and speaks of a setting that stands in one."""
    if not re.search(r"\bdata\.(?!csv)[a-z]+ ", str(problem)):
        return False
    from hpsearch.data.checks import DataError
    from hpsearch.evaluation.newcomers import is_table

    return isinstance(problem, DataError) and is_table(study)


def _in_file(problem: Exception, study: str) -> Exception:
    """The problem, of the study's file where it came up only with the data at hand: the file is what to mend."""
    from hpsearch.config.messages import ConfigError, StoredConfigError

    if not isinstance(problem, ConfigError) or isinstance(problem, StoredConfigError):
        return problem
    if study and not problem.path.endswith(".toml"):
        return ConfigError(study, problem.problems)
    return problem
