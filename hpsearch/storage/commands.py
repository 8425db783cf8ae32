"""Commands to type that mean a study where it is stored."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from optuna.storages import BaseStorage, RDBStorage

from hpsearch.storage.access import JOURNAL
from hpsearch.storage.addresses import hide_password
from hpsearch.storage.internals import journal_backend
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
    if isinstance(backend, RDBStorage):  # behind Optuna's cache
        storage = backend
    return ("--storage", hide_password(storage.url)) if isinstance(storage, RDBStorage) else ()


def options_for(storage: str | None, results: str | Path) -> tuple[str, ...]:
    """The same, from a storage URL, or None for the journal in a folder of results."""
    place = () if Path(results) == Path("results") else ("--results", str(results))
    return place if storage is None else ("--storage", hide_password(storage), *place)


def command(verb: str, study: str, *options: str) -> str:
    """A command on a study, as a shell takes it.

    >>> command("survey", "my study", "--base", "16")
    "hpsearch survey 'my study' --base 16"
    """
    return shlex.join(["hpsearch", verb, study, *options])


def make(verb: str, study: str, *options: str) -> str:
    """The same by ``make``, which takes a study's name alone: with options it is the command itself.

    >>> make("survey", "digits"), make("survey", "digits", "--results", "other")
    ('make survey STUDY=digits', 'hpsearch survey digits --results other')
    """
    return command(verb, study, *options) if options else f"make {verb} STUDY={shlex.quote(study)}"
