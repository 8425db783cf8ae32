"""Scores on the test split, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpsearch.data.dataset import Dataset
from hpsearch.engine.settings import Array
from hpsearch.evaluation.trained import TrainedNetwork


@dataclass(frozen=True)
class TestScore:
    """A score on the test split, with a 95 % interval.

    Attributes:
        metric: "test_error", or "test_r2" for regression; "balanced_error" or "recall" of classes out of balance.
        value: Of the network.
        low: Lower end of the interval.
        high: Upper end.
        examples: In the test split, or of its class.
    """

    __test__ = False  # pytest: not a test class

    metric: str
    value: float
    low: float
    high: float
    examples: int


def score_on_test(network: TrainedNetwork, dataset: Dataset) -> TestScore | None:
    """Score a network on the test split; None if there is no such split.

    The interval of an error is Wilson's (1927); that of R² is the percentile bootstrap over examples.
    """
    if dataset.test is None:
        return None
    predicted = predictions(network, dataset.test.X)
    return (r2 if network.classes is None else error)(predicted, dataset.test.y)


def predictions(network: TrainedNetwork, X: Array) -> Array:
    """What a network says of encoded examples: ``(examples,)`` indexes of classes, or numbers in the targets' scale."""
    outputs = network.respond(X)
    if network.classes is None:
        return outputs[0]
    return (outputs[0] > 0.5).astype(np.int64) if network.architecture.output == "binary" else outputs.argmax(axis=0)


def error(predicted: Array, target: Array) -> TestScore:
    """The share of wrong answers, with Wilson's interval.

    Args:
        predicted: ``(examples,)`` indexes of classes.
        target: ``(examples,)``.
    """
    return proportion("test_error", int(np.count_nonzero(predicted != target)), len(target))


def proportion(metric: str, count: int, examples: int) -> TestScore:
    """A share of examples, with Wilson's interval."""
    from scipy import stats

    interval = stats.binomtest(count, examples).proportion_ci(method="wilson")
    return TestScore(metric, count / examples, float(interval.low), float(interval.high), examples)


def r2(predicted: Array, target: Array) -> TestScore:
    """R² with a percentile bootstrap's interval; NaN for fewer than two examples.

    Args:
        predicted: ``(examples,)`` numbers.
        target: ``(examples,)``.
    """
    from scipy import stats
    from sklearn.metrics import r2_score

    if len(target) < 2:
        return TestScore("test_r2", float("nan"), float("nan"), float("nan"), len(target))
    interval = stats.bootstrap(
        (target, predicted), r2_score, paired=True, vectorized=False, n_resamples=2000, method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    value = float(r2_score(target, predicted))
    return TestScore("test_r2", value, float(interval.low), float(interval.high), len(target))
