"""The command as it was typed, for the messages that say how to go on."""

from __future__ import annotations

import shlex
from contextvars import ContextVar
from typing import Any

from typer.core import TyperGroup

_TYPED: ContextVar[tuple[str, ...]] = ContextVar("typed", default=())


class Commands(TyperGroup):
    """The commands, which remember what was typed: every option of it, so that none is forgotten in a message."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """As Typer's own."""
        _TYPED.set(tuple(args))
        return super().make_context(info_name, args, parent, **extra)


def command_again() -> str:
    """What to paste into a shell to run the same command again, without the password of a storage URL."""
    from hpsearch.storage.addresses import hide_password

    typed = [hide_password(word) if "://" in word else word for word in _TYPED.get()]
    missing = "" if tuple(typed) == _TYPED.get() else "  # with the password for ***"
    return shlex.join(["hpsearch", *typed]) + missing
