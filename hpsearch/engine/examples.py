"""The data as the engine reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hpsearch.engine.network import Batch
from hpsearch.engine.settings import Architecture, Array, Output

TRAIN_EXAMPLES = 2048


_CHUNK = 256
"""Examples measured at a time, and the size of the probe: the first of these chunks."""


@dataclass(frozen=True)
class Encoded:
    """Examples in the network's precision.

    Attributes:
        inputs: ``(examples, features)``; the given array itself if it has that precision.
        targets: ``(examples, outputs)``: one-hot for classes.
    """

    inputs: Array
    targets: Array

    @classmethod
    def of(cls, architecture: Architecture, inputs: Array, targets: Array) -> Encoded:
        """See :meth:`Examples.of`."""
        if architecture.output == "softmax":
            targets = targets[:, None] == np.arange(architecture.outputs)
        targets = np.reshape(targets, (len(inputs), architecture.outputs))
        return cls(np.ascontiguousarray(inputs, architecture.dtype), targets.astype(architecture.dtype))

    def __len__(self) -> int:
        return len(self.inputs)

    def rows(self, order: Array | slice) -> Array:
        """``(examples, features + 1)`` of some, the last column ones."""
        inputs = self.inputs[order] if isinstance(order, slice) else self.inputs.take(order, axis=0, mode="clip")
        rows = np.ones((len(inputs), inputs.shape[1] + 1), inputs.dtype)
        rows[:, :-1] = inputs
        return rows


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
        """
        held_out = None if validation is None else Encoded.of(architecture, *validation)
        return cls(Encoded.of(architecture, *train), held_out, architecture.output)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of what is measured, in order."""
        score = "validation_r2" if self.output == "identity" else "validation_error"
        held_out = ("validation_loss", score) if self.validation is not None else ()
        return ("train_loss", *held_out, "gradient_norm", "saturation", "weight_norm", "distinct_units")

    @cached_property
    def train_chunks(self) -> list[Batch]:
        """The training examples that metrics are measured on, the probe first."""
        probe, *others = _chunks(self.train, TRAIN_EXAMPLES)
        return [replace(probe, rows=np.ascontiguousarray(probe.rows)), *others]

    @cached_property
    def validation_chunks(self) -> list[Batch]:
        """All validation examples."""
        return [] if self.validation is None else _chunks(self.validation, len(self.validation))

    @cached_property
    def validation_variance(self) -> float:
        """Variance of the validation targets, summed over outputs."""
        assert self.validation is not None
        return float(np.var(self.validation.targets.astype(float), axis=0).sum())


def _chunks(examples: Encoded, count: int) -> list[Batch]:
    """The first examples, to be passed forward: their rows are views, too slow for more than that."""
    chunks = []
    for start in range(0, min(count, len(examples)), _CHUNK):
        some = slice(start, min(start + _CHUNK, count))
        turned = np.ascontiguousarray(examples.rows(some).T)
        chunks.append(Batch(slice(None), turned, turned.T, np.ascontiguousarray(examples.targets[some].T)))
    return chunks
