"""The one lockstep loop: mini-batches, momentum, checkpoints, members leaving.

What holds of every run, whoever shares it:

* The random stream comes from the seed alone. Pass p over the training set is shuffled by ``(seed, p)``: members
  with one seed see the same order (common random numbers), and no state is carried from pass to pass.
* Every mini-batch is full: the ``examples mod batch_size`` left at the end of a pass sit that pass out (other ones
  each pass). So ``batch_size`` may be anything from 1 to the number of examples.
* Nothing depends on ``iterations``: a run of 500 is the first part of a run of 2,000.
* Momentum is classical: ``V ← μ·V − α·dW;  W ← W + V``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hpsearch.engine.diagnostics import measure
from hpsearch.engine.examples import Examples
from hpsearch.engine.network import Batch, Rooms, backward, forward, initial_weights, respond
from hpsearch.engine.settings import Architecture, Array, Hyperparameters

_BLOCK = 1 << 16
"""Numbers gathered at a time into mini-batches: small enough to stay in the cache until they are used."""

_SWEEP = 64
"""Iterations between sweeps of vanishing numbers (see :func:`_sweep`)."""


@dataclass(frozen=True)
class Population:
    """Members trained in lockstep, between two checkpoints: the whole state of training.

    Attributes:
        architecture: Shared by all.
        settings: Each member's hyperparameters; their batch sizes are equal.
        seeds: Each member's seed; equal seeds stand side by side for speed.
        ids: Each member's place in the population as it started.
        weights: ``(members, parameters)``; :class:`Lockstep` trains them in place.
        velocity: ``(members, parameters)``; likewise.
        iteration: Updates made so far.
        marks: Further iterations at which each member is measured, or nothing for none.
    """

    architecture: Architecture
    settings: tuple[Hyperparameters, ...]
    seeds: tuple[int, ...]
    ids: tuple[int, ...]
    weights: Array
    velocity: Array
    iteration: int = 0
    marks: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        if len({s.batch_size for s in self.settings}) > 1:
            sizes = sorted({s.batch_size for s in self.settings})
            raise ValueError(f"members in lockstep share one batch size, given {sizes}: one population for each")

    @classmethod
    def start(
        cls,
        architecture: Architecture,
        settings: Sequence[Hyperparameters],
        seeds: Sequence[int],
        marks: tuple[tuple[int, ...], ...] = (),
    ) -> Population:
        """Members at iteration 0."""
        weights = initial_weights(architecture, seeds, [s.init_scale for s in settings])
        ids = tuple(range(len(seeds)))
        return cls(architecture, tuple(settings), tuple(seeds), ids, weights, np.zeros_like(weights), marks=marks)

    @property
    def longest(self) -> int:
        """Iterations of the member that trains longest."""
        return max((s.iterations for s in self.settings), default=0)

    def stops(self, member: int) -> tuple[int, ...]:
        """Iterations at which a member is measured, whatever the others do: its marks and its end."""
        marks = self.marks[member] if self.marks else ()
        return (*marks, self.settings[member].iterations)

    def select(self, members: Sequence[int]) -> Population:
        """The population of these members only, in this order."""
        index = list(members)
        return replace(
            self,
            settings=tuple(self.settings[i] for i in index),
            seeds=tuple(self.seeds[i] for i in index),
            ids=tuple(self.ids[i] for i in index),
            weights=self.weights[index],
            velocity=self.velocity[index],
            marks=tuple(self.marks[i] for i in index) if self.marks else (),
        )


@dataclass(frozen=True)
class Record:
    """What was measured when a population stopped at an iteration.

    Attributes:
        iteration: Updates made.
        ids: The members measured.
        metrics: ``(members, metrics)``, in the order of ``Examples.metrics``; the ceiling where diverged.
        diverged: ``(members,)``: weights or loss are no longer finite.
        weights: ``(members, parameters)`` of the members that end here, in the order of ``finished``.
        finished: Ids of the members that end here.
    """

    iteration: int
    ids: tuple[int, ...]
    metrics: Array
    diverged: Array
    finished: tuple[int, ...]
    weights: Array


class MiniBatches:
    """The endless, seeded sequence of mini-batches of one seed and batch size."""

    def __init__(self, examples: Examples, seed: int, batch_size: int) -> None:
        self._examples, self._seed, self._size = examples.train, seed, batch_size
        self._per_pass = len(examples.train) // batch_size
        self._per_block = max(1, _BLOCK // (batch_size * (examples.train.inputs.shape[1] + 1)))
        self._pass, self._first, self._stop = -1, 0, 0

    def at(self, iteration: int, members: slice) -> Batch:
        """The mini-batch of an iteration, for these members."""
        if not self._first <= iteration < self._stop:
            self._gather(iteration)
        k = iteration - self._first
        return Batch(members, self._inputs[k], self._rows[k], self._targets[k])

    def _gather(self, iteration: int) -> None:
        shuffled, place = divmod(iteration, self._per_pass)
        if shuffled != self._pass:
            self._pass = shuffled
            self._order = np.random.default_rng((self._seed, 1, shuffled)).permutation(len(self._examples))
        count = min(self._per_block, self._per_pass - place)
        order = self._order[place * self._size : (place + count) * self._size]
        self._rows = self._examples.rows(order).reshape(count, self._size, -1)
        self._inputs = np.ascontiguousarray(self._rows.transpose(0, 2, 1))
        targets = self._examples.targets.take(order, axis=0, mode="clip").reshape(count, self._size, -1)
        self._targets = np.ascontiguousarray(targets.transpose(0, 2, 1))
        self._first, self._stop = iteration, iteration + count


class Lockstep:
    """A population's loop: all members take an iteration together."""

    def __init__(self, population: Population, examples: Examples) -> None:
        self.population = population
        self._examples = examples
        self._batch_size = population.settings[0].batch_size
        if not 1 <= self._batch_size <= len(examples.train):
            raise ValueError(
                f"batch_size {self._batch_size} does not fit {len(examples.train)} training examples: "
                f"choose 1 to {len(examples.train)}"
            )
        members = len(population.seeds)
        self.rooms = Rooms(population.architecture, members)
        self._all_gradients = np.empty_like(population.weights)
        self._streams = {s: MiniBatches(examples, s, self._batch_size) for s in dict.fromkeys(population.seeds)}
        self._arrange()

    def _arrange(self) -> None:
        """Lay out what the loop needs for the members that are still here."""
        population, dtype = self.population, self.population.architecture.dtype
        members = len(population.seeds)
        self._workspace = self.rooms.room(members, self._batch_size)
        self._gradients = self._all_gradients[:members]
        rate = np.array([s.learning_rate for s in population.settings])[:, None]
        l2 = np.array([s.l2 for s in population.settings])[:, None]
        with np.errstate(over="ignore"):
            momentum = np.array([s.momentum for s in population.settings], dtype)[:, None]
            self._step = (-rate / self._batch_size).astype(dtype)[:, :, None]
            self._decay = (rate * l2 * weight_mask(population.architecture)).astype(dtype)
        self._momentum = np.repeat(momentum, population.architecture.parameters, axis=1)  # broadcasting is slower
        starts = [i for i, seed in enumerate(population.seeds) if i == 0 or seed != population.seeds[i - 1]]
        stops = [*starts[1:], members]
        self._runs = [(self._streams[population.seeds[a]], slice(a, b)) for a, b in zip(starts, stops, strict=True)]

    def advance(self, until: int) -> None:
        """Train every member to iteration ``until``: forward, loss, gradient, step, repeated."""
        population, workspace = self.population, self._workspace
        weights, velocity, gradients = population.weights, population.velocity, self._gradients
        layers = population.architecture.layers(weights)
        layer_gradients = population.architecture.layers(gradients)
        with np.errstate(all="ignore"):  # a diverging member overflows; measure() finds it
            for iteration in range(population.iteration, until):
                batches = [stream.at(iteration, members) for stream, members in self._runs]
                forward(layers, batches, workspace)
                respond(workspace)
                backward(layers, layer_gradients, batches, workspace, self._step)  # −α·(gradient of the mean loss)
                velocity *= self._momentum
                velocity += gradients
                np.multiply(weights, self._decay, out=gradients)  # α·λ·W
                velocity -= gradients
                weights += velocity
                if iteration % _SWEEP == 0:
                    _sweep(velocity, weights)
        self.population = replace(population, iteration=max(until, population.iteration))

    def keep(self, members: Sequence[int]) -> None:
        """Let the other members leave."""
        if len(members) < len(self.population.seeds):
            self.population = self.population.select(members)
            if members:
                self._arrange()


