"""The TOML of a function's survey: its space, and how large and of which response the survey is."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hpsearch.config.files import parsed
from hpsearch.config.messages import ConfigError, Fault, did_you_mean
from hpsearch.space import Choice, Dimension, Float, Int, Space

_FORMS = "give {low = ..., high = ...} or {choices = [...]}; a fixed value belongs in the function"
_SIZES: Mapping[str, type] = {
    "base": int, "scrambles": int, "seeds": int, "replicates": int, "seed": int, "dummy": bool, "second_order": bool,
}  # fmt: skip
_SURVEY = (*_SIZES, "response", "better", "ceilings")


@dataclass(frozen=True)
class FunctionSpace:
    """What a function's TOML says.

    Attributes:
        space: The hyperparameters and their ranges.
        size: Arguments of :func:`hpsearch.survey` that it sets, of the design.
        response: Analysed; the function's first by default.
        better: Which way that is better.
        ceilings: Value for each response at which it is clipped.
    """

    space: Space
    size: Mapping[str, int | bool] = field(default_factory=dict)
    response: str | None = None
    better: Literal["lower", "higher"] = "lower"
    ceilings: Mapping[str, float] = field(default_factory=dict)


def load_space(path: str | os.PathLike[str]) -> FunctionSpace:
    """Read a function's space, a table [space], and what [survey] says of its survey.

    Raises:
        ConfigError: if the file cannot be read or is not valid; with every problem found.
    """
    file = Path(path)
    tables = parsed(file)
    faults = [
        Fault("is not a known table", value, "known here: space, survey", (key,))
        for key, value in tables.items()
        if key not in ("space", "survey")
    ]
    entries, options = tables.get("space"), tables.get("survey", {})
    if not isinstance(entries, Mapping) or not entries:
        faults.append(Fault("is missing or empty", rule="begin it with [space], and give each hyperparameter a line",
                            at=("space",)))  # fmt: skip
        entries = {}
    dimensions = {name: _dimension(entry, ("space", name)) for name, entry in entries.items()}
    faults += [fault for fault in dimensions.values() if isinstance(fault, Fault)]
    faults += _survey_faults(options)
    if faults:
        raise ConfigError(str(file), [fault.line() for fault in faults])
    return FunctionSpace(
        Space({name: dimension for name, dimension in dimensions.items() if not isinstance(dimension, Fault)}),
        {name: options[name] for name in _SIZES if name in options},
        options.get("response"),
        options.get("better", "lower"),
        {name: float(value) for name, value in options.get("ceilings", {}).items()},
    )


def _dimension(entry: object, at: tuple[str, str]) -> Dimension | Fault:
    if not isinstance(entry, Mapping):
        return Fault("must be a range or choices", entry, _FORMS, at)
    keys = {"choices"} if "choices" in entry else {"low", "high", "log"}
    if strange := [key for key in entry if key not in keys]:
        return Fault("is not a known key", entry[strange[0]], _FORMS, (*at, strange[0]))
    try:
        if "choices" in entry:
            choices: Any = entry["choices"]
            return Choice(tuple(choices) if isinstance(choices, list) else choices)
        low, high, log = entry["low"], entry["high"], entry.get("log", False)
        whole = isinstance(low, int) and isinstance(high, int) and not isinstance(low, bool)
        return Int(low, high, log) if whole else Float(low, high, log)
    except KeyError as missing:
        return Fault("is missing", rule=_FORMS, at=(*at, str(missing.args[0])))
    except (ValueError, TypeError) as problem:
        return Fault(str(problem), entry, _FORMS, at)


def _survey_faults(options: object) -> Iterator[Fault]:
    if not isinstance(options, Mapping):
        yield Fault("must be a table", options, "begin it with [survey]", ("survey",))
        return
    for key, value in options.items():
        at = ("survey", key)
        if key not in _SURVEY:
            keys = f"known here: {', '.join(_SURVEY)}"
            yield Fault("is not a known key", value, did_you_mean(key, _SURVEY, otherwise=keys), at)
        elif key in _SIZES and type(value) is not _SIZES[key]:
            word = "a whole number" if _SIZES[key] is int else "true or false"
            yield Fault(f"must be {word}", value, at=at)
        elif key == "response" and not isinstance(value, str):
            yield Fault("must be text", value, "give the name of a response", at)
        elif key == "better" and value not in ("lower", "higher"):
            yield Fault("is not one of the values", value, 'use "lower" or "higher"', at)
        elif key == "ceilings":
            yield from _ceiling_faults(value)


def _ceiling_faults(ceilings: object) -> Iterator[Fault]:
    if not isinstance(ceilings, Mapping):
        yield Fault("must be a table", ceilings, "give ceilings = {loss = 1.0}", ("survey", "ceilings"))
        return
    for name, value in ceilings.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield Fault("must be a finite number", value, at=("survey", "ceilings", name))
