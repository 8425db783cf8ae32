"""Whether the best trials of a search lie at the ends of its ranges, and whether better ones may lie beyond.

A sampler that learns crowds its trials where it came upon good ones, and its later trials are the better ones wherever
they lie in a range that does nothing. So the ten best often crowd at an end of such a range: in 24 of 40 searches of
100 trials by TPE at one of four, and in 1 of 40 by trials at random. Hence trials at an end are also compared with
those of about the same time, unless all ten lie there, which is rare: of these searches 3 and none were taken in.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom, mannwhitneyu

from hpsearch.space import Dimension

BEST = 10
"""Trials that count as the best."""

TENTHS = 10
"""Parts of a range in which the best are counted."""

_TOGETHER = 30
"""Trials in a row, during which a sampler learns little."""


def edges(trials: pd.DataFrame, space: Mapping[str, Dimension]) -> pd.DataFrame:
    """Where in each range the ten best trials lie, and all others that score as the tenth does.

    Args:
        trials: See :func:`hpsearch.results.frames.trials`; low values are good.
        space: The ranges, each column of which the trials have.

    Returns:
        A row a range; unordered choices have no ends and no row. Columns: hyperparameter, low, high, scale, trials (how
        many best ones: ten or, by equal values, more; or all that are complete), share_low, share_high (of them in the
        lowest and the highest tenth of the range, or at its first and last value), edge ("low" or "high" where at least
        half of them lie, and more than chance puts there in one of forty searches at random if the setting does
        nothing: six of ten where four or five values were tried, seven of three, nine of two; else "", as where all
        trials score alike), beyond (whether better settings may lie beyond that edge: all of them lie in that tenth of
        a range, or the trials there are shown to be better than others of their time, by the test of Mann and Whitney
        1947 at 2.5 %, of their ranks among some thirty trials in a row).
    """
    complete = trials[trials["state"] == "COMPLETE"].sort_values(["value", "number"])
    best, ranks, rows = best_of(complete, BEST), standings(complete), []
    alike = complete["value"].nunique() == 1
    for name, dimension in space.items():
        if best.empty or not dimension.numeric:
            continue
        cells = dimension.cells(TENTHS)
        every = dimension.cell_of(complete[name].to_numpy(), cells)
        low, high = (float(np.mean(every[: len(best)] == cell)) for cell in (0, cells - 1))
        tried = cells if cells < TENTHS else complete[name].nunique()  # a grid tries few values of a wide range
        many = max(0.5, (binom.isf(0.025, len(best), 1 / tried) + 1) / len(best))
        edge = "" if alike else "low" if low >= many else "high" if high >= many else ""
        ends = dict(zip(("low", "high"), dimension.ends, strict=True))
        all_there = cells == TENTHS and 1.0 in (low, high)  # of few choices the sampler may settle on any
        there = every == (0 if edge == "low" else cells - 1)
        beyond = bool(edge) and (all_there or better(ranks, there, ~there))
        shares = {"trials": len(best), "share_low": low, "share_high": high, "edge": edge, "beyond": beyond}
        rows.append({"hyperparameter": name, **ends, "scale": dimension.scale, **shares})
    columns = ["hyperparameter", "low", "high", "scale", "trials", "share_low", "share_high", "edge", "beyond"]
    words = dict.fromkeys(("hyperparameter", "scale", "edge"), "str")
    return pd.DataFrame(rows, columns=columns).astype({**words, "beyond": "bool"})


def best_of(complete: pd.DataFrame, count: int) -> pd.DataFrame:
    """The trials with the lowest values, so many, and all that score as the last of them: none of these is better."""
    return complete.nsmallest(count, "value", keep="all")


def reachable(row: Mapping[Any, Any], limits: Mapping[str, tuple[float, float]]) -> bool:
    """Whether there are values beyond the end at which the best crowd.

    Args:
        row: Of :func:`edges`, with an edge.
        limits: Lowest and highest value that a range may reach, by hyperparameter.
    """
    low, high = limits.get(row["hyperparameter"], (-inf, inf))
    return bool(row["low"] > low if row["edge"] == "low" else row["high"] < high)


def standings(trials: pd.DataFrame) -> pd.Series:
    """Rank of each trial's value among those of its time, in the order of the table; no time has two trials more."""
    place = trials["number"].rank().sub(1) * max(len(trials) // _TOGETHER, 1) // max(len(trials), 1)
    return trials["value"].groupby(place.to_numpy()).rank()


def better(ranks: pd.Series, there: NDArray[np.bool_], elsewhere: NDArray[np.bool_]) -> bool:
    """Whether trials there are shown to be better than those elsewhere, by the test of :func:`edges`.

    Args:
        ranks: ``(trials,)``; see :func:`standings`.
        there: ``(trials,)``: which trials are.
        elsewhere: The same; where there are no trials nothing is shown.
    """
    if not (there.any() and elsewhere.any()):
        return False
    return bool(mannwhitneyu(ranks[there], ranks[elsewhere], alternative="less").pvalue < 0.025)
