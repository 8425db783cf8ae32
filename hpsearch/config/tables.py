"""The tables of a study's file as frozen records: what may be set, the defaults, the rules."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hpsearch.config.hyperparameters import BY_NAME
from hpsearch.config.kinds import DEEPEST, WIDEST, units_of
from hpsearch.config.messages import Fault, did_you_mean, refusal
from hpsearch.engine.settings import Activation, Init

BUNDLED = ("digits", "breast_cancer", "wine", "iris", "diabetes", "flower", "moons")
"""Data sets that come with hpsearch."""

LARGEST_SEED = 2**32 - 1
_FILE_KINDS = ("csv", "parquet")


def _whole(default: int | None, low: int, high: int, description: str) -> Any:
    rule = f"a whole number from {low:,} to {high:,}"
    extra: dict[str, Any] = {"rule": rule}
    return Field(default, ge=low, le=high, description=description, json_schema_extra=extra)


def _ruled(default: Any, rule: str, description: str, **limits: Any) -> Any:
    return Field(default, description=description, json_schema_extra={"rule": rule}, **limits)


def _unicode(text: str) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise refusal(Fault("has half a surrogate pair", text, "give valid Unicode text"))
    return text


Text = Annotated[StrictStr, AfterValidator(_unicode)]


class Table(BaseModel):
    """A table of settings: frozen, and no key but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataConfig(Table):
    """[data]: the examples, and how they are split."""

    source: Text = Field("digits", description='a bundled name, "csv:PATH" or "parquet:PATH"')
    target: Text | None = Field(None, validate_default=True, description="column to predict, of a file")
    task: Literal["auto", "classification", "regression"] = Field("auto", description="what is predicted")
    validation: StrictFloat = _ruled(
        0.2,
        "a share between 0 and 1",
        "share of the examples that scores a setting",
        gt=0,
        lt=1,
        allow_inf_nan=False,
    )
    test: StrictFloat = _ruled(
        0.2,
        "a share from 0 to below 1",
        "share of the examples kept for the end",
        validate_default=True,
        ge=0,
        lt=1,
        allow_inf_nan=False,
    )
    seed: StrictInt = _whole(0, 0, LARGEST_SEED, "seed of the split and of generated examples")
    separator: Text | None = _ruled(
        None,
        'one character, such as ";" or "\\t", or " " for runs of spaces',
        'between the fields of a CSV; not set: ","',
        min_length=1,
        max_length=1,
    )
    decimal: Literal[".", ","] | None = Field(None, description='before the decimals of a CSV\'s numbers; not set: "."')
    missing: tuple[Text, ...] | None = _ruled(
        None,
        'a list of texts, as in ["", "?"]',
        "texts of a file that stand for a missing value; not set: blank, NA, None and their like",
    )
    incomplete: Literal["refuse", "drop"] | None = Field(
        None, description="rows with missing values: refused, or left out with a note; not set: refused"
    )
    drop: tuple[Text, ...] | None = _ruled(None, 'a list of names, as in ["id"]', "columns that are left out")

    @model_validator(mode="after")
    def _fits_the_file(self) -> DataConfig:
        kind = self.source.partition(":")[0]
        faults = [
            Fault(
                f"does not apply to {'a Parquet file' if kind == 'parquet' else 'bundled data'}",
                value,
                "remove it",
                (key,),
            )
            for key, value in (("separator", self.separator), ("decimal", self.decimal), ("missing", self.missing))
            if value is not None and kind != "csv" and not (kind == "parquet" and key == "missing")
        ]
        if self.separator is not None and (self.separator.isalnum() or self.separator in '"\n\r.'):
            rule = 'give a character that is part of no name or number, such as ";" or "\\t"'
            faults.append(Fault("cannot divide fields", self.separator, rule, ("separator",)))
        if kind == "csv" and self.decimal == "," and self.separator in (None, ","):
            faults.append(Fault("is the separator too", self.decimal, 'set separator = ";"', ("decimal",)))
        if self.target is not None and self.target in (self.drop or ()):
            faults.append(Fault("names the target", self.drop, "predict another column or keep this one", ("drop",)))
        if faults:
            raise refusal(*faults)
        return self

    @field_validator("source")
    @classmethod
    def _usable_source(cls, source: str, info: ValidationInfo) -> str:
        kind, _, location = source.partition(":")
        if "://" in source:
            raise refusal(Fault("is an address, and nothing is downloaded", source, "save the file and give its path"))
        if kind in _FILE_KINDS and location:
            return f"{kind}:{_data_file(source, location, info)}"
        if source in BUNDLED:
            return source
        listed = f'bundled: {", ".join(BUNDLED)}; or give "csv:PATH" or "parquet:PATH"'
        near = did_you_mean(source, BUNDLED)
        raise refusal(Fault("is not a known data set", source, f"{near} {listed}" if near else listed))

    @field_validator("target")
    @classmethod
    def _target_of_a_file(cls, target: str | None, info: ValidationInfo) -> str | None:
        source = info.data.get("source")
        if source is None:
            return target
        if source in BUNDLED and target is not None:
            raise refusal(Fault(f"does not apply to the bundled {source}", target, "remove it"))
        if source not in BUNDLED and not target:
            raise refusal(Fault("is missing", rule='name the column to predict: target = "..."'))
        return target

    @field_validator("test")
    @classmethod
    def _examples_are_left(cls, test: float, info: ValidationInfo) -> float:
        validation = info.data.get("validation", 0.0)
        if validation + test >= 1:
            rule = f"keep validation + test below 1 (validation is {validation})"
            raise refusal(Fault("leaves nothing to train on", test, rule))
        return test


