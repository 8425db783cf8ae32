"""L1 and L2: whether the hidden units are one function or several, by how their weights begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.engine.network import predict
from hpsearch.evaluation.trained import TrainedNetwork
from hpsearch.experiments.lessons.judgement import (
    ERROR,
    Interval,
    Judgement,
    Trainings,
    listed,
    over_seeds,
    samples,
    select,
)

EQUAL = ("zeros", "constant")
"""The schemes that give all weights of a layer one value."""

_SAME_ANSWER = 1e-3
"""Probabilities closer than this are one answer: float32 and the sums of 32 units round far less."""

_PAIR = 1
"""Units that may seem to repeat another by chance: scaled far down, all units learn one direction first, and two of them
may have nearly the same multiple of it for a while."""

_SMALL = 0.01
"""The scale of the lesson."""


def equal_weights(trainings: Trainings) -> Judgement:
    """L1: units that begin equal stay equal, and are of no more use than one.

    Args:
        trainings: Of a study over ``init`` (zeros, constant and scaled), ``width`` (1 and more), ``activation`` and
            ``learning_rate``.
    """
    width = int(trainings.curves["width"].max())
    wide = select(trainings.curves, width=width)
    equal = wide[wide["init"].isin(EQUAL)]
    apart, most = _merged_apart(trainings, width), int(equal["distinct_units"].max())
    errors = _errors(trainings)
    gains = {name: _gain(trainings, name, width) for name in errors["activation"].unique()}
    evidence = [
        f"In {len(equal.groupby(['number', 'seed'])):,} trainings that begin with zeros or one constant, at most {most} "
        f"of {width} hidden units is a function of its own at any of {equal['iteration'].nunique()} checkpoints; merged "
        f"into one unit the networks give the same answers ({_apart(apart)}).",
        f"With {width} tanh units the error is {_error(errors, 'constant', width)} from one constant, "
        f"{_error(errors, 'zeros', width)} from zeros and {_error(errors, 'scaled', width)} from random weights, each at "
        f"its own best α; with one unit {_error(errors, 'scaled', 1)}.",
    ]
    return Judgement(
        claim="L1",
        says="Equal initial weights make all hidden units of a layer one function for ever, however many there are.",
        holds=most == 1 and apart < _SAME_ANSWER and all(gain.low > 0 for gain in gains.values()),
        evidence=evidence,
        tables={"errors": errors, "distinct": _distinct(wide)},
        more=[_zeros(trainings, width), *_otherwise(trainings, width)],
    )


def _merged_apart(trainings: Trainings, width: int) -> float:
    """How far the answers of networks that began equal are from those of their units merged into one, at most."""
    X, most = trainings.evaluator.dataset.validation.X, 0.0
    for (number, seed), _ in select(trainings.ends[trainings.ends["init"].isin(EQUAL)], width=width).groupby(
        ["number", "seed"]
    ):
        (network,) = trainings.networks(number, seed, [trainings.settings[number].iterations])
        one = merged(network)
        answers = [predict(each.architecture, each.parameters, X) for each in (network, one)]
        most = max(most, float(np.abs(answers[0] - answers[1]).max()))
    return most


def merged(network: TrainedNetwork) -> TrainedNetwork:
    """The network of one hidden unit that answers the same if all hidden units are one: their outgoing weights add up.

    Args:
        network: Of one hidden layer.
    """
    (W1, W2), (b1, b2) = network.weights, network.biases
    first = np.concatenate([W1[0].astype(float), b1[:1].astype(float)])
    second = np.column_stack([W2.astype(float).sum(axis=1), b2.astype(float)])
    shape = replace(network.architecture, hidden=(1,), dtype="float64")
    return replace(network, architecture=shape, parameters=np.concatenate([first, second.ravel()]))


def _apart(apart: float) -> str:
    return f"no probability differs by more than {apart:.0e}" if apart < _SAME_ANSWER else f"but for up to {apart:.2g}"


def _errors(trainings: Trainings) -> pd.DataFrame:
    """A row a scheme, width and activation, at its best learning rate."""
    groups = ["activation", "init", "width"]
    rows = []
    for names, part in trainings.tuned(groups).groupby(groups):
        error = over_seeds(samples(part, ERROR))
        rows.append(
            {
                **dict(zip(groups, names, strict=True)),
                "learning_rate": part["learning_rate"].iat[0],
                "error": error.mean,
                "low": error.low,
                "high": error.high,
                "train_loss": part["train_loss"].mean(),
                "distinct_units": int(part["distinct_units"].max()),
                "seeds": len(part),
                "number": int(part["number"].iat[0]),
            }
        )
    return pd.DataFrame(rows)


def _error(errors: pd.DataFrame, init: str, width: int, activation: str = "tanh") -> str:
    row = select(errors, init=init, width=width, activation=activation).iloc[0]
    return Interval(row["error"], row["low"], row["high"]).percent


def _gain(trainings: Trainings, activation: str, width: int) -> Interval:
    """What random weights gain over the better of the equal ones, in error."""
    tuned = select(trainings.tuned(["activation", "init", "width"]), activation=activation, width=width)
    drawn = samples(select(tuned, init="scaled"), ERROR)
    gains = [over_seeds(samples(select(tuned, init=init), ERROR) - drawn, step=trainings.step) for init in EQUAL]
    return min(gains)


def _zeros(trainings: Trainings, width: int) -> str:
    """What becomes of zeros with tanh: nothing but the output's biases can learn."""
    rows = select(trainings.curves, init="zeros", activation="tanh", width=width)
    largest = rows["weight_norm"].max()
    if largest > 0:
        return f"From zeros, tanh networks learn weights (of length up to {largest:.2g})."
    targets = np.unique(trainings.evaluator.dataset.train.y, return_counts=True)[1]
    share = targets / targets.sum()
    entropy = float(-(share * np.log(share)).sum())
    tuned = select(trainings.tuned(["activation", "init", "width"]), init="zeros", activation="tanh", width=width)
    loss = over_seeds(samples(tuned, "train_loss"))
    return (
        "From zeros with tanh every weight stays exactly 0: hidden activations are 0, so no signal goes forward and none "
        "comes back, and the output's biases alone learn, how frequent the classes are. The training loss ends at "
        f"{loss.mean:.4f} [{loss.low:.4f}, {loss.high:.4f}]; the entropy of the class frequencies, the least that "
        f"such a network can reach, is {entropy:.4f}."
    )


