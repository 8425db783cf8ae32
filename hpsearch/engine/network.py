"""A population's parameters, and one pass through them: initialise, forward, loss, backward.

The training rule, stated once (:mod:`hpsearch.engine.training` repeats these steps):

* Layer l: ``Z = W·A_prev + b``. Hidden layers apply tanh, relu or sigmoid. The output is softmax or one sigmoid
  unit with cross-entropy, or the identity with half the squared error.
* Columns are examples: an input is ``(features, examples)``, a layer's weights are ``(members, units, inputs)``.
* The bias is one more column of W, under which every input carries a row of ones. So a layer is one matrix
  product, and its gradient another.
* cost = mean loss over the mini-batch + (λ/2)·Σ‖W‖². Biases are not regularised, λ is not divided by the batch.
* Initial W = ``init_scale`` × N(0, 1) (× a fan-in factor for "he" and "xavier"), b = 0.

A gradient has its parameter's shape and the name ``d`` + that name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hpsearch.engine.settings import Activation, Architecture, Array, Output

CEILING = float(-np.log(np.finfo(np.float32).eps))
"""The largest loss, 15.94: scikit-learn's ``log_loss`` clips probabilities at float32 eps in the same way."""

_LEAST_LOGIT = -80.0
"""Logits this far under the largest are raised to here: exp(-80) is still a normal float32, and denormal numbers
make an elementwise pass many times slower on some processors. No probability changes by more than 2e-35."""


_CHUNK = 4096
"""Examples answered at a time, so that memory stays bounded."""


def initial_weights(architecture: Architecture, seeds: Sequence[int], scales: Sequence[float]) -> Array:
    """Draw the initial parameters, ``(members, parameters)``.

    The draws come from the seed alone, so members of one seed start from the same numbers times their own scale
    (common random numbers). The fan-in factor is sqrt(2/n) for "he" (He et al. 2015) and sqrt(1/n) for "xavier"
    (Glorot and Bengio 2010, as usually taught for tanh).
    """
    flat = np.zeros((len(seeds), architecture.parameters))
    gain = {"he": 2.0, "xavier": 1.0}.get(architecture.init)
    rows = {seed: [i for i, s in enumerate(seeds) if s == seed] for seed in dict.fromkeys(seeds)}
    for seed, members in rows.items():
        generator = np.random.default_rng((seed, 0))
        for layer in architecture.layers(flat):
            units, fan_in = layer.shape[1], layer.shape[2] - 1
            draw = generator.standard_normal((units, fan_in))
            if architecture.init == "constant":
                draw = np.ones((units, fan_in))
            elif architecture.init == "zeros":
                draw = np.zeros((units, fan_in))
            layer[members, :, :-1] = draw * (1.0 if gain is None else np.sqrt(gain / fan_in))
    flat *= np.asarray(scales, dtype=float)[:, None]
    return flat.astype(architecture.dtype)


def activate(activation: Activation, values: Array) -> None:
    """Apply a hidden activation in place."""
    if activation == "tanh":
        np.tanh(values, out=values)
    elif activation == "relu":
        np.maximum(values, 0, out=values)
    else:  # sigmoid z = (1 + tanh(z/2)) / 2, which cannot overflow
        values *= 0.5
        np.tanh(values, out=values)
        values += 1
        values *= 0.5


def slope(activation: Activation, activated: Array, out: Array) -> Array:
    """The activation's derivative at the activations it gave, written to ``out``."""
    if activation == "tanh":
        np.multiply(activated, activated, out=out)
        np.subtract(1, out, out=out)
    elif activation == "relu":
        np.greater(activated, 0, out=out)
    else:
        np.subtract(1, activated, out=out)
        out *= activated
    return out


@dataclass(frozen=True)
class Batch:
    """The examples that a run of neighbouring members sees, in both layouts.

    A transposed right-hand operand makes a small product 2 to 3 times slower, so each layout is kept.

    Attributes:
        members: The members that see it.
        inputs: ``(features + 1, examples)``, the last row ones.
        rows: The same, ``(examples, features + 1)``.
        targets: ``(outputs, examples)``.
    """

    members: slice
    inputs: Array
    rows: Array
    targets: Array


class Workspace:
    """Room for one pass of ``members`` networks over ``examples`` examples, so that the loop allocates nothing.

    Attributes:
        activations: Per hidden layer ``(members, units + 1, examples)``, the last row ones.
        outputs: ``(members, outputs, examples)``: logits after :func:`forward`, then the error signal. In memory the
            outputs come first, so that a reduction over them runs through all members' examples at once.
    """

    def __init__(self, architecture: Architecture, members: int, examples: int) -> None:
        dtype = architecture.dtype
        self.architecture = architecture
        self.activations = [np.ones((members, units + 1, examples), dtype) for units in architecture.hidden]
        self.signals = [np.empty((members, units, examples), dtype) for units in architecture.hidden]
        self.slopes = [np.empty((members, units, examples), dtype) for units in architecture.hidden]
        if examples > 1:
            self.outputs = np.empty((architecture.outputs, members, examples), dtype).transpose(1, 0, 2)
        else:  # products of vectors take another way through BLAS, and round otherwise, where strides differ
            self.outputs = np.empty((members, architecture.outputs, examples), dtype)
        self.reduced = np.empty((members, 1, examples), dtype)
        self.least = np.full_like(self.outputs, _LEAST_LOGIT)  # NumPy's maximum is several times slower with a scalar

    def narrow(self, members: int) -> Workspace:
        """The same room for its first members only (views, no copy)."""
        narrow = object.__new__(Workspace)
        narrow.architecture = self.architecture
        narrow.activations = [a[:members] for a in self.activations]
        narrow.signals = [a[:members] for a in self.signals]
        narrow.slopes = [a[:members] for a in self.slopes]
        narrow.outputs, narrow.reduced = self.outputs[:members], self.reduced[:members]
        narrow.least = self.least[:members]
        return narrow


