"""Where studies are kept: a hardened Optuna journal file by default, any storage URL on request."""

from __future__ import annotations

import contextlib
import hashlib
import math
import shlex
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import optuna
from filelock import FileLock, Timeout

from hpsearch.storage.addresses import (
    StorageAddress,
    has_bare_at,
    hide_password,
    journal_path,
    sqlite_file,
    sqlite_url,
    without_secrets,
)
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


def open_storage(
    storage: StorageAddress | None = None, *, results: str | Path = "results"
) -> optuna.storages.BaseStorage:
    """Open the storage of all studies.

    Args:
        storage: An Optuna storage URL, the path of a journal, a storage that is open already, or None for the journal
            file in ``results``.
        results: Folder of the journal.

    Raises:
        StorageError: if it cannot be opened.
    """
    return _opened(storage, results=results, read_only=False)


def _opened(storage: StorageAddress | None, *, results: str | Path, read_only: bool) -> optuna.storages.BaseStorage:
    if isinstance(storage, optuna.storages.BaseStorage):
        return storage
    path = Path(results) / JOURNAL if storage is None else journal_path(storage)
    if path is None:
        return _database(str(storage), read_only=read_only)
    if storage is not None and (url := sqlite_url(path)):
        return _database(url, read_only=read_only)
    return _journal(path, read_only=read_only)


def _journal(path: Path, *, read_only: bool) -> optuna.storages.JournalStorage:
    if path.exists() and not path.is_file():
        raise StorageError(f"cannot open the storage {str(path)!r}: it is no file; name the journal itself")
    journal = JournalFile(path, read_only=read_only)
    try:
        with warnings.catch_warnings():  # whoever wrote a list among the choices was told, and reading is no fault
            warnings.filterwarnings("ignore", "Choices for a categorical distribution", UserWarning)
            return optuna.storages.JournalStorage(journal)
    except StorageError:
        raise
    except OSError as problem:
        raise StorageError(f"cannot read {path}: {problem.strerror or problem}") from problem
    except Exception:  # a record that Optuna cannot make sense of
        pass
    raise journal.damage(line=journal.lines_read)


def _database(url: str, *, read_only: bool) -> optuna.storages.BaseStorage:
    """A database; for reading no tables are made in it."""
    try:
        return optuna.storages.RDBStorage(url, skip_table_creation=read_only)
    except Exception as problem:
        reason = _reason(problem)
    if read_only and "version_info" in reason:
        reason = "it holds no tables of Optuna's"
    reason = without_secrets(reason, url)
    if has_bare_at(url):
        reason += "; an @ in the password is written %40"
    # Raised out here, the error carries nothing of the driver's, in which the password may stand.
    raise StorageError(
        f"cannot open the storage {hide_password(url)!r}: {reason}; give a URL that Optuna reads, "
        "such as sqlite:///results.db or postgresql+psycopg://user@host/name, or the path of a journal"
    )


def _reason(problem: BaseException) -> str:
    """The first line of what lies behind a problem."""
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return next(iter(str(problem).splitlines()), type(problem).__name__)


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


def existing_storage(storage: StorageAddress | None, *, results: str | Path = "results") -> optuna.storages.BaseStorage:
    """Open a storage for reading, creating nothing.

    Args:
        storage: As of :func:`open_storage`.
        results: Folder of the journal.

    Raises:
        FileNotFoundError: if there are no results yet.
        StorageError: if it cannot be opened.
    """
    if storage is None and not (Path(results) / JOURNAL).exists():
        raise FileNotFoundError(
            f"no results in {Path(results).absolute()}: run `hpsearch search` first, "
            "or name the folder with --results (results=) or the storage with --storage (storage=)"
        )
    if storage is not None and not isinstance(storage, optuna.storages.BaseStorage):
        path = journal_path(storage) or sqlite_file(str(storage))
        if path is not None and not path.exists():
            command = f"hpsearch search --storage {shlex.quote(hide_password(storage))}"
            raise FileNotFoundError(f"no results in {path.absolute()}: run `{command}` first")
    return _opened(storage, results=results, read_only=True)


def count_trials(study: str, storage: StorageAddress | None, *, results: str | Path) -> int:
    """Number of trials that a storage holds of a study, which need not be there."""
    try:
        opened = existing_storage(storage, results=results)
        return len(opened.get_all_trials(opened.get_study_id_from_name(study), deepcopy=False))
    except (FileNotFoundError, KeyError):
        return 0


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
