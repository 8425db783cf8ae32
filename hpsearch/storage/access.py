"""Where studies are kept: a hardened Optuna journal file by default, any storage URL on request."""

from __future__ import annotations

import contextlib
import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import optuna
from filelock import FileLock, Timeout

from hpsearch.storage.internals import journal_backend, read_anew, storage_of
from hpsearch.storage.journal import JournalFile, StorageError, unusable
from hpsearch.storage.signals import stops_later

JOURNAL = "hpsearch.journal"
"""Name of the journal in the results folder; it holds all studies, so one dashboard shows them all."""

_WRITTEN_TOGETHER = 64
_SECONDS_BETWEEN_WRITES = 1.0
"""Finished trials are written when there are so many of them, or after so long: a kill loses no more."""


class StudyBusyError(RuntimeError):
    """Another run is writing to the study."""


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
        StorageError: if they cannot be written; a journal then holds none of them, and may be tried again.
    """
    if not trials:
        return
    backend = journal_backend(storage_of(study))
    with stops_later():
        if not isinstance(backend, JournalFile):
            study.add_trials(trials)
            return
        try:
            with backend.together():
                study.add_trials(trials)
        except BaseException:
            read_anew(storage_of(study))
            raise


class TrialWriter:
    """Stores finished trials some at a time; as a context manager it stores the rest at the end, whatever happens.

    Trials whose write failed still wait, and the next write takes them.

    Args:
        study: In its storage.
    """

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._waiting: list[optuna.trial.FrozenTrial] = []
        self._written = -math.inf  # the first trial is written at once

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()

    def add(self, *trials: optuna.trial.FrozenTrial) -> None:
        """Take trials, to be written with their neighbours in the order in which they come."""
        self._waiting += trials

    def write_if_due(self) -> None:
        """Write what waits, if that is enough or has waited long enough.

        Raises:
            StorageError: if it cannot be written.
        """
        late = time.monotonic() - self._written >= _SECONDS_BETWEEN_WRITES
        if len(self._waiting) >= _WRITTEN_TOGETHER or late:
            self._write()

    def _write(self) -> None:
        whole = isinstance(journal_backend(storage_of(self._study)), JournalFile)
        with stops_later():  # a stop between storing trials and forgetting them would store them twice
            while self._waiting:
                count = len(self._waiting) if whole else 1
                add_trials(self._study, self._waiting[:count])
                del self._waiting[:count]
        self._written = time.monotonic()


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


def lock_folder(storage: optuna.storages.BaseStorage, *, results: str | Path) -> Path:
    """Where the locks of a storage's studies are: beside the journal, or for a database in the results folder."""
    backend = journal_backend(storage)
    return backend.path.parent if isinstance(backend, JournalFile) else Path(results)


@contextlib.contextmanager
def only_writer(study: str, *, results: str | Path) -> Iterator[None]:
    """Hold a study for one run.

    Raises:
        StudyBusyError: if another process holds it.
        StorageError: if the results folder cannot be written.
    """
    name = hashlib.sha256(study.encode()).hexdigest()[:16]
    try:
        Path(results).mkdir(parents=True, exist_ok=True)
        lock = FileLock(Path(results).absolute() / f".{name}.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise StudyBusyError(
            f"another run is at work on study {study!r} in {Path(results).absolute()}: "
            "wait for it, stop it, or search under another name with --name"
        ) from None
    except OSError as problem:
        raise unusable(Path(results).absolute(), problem) from problem
    try:
        yield
    finally:
        lock.release()
