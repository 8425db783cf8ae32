"""Which rows train, which validate and which test."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.checks import DataError, listed
from hpsearch.data.columns import is_numeric
from hpsearch.data.imports import import_sklearn

if TYPE_CHECKING:
    import pandas as pd


def check_shares(validation: float, test: float, seed: int) -> None:
    """Refuse shares that leave nothing to train or to validate on, and what is no seed."""
    for name, share in (("validation", validation), ("test", test)):
        if isinstance(share, bool) or not isinstance(share, Real):
            raise DataError(f"{name} is {share!r}: give a share of the whole, such as 0.2")
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise DataError(f"seed is {seed!r}: give a whole number")
    if not (validation > 0 and test >= 0 and validation + test < 1):
        raise DataError(
            f"validation is {validation} and test is {test}: give shares of the whole, validation above 0, "
            "test 0 or more, their sum below 1"
        )
    if not 0 <= seed < 2**32:
        raise DataError(f"seed is {seed}: give one from 0 to 2**32 - 1")


def split_rows(
    labels: pd.Series | None, examples: int, *, validation: float, test: float, seed: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Divide the rows at random into training, validation and test.

    Args:
        labels: Classes of the examples, whose shares every split keeps; None for a regression.
        examples: Number of rows.
        validation: Share of all examples for validation.
        test: Share of all examples for the test, 0 for none.
        seed: Seed of the division.

    Returns:
        Row numbers of train, validation and test, each ``(examples,)``.

    Raises:
        DataError: if a split would be empty, or a class is not in every split.
    """
    import_sklearn()
    from sklearn.model_selection import train_test_split

    shares = {"validation": math.ceil(validation * examples), "test": math.ceil(test * examples)}
    if min(shares["validation"], examples - sum(shares.values())) < 1 or (test > 0 and shares["test"] < 1):
        raise DataError(
            f"{examples} examples cannot be split into {examples - sum(shares.values())} for training, "
            f"{shares['validation']} for validation and {shares['test']} for the test: give more, or other shares"
        )
    if labels is not None:
        _check_class_sizes(labels, {"training": examples - sum(shares.values()), **shares}, 2 + (test > 0))
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
    _check_classes(labels, rows, others)
    return rows, others["validation"], others["test"]


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


def _check_classes(labels: pd.Series | None, train: NDArray[Any], others: dict[str, NDArray[Any]]) -> None:
    if labels is None:
        return
    everything = set(labels)
    for name, rows in {"training": train, **others}.items():
        absent = everything - set(labels.iloc[rows]) if len(rows) else set()
        if absent:
            names = listed(sorted(str(label) for label in absent))
            raise DataError(
                f"classes without an example in the {name} split: {names}; give more examples or drop them"
                f"{_if_numbers(labels)}"
            )


def _if_numbers(labels: pd.Series) -> str:
    """What is said of labels that may be meant as numbers."""
    return "; set data.task to 'regression' if they are numbers" if is_numeric(labels) else ""
