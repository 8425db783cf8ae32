"""The tables of an attribution: what changes gained on some seeds, with intervals and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.experiments.tolerances import interval_columns, intervals, levels, p_values
from hpsearch.sensitivity.attribution import others
from hpsearch.sensitivity.indices import Numbers
from hpsearch.sensitivity.verdicts import holm

GAINS, HARMS, NOT_SHOWN = "gains", "harms", "not shown"


@dataclass(frozen=True)
class Changes:
    """What differs between two settings.

    Attributes:
        names: Of the hyperparameters that differ.
        of: The setting with all changes.
        against: The setting without.
        metric: That falls or rises.
        step: In which it moves; 0 where it is continuous.
    """

    names: tuple[str, ...]
    of: Mapping[str, Any]
    against: Mapping[str, Any]
    metric: str
    step: float

    def made(self, mixture: int) -> list[str]:
        """The names of those that are made in a mixture."""
        return [name for k, name in enumerate(self.names) if mixture >> k & 1]

    def columns(self, names: Sequence[str]) -> dict[str, pd.Series]:
        """The columns of some changes: their names and their two values, which may be of any kind."""
        columns = {"hyperparameter": pd.Series(names, dtype="str")}
        for side, setting in (("against", self.against), ("of", self.of)):
            columns[side] = pd.Series([setting[name] for name in names], dtype=object)
        return columns


def shares_table(
    changes: Changes,
    parts: Mapping[str, Numbers],
    ends: Numbers,
    *,
    diverged: Sequence[int] = (0, 0),
    gains: Numbers | None = None,
    sampling: float | Numbers = 0.0,
) -> pd.DataFrame:
    """A row a change (columns: see :class:`~hpsearch.experiments.attributions.Attribution`).

    Args:
        changes: Of the game.
        parts: Share, gain alone and gain last, by these names, ``(changes, seeds)`` each.
        ends: Losses of the start and of the end, ``(2, seeds)``.
        diverged: On how many seeds the training of the start, and of the end, did.
        gains: Of every change in every mixture, ``(changes, mixtures of the others, seeds)``, where they are known.
        sampling: The part of the shares' standard errors that comes from drawing orders, ``(changes,)``.
    """
    nobody = [""] * len(changes.names)
    company, common = (nobody, nobody) if gains is None else _company(changes, gains)
    frame = pd.DataFrame(changes.columns(changes.names))
    frame["metric"] = changes.metric
    for part, samples in parts.items():
        frame = frame.assign(**_judged(part, samples, changes.step))
    alone = frame["alone_verdict"] == GAINS
    gain = np.ravel(intervals((ends[0] - ends[1])[None], step=changes.step))
    frame = frame.assign(
        company=pd.Series(company, dtype="str").mask(alone, ""),
        common=pd.Series(common, dtype="str").mask(alone, ""),
        start=ends[0].mean(),
        end=ends[1].mean(),
        **interval_columns("gain", gain),
        sampling_error=sampling,
        seeds=ends.shape[1],
        start_diverged=diverged[0],
        end_diverged=diverged[1],
    )
    return frame.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _judged(part: str, samples: Numbers, step: float) -> dict[str, Any]:
    """Mean, interval and verdict of each row of samples, ``(rows, seeds)``."""
    ends = intervals(samples, step=step)
    shown = holm(p_values(samples, step=step)) <= 0.05
    words = [(GAINS if gain > 0 else HARMS) if seen else NOT_SHOWN for seen, gain in zip(shown, ends[0], strict=True)]
    return {**interval_columns(part, ends), f"{part}_verdict": pd.Series(words, dtype="str")}


def _company(changes: Changes, gains: Numbers) -> tuple[list[str], list[str]]:
    """For each change the fewest others beside which it is shown to gain, and those of all mixtures where it is.

    Every step between two mixtures is tested, with Holm's correction over all of them: whichever is picked from those
    that are shown, it is shown.
    """
    count, mixtures, seeds = gains.shape
    p = holm(p_values(gains.reshape(-1, seeds), step=changes.step)).reshape(count, mixtures)
    means, company, common = gains.mean(axis=2), [], []
    for k in range(count):
        beside = others(k, count)
        shown = np.flatnonzero((p[k] <= 0.05) & (means[k] > 0)).tolist()
        fewest = min(shown, key=lambda at: (int(beside[at]).bit_count(), -means[k, at]), default=None)
        company.append("" if fewest is None else ", ".join(changes.made(int(beside[fewest]))))
        always = set.intersection(*(set(changes.made(int(beside[at]))) for at in shown)) if shown else set()
        common.append(", ".join(name for name in changes.names if name in always))
    return company, common


def pairs_table(changes: Changes, samples: Numbers) -> pd.DataFrame:
    """A row a pair of changes, the strongest first, from their interactions ``(pairs, seeds)``; empty where none is."""
    pairs = list(combinations(changes.names, 2))[: len(samples)]
    frame = pd.DataFrame(pairs, columns=["first", "second"], dtype="str")
    names = {f"interaction_{column}": column for column in ("low", "high", "verdict")}
    frame = frame.assign(**_judged("interaction", samples, changes.step)).rename(columns=names)
    return frame.sort_values("interaction", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def path_table(changes: Changes, order: Sequence[int], losses: Numbers) -> pd.DataFrame:
    """A row a step of making the changes in an order, from the losses on the way, ``(steps and 1, seeds)``."""
    steps = pd.DataFrame(changes.columns([changes.names[k] for k in order]))
    steps = steps.assign(**_judged("gain", losses[:-1] - losses[1:], changes.step))
    start = pd.DataFrame({"hyperparameter": [""], "gain_verdict": [""]}, dtype="str")
    frame = pd.concat([start, steps], ignore_index=True)[list(steps)].rename(columns={"gain_verdict": "verdict"})
    for place, values in enumerate(zip(("mean", "low", "high"), levels(losses, step=changes.step), strict=True)):
        frame.insert(3 + place, *values)
    frame.insert(0, "step", range(len(frame)))
    return frame
