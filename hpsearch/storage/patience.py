"""A database that is away for a while, asked again: what passes and what does not, how long, and what is said of it."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

import optuna
import sqlalchemy as sa

from hpsearch.storage.journal import StorageError

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which a storage that does not answer is tried again."""

_PAUSES = (0.1, 5.0)
"""Seconds between tries: the first, doubled from try to try until the second."""

_TRANSIENT = {"53300", "55P03", "25006"}
"""PostgreSQL's codes of what passes, besides whole classes: no connection is left, a lock, a server that only reads."""

_TRANSIENT_CLASSES = ("08", "40", "57")
"""Classes of PostgreSQL's codes: a connection that ended, a deadlock, a server that stops or starts."""

_NO_TABLE = {"42P01", 1146}
"""PostgreSQL's code of a table that is not there, and the number of MySQL and MariaDB."""

log = logging.getLogger("hpsearch.storage")


def options(url: sa.URL) -> dict[str, Any]:
    """What a server's connections need: few of them, each tried before use, none that waits for a dead network."""
    if url.get_backend_name() == "sqlite":
        return {}
    waits = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    waits["tcp_user_timeout"] = 20_000
    defaults = {name: value for name, value in waits.items() if name not in url.query}
    connect = defaults if url.get_driver_name() in ("psycopg", "psycopg2") else {}
    return {"pool_size": 2, "max_overflow": 2, "pool_pre_ping": True, "connect_args": connect}


def transient(problem: BaseException) -> bool:
    """Whether a database that refused may accept the same a moment later."""
    refusal = _refusal(problem)
    if refusal is None:
        return isinstance(problem, sa.exc.TimeoutError)  # every connection of the pool is in use
    code = getattr(refusal.orig, "sqlstate", None)
    if code:
        return code in _TRANSIENT or code[:2] in _TRANSIENT_CLASSES
    if isinstance(refusal.orig, sqlite3.Error):
        return "locked" in str(refusal.orig)
    return refusal.connection_invalidated or isinstance(refusal, sa.exc.OperationalError | sa.exc.InterfaceError)


def reason(problem: BaseException) -> str:
    """The database's own words, in one line, without the statement and its values."""
    cause: BaseException | None = _refusal(problem)
    if isinstance(cause, sa.exc.DBAPIError):
        return " ".join(str(cause.orig).split())
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return " ".join(str(problem).split()) or type(problem).__name__


def without_tables(problem: BaseException) -> bool:
    """Whether a database was refused for it holds no table of Optuna's."""
    refusal = _refusal(problem)
    if refusal is None:
        return False
    codes = {getattr(refusal.orig, "sqlstate", None), *getattr(refusal.orig, "args", ())[:1]}
    return not codes.isdisjoint(_NO_TABLE) or "no such table" in str(refusal.orig)


def opened(connect: Callable[[], T]) -> T:
    """Connect; again where the server ended the connection on the way, or another run was making the tables meanwhile.

    A name, a port or a password that is wrong is told at once.
    """
    for pause in (0.1, 0.2, 0.4, 0.8, 1.6):
        try:
            return connect()
        except (optuna.exceptions.StorageInternalError, sa.exc.SQLAlchemyError) as problem:
            refusal = _refusal(problem)
            ended = str(getattr(refusal and refusal.orig, "sqlstate", None)).startswith("57")
            made = isinstance(refusal, sa.exc.IntegrityError) or "already exists" in reason(problem)
            if not ended and not made:
                raise
        time.sleep(pause)
    return connect()


def _refusal(problem: BaseException) -> sa.exc.DBAPIError | None:
    """The database's own error behind one of Optuna's."""
    cause: BaseException | None = problem
    while cause is not None and not isinstance(cause, sa.exc.DBAPIError):
        cause = cause.__cause__ or cause.__context__
    return cause


def refused(place: str, problem: BaseException) -> StorageError:
    """What to tell of a database that takes or gives something not, now or later."""
    return StorageError(f"the storage {place} refused a write or a read: {reason(problem)}; what was stored stays")


def patiently(action: Callable[[], T], place: str, *, patience: float | None = None) -> T:
    """Do what may be repeated, again while the database is away.

    Args:
        action: Without effect where it fails, or without another where it is repeated.
        place: The storage, as it may be printed.
        patience: Seconds after which no try begins any more; :data:`PATIENCE` by default.

    Raises:
        StorageError: if the database is away for longer, or cannot be written at all.
    """
    patience = PATIENCE if patience is None else patience
    end, pause = time.monotonic() + patience, _PAUSES[0]
    while True:
        try:
            return action()
        except (optuna.exceptions.StorageInternalError, sa.exc.SQLAlchemyError) as problem:
            if not transient(problem):
                raise refused(place, problem) from problem
            if time.monotonic() + pause > end:
                raise StorageError(
                    f"the storage {place} does not answer: {reason(problem)}; tried again for {patience:.0f} s. "
                    "What was stored stays: see that the server runs, then go on with the same command"
                ) from problem
            if pause == _PAUSES[0]:
                log.warning(
                    "the storage %s does not answer (%s): trying again for %.0f s", place, reason(problem), patience
                )
        time.sleep(pause)
        pause = min(2 * pause, _PAUSES[1])
