"""How long a thread that has ended a training waits for Python's lock."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

_TURN = 0.0005
"""Seconds. Python's own 5 ms are as long as a whole training, and a thread without the lock begins no other one."""

_HALF_A_MICROSECOND = 5e-7
"""Python keeps whole ones and cuts off the rest, so that what it tells, set again, may lose one."""

_lock = threading.Lock()
_within: list[float] = []
"""What held before each of the calls under way."""


@contextlib.contextmanager
def short_turns() -> Iterator[None]:
    """Within it a thread that waits for Python's lock gets it soon; afterwards the process is as it was before.

    The setting is the whole process's, so the first to come changes it and the last to go puts it back.
    """
    with _lock:
        _within.append(sys.getswitchinterval())
        sys.setswitchinterval(min(_TURN, _within[0]) + _HALF_A_MICROSECOND)
    try:
        yield
    finally:
        with _lock:
            before = _within[0]
            _within.pop()
            if not _within:
                sys.setswitchinterval(before + _HALF_A_MICROSECOND)
