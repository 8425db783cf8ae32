"""How a network does on classes out of balance, where the error alone looks good for an answer that is always the same.

A class is rare if it has under 20 % of the examples and under 60 % of an even share: among ten even classes none is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hpsearch.data.dataset import Dataset
from hpsearch.engine.settings import Array
from hpsearch.tuning.scores import TestScore, proportion

SHARE, EVEN_SHARE = 0.2, 0.6
"""Of the examples, and of an even share of them: what a rare class has less of."""

_DRAWS = 10_000


@dataclass(frozen=True)
class Balance:
    """Scores on the test split that count each class alike.

    Attributes:
        error: The balanced error: one minus the mean of the recalls of all classes that the test split has.
        recalls: The share of its own examples that is recognised, of each rare class by its label, rarest first.
    """

    error: TestScore
    recalls: dict[str, TestScore]

    def describe(self) -> dict[str, Any]:
        """Give it as plain values that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Balance:
        """Make what `describe` described."""
        recalls = {label: TestScore(**score) for label, score in description["recalls"].items()}
        return cls(TestScore(**description["error"]), recalls)


def rare_classes(dataset: Dataset) -> list[int]:
    """Indexes of the rare classes by the training split, the rarest first."""
    if dataset.classes is None:
        return []
    shares = np.bincount(dataset.train.y, minlength=dataset.class_count) / dataset.train.examples
    rare = shares < min(SHARE, EVEN_SHARE / dataset.class_count)
    return [int(i) for i in np.argsort(shares, kind="stable") if rare[i]]


def balance(predicted: Array, dataset: Dataset) -> Balance | None:
    """Score predictions of the test split class by class; None where it has no rare class, or there is no such split.

    The intervals of recalls are Wilson's (1927). That of the balanced error holds the middle 95 % of it under recalls
    drawn from Beta(hits + 1/2, misses + 1/2), Jeffreys' of each class (Brown, Cai and DasGupta 2001).

    Args:
        predicted: ``(examples,)`` indexes of classes.
        dataset: Whose test split was predicted.
    """
    rare = rare_classes(dataset)
    if dataset.test is None or dataset.classes is None or not rare:
        return None
    y = dataset.test.y
    counts = np.bincount(y, minlength=dataset.class_count)
    hits = np.bincount(y[predicted == y], minlength=dataset.class_count)
    recalls = {str(dataset.classes[i]): proportion("recall", int(hits[i]), int(counts[i])) for i in rare if counts[i]}
    if not recalls:
        return None
    hits, counts = hits[counts > 0], counts[counts > 0]  # a test table of its own may lack classes
    draws = np.random.default_rng(0).beta(hits + 0.5, counts - hits + 0.5, size=(_DRAWS, len(counts)))
    low, high = np.quantile(1 - draws.mean(axis=1), [0.025, 0.975])
    value = 1 - float((hits / counts).mean())
    error = TestScore("balanced_error", value, min(float(low), value), max(float(high), value), len(y))
    return Balance(error, recalls)
