"""Which rows train, which validate and which test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.checks import DataError, listed
from hpsearch.data.columns import is_numeric
from hpsearch.data.imports import import_sklearn

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Division:
    """How rows are divided into training, validation and test.

    Attributes:
        validation: Share of all rows for validation.
        test: Share of all rows for the test, 0 for none.
        seed: Of the division at random.
        groups: Column whose rows of one value stay together; None where each row is by itself.
        shuffle: Whether at random; else the first rows train and the last ones test.

    Raises:
        DataError: if the shares leave nothing to train or to validate on, or the seed is none.
    """

    validation: float
    test: float
    seed: int
    groups: str | None = None
    shuffle: bool = True

    def __post_init__(self) -> None:
        for name, share in (("validation", self.validation), ("test", self.test)):
            if isinstance(share, bool) or not isinstance(share, Real):
                text = repr(share) if isinstance(share, str | bool | None) else type(share).__name__
                raise DataError(f"{name} is no number (given: {text}): give a share of the whole, such as 0.2")
        if isinstance(self.seed, bool) or not isinstance(self.seed, Integral):
            raise DataError(f"seed is {self.seed!r}: give a whole number")
        if not (self.validation > 0 and self.test >= 0 and self.validation + self.test < 1):
            raise DataError(
                f"validation is {self.validation} and test is {self.test}: give shares of the whole, validation above "
                "0, test 0 or more, their sum below 1"
            )
        if not 0 <= self.seed < 2**32:
            raise DataError(f"seed is {self.seed}: give one from 0 to 2**32 - 1")


Rows = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
"""Row numbers of train, validation and test, each ``(examples,)``."""


def split_rows(labels: pd.Series | None, examples: int, division: Division, groups: pd.Series | None = None) -> Rows:
    """Divide the rows into training, validation and test.

    Args:
        labels: Classes of the examples; None for a regression. At random every split has the shares of all, unless
            rows stay together.
        examples: Number of rows.
        division: How they are divided.
        groups: Values of its column of groups, where it has one.

    Raises:
        DataError: if a split would be empty, or a class is not in every split.
    """
    shares = {"validation": math.ceil(division.validation * examples), "test": math.ceil(division.test * examples)}
    if min(shares["validation"], examples - sum(shares.values())) < 1 or (division.test > 0 and shares["test"] < 1):
        raise DataError(
            f"{examples} examples cannot be split into {examples - sum(shares.values())} for training, "
            f"{shares['validation']} for validation and {shares['test']} for the test: give more, or other shares"
        )
    if labels is not None:
        sizes = {"training": examples - sum(shares.values()), **shares}
        _check_class_sizes(labels, sizes, 2 + (division.test > 0))
    if groups is None and division.shuffle:
        rows = _at_random(labels, examples, shares, division.seed)
        cure = "give more examples or drop them"
    else:
        rows = _in_blocks(groups, examples, shares, division)
        cure = "take other shares" + (" or another data.seed" if division.shuffle else "") + ", or drop them"
    _check_classes(labels, rows, cure)
    return rows


def _at_random(labels: pd.Series | None, examples: int, shares: dict[str, int], seed: int) -> Rows:
    import_sklearn()
    from sklearn.model_selection import train_test_split

    rows, others = np.arange(examples), {}
    for i, name in enumerate(("test", "validation")):
        others[name] = rows[:0]
        if shares[name]:
            stratum = None if labels is None else labels.iloc[rows].to_numpy()
            try:
                rows, others[name] = train_test_split(
                    rows, test_size=shares[name], random_state=(seed + i) % 2**32, shuffle=True, stratify=stratum
                )
            except ValueError as problem:
                raise DataError(f"the classes cannot be split: {problem}; give more examples or other shares") from None
    return rows, others["validation"], others["test"]


def _in_blocks(groups: pd.Series | None, examples: int, shares: dict[str, int], division: Division) -> Rows:
    """Whole groups one after another: each is of the split in whose share of the rows its middle lies."""
    codes = np.arange(examples) if groups is None else groups.factorize()[0]
    order = np.arange(len(np.unique(codes)))  # of groups, in the order of the rows
    if division.shuffle:
        order = np.random.default_rng(division.seed).permutation(order)
    sizes = np.bincount(codes)[order]
    ends = np.cumsum([examples - sum(shares.values()), shares["validation"]])
    split_of = np.empty_like(order)
    split_of[order] = np.searchsorted(ends, np.cumsum(sizes) - sizes / 2, side="right")
    train, validation, test = (np.flatnonzero(split_of[codes] == i) for i in range(3))
    if not (len(train) and len(validation) and (len(test) or not shares["test"])):
        raise DataError(
            f"the {len(order):,} groups of {division.groups!r} cannot be split: {len(train):,} rows would train, "
            f"{len(validation):,} validate and {len(test):,} test; take other shares or another data.seed"
        )
    return train, validation, test


def division_notes(division: Division, splits: Rows, groups: pd.Series | None) -> list[str]:
    """What a user should know of rows that are not divided each by itself at random.

    Args:
        division: How they were divided.
        splits: Into which rows; those of a test table of its own are beyond the groups.
        groups: Values of its column of groups, where it has one.
    """
    if groups is not None:
        kept = [groups.iloc[rows[rows < len(groups)]].nunique() for rows in splits]
        parts = [f"{count:,} {what}" for count, what in zip(kept, ("train", "validate", "test"), strict=True) if count]
        return [
            f"rows of one {division.groups!r} stay together: of {groups.nunique():,} groups {', '.join(parts)}; "
            "intervals of test scores take the rows as independent, and are too narrow where those of a group are alike"
        ]
    if division.shuffle:
        return []
    train, validation, test = (f"{len(rows):,}" for rows in splits)
    last = f", the last {test} test" if division.test else ""
    return [f"rows keep their order: the first {train} train, the next {validation} validate{last}"]


def _check_class_sizes(labels: pd.Series, sizes: dict[str, int], needed: int) -> None:
    """Refuse classes that cannot be in every split, before any is made."""
    counts = labels.value_counts()
    counts = counts[counts > 0]  # pandas counts unused categories too
    rare = counts[counts < needed]
    numbers = _if_numbers(labels)
    if len(rare):
        names = listed([f"{label} ({count})" for label, count in rare.items()])
        raise DataError(f"classes have too few examples, every split needs one ({needed} in all): {names}{numbers}")
    for name, size in sizes.items():
        if 0 < size < len(counts):
            raise DataError(
                f"the {name} split would have {size} examples for {len(counts)} classes, it needs one of each: "
                f"give more examples or other shares{numbers}"
            )


def _check_classes(labels: pd.Series | None, splits: Rows, cure: str) -> None:
    if labels is None:
        return
    everything = set(labels)
    for name, rows in zip(("training", "validation", "test"), splits, strict=True):
        absent = everything - set(labels.iloc[rows]) if len(rows) else set()
        if absent:
            names = listed(sorted(str(label) for label in absent))
            raise DataError(f"classes without an example in the {name} split: {names}; {cure}{_if_numbers(labels)}")


def _if_numbers(labels: pd.Series) -> str:
    """What is said of labels that may be meant as numbers."""
    return "; set data.task to 'regression' if they are numbers" if is_numeric(labels) else ""
