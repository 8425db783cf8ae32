"""What [space] holds for a hyperparameter, read: a range, choices, or a fixed value."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeAlias

from hpsearch.config.kinds import Hyperparameter, as_float
from hpsearch.config.messages import NOTHING, Fault, did_you_mean, refusal
from hpsearch.space import Choice, Dimension, Float, Int

Entry: TypeAlias = Dimension | int | float | str
"""What [space] holds for a hyperparameter: a range, choices, or a fixed value."""

_ENTRY_KEYS = ("low", "high", "log", "choices")


def read_entry(hyperparameter: Hyperparameter, value: object) -> Entry:
    """Read what [space] gives for a hyperparameter: a table, a fixed value, or a dimension.

    Raises:
        PydanticCustomError: With a `Fault` for each mistake.
    """
    if isinstance(value, Dimension):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return _read_table(hyperparameter, value)
    if hyperparameter.kind == "text" or isinstance(value, int | float):
        faults = hyperparameter.faults(value)
    else:
        faults = [Fault("must be a table or a number", value, hyperparameter.forms)]
    if faults:
        raise refusal(*faults)
    return hyperparameter.natural(value)


def _read_table(hyperparameter: Hyperparameter, table: Mapping[str, object]) -> Dimension:
    faults = [
        Fault("is not a known key", value, _suggestion(key), (key,))
        for key, value in table.items()
        if key not in _ENTRY_KEYS
    ]
    if "choices" in table:
        if extra := [key for key in ("low", "high", "log") if key in table]:
            faults.append(Fault(f"has choices and {' and '.join(extra)}", table, hyperparameter.forms))
        faults += _choices_faults(hyperparameter, table["choices"])
    elif hyperparameter.kind == "text":
        faults.append(Fault("has no choices", table, hyperparameter.forms))
    else:
        faults += _range_faults(hyperparameter, table)
    if faults:
        raise refusal(*faults)
    if "choices" in table:
        entries: Any = table["choices"]
        choices = [hyperparameter.natural(choice) for choice in entries]
        return Choice(tuple(choices if hyperparameter.kind == "text" else sorted(choices)))
    dimension = Int if hyperparameter.kind == "int" else Float
    low, high, log = table["low"], table["high"], table.get("log", False)
    return dimension(low, high, log)  # type: ignore[arg-type]  # _range_faults has checked them


def _choices_faults(hyperparameter: Hyperparameter, choices: object) -> list[Fault]:
    at = ("choices",)
    if not isinstance(choices, list | tuple):
        return [Fault("must be a list", choices, "give at least two values in [ ]", at)]
    faults = [fault for k, choice in enumerate(choices) for fault in hyperparameter.faults(choice, (*at, k))]
    if len(choices) < 2:
        faults.append(Fault("needs at least two values", choices, "give a plain value to fix it", at))
    elif not faults and len({hyperparameter.natural(choice) for choice in choices}) < len(choices):
        faults.append(Fault("has a value twice", choices, "give each value once", at))
    return faults


def _range_faults(hyperparameter: Hyperparameter, table: Mapping[str, object]) -> list[Fault]:
    missing = [side for side in ("low", "high") if side not in table]
    faults = [Fault("is missing", NOTHING, hyperparameter.forms, (side,)) for side in missing]
    for side in ("low", "high"):
        if side in table:
            faults += hyperparameter.faults(table[side], (side,))
    log = table.get("log", False)
    if not isinstance(log, bool):
        faults.append(Fault("must be true or false", log, "drop it for a linear range", ("log",)))
    if faults:
        return faults
    low, high = as_float(table["low"]) or 0.0, as_float(table["high"]) or 0.0
    if low >= high:
        faults.append(Fault("must be less than high", table, "give a plain number to fix it", ("low",)))
    if log is True and low <= 0:
        faults.append(Fault("must be above 0 where log = true", low, "raise low or drop log", ("low",)))
    return faults


def _suggestion(key: str) -> str:
    other = {"min": "low", "max": "high", "values": "choices", "scale": "log"}
    if key in other:
        return f'did you mean "{other[key]}"?'
    return did_you_mean(key, _ENTRY_KEYS, otherwise=f"known here: {', '.join(_ENTRY_KEYS)}")


def written(hyperparameter: Hyperparameter, entry: Entry) -> Any:
    """An entry as a study's file has it."""
    if isinstance(entry, Choice):
        return {"choices": [hyperparameter.written(choice) for choice in entry.choices]}
    return dataclasses.asdict(entry) if isinstance(entry, Dimension) else hyperparameter.written(entry)