def _otherwise(trainings: Trainings, width: int) -> list[str]:
    """Whether as many equal units train as one does."""
    tuned = trainings.tuned(["activation", "init", "width"])
    parts = []
    for activation in tuned["activation"].unique():
        rows = select(tuned, init="constant", activation=activation)
        many, one = (samples(select(rows, width=units), ERROR) for units in (width, 1))
        parts.append((activation, over_seeds(one - many, step=trainings.step)))
    better = [f"{gain.points} with {name}" for name, gain in parts if gain.low > 0]
    if not better:
        return [f"{width} equal units are not shown to train better than one."]
    return [
        f"{width} equal units answer as one unit does, but do not train as one: their error is lower than that of a "
        f"single unit from the same constant by {listed(better)}. Merged, they are one unit whose outgoing weights take "
        f"steps {width} times as long, and whose incoming ones steps 1/{width} as long."
    ]


def _distinct(wide: pd.DataFrame) -> pd.DataFrame:
    """How many units are distinct over the iterations: least and most of all trainings of a scheme."""
    rows = wide.groupby(["activation", "init", "iteration"], as_index=False)["distinct_units"].agg(["min", "max"])
    return rows.rename(columns={"min": "least", "max": "most"})


def random_weights(trainings: Sequence[Trainings]) -> Judgement:
    """L2: random weights make all hidden units differ, from the start and ever after, also where they are small.

    Args:
        trainings: Of studies over ``init_scale``, one a precision.
    """
    parts = [_scales(each) for each in trainings]
    table = pd.concat(parts, ignore_index=True)
    width, zero = int(table["units"].iat[0]), all(map(_begins_with_zero_biases, trainings))
    usual = table[np.isclose(table["init_scale"], _SMALL)]
    holds = zero and bool((usual["start"] == width).all() and (usual["least"] == width).all())
    limits = [_limit(part) for part in parts]
    told = listed([_limit_words(part, limit) for part, limit in zip(parts, limits, strict=True)])
    all_distinct = _down_to(table, table["least"] == width)
    evidence = [
        f"Drawn with scale {_SMALL:g}, {_units(usual, width)} at every checkpoint of every training, from iteration 0 on, "
        f"{'where all biases are 0' if zero else 'where biases are not 0'}."
        + (f" All {width} are distinct throughout down to scale {all_distinct:.0e}." if all_distinct else ""),
        f"The symmetry is broken down to scale {told}.",
    ]
    return Judgement(
        claim="L2",
        says="Random initial weights break the symmetry, however small; biases may begin at zero.",
        holds=holds,
        where=_where(parts, limits),
        evidence=evidence,
        tables={"scales": table},
        more=[_later(part) for part in parts[:1]],
    )


