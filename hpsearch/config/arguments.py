"""What a caller may give to a function, read from its annotations; the limits of numbers by their names, once."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import inspect
import math
import numbers
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, ParamSpec, TypeVar

from hpsearch.config.messages import listed

_CALLED = ("OnProgress", "Announce")
"""Annotations that stand for a function, or None."""

_SEVERAL = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

P = ParamSpec("P")
R = TypeVar("R")
Error = Callable[[str], Exception]


class _Limits(NamedTuple):
    """What a number must be beyond its kind, in words, and whether one is."""

    words: str
    hold: Callable[[Any], bool]


_AT_LEAST_ONE = _Limits(", at least 1", lambda n: n >= 1)
_AT_LEAST_ZERO = _Limits(", at least 0", lambda n: n >= 0)
_SHARE = _Limits(" between 0 and 1, such as 0.95", lambda x: 0 < x < 1)

_LIMITS: Mapping[str, _Limits] = {
    **dict.fromkeys(("workers", "count", "frame_rows"), _AT_LEAST_ONE),
    **dict.fromkeys(("seed", "iteration"), _AT_LEAST_ZERO),
    **dict.fromkeys(("permutations", "bootstraps"), _Limits(" from 0 to 1,000,000", lambda n: 0 <= n <= 1_000_000)),
    "replicates": _Limits(" from 1 to 10,000", lambda n: 1 <= n <= 10_000),
    "seeds": _Limits(", at most 1,048,576", lambda n: n <= 2**20),
    "trials": _Limits(" from 1 to 10,000,000", lambda n: 1 <= n <= 10_000_000),
    "bins": _Limits(" from 1 to 1,000", lambda n: 1 <= n <= 1_000),
    "values": _Limits(" from 2 to 10,000", lambda n: 2 <= n <= 10_000),
    "timeout": _Limits(" of seconds, above 0", lambda s: s > 0),
    "confidence": _SHARE,
    "share": _Limits(" from 0 to below 1, such as 0.01", lambda x: 0 <= x < 1),
    "points": _Limits(", finite and at least 0", lambda x: 0 <= x < math.inf),
}
"""Of numbers that mean the same in every function that takes them."""


def checked(error: Error) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Have a function refuse what its annotations rule out before it does anything, and take NumPy's numbers.

    Args:
        error: Makes the exception from what is wrong.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        annotations = {name: str(p.annotation) for name, p in signature.parameters.items() if p.kind not in _SEVERAL}

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = None
            with contextlib.suppress(TypeError):  # the function's own message names the function
                bound = signature.bind(*args, **kwargs)
            if bound is None:
                return function(*args, **kwargs)
            for name, annotation in annotations.items():
                if name in bound.arguments:
                    bound.arguments[name] = _read(name, bound.arguments[name], annotation, error)
            return function(*bound.args, **bound.kwargs)

        return call

    return decorate


def check_options(function: Callable[..., Any], options: Mapping[str, Any], error: Error) -> None:
    """Refuse options of a function that its annotations rule out; unknown ones are left to the call itself."""
    parameters = inspect.signature(function).parameters
    for name, value in options.items():
        if name in parameters:
            _read(name, value, str(parameters[name].annotation), error)


def check_record(record: Any, error: Error) -> None:
    """Refuse fields of a frozen dataclass that its annotations rule out, and read NumPy's numbers as Python's."""
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        object.__setattr__(record, field.name, _read(field.name, value, str(field.type), error))


def _read(name: str, value: Any, annotation: str, error: Error) -> Any:
    """A value as its annotation has it, which may not be one."""
    kind = annotation.removesuffix(" | None")
    if value is None and (kind != annotation or kind in _CALLED):
        return None
    none = ", or None" if kind != annotation else ""
    if kind in ("int", "float"):
        number, limits = _number(value, whole=kind == "int"), _LIMITS.get(name)
        if number is None or (limits is not None and not limits.hold(number)):
            rule = ("a whole number" if kind == "int" else "a number") + (limits.words if limits else "")
            raise error(f"{name} must be {rule}{none} (given: {_shown(value)})")
        return number
    if kind == "bool" and type(value).__name__ == "bool":
        return bool(value)
    rule = _broken(value, kind)
    if rule:
        raise error(f"{name} must be {rule}{none} (given: {_shown(value)})")
    return value


def _number(value: Any, *, whole: bool) -> int | float | None:
    """A number as Python's own; None of what is no such number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    if whole:
        return int(value) if isinstance(value, numbers.Integral) else None
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isnan(number) else number


def _broken(value: Any, kind: str) -> str:
    """What a value of a kind must be, where it is not; "" where it is, and of kinds that are not looked at here."""
    path = isinstance(value, str | os.PathLike)
    if kind.startswith("Literal["):
        options = ast.literal_eval(kind.removeprefix("Literal[").removesuffix("]"))
        options = options if isinstance(options, tuple) else (options,)
        return "" if isinstance(value, str) and value in options else listed([repr(o) for o in options], "or")
    if kind.startswith("Callable[") or kind in _CALLED:
        return "" if callable(value) else "a function"
    if kind.startswith("Mapping["):
        return "" if isinstance(value, Mapping) else "a dict"
    if kind == "StorageAddress":
        known = path or hasattr(value, "get_all_studies")
        return "" if known else "a storage URL, the path of a journal or a storage of Optuna's"
    if kind.startswith(("Iterable[", "Sequence[")):
        return "" if hasattr(value, "__iter__") and not isinstance(value, str | bytes) else "a list"
    text = (isinstance(value, str), "text")
    rules = {"bool": (False, "True or False"), "str": text, "Form": text, "str | Path": (path, "a path")}
    holds, rule = rules.get(kind, (True, ""))
    return "" if holds else rule


def _shown(value: Any) -> str:
    """A value for a message: a short one as Python writes it, of others their kind."""
    short = abs(value) < 10**60 if isinstance(value, int) else isinstance(value, str | bytes | float | None)
    text = repr(value) if short else ""  # Python refuses to write numbers of some thousand digits
    return text if 0 < len(text) <= 60 else type(value).__name__
