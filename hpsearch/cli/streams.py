"""Where commands print: neither a full disk nor a closed pipe nor a narrow encoding ends a command before its work."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_PLAIN = str.maketrans("αλμσχτε×−–—·±²³≤≥…“”‘’„→←Υ█━╸╺─│•", 'almsxtex---.+23<>.""\'\'"><Y#=---|*')
"""The notation of this project's own words, for a terminal that lacks it: a letter each, so that columns stay."""


def _plain(problem: UnicodeError) -> tuple[str, int]:
    """What a stream's encoding lacks: its plain form where there is one, else its escape."""
    assert isinstance(problem, UnicodeEncodeError)
    letters = problem.object[problem.start : problem.end]
    escaped = letters.translate(_PLAIN).encode("ascii", errors="backslashreplace")
    return escaped.decode("ascii"), problem.end


class _Lasting(io.RawIOBase):
    """A file whose first failure is remembered; all that is written afterwards is dropped.

    Args:
        file: Unbuffered; it stays open.
    """

    def __init__(self, file: io.RawIOBase) -> None:
        self._file = file
        self.problem: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()

    def write(self, data: Any) -> int:
        if self.problem is None:
            try:
                return self._file.write(data) or 0
            except OSError as problem:
                self.problem = problem
        return len(data)


class _Nowhere(io.TextIOBase):
    """The stream of a process that was started without it."""

    def write(self, text: str) -> int:
        return len(text)


@contextmanager
def lasting_output() -> Iterator[None]:
    """Let standard output and standard error last for a command, whatever becomes of them.

    What a narrow encoding lacks is printed in plain letters or as an escape. A stream that fails is silent from there
    on, the command goes on, and at the end standard error says that standard output failed. One that was closed before
    is silent.

    Raises:
        SystemExit: with the command's code, or with 1 if standard output could not be written.
    """
    codecs.register_error("hpsearch.plain", _plain)
    _occupy_closed()
    before = sys.stdout, sys.stderr, sys.excepthook
    sys.stdout, output = _lasting(sys.stdout)
    sys.stderr, _ = _lasting(sys.stderr)
    code = None
    try:
        yield
    except SystemExit as end:
        code = end.code
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr, sys.excepthook = before  # typer sets the last
    problem = None if output is None else output.problem
    if problem is not None and not code:
        if problem.errno != errno.EPIPE:  # whoever closes a pipe has read enough
            print(f"error: cannot write standard output: {problem.strerror}; nothing stored is lost", file=sys.stderr)
        code = 1
    raise SystemExit(code)


def _occupy_closed() -> None:
    """Open nothing under the number of a closed standard stream: a library's message to it would land in a file."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # of the numbers that are free, the lowest


def _lasting(stream: Any) -> tuple[Any, _Lasting | None]:
    """A stream over the same file that lasts; the stream itself if it has no file."""
    if stream is None:
        return _Nowhere(), None
    try:
        stream.flush()
        file = getattr(stream.buffer, "raw", stream.buffer)  # a console of Windows takes text through no other
        file.fileno()
        raw = _Lasting(file)
    except (AttributeError, OSError, ValueError):  # none, closed, or in memory
        return stream, None
    options = {"encoding": stream.encoding, "errors": "hpsearch.plain", "line_buffering": stream.line_buffering}
    return io.TextIOWrapper(io.BufferedWriter(raw), **options), raw
