"""How a signal stops a command: with a sentence, what is stored, and the command to go on."""

from __future__ import annotations

import signal
import sys
import threading
from contextvars import ContextVar
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

import typer
from typer.core import TyperGroup

from hpsearch.cli.endings import exit_code
from hpsearch.cli.lines import say
from hpsearch.cli.machines import Place

_TYPED: ContextVar[tuple[str, ...]] = ContextVar("typed", default=())
"""What was typed behind ``hpsearch``: every option of it, so that none is forgotten in a message."""

STOPPED = 130
"""Exit code of a command that a signal stopped: 128 and the number of SIGINT, as shells have it."""

_MOMENT = 0.05
"""Seconds after which a stop that was swallowed comes again."""


class StopSignals:
    """Inside its context Ctrl-C, SIGTERM and SIGHUP raise KeyboardInterrupt; afterwards the former handlers are back.

    SIGHUP says that the terminal is gone, and stays ignored where it is, as under ``nohup``.

    Code in C may swallow the exception that a handler raises, so the signal is remembered for :meth:`check`, and what
    then fails is taken for the stop that it is.
    """

    def __init__(self) -> None:
        self._received = 0
        self._again: threading.Timer | None = None
        self._unraisable = sys.unraisablehook

    def __enter__(self) -> Self:
        heeded = [signal.SIGINT, signal.SIGTERM]
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            heeded.append(signal.SIGHUP)
        if threading.current_thread() is not threading.main_thread():
            heeded = []  # another thread may set no handler
        self._before = {number: signal.signal(number, self._stop) for number in heeded}
        self._unraisable, sys.unraisablehook = sys.unraisablehook, self._tell_unraised
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._again is not None:
                self._again.cancel()
                self._again.join()  # one that is on its way comes here, and not to handlers that would end the process
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)
            sys.unraisablehook = self._unraisable
        if isinstance(problem, Exception) and not isinstance(problem, typer.Exit) and exit_code(problem) is None:
            self.check()  # what a stop in its middle made of a library's work is no fault of the program

    def _stop(self, signum: int, frame: FrameType | None) -> NoReturn:
        self._received = signum
        raise KeyboardInterrupt

    def _tell_unraised(self, unraisable: Any) -> None:
        """Of what code in C swallows Python prints a traceback; a stop comes again instead, a moment later."""
        if not (self._received and unraisable.exc_type is KeyboardInterrupt):
            self._unraisable(unraisable)
            return
        self._again = threading.Timer(_MOMENT, self._come_again)
        self._again.start()

    def _come_again(self) -> None:
        if hasattr(signal, "pthread_kill"):  # the main thread, whatever it waits for
            signal.pthread_kill(threading.main_thread().ident or 0, self._received)
        else:
            signal.raise_signal(self._received)

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
        _TYPED.set(tuple(args))
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


def stopped(*, name: str, total: int, rows: str, place: Place) -> NoReturn:
    """Say what a stopped command has stored and the command that goes on, and exit; see :func:`tell_stored`.

    Raises:
        typer.Exit: always.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # what follows takes a moment and changes nothing
    try:
        tell_stored("stopped", name=name, total=total, rows=rows, place=place)
    finally:
        signal.signal(signal.SIGINT, before)
    raise typer.Exit(STOPPED)


def tell_stored(ending: str, *, name: str, total: int, rows: str, place: Place) -> int:
    """Say what a command that came to no end has stored, and the command that goes on.

    Args:
        ending: How it ended.
        name: Of the study in the storage. Its trials are counted there: a signal may have come between a write and
            its announcement.
        total: Number of trials that it shall hold; 0 if the signal came before that was reckoned.
        rows: What they are called.
        place: Where it is kept.

    Returns:
        Number of trials stored.
    """
    from hpsearch.storage.access import count_trials
    from hpsearch.storage.journal import StorageError

    try:
        count = count_trials(name, place.storage, results=place.results)
        words = f"{count}{f' of {total}' if total else ''} {rows} are stored, none is left running"
    except StorageError:  # such as a server that is away, for which the user would no longer wait
        count, words = 0, f"the storage cannot be read now to count its {rows}; what was stored is kept"
    say_stopped(words, ending=ending)
    return count


def say_stopped(words: str, *, ending: str = "stopped", next: str = "Go on with") -> None:
    """Say that a command was stopped, what became of its work, and that the same command goes on, or begins anew."""
    print(file=sys.stderr)  # the terminal has shown ^C, or the live line
    say(f"{ending}: {words}. {next}:", command=command_again(), error=True)


def command_again() -> str:
    """What to paste into a shell to run the same command again, without the password of a storage URL."""
    from hpsearch.config.shell import typed

    words = [_without_password(word) if "://" in word else word for word in _TYPED.get()]
    missing = "" if tuple(words) == _TYPED.get() else "  # with the password for ***"
    return typed("hpsearch", *words) + missing


def _without_password(url: str) -> str:
    from hpsearch.storage.addresses import hide_password  # no import may fail where one was stopped: only for a URL

    return hide_password(url)
