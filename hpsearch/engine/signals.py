"""Signals that ask to stop, held off while something is half done."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextlib.contextmanager
def stops_later() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP wait for these milliseconds, then let them do what they did before.

    What is half stored would be lost or stored twice, a lock that is half given back would be an error of its own, and
    compiled code that is half loaded would crash.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # another thread may set no handler, and Python's handlers never run in it
        return
    # None is a handler that is not Python's; one that ignores the signal may go on to.
    before = {number: signal.getsignal(number) for number in STOPS}
    numbers = [number for number, handler in before.items() if handler not in (None, signal.SIG_IGN)]
    caught: list[int] = []
    for number in numbers:
        signal.signal(number, lambda received, _: caught.append(received))
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, before[number])
    if caught:
        signal.raise_signal(caught[0])
