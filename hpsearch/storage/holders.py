"""Who writes a study: one process at a time, told by host and process, with what says so of a file's storage.

A journal and an SQLite database are files, and the system's own lock, beside the file, says who may write. It ends with
its holder, however that ends.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from hpsearch.storage.journal import unusable


class StudyBusyError(RuntimeError):
    """Another run is writing to the study."""


@dataclass(frozen=True)
class Holder:
    """A process that writes a study.

    Attributes:
        host: The machine's name.
        process: Its number there.
        user: Who runs it.
        since: When it began, UTC, as ISO 8601.
        place: The running system that the process's number is of; "" where that cannot be told.
        began: When the system started the process, in the system's own count.
    """

    host: str
    process: int
    user: str
    since: str
    place: str = ""
    began: str = ""

    @classmethod
    def this(cls) -> Holder:
        """This process, from now on."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(socket.gethostname(), os.getpid(), _user(), now, _place(), _began(os.getpid()))

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Holder:
        """The holder of what :func:`dataclasses.asdict` gave."""
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__})

    @property
    def gone(self) -> bool:
        """Whether it is certain that the process has ended: only a process of this running system can be known of."""
        return bool(self.place) and self.place == _place() and _began(self.process) != self.began

    @property
    def here(self) -> bool:
        """Whether it is certain that this is the process which asks."""
        this = Holder.this()
        return bool(self.place) and replace(this, since=self.since) == self

    def __str__(self) -> str:
        return f"process {self.process} of {self.user} on {self.host}, since {self.since}"


def busy(study: str, place: str, holder: object) -> StudyBusyError:
    """What to tell of a study that another run holds."""
    return StudyBusyError(
        f"another run is at work on study {study!r} in {place}: {holder}; "
        "wait for it, stop it, or search under another name with --name"
    )


@contextlib.contextmanager
def file_held(study: str, folder: Path, *, key: str) -> Iterator[None]:
    """Hold a study whose storage is a file.

    Args:
        study: Its name.
        folder: Of the file; it is made if it is not there.
        key: What tells this study from others that are held in the same folder.

    Raises:
        StudyBusyError: if another process holds it.
        StorageError: if the folder cannot be written.
    """
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    note = folder / f".{name}.holder"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f".{name}.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise busy(study, str(folder), _noted(note)) from None
    except OSError as problem:
        raise unusable(folder, problem) from problem
    try:
        with contextlib.suppress(OSError):  # on a full disk the lock still holds; only its holder's name is not told
            note.write_text(json.dumps(asdict(Holder.this())), encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            note.unlink(missing_ok=True)
        lock.release()


def _noted(note: Path) -> object:
    try:
        return Holder.read(json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return "a process that left no note of itself"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a number without a name, as in containers
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "an unknown user"


def _place() -> str:
    """This boot of this machine and the space of process numbers in it; "" where the system does not tell them."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _began(process: int) -> str:
    """When a process started, as /proc tells it; "" if there is none of that number."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *fields = text.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]
