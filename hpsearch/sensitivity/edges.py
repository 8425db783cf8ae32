"""Whether the best trials of a search lie at the ends of its ranges."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import binom

from hpsearch.space import Dimension

BEST = 10
"""Trials that count as the best."""

TENTHS = 10
"""Parts of a range in which the best are counted."""


def edges(trials: pd.DataFrame, space: Mapping[str, Dimension]) -> pd.DataFrame:
    """Where in each range the ten best trials lie.

    Args:
        trials: See :func:`hpsearch.results.frames.trials`; low values are good.
        space: The ranges, each column of which the trials have.

    Returns:
        A row a range; unordered choices have no ends and no row. Columns: hyperparameter, low, high, scale, trials (how
        many best ones: ten, or all that are complete), share_low, share_high (of them in the lowest and the highest
        tenth of the range, or at its first and last value), edge ("low" or "high" where at least half of them lie,
        and more than chance puts there in one of forty searches if the setting does nothing: six of ten where four
        or five values were tried, seven of three, nine of two; else "").
    """
    complete = trials[trials["state"] == "COMPLETE"].sort_values(["value", "number"])
    best, rows = complete.head(BEST), []
    for name, dimension in space.items():
        if best.empty or dimension.values(2).dtype.kind not in "iuf":
            continue
        cells = dimension.cells(TENTHS)
        cell = dimension.cell_of(best[name].to_numpy(), cells)
        low, high = float(np.mean(cell == 0)), float(np.mean(cell == cells - 1))
        tried = cells if cells < TENTHS else complete[name].nunique()  # a grid tries few values of a wide range
        many = max(0.5, (binom.isf(0.025, len(best), 1 / tried) + 1) / len(best))
        edge = "low" if low >= many else "high" if high >= many else ""
        ends = dict(zip(("low", "high"), dimension.ends, strict=True))
        shares = {"trials": len(best), "share_low": low, "share_high": high, "edge": edge}
        rows.append({"hyperparameter": name, **ends, "scale": dimension.scale, **shares})
    columns = ["hyperparameter", "low", "high", "scale", "trials", "share_low", "share_high", "edge"]
    words = dict.fromkeys(("hyperparameter", "scale", "edge"), "str")
    return pd.DataFrame(rows, columns=columns).astype(words)
