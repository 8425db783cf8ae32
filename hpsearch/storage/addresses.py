"""Addresses of storages: what kind of storage one names, and the same without its password."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, unquote_plus

import optuna

from hpsearch.storage.internals import database_of

StorageAddress: TypeAlias = str | os.PathLike[str] | optuna.storages.BaseStorage
"""Where studies are kept: a URL of Optuna's, the path of a journal of any name, or a storage that is open already."""

_SCHEME = re.compile(r"[A-Za-z][\w+.-]+:")
_SQLITE_FILE = re.compile(r"sqlite(\+\w+)?:///(?P<path>[^?]*)(\?(?P<query>.*))?", re.DOTALL)
_USER_INFO = re.compile(r"(?P<scheme>[\w+.-]+://)(?P<user>[^:/@]*):(?P<password>.*)@", re.DOTALL)
"""As SQLAlchemy reads it, but up to the last @: one that should have been written %40 may be in the password."""

_SECRET = re.compile(r"pass|pwd|secret|token|credential", re.IGNORECASE)
"""In the name of an option that nobody else may read."""

_SQLITE_MAGIC = b"SQLite format 3\0"


def journal_path(address: str | os.PathLike[str]) -> Path | None:
    """The path that an address is, if it names a file that is there or looks like one; None for a URL."""
    if not isinstance(address, str):
        return Path(address)
    path = Path(address)
    if "://" in address or "\0" in address:
        return None
    if path.exists():
        return path
    named = len(path.parts) > 1 or path.suffix != ""
    return path if named and not _SCHEME.match(address) else None


def sqlite_url(path: Path) -> str | None:
    """The URL of a file that is a database of SQLite's, and no journal."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return f"sqlite:///{path.absolute()}" if file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC else None


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL, whatever its options; None for other URLs, and for a database in memory.

    >>> sqlite_file("sqlite:///results.db?timeout=30")
    PosixPath('results.db')
    """
    match = _SQLITE_FILE.fullmatch(url)
    if match is None or match["path"] in ("", ":memory:"):
        return None
    name, options = match["path"], match["query"] or ""
    if name.startswith("file:"):
        if "mode=memory" in options or name == "file::memory:":
            return None
        name = unquote(name.removeprefix("file:")) if "uri=true" in options.lower() else name
    return Path(name)


def hide_password(address: StorageAddress) -> str:
    """An address that may be printed; of an open storage its kind, with its URL if it has one.

    >>> hide_password("postgresql://me:secret@host/db?sslpassword=x")
    'postgresql://me:***@host/db?sslpassword=***'
    """
    if isinstance(address, optuna.storages.BaseStorage):
        database = database_of(address)
        return type(address).__name__ if database is None else hide_password(database.url)
    text = os.fspath(address)
    if _SQLITE_FILE.fullmatch(text) is None:
        text = _USER_INFO.sub(r"\g<scheme>\g<user>:***@", text)
    head, mark, options = text.partition("?")
    return head + mark + "".join(shown for _, shown, _ in _options(options))


def without_secrets(text: str, address: str) -> str:
    """A message about a storage, in which neither its address nor a piece of its password is to be read."""
    text = text.replace(address, hide_password(address))
    for secret in sorted(_secrets(address), key=len, reverse=True):
        if len(secret) < 4 and secret in text:  # it may be part of any word
            return "what the driver says of it may hold the password, and is left out"
        text = text.replace(secret, "***")
    return text


def has_bare_at(url: str) -> bool:
    """Whether there is an @ in the password, at which a driver ends it."""
    match = _USER_INFO.match(url)
    return match is not None and "@" in match["password"]


def _secrets(url: str) -> set[str]:
    """All that must not be read: passwords as they are written and as they are meant, and what an @ makes of them."""
    match = _USER_INFO.match(url) if _SQLITE_FILE.fullmatch(url) is None else None
    passwords = [match["password"]] if match else []
    passwords += [secret for _, _, secret in _options(url.partition("?")[2]) if secret]
    spellings = {way(password) for password in passwords for way in (str, unquote, unquote_plus)}
    return {piece for password in spellings for piece in (password, *re.split(r"[@:/?#&]", password)) if piece}


def _options(text: str) -> list[tuple[str, str, str]]:
    """The options of a URL with their separators: as written, as they may be shown, and the secret, if one."""
    options, secret = [], False
    for part in re.findall(r"[&;]?[^&;]*", text):
        name, mark, value = part.partition("=")
        secret = bool(_SECRET.search(unquote(name))) if mark else secret  # else a & in the password itself
        if not part or not secret:
            options.append((part, part, ""))
        elif mark:
            options.append((part, f"{name}=***", value))
        else:
            options.append((part, f"{part[:1]}***" if part[:1] in "&;" else "***", part.lstrip("&;")))
    return options
