"""L8: initialise, forward, loss, gradient, step: one iteration of a tiny network, number by number."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import hpsearch.engine.training
from hpsearch.config.messages import listed
from hpsearch.engine.network import predict
from hpsearch.engine.settings import Architecture, Array, Hyperparameters
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.experiments.lessons.judgement import Judgement, Trainings
from hpsearch.experiments.lessons.layers import Pass, layers_of, passed
from hpsearch.experiments.lessons.slips import slips

ITERATIONS = 3
"""That are checked: in the first there is no momentum yet."""

_OUTPUT = {"softmax": "softmax", "binary": "sigmoid", "identity": ""}
_EPSILON = 1e-6
_CLOSE = 1e-6
"""Of a central difference, which in float64 is right to some 1e-10 of the cost's curvature."""

STAGES = {
    "initialise": "initial_parameters",
    "forward": "forward",
    "loss": "error",
    "gradient": "backward",
    "step": "step",
}
"""The stages of the lesson, and the engine's functions; ``error`` gives the loss's derivative, all that is needed."""


def one_iteration(trainings: Trainings) -> Judgement:
    """L8: five stages, repeated, are all of training.

    Args:
        trainings: Of a study of a tiny network in float64; the first training of each trial is looked at.
    """
    looks = [_Look(trainings, number) for number in trainings.settings]
    first, checks = looks[0], pd.concat([look.checks() for look in looks], ignore_index=True)
    apart, answers = float(checks["apart"].max()), max(look.answers_apart() for look in looks)
    lines, written = engine_lines(), slips()
    ordered, shape = bool(lines["line"].is_monotonic_increasing), first.networks[0].architecture
    return Judgement(
        claim="L8",
        says="Initialise → forward → loss → gradient → step, repeated, is all of training.",
        holds=apart < _CLOSE and answers < _CLOSE and ordered,
        decided=(
            f"each of {shape.parameters} parameters moves by μ · last step − α · central difference, to {apart:.0e} of "
            "the gradient"
        ),
        evidence=[
            f"In the first {ITERATIONS} iterations of {len(looks)} trainings {_moves(shape, apart)}; a forward pass "
            f"written out gives the engine's answers{f' to {answers:.0e}' if answers else ''}.",
            f"The engine calls {listed(lines['function'].tolist())}, in {'this' if ordered else 'another'} order.",
        ],
        tables={
            "iteration": iteration_table(first.networks[:2], first.batches[0], first.settings),
            "gradients": checks,
            "engine": lines,
            "slips": written,
        },
        more=[
            f"{row['written']} raises {row['raises']}; meant is {row['meant']}." for row in written.to_dict("records")
        ],
        printed=["iteration", "engine"],
    )


class _Look:
    """The first iterations of a trial's first training, looked at again."""

    def __init__(self, trainings: Trainings, number: int) -> None:
        curves = trainings.curves
        seed = int(curves[curves["number"] == number]["seed"].to_numpy()[0])
        self.number, self.settings = number, trainings.settings[number]
        self.networks = list(trainings.networks(number, seed, range(ITERATIONS + 1)))
        self.batches = [_batch(trainings, self.settings, seed, iteration) for iteration in range(ITERATIONS)]

    def checks(self) -> pd.DataFrame:
        """What the engine did in each iteration beside what central differences say.

        Returns:
            A row an iteration and parameter. Columns: number, iteration, parameter, engine (the gradient by which it
            moved), difference (its central difference), apart (of the two, by the gradient's length).
        """
        shape, settings = self.networks[0].architecture, self.settings
        frames, last = [], np.zeros(shape.parameters)
        for iteration, batch in enumerate(self.batches):
            before, after = (network.parameters.astype(float) for network in self.networks[iteration : iteration + 2])
            difference = _central(shape, before, batch, settings.l2)
            engine = (settings.momentum * last - (after - before)) / settings.learning_rate
            last = after - before
            columns = {"parameter": _names(shape), "engine": engine, "difference": difference}
            apart = np.abs(engine - difference) / np.linalg.norm(difference)
            frames.append(pd.DataFrame({"number": self.number, "iteration": iteration, **columns, "apart": apart}))
        return pd.concat(frames, ignore_index=True)

    def answers_apart(self) -> float:
        """How far the engine's answers are from those of the pass written out."""
        network, (X, Y) = self.networks[0], self.batches[0]
        seen = passed(network.architecture, layers_of(network), X, Y)
        return float(np.abs(predict(network.architecture, network.parameters, X) - seen.outputs).max())


def _moves(shape: Architecture, apart: float) -> str:
    units = "-".join(map(str, (shape.features, *shape.hidden, shape.outputs)))
    return (
        f"of a {units} network each of its {shape.parameters} parameters moves by μ times its last step less α times "
        f"its central difference of the cost, to {apart:.0e} of the gradient's length"
    )


def _batch(trainings: Trainings, settings: Hyperparameters, seed: int, iteration: int) -> tuple[Array, Array]:
    """Inputs and targets of a mini-batch of the first pass."""
    examples = trainings.evaluator.examples
    order = examples.shuffles.passes(seed, 0, 1)[0]
    rows = order[iteration * settings.batch_size :][: settings.batch_size]
    return examples.train.inputs[rows].astype(float), examples.train.answers[rows].astype(float)


