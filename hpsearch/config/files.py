"""Finding and reading the TOML file of a study."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hpsearch.config.messages import ConfigError, Fault, did_you_mean, printable, shown
from hpsearch.config.study import StudyConfig, validated

LARGEST_FILE = 1_000_000
"""Bytes; a study's file has a thousand or so."""

_TABLE = re.compile(r"\.(csv|tsv|parquet|pq|xlsx?)(\.(gz|bz2|xz|zip))?$", re.IGNORECASE)
"""Ends the name of a table's file."""

_TUPLE = re.compile(r"\((?:'[^']*'(?:, |,)?)+\)")
"""How the parser writes the name of a table."""


def load_config(study: str | os.PathLike[str]) -> StudyConfig:
    """Read a study from its TOML file; the study is named after the file unless it says otherwise.

    Args:
        study: Path of the file, or the study's name in ``studies/`` or among those that come with the package.

    Raises:
        ConfigError: if there is no such file, it cannot be read or is not a valid study; with every problem found.
    """
    if not isinstance(study, str | os.PathLike):
        kind = type(study).__name__
        raise ConfigError(
            "study",
            [f'is neither a name nor a path (given: {kind}); give one, as in "digits", or make a study in code by '
             "hpsearch.StudyConfig(name=…)"],
        )  # fmt: skip
    file = Path(study) if os.path.isfile(study) else resolve(study)
    if _TABLE.search(file.name):
        rule = "`hpsearch search TABLE --target COLUMN` takes it; in Python, hpsearch.data.from_frame makes data of it"
        raise _broken(file, "is a table by its name, and no study", rule)
    settings = parsed(file)
    settings.setdefault("name", file.stem)
    return validated(settings, where=str(file), folder=Path(os.path.abspath(file)).parent)


def config_of(study: StudyConfig | str | os.PathLike[str]) -> StudyConfig:
    """A study as it is, or read from the file that is named.

    Raises:
        ConfigError: as :func:`load_config`.
    """
    return study if isinstance(study, StudyConfig) else load_config(study)


def parsed(file: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ConfigError: if it cannot be read.
    """
    return _parse(file, _text(file, _bytes(file)))


def resolve(name_or_path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None) -> Path:
    """Find the file of a study: a path (with a separator or the ending .toml) as it is, a name in the folder.

    Args:
        name_or_path: Of the study.
        folder: Where names are looked up; by default ``studies`` where one works, then the studies that come with the
            package, those of the lesson among them.

    Raises:
        ConfigError: if no study has that name there.
    """
    text = os.fspath(name_or_path)
    if text.lower().endswith(".toml") or os.path.basename(text) != text:
        return Path(text)
    shipped = shipped_studies()
    folders = [Path("studies"), shipped, shipped / "lesson"] if folder is None else [Path(folder)]
    for place in folders:
        if os.path.isfile(file := place / f"{text}.toml"):
            return file
    problem = f"no study has this name in {folders[0]}" + " or among those that come with hpsearch" * (folder is None)
    raise ConfigError(text or "study", [Fault(problem, text, _choice(text, folders)).line()])


def shipped_studies() -> Path:
    """The folder of the studies that come with the package; in a checkout that beside the package."""
    package = Path(__file__).absolute().parents[1]
    inside = package / "studies"
    return inside if inside.is_dir() else package.parent / "studies"


def _choice(name: str, folders: Sequence[Path]) -> str:
    """Say which studies some folders have, the one nearest to a name first."""
    names: list[str] = []
    for folder in folders:
        with contextlib.suppress(OSError, ValueError):
            stems = sorted(file.stem for file in folder.iterdir() if file.suffix == ".toml")
            names += [stem for stem in stems if stem not in names]
    if not names:
        return "give the path of a TOML file"
    listed = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    return printable(did_you_mean(name, names, then=f"there are: {listed}"))


def _broken(file: Path, problem: str, rule: str) -> ConfigError:
    return ConfigError(str(file), [Fault(problem, rule=rule).line()])


def _bytes(file: Path) -> bytes:
    try:
        status = os.stat(file)
        # Reading a pipe or a device may never end.
        regular = stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_FILE
        raw = file.read_bytes() if regular else b""
    except (FileNotFoundError, NotADirectoryError):
        raise _broken(file, "there is no such file", _choice(file.stem, [file.parent])) from None
    except OSError as error:
        raise _broken(file, f"cannot be read: {error.strerror}", "check the path and its permissions") from None
    except ValueError:  # a NUL in the path
        raise _broken(file, "is no path", "give the path of a TOML file") from None
    if stat.S_ISDIR(status.st_mode):
        raise _broken(file, "is a folder", "give a TOML file in it")
    if not regular:
        raise _broken(file, "is not a text file of at most 1 MB", "give the TOML file of a study")
    return raw


def _text(file: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Counted in error.object, which is without the byte order mark that utf-8-sig drops.
        before, wrong = error.object[: error.start], error.object[error.start]
        line, byte = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        place = f"line {line}, byte {byte}"
        raise _broken(file, f"{place}: is not UTF-8 (given: 0x{wrong:02x})", "save the file as UTF-8") from None


def _parse(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _broken(file, "is nested too deeply", "a study needs two levels") from None
    except ValueError as error:
        raise _broken(file, *_syntax_problem(str(error), text)) from None


def _syntax_problem(message: str, text: str) -> tuple[str, str]:
    lines = text.replace("\r\n", "\n").split("\n")
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if not place:  # not the parser's own: a number beyond Python's limit on digits
        return f"is not valid TOML: {message.split(';')[0]}", "shorten the number"
    line, column = (int(place[1]), int(place[2])) if place[1] else (len(lines), len(lines[-1]) + 1)
    words = _TUPLE.sub(lambda keys: "[" + ".".join(re.findall("'(.*?)'", keys[0])) + "]", message[: place.start()])
    problem = f"line {line}, column {column}: {words}"
    content = lines[line - 1].strip()
    problem += f" (given: {shown(content)})" if content else ""
    return problem, 'write key = value, text in "quotes", tables as [table]'
