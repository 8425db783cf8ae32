"""A network layer by layer, computed plainly with NumPy in float64: what the engine's numbers are checked against.

Rows are examples. A gradient is that of the mean loss, without λ's term.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hpsearch.engine.settings import Architecture, Array
from hpsearch.evaluation.networks import TrainedNetwork


@dataclass(frozen=True)
class Pass:
    """What one pass through a network gives.

    Attributes:
        logits: Z of each layer, ``(examples, units)``.
        activations: Of each hidden layer, ``(examples, units)``.
        outputs: ``(examples, outputs)``.
        loss: Mean over the examples.
        dW: Of each layer, ``(inputs, units)``.
        db: Of each layer, ``(units,)``.
    """

    logits: Sequence[Array]
    activations: Sequence[Array]
    outputs: Array
    loss: float
    dW: Sequence[Array]
    db: Sequence[Array]


def passed(architecture: Architecture, layers: Sequence[tuple[Array, Array]], X: Array, Y: Array) -> Pass:
    """Forward, loss and gradient.

    Args:
        architecture: Of the network.
        layers: W ``(inputs, units)`` and b ``(units,)`` of each.
        X: ``(examples, features)``.
        Y: ``(examples, outputs)``: one-hot, 0 and 1, or real.
    """
    activated, logits = [X], []
    for W, b in layers:
        logits.append(activated[-1] @ W + b)
        activated.append(_activation(architecture.activation, logits[-1]))
    outputs = _outputs(architecture.output, logits[-1])
    gradients: list[tuple[Array, Array]] = []
    signal = (outputs - Y) / len(X)
    for layer in range(len(layers) - 1, -1, -1):
        gradients.insert(0, (activated[layer].T @ signal, signal.sum(axis=0)))
        if layer:
            signal = signal @ layers[layer][0].T * _slope(architecture.activation, activated[layer])
    dW, db = zip(*gradients, strict=True)
    return Pass(logits, activated[1:-1], outputs, _loss(architecture.output, outputs, Y), dW, db)


def layers_of(network: TrainedNetwork) -> list[tuple[Array, Array]]:
    """W ``(inputs, units)`` and b ``(units,)`` of each layer, in float64."""
    return [(W.T.astype(float), b.astype(float)) for W, b in zip(network.weights, network.biases, strict=True)]


def sizes(network: TrainedNetwork, X: Array, Y: Array) -> pd.DataFrame:
    """How large a network's activations and gradients are, layer by layer.

    Args:
        network: At any iteration of its training.
        X: Prepared inputs ``(examples, features)``.
        Y: Targets ``(examples, outputs)``.

    Returns:
        A row a layer. Columns: layer (from 1), activation (root mean square of a hidden layer's activations about
        their mean over the examples: what tells examples apart; missing for the output), gradient (root mean square
        of dW).
    """
    seen = passed(network.architecture, layers_of(network), np.asarray(X, float), np.asarray(Y, float))
    spread = [float(np.sqrt(np.mean(a.var(axis=0)))) for a in seen.activations]
    gradient = [float(np.sqrt(np.mean(dW**2))) for dW in seen.dW]
    return pd.DataFrame({"layer": range(1, len(gradient) + 1), "activation": [*spread, np.nan], "gradient": gradient})


def _activation(name: str, z: Array) -> Array:
    if name == "tanh":
        return np.tanh(z)
    return np.maximum(z, 0) if name == "relu" else (1 + np.tanh(z / 2)) / 2


def _slope(name: str, a: Array) -> Array:
    if name == "tanh":
        return 1 - a**2
    return (a > 0).astype(float) if name == "relu" else a * (1 - a)


def _outputs(output: str, z: Array) -> Array:
    if output == "softmax":
        shifted = np.exp(z - z.max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True)
    return (1 + np.tanh(z / 2)) / 2 if output == "binary" else z


def _loss(output: str, outputs: Array, Y: Array) -> float:
    if output == "identity":
        return float(np.mean(0.5 * ((outputs - Y) ** 2).sum(axis=1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(Y > 0, Y * np.log(outputs), 0.0)
        if output == "binary":
            own = own + np.where(Y < 1, (1 - Y) * np.log(1 - outputs), 0.0)
    return float(-np.mean(own.sum(axis=1)))
