"""The lines of a journal: which are whole records of Optuna's, and what can be kept where some are not.

Optuna numbers studies and trials by the order of the lines that make them, and later lines speak of these numbers. So
where a lost line made one of those that are spoken of, a copy without it has a stand-in in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, BinaryIO

from optuna.distributions import DISTRIBUTION_CLASSES
from optuna.study import StudyDirection
from optuna.trial import TrialState

_CREATE_STUDY, _DELETE_STUDY, _CREATE_TRIAL, _LAST_OPERATION = 0, 1, 4, 10
_KEYS: Mapping[int, tuple[str, ...]] = {
    _CREATE_STUDY: ("study_name", "directions"),
    **dict.fromkeys((_DELETE_STUDY, 2, 3), ("study_id",)),
    _CREATE_TRIAL: ("study_id", "datetime_start"),
    **dict.fromkeys((5, 6, 7, 8, 9), ("trial_id",)),
}
"""Of each of Optuna's operations what its record holds at least."""

_DISTRIBUTIONS = {kind.__name__ for kind in DISTRIBUTION_CLASSES}

_BLOCK = 65536
"""Bytes of a journal's end that are read at once."""

_LOST_TRIAL = re.compile(rb'"op_code": ?4\b.*?"study_id": ?(\d+)')


@dataclass
class Damage:
    """What is damaged in a journal, and what is not.

    Attributes:
        lines: Of each damaged line its number, from 1, and what it is.
        whole: Number of the other lines.
        studies: Names in them.
        records: The other lines, with a stand-in where a lost one made a study or trial that others speak of.
    """

    lines: list[tuple[int, str]] = field(default_factory=list)
    whole: int = 0
    studies: list[str] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)

    def words(self) -> str:
        """Which lines are no records, in words."""
        lines = [f"line {number} is no record of a journal ({what})" for number, what in self.lines[:5]]
        more = [f"and {len(self.lines) - 5} more lines"] if len(self.lines) > 5 else []
        return ", ".join(lines + more)


def is_record(log: object) -> bool:
    """Whether something read from a line is a record of Optuna's."""
    if not isinstance(log, dict) or not isinstance(log.get("worker_id"), str):
        return False
    operation = log.get("op_code")
    if not isinstance(operation, int) or isinstance(operation, bool) or not 0 <= operation <= _LAST_OPERATION:
        return False
    return all(key in log for key in _KEYS.get(operation, ())) and all(
        isinstance(log[key], int) for key in ("study_id", "trial_id") if key in log
    )


def record_of(line: bytes) -> dict[str, Any] | None:
    """The record that a line is; None if it is none."""
    try:
        log = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return log if is_record(log) else None


def unknown_in(line: bytes) -> str:
    """What Optuna's version here does not know in a line that is whole otherwise; "" where that is nothing."""
    try:
        log = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    operation = log.get("op_code") if isinstance(log, dict) and isinstance(log.get("worker_id"), str) else None
    if not isinstance(operation, int):
        return ""
    if operation > _LAST_OPERATION:
        return f"operation {operation}"
    return (
        _unknown_member("direction", log.get("directions"), StudyDirection)
        or _unknown_member("state of a trial", [log.get("state")], TrialState)
        or _unknown_distribution(log)
    )


def _unknown_member(word: str, values: object, kind: type[IntEnum]) -> str:
    known = {member.value for member in kind}
    numbers = [value for value in values if isinstance(value, int)] if isinstance(values, list) else []
    return next((f"{word} {value}" for value in numbers if value not in known), "")


def _unknown_distribution(log: Mapping[str, Any]) -> str:
    several = log.get("distributions")
    for text in (*(several.values() if isinstance(several, dict) else ()), log.get("distribution")):
        match = re.match(r'\{"name": ?"(\w+)"', str(text))
        if match and match[1] not in _DISTRIBUTIONS:
            return f"distribution {match[1]}"
    return ""


def newer_line(path: Path) -> tuple[int, str] | None:
    """The number, from 1, of the first line that a newer Optuna may have written, and what is unknown in it."""
    lines = ((number, unknown_in(line)) for number, line in enumerate(whole_lines(path), start=1))
    return next(((number, what) for number, what in lines if what), None)


def doubled(log: Mapping[str, Any], last: Mapping[str, Any] | None) -> bool:
    """Whether a record is the finished trial of this project's that the record before it is, to the microsecond."""
    if log != last or log.get("op_code") != _CREATE_TRIAL or not log.get("datetime_complete"):
        return False
    return any(name.startswith("hpsearch:") for name in log.get("system_attrs", ()))


