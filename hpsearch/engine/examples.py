"""The data as the engine reads it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hpsearch.engine.settings import Architecture, Array, Hyperparameters, Output, Precision


@dataclass(frozen=True)
class Encoded:
    """Examples in the network's precision.

    Attributes:
        inputs: ``(examples, features)``; the given array itself if it has that precision.
        targets: ``(examples, outputs)``; of classes their indexes, ``(examples, 1)``.
        classes: How many there are; 0 where targets are numbers.
    """

    inputs: Array
    targets: Array
    classes: int = 0

    @classmethod
    def of(cls, architecture: Architecture, inputs: Array, targets: Array) -> Encoded:
        """See :meth:`Examples.of`."""
        _check(architecture, np.shape(inputs), np.asarray(targets))
        classes = architecture.outputs if architecture.output == "softmax" else 0
        targets = np.reshape(targets, (len(inputs), 1 if classes else architecture.outputs))
        return cls(_plain(inputs, architecture.dtype), _plain(targets, architecture.dtype), classes)

    @property
    def answers(self) -> Array:
        """What a network should answer, ``(examples, outputs)``: one-hot for classes."""
        return (self.targets == np.arange(self.classes)).astype(self.targets.dtype) if self.classes else self.targets

    def __len__(self) -> int:
        return len(self.inputs)


def _plain(array: Array, dtype: str) -> Array:
    """As compiled code takes it: rows one after the other, and writable, since it knows but one kind of array."""
    return np.require(array, dtype, ["C", "A", "W", "E"])


def _check(architecture: Architecture, shape: tuple[int, ...], targets: Array) -> None:
    """Refuse what compiled code, which checks nothing, would read past the end of.

    Raises:
        ValueError: if the shapes do not belong together.
    """
    if len(shape) != 2 or shape[0] < 1 or shape[1] != architecture.features:
        raise ValueError(f"inputs are (examples, {architecture.features}), of at least one example (given: {shape})")
    classes, outputs, count = architecture.output == "softmax", architecture.outputs, shape[0]
    expected: list[tuple[int, ...]] = [(count,)] if classes or outputs == 1 else [(count, outputs)]
    if not classes and outputs == 1:
        expected.append((count, 1))
    if targets.shape not in expected:
        raise ValueError(f"targets of {count} examples are {expected[0]} (given: {targets.shape})")
    if classes and not (targets.min() >= 0 and targets.max() < outputs):
        raise ValueError(f"classes are 0 to {outputs - 1} (given: {targets.min()} to {targets.max()})")


@dataclass(frozen=True)
class Examples:
    """Training and validation examples as the engine reads them.

    Attributes:
        train: Training examples.
        validation: Validation examples, or None.
        output: The network's output function, which decides the metrics.
    """

    train: Encoded
    validation: Encoded | None
    output: Output

    @classmethod
    def of(
        cls,
        architecture: Architecture,
        train: tuple[Array, Array],
        validation: tuple[Array, Array] | None = None,
    ) -> Examples:
        """Examples for an architecture.

        Args:
            architecture: Its output decides how targets are encoded.
            train: ``(examples, features)``, and class indexes ``(examples,)`` or regression targets
                ``(examples,)`` or ``(examples, outputs)``.
            validation: The same.

        Raises:
            ValueError: if the shapes do not belong together.
        """
        held_out = None if validation is None else Encoded.of(architecture, *validation)
        return cls(Encoded.of(architecture, *train), held_out, architecture.output)

    def architecture(self, settings: Hyperparameters) -> Architecture:
        """The network of a setting for these examples."""
        inputs, outputs = self.train.inputs, self.train.classes or self.train.targets.shape[1]
        return Architecture(
            features=inputs.shape[1],
            hidden=settings.hidden,
            outputs=outputs,
            activation=settings.activation,
            output=self.output,
            init=settings.init,
            dtype=self.dtype,
        )

    @property
    def dtype(self) -> Precision:
        """Of the parameters and arithmetic of networks for these examples."""
        return "float64" if self.train.inputs.dtype == np.float64 else "float32"

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of what is measured, in order."""
        score = "validation_r2" if self.output == "identity" else "validation_error"
        held_out = ("validation_loss", score) if self.validation is not None else ()
        return ("train_loss", *held_out, "gradient_norm", "saturation", "weight_norm", "distinct_units")

    @cached_property
    def shuffles(self) -> Shuffles:
        """The order of the training examples in each pass."""
        return Shuffles(len(self.train))

    @cached_property
    def validation_variance(self) -> float:
        """Variance of the validation targets, summed over outputs; 1 where there are none."""
        if self.validation is None:
            return 1.0
        return float(np.var(self.validation.targets.astype(float), axis=0).sum())

    def __getstate__(self) -> dict[str, Any]:
        """Without the shuffles: they are made anew where the examples go."""
        return {name: value for name, value in self.__dict__.items() if name != "shuffles"}


_KEPT_NUMBERS = 1 << 20
_KEPT_SEEDS = 32


class Shuffles:
    """The order of examples in each pass; those of the first passes are kept, for all trainings of a seed.

    Pass p is shuffled by ``(seed, p)``: equal seeds see the same order, and no state goes from pass to pass.

    Args:
        examples: How many there are.
    """

    def __init__(self, examples: int) -> None:
        self._examples = examples
        self._kept: dict[int, Array] = {}
        self._lock = threading.Lock()

    def passes(self, seed: int, first: int, stop: int) -> Array:
        """Places of the examples, ``(passes, examples)``, of the passes from ``first`` to before ``stop``."""
        if stop * self._examples > _KEPT_NUMBERS:
            return self._made(seed, first, stop)
        with self._lock:
            kept = self._kept.pop(seed, np.empty((0, self._examples), np.int32))
            if len(kept) < stop:
                kept = np.concatenate([kept, self._made(seed, len(kept), stop)])
            self._kept[seed] = kept
            if len(self._kept) > _KEPT_SEEDS:
                del self._kept[next(iter(self._kept))]
        return kept[first:stop]

    def _made(self, seed: int, first: int, stop: int) -> Array:
        orders = np.empty((stop - first, self._examples), np.int32)
        for row, number in enumerate(range(first, stop)):
            orders[row] = np.random.default_rng((seed, 1, number)).permutation(self._examples)
        return orders
