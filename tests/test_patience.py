"""Which refusals of a database pass, and are tried again, and which are told at once."""

import sqlite3

import pytest
import sqlalchemy as sa
from optuna.exceptions import StorageInternalError

from hpsearch.storage.patience import transient


class Refusal(Exception):
    """What a driver of PostgreSQL raises; its code is None where the connection ended without a word."""

    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


def told(kind, original):
    """An error of SQLAlchemy's, wrapped as Optuna wraps it."""
    problem = StorageInternalError("an exception is raised during the commit")
    problem.__cause__ = kind("select", {}, original)
    return problem


@pytest.mark.parametrize(
    "code",
    [
        "57P01",  # the server is stopped
        "57P03",  # it starts
        "08006",  # the connection failed
        "40001",  # two transactions met
        "40P01",  # a deadlock
        "53300",  # no connection is left
        "55P03",  # a lock
        "25006",  # a standby server, which only reads
        None,
    ],
)
def test_a_server_that_is_away_or_in_use_is_tried_again(code):
    assert transient(told(sa.exc.OperationalError, Refusal(code)))


@pytest.mark.parametrize("code", ["28P01", "42P01", "23505", "53100"])  # a password, a table, a key, a full disk
def test_what_stays_refused_is_told_at_once(code):
    assert not transient(told(sa.exc.OperationalError, Refusal(code)))


def test_of_sqlite_a_lock_passes_and_nothing_else_does():
    assert transient(told(sa.exc.OperationalError, sqlite3.OperationalError("database is locked")))
    assert not transient(told(sa.exc.OperationalError, sqlite3.OperationalError("disk I/O error")))


def test_connections_that_are_all_in_use_pass_and_what_is_no_refusal_does_not():
    assert transient(sa.exc.TimeoutError("QueuePool limit"))
    assert not transient(told(sa.exc.ProgrammingError, Refusal(None)))
    assert not transient(ValueError("a fault of the program"))