def _cost(shape: Architecture, flat: Array, batch: tuple[Array, Array], l2: float) -> float:
    layers = [(layer[:, :-1].T, layer[:, -1]) for layer in shape.layers(flat)]
    return passed(shape, layers, *batch).loss + l2 / 2 * sum(float((W**2).sum()) for W, _ in layers)


def _central(shape: Architecture, flat: Array, batch: tuple[Array, Array], l2: float) -> Array:
    """The cost's gradient by central differences, ``(parameters,)``."""
    ends = [[_cost(shape, flat + sign * _EPSILON * unit, batch, l2) for sign in (1, -1)] for unit in np.eye(flat.size)]
    return np.array([(up - down) / (2 * _EPSILON) for up, down in ends])


def _names(shape: Architecture) -> list[str]:
    """A name a parameter, in the order of the flat ones: W1[input, unit], b1[unit] and so on."""
    names: list[str] = []
    for number, (units, columns) in enumerate(shape.shapes, start=1):
        for unit in range(1, units + 1):
            names += [f"W{number}[{column}, {unit}]" for column in range(1, columns)] + [f"b{number}[{unit}]"]
    return names


def iteration_table(
    networks: Sequence[TrainedNetwork], batch: tuple[Array, Array], settings: Hyperparameters
) -> pd.DataFrame:
    """One iteration with all its numbers.

    Args:
        networks: Before and after it.
        batch: Its inputs and targets.
        settings: Of the training.

    Returns:
        A row an array. Columns: stage, formula, shape, numbers.
    """
    before, after = networks
    shape, (X, Y) = before.architecture, batch
    seen = passed(shape, layers_of(before), X, Y)
    rows = [
        (stage, formula, " × ".join(map(str, np.shape(array))) or "a number", _numbers(array))
        for stage, formula, array in _arrays(before, after, seen, X, Y, settings)
    ]
    return pd.DataFrame(rows, columns=["stage", "formula", "shape", "numbers"])


def _arrays(
    before: TrainedNetwork, after: TrainedNetwork, seen: Pass, X: Array, Y: Array, settings: Hyperparameters
) -> Iterator[tuple[str, str, Any]]:
    layers, moved = layers_of(before), layers_of(after)
    name, last = before.architecture.activation, len(layers)
    for k, (W, b) in enumerate(layers, start=1):
        yield "initialise", f"W{k} = {settings.init_scale:g} · N(0, 1)", W
        yield "initialise", f"b{k} = 0", b
    yield "forward", "X", X
    for k, z in enumerate(seen.logits, start=1):
        yield "forward", f"Z{k} = {'X' if k == 1 else f'A{k - 1}'}·W{k} + b{k}", z
        answer = seen.outputs if k == last else seen.activations[k - 1]
        yield "forward", f"A{k} = {_OUTPUT[before.architecture.output] if k == last else name}(Z{k})", answer
    yield "loss", "Y", Y
    yield "loss", "mean loss of the mini-batch", seen.loss
    for k in range(last, 0, -1):
        yield "gradient", f"dW{k}", seen.dW[k - 1]
        yield "gradient", f"db{k}", seen.db[k - 1]
    for k, (W, b) in enumerate(moved, start=1):
        yield "step", f"W{k} − {settings.learning_rate:g}·(dW{k} + {settings.l2:g}·W{k})", W
        yield "step", f"b{k} − {settings.learning_rate:g}·db{k}", b


def _numbers(array: Any) -> str:
    rows = np.atleast_2d(array)
    return "; ".join(" ".join(f"{number:.4g}" for number in row) for row in rows)


def engine_lines() -> pd.DataFrame:
    """Where each stage stands in the engine, read from the running code.

    Returns:
        A row a stage. Columns: stage, function, stands in (file and line), called in (the same, of the loop), line (of
        the loop; 0 for "initialise", which comes before it, and -1 for what the loop does not call).
    """
    loop = _loop()
    source, start = inspect.getsourcelines(loop)
    rows = []
    for stage, name in STAGES.items():
        function = _plain(loop.__globals__.get(name) or getattr(hpsearch.engine.training, name))
        calls = [start + k for k, line in enumerate(source) if line.strip().startswith(f"{name}(")]
        line = calls[0] if calls else 0 if stage == "initialise" else -1
        place = f"{_path(function)}:{inspect.getsourcelines(function)[1]}"
        rows.append((stage, name, place, f"{_path(loop)}:{line}" if calls else "before the loop", line))
    return pd.DataFrame(rows, columns=["stage", "function", "stands in", "called in", "line"])


def _loop() -> Callable[..., Any]:
    """The function of the engine that calls all stages after the first."""
    for candidate in vars(hpsearch.engine.training).values():
        function = _plain(candidate)
        if inspect.isfunction(function) and all(
            f" {name}(" in inspect.getsource(function) for name in list(STAGES.values())[1:]
        ):
            return function
    raise LookupError("no function of hpsearch.engine.training calls forward, error, backward and step")


def _plain(function: Any) -> Any:
    """A compiled function's Python source."""
    return getattr(function, "py_func", function)


def _path(function: Callable[..., Any]) -> str:
    path, root = Path(inspect.getsourcefile(function) or ""), Path(hpsearch.engine.__file__).parents[2]
    return path.relative_to(root).as_posix()
