"""L1: hidden units that begin equal stay one function, and what that costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from hpsearch.config.messages import listed
from hpsearch.engine.network import predict
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.experiments.lessons.judgement import (
    ERROR,
    Interval,
    Judgement,
    Trainings,
    of_share,
    over_seeds,
    samples,
    select,
)

EQUAL = ("zeros", "constant")
"""The schemes that give all weights of a layer one value."""

_GROUP = ("activation", "init", "width")
"""What is compared, each at the learning rate that suits it."""

_SAME_ANSWER = 1e-3
"""Probabilities closer than this are one answer: float32 and the sums of 32 units round far less."""


def equal_weights(trainings: Trainings) -> Judgement:
    """L1: units that begin equal stay equal, and random ones serve better.

    Args:
        trainings: Of a study over ``init`` (zeros, constant and scaled), ``width`` (1 and more), ``activation`` and
            ``learning_rate``.
    """
    width = int(trainings.curves["width"].max())
    wide = select(trainings.curves, width=width)
    equal = wide[wide["init"].isin(EQUAL)]
    (compared, apart), most = _merged_apart(trainings, width), int(equal["distinct_units"].max())
    tuned = trainings.tuned(_GROUP)
    errors = _errors(tuned)
    gains = {str(name): _gain(part, width, step=trainings.step) for name, part in tuned.groupby("activation")}
    many = _gains_of_many(tuned, width, step=trainings.step)
    evidence = [
        f"In {len(equal.groupby(['number', 'seed'])):,} trainings from zeros or one constant at most {most} of "
        f"{width} hidden units is a function of its own at any of {equal['iteration'].nunique()} checkpoints. Merged "
        f"into one unit, {compared} of the networks give {_apart(apart)}.",
        f"With {width} tanh units the error is {_error(errors, 'constant', width)} from one constant, "
        f"{_error(errors, 'zeros', width)} from zeros and {_error(errors, 'scaled', width)} from random weights, each "
        f"at its best α; with one unit {_error(errors, 'constant', 1)} from the constant.",
        f"{width} equal units answer as one, but do not train as one: their equal steps add up."
        if many
        else f"{width} equal units are not shown to train better than one.",
    ]
    return Judgement(
        claim="L1",
        says="Equal initial weights leave all hidden units of a layer one function for ever; random ones serve better.",
        holds=most == 1 and apart < _SAME_ANSWER and all(gain.low > 0 for gain in gains.values()),
        decided=f"{_units(most, width, apart)}; {_least(errors, gains, width)}",
        evidence=evidence,
        tables={"errors": errors, "distinct": _distinct(wide)},
        more=[_zeros(trainings, tuned, width), _added(many, width)],
    )


def _merged_apart(trainings: Trainings, width: int) -> tuple[int, float]:
    """How many networks that began equal were compared with theirs merged, and how far their answers are apart."""
    equal = select(trainings.ends[trainings.ends["init"].isin(EQUAL)], width=width).drop_duplicates("number")
    X, most = trainings.evaluator.dataset.validation.X, 0.0
    for row in equal.to_dict("records"):
        (network,) = trainings.networks(int(row["number"]), int(row["seed"]), [int(row["iteration"])])
        answers = [predict(each.architecture, each.parameters, X) for each in (network, merged(network))]
        most = max(most, float(np.abs(answers[0] - answers[1]).max()))
    return len(equal), most


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
    if apart < _SAME_ANSWER:
        return f"the same answers (no probability differs by more than {apart:.0e})"
    return f"other answers (a probability differs by {apart:.2g})"


def _errors(tuned: pd.DataFrame) -> pd.DataFrame:
    """A row a scheme, width and activation, at its best learning rate."""
    rows = []
    for names, part in tuned.groupby([*_GROUP]):
        error = of_share(samples(part, ERROR))
        rows.append(
            {
                **dict(zip(_GROUP, names, strict=True)),
                "learning_rate": part["learning_rate"].iat[0],
                "error": error.mean,
                "low": error.low,
                "high": error.high,
                "train_loss": part["train_loss"].mean(),
                "distinct_units": int(part["distinct_units"].max()),
                "seeds": len(part),
                "number": int(part["number"].to_numpy()[0]),
            }
        )
    return pd.DataFrame(rows)


def _error(errors: pd.DataFrame, init: str, width: int, activation: str = "tanh") -> str:
    row = select(errors, init=init, width=width, activation=activation).iloc[0]
    return Interval.of(row, "error").percent


def _gain(tuned: pd.DataFrame, width: int, *, step: float) -> Interval:
    """What random weights of an activation gain over the better of the equal ones, in error."""
    drawn, *equal = (samples(select(tuned, width=width, init=init), ERROR) for init in ("scaled", *EQUAL))
    gains = [over_seeds(errors - drawn, step=step) for errors in equal]
    return min(gains, key=lambda gain: gain.low)


def _units(most: int, width: int, apart: float) -> str:
    if most > 1:
        return f"up to {most} of {width} equal units come to differ"
    return f"{width} equal units stay {'1 function' if apart < _SAME_ANSWER else 'alike and answer as several'}"


def _least(errors: pd.DataFrame, gains: dict[str, Interval], width: int) -> str:
    """The errors where random weights gain least: of the better of the equal beginnings, and of theirs.

    With how much less that is where it is not shown to be less: that is what the verdict goes by.
    """
    activation = min(gains, key=lambda name: gains[name].low)
    rows = select(errors[errors["init"].isin(EQUAL)], activation=activation, width=width)
    init = str(rows.sort_values("error")["init"].iat[0])
    equal, drawn = (_error(errors, name, width, activation) for name in (init, "scaled"))
    less = "" if gains[activation].low > 0 else f", not shown to be less ({gains[activation].points})"
    return f"{activation} error {equal}, from random weights {drawn}{less}"


def _zeros(trainings: Trainings, tuned: pd.DataFrame, width: int) -> str:
    """What becomes of zeros with tanh: nothing but the output's biases can learn."""
    rows = select(trainings.curves, init="zeros", activation="tanh", width=width)
    largest = rows["weight_norm"].max()
    if largest > 0:
        return f"From zeros, tanh networks learn weights (of length up to {largest:.2g})."
    targets = np.unique(trainings.evaluator.dataset.train.y, return_counts=True)[1]
    share = targets / targets.sum()
    entropy = float(-(share * np.log(share)).sum())
    loss = over_seeds(samples(select(tuned, init="zeros", activation="tanh", width=width), "train_loss"))
    return (
        "From zeros with tanh every weight stays exactly 0: hidden activations are 0, so no signal goes forward and "
        "none comes back, and the output's biases alone learn, how frequent the classes are. The training loss ends at "
        f"{loss.mean:.4f} [{loss.low:.4f}, {loss.high:.4f}]; the entropy of the class frequencies, the least that "
        f"such a network can reach, is {entropy:.4f}."
    )


