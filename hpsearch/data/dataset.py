"""A data set ready for the network: split, encoded, and standardised by statistics of the training split alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.checks import DataError
from hpsearch.data.preparation import Preparation

_ROWS = 1024


@dataclass(frozen=True)
class Split:
    """Examples of one split.

    Attributes:
        X: ``(examples, features)``, encoded and standardised; float32 where the table holds no wider numbers.
        y: ``(examples,)``: class indexes, or targets in units of the training targets' standard deviation.
    """

    X: NDArray[Any]
    y: NDArray[Any]

    def __repr__(self) -> str:
        return f"Split({self.examples:,} examples, {self.X.shape[1]:,} features)"

    @property
    def examples(self) -> int:
        """Number of examples."""
        return len(self.y)


@dataclass(frozen=True)
class Dataset:
    """A data set ready for the network, made by :mod:`hpsearch.data.loading`.

    Attributes:
        name: Name of the source.
        task: "classification" or "regression".
        train: Training split.
        validation: Validation split.
        test: Test split, or None if its share is 0.
        preparation: How raw tables are encoded and standardised, learned from the training split.
        classes: Labels in order of their indexes, or None for regression.
        target_mean: Mean of the training targets, in their own units; 0 for classes.
        target_scale: Standard deviation of the training targets; 1 for classes.
        notes: Sentences about the data that a user should read, as of constant columns.
        test_notes: Those of them that are on the test examples, and may be why a score there is not what it seems.
    """

    name: str
    task: Literal["classification", "regression"]
    train: Split
    validation: Split
    test: Split | None
    preparation: Preparation
    classes: NDArray[Any] | None
    target_mean: float = 0.0
    target_scale: float = 1.0
    notes: tuple[str, ...] = ()
    test_notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        task = "regression" if self.classes is None else f"{self.class_count} classes"
        splits = [self.train, self.validation, *([self.test] if self.test else [])]
        examples = " + ".join(f"{split.examples:,}" for split in splits)
        return f"Dataset({self.name!r}, {task}, {self.features:,} features, {examples} examples)"

    @property
    def features(self) -> int:
        """Number of encoded features, which are the network's inputs."""
        return self.train.X.shape[1]

    @property
    def class_count(self) -> int:
        """Number of classes, 0 for regression."""
        return 0 if self.classes is None else len(self.classes)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every split and the labels.

        Numbers are rounded to 9 decimals, so that the last bits of a machine's arithmetic do not change it.
        """
        digest = hashlib.sha256(self.task.encode())
        for split in (self.train, self.validation, self.test):
            if split is not None:
                digest.update(repr(split.X.shape).encode())
                for numbers in (*_some_rows(split.X), split.y):
                    rounded = np.round(numbers.astype(float), 9) + 0.0  # -0.0 becomes 0.0
                    digest.update(rounded.astype("<f8").tobytes())
        digest.update(repr(None if self.classes is None else self.classes.tolist()).encode())
        return digest.hexdigest()


def checked_dataset(dataset: object) -> Dataset:
    """A data set of a caller's own.

    Raises:
        DataError: if it is something else, such as the table that one is made of.
    """
    if not isinstance(dataset, Dataset):
        raise DataError(
            f"dataset is no Dataset (given: {type(dataset).__name__}): make one by "
            "hpsearch.data.from_frame(frame, target), or from_arrays(X, y)"
        )
    return dataset


def _some_rows(X: NDArray[Any]) -> Iterator[NDArray[Any]]:
    return (X[start : start + _ROWS] for start in range(0, len(X), _ROWS))
