"""Where studies are kept: a hardened Optuna journal file by default, any storage URL on request."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import optuna

from hpsearch.config.shell import typed
from hpsearch.storage.addresses import (
    StorageAddress,
    has_bare_at,
    hide_password,
    journal_path,
    sqlite_file,
    sqlite_url,
    without_secrets,
)
from hpsearch.storage.holders import file_held
from hpsearch.storage.internals import NOT_FOUND, database_of, journal_backend
from hpsearch.storage.journal import JournalFile, StorageError
from hpsearch.storage.studies import quiet_optuna

JOURNAL = "hpsearch.journal"
"""Name of the journal in the results folder; it holds all studies, so one dashboard shows them all."""


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
        raise StorageError(f"cannot open the storage {str(path)!r}: it is not a file; name the journal file itself")
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


def _database(url: str, *, read_only: bool) -> optuna.storages.RDBStorage:
    """A database; for reading no tables are made in it."""
    import sqlalchemy as sa  # takes a moment that a journal need not spend

    from hpsearch.storage.database import Database
    from hpsearch.storage.patience import opened, reason, without_tables

    place = hide_password(url)
    try:
        address = sa.make_url(url)
        if address.drivername in ("postgres", "postgresql"):
            address = address.set(drivername="postgresql+psycopg")
        return opened(lambda: Database(address, place=place, create=not read_only))
    except Exception as problem:
        words, empty = without_secrets(reason(problem), url), read_only and without_tables(problem)
        if "No module named" in words:
            words += " (for PostgreSQL: pip install 'hpsearch[postgres]'"
            words += "; for MySQL: pip install pymysql, and mysql+pymysql://…)" if url.startswith("mysql") else ")"
    # Raised out here, the errors carry nothing of the driver's, in which the password may stand.
    # A file without tables is another program's; a database of a server is without them until the first run.
    if empty and sqlite_file(url) is None:
        raise FileNotFoundError(f"no results in {place}: run `hpsearch search --storage {typed(place)}` first")
    if empty:
        words = "it holds no Optuna tables"
    if has_bare_at(url):
        words += "; an @ in the password is written %40"
    raise StorageError(
        f"cannot open the storage {place!r}: {words}; give a URL that Optuna reads, "
        "such as sqlite:///results.db or postgresql://user@host/name, or the path of a journal"
    )


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
            command = f"hpsearch search --storage {typed(hide_password(storage))}"
            raise FileNotFoundError(f"no results in {path.absolute()}: run `{command}` first")
    return _opened(storage, results=results, read_only=True)


def count_trials(study: str, storage: StorageAddress | None, *, results: str | Path) -> int:
    """Number of trials that a storage holds of a study, which need not be there."""
    try:
        opened = existing_storage(storage, results=results)
        return len(opened.get_all_trials(opened.get_study_id_from_name(study), deepcopy=False))
    except (FileNotFoundError, KeyError):
        return 0


@contextlib.contextmanager
def only_writer(study: str, storage: optuna.storages.BaseStorage, *, results: str | Path) -> Iterator[None]:
    """Hold a study for one run, against every other run that writes to the same storage.

    Of a journal and of an SQLite database a lock beside the file decides, which ends with its holder; of a database
    server a claim in the database (see :mod:`hpsearch.storage.claims`), where the study is made if it is not there. Of
    another kind of storage, runs with the same results folder are kept apart.

    Raises:
        StudyBusyError: if another run holds it.
        StorageError: if the storage cannot be written.
    """
    backend, database = journal_backend(storage), database_of(storage)
    if database is not None and database.engine.dialect.name != "sqlite":
        from hpsearch.storage.claims import claimed

        with quiet_optuna():
            opened = optuna.create_study(study_name=study, storage=storage, load_if_exists=True)
        with claimed(opened, database, place=hide_password(database)), _undeleted(study, storage):
            yield
        return
    folder, key = Path(results).absolute(), study
    if isinstance(backend, JournalFile):
        folder = backend.path.parent
        key = study if backend.path.name == JOURNAL else f"{backend.path.name}:{study}"
    elif database is not None and (path := sqlite_file(database.url)) is not None:
        file = path.resolve()
        folder, key = file.parent, f"{file.name}:{study}"
    with file_held(study, folder, key=key), _undeleted(study, storage):
        yield


@contextlib.contextmanager
def _undeleted(study: str, storage: optuna.storages.BaseStorage) -> Iterator[None]:
    """Say so if another program deletes the study meanwhile, of which Optuna says that a record does not exist."""
    try:
        yield
    except KeyError as problem:
        if problem.args != (NOT_FOUND,) or study in optuna.get_all_study_names(storage):
            raise
        raise StorageError(
            f"study {study!r} was deleted meanwhile, in the dashboard or by another program: the same command, or the "
            "same call, begins it anew"
        ) from problem
