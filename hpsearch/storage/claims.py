"""Who writes a study of a database server: told in the database itself, for all machines that share it.

A claim is a system attribute of the study: who holds it, and when the server last heard of them, by the server's own
clock. A thread renews it. It lapses when the server has not heard of its holder for :data:`LAPSE` seconds, and at once
where the holder ran on this machine and is gone. Every write of the holder's looks at the claim in the same
transaction, so a holder who was taken for dead, such as a laptop that slept, writes nothing more.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import optuna
import sqlalchemy as sa

from hpsearch.storage.database import CHECKS, attribute, lock, set_attribute
from hpsearch.storage.holders import Holder, StudyBusyError, busy
from hpsearch.storage.internals import study_id
from hpsearch.storage.patience import patiently

WRITER = "hpsearch:writer"
"""System attribute of a study: the claim of whoever writes it; it is not there when nobody does."""

LAPSE, _BEAT = 30.0, 5.0
"""Seconds without a sign of life after which a claim is void, and between signs."""


class Claim:
    """The right to write one study of a database.

    Attributes:
        token: What tells it from every other claim.
    """

    def __init__(self, engine: sa.Engine, study_id: int, study: str, *, place: str) -> None:
        self._engine, self._study_id, self._study, self._place = engine, study_id, study, place
        self.token = uuid.uuid4().hex

    def take(self) -> None:
        """Take it, if nobody has it or whoever has it is dead.

        Raises:
            StudyBusyError: if another run holds it.
        """
        with self._engine.begin() as connection:
            lock(connection, self._study_id)
            stored, now = attribute(connection, self._study_id, WRITER), _now(connection)
            if stored is not None and stored["token"] != self.token:  # its own, if an answer was lost on the way
                holder, quiet = Holder.read(stored), now - stored["seen"]
                ended = holder.gone or (holder.here and stored["token"] not in _HELD)
                if quiet < LAPSE and not ended:
                    words = f"{holder}, last heard of {max(quiet, 0):.0f} s ago (void after {LAPSE:.0f} s of silence)"
                    raise busy(self._study, self._place, words)
            since = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
            claim = {**asdict(Holder.this()), "since": since, "token": self.token, "seen": now}
            set_attribute(connection, self._study_id, WRITER, claim)

    def check(self, connection: sa.Connection) -> None:
        """Look, in a transaction, whether it is still held.

        Raises:
            StudyBusyError: if it lapsed and another run took it.
        """
        stored = attribute(connection, self._study_id, WRITER)
        if stored is None or stored["token"] != self.token:
            now = "nobody holds it now" if stored is None else f"it is now held by {Holder.read(stored)}"
            raise StudyBusyError(
                f"study {self._study!r} in {self._place} was taken over by another run, for nothing was heard "
                f"of this one for {LAPSE:.0f} s ({now}); this run writes nothing more. What it had stored before stays"
            )

    def renew(self) -> None:
        """Give a sign of life.

        Raises:
            StudyBusyError: if it lapsed and another run took it.
        """
        with self._engine.begin() as connection:
            lock(connection, self._study_id)
            self.check(connection)
            stored = attribute(connection, self._study_id, WRITER)
            set_attribute(connection, self._study_id, WRITER, {**stored, "seen": _now(connection)})

    def release(self) -> None:
        """Give it back, if it is still held."""
        with self._engine.begin() as connection:
            lock(connection, self._study_id)
            self.check(connection)
            set_attribute(connection, self._study_id, WRITER, None)


_HELD: set[str] = set()
"""The tokens of the claims that this process holds: one that it could not give back is not among them."""


@contextlib.contextmanager
def claimed(study: optuna.Study, database: optuna.storages.RDBStorage, *, place: str) -> Iterator[None]:
    """Hold a study of a database server.

    Raises:
        StudyBusyError: if another run holds it.
        StorageError: if the database is away for too long.
    """
    engine, number = database.engine, study_id(study)
    claim = Claim(engine, number, study.study_name, place=place)
    _HELD.add(claim.token)
    try:
        patiently(claim.take, place)
        checks = CHECKS.setdefault(engine, {})
        checks[number] = claim.check
        try:
            with _signs_of_life(claim):
                yield
        finally:
            del checks[number]
            # What is not given back lapses by itself; no error of it may hide what ended the run.
            with contextlib.suppress(StudyBusyError, KeyError, sa.exc.SQLAlchemyError):
                claim.release()
    finally:
        _HELD.discard(claim.token)


@contextlib.contextmanager
def _signs_of_life(claim: Claim) -> Iterator[None]:
    over = threading.Event()

    def keep() -> None:
        while not over.wait(_BEAT):
            # A server that is away, or a claim that is lost, is the next write's matter.
            with contextlib.suppress(StudyBusyError, KeyError, sa.exc.SQLAlchemyError):
                claim.renew()

    thread = threading.Thread(target=keep, name="claim", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _now(connection: sa.Connection) -> float:
    """The server's time in seconds since 1970; what zone a server means does not matter to a difference."""
    now: Any = connection.execute(sa.select(sa.func.current_timestamp())).scalar_one()
    return float((now if now.tzinfo else now.replace(tzinfo=UTC)).timestamp())
