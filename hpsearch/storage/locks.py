"""The locks of a journal file: this project's, and plain Optuna's beside it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from filelock import FileLock
from optuna.storages.journal import JournalFileOpenLock, JournalFileSymlinkLock

_GRACE = 30
"""Seconds after which Optuna takes a lock for one whose holder died."""


class WriteLock:
    """One writer at a time, this project's processes and plain Optuna's alike.

    Among this project's processes a system lock decides, which ends with its holder. Plain Optuna knows only its own
    lock, a link named ``<journal>.lock``, so that is held too while we write. A process that dies leaves the link
    behind, for which plain Optuna would wait 30 s; the next of our writers removes it.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._system_lock = FileLock(journal.with_name(f".{journal.name}.guard"))
        self._link = journal.with_name(f"{journal.name}.lock")
        # Optuna's link points to the path it was given. Spelt like this, the path is the same and tells that the link
        # is ours.
        self._spelling = os.path.join(journal.parent, ".", journal.name)
        kind = JournalFileOpenLock if sys.platform == "win32" else JournalFileSymlinkLock
        self._optunas_lock = kind(self._spelling, grace_period=_GRACE)

    def __reduce__(self) -> tuple[type[WriteLock], tuple[Path]]:
        """A copy in another process is a lock of its own on the same file."""
        return WriteLock, (self._journal,)

    def acquire(self) -> None:
        """Wait for both locks."""
        self._system_lock.acquire()
        try:
            if self._left_behind():
                self._link.unlink(missing_ok=True)
            self._optunas_lock.acquire()
        except BaseException:
            self._system_lock.release()
            raise

    def release(self) -> None:
        """Give both locks back.

        Raises:
            FileNotFoundError: if the journal is gone, so that what was written under the lock is lost.
        """
        try:
            self._optunas_lock.release()
        except RuntimeError:  # its link is gone: plain Optuna took it for that of a dead process, or the folder is gone
            if not self._journal.exists():
                raise FileNotFoundError(self._journal) from None
        finally:
            self._system_lock.release()

    def _left_behind(self) -> bool:
        """Whether Optuna's lock is there and its holder is dead; nobody else of ours can hold it now."""
        try:
            age = time.time() - self._link.lstat().st_mtime
            return age > _GRACE or (self._link.is_symlink() and os.readlink(self._link) == self._spelling)
        except FileNotFoundError:
            return False


class Unlocked:
    """The lock of the file inside, which is only touched under ours."""

    def acquire(self) -> bool:
        """Nothing to wait for."""
        return True

    def release(self) -> None:
        """Nothing to give back."""
