"""The survey of a user's function, as the command ``survey`` does it with ``--function``."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpsearch.cli.commands import TIME_UP
from hpsearch.cli.endings import told_warnings
from hpsearch.cli.lines import print_parts
from hpsearch.cli.machines import Work
from hpsearch.cli.progress import LiveLine, storing_line
from hpsearch.cli.stops import tell_stored

if TYPE_CHECKING:
    from hpsearch.experiments.looks import Until
    from hpsearch.experiments.progress import FunctionProgress

_LONG = 20.0
"""Seconds after which the pace so far tells the cost."""
_ROWS = 20
"""Rows that tell it before."""
_WORTH = 5.0
"""Seconds left from which the cost is worth telling."""


def survey_of_function(
    function: str,
    space: Path | None,
    work: Work,
    *,
    name: str | None,
    sizes: dict[str, Any],
    until: str | None,
    **run: bool,
) -> None:
    """Survey a function, going on from what is stored, and say what it is sensitive to.

    Raises:
        ConfigError: if the function or its space cannot be read, or an option is no such value.
        typer.Exit: if a signal stopped it.
    """
    from hpsearch.config.function_space import load_space
    from hpsearch.config.messages import ConfigError
    from hpsearch.config.study import SURVEY
    from hpsearch.experiments.function import survey
    from hpsearch.experiments.runs import SurveyTimeoutError
    from hpsearch.report.functions import function_report

    if space is None:
        raise ConfigError("--space", [f"is missing: give the TOML with the [space] of {function}"])
    file, called, enough = load_space(space), loaded(function), _until(until)
    name = name or function.rpartition(":")[2]
    line = storing_line(f"survey of {name}", _words, name=f"{name}{SURVEY}", rows="evaluations", place=work.place)
    try:
        with line as live, work.executor() as executor:
            options: dict[str, Any] = {**file.size, **sizes, **run, **vars(work.place)}
            measured = survey(
                called, file.space, response=file.response, better=file.better, ceilings=file.ceilings, name=name,
                workers=work.workers, executor=executor, until=enough, timeout=work.timeout,
                on_progress=_cost_first(live), **options,
            )  # fmt: skip
    except SurveyTimeoutError:
        tell_stored(TIME_UP, name=f"{name}{SURVEY}", total=live.total, rows="evaluations", place=work.place)
        return
    with told_warnings():
        print_parts(function_report(name, measured, live.last))


def refuse_misplaced(options: Mapping[str, object], rule: str) -> None:
    """Refuse options that mean nothing for what is surveyed.

    Raises:
        ConfigError: if one is there.
    """
    from hpsearch.config import ConfigError

    if misplaced := [option for option, value in options.items() if value]:
        raise ConfigError(misplaced[0], [rule])


def loaded(place: str) -> Callable[..., Any]:
    """A function by its place, as package.module:function; modules in the working folder are found.

    Raises:
        ConfigError: if there is none.
    """
    from hpsearch.config.messages import ConfigError, did_you_mean

    module, _, path = place.partition(":")
    if not re.fullmatch(r"[\w.]+:[\w.]+", place):
        raise ConfigError("--function", [f"must be package.module:function (given: {place!r})"])
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as python -m has it; processes that are started here inherit it
    try:
        value: Any = importlib.import_module(module)
    except Exception as problem:  # a user's module may raise anything
        words = f"cannot be imported from {place!r} ({type(problem).__name__}: {problem})"
        raise ConfigError(
            "--function", [f"{words}; run the command where `python -c 'import {module}'` works"]
        ) from None
    for part in path.split("."):
        if not hasattr(value, part):
            near = did_you_mean(part, dir(value), otherwise="name one that it defines")
            raise ConfigError("--function", [f"{module} has no {part!r} (given: {place!r}); {near}"])
        value = getattr(value, part)
    if not callable(value):
        raise ConfigError("--function", [f"{place!r} is not a function (given: {type(value).__name__})"])
    function: Callable[..., Any] = value
    return function


def _until(text: str | None) -> Until | None:
    from hpsearch.config import ConfigError

    if text is None:
        return None
    try:
        return "decided" if text == "decided" else float(text)
    except ValueError:
        rule = 'must be "decided", or the share of settings that may stay undecided, such as 0.2'
        raise ConfigError("--until", [f"{rule} (given: {text!r})"]) from None


def _words(progress: FunctionProgress) -> str:
    return f"base {progress.base} failed {progress.failed}"


def _cost_first(line: LiveLine[FunctionProgress]) -> Callable[[FunctionProgress], None]:
    """The line's own ``show``, and once, when a row's time is known, how many there are and how long they may take."""
    told = False

    def show(progress: FunctionProgress) -> None:
        nonlocal told
        later = progress.fresh - progress.rows_of_first
        if not told and (later >= _ROWS or progress.elapsed > _LONG):  # the first calls start workers
            told = True
            if progress.left and progress.left > _WORTH:
                line.say(cost(progress))
        line.show(progress)

    return show


def cost(progress: FunctionProgress) -> str:
    """What is yet to be evaluated, and how long that may take at the pace so far."""
    from hpsearch.experiments.progress import duration

    missing = f"{progress.total - progress.done:,} rows to evaluate"
    return f"{missing}: about {duration(progress.left or 0.0)}, at {progress.pace:.2g} s a row"
