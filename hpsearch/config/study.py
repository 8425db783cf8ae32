"""A study's settings as one frozen record; describing, comparing and changing them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator

from hpsearch.config.data import DataConfig
from hpsearch.config.entries import Entry
from hpsearch.config.fields import Table, Text, plain
from hpsearch.config.hyperparameters import BY_NAME, HYPERPARAMETERS
from hpsearch.config.kinds import text_of, units_of
from hpsearch.config.messages import ConfigError, Fault, problems, refusal
from hpsearch.config.space import SpaceConfig
from hpsearch.config.tables import NetworkConfig, SearchConfig, SurveyConfig, step_in_space
from hpsearch.engine.settings import Hyperparameters
from hpsearch.space import Choice, Dimension

NOT_COMPARED = frozenset({"question", "answer", "search.trials", "survey"})
"""Keys that `differences` ignores: what a study may change and still go on with its stored trials."""

SURVEY = ".survey"
"""Ends the name of the study in the storage that holds the rows of a study's survey."""

PROFILES = ".profiles"
"""Ends the name of the study in the storage that holds a study's trainings around its best."""

TRANSFERS = ".transfers"
"""Ends what :data:`PROFILES` follows in the name of the study that holds trainings measured on the test examples."""

RESERVED = {SURVEY: "survey", PROFILES: "profiles", TRANSFERS: "transfers"}
"""Endings of a study's name that make another name in the storage, and what is stored there."""


