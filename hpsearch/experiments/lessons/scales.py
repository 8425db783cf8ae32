"""L3: what a large initial scale does to training, and what a small one does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.config.messages import listed
from hpsearch.engine.activations import ACTIVATIONS
from hpsearch.experiments.lessons.judgement import Interval, Judgement, Trainings, of_share, over_seeds, samples, select
from hpsearch.experiments.tolerances import interval_columns
from hpsearch.sensitivity.indices import Numbers

TARGET = 0.5
"""Training loss that a training is to reach; guessing among ten classes has 2.3."""

_HALF = 0.5
"""Share of the hidden activations from which a layer is called saturated."""

_SLOPES = ("tanh", "sigmoid")
"""The activations whose slope vanishes where z is large. Half of relu's activations have no slope at any scale."""


def large_scale(trainings: Trainings) -> Judgement:
    """L3: a large scale saturates tanh, and learning is slow from the start.

    Args:
        trainings: Of a study over ``init_scale`` and ``activation``, with many checkpoints.
    """
    names = [name for name in ACTIVATIONS if name in set(trainings.curves["activation"])]
    table = pd.concat([_scales(trainings, name) for name in names], ignore_index=True)
    tanh = select(table, activation="tanh")
    start = _slow_from(tanh, flat=True)
    return Judgement(
        claim="L3",
        says="A large initial scale makes z large: tanh saturates, its slope is near zero and learning is slow.",
        holds=start is not None,
        decided=_decided(tanh, start),
        where="" if start is None else f"the scale is {start:g} or more",
        evidence=_evidence(tanh, start, trainings),
        tables={"scales": table},
        more=[_small(tanh), _gradient(tanh), *_others(table, trainings)],
    )


def _evidence(tanh: pd.DataFrame, start: float | None, trainings: Trainings) -> list[str]:
    """Where tanh learns fastest, and from which scale on it is saturated and slow."""
    best, largest = tanh.loc[tanh["best"]].iloc[0], tanh.iloc[-1]
    if not best["reached"]:
        return [f"tanh: from any scale {_reach(best, trainings)}, so nothing is seen of what a scale does."]
    rate = next(iter(trainings.settings.values())).learning_rate
    fastest = f"At α {rate:g} tanh learns fastest from scale {best['init_scale']:g}: {_reach(best, trainings)}."
    if start is None:
        return [fastest, "No larger scale is shown to saturate it and to slow learning."]
    row = select(tanh, init_scale=start).iloc[0]
    return [
        fastest,
        f"From {start:g} on it is slower, {_slower(row)}, with {_saturated(row)} of hidden activations saturated at "
        f"iteration 0 (from {best['init_scale']:g}: {_saturated(best)}); from {largest['init_scale']:g}, with "
        f"{_saturated(largest)}, {_reach(largest, trainings)}.",
    ]


def _decided(tanh: pd.DataFrame, start: float | None) -> str:
    """Of the smallest scale that is too large, or else of the largest."""
    best = tanh.loc[tanh["best"]].iloc[0]
    row = tanh.iloc[-1] if start is None else select(tanh, init_scale=start).iloc[0]
    if not best["reached"]:
        return f"no tanh training reaches loss {TARGET:g} from any scale"
    if row["best"]:
        return f"tanh learns fastest from the largest scale, {row['init_scale']:g}"
    scale, fastest = row["init_scale"], best["init_scale"]
    return f"tanh is {_saturated(row)} saturated at {scale:g}, {_slower(row)} as slow as {fastest:g}"