def weight_mask(architecture: Architecture) -> Array:
    """``(parameters,)``: 1 for weights, 0 for biases."""
    mask = np.ones((1, architecture.parameters))
    for layer in architecture.layers(mask):
        layer[:, :, -1] = 0
    return mask[0]


def _sweep(*arrays: Array) -> None:
    """Put numbers that decayed towards denormals to zero: these make every pass over them slow."""
    for array in arrays:
        array[np.abs(array) < 64 * np.finfo(array.dtype).tiny] = 0


def checkpoints(longest: int, count: int) -> tuple[int, ...]:
    """Iterations at which metrics are recorded: 0, then up to ``count`` in geometric steps from 1 to ``longest``.

    >>> checkpoints(2000, 8)
    (0, 1, 3, 9, 26, 77, 228, 675, 2000)
    """
    return (0, *sorted({int(i) for i in np.rint(np.geomspace(longest, 1, count))}))


def train(
    population: Population, examples: Examples, stops: Sequence[int], *, until: int | None = None
) -> tuple[list[Record], Population]:
    """Train a population and measure it at every stop and at every member's last iteration.

    Args:
        population: Where to go on from. At iteration 0 that is recorded too, if it is among the stops.
        examples: Training and validation examples.
        stops: Iterations (ascending) at which all members are measured.
        until: Iteration at which to hand over; the longest member's by default.

    Returns:
        The records in order of iteration, and the population of the members that are still training.
    """
    until = min(population.longest if until is None else until, population.longest)
    shared = set(stops)
    own = {stop for member in range(len(population.seeds)) for stop in population.stops(member)}
    done = population.iteration if population.iteration else -1
    loop, records = Lockstep(population, examples), []
    for stop in sorted(i for i in shared | own if done < i <= until):
        if not loop.population.seeds:
            break
        here = loop.population
        if stop not in shared and not any(stop in here.stops(i) for i in range(len(here.seeds))):
            continue  # the stop of a member that diverged before
        loop.advance(stop)
        record, staying = _record(loop, examples, stop, everyone=stop in shared)
        records.append(record)
        loop.keep(staying)
    if loop.population.seeds:
        loop.advance(until)
    return records, loop.population


def _record(loop: Lockstep, examples: Examples, stop: int, *, everyone: bool) -> tuple[Record, list[int]]:
    population = loop.population
    ending = [i for i, s in enumerate(population.settings) if s.iterations == stop]
    members = range(len(population.seeds))
    measured = members if everyone else [i for i in members if stop in population.stops(i)]
    chosen = population.select(list(measured)) if len(measured) < len(population.seeds) else population
    l2 = np.array([s.l2 for s in chosen.settings])
    metrics, diverged = measure(population.architecture, chosen.weights, l2, examples, loop.rooms)
    lost = {i for i, gone in zip(measured, diverged, strict=True) if gone}
    finished = [i for i in range(len(population.seeds)) if i in lost or i in ending]
    staying = [i for i in range(len(population.seeds)) if i not in finished]
    record = Record(
        iteration=stop,
        ids=chosen.ids,
        metrics=metrics,
        diverged=diverged,
        finished=tuple(population.ids[i] for i in finished),
        weights=population.weights[finished],
    )
    return record, staying
