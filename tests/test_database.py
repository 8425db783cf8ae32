"""Finished trials in a database: many in one write, as Optuna itself would have stored them, and each of them once."""

import gc
import math
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import optuna
import pytest
import sqlalchemy as sa
from helpers import study_in
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from hpsearch.storage import database, patience, writing
from hpsearch.storage.access import existing_storage, open_storage
from hpsearch.storage.internals import set_study_attribute
from hpsearch.storage.journal import StorageError
from hpsearch.storage.writing import TrialWriter, add_trials

X = {"x": FloatDistribution(0.0, 1.0)}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request, tmp_path):
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/s.db"
    return request.getfixturevalue("postgres").emptied("tests")


def trial(value):
    return create_trial(params={"x": value / 100}, distributions=X, value=float(value))


def values(url):
    """What plain Optuna reads."""
    engine = {} if url.startswith("sqlite") else {"poolclass": sa.NullPool}
    storage = optuna.storages.RDBStorage(url, engine_kwargs=engine)
    return [t.value for t in optuna.load_study(study_name="s", storage=storage).trials]


def odd_trials():
    """One of each thing that a trial may hold."""
    space = {"c": CategoricalDistribution(["relu", None, 3, True]), "k": IntDistribution(1, 2**40), **X}
    begun = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    everything = create_trial(
        params={"c": "relu", "k": 2**40, "x": 1 / 3},
        distributions=space,
        value=math.inf,
        user_attrs={"text": "ü \0 'quoted' %s :name", "list": [1, {"a": None}]},
        system_attrs={"hpsearch:curves": "y" * 5000},
        intermediate_values={1: math.nan, 2: math.inf, 3: -math.inf, 10: 1e-300},
    )
    everything.datetime_start, everything.datetime_complete = begun, begun.astimezone(UTC) + timedelta(seconds=5)
    return [
        everything,
        create_trial(state=TrialState.PRUNED, value=2.0, params={"c": None}, distributions={"c": space["c"]}),
        create_trial(state=TrialState.PRUNED),
        create_trial(state=TrialState.FAIL, params={"x": 0.0}, distributions=X),
        create_trial(value=-math.inf),
        trial(7),
    ]


def told(study):
    rows = []
    for t in study.trials:
        times = [moment and moment.timestamp() for moment in (t.datetime_start, t.datetime_complete)]
        holds = [t.params, t.distributions, t.user_attrs, t.system_attrs, repr(t.intermediate_values)]
        rows.append((t.number, t.state, t.values, holds, times))
    return rows


def test_trials_stored_together_are_those_that_optuna_stores_one_by_one(url):
    storage, trials = open_storage(url), odd_trials()
    ours, theirs = (optuna.create_study(study_name=name, storage=storage) for name in ("ours", "theirs"))
    theirs.add_trials(trials)
    add_trials(ours, trials[:2])
    ours.add_trial(trials[2])
    add_trials(ours, trials[3:])
    assert told(ours) == told(theirs)
    again = existing_storage(url)
    stored = [told(optuna.load_study(study_name=name, storage=again)) for name in ("ours", "theirs")]
    assert stored[0] == stored[1]
    assert stored[0][0][3][0] == {"c": "relu", "k": 2**40, "x": 1 / 3}


def test_several_objectives_are_stored_in_their_order(url):
    study = optuna.create_study(study_name="s", storage=open_storage(url), directions=["minimize", "maximize"])
    add_trials(study, [create_trial(values=[1.0, math.inf]), create_trial(values=[-2.5, 3.0])])
    again = optuna.load_study(study_name="s", storage=existing_storage(url))
    assert [t.values for t in again.trials] == [[1.0, math.inf], [-2.5, 3.0]]


@pytest.mark.parametrize("early", [0, 1])
def test_a_trial_that_does_not_fit_refuses_its_whole_batch(url, early):
    study = study_in(open_storage(url), trials=early)
    other = create_trial(params={"x": "a"}, distributions={"x": CategoricalDistribution(["a", "b"])}, value=0.0)
    with pytest.raises(ValueError, match="Cannot set different distribution kind"):
        add_trials(study, [trial(1), other])
    contradictory = trial(1)
    contradictory.params = {"y": 1}
    with pytest.raises(ValueError, match="Inconsistent parameters"):
        add_trials(study, [trial(1), contradictory])
    assert values(url) == [0.0] * early


