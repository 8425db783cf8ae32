"""The loss of each example, and how many are put in the wrong class."""

from __future__ import annotations

import numpy as np

from hpsearch.engine.compilation import compiled, flattened
from hpsearch.engine.elementary import exp, log, log_1p
from hpsearch.engine.network import BINARY, SOFTMAX
from hpsearch.engine.settings import Array

CEILING = float(-np.log(np.finfo(np.float32).eps))
"""The largest loss, 15.94: scikit-learn's ``log_loss`` clips probabilities at float32 eps in the same way."""

LEAST_R2 = 1 - 2 * CEILING
"""The least R², −30.9: that of an error of 5.6 standard deviations for every example."""

_LEAST_LOSS = -700.0
"""The logarithm of the least loss of one sigmoid unit: exp below it is denormal."""


@compiled
def losses(output: int, logits: Array, targets: Array, values: Array) -> None:
    """Write the loss of each example, clipped to [0, 15.94], to ``values``; NaN where its logits are not finite.

    Args:
        output: The network's output function.
        logits: ``(outputs, examples)``, overwritten; of softmax those that :func:`shift` left.
        targets: ``(examples, outputs)``, or the indexes of their classes ``(examples, 1)``.
        values: ``(examples,)`` in float64.
    """
    if output == SOFTMAX:
        _softmax_losses(logits, targets, values)
    elif output == BINARY:
        for i in range(values.size):
            z = float(logits[0, i])
            values[i] = log_1p(exp(max(-abs(z), _LEAST_LOSS))) + (z if z > 0 else 0.0) - float(targets[i, 0]) * z
    else:
        half_squares(logits, targets, values)
    for i in range(values.size):
        values[i] = CEILING if values[i] > CEILING else 0.0 if values[i] < 0 else values[i]


@compiled
def half_squares(outputs: Array, targets: Array, values: Array) -> None:
    """Write half the squared error of each example, however large, to ``values``.

    Args:
        outputs: ``(outputs, examples)``.
        targets: ``(examples, outputs)``.
        values: ``(examples,)`` in float64.
    """
    for i in range(values.size):
        values[i] = 0.0
    for k in range(outputs.shape[0]):
        for i in range(values.size):
            values[i] += 0.5 * float(outputs[k, i] - targets[i, k]) ** 2


@compiled
def _softmax_losses(logits: Array, targets: Array, values: Array) -> None:
    own = np.empty_like(values)
    for i in range(values.size):
        own[i] = logits[int(targets[i, 0]), i]
    flat = flattened(logits)
    for i in range(flat.size):
        flat[i] = exp(flat[i])
    for i in range(values.size):
        values[i] = 0.0
    for k in range(logits.shape[0]):
        for i in range(values.size):
            values[i] += logits[k, i]
    for i in range(values.size):
        values[i] = log(values[i]) - own[i]


@compiled
def mistakes(output: int, logits: Array, targets: Array) -> int:
    """How many examples are put in the wrong class; a tie goes to the first class.

    Args:
        output: Softmax or binary.
        logits: ``(outputs, examples)``.
        targets: ``(examples, 1)``: indexes of classes, or 0 and 1.
    """
    wrong = 0
    for i in range(logits.shape[1]):
        if output == BINARY:
            wrong += (logits[0, i] > 0) != (targets[i, 0] > 0.5)
        else:
            answer, top = 0, logits[0, i]
            for k in range(1, logits.shape[0]):
                if logits[k, i] > top:
                    answer, top = k, logits[k, i]
            wrong += targets[i, 0] != answer
    return wrong
