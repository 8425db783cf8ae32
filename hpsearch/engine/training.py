"""One network in training: where it stands, and what was measured of it.

What holds of every training:

* The random stream comes from the seed alone. Pass p over the training set is shuffled by ``(seed, p)``: trainings
  with one seed see the same order (common random numbers), and no state is carried from pass to pass.
* Every mini-batch is full: the ``examples mod batch_size`` left at the end of a pass sit that pass out (other ones
  each pass). So ``batch_size`` may be anything from 1 to the number of examples.
* Nothing depends on ``iterations``: a run of 500 is the first part of a run of 2,000.
* Momentum is classical: ``V ← μ·V − α·dW;  W ← W + V``.
* No sum is reordered, every multiply-add of a product is rounded once, and exp, tanh and log are the engine's own. From
  the same settings, initial weights and examples, the numbers are the same to the bit on every x86 processor (tested:
  code for AVX-512 and for AVX2), on 64-bit ARM (seen on an emulated one, under Linux), on any number of threads, and
  with the versions of Python, NumPy and numba that were tried. The initial draws and the shuffles are NumPy's: the same
  with and without its vector instructions, but its generators may change with a version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from hpsearch.engine.descent import train_on
from hpsearch.engine.diagnostics import PROBE
from hpsearch.engine.examples import Encoded, Examples
from hpsearch.engine.metrics import worst_values
from hpsearch.engine.network import codes_of
from hpsearch.engine.parameters import Layers, initial_parameters, packed, plan_of, room_for, unpacked
from hpsearch.engine.settings import Architecture, Array, Hyperparameters, Precision

_PRODUCTS_A_CALL = 1 << 32
_PLACES_A_CALL = 1 << 20
"""Of a compiled call, which nothing can stop: about a second of multiplications, and a few megabytes of shuffles."""


@dataclass(frozen=True)
class Training:
    """One network in training, between two iterations: the whole state.

    Attributes:
        architecture: Of the network.
        settings: Its hyperparameters.
        seed: Of its initial weights and the order of examples.
        parameters: ``(parameters,)``.
        velocity: ``(parameters,)``.
        iteration: Updates made so far.
        diverged: Its parameters or metrics are no longer finite: it has ended.
    """

    architecture: Architecture
    settings: Hyperparameters
    seed: int
    parameters: Array
    velocity: Array
    iteration: int = 0
    diverged: bool = False

    @classmethod
    def start(cls, architecture: Architecture, settings: Hyperparameters, seed: int) -> Training:
        """A network at iteration 0."""
        parameters = initial_parameters(architecture, seed, settings.init_scale)
        return cls(architecture, settings, seed, parameters, np.zeros_like(parameters))

    @property
    def ended(self) -> bool:
        """Whether nothing is left to train."""
        return self.diverged or self.iteration >= self.settings.iterations


@dataclass(frozen=True)
class Record:
    """What was measured of a training.

    Attributes:
        iterations: Where, ascending.
        metrics: ``(checkpoints, metrics)``, in the order of ``Examples.metrics`` and the network's precision. Where
            training diverged, losses and error are the ceiling and other metrics NaN.
        diverged: The last row is that of a training that diverged; it stands for all iterations after it.
    """

    iterations: tuple[int, ...]
    metrics: Array
    diverged: bool = False

    def then(self, later: Record) -> Record:
        """This record and that of the training's next iterations."""
        metrics = np.concatenate([self.metrics, later.metrics])
        return Record(self.iterations + later.iterations, metrics, later.diverged)

    def at(self, stops: Sequence[int]) -> Array:
        """The metrics at some iterations, ``(stops, metrics)``.

        Raises:
            KeyError: if it was not measured at one of them.
        """
        rows = {iteration: row for row, iteration in enumerate(self.iterations)}
        last = len(self.iterations) - 1
        return self.metrics[[rows[s] if s in rows or not self.diverged else last for s in stops]]


def checkpoints(longest: int, count: int) -> tuple[int, ...]:
    """Iterations at which metrics are recorded: 0, then up to ``count`` in geometric steps from 1 to ``longest``.

    >>> checkpoints(2000, 8)
    (0, 1, 3, 9, 26, 77, 228, 675, 2000)
    """
    return (0, *sorted({int(i) for i in np.rint(np.geomspace(longest, 1, count))}))


@cache
def load_code(dtype: Precision) -> None:
    """Load the compiled loop for a precision, or compile it: once in a process, by a network that is only measured.

    What is trained afterwards takes no time but its own, in other threads too: they wait here until the code is there.
    """
    network = Architecture(1, (1,), 1, output="identity", dtype=dtype)
    start = Training.start(network, Hyperparameters(0.1, 1, 0.0, 0.0, 1, 1.0), 0)
    train(start, Examples.of(network, (np.zeros((1, 1)), np.zeros(1))), (0,), until=0)