class Rooms:
    """A workspace for each number of examples, made once and shared by all who pass through one after the other."""

    def __init__(self, architecture: Architecture, members: int) -> None:
        self._architecture, self._members = architecture, members
        self._rooms: dict[int, Workspace] = {}

    def room(self, members: int, examples: int) -> Workspace:
        """Room for the first ``members`` members and ``examples`` examples."""
        if examples not in self._rooms:
            self._rooms[examples] = Workspace(self._architecture, self._members, examples)
        return self._rooms[examples].narrow(members)


def forward(layers: list[Array], batches: Sequence[Batch], workspace: Workspace) -> None:
    """Fill ``workspace`` with every hidden layer's activations and the output's logits."""
    for depth, units in enumerate(workspace.architecture.hidden):
        activated = workspace.activations[depth][:, :units]
        if depth == 0:
            for batch in batches:
                np.matmul(layers[0][batch.members], batch.inputs, out=activated[batch.members])
        else:
            np.matmul(layers[depth], workspace.activations[depth - 1], out=activated)
        activate(workspace.architecture.activation, activated)
    np.matmul(layers[-1], workspace.activations[-1], out=workspace.outputs)


def respond(workspace: Workspace) -> None:
    """Turn the logits in ``workspace.outputs`` into the network's outputs, in place."""
    logits, reduced = workspace.outputs, workspace.reduced
    if workspace.architecture.output == "softmax":
        np.maximum.reduce(logits, axis=1, keepdims=True, out=reduced)
        np.subtract(logits, reduced, out=logits)
        np.maximum(logits, workspace.least, out=logits)
        np.exp(logits, out=logits)
        np.add.reduce(logits, axis=1, keepdims=True, out=reduced)
        np.divide(logits, reduced, out=logits)
    elif workspace.architecture.output == "binary":
        activate("sigmoid", logits)


def backward(
    layers: list[Array], gradients: list[Array], batches: Sequence[Batch], workspace: Workspace, step: Array
) -> None:
    """Write ``step`` × the gradient of the summed loss to ``gradients``.

    For every output the derivative of its loss by its logits is (output − target), so one line starts all three.

    Args:
        layers: ``(members, units, inputs + 1)`` a layer.
        gradients: Of the same shapes, overwritten.
        batches: The examples of the last :func:`forward`.
        workspace: As :func:`forward` and :func:`respond` left it.
        step: ``(members, 1, 1)``; 1/examples gives the gradient of the mean loss, −α/examples the descent step.
    """
    signal = workspace.outputs
    for batch in batches:
        np.subtract(signal[batch.members], batch.targets, out=signal[batch.members])
    np.multiply(signal, step, out=signal)
    for depth in reversed(range(len(layers))):
        if depth == 0:
            for batch in batches:
                np.matmul(signal[batch.members], batch.rows, out=gradients[0][batch.members])
            return
        activated = workspace.activations[depth - 1]
        np.matmul(signal, activated.transpose(0, 2, 1), out=gradients[depth])
        below = workspace.signals[depth - 1]
        np.matmul(layers[depth][:, :, :-1].transpose(0, 2, 1), signal, out=below)
        below *= slope(workspace.architecture.activation, activated[:, :-1], workspace.slopes[depth - 1])
        signal = below


def losses(output: Output, logits: Array, targets: Array) -> Array:
    """Loss of each example, clipped to [0, 15.94].

    Args:
        output: The network's output function.
        logits: ``(members, outputs, examples)``.
        targets: ``(outputs, examples)``.

    Returns:
        ``(members, examples)``; NaN where the logits are not finite.
    """
    if output == "identity":
        loss = 0.5 * np.square(logits - targets).sum(axis=1)
    elif output == "binary":
        loss = (np.logaddexp(0, logits) - targets * logits)[:, 0]
    else:
        shifted = logits - logits.max(axis=1, keepdims=True)
        true = np.matmul(np.ones((1, 1, len(targets)), logits.dtype), shifted * targets)[:, 0]
        loss = np.log(np.exp(shifted).sum(axis=1)) - true
    return np.clip(loss, 0, CEILING)


def mistakes(output: Output, logits: Array, targets: Array) -> Array:
    """Which examples are put in the wrong class, ``(members, examples)``; a tie goes to the first class."""
    if output == "binary":
        return (logits[:, 0] > 0) != (targets[0] > 0.5)
    return logits.argmax(axis=1) != targets.argmax(axis=0)


def predict(architecture: Architecture, layers: list[Array], inputs: Array) -> Array:
    """What one network answers, ``(outputs, examples)``.

    Computed in float64 whatever the network was trained in: an example's answer then does not change with the
    examples beside it.

    Args:
        architecture: Of the network.
        layers: ``(units, inputs + 1)`` a layer, the last column the bias.
        inputs: ``(examples, features)``.
    """
    architecture = replace(architecture, dtype="float64")
    population = [np.ascontiguousarray(layer, dtype=float)[None] for layer in layers]
    answers = np.empty((architecture.outputs, len(inputs)))
    for start in range(0, len(inputs), _CHUNK):
        rows = inputs[start : start + _CHUNK].astype(float)
        rows = np.hstack([rows, np.ones((len(rows), 1))])
        turned = np.ascontiguousarray(rows.T)
        workspace = Workspace(architecture, 1, len(rows))
        forward(population, [Batch(slice(None), turned, rows, turned)], workspace)
        respond(workspace)
        answers[:, start : start + len(rows)] = workspace.outputs[0]
    return answers
