"""The table [space] of a study's file as a frozen record."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationInfo, field_validator, model_serializer, model_validator

from hpsearch.config.entries import Entry, read_entry, written
from hpsearch.config.fields import Table
from hpsearch.config.hyperparameters import BY_NAME, HYPERPARAMETERS
from hpsearch.config.messages import Fault, refusal
from hpsearch.space import Dimension, Float, Space


class SpaceConfig(Table):
    """[space]: for each hyperparameter a range, choices, or a fixed value; at least one varies.

    Those of the network are None where [network] says them. Where one of width and depth is given, the other has its
    default.
    """

    learning_rate: Entry = BY_NAME["learning_rate"].default
    iterations: Entry = BY_NAME["iterations"].default
    momentum: Entry = BY_NAME["momentum"].default
    l2: Entry = BY_NAME["l2"].default
    batch_size: Entry = BY_NAME["batch_size"].default
    init_scale: Entry = BY_NAME["init_scale"].default
    width: Entry | None = None
    depth: Entry | None = None
    hidden: Entry | None = None
    activation: Entry | None = None
    init: Entry | None = None

    @field_validator("*", mode="plain")
    @classmethod
    def _read(cls, value: object, info: ValidationInfo) -> Entry:
        name = str(info.field_name)
        others = [other for other in ("width", "depth") if info.data.get(other) is not None]
        if name == "hidden" and others:
            raise refusal(Fault(f"stands beside {' and '.join(others)}", value, "keep hidden, or width and depth"))
        return read_entry(BY_NAME[name], value)

    @model_serializer
    def _write(self) -> dict[str, Any]:
        return {name: written(BY_NAME[name], entry) for name, entry in self.entries.items()}

    @model_validator(mode="after")
    def _layers_are_whole(self) -> SpaceConfig:
        """Give depth beside width its default, and width beside depth."""
        missing = [name for name in ("width", "depth") if getattr(self, name) is None]
        if len(missing) == 1:
            self.__dict__[missing[0]] = BY_NAME[missing[0]].default  # the record is frozen, and not finished yet
        return self

    @model_validator(mode="after")
    def _something_varies(self) -> SpaceConfig:
        if not any(isinstance(entry, Dimension) for entry in self.entries.values()):
            rule = "give a hyperparameter a range: learning_rate = {low = 0.001, high = 1.0, log = true}"
            raise refusal(Fault("is empty: no hyperparameter varies", rule=rule))
        return self

    @classmethod
    def reference(cls) -> SpaceConfig:
        """The space of a study whose file has no [space]."""
        return cls(**{h.name: h.reference for h in HYPERPARAMETERS if h.reference is not None})

    @property
    def entries(self) -> dict[str, Entry]:
        """What [space] says of each hyperparameter, in the order of `HYPERPARAMETERS`; none that [network] says."""
        entries = {h.name: getattr(self, h.name) for h in HYPERPARAMETERS}
        return {name: entry for name, entry in entries.items() if entry is not None}

    @property
    def dimensions(self) -> Space:
        """The hyperparameters that vary, in the order of `HYPERPARAMETERS`."""
        return Space({name: entry for name, entry in self.entries.items() if isinstance(entry, Dimension)})

    def step_faults(self) -> list[Fault]:
        """What keeps the effective step α/(1−μ) from being surveyed in this space; nothing if it can be."""
        fit = {"learning_rate": isinstance(self.learning_rate, Float), "momentum": isinstance(self.momentum, Dimension)}
        unfit = {name: written(BY_NAME[name], getattr(self, name)) for name, fits in fit.items() if not fits}
        problem = "needs a range of learning_rate, and momentum to vary"
        rule = "change that in [space], or leave it false"
        return [Fault(problem, unfit, rule, ("effective_step",))] if unfit else []

    def largest(self, name: str) -> float | int:
        """The largest value that a number takes in this study."""
        entry = self.entries[name]
        largest: Any = entry.ends[1] if isinstance(entry, Dimension) else entry
        return largest