def whole_lines(path: Path) -> Iterator[bytes]:
    """The lines of a journal; one that has no end yet is none."""
    with path.open("rb") as file:
        yield from (line for line in file if line.endswith(b"\n"))


def after_last_newline(file: BinaryIO, size: int) -> int:
    """Bytes of a file's first ``size`` up to and with the last newline."""
    while size > 0:
        start = max(0, size - _BLOCK)
        file.seek(start)
        if (place := file.read(size - start).rfind(b"\n")) >= 0:
            return start + place + 1
        size = start
    return 0


def damage_of(path: Path, *, also: int = 0) -> Damage:
    """Read a journal to its end and say what is damaged.

    Args:
        path: Of the journal.
        also: Number of a line that reads as a record and cannot be one; 0 for none.
    """
    damage, copy = Damage(), _Copy()
    last: dict[str, Any] | None = None
    for number, line in enumerate(whole_lines(path), start=1):
        log = None if number == also else record_of(line)
        if log is not None and doubled(log, last):
            damage.lines.append((number, f"the trial of line {number - 1} again"))
            copy.leave_out()
            continue
        last = log
        if log is None:
            damage.lines.append((number, _what(line)))
            copy.leave_out(line)
        else:
            damage.whole += 1
            copy.take(line, log, lost=damage.lines[-1][0] if damage.lines else 0)
    damage.studies, damage.records = [name for name in copy.names if name], copy.records
    return damage


@dataclass
class _Copy:
    """What is kept of a journal, line by line.

    Attributes:
        records: Its lines, stand-ins among them.
        names: Of the studies by their numbers; "" of one that was deleted.
        trials: How many it makes.
        study: The latest that was spoken of.
        gap: Where the latest line that was left out would stand, and stand-ins do.
    """

    records: list[bytes] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    trials: int = 0
    study: int = 0
    gap: int = 0

    def leave_out(self, line: bytes = b"") -> None:
        """Leave a line out; one that made a trial of a study that is known has a stand-in."""
        if (match := _LOST_TRIAL.search(line)) and int(match[1]) < len(self.names):
            self.records.append(_lost_trial(int(match[1])))
            self.trials += 1
        self.gap = len(self.records)

    def take(self, line: bytes, log: Mapping[str, Any], *, lost: int) -> None:
        """Take a whole line with its record; ``lost`` is the number of the latest that was left out, or 0."""
        self.study = log.get("study_id", self.study)
        if lost:
            self._stand_in(log, lost)
        if log["op_code"] == _CREATE_STUDY and log["study_name"] not in self.names:
            self.names.append(log["study_name"])
            self.study = len(self.names) - 1
        exists = self.names[self.study : self.study + 1] not in ([], [""])  # else Optuna reads over the record
        if log["op_code"] == _DELETE_STUDY and exists:
            self.names[self.study] = ""
        self.trials += log["op_code"] == _CREATE_TRIAL and exists
        self.records.append(line)

    def _stand_in(self, log: Mapping[str, Any], lost: int) -> None:
        """Put stand-ins in the gap for studies and trials that a record speaks of and no line before has made."""
        studies, trials = self.study + 1 - len(self.names), max(0, log.get("trial_id", -1) + 1 - self.trials)
        names = [f"lost in line {lost} ({place + 1})" for place in range(studies)]
        stand_ins = [*map(_lost_study, names), *[_lost_trial(self.study)] * trials]
        self.records[self.gap : self.gap] = stand_ins
        self.names += names
        self.trials += trials
        self.gap += len(stand_ins)


def _what(line: bytes) -> str:
    """What a damaged line holds, in words."""
    zeros = line.count(b"\0")
    if zeros:
        return f"{zeros:,} of its {len(line):,} bytes are zeros"
    start = line[:40].decode("utf-8", "replace").rstrip("\n")
    return f"{len(line):,} bytes, which begin {start!r}"


def _lost_study(name: str) -> bytes:
    return _line({"op_code": _CREATE_STUDY, "study_name": name, "directions": [StudyDirection.NOT_SET.value]})


def _lost_trial(study: int) -> bytes:
    state = TrialState.FAIL.value
    return _line({"op_code": _CREATE_TRIAL, "study_id": study, "datetime_start": None, "state": state})


def _line(record: dict[str, Any]) -> bytes:
    return (json.dumps({**record, "worker_id": "stand-in"}, separators=(",", ":")) + "\n").encode()