def test_a_batch_of_one_name_is_stored_once(url):
    study = study_in(open_storage(url), trials=0)
    for name in ("a", "a", "b", "b"):
        add_trials(study, [trial(1), trial(2)], batch=name)
    assert values(url) == [1.0, 2.0, 1.0, 2.0]


def lose_the_answer(monkeypatch, times=1):
    """The connection ends after what is written has arrived and before that is told."""
    whole, calls = database.store, []

    def store(engine, study_id, trials, *, batch):
        whole(engine, study_id, trials, batch=batch)
        calls.append(batch)
        if len(calls) <= times:
            raise sa.exc.OperationalError("COMMIT", {}, Exception("gone"), connection_invalidated=True)

    monkeypatch.setattr(database, "store", store)
    monkeypatch.setattr(patience, "_PAUSES", (0.01, 0.05))
    return calls


def write(study, *trials):
    with TrialWriter(study) as writer:
        writer.add(*trials)
        writer.write_if_due()


def test_a_batch_whose_answer_was_lost_is_not_stored_twice(url, monkeypatch, caplog):
    calls = lose_the_answer(monkeypatch, times=2)
    write(study_in(open_storage(url), trials=0), trial(1), trial(2))
    assert (len(calls), len(set(calls))) == (3, 1)
    assert values(url) == [1.0, 2.0]
    assert "does not answer (gone): trying again for 60 s" in caplog.text


def test_ctrl_c_while_a_server_is_away_ends_the_wait_and_the_last_write_stores_each_trial_once(url, monkeypatch):
    lose_the_answer(monkeypatch)
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(patience.time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        write(study_in(open_storage(url), trials=0), trial(1))
    monkeypatch.undo()
    assert len(waits) == 1
    assert values(url) == [1.0]


def test_a_stop_right_after_a_batch_arrived_does_not_store_it_twice(url, monkeypatch):
    whole, batches = database.store, []

    def store(*arguments, batch):
        whole(*arguments, batch=batch)
        batches.append(batch)
        if len(batches) == 1:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(database, "store", store)
    with pytest.raises(KeyboardInterrupt):
        write(study_in(open_storage(url), trials=0), trial(1))
    assert batches == [batches[0]] * 2
    assert values(url) == [1.0]


def test_a_storage_that_stays_away_is_an_error_after_a_while_and_the_end_waits_no_second_time(
    monkeypatch, tmp_path, caplog
):
    study, waits = study_in(open_storage(f"sqlite:///{tmp_path}/s.db"), trials=0), []
    clock = SimpleNamespace(sleep=waits.append, monotonic=lambda: sum(waits))
    tries = lose_the_answer(monkeypatch, times=1000)
    monkeypatch.setattr(patience, "PATIENCE", 0.3)
    monkeypatch.setattr(patience, "time", clock)
    with pytest.raises(StorageError, match="does not answer: gone; tried again for 0 s"):
        write(study, trial(1))
    assert waits == [0.01, 0.02, 0.04, 0.05, 0.05, 0.05, 0.05]
    assert len(tries) == len(waits) + 2  # the first try, and one at the end
    assert caplog.text.count("trying again for 0 s") == 1


def test_what_no_waiting_mends_is_an_error_at_once(tmp_path, monkeypatch):
    study = study_in(open_storage(f"sqlite:///{tmp_path}/s.db"), trials=0)
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: pytest.fail("it waited"))
    with sa.create_engine(f"sqlite:///{tmp_path}/s.db").begin() as connection:
        connection.execute(sa.text("DROP TABLE trial_values"))
    with pytest.raises(StorageError, match="refused a write or a read: no such table: trial_values; what was stored"):
        add_trials(study, [trial(1)])