class StudyConfig(Table):
    """A study: its question, its data and network, the space it covers and the search through it.

    Made in code by a table of the file as a dict each; what is left out has its default. ``with_overrides`` changes it,
    and ``hpsearch show`` prints it all.

    >>> config = StudyConfig(name="mine", data={"source": "iris"}, search={"trials": 50})
    >>> config.with_overrides(sampler="qmc").search.sampler, config.search.trials
    ('qmc', 50)

    Raises:
        ConfigError: if a setting cannot be used; with every problem found.
    """

    name: Text = Field(description="of the study in storage and of its folder of results; default: the file's")
    question: Text = Field("", description="what the study is to find out")
    answer: Text = Field("", description="what it found")
    data: DataConfig = Field(default_factory=DataConfig)
    network: NetworkConfig = Field(default_factory=NetworkConfig)
    space: SpaceConfig = Field(default_factory=SpaceConfig.reference)
    search: SearchConfig = Field(default_factory=SearchConfig)
    survey: Annotated[SurveyConfig, AfterValidator(step_in_space)] = Field(default_factory=SurveyConfig)

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
        for ending, owner in RESERVED.items():
            if name.lower().endswith(ending):
                raise refusal(Fault(f"ends in {ending}", name, f"that ending belongs to the study's own {owner}"))
        return name

    @field_validator("space")
    @classmethod
    def _network_is_said_once(cls, space: SpaceConfig, info: ValidationInfo) -> SpaceConfig:
        in_network = info.data["network"].model_fields_set if "network" in info.data else set()
        faults = [
            Fault(f"stands beside network.{_key_in_network(name)}", rule="remove one of the two", at=(name,))
            for name in space.entries
            if name in space.model_fields_set and _key_in_network(name) in in_network
        ]
        if faults:
            raise refusal(*faults)
        return space

    @property
    def entries(self) -> dict[str, Entry]:
        """What the study says of each hyperparameter, in [space] or [network], in the order of `HYPERPARAMETERS`."""
        shape = self.network
        in_network = {"hidden": text_of(shape.hidden), "activation": shape.activation, "init": shape.init}
        for name in self.space.entries:
            in_network.pop(_key_in_network(name), None)
        entries = {**in_network, **self.space.entries}
        return {h.name: entries[h.name] for h in HYPERPARAMETERS if h.name in entries}

    def __repr__(self) -> str:
        varied, s = ", ".join(self.space.dimensions), self.search
        return (
            f"StudyConfig({self.name!r}, data {self.data.source!r}, over {varied}, {s.trials:,} trials by {s.sampler})"
        )

    __str__ = __repr__

    @property
    def fixed(self) -> dict[str, float | int | str]:
        """The hyperparameters that do not vary, those of the network too, in the order of `HYPERPARAMETERS`."""
        return {name: entry for name, entry in self.entries.items() if not isinstance(entry, Dimension)}

    @property
    def largest_hidden(self) -> tuple[int, ...]:
        """The hidden layers of the study's largest network: the widest and deepest, or the choice of most weights."""
        space = self.space
        if "width" in space.entries:
            return (int(space.largest("width")),) * int(space.largest("depth"))
        hidden = self.entries["hidden"]
        choices = hidden.choices if isinstance(hidden, Choice) else (hidden,)
        return max((units_of(str(choice)) for choice in choices), key=_weights)

    def settings(self, values: Mapping[str, Any]) -> Hyperparameters:
        """A setting as the engine takes it.

        Args:
            values: Of hyperparameters by name, such as a trial's parameters; those left out are the fixed ones.
        """
        whole = {name: BY_NAME[name].natural(value) for name, value in {**self.fixed, **values}.items()}
        hidden = units_of(whole.pop("hidden")) if "hidden" in whole else (whole.pop("width"),) * whole.pop("depth")
        return Hyperparameters(**whole, hidden=hidden)

    def settings_of(self, columns: Mapping[str, Iterable[Any]]) -> list[Hyperparameters]:
        """The settings of a table's rows, as the engine takes them.

        Args:
            columns: Values of hyperparameters by name, ``(rows,)`` each; those left out are the fixed ones.
        """
        return [self.settings(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]

    def values(self, setting: Hyperparameters) -> dict[str, Any]:
        """A setting's values by name, in the order of `HYPERPARAMETERS`: what `settings` takes.

        The hidden layers are width and depth where [space] has these, and else hidden.

        Raises:
            ValueError: if [space] has width and depth, and the hidden layers differ in width.
        """
        hidden = setting.hidden
        if "width" in self.space.entries and len(set(hidden)) > 1:
            raise ValueError(f"hidden layers {hidden} have no one width, and study {self.name!r} varies width or depth")
        values = {**vars(setting), "width": hidden[0], "depth": len(hidden), "hidden": text_of(hidden)}
        return {name: values[name] for name in self.entries}

    def describe(self) -> dict[str, Any]:
        """Give every setting, defaults included, as nested dicts that JSON can hold."""
        description = self.model_dump(mode="json")
        for name in {_key_in_network(name) for name in self.space.entries} & description["network"].keys():
            del description["network"][name]  # [space] says it
        return description

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> StudyConfig:
        """Make the study that `describe` described; what is absent takes its default.

        A survey of the effective step that its space does not allow is no mistake here: what is stored can be read.

        Raises:
            ConfigError: if the description is not a valid study.
        """
        return validated(plain(description), where="stored settings", stored=True)

    def with_overrides(self, **dotted: object) -> StudyConfig:
        """Make a study with some settings changed.

        Args:
            **dotted: New values by key, as in ``**{"search.trials": 50}``. A key without a dot is one of
                the top or else one of [search]. None leaves the setting as it is.

        Raises:
            ConfigError: if the changed study is not valid.
        """
        # What was never set stays so: a default may be fitted to the data.
        description = self.model_dump(mode="json", exclude_unset=True)
        if "space" in description:  # written whole, as its own form
            written = self.space.model_fields_set
            description["space"] = {name: entry for name, entry in description["space"].items() if name in written}
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
            table[last] = plain(value)
        folder = Path.cwd() if dotted.get("data.source") or isinstance(dotted.get("data.test"), str) else None
        return validated(description, where="changed settings", folder=folder)


def _weights(hidden: tuple[int, ...]) -> int:
    """About how many weights: those between hidden layers, and as many more as a table of 64 columns needs."""
    return 64 * hidden[0] + sum(a * b for a, b in pairwise(hidden))


def _key_in_network(name: str) -> str:
    """The key of [network] that says what a hyperparameter of [space] does."""
    return "hidden" if name in ("width", "depth") else name


def validated(settings: object, *, where: str, folder: Path | None = None, stored: bool = False) -> StudyConfig:
    """Make a study of plain settings.

    Args:
        settings: Nested dicts, as TOML or JSON gives them.
        where: Where they came from, for the message.
        folder: Data files are relative to it and must exist; None: to the working folder, and they need not.
        stored: Whether they are of a study that was made already.

    Raises:
        ConfigError: With every problem found.
    """
    try:
        return StudyConfig.model_validate(settings, context={"folder": folder, "stored": stored})
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
