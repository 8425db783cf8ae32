"""How a mistake in a study's settings is reported.

Every problem is one line: ``key.path: what is wrong (given: value); what to do``.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

Keys = tuple[str | int, ...]
NOTHING: Any = object()
"""Stands for the value of a key that is missing."""

_EPOCHS = "one iteration is one update on one mini-batch: iterations = epochs × training examples / batch_size"
_OTHER_NAMES: dict[str, tuple[str, str, str]] = {
    **dict.fromkeys(("alpha", "lr", "eta", "step_size"), ("space", "learning_rate", "")),
    **dict.fromkeys(("lambda", "lambd", "weight_decay", "regularization"), ("space", "l2", "")),
    **dict.fromkeys(("epochs", "epoch", "n_epochs", "num_epochs"), ("space", "iterations", _EPOCHS)),
    **dict.fromkeys(("steps", "max_iter", "n_iter"), ("space", "iterations", "")),
    **dict.fromkeys(("mu", "beta"), ("space", "momentum", "")),
    **dict.fromkeys(("minibatch", "mini_batch_size"), ("space", "batch_size", "")),
    **dict.fromkeys(("sigma", "init_std", "weight_scale"), ("space", "init_scale", "")),
    **dict.fromkeys(("n_units", "num_units", "hidden_units", "neurons"), ("space", "width", "")),
    **dict.fromkeys(("n_layers", "num_layers", "hidden_layers"), ("space", "depth", "")),
    **dict.fromkeys(("layers", "units", "hidden_layer_sizes"), ("network", "hidden", "")),
    **dict.fromkeys(("n_trials", "num_trials"), ("search", "trials", "")),
    **dict.fromkeys(("dataset", "file"), ("data", "source", "")),
    **dict.fromkeys(("sep", "delimiter"), ("data", "separator", "")),
    **dict.fromkeys(("test_file", "test_source", "test_data", "test_size"), ("data", "test", "")),
    **dict.fromkeys(("group", "group_column"), ("data", "groups", "")),
}
_PROBLEMS = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be finite",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "model_type": "must be a table",
    "missing": "is missing",
    "literal_error": "is not one of the values",
    "greater_than_equal": "must be at least {ge:,}",
    "greater_than": "must be above {gt:,}",
    "less_than_equal": "must be at most {le:,}",
    "less_than": "must be below {lt:,}",
    "too_short": "has too few entries",
    "too_long": "has too many entries",
}


class ConfigError(ValueError):
    """Settings that cannot be used, with every problem found.

    Attributes:
        path: The file, or a phrase that says where the settings came from.
        problems: One line each.
    """

    def __init__(self, path: str, problems: Iterable[str]) -> None:
        self.path = str(path)
        self.problems = tuple(problems)
        super().__init__(self.path, self.problems)

    def __str__(self) -> str:
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        return "\n  ".join([f"{printable(self.path)}: {count}", *self.problems])


class StoredConfigError(ConfigError):
    """Settings of a stored study that this version of hpsearch does not understand."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a value: where in it, what, and what to do."""

    problem: str
    # pydantic takes the repr of what it carries, and that of a hostile value may fail.
    value: Any = field(default=NOTHING, repr=False)
    rule: str = ""
    at: Keys = ()

    def line(self, keys: Keys = ()) -> str:
        """The fault as one line of a message, for a value that stands under the keys."""
        text = "" if self.value is NOTHING else f" (given: {shown(self.value)})"
        path = _dotted(keys + self.at)
        return f"{path + ': ' if path else ''}{self.problem}{text}{'; ' if self.rule else ''}{self.rule}"


def refusal(*faults: Fault) -> PydanticCustomError:
    """Make the error a pydantic validator raises to report faults."""
    message = " | ".join(fault.line() for fault in faults)
    return PydanticCustomError("refused", "{message}", {"message": message, "faults": faults})


def did_you_mean(name: object, names: Iterable[str], *, otherwise: str = "", then: str = "") -> str:
    """Ask about the nearest valid name, or say something else if none is near; then say what is true in either case.

    >>> did_you_mean("tpee", ["tpe", "random"], then="there are 2")
    'did you mean "tpe"? there are 2'
    """
    near = difflib.get_close_matches(str(name).lower(), list(names), n=1)
    question = f'did you mean "{near[0]}"?' if near else otherwise
    return " ".join(filter(None, [question, then]))


def listed(parts: Sequence[str], word: str = "and") -> str:
    """Parts as a sentence lists them.

    >>> listed(["tanh", "relu", "sigmoid"])
    'tanh, relu and sigmoid'
    """
    return f" {word} ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""