def _scales(trainings: Trainings, activation: str) -> pd.DataFrame:
    """A row a scale: what is seen at iteration 0, and how long it takes to reach the target.

    The scale that learns fastest is chosen on the first half of the seeds, and all are compared with it on the others,
    paired by seed. A training that does not get there counts as if it did at its end, so where that happens the
    ratio is at least what is told.
    """
    curves = select(trainings.curves, activation=activation)
    reach = {scale: _iterations(part) for scale, part in curves.groupby("init_scale")}
    seeds = len(next(iter(reach.values())))
    best = min(reach, key=lambda scale: float(reach[scale][: seeds // 2].mean()))
    longest = np.log(curves["iteration"].max())
    rows: list[dict[str, Any]] = []
    for scale, logs in reach.items():
        start = select(curves, init_scale=scale, iteration=0)
        slower = over_seeds(logs[seeds // 2 :] - reach[best][seeds // 2 :])
        flat, time = of_share(samples(start, "saturation")), over_seeds(logs)
        gradient = np.log(samples(start, "gradient_norm"))
        share = gradient - np.log(samples(start, "weight_norm"))
        rows.append(
            {
                "activation": activation,
                "init_scale": float(scale),  # type: ignore[arg-type]
                **interval_columns("saturation", flat),
                **interval_columns("gradient_norm", Interval(*np.exp(over_seeds(gradient)))),
                **interval_columns("gradient_share", Interval(*np.exp(over_seeds(share)))),
                **interval_columns("iterations", Interval(*np.exp(time))),
                "reached": float(np.mean(logs < longest)),
                **interval_columns("slower", slower),
                "best": scale == best,
                "seeds": seeds,
            }
        )
    return pd.DataFrame(rows)


def _interval(row: Mapping[Any, Any] | pd.Series, name: str) -> Interval:
    return Interval.of(row, name, f"{name}_low", f"{name}_high")


def _iterations(curves: pd.DataFrame) -> Numbers:
    """Logarithm of the iteration at which each seed's training loss reaches the target, between its checkpoints."""
    logs = []
    for _, part in curves.sort_values(["seed", "iteration"]).groupby("seed"):
        at = np.log(np.maximum(part["iteration"].to_numpy(), 1))
        loss = part["train_loss"].to_numpy()
        below = np.flatnonzero(loss <= TARGET)
        if not len(below):
            logs.append(at[-1])
            continue
        k = below[0]
        share = 0.0 if k == 0 else (loss[k - 1] - TARGET) / (loss[k - 1] - loss[k])
        logs.append(at[k] if k == 0 else at[k - 1] + share * (at[k] - at[k - 1]))
    return np.array(logs)


def _slow_from(rows: pd.DataFrame, *, flat: bool) -> float | None:
    """The smallest scale above the best from which on all are shown to be slower; with more saturation, if ``flat``."""
    best = rows.loc[rows["best"]].iloc[0]
    above = rows[rows["init_scale"] > best["init_scale"]].sort_values("init_scale", ascending=False)
    shown = above["slower_low"] > 0
    if flat:
        shown &= above["saturation_low"] > max(best["saturation_high"], _HALF)
    run = above[shown.cummin()]
    return float(run["init_scale"].iat[-1]) if len(run) else None


def _reach(row: Mapping[Any, Any] | pd.Series, trainings: Trainings) -> str:
    longest = trainings.curves["iteration"].max()
    if row["reached"] == 0:
        return f"none of {row['seeds']} trainings reaches loss {TARGET:g} in {longest:,} iterations"
    mean, low, high = (f"{end:,.0f}" for end in _interval(row, "iterations"))
    some = "" if row["reached"] == 1 else f" at least, for {1 - row['reached']:.0%} of the trainings do not get there"
    return f"{mean} [{low}, {high}] iterations to loss {TARGET:g}{some}"


def _slower(row: Mapping[Any, Any] | pd.Series) -> str:
    return _interval(row, "slower").times + ("" if row["reached"] == 1 else " at least")


def _saturated(row: Mapping[Any, Any] | pd.Series) -> str:
    return _interval(row, "saturation").percent


def _small(tanh: pd.DataFrame) -> str:
    """The other arm of the U."""
    best, smallest = tanh.loc[tanh["best"]].iloc[0], tanh.iloc[0]
    if smallest["slower_low"] <= 0:
        return f"A scale as small as {smallest['init_scale']:g} is not shown to be slower."
    return (
        f"Too small is slow as well: from {smallest['init_scale']:g} it takes {_slower(smallest)} as long as from "
        f"{best['init_scale']:g}, though nothing is saturated ({_saturated(smallest)})."
    )


def _gradient(tanh: pd.DataFrame) -> str:
    """Whether the whole gradient vanishes, as one may think."""
    best, largest = tanh.loc[tanh["best"]].iloc[0], tanh.iloc[-1]
    at = [f"{_interval(row, 'gradient_norm').short} at scale {row['init_scale']:g}" for row in (best, largest)]
    share = [f"{_interval(row, 'gradient_share').percent} at {row['init_scale']:g}" for row in (best, largest)]
    if largest["gradient_norm_low"] <= best["gradient_norm_high"]:
        return f"The gradient's length at iteration 0: {listed(at)}."
    smaller = largest["gradient_share_high"] < best["gradient_share_low"]
    return (
        f"The gradient's length at iteration 0 does not vanish, it grows: {listed(at)}. As a share of the weights' "
        f"length it {'shrinks' if smaller else 'does not shrink'}: {listed(share)}."
    )


def _others(table: pd.DataFrame, trainings: Trainings) -> list[str]:
    """What the other activations do."""
    sentences = []
    for activation, rows in table[table["activation"] != "tanh"].groupby("activation", sort=False):
        best, start = rows.loc[rows["best"]].iloc[0], _slow_from(rows, flat=activation in _SLOPES)
        if start is None:
            sentences.append(f"{activation}: no scale above {best['init_scale']:g} is shown to be slower.")
            continue
        row = select(rows, init_scale=start).iloc[0]
        why = f"with {_saturated(row)} saturated" if activation in _SLOPES else "though no relu saturates"
        sentences.append(
            f"{activation}: fastest from {best['init_scale']:g} ({_reach(best, trainings)}), slower from {start:g} on "
            f"({_slower(row)}), {why}."
        )
    return sentences