def _scales(trainings: Trainings) -> pd.DataFrame:
    """A row a scale: how many units are distinct at the start, at the least, and at the end; and how well it learned."""
    rows = []
    number = int(trainings.curves["number"].iat[0])
    (first,) = trainings.networks(number, int(trainings.curves["seed"].iat[0]), [0])
    for scale, part in trainings.curves.groupby("init_scale"):
        start, end = part[part["iteration"] == 0], part[part["iteration"] == part["iteration"].max()]
        error = over_seeds(samples(end, ERROR))
        rows.append(
            {
                "dtype": first.architecture.dtype,
                "init_scale": float(scale),  # type: ignore[arg-type]
                "units": first.architecture.hidden[0],
                "start": int(start["distinct_units"].min()),
                "least": int(part["distinct_units"].min()),
                "end": int(end["distinct_units"].min()),
                "error": error.mean,
                "low": error.low,
                "high": error.high,
                "seeds": len(end),
            }
        )
    return pd.DataFrame(rows)


def _units(rows: pd.DataFrame, width: int) -> str:
    least = int(rows[["start", "least"]].min().min())
    return f"all {width} hidden units are distinct" if least == width else f"only {least} of {width} units are distinct"


def _down_to(table: pd.DataFrame, fine: Any) -> float | None:
    """The smallest scale such that it and all larger ones that were tried are fine; None if the largest is not."""
    scales = table.assign(fine=fine).groupby("init_scale")["fine"].all().sort_index(ascending=False)
    run = scales[scales.cummin()]
    return float(run.index[-1]) if len(run) else None


def _limit(part: pd.DataFrame) -> float | None:
    """The smallest scale that breaks the symmetry, if a smaller one was tried that does not."""
    limit = _down_to(part, part[["start", "least"]].min(axis=1) >= part["units"] - _PAIR)
    return limit if limit is not None and limit > part["init_scale"].min() else None


def _where(parts: Sequence[pd.DataFrame], limits: Sequence[float | None]) -> str:
    least = [
        f"{limit:.0e} in {part['dtype'].iat[0]}" for part, limit in zip(parts, limits, strict=True) if limit is not None
    ]
    return f"the scale is at least {listed(least)}" if least else ""


def _begins_with_zero_biases(trainings: Trainings) -> bool:
    row = trainings.curves.iloc[0]
    (network,) = trainings.networks(int(row["number"]), int(row["seed"]), [0])
    return not any(bias.any() for bias in network.biases)


def _limit_words(part: pd.DataFrame, limit: float | None) -> str:
    dtype, least = part["dtype"].iat[0], part["init_scale"].min()
    if limit is None:
        return f"{least:.0e} in {dtype}, the smallest that was tried"
    below = part[part["init_scale"] < limit]["init_scale"].max()
    return f"{limit:.0e} in {dtype} (not at {below:.0e})"


def _later(part: pd.DataFrame) -> str:
    """Whether a small scale costs anything."""
    broken = part[(part["least"] >= part["units"] - _PAIR) & (part["init_scale"] <= _SMALL)]
    if broken.empty:
        return ""
    smallest, usual = broken.loc[broken["init_scale"].idxmin()], broken.loc[broken["init_scale"].idxmax()]
    a, b = (Interval(row["error"], row["low"], row["high"]).percent for row in (smallest, usual))
    return (
        f"What is that small still learns: from scale {smallest['init_scale']:.0e} the error ends at {a}, from "
        f"{usual['init_scale']:g} at {b}. Small weights grow by a factor an iteration, so they come late, not never."
    )
