"""A user's function as work to hand out: how it is called, and what may come back.

A worker imports this module and, unless the function takes tables, no pandas.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hpsearch.evaluation.clocks import clock

if TYPE_CHECKING:
    import pandas as pd

RESPONSE = "response"
"""Name of a response that has none."""

_LONGEST = 300
"""Characters of a failure that are kept."""


class FunctionError(ValueError):
    """A function cannot be called as asked, or not where it is to run."""


class Answer(NamedTuple):
    """What a function said of a row.

    Attributes:
        values: Numbers by the name of the response; none if the row failed.
        failure: Why there are none.
        raised: Whether the function raised; else it returned what is no answer.
        started: Seconds since the epoch, of the call.
        finished: Likewise.
    """

    values: Mapping[str, float]
    failure: str = ""
    raised: bool = False
    started: float = 0.0
    finished: float = 0.0


@dataclass(frozen=True)
class SettingCall:
    """A function that takes one setting as keyword arguments.

    Attributes:
        function: Returns a number, or a mapping of names to numbers.
        names: Of its arguments.
    """

    function: Callable[..., Any]
    names: tuple[str, ...]

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """Answers to these rows, in order."""
        return [self._answer({name: row[name] for name in self.names}) for row in rows]

    def _answer(self, setting: dict[str, Any]) -> Answer:
        now = clock()
        started = now()
        try:
            returned = self.function(**setting)
        except (Exception, SystemExit) as problem:
            return Answer({}, _told(problem), True, started, now())
        try:
            return Answer(_numbers(returned), started=started, finished=now())
        except Exception as problem:  # its own methods are the user's code too
            return Answer({}, _unread(problem), False, started, now())


@dataclass(frozen=True)
class TableCall:
    """A function that takes a table of settings.

    Attributes:
        function: Takes a DataFrame of a row a setting; returns a response for each row: a Series, a DataFrame of
            several, or an array ``(rows,)``.
    """

    function: Callable[[pd.DataFrame], Any]

    def __call__(self, rows: pd.DataFrame) -> list[Answer]:
        """Answers to these rows, in order; if the function raises, all of them fail."""
        now = clock()
        started = now()
        try:
            returned = self.function(rows.copy())
        except (Exception, SystemExit) as problem:
            return [Answer({}, _told(problem), True, started, now())] * len(rows)
        try:
            columns = numbers_of(returned, rows)
        except Exception as problem:
            return [Answer({}, _unread(problem), False, started, now())] * len(rows)
        finished, names = now(), tuple(columns)
        return [
            Answer(dict(zip(names, values, strict=True)), started=started, finished=finished)
            for values in zip(*columns.values(), strict=True)
        ]


Call = SettingCall | TableCall


def setting_call(function: Callable[..., Any], names: Sequence[str], *, seed: str) -> SettingCall:
    """A function of one setting, whose signature takes these names; the seed only if it has a place for it.

    Raises:
        FunctionError: if it is no function, or its signature does not fit.
    """
    if not callable(function):
        raise FunctionError(f"a survey needs a function (given: {type(function).__name__})")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C have none
        return SettingCall(function, (*names, seed))
    for arguments in ((*names, seed), tuple(names)):
        try:
            signature.bind(**dict.fromkeys(arguments))
        except TypeError as problem:
            mismatch = problem
        else:
            return SettingCall(function, arguments)
    raise FunctionError(
        f"the function takes {signature} and is called with one setting, by keyword: {', '.join(names)}, and {seed} if "
        f"it has a parameter of that name ({mismatch}): name its parameters so, or, if it takes tables of settings, "
        "use survey_frames"
    )


def numbers_of(answers: Any, rows: pd.DataFrame, *, words: str = "must return a response") -> dict[str, list[float]]:
    """What was answered to a table of rows, as lists of numbers, by the name of the response.

    Args:
        answers: A Series, a DataFrame of a column a response, or an array ``(rows,)`` in the order of the rows.
        rows: That were asked about: a Series or a DataFrame is put in their order by its index.
        words: How it is told that there must be an answer for each row.

    Raises:
        FunctionError: if they are not one for each row, their index is another, or they are not real numbers.
    """
    table = _table(answers, rows, words)
    if not table.index.equals(rows.index):
        if set(table.index) != set(rows.index):
            raise FunctionError(
                "returned a table or series whose index is not that of its rows, nor a permutation of it: which answer "
                "belongs to which row cannot be told; keep the index, or return an array in the order of the rows"
            )
        table = table.loc[rows.index]
    names = [str(name) for name in table.columns]
    if len(set(names)) < len(names):
        raise FunctionError(f"returned two columns of one name ({', '.join(names)}): name each response once")
    return {name: _column(name, table.iloc[:, place]) for place, name in enumerate(names)}


def _table(answers: Any, rows: pd.DataFrame, words: str) -> pd.DataFrame:
    """Answers as a table of as many rows, in any order of its index; an array gets the rows' index."""
    import numpy as np
    import pandas as pd

    if isinstance(answers, pd.Series):
        own = isinstance(answers.name, str) and answers.name not in rows  # rows["x"] ** 2 is still named "x"
        table = answers.to_frame(answers.name if own else RESPONSE)
    elif isinstance(answers, pd.DataFrame):
        table = answers
    else:
        array = np.asarray(answers)
        if array.ndim != 1:
            raise FunctionError(f"{words} for each of {len(rows)} rows (given: an array {array.shape})")
        table = pd.DataFrame({RESPONSE: array}, index=rows.index if len(array) == len(rows) else None)
    if len(table) != len(rows) or not len(table.columns):
        raise FunctionError(f"{words} for each of {len(rows)} rows (given: {table.shape})")
    return table


