"""A study as the TOML file that reads back to it: anew, described, or as another study's file with changes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
import tomlkit.items
from tomlkit.exceptions import TOMLKitError

from hpsearch.config.hyperparameters import BY_NAME
from hpsearch.config.messages import printable
from hpsearch.config.study import StudyConfig, validated


def to_toml(config: StudyConfig) -> str:
    """Write a study with every default as TOML that `load_config` reads back to an equal study."""
    document = tomlkit.document()
    for key, value in config.describe().items():
        if isinstance(value, dict):
            document.add(tomlkit.nl())
            document.add(key, _table(value))
        else:
            document.add(key, value)
    # tomlkit leaves these control characters in texts as they are, and a terminal would obey them.
    return re.sub("[\x80-\x9f]", lambda match: printable(match[0]), tomlkit.dumps(document))


def described_toml(config: StudyConfig, heading: Sequence[str]) -> str:
    """Write a study as :func:`to_toml` does, with what each setting is beside it."""
    lines = [f"# {printable(line)}" for line in heading]
    here: Any = StudyConfig
    for line in to_toml(config).splitlines():
        if line.startswith("["):
            here = StudyConfig.model_fields[line.strip("[]")].annotation
        key = re.match(r"(?:# )?(\w+)(?: = | is not set)", line)
        field = here.model_fields.get(key[1]) if key else None
        text = (field.description or BY_NAME[key[1]].description) if key and field else ""
        lines.append(f"{line}{': ' if line.startswith('#') else '  # '}{text}" if text else line)
    return "\n".join(lines) + "\n"


def refined_toml(source: str | None, config: StudyConfig) -> str:
    """Write a study that follows from another as that one's TOML with the changes, its comments and order kept.

    Args:
        source: The text of the other study's file; None if there is none any more.
        config: The study that follows.

    Returns:
        A text that `load_config` reads to the config: the edited source, or, where that cannot be edited so,
        `to_toml` of the config.
    """
    if source is None:
        return to_toml(config)
    try:
        text = _edited(source, config)
        same = validated(tomllib.loads(text), where="the edited study") == config
    except (ValueError, TOMLKitError):  # the source is no study; a ConfigError is a ValueError
        same = False
    return text if same else to_toml(config)


def _edited(source: str, config: StudyConfig) -> str:
    document = tomlkit.parse(source)
    before = validated({"name": config.name, **document.unwrap()}, where="the study's file").describe()
    before["name"] = document.get("name")
    # A relative path is relative to the file, and the new file may stand elsewhere.
    before["data"] |= {key: value for key, value in document.get("data", {}).items() if key in ("source", "test")}
    _edit(document, before, config.describe())
    return tomlkit.dumps(document)


def _edit(table: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Set in a table of a document what differs between what it says and what it is to say."""
    for key in [key for key in table if key not in after]:
        del table[key]
    for key, value in after.items():
        if key in before and before[key] == value:
            continue
        if value is None:
            table.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(table.get(key), Mapping):
            _edit(table[key], before[key], value)
        elif isinstance(value, Mapping) and isinstance(table, tomlkit.TOMLDocument):
            table[key] = _table(value)
        else:
            table[key] = _item(value)


def _table(settings: Mapping[str, Any]) -> tomlkit.items.Table:
    table = tomlkit.table()
    for key, value in settings.items():
        if value is None:
            table.add(tomlkit.comment(f"{key} is not set"))
        else:
            table.add(key, _item(value))
    return table


def _item(value: Any) -> Any:
    """A setting as a document holds it, ranges and choices on one line."""
    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    table.update(value)
    return table
