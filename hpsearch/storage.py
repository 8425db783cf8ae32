"""Where studies are kept: an Optuna journal file by default, any storage URL on request.

The journal is hardened against what is known to break it: it has an absolute path, a lock that the system releases
when its holder dies, a torn last line (power loss, full disk) that is cut off under the lock before the next append,
with a copy kept, and a failed append that is taken back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import optuna
from optuna.storages.journal import (
    BaseJournalBackend,
    JournalFileBackend,
    JournalFileOpenLock,
)

JOURNAL = "hpsearch.journal"
"""Name of the journal in the results folder; it holds all studies, so one dashboard shows them all."""


class StorageError(RuntimeError):
    """A storage cannot be opened or written to."""


class JournalTailWarning(UserWarning):
    """The end of a journal was torn and has been cut off; a copy was kept."""


class StudyBusyError(RuntimeError):
    """Another search is writing to the study."""


class _FileLock:
    """A lock on a file of its own, which the system releases when its holder dies (``flock``)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self, *, wait: bool = True) -> bool:
        import fcntl

        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            self.release()
            return False
        return True

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class JournalFile(BaseJournalBackend):
    """Optuna's journal file, hardened.

    Args:
        path: Of the journal; made absolute, created with its folder if it is not there.
        read_only: Touch nothing, so that results can be read from where one may not write.

    Raises:
        StorageError: if it cannot be created or opened for writing.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self.path = Path(path).absolute()
        lock_path = self.path.with_name(self.path.name + ".lock")
        self._lock = _FileLock(lock_path) if sys.platform != "win32" else JournalFileOpenLock(str(self.path))
        self._known = 0  # logs in the file, as far as read
        self._waiting: list[dict[str, Any]] | None = None
        try:
            if not read_only:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = JournalFileBackend(str(self.path), lock_obj=_Unlocked())  # type: ignore[arg-type]  # its base class is private
            if not read_only:
                with self._locked(), self.path.open("rb+"):
                    self._repair()
        except OSError as problem:
            raise _unusable(self.path, problem) from problem

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """As Optuna's own; what :meth:`together` holds back counts as written."""
        number = log_number_from
        if self._waiting is None or number < self._known:
            for log in self._file.read_logs(log_number_from):
                number += 1
                yield log
        if self._waiting is None:
            self._known = max(self._known, number)
        else:
            yield from self._waiting[max(0, log_number_from - self._known) :]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append, or leave the file as it was.

        Raises:
            StorageError: if the disk is full or the file cannot be written.
        """
        if self._waiting is not None:
            self._waiting += logs
            return
        with self._locked():
            self._repair()
            self._append(logs)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Hold back what is appended meanwhile and write it at once: one lock, write and flush to disk for all.

        Nobody else writes until then, so no log of theirs comes between. Nothing is written after an exception.

        Raises:
            StorageError: if the disk is full or the file cannot be written.
        """
        with self._locked():
            self._repair()
            self._read_on()
            self._waiting = []
            try:
                yield
                logs = self._waiting
            finally:
                self._waiting = None
            self._append(logs)
            self._read_on()

    def _append(self, logs: list[dict[str, Any]]) -> None:
        """Under the lock."""
        size = self.path.stat().st_size
        try:
            self._file.append_logs(logs)
        except OSError as problem:
            os.truncate(self.path, size)
            raise _unusable(self.path, problem) from problem
        except BaseException:  # Ctrl-C in mid-write: no half a line may stay
            os.truncate(self.path, size)
            raise

    def _read_on(self) -> None:
        """Count the logs in the file. Optuna's backend then knows where the next one begins."""
        for _ in self._file.read_logs(self._known):
            self._known += 1

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    def _repair(self) -> None:
        """Cut a torn last line off, under the lock."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size == 0:
                return
            file.seek(size - 1)
            if file.read(1) == b"\n":
                return
            keep = _last_whole_line(file, size)
            file.seek(keep)
            tail = file.read()
        copy = self.path.with_name(f"{self.path.name}.torn-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        copy.write_bytes(tail)
        os.truncate(self.path, keep)
        message = f"{self.path} ended in {len(tail)} bytes of an unfinished write; they were cut off and kept in {copy}"
        warnings.warn(message, JournalTailWarning, stacklevel=2)


class _Unlocked:
    """The lock of the file inside, which is only touched under ours."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def _last_whole_line(file: Any, size: int) -> int:
    """Bytes up to and with the last newline before which the line parses."""
    file.seek(0)
    end = 0
    for line in file:
        if not line.endswith(b"\n"):
            break
        try:
            json.loads(line)
        except ValueError:
            break
        end += len(line)
    return min(end, size)


