"""Files written whole or not at all, under names that stay in their folder; what to tell where one cannot be."""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import secrets
import stat
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_CURES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space, or choose another place"),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "give yourself the permission, or choose another place"),
    errno.EROFS: "what is mounted there is read-only: choose another place",
    errno.EISDIR: "a folder has this name: move it away, or choose another name",
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), "a file stands where a folder should: choose another place"),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "fewer --workers need fewer; `ulimit -n 4096` allows more"),
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOENT: "the folder is not there, or not any more",
}
"""What to do, by the system's cause."""

_PART = ".partial"
"""Ends the name of a file that is being written."""


class FileError(OSError):
    """A file cannot be written, or not be read; the message names its path, the cause and what to do."""


def blamed(path: str | Path, problem: OSError | ValueError, *, doing: str = "write") -> FileError:
    """The error to raise for what the system said of a path.

    Args:
        path: Of the file or folder.
        problem: What the system raised; an error that names its path already is given back.
        doing: What could not be done: "write" or "read".
    """
    if isinstance(problem, FileError):
        return problem
    cause = (problem.strerror if isinstance(problem, OSError) else None) or str(problem) or type(problem).__name__
    number = problem.errno if isinstance(problem, OSError) else None
    if isinstance(problem, UnicodeEncodeError):
        cause = f"the system's file names are {problem.encoding}, which has no {problem.object[problem.start]!r}"
    told = FileError(f"cannot {doing} {os.fspath(path)}: {cause}; {cure(number)}")
    told.errno = number
    return told


def cure(number: int | None) -> str:
    """What to do where the system says so, by its number of the cause."""
    return _CURES.get(number or 0, "choose another place")


@contextmanager
def blaming(path: str | Path) -> Iterator[None]:
    """Turn what the system raises inside into an error that names the path.

    Raises:
        FileError: for any OSError inside, and for a name that the system's file names cannot hold.
    """
    try:
        yield
    except (OSError, UnicodeEncodeError) as problem:
        raise blamed(path, problem) from problem


def made_folder(path: str | Path) -> Path:
    """A folder, made with those above it if it is not there.

    Raises:
        FileError: if it cannot be made.
    """
    with blaming(path):
        Path(path).mkdir(parents=True, exist_ok=True)
    return Path(path)


def check_writable(path: str | Path) -> Path:
    """The file behind a path, links followed, where :func:`atomic_write` may put one.

    Raises:
        FileError: if a folder, a pipe or a device has its name, no file can have it, or the folder takes no file.
    """
    with blaming(path):
        if "\0" in os.fspath(path):
            raise FileError(f"cannot write {os.fspath(path)!r}: no path holds a NUL; choose another name")
        target = Path(os.path.realpath(path))
        kind = target.stat().st_mode if target.exists() else stat.S_IFREG
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if stat.S_ISREG(kind):  # only the system knows whether a file can be made there: permissions may say otherwise
            tempfile.TemporaryFile(dir=next(folder for folder in target.parents if folder.exists())).close()
        else:
            raise FileError(f"cannot write {path}: it is a device or a pipe, not a file; choose another name")
    return target


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Give a temporary path to write to, beside the file that it becomes at the end.

    A reader sees the former file or the new one, never a part: the new one is on the disk before it takes the name.
    After an exception inside, Ctrl-C included, the former file stays and the temporary one is removed. One that a
    process left behind which was killed is removed by the next that writes the same file.

    Args:
        path: Of the file; its folder is there. A link stays, and what it leads to is written. It may not stay empty.

    Raises:
        FileError: if the file cannot be written.
    """
    target = check_writable(path)
    _remove_left_behind(target)
    with blaming(path):
        partial, number = _part_of(target)
    try:
        with blaming(path):
            yield partial
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            if not partial.stat().st_size:
                raise FileError(f"cannot write {path}: there was nothing to write")
            partial.replace(target)
    finally:
        with suppress(OSError):  # where nothing may be removed nothing was written: that error is the one to tell
            partial.unlink()
        if number is not None:
            os.close(number)


def _part_of(target: Path) -> tuple[Path, int | None]:
    """A new empty file beside the target, with its open number: it is locked for as long as that stays open."""
    while True:
        partial = target.with_name(f"{_part_prefix(target)}{secrets.token_hex(4)}{_PART}")
        if sys.platform == "win32":  # where a file that is open cannot take another name
            return partial, None
        number = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(number, fcntl.LOCK_EX)
        if partial.exists():  # else another writer was faster, and took it for one that was left behind
            return partial, number
        os.close(number)


def _remove_left_behind(target: Path) -> None:
    """Remove the temporary files of a target that no process holds any more."""
    if sys.platform == "win32":
        return
    for partial in target.parent.glob(f"{glob.escape(_part_prefix(target))}*{_PART}"):
        with suppress(OSError):  # another writer holds it, or has removed it
            number = os.open(partial, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                partial.unlink()
            finally:
                os.close(number)


def _part_prefix(target: Path) -> str:
    return f".{target.name[:40]}."


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all; the folder is made if it is not there.

    Raises:
        FileError: if it cannot be written.
    """
    made_folder(path.parent)
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


def file_name(name: str) -> str:
    """A study's name as that of a file or a folder: one that is no plain name is spelt so, with a mark of its own.

    Studies of other programs may have any text as name; those of this project keep theirs.

    >>> file_name("digits-2"), file_name("../../esc")
    ('digits-2', '_.._esc-9fddcecd')
    """
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" or c in " -_." else "_" for c in name).strip(" .")
    if kept == name and 0 < len(name.encode()) <= 200:
        return name
    mark = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{kept[:40] or 'study'}-{mark}"
