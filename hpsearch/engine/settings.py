"""What is chosen before training: a network's shape and the hyperparameters of its training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from numpy.typing import NDArray

ENGINE = 3
"""Counts the changes of the engine that change numbers: what one engine trained is not mixed with another's."""

Array: TypeAlias = NDArray[Any]
Activation: TypeAlias = Literal["tanh", "relu", "sigmoid"]
Output: TypeAlias = Literal["softmax", "binary", "identity"]
Init: TypeAlias = Literal["scaled", "xavier", "he", "zeros", "constant"]
Precision: TypeAlias = Literal["float32", "float64"]


@dataclass(frozen=True)
class Hyperparameters:
    """One point of the space: what is chosen, as opposed to weights and biases, which are learned.

    A setting of a study comes from ``StudyConfig.settings``, which adds what the study fixes. What is left out here of
    the network has its default.

    Attributes:
        learning_rate: α, above 0.
        iterations: Parameter updates, at least 1.
        momentum: μ in [0, 1); the effective step is α/(1−μ).
        l2: λ, at least 0, not divided by the batch size.
        batch_size: Examples of a mini-batch.
        init_scale: Standard deviation of the initial weights (before any fan-in factor).
        hidden: Units of each hidden layer.
        activation: Activation function of the hidden layers.
        init: How the initial weights are drawn.
    """

    learning_rate: float
    iterations: int
    momentum: float
    l2: float
    batch_size: int
    init_scale: float
    hidden: tuple[int, ...] = (32,)
    activation: Activation = "tanh"
    init: Init = "scaled"


@dataclass(frozen=True)
class Architecture:
    """The shape of a network.

    Attributes:
        features: Inputs of the first layer.
        hidden: Units of each hidden layer.
        outputs: Units of the output layer (one for "binary").
        activation: Activation function of the hidden layers.
        output: Decides the output function and its loss.
        init: How the initial weights are drawn.
        dtype: Of parameters and arithmetic.
    """

    features: int
    hidden: tuple[int, ...]
    outputs: int
    activation: Activation = "tanh"
    output: Output = "softmax"
    init: Init = "scaled"
    dtype: Precision = "float32"

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """``(units, inputs + 1)`` of each layer, its last column the bias."""
        inputs = (self.features, *self.hidden)
        return tuple((units, n + 1) for units, n in zip((*self.hidden, self.outputs), inputs, strict=True))

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum(units * columns for units, columns in self.shapes)

    def layers(self, flat: Array) -> list[Array]:
        """Views of each layer in flat parameters.

        Args:
            flat: ``(parameters,)``.

        Returns:
            For each layer a view ``(units, inputs + 1)``, its last column the bias.
        """
        views, start = [], 0
        for units, columns in self.shapes:
            stop = start + units * columns
            views.append(flat[start:stop].reshape(units, columns))
            start = stop
        return views
