"""How a command ends: what is said of a problem, and the exit code."""

from __future__ import annotations

import errno
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from hpsearch.cli.lines import say


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
        code = exit_code(problem)
        if code is None:
            raise
        say(f"error: {_words(_in_file(problem, study))}", error=True)
        if _of_table(problem, study):
            from hpsearch.config.shell import typed

            words = "settings such as data.drop belong in a study's file; to write one:"
            say(words, command=f"hpsearch new {typed(study)} --target COLUMN", error=True)
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


def exit_code(problem: Exception) -> int | None:
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
    if study and not problem.path.endswith(".toml") and not problem.path.startswith("--"):  # an option is the command's
        return ConfigError(study, problem.problems)
    return problem
