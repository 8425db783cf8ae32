"""Addresses of storages: what is shown of them, and which file they name."""

import sqlite3
import traceback
from pathlib import Path

import optuna
import pytest
from helpers import study_in

from hpsearch import load
from hpsearch.storage.access import existing_storage, open_storage
from hpsearch.storage.addresses import hide_password, journal_path, sqlite_file, without_secrets
from hpsearch.storage.journal import StorageError

SECRETS = ("s3cr", "t99", "hunter")
URLS = {
    "nodriver://me:s3cr-t99@host/db": "nodriver://me:***@host/db",
    "nodriver://me:s3cr%40t99@host:5432/db": "nodriver://me:***@host:5432/db",
    "nodriver://me:s3cr@t99@host/db": "nodriver://me:***@host/db",
    "nodriver://me:s3cr/t99@host/db": "nodriver://me:***@host/db",
    "nodriver://me:s3cr?t99#hunter@host/db": "nodriver://me:***@host/db",
    "nodriver://me:s3cr:t99@host:noport/db": "nodriver://me:***@host:noport/db",
    "nodriver://me:t99@h:s3cr@host/db": "nodriver://me:***@host/db",  # the driver takes s3cr@host for the port
    "nodriver://:s3cr@host/db": "nodriver://:***@host/db",
    "nodriver://host/db?user=me&password=s3cr&x=1": "nodriver://host/db?user=me&password=***&x=1",
    "nodriver://host/db?Pass%77ord=s3cr&t99": "nodriver://host/db?Pass%77ord=***&***",
    "nodriver://me@host/db?sslpassword=s3cr;token=t99": "nodriver://me@host/db?sslpassword=***;token=***",
    "sqlite:////no/me@home:x/s.db?timeout=5": "sqlite:////no/me@home:x/s.db?timeout=5",
    "sqlite:////no/s.db?password=hunter": "sqlite:////no/s.db?password=***",
}


@pytest.mark.parametrize(("url", "shown"), URLS.items())
def test_a_password_is_shown_nowhere_however_it_is_written(url, shown):
    assert hide_password(url) == shown
    with pytest.raises(StorageError) as refused:
        open_storage(url)
    told = "".join(traceback.format_exception(refused.value, chain=True))
    told = told.replace(f'open_storage("{url}")', "") + repr(refused.value) + repr(refused.value.__context__)
    assert repr(shown) in told
    assert not any(secret in told for secret in SECRETS)


def test_an_at_sign_in_the_password_is_named_as_what_to_change():
    with pytest.raises(StorageError, match="an @ in the password is written %40"):
        open_storage("nodriver://me:s3cr@t99@host/db")


def test_what_a_driver_says_of_a_password_is_left_out():
    url = "postgresql://me:s3cr@t99word@host/db"
    assert without_secrets('cannot resolve "t99word@host"', url) == 'cannot resolve "***@host"'
    assert without_secrets("user s3cr%40t", "x://u:s3cr%2540t@h") == "user ***"
    assert without_secrets(f"refused: {url}", url) == "refused: postgresql://me:***@host/db"
    assert "left out" in without_secrets("no host ab", "x://me:ab@h")  # so short that it is part of many words
    assert without_secrets("no host", "x://me:ab@h") == "no host"


@pytest.mark.filterwarnings("ignore:Query string argument")
def test_of_an_open_storage_its_kind_is_shown_and_its_url_without_password(tmp_path):
    assert hide_password(optuna.storages.InMemoryStorage()) == "InMemoryStorage"
    assert hide_password(tmp_path / "a.log") == str(tmp_path / "a.log")
    url = f"sqlite:///{tmp_path}/s.db?password=hunter"
    assert hide_password(optuna.storages.RDBStorage(url)) == f"sqlite:///{tmp_path}/s.db?password=***"


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///x.db", "x.db"),
        ("sqlite:////a/x.db?timeout=30&cache=shared", "/a/x.db"),
        ("sqlite+pysqlite:///x.db", "x.db"),
        ("sqlite:///file:/a/x%20y.db?mode=ro&uri=true", "/a/x y.db"),
        ("sqlite:///:memory:", None),
        ("sqlite:///file:x?mode=memory&uri=true", None),
        ("sqlite://", None),
        ("postgresql://host/x.db", None),
    ],
)
def test_the_file_of_an_sqlite_url_is_found_whatever_its_options(url, file):
    assert sqlite_file(url) == (None if file is None else Path(file))


@pytest.mark.parametrize("name", ["any.log", "no suffix", "folder/with.two.dots", "x.db"])
def test_a_journal_of_any_name_is_written_and_read(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    address = name if "." in name else Path(name)
    study_in(open_storage(address))
    plain = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(tmp_path / name)))
    for storage in (name, tmp_path / name, str(tmp_path / name), plain):
        assert len(load("s", storage=storage).trials) == 3


def test_every_open_storage_is_read_as_it_is():
    storage = optuna.storages.InMemoryStorage()
    study_in(storage)
    assert load("s", storage=storage).best.number == 0


def test_a_journal_whose_choices_are_lists_is_read_without_a_word(tmp_path):
    path = tmp_path / "lists.log"
    study = optuna.create_study(study_name="s", storage=open_storage(path))
    with pytest.warns(UserWarning, match="Choices for a categorical"):
        study.optimize(lambda trial: len(trial.suggest_categorical("c", [[1], [1, 2]])), n_trials=2)
    assert set(load("s", storage=path).trials["c"]) <= {"[1]", "[1, 2]"}


@pytest.mark.parametrize("options", ["", "?timeout=30", "?timeout=30&check_same_thread=false"])
def test_an_sqlite_database_is_read_and_written_with_its_options_or_by_its_path(options, tmp_path):
    url = f"sqlite:///{tmp_path}/s.db{options}"
    study_in(open_storage(url))
    for storage in (url, tmp_path / "s.db", f"sqlite:///file:{tmp_path}/s.db?mode=ro&uri=true"):
        assert len(load("s", storage=storage).trials) == 3


def test_what_is_no_storage_is_refused_and_left_as_it_is(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n3,4", encoding="utf-8")  # its last line looks torn
    database = tmp_path / "other.db"
    with sqlite3.connect(database) as connection:
        connection.execute("create table mine (a)")
    for opened in (open_storage, existing_storage):
        with pytest.raises(StorageError, match=r"table\.csv is not an Optuna journal: line 1 is no record"):
            opened(table)
        with pytest.raises(StorageError, match="it is not a file; name the journal file itself"):
            opened(tmp_path)
    with pytest.raises(StorageError, match="holds no Optuna tables"):
        existing_storage(f"sqlite:///{database}?timeout=3")
    assert table.read_text(encoding="utf-8") == "a,b\n1,2\n3,4"
    with sqlite3.connect(database) as connection:
        assert connection.execute("select name from sqlite_master").fetchall() == [("mine",)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.db", "table.csv"]


def test_where_there_is_nothing_to_read_the_command_is_shown_without_the_password(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"run `hpsearch search --storage .*password=\*\*\*.*` first"):
        existing_storage(f"sqlite:///{tmp_path}/none.db?password=hunter")
    with pytest.raises(FileNotFoundError, match=r"no log: run `hpsearch search --storage '/.*/no log'` first"):
        existing_storage(tmp_path / "no log")
    assert journal_path("nonsense") is None
    assert list(tmp_path.iterdir()) == []