def _gains_of_many(tuned: pd.DataFrame, width: int, *, step: float) -> dict[str, Interval]:
    """By how much the error of equal units is below that of one unit from the same constant, where that is shown."""
    gains = {}
    for activation, rows in select(tuned, init="constant").groupby("activation"):
        many, one = (samples(select(rows, width=units), ERROR) for units in (width, 1))
        gains[str(activation)] = over_seeds(one - many, step=step)
    return {activation: gain for activation, gain in gains.items() if gain.low > 0}


def _added(gains: dict[str, Interval], width: int) -> str:
    """Why as many equal units do not train as one does, where they gain by it; or nothing."""
    if not gains:
        return ""
    better = [f"{gain.points} with {name}" for name, gain in gains.items()]
    return (
        f"The error of {width} equal units is lower than that of one unit from the same constant by {listed(better)}. "
        f"Merged, they are one unit whose outgoing weights take steps {width} times as long, and whose incoming ones "
        f"take steps 1/{width} as long."
    )


def _distinct(wide: pd.DataFrame) -> pd.DataFrame:
    """How many units are distinct over the iterations: least and most of all trainings of a scheme."""
    rows = wide.groupby(["activation", "init", "iteration"], as_index=False)["distinct_units"].agg(["min", "max"])
    return rows.rename(columns={"min": "least", "max": "most"})
