"""Optuna's journal file, hardened against what is known to break it.

It has an absolute path, a lock that the system releases when its holder dies (and Optuna's own, so that plain Optuna
may write at the same time), a torn last line (power loss, full disk) that is cut off under the lock before the next
append, with a copy kept, and a failed append that is taken back. Where a line in its middle is damaged it is left as it
is, and what is whole is kept in a copy.
"""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend

from hpsearch.data.files import atomic_write, cure
from hpsearch.engine.signals import stops_later
from hpsearch.storage.locks import Unlocked, WriteLock
from hpsearch.storage.records import after_last_newline, damage_of, doubled, is_record, newer_line, record_of


class StorageError(RuntimeError):
    """A storage cannot be opened or written to."""


UNWRITABLE = (StorageError, OSError, StorageInternalError)
"""What is raised where a storage cannot be written, for those who then do without."""


class JournalTailWarning(UserWarning):
    """The end of a journal was torn and has been cut off; a copy was kept."""


class JournalFile(BaseJournalBackend):
    """Optuna's journal file, hardened.

    Args:
        path: Of the journal; made absolute, created with its folder if it is not there.
        read_only: Touch nothing, so that results can be read from where one may not write.

    Raises:
        StorageError: if it cannot be created or opened for writing, or is damaged or no journal.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self.path = Path(path).absolute()
        self._lock = WriteLock(self.path)
        self._read, self.lines_read = 0, 0  # logs in the file, as far as read; the line that was handed over last
        self._waiting: list[dict[str, Any]] | None = None
        try:
            if not read_only:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = JournalFileBackend(str(self.path), lock_obj=Unlocked())  # type: ignore[arg-type]  # its base class is private
            self._check_ends()  # before a lock is made beside a file that is no journal
            if not read_only:
                with self._locked():  # which tells whether it can be written
                    pass
        except OSError as problem:
            raise unusable(self.path, problem) from problem

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """As Optuna's own; what :meth:`together` holds back counts as written."""
        number = log_number_from
        if self._waiting is None or number < self._read:
            for log in self._records(log_number_from):
                number += 1
                yield log
        if self._waiting is None:
            self._read = max(self._read, number)
        else:
            yield from self._waiting[max(0, log_number_from - self._read) :]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append, or leave the file as it was.

        Raises:
            StorageError: if the disk is full or the file cannot be written.
        """
        if self._waiting is not None:
            self._waiting += logs
            return
        with self._locked():
            self._append(logs)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Hold back what is appended meanwhile and write it at once: one lock, write and flush to disk for all.

        Nobody else writes until then, so no log of theirs comes between. Nothing is written after an exception.

        Raises:
            StorageError: if the disk is full or the file cannot be written.
        """
        with self._locked():
            self._read_on()
            self._waiting = []
            try:
                yield
                logs = self._waiting
            finally:
                self._waiting = None
            if logs:  # of none Optuna would write an empty line
                self._append(logs)
            self._read_on()

    def _append(self, logs: list[dict[str, Any]]) -> None:
        """Under the lock."""
        size = self.path.stat().st_size
        try:
            self._file.append_logs(logs)
        except BaseException:  # a full disk, or Ctrl-C in mid-write: no half a line may stay
            os.truncate(self.path, size)
            raise

    def _read_on(self) -> None:
        """Count the logs in the file. Optuna's backend then knows where the next one begins."""
        for _ in self._records(self._read):
            self._read += 1

    def _records(self, number: int) -> Iterator[dict[str, Any]]:
        """The records in the file from a number on."""
        logs, last = self._file.read_logs(number), None
        while True:
            try:
                log = next(logs)
            except StopIteration:
                return
            except (ValueError, RecursionError):
                log = {}
            except FileNotFoundError as problem:
                raise _gone(self.path) from problem
            except OSError as problem:
                reason = problem.strerror or problem
                raise StorageError(f"cannot read {self.path}: {reason}; {cure(problem.errno)}") from problem
            if not is_record(log) or doubled(log, last):
                raise self.damage()
            last = log
            number += 1
            self.lines_read = number
            yield log

    def damage(self, *, line: int = 0) -> StorageError:
        """What to tell of a journal that cannot be read to its end, having kept what is whole in a copy.

        A journal that a newer Optuna has written is not damaged, and no copy of it without the new lines is made.

        Args:
            line: Number of one that reads as a record and cannot be one; 0 for none.
        """
        if newer := newer_line(self.path):
            number, what = newer
            return StorageError(
                f"{self.path} holds what this version of Optuna, {optuna.__version__}, does not know: {what} in line "
                f"{number}; a newer one will have written it (the journal does not say which): read it with that one. "
                "It was left as it is"
            )
        damage = damage_of(self.path, also=line)
        if not damage.whole:
            return StorageError(f"{self.path} is not an Optuna journal: {damage.words() or 'it has no whole line'}")
        copy, kept = self.path.with_name(f"{self.path.name}.recovered"), b"".join(damage.records)
        names = ", ".join(repr(name) for name in damage.studies) or "none"
        rest = f"the other {damage.whole:,} lines are whole (studies: {names})"
        try:
            if not copy.is_file() or copy.read_bytes() != kept:
                with atomic_write(copy) as partial:
                    partial.write_bytes(kept)
            rest += f" and kept in {copy}: read them from there, by --storage or storage=, or put it in its place"
        except OSError as problem:
            rest += f", and could not be kept: {problem}"
        return StorageError(f"{self.path} is damaged and was left as it is: {damage.words()}; {rest}")

    def _check_ends(self) -> None:
        """Refuse a file whose first or last line is no record: Optuna reads over the last, and the next one breaks."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            end = after_last_newline(file, size)
            file.seek(0)
            first = file.readline()
            if not end and first.strip(b"\0")[:1] not in (b"", b"{"):
                raise StorageError(f"{self.path} is not an Optuna journal: it begins {first[:40]!r}")
            file.seek(after_last_newline(file, end - 1) if end else 0)
            if end and (record_of(first) is None or record_of(file.readline()) is None):
                raise self.damage()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the file, which then ends in a whole line."""
        try:
            self._lock.acquire()
            with stops_later():
                try:
                    self._cut_tail()
                    yield
                finally:
                    self._lock.release()
        except FileNotFoundError as problem:
            raise _gone(self.path) from problem
        except OSError as problem:
            raise unusable(self.path, problem) from problem

    def _cut_tail(self) -> None:
        """Cut a torn last line off; where another line is damaged besides, nothing is cut."""
        with self.path.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            keep = after_last_newline(file, size)
            if keep == size:
                return
            if damage_of(self.path).lines:
                raise self.damage()
            file.seek(keep)
            tail = file.read()
        copy = self.path.with_name(f"{self.path.name}.torn-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        copy.write_bytes(tail)
        os.truncate(self.path, keep)
        message = f"{self.path} ended in {len(tail)} bytes of an unfinished write; they were cut off and kept in {copy}"
        warnings.warn(message, JournalTailWarning, stacklevel=3)


def unusable(path: Path, problem: OSError) -> StorageError:
    """What to tell of a file that cannot be written."""
    return StorageError(
        f"cannot write {path}: {problem.strerror or problem}; {cure(problem.errno)} (--results, --storage). What was "
        "stored stays readable"
    )


def _gone(path: Path) -> StorageError:
    return StorageError(
        f"{path} is not there, or not any more: was it moved or deleted? Put it back to go on with the same command, "
        "which begins anew without it"
    )
