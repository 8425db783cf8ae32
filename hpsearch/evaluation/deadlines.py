"""How long a run may take, and how it ends when that time is up."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillRunning
from typing import TypeVar

from hpsearch.evaluation.failures import SECONDS_BETWEEN_LOOKS

T = TypeVar("T")

_MOMENT = 1e-9
"""Seconds in which nothing can be trained."""


class OutOfTimeError(TimeoutError):
    """The time that a run was given is up: what was finished is stored, and the same call goes on."""


class Deadline:
    """Counts from when it is made.

    Args:
        seconds: Until it passes; None, or infinitely many, for never.

    Attributes:
        seconds: The same; None for never.

    Raises:
        ValueError: if it is not above 0.
    """

    def __init__(self, seconds: float | None = None) -> None:
        if seconds is not None and not seconds > 0:
            raise ValueError(f"timeout is in seconds, above 0 (given: {seconds!r}); leave it out for no limit")
        self.seconds = None if seconds == math.inf else seconds
        self._end = math.inf if seconds is None else time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._end

    @property
    def remaining(self) -> float | None:
        """Seconds until it passes, for a run within this one; a moment where it has passed, None for never."""
        return None if self.seconds is None else max(self._end - time.monotonic(), _MOMENT)

    def check(self) -> None:
        """Go on only before it.

        Raises:
            OutOfTimeError: if the time is up.
        """
        if self.passed:
            raise OutOfTimeError(f"the time ({self.seconds:g} s) is up")

    def result(self, future: Future[T], *, meanwhile: Callable[[], None] = lambda: None) -> T:
        """The result of a future, if it comes in time; one that is there already is in time.

        Args:
            future: To be awaited.
            meanwhile: Called now and then while it is; it may end the waiting by an exception.

        Raises:
            OutOfTimeError: if the time is up.
        """
        while True:
            left = max(0.0, self._end - time.monotonic())
            try:
                return future.result(timeout=min(left, SECONDS_BETWEEN_LOOKS))
            except StillRunning:
                if future.done():
                    return future.result()
            self.check()
            meanwhile()