def _unusable(path: Path, problem: OSError) -> StorageError:
    reason = problem.strerror or str(problem)
    return StorageError(
        f"cannot write {path}: {reason}; what was stored stays readable. "
        "Free some space or give the folder write permission, or choose another place with --results or --storage"
    )


def open_storage(storage: str | None = None, *, results: str | Path = "results") -> optuna.storages.BaseStorage:
    """Open the storage of all studies.

    Args:
        storage: An Optuna storage URL, or None for the journal file in ``results``.
        results: Folder of the journal.

    Raises:
        StorageError: if it cannot be opened.
    """
    if storage is None:
        return optuna.storages.JournalStorage(JournalFile(Path(results) / JOURNAL))
    try:
        return optuna.storages.RDBStorage(storage)
    except Exception as problem:
        reason = str(problem).replace(storage, hide_password(storage)).splitlines()[0]
        raise StorageError(
            f"cannot open the storage {hide_password(storage)!r}: {reason}; give a URL that Optuna reads, "
            "such as sqlite:///results.db or postgresql+psycopg://user@host/name"
        ) from None


def add_trials(study: optuna.Study, trials: Sequence[optuna.trial.FrozenTrial]) -> None:
    """Store finished trials, all in one write where the storage is a journal.

    Raises:
        StorageError: if they cannot be written; a journal then holds none of them.
    """
    if not trials:
        return
    backend = getattr(study._storage, "_backend", None)
    with _interrupts_later(), backend.together() if isinstance(backend, JournalFile) else contextlib.nullcontext():
        study.add_trials(trials)


@contextlib.contextmanager
def _interrupts_later() -> Iterator[None]:
    """Let Ctrl-C wait for these milliseconds: what is half stored would be lost or stored twice."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    caught: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda *given: caught.append(given))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught and callable(before):
        before(*caught[0])


def existing_storage(storage: str | None, *, results: str | Path = "results") -> optuna.storages.BaseStorage:
    """Open a storage for reading, creating nothing.

    Raises:
        FileNotFoundError: if there are no results yet.
        StorageError: if it cannot be opened.
    """
    if storage is None and not (Path(results) / JOURNAL).is_file():
        raise FileNotFoundError(
            f"no results in {Path(results).absolute()}: run `hpsearch search` first, "
            "or name the folder with --results (results=) or the storage with --storage (storage=)"
        )
    if storage is not None and storage.startswith("sqlite:///"):
        path = Path(storage.removeprefix("sqlite:///"))
        if not path.is_file():
            raise FileNotFoundError(f"no results in {path.absolute()}: run `hpsearch search --storage {storage}` first")
    if storage is None:
        return optuna.storages.JournalStorage(JournalFile(Path(results) / JOURNAL, read_only=True))
    return open_storage(storage)


def count_trials(study: str, storage: str | None, *, results: str | Path) -> int:
    """Number of trials that a storage holds of a study, which need not be there."""
    try:
        opened = existing_storage(storage, results=results)
        return len(opened.get_all_trials(opened.get_study_id_from_name(study), deepcopy=False))
    except (FileNotFoundError, KeyError):
        return 0


def hide_password(url: str) -> str:
    """A storage URL that may be printed.

    >>> hide_password("postgresql://me:secret@host/db")
    'postgresql://me:***@host/db'
    """
    parts = urlsplit(url)
    if parts.password is None:
        return url
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{place}"))


@contextlib.contextmanager
def only_writer(study: str, *, results: str | Path) -> Iterator[None]:
    """Hold a study for one search.

    Raises:
        StudyBusyError: if another process holds it.
        StorageError: if the results folder cannot be written.
    """
    if sys.platform == "win32":  # no flock there; two searches of one study would double its trials
        yield
        return
    name = hashlib.sha256(study.encode()).hexdigest()[:16]
    try:
        Path(results).mkdir(parents=True, exist_ok=True)
        lock = _FileLock(Path(results).absolute() / f".{name}.lock")
        free = lock.acquire(wait=False)
    except OSError as problem:
        raise _unusable(Path(results).absolute(), problem) from problem
    if not free:
        raise StudyBusyError(
            f"another search is running on study {study!r} in {Path(results).absolute()}: "
            "wait for it, stop it, or give this one another name with --name"
        )
    try:
        yield
    finally:
        lock.release()