def train(
    training: Training,
    examples: Examples,
    stops: Sequence[int],
    *,
    until: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> tuple[Record, Training]:
    """Train a network and measure it.

    Args:
        training: Where to go on from. At iteration 0 that is measured too, if it is among the stops.
        examples: Training and validation examples.
        stops: Iterations at which it is measured.
        until: Iteration at which to hand over; the last of its settings by default.
        check: Called about every second; what it raises ends training.

    Returns:
        The record, and the training where it ended.

    Raises:
        ValueError: if the batch size or the architecture does not fit the examples.
    """
    _check(training, examples)
    until = training.settings.iterations if until is None else min(until, training.settings.iterations)
    first = training.iteration if training.iteration else -1
    due = np.array(sorted({stop for stop in stops if first < stop <= until}), np.int64)
    metrics = np.zeros((len(due), len(examples.metrics)))
    if training.diverged or (not len(due) and training.iteration >= until):
        return Record((), metrics.astype(training.architecture.dtype), training.diverged), training
    training, measured = _run(training, examples, due, metrics, until, check)
    if training.diverged:
        metrics[measured - 1] = worst_values(examples)
    iterations = tuple(due[:measured].tolist())
    return Record(iterations, metrics[:measured].astype(training.architecture.dtype), training.diverged), training


def _check(training: Training, examples: Examples) -> None:
    """Refuse what compiled code, which checks nothing, would read or write past the end of."""
    architecture, size, count = training.architecture, training.settings.batch_size, len(examples.train)
    if not 1 <= size <= count:
        raise ValueError(f"batch_size {size} does not fit {count} training examples: choose 1 to {count}")
    columns = 1 if architecture.output == "softmax" else architecture.outputs
    for split in (examples.train, *([] if examples.validation is None else [examples.validation])):
        shapes = (split.inputs.shape, split.targets.shape)
        sides = ((len(split), architecture.features), (len(split), columns))
        if shapes != sides or (split.classes and split.classes != architecture.outputs):
            raise ValueError(f"examples of shapes {shapes} do not fit {architecture}")
        if split.inputs.dtype != architecture.dtype or split.targets.dtype != architecture.dtype:
            raise ValueError(f"examples in {split.inputs.dtype} do not fit a network in {architecture.dtype}")
    for numbers in (training.parameters, training.velocity):
        if numbers.shape != (architecture.parameters,):
            raise ValueError(f"parameters of shape {numbers.shape} do not fit {architecture}")


def _run(
    training: Training, examples: Examples, due: Array, metrics: Array, until: int, check: Callable[[], None]
) -> tuple[Training, int]:
    """Descend in a few compiled calls, most often in one; fill ``metrics`` and return how many rows were filled."""
    architecture, size = training.architecture, training.settings.batch_size
    flat, velocity = packed(architecture, training.parameters), packed(architecture, training.velocity)
    arrays = (_pair(examples.train), _pair(examples.validation or examples.train, examples.validation is not None))
    plan = plan_of(architecture)
    room = room_for(plan, max(size, PROBE), architecture.dtype)
    per_pass = len(examples.train) // size
    per_call = max(1, min(_PRODUCTS_A_CALL // (3 * flat.size), _PLACES_A_CALL) // size)
    iteration, measured, diverged = training.iteration, 0, False
    while True:
        last = min(until, iteration + per_call)
        first_pass = iteration // per_pass
        order = examples.shuffles.passes(training.seed, first_pass, last // per_pass + 1)
        iteration, measured, diverged = train_on(
            arrays, examples.validation_variance, order, first_pass, Layers(flat, plan), Layers(velocity, plan),
            room, size, codes_of(architecture), _rates(training), float(training.settings.l2), iteration, last, due,
            metrics, measured,
        )  # fmt: skip
        if diverged or iteration == until:
            break
        check()
    parameters, velocity = unpacked(architecture, flat), unpacked(architecture, velocity)
    training = replace(training, parameters=parameters, velocity=velocity, iteration=iteration, diverged=diverged)
    return training, measured


def _pair(split: Encoded, present: bool = True) -> tuple[Array, Array]:
    """Inputs and targets as compiled code takes them, writable; what came from another process may not be."""
    count = len(split) if present else 0
    inputs, targets = (np.require(a[:count], requirements=["C", "A", "W", "E"]) for a in (split.inputs, split.targets))
    return inputs, targets


def _rates(training: Training) -> tuple[Any, ...]:
    """α of a summed gradient, μ and α·λ, in the network's precision."""
    s, kind = training.settings, np.dtype(training.architecture.dtype).type
    with np.errstate(over="ignore"):
        return kind(s.learning_rate / s.batch_size), kind(s.momentum), kind(s.learning_rate * s.l2)