def toml_value(value: object, *, depth: int = 6) -> str:
    """Write a value as TOML writes it, on one line; what TOML has no form for, as Python does.

    >>> toml_value({"choices": [16, 32], "log": True})
    '{choices = [16, 32], log = true}'
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 10_000:
        return f"a whole number of {value.bit_length():,} bits"
    if isinstance(value, str):
        return printable(json.dumps(value, ensure_ascii=False))
    if isinstance(value, Mapping | list | tuple) and depth == 0:
        return "…"
    if isinstance(value, Mapping):
        entries = [f"{_key(key)} = {toml_value(value[key], depth=depth - 1)}" for key in value]
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join([toml_value(entry, depth=depth - 1) for entry in value]) + "]"
    return str(value)


def shown(value: object) -> str:
    """Write a value for a message: as TOML, cut if long."""
    text = toml_value(value, depth=3)
    return text if len(text) <= 80 else text[:77] + "..."


def printable(text: str, *, keep: str = "") -> str:
    """Escape what TOML forbids or a terminal would obey: control characters, lone surrogates, turns of direction.

    Args:
        text: To be printed.
        keep: Characters that stay, such as the ends of lines.
    """
    obeyed = r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    return re.sub(obeyed, lambda match: match[0] if match[0] in keep else f"\\u{ord(match[0]):04x}", text)


def problems(error: ValidationError, root: type[BaseModel]) -> tuple[str, ...]:
    """A validation error of the model, as one line a problem."""
    details = error.errors(include_url=False)
    return tuple(
        fault.line(detail["loc"])
        for detail in details
        if not _follows(detail, details)
        for fault in _faults(detail, root)
    )


def _follows(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Whether a list is called too short only because some of its entries are wrong, which are told."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(place)] == place and len(other["loc"]) > len(place) for other in details
    )


def _faults(detail: ErrorDetails, root: type[BaseModel]) -> tuple[Fault, ...]:
    kind, keys, context = detail["type"], detail["loc"], detail.get("ctx", {})
    if kind == "refused":
        return tuple(context["faults"])
    if kind == "extra_forbidden":
        return (Fault("is not a known key", detail["input"], _where_it_belongs(keys, root)),)
    value = NOTHING if kind == "missing" else detail["input"]
    problem = _PROBLEMS.get(kind, detail["msg"]).format(**context)
    info = _field(keys, root)
    if kind == "model_type":
        words = f"begin it with [{_dotted(keys)}], or in Python give a dict" if keys else "give a dict"
        return (Fault(problem, value, words),)
    if options := _options(info):
        words = f"use {', '.join(map(toml_value, options))}"
        return (Fault(problem, value, did_you_mean(detail["input"], options, then=words)),)
    extra = info.json_schema_extra if info else None
    rule = extra.get("rule", "") if isinstance(extra, dict) else ""
    return (Fault(problem, value, f"give {rule}" if rule else ""),)


def _field(keys: Keys, root: type[BaseModel]) -> FieldInfo | None:
    model, info = root, None
    for key in keys:
        info = model.model_fields.get(str(key), info)
        table = info.annotation if info else None
        if isinstance(table, type) and issubclass(table, BaseModel):
            model = table
    return info


def _options(info: FieldInfo | None) -> tuple[str, ...]:
    annotation = info.annotation if info else None
    either = (annotation, *get_args(annotation))  # a setting may be left unset as well
    return next((get_args(part) for part in either if get_origin(part) is Literal), ())


def _where_it_belongs(keys: Keys, root: type[BaseModel]) -> str:
    """Say where an unknown key may belong, or which key it may have meant."""
    here, key = _dotted(keys[:-1]), str(keys[-1])
    tables = {"": list(root.model_fields)}
    for name, info in root.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            tables[name] = list(info.annotation.model_fields)
    if key.lower() in _OTHER_NAMES:
        table, name, reason = _OTHER_NAMES[key.lower()]
        place = "" if table == here else f" in [{table}]"
        return f'did you mean "{name}"{place}?{" " if reason else ""}{reason}'
    homes = [table for table, names in tables.items() if key in names]
    near = did_you_mean(key, tables.get(here, ()))
    if homes:
        places = " or ".join(f"in [{t}]" if t else "at the top, above the first table" for t in homes)
        return f"{near}{' ' if near else ''}it belongs {places}"
    elsewhere = {name: table for table, names in tables.items() for name in names if table != here}
    far = difflib.get_close_matches(key.lower(), list(elsewhere), n=1)
    if near or not far:
        return near or f"known here: {', '.join(tables.get(here, ()))}"
    place = f"in [{elsewhere[far[0]]}]" if elsewhere[far[0]] else "at the top"
    return f'did you mean "{far[0]}" {place}?'


def _dotted(keys: Keys) -> str:
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{_key(key)}" for key in keys)
    return path.removeprefix(".")


def _key(key: object) -> str:
    return str(key) if re.fullmatch(r"[A-Za-z0-9_-]+", str(key)) else shown(str(key))
