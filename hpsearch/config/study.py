"""A study's settings as one frozen record; describing, comparing and changing them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from hpsearch.config.messages import ConfigError, Fault, problems, refusal
from hpsearch.config.tables import DataConfig, NetworkConfig, SearchConfig, SpaceConfig, SurveyConfig, Table, Text

NOT_COMPARED = frozenset({"question", "answer", "search.trials", "survey"})
"""Keys that `differences` ignores: what a study may change and still go on with its stored trials."""

PROFILES = ".profiles"
"""Ends the name of the study in the storage that holds a study's trainings around its best."""

_RESERVED = {".survey": "survey", PROFILES: "profiles"}
"""Endings of a study's name that make another name in the storage, and what is stored there."""


class StudyConfig(Table):
    """A study: its question, its data and network, the space it covers and the search through it."""

    name: Text = Field(description="of the study in storage and of its folder of results; default: the file's")
    question: Text = Field("", description="what the study is to find out")
    answer: Text = Field("", description="what it found")
    data: DataConfig = Field(default_factory=DataConfig)
    network: NetworkConfig = Field(default_factory=NetworkConfig)
    space: SpaceConfig = Field(default_factory=SpaceConfig.reference)
    search: SearchConfig = Field(default_factory=SearchConfig)
    survey: SurveyConfig = Field(default_factory=SurveyConfig)

    @field_validator("name")
    @classmethod
    def _usable_name(cls, name: str) -> str:
        strange = [c for c in name if unicodedata.category(c)[0] not in "LMN" and c not in " -_."]
        if strange:
            raise refusal(Fault(f"has {strange[0]!r} in it", name, "use letters, digits, space, - _ and ."))
        # File systems allow 255 bytes, and results add an ending.
        if not 1 <= len(name) <= 100 or len(name.encode()) > 200:
            raise refusal(Fault("has the wrong length", name, "use 1 to 100 characters, at most 200 bytes"))
        if name != name.strip() or name.startswith(".") or name.endswith("."):
            raise refusal(Fault("begins or ends badly", name, "use no space or . at the ends"))
        for ending, owner in _RESERVED.items():
            if name.lower().endswith(ending):
                raise refusal(Fault(f"ends in {ending}", name, f"that ending belongs to the study's own {owner}"))
        return name

    def describe(self) -> dict[str, Any]:
        """Give every setting, defaults included, as nested dicts that JSON can hold."""
        return self.model_dump(mode="json")

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> StudyConfig:
        """Make the study that `describe` described; what is absent takes its default.

        Raises:
            ConfigError: If the description is no valid study.
        """
        return validated(description, where="stored settings")

    def with_overrides(self, **dotted: object) -> StudyConfig:
        """Make a study with some settings changed.

        Args:
            **dotted: New values by key, as in ``**{"search.trials": 50}``. A key without a dot is one of
                the top or else one of [search]. None leaves the setting as it is.

        Raises:
            ConfigError: If the changed study is not valid.
        """
        # What was never set stays so: a default may be fitted to the data.
        description = self.model_dump(mode="json", exclude_unset=True)
        if any(key.partition(".")[0] == "space" for key in dotted):
            description["space"] = self.describe()["space"]
        for key, value in dotted.items():
            if value is None:
                continue
            *tables, last = key.split(".") if "." in key or key in StudyConfig.model_fields else ("search", key)
            table = description
            for name in tables:
                if not isinstance(table.get(name), dict):
                    table[name] = {}
                table = table[name]
            table[last] = value
        folder = Path.cwd() if dotted.get("data.source") is not None else None
        return validated(description, where="changed settings", folder=folder)


def validated(settings: object, *, where: str, folder: Path | None = None) -> StudyConfig:
    """Make a study of plain settings.

    Args:
        settings: Nested dicts, as TOML or JSON gives them.
        where: Where they came from, for the message.
        folder: Data files are relative to it and must exist; None: to the working folder, and they need not.

    Raises:
        ConfigError: With every problem found.
    """
    try:
        return StudyConfig.model_validate(settings, context={"folder": folder} if folder else None)
    except ValidationError as error:
        raise ConfigError(where, problems(error, StudyConfig)) from None


def differences(old: Mapping[str, Any], new: Mapping[str, Any], *, under: str = "") -> list[tuple[str, Any, Any]]:
    """Compare two descriptions of a study, `NOT_COMPARED` aside.

    Returns:
        For each difference its dotted key, the old and the new value; None stands for an absent one.

    >>> differences({"search": {"seed": 1, "trials": 9}}, {"search": {"seed": 2, "trials": 8}})
    [('search.seed', 1, 2)]
    """
    changes: list[tuple[str, Any, Any]] = []
    for key in [*old, *(key for key in new if key not in old)]:
        a, b, path = old.get(key), new.get(key), under + key
        if path in NOT_COMPARED or a == b:
            continue
        # A range that became choices shares no key with them and reads better whole.
        if isinstance(a, Mapping) and isinstance(b, Mapping) and a.keys() & b.keys():
            changes += differences(a, b, under=path + ".")
        else:
            changes.append((path, a, b))
    return changes
