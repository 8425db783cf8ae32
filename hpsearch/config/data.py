"""The table [data] of a study's file: where the examples come from, how they are read and split."""

from __future__ import annotations

import contextlib
import os
from typing import Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, ValidationInfo, field_validator, model_validator

from hpsearch.config.fields import LARGEST_SEED, Table, Text, ruled, unicode_text, whole
from hpsearch.config.messages import Fault, did_you_mean, refusal

BUNDLED = ("digits", "breast_cancer", "wine", "iris", "diabetes", "flower", "moons")
"""Data sets that come with hpsearch."""

_FILE_KINDS = ("csv", "parquet")


class DataConfig(Table):
    """[data]: the examples, and how they are split."""

    source: Text = Field("digits", description='a bundled name, "csv:PATH" or "parquet:PATH"')
    target: Text | None = Field(None, validate_default=True, description="column to predict, of a file")
    task: Literal["auto", "classification", "regression"] = Field("auto", description="what is predicted")
    validation: StrictFloat = ruled(
        0.2, "a share between 0 and 1", "share of the examples that scores a setting", gt=0, lt=1, allow_inf_nan=False
    )
    test: float | str = Field(
        0.2, validate_default=True, description='share of the examples kept for the end, or their file, "csv:PATH"'
    )
    seed: StrictInt = whole(0, 0, LARGEST_SEED, "seed of the split and of generated examples")
    groups: Text | None = Field(
        None, description="column whose rows of one value, as of a patient, come into one split; no feature"
    )
    shuffle: StrictBool | None = Field(
        None, description="false: the first rows train, the last test; not set: the split is at random"
    )
    separator: Text | None = ruled(
        None,
        'one character, such as ";" or "\\t", or " " for runs of spaces',
        'between the fields of a CSV; not set: ","',
        min_length=1,
        max_length=1,
    )
    decimal: Literal[".", ","] | None = Field(None, description='before the decimals of a CSV\'s numbers; not set: "."')
    missing: tuple[Text, ...] | None = ruled(
        None,
        'a list of texts, as in ["", "?"]',
        "texts of a file that stand for a missing value; not set: blank, NA, None and their like",
    )
    encoding: Text | None = Field(
        None, description='of a CSV, as in "cp1252"; not set: UTF-8, or UTF-16 where its mark begins the file'
    )
    incomplete: Literal["refuse", "drop"] | None = Field(
        None, description="rows with missing values: refused, or left out with a note; not set: refused"
    )
    drop: tuple[Text, ...] | None = ruled(None, 'a list of names, as in ["id"]', "columns that are left out")

    @model_validator(mode="after")
    def _fits_the_file(self) -> DataConfig:
        kind = self.source.partition(":")[0]
        what = "a Parquet file" if kind == "parquet" else "bundled data"
        faults = [
            Fault(f"does not apply to {what}", value, "remove it", (key,))
            for key in ("separator", "decimal", "missing", "encoding")
            if (value := getattr(self, key)) is not None and kind != "csv" and (kind, key) != ("parquet", "missing")
        ]
        if self.separator is not None and (self.separator.isalnum() or self.separator in '"\n\r.'):
            rule = 'give a character that is part of no name or number, such as ";" or "\\t"'
            faults.append(Fault("cannot divide fields", self.separator, rule, ("separator",)))
        if kind == "csv" and self.decimal == "," and self.separator in (None, ","):
            faults.append(Fault("is the separator too", self.decimal, 'set separator = ";"', ("decimal",)))
        if self.target is not None and self.target in (self.drop or ()):
            faults.append(Fault("names the target", self.drop, "predict another column or keep this one", ("drop",)))
        if self.groups is not None and self.groups in (self.target, *(self.drop or ())):
            rule = "name a column that is neither the target nor left out; it is no feature anyway"
            faults.append(Fault("is the target, or in data.drop", self.groups, rule, ("groups",)))
        if faults:
            raise refusal(*faults)
        return self

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str | None) -> str | None:
        try:
            "".encode(encoding or "utf-8")
        except (LookupError, ValueError):  # ValueError: a NUL in the name
            rule = 'give a name that Python knows, such as "latin-1", "cp1252", "utf-16" or "gb18030"'
            raise refusal(Fault("is no encoding of text", encoding, rule)) from None
        return encoding

    @field_validator("source")
    @classmethod
    def _usable_source(cls, source: str, info: ValidationInfo) -> str:
        kind, _, location = source.partition(":")
        if "://" in source:
            raise refusal(_address(source))
        if kind in _FILE_KINDS and location:
            return f"{kind}:{_data_file(source, location, info)}"
        if source in BUNDLED:
            return source
        rule = f'bundled: {", ".join(BUNDLED)}; or give "csv:PATH" or "parquet:PATH"'
        raise refusal(Fault("is not a known data set", source, did_you_mean(source, BUNDLED, then=rule)))

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

    @field_validator("test", mode="plain")
    @classmethod
    def _share_or_file(cls, test: object, info: ValidationInfo) -> float | str:
        rule = 'give a share from 0 to below 1, or the file of the test examples, as in "csv:test.csv"'
        if isinstance(test, str):
            kind, _, location = unicode_text(test).partition(":")
            if "://" in test:
                raise refusal(_address(test))
            if kind not in _FILE_KINDS or not location:
                raise refusal(Fault("is neither a share nor a file", test, rule))
            if info.data.get("source") in BUNDLED:
                raise refusal(Fault("is a file, and the source is none", test, "give a share from 0 to below 1"))
            return f"{kind}:{_data_file(test, location, info)}"
        if isinstance(test, bool) or not isinstance(test, int | float):
            raise refusal(Fault("must be a number or a file", test, rule))
        if not 0 <= test < 1:
            raise refusal(Fault("must be from 0 to below 1", test, rule))
        validation = info.data.get("validation", 0.0)
        if validation + test >= 1:
            rule = f"keep validation + test below 1 (validation is {validation})"
            raise refusal(Fault("leaves nothing to train on", test, rule))
        return float(test)


def _address(source: str) -> Fault:
    return Fault("is an address, and nothing is downloaded", source, "save the file and give its path")


def _data_file(source: str, location: str, info: ValidationInfo) -> str:
    """Make a data file's path absolute; in a file's own folder (the context), require that it exists."""
    folder = (info.context or {}).get("folder")
    path = os.path.abspath(os.path.join(folder or os.getcwd(), os.path.expanduser(location)))
    if folder and not os.path.isfile(path):
        place, name = os.path.split(path)
        files: list[str] = []
        with contextlib.suppress(OSError, ValueError):
            files = os.listdir(place)
        rule = did_you_mean(name, files, then=f"looked in {place}")
        raise refusal(Fault("names a file that does not exist", source, rule))
    return path
