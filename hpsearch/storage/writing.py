"""Finished trials on their way into a storage: some at a time, each once, whatever stops the process or the storage."""

from __future__ import annotations

import contextlib
import math
import time
import uuid
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import optuna
from optuna.exceptions import StorageInternalError
from optuna.trial import FrozenTrial

from hpsearch.engine.signals import stops_later
from hpsearch.storage.addresses import hide_password
from hpsearch.storage.internals import database_of, journal_backend, read_anew, storage_of, study_id
from hpsearch.storage.journal import JournalFile, StorageError

_KNOW_BATCHES = ("postgresql", "sqlite")
"""Dialects that tell the numbers of many rows that are inserted at once, as :func:`hpsearch.storage.database.store`
needs them."""

_WRITTEN_TOGETHER = 64
_SECONDS_BETWEEN_WRITES = 1.0
"""Finished trials are written when there are so many of them, or after so long: a kill loses no more."""


def add_trials(
    study: optuna.Study, trials: Sequence[FrozenTrial], *, batch: str | None = None, patience: float | None = None
) -> None:
    """Store finished trials, all in one write where the storage is a journal, an SQLite or a PostgreSQL database.

    Args:
        study: In its storage.
        trials: Finished.
        batch: A name for these trials, to try again by: of one name they are stored once, whatever became of earlier
            tries. Only SQLite and PostgreSQL databases know it.
        patience: Seconds for which such a database is tried again where it does not answer;
            :data:`hpsearch.storage.patience.PATIENCE` by default.

    Raises:
        StorageError: if they cannot be written; the storage then holds none of them, and may be tried again.
        StudyBusyError: if another run has taken the study over meanwhile.
    """
    if not trials:
        return
    storage = storage_of(study)
    backend, database = journal_backend(storage), database_of(storage)
    if database is not None and _knows_batches(database):
        _add_batch(study, database, trials, batch=batch or uuid.uuid4().hex, patience=patience)
        return
    with stops_later():
        if database is not None:
            _add_one_by_one(study, database, trials)
        elif isinstance(backend, JournalFile):
            try:
                with backend.together():
                    study.add_trials(trials)
            except BaseException:
                read_anew(storage)
                raise
        else:
            study.add_trials(trials)


def _add_batch(
    study: optuna.Study,
    database: optuna.storages.RDBStorage,
    trials: Sequence[FrozenTrial],
    *,
    batch: str,
    patience: float | None,
) -> None:
    from hpsearch.storage.database import store  # SQLAlchemy is slow to import
    from hpsearch.storage.patience import patiently

    def attempt() -> None:
        with stops_later():  # and not while a server that is away is waited for, which takes long
            store(database.engine, study_id(study), trials, batch=batch)

    patiently(attempt, hide_password(database), patience=patience)


def _add_one_by_one(study: optuna.Study, database: optuna.storages.RDBStorage, trials: Sequence[FrozenTrial]) -> None:
    """As Optuna does it, each in a transaction; not tried again, for one whose answer was lost would be there twice."""
    import sqlalchemy as sa  # slow to import

    from hpsearch.storage.patience import refused

    try:
        study.add_trials(trials)
    except (StorageInternalError, sa.exc.SQLAlchemyError) as problem:
        raise refused(hide_password(database), problem) from problem


class TrialWriter:
    """Stores finished trials some at a time; as a context manager it stores the rest at the end, whatever happens.

    Trials whose write failed still wait, and the next write takes them.
    """

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._waiting: list[FrozenTrial] = []
        self._batch: tuple[str, int] | None = None  # name and size of one whose fate is not known
        self._written = -math.inf  # the first trial is written at once

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write(patience=0.0 if isinstance(problem, StorageError) else None)  # it was waited for

    def add(self, *trials: FrozenTrial) -> None:
        """Take trials, to be written with their neighbours in the order in which they come."""
        self._waiting += trials

    def write_if_due(self) -> None:
        """Write what waits, if that is enough or has waited long enough.

        Raises:
            StorageError: if it cannot be written.
            StudyBusyError: if another run has taken the study over meanwhile.
        """
        late = time.monotonic() - self._written >= _SECONDS_BETWEEN_WRITES
        if len(self._waiting) >= _WRITTEN_TOGETHER or late:
            self._write()

    def _write(self, *, patience: float | None = None) -> None:
        storage = storage_of(self._study)
        named = _knows_batches(database_of(storage))
        together = named or isinstance(journal_backend(storage), JournalFile)
        while self._waiting:
            # Where a batch is known by its name, a server that is away may be waited for. Elsewhere no stop may come
            # between storing trials and forgetting them, or they would be stored twice.
            with contextlib.nullcontext() if named else stops_later():
                self._batch = self._batch or (uuid.uuid4().hex, len(self._waiting) if together else 1)
                name, count = self._batch
                add_trials(self._study, self._waiting[:count], batch=name, patience=patience)
                with stops_later():
                    del self._waiting[:count]
                    self._batch = None
        self._written = time.monotonic()


def _knows_batches(database: optuna.storages.RDBStorage | None) -> bool:
    return database is not None and database.engine.dialect.name in _KNOW_BATCHES
