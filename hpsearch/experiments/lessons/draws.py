"""L2: random weights make the hidden units differ, and how small they may be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hpsearch.config.messages import listed
from hpsearch.experiments.lessons.judgement import ERROR, Interval, Judgement, Trainings, of_share, samples

_PAIR = 1
"""Units that may seem to repeat another by chance: scaled far down, all units learn one direction first, and two of
them may have nearly the same multiple of it for a while."""

_SMALL = 0.01
"""The scale of the lesson."""


def random_weights(trainings: Sequence[Trainings]) -> Judgement:
    """L2: random weights make all hidden units differ, from the start and ever after, also where they are small.

    Args:
        trainings: Of studies over ``init_scale``, one a precision.
    """
    parts = [_scales(each) for each in trainings]
    table = pd.concat(parts, ignore_index=True)
    width, zero = int(table["units"].to_numpy()[0]), all(map(_begins_with_zero_biases, trainings))
    usual, limits = table[np.isclose(table["init_scale"], _SMALL)], [_limit(part) for part in parts]
    small = all(limit is not None and limit <= _SMALL for limit in limits)
    told = listed([_limit_words(part, limit) for part, limit in zip(parts, limits, strict=True)])
    all_distinct = _down_to(table, table["least"] == width)
    evidence = [
        f"From scale {_SMALL:g} {_units(usual, width)} at every checkpoint of every training, from iteration 0 on, "
        f"{'where all biases are 0' if zero else 'where biases are not 0'}."
        + (f" All {width} are distinct throughout down to scale {all_distinct:.0e}." if all_distinct else ""),
        f"The symmetry is broken, that is, {width - _PAIR} units or all {width} are distinct throughout, {told}.",
    ]
    return Judgement(
        claim="L2",
        says="Random initial weights break the symmetry, however small; biases may begin at zero.",
        holds=zero and small and bool((usual[["start", "least"]] == width).all(axis=None)),
        decided=_decided(usual, width, zero=zero),
        where=_where(parts, limits),
        evidence=evidence,
        tables={"scales": table},
        more=[_later(parts[0], limits[0], _guess(trainings[0]))],
    )


def _scales(trainings: Trainings) -> pd.DataFrame:
    """A row a scale: how many units are distinct at the start, at the least and at the end; and how well it learned."""
    rows = []
    (first,) = trainings.networks(*trainings.first, [0])
    for scale, part in trainings.curves.groupby("init_scale"):
        start, end = part[part["iteration"] == 0], part[part["iteration"] == part["iteration"].max()]
        error = of_share(samples(end, ERROR))
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


def _down_to(table: pd.DataFrame, fine: pd.Series) -> float | None:
    """The smallest scale such that it and all larger ones that were tried are fine; None if the largest is not."""
    scales = table.assign(fine=fine).groupby("init_scale")["fine"].all().sort_index(ascending=False)
    run = scales[scales.cummin()]
    return float(run.index[-1]) if len(run) else None


def _limit(part: pd.DataFrame) -> float | None:
    """The smallest scale such that it and all larger ones break the symmetry; None if the largest does not."""
    return _down_to(part, part[["start", "least"]].min(axis=1) >= part["units"] - _PAIR)


def _where(parts: Sequence[pd.DataFrame], limits: Sequence[float | None]) -> str:
    """The precisions in which a scale was tried that is too small, with the least that is not."""
    least = [
        f"{limit:.0e} in {part['dtype'].iat[0]}"
        for part, limit in zip(parts, limits, strict=True)
        if limit is not None and limit > part["init_scale"].min()
    ]
    return f"the scale is at least {listed(least)}" if least else ""


def _decided(usual: pd.DataFrame, width: int, *, zero: bool) -> str:
    least = int(usual[["start", "least"]].min().min())
    many = "all" if least == width else f"{least} of"
    return f"at {_SMALL:g} {many} {width} units differ throughout; biases begin at {'0' if zero else 'other than 0'}"


def _begins_with_zero_biases(trainings: Trainings) -> bool:
    """Of the largest scale, at which nothing is too small for the precision."""
    row = trainings.curves.sort_values("init_scale").to_dict("records")[-1]
    (network,) = trainings.networks(int(row["number"]), int(row["seed"]), [0])
    return not any(bias.any() for bias in network.biases)


def _limit_words(part: pd.DataFrame, limit: float | None) -> str:
    dtype, scales = part["dtype"].iat[0], part["init_scale"]
    if limit is None:
        return f"at no scale in {dtype}"
    below = scales[scales < limit]
    tried = "the smallest that was tried" if below.empty else f"not at {below.max():.0e}"
    return f"down to scale {limit:.0e} in {dtype} ({tried})"


def _later(part: pd.DataFrame, limit: float | None, guess: float) -> str:
    """Whether a small scale costs anything.

    Args:
        part: A row a scale.
        limit: The smallest scale such that it and all larger ones break the symmetry.
        guess: The error of answering the most frequent class.
    """
    broken = part[(part["init_scale"] >= (limit or _SMALL)) & (part["init_scale"] <= _SMALL)]
    if len(broken) < 2:
        return ""
    smallest, usual = (broken.sort_values("init_scale").iloc[place] for place in (0, -1))
    a, b = (Interval.of(row, "error").percent for row in (smallest, usual))
    scale, ends = f"{smallest['init_scale']:.0e}", f"the error ends at {a}, from {usual['init_scale']:g} at {b}"
    if smallest["high"] >= guess:
        guessing = f"where the most frequent class for all has {100 * guess:.1f} %"
        return f"From scale {scale} nothing is shown to be learned in so many iterations: {ends}, {guessing}."
    late = "Small weights grow by a factor an iteration, so they come late, not never."
    return f"What is that small still learns: from scale {scale} {ends}. {late}"


def _guess(trainings: Trainings) -> float:
    """The validation error of answering the most frequent class of the training examples."""
    data = trainings.evaluator.dataset
    return float(np.mean(data.validation.y != np.argmax(np.bincount(data.train.y))))