def _column(name: str, values: pd.Series) -> list[float]:
    text = values.dtype.kind == "O" and any(isinstance(value, str) for value in values)  # NumPy would read "0.5"
    if text or values.dtype.kind in "cMm":
        raise FunctionError(f"{name!r} holds no numbers ({values.dtype}): a response must be real")
    try:
        numbers: list[float] = values.to_numpy(dtype="float64", na_value=math.nan).tolist()
    except (TypeError, ValueError):
        raise FunctionError(f"{name!r} holds no numbers ({values.dtype}): a response must be real") from None
    return numbers


def _numbers(returned: Any) -> dict[str, float]:
    if not isinstance(returned, Mapping):
        return {RESPONSE: _number(returned, "it")}
    if not returned:
        raise FunctionError("returned an empty mapping; return a number, or a dict of names to numbers")
    if strange := [name for name in returned if not (isinstance(name, str) and name and _plain(name) == name)]:
        raise FunctionError(f"returned responses that are not named by text that can be written: {strange!r:.80}")
    return {name: _number(value, f"{name!r} in it") for name, value in returned.items()}


def _number(value: Any, place: str) -> float:
    """A real number as a float; whole numbers beyond the floats are infinite."""
    if not isinstance(value, str | bytes | complex) and not getattr(value, "ndim", 0) and hasattr(value, "__float__"):
        try:
            if not (hasattr(value, "dtype") and getattr(value.dtype, "kind", "f") == "c"):
                return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
        except (TypeError, ValueError):
            pass
    raise FunctionError(
        f"returned something that is not a response: {place} is {type(value).__name__} {value!r:.60}; return a real "
        "number, or a dict of names to real numbers"
    )


def _unread(problem: Exception) -> str:
    """Why what was returned is no answer."""
    return str(problem) if isinstance(problem, FunctionError) else f"returned what cannot be read: {_told(problem)}"


def _plain(text: str) -> str:
    """A text that can be written: a file name in an error's words may hold bytes that are no UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _told(problem: BaseException) -> str:
    """An exception in one line, with where it was raised."""
    frames, trace = [], problem.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    try:
        words = _plain(" ".join(str(problem).split()))
    except (Exception, SystemExit):  # a user's own exception may not even print
        words = "(no message)"
    place = f" ({Path(frames[-1][0]).name}:{frames[-1][1]})" if len(frames) > 1 else ""
    return f"{type(problem).__name__}: {words}"[:_LONGEST] + place
