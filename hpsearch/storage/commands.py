"""Commands to type that mean a study where it is stored."""

from __future__ import annotations

import os
from pathlib import Path

from optuna.storages import BaseStorage

from hpsearch.config.shell import typed
from hpsearch.storage.access import JOURNAL
from hpsearch.storage.addresses import hide_password
from hpsearch.storage.internals import database_of, journal_backend
from hpsearch.storage.journal import JournalFile


def options_of(storage: BaseStorage) -> tuple[str, ...]:
    """The options of a command that name a storage; none for the journal of the folder ``results`` here."""
    backend = journal_backend(storage)
    if isinstance(backend, JournalFile):
        folder = os.path.relpath(backend.path.parent)
        folder = str(backend.path.parent) if folder.startswith(os.pardir) else folder
        if backend.path.name != JOURNAL:
            return "--storage", str(backend.path)
        return () if folder == "results" else ("--results", folder)
    return () if database_of(storage) is None else ("--storage", hide_password(storage))


def place_of(storage: BaseStorage) -> str | None:
    """A storage as an argument of a command: its URL, or the path of its journal; None for one that none can open."""
    match options_of(storage):
        case "--storage", place:
            return place
        case "--results", folder:
            return str(Path(folder) / JOURNAL)
    return str(Path("results") / JOURNAL) if isinstance(journal_backend(storage), JournalFile) else None


def options_for(storage: str | None, results: str | Path) -> tuple[str, ...]:
    """The same, from a storage URL, or None for the journal in a folder of results."""
    place = () if Path(results) == Path("results") else ("--results", str(results))
    return place if storage is None else ("--storage", hide_password(storage), *place)


def command(verb: str, study: str, *options: str) -> str:
    """A command on a study, as a shell takes it.

    >>> command("survey", "my study", "--base", "16")
    "hpsearch survey 'my study' --base 16"
    """
    return typed("hpsearch", verb, study, *options)


def make(verb: str, study: str | None, *options: str, **settings: int) -> str:
    """The same by ``make`` where the working folder is this project's, with what ``make`` takes: a name and settings.

    >>> make("survey", "digits", "--results", "other", base=16)
    'hpsearch survey digits --base 16 --results other'
    """
    if options or not in_project():
        words = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
        return typed("hpsearch", verb, *([] if study is None else [study]), *words, *options)
    variables = ({} if study is None else {"study": study}) | settings
    return " ".join(["make", verb, *(f"{name.upper()}={typed(str(value))}" for name, value in variables.items())])


def in_project() -> bool:
    """Whether the working folder has this project's Makefile, as one where the package is installed has not."""
    return os.path.isfile("Makefile") and b"hpsearch" in Path("Makefile").read_bytes()