def _data_file(source: str, location: str, info: ValidationInfo) -> str:
    """Make a data file's path absolute; in a file's own folder (the context), require that it exists."""
    folder = (info.context or {}).get("folder")
    path = os.path.abspath(os.path.join(folder or os.getcwd(), os.path.expanduser(location)))
    if folder and not os.path.isfile(path):
        try:
            near = did_you_mean(os.path.basename(path), os.listdir(os.path.dirname(path)))
        except (OSError, ValueError):
            near = ""
        rule = f"looked in {os.path.dirname(path)}"
        raise refusal(Fault("names a file that does not exist", source, f"{near} {rule}" if near else rule))
    return path


class NetworkConfig(Table):
    """[network]: the network's shape, where [space] does not choose it."""

    hidden: tuple[Annotated[StrictInt, Field(ge=1, le=WIDEST)], ...] = _ruled(
        units_of(BY_NAME["hidden"].default),
        "1 to 16 widths of hidden layers, each from 1 to 65,536, as in [32] or [64, 32]",
        "units of each hidden layer",
        min_length=1,
        max_length=DEEPEST,
    )
    activation: Activation = Field(BY_NAME["activation"].default, description=BY_NAME["activation"].description)
    init: Init = Field(BY_NAME["init"].default, description=BY_NAME["init"].description)
    dtype: Literal["float32", "float64"] = Field("float32", description="precision of training")


class SearchConfig(Table):
    """[search]: how many trials, who chooses them, and what they are judged by."""

    trials: StrictInt = _whole(200, 1, 10_000_000, "number of trials")
    sampler: Literal["tpe", "random", "qmc", "grid", "cmaes", "gp"] = Field("tpe", description="chooses them")
    pruner: Literal["none", "median", "hyperband"] = Field("none", description="stops poor trials early")
    metric: Literal["validation_loss", "validation_error"] = Field("validation_loss", description="minimised")
    seed: StrictInt = _whole(0, 0, LARGEST_SEED, "seed of the sampler")
    seeds: tuple[int, ...] = Field((0,), description="training seeds of a trial: a list, or how many (0, 1, ...)")
    batch: StrictInt | None = _whole(None, 1, 10_000, "trials asked together; not set: the sampler decides")
    checkpoints: StrictInt = _whole(20, 2, 1000, "iterations at which metrics are recorded, geometric")
    grid: StrictInt = _whole(4, 2, 1000, "values of a range for the grid sampler")

    @field_validator("seeds", mode="before")
    @classmethod
    def _read_seeds(cls, seeds: object) -> tuple[int, ...]:
        rule = "give how many (1 to 1,000) or a list of different whole numbers from 0 to 4,294,967,295"
        if isinstance(seeds, int) and not isinstance(seeds, bool):
            if not 1 <= seeds <= 1000:
                raise refusal(Fault("must be from 1 to 1,000", seeds, rule))
            return tuple(range(seeds))
        if not isinstance(seeds, list | tuple):
            raise refusal(Fault("must be a whole number or a list", seeds, rule))
        if not 1 <= len(seeds) <= 1000:
            raise refusal(Fault(f"lists {len(seeds):,} seeds", seeds, rule))
        if faults := [Fault("is no seed", seed, rule, (k,)) for k, seed in enumerate(seeds) if not _is_seed(seed)]:
            raise refusal(*faults)
        if len(set(seeds)) < len(seeds):
            raise refusal(Fault("has a seed twice", seeds, rule))
        return tuple(seeds)

    @property
    def learns(self) -> bool:
        """Whether what the sampler asks depends on earlier results."""
        return self.sampler not in ("random", "qmc", "grid")


class SurveyConfig(Table):
    """[survey]: the designed set of trainings from which sensitivity is measured."""

    base: StrictInt = _whole(64, 2, 2**16, "rows of a block of the design, a power of two; it may grow later")
    scrambles: StrictInt = _whole(8, 2, 1000, "independent designs, from which the intervals come; may grow later")
    seeds: StrictInt = _whole(32, 2, 10_000, "size of the pool of training seeds, which are a factor of the design")
    dummy: StrictBool = Field(False, description="whether to add a factor that does nothing, as a control")
    second_order: StrictBool = Field(False, description="whether to measure what pairs do alone: twice the trainings")
    effective_step: StrictBool = Field(
        False, description="whether learning_rate's range is that of α/(1−μ), as a separate survey"
    )
    checkpoints: StrictInt = _whole(12, 2, 1000, "iterations at which metrics are recorded, geometric")
    seed: StrictInt = _whole(0, 0, LARGEST_SEED, "seed of the design")

    @field_validator("base")
    @classmethod
    def _power_of_two(cls, base: int) -> int:
        if base & (base - 1):
            below = 1 << (base.bit_length() - 1)
            raise refusal(Fault("is not a power of two", base, f"use {below} or {2 * below}: Sobol sequences need it"))
        return base


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_SEED
