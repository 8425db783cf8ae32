"""The command as it was typed, for the messages that say how to go on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextvars import ContextVar

_TYPED: ContextVar[tuple[str, ...]] = ContextVar("typed", default=())


def remember(typed: Sequence[str]) -> None:
    """Keep what was typed behind ``hpsearch``: every option of it, so that none is forgotten in a message."""
    _TYPED.set(tuple(typed))


def command_again() -> str:
    """What to paste into a shell to run the same command again, without the password of a storage URL."""
    typed = [_without_password(word) if "://" in word else word for word in _TYPED.get()]
    missing = "" if tuple(typed) == _TYPED.get() else "  # with the password for ***"
    return shlex.join(["hpsearch", *typed]) + missing


def _without_password(url: str) -> str:
    from hpsearch.storage.addresses import hide_password  # no import may fail where one was stopped: only for a URL

    return hide_password(url)