def test_a_locked_file_is_waited_for(tmp_path, monkeypatch):
    path, waits = tmp_path / "s.db", []
    study = study_in(open_storage(f"sqlite:///{path}?timeout=0"), trials=0)
    other = sa.create_engine(f"sqlite:///{path}").connect()
    other.execute(sa.text("BEGIN IMMEDIATE"))
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: (waits.append(seconds), other.close()))
    add_trials(study, [trial(1)])
    set_study_attribute(study, "a", 1)
    assert waits == [0.1]
    assert values(f"sqlite:///{path}") == [1.0]


def test_nobody_writes_between_the_count_of_trials_and_the_new_ones(tmp_path):
    path, tries = tmp_path / "s.db", []
    storage = open_storage(f"sqlite:///{path}")

    def meanwhile(connection, cursor, statement, *rest):
        if "count(" in statement:
            with closing(sqlite3.connect(path, timeout=0)) as other:
                with pytest.raises(sqlite3.OperationalError) as refused:
                    other.execute("BEGIN IMMEDIATE")
                tries.append(str(refused.value))

    sa.event.listen(storage.engine, "before_cursor_execute", meanwhile)
    add_trials(study_in(storage, trials=0), [trial(1)])
    assert tries == ["database is locked"]


def test_two_writers_at_once_number_their_trials_without_gap_or_double(url):
    one, other = (study_in(open_storage(url), trials=0) for _ in range(2))
    for i in range(3):
        add_trials(one, [trial(i), trial(10 + i)])
        add_trials(other, [trial(20 + i)])
        other.add_trial(trial(30 + i))
    again = optuna.load_study(study_name="s", storage=existing_storage(url)).trials
    assert [t.number for t in again] == list(range(12))
    assert told(one) == told(other)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_runs_that_begin_at_once_make_the_tables_once(kind, tmp_path, request):
    url = f"sqlite:///{tmp_path}/s.db"
    if kind == "postgres":
        url = request.getfixturevalue("postgres").new_database("fresh")
    code = f"from hpsearch.storage.access import open_storage; open_storage({url!r}).get_all_studies()"
    runs = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(6)]
    assert [(run.communicate()[1], run.returncode) for run in runs] == [("", 0)] * 6


@pytest.mark.slow
def test_a_database_closes_its_connections(postgres):
    url = postgres.new_database("closed")
    study_in(open_storage(url))
    gc.collect()
    counted = postgres.do("SELECT count(*) FROM pg_stat_activity WHERE datname = 'closed'")
    assert counted == [(0,)]


@pytest.mark.slow
def test_a_url_may_hold_what_a_format_or_a_configuration_file_would_read_as_its_own(postgres):
    postgres.new_database("a{b}%c")
    url = postgres.url("a%7Bb%7D%25c")
    study_in(open_storage(url))
    assert len(optuna.load_study(study_name="s", storage=existing_storage(url)).trials) == 3


def test_a_trial_that_another_kind_of_database_refuses_is_an_error_with_its_words(tmp_path, monkeypatch):
    """As MySQL does, whose texts end at 64 KB, and whose trials are stored by Optuna itself."""
    study = study_in(open_storage(f"sqlite:///{tmp_path}/s.db"), trials=1)
    monkeypatch.setattr(writing, "_KNOW_BATCHES", ())
    add_trials(study, study.trials)
    assert [trial.value for trial in study.get_trials()] == [0.0, 0.0]

    def refuse(trials):
        long = sa.exc.DataError("INSERT ...", {"value": "x"}, Exception(1406, "Data too long for column"))
        raise optuna.exceptions.StorageInternalError from long

    monkeypatch.setattr(study, "add_trials", refuse)
    with pytest.raises(
        StorageError, match=r"s\.db refused a write or a read: \(1406, 'Data too long for column'\); what"
    ):
        add_trials(study, study.trials)


def test_a_database_of_mysql_that_holds_nothing_is_known_by_its_number():
    for number, words, nothing in ((1146, "Table 'a.b' doesn't exist", True), (1049, "Unknown database 'a'", False)):
        assert patience.without_tables(sa.exc.ProgrammingError("", {}, Exception(number, words))) is nothing


def test_without_a_driver_of_mysql_its_package_is_named():
    with pytest.raises(
        StorageError, match=r"No module named 'MySQLdb' \(.*for MySQL: pip install pymysql, and mysql\+"
    ):
        open_storage("mysql://me:secret@host/name")
