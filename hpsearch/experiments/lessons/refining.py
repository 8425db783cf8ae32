"""L6: whether refining the ranges from round to round pays, beside one search of the same cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.config.digits import digits
from hpsearch.config.messages import listed
from hpsearch.experiments.lessons.judgement import Interval, Judgement, over_seeds
from hpsearch.experiments.tolerances import p_values
from hpsearch.sensitivity.verdicts import holm

ROUNDS, UNREFINED = "rounds", "unrefined"

_LEVEL = 0.05
"""Of the tests of all searches at once."""


def refining(tables: Mapping[str, pd.DataFrame]) -> Judgement:
    """L6: try within a range, keep the best, refine, repeat.

    Args:
        tables: By search (its data and sampler), a row a repeat (another seed of the sampler), arm ("rounds" or
            "unrefined") and fresh training seed. Columns: repeat, arm, seed, metric, score (less is better).
    """
    table = pd.concat([_search(name, rows) for name, rows in tables.items()], ignore_index=True)
    shown = holm(table["p"].to_numpy()) <= _LEVEL
    table["verdict"] = np.where(shown, np.where(table["difference"] < 0, "better", "worse"), "not shown")
    pays, harms = (table[table["verdict"] == verdict]["search"].tolist() for verdict in ("better", "worse"))
    return Judgement(
        claim="L6",
        says="Try in a range, keep the best, refine the range, repeat: that finds more than one search of that cost.",
        holds=bool(pays),
        decided=_decided(table, pays, harms),
        where=f"the search is {listed(pays, 'or')}" if 0 < len(pays) < len(table) else "",
        evidence=[_words(row) for row in table.to_dict("records")],
        tables={"refining": table},
        more=[
            f"What is shown is corrected for {len(table)} tests (Holm); the intervals are not. They are over sampler "
            "seeds, for these splits of the data, these ranges and so many trials.",
            "Whether trying pays at all is not asked here: both arms try, and at the same cost of training.",
        ],
    )


def _decided(table: pd.DataFrame, pays: Sequence[str], harms: Sequence[str]) -> str:
    """How often rounds are better and worse, and the search that speaks most for them."""
    row = table.iloc[int((table["difference"] / table["unrefined"]).argmin())]
    beat = f"rounds beat one search of their cost in {len(pays)} of {len(table)}, lose in {len(harms)}"
    return f"{beat}; best case {_change(row)} in loss"


def _change(row: pd.Series) -> str:
    """The difference as a share of what the unrefined search has."""
    ends = [100 * row[end] / row[UNREFINED] for end in ("difference", "low", "high")]
    mean, low, high = (f"{end:+z.{digits(ends[1:], least=1)}f}" for end in ends)
    return f"{mean} % [{low}, {high}]"


def _search(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """One row: both arms' mean scores and their difference with the p-value of none, each repeat counting as one."""
    means = rows.groupby(["repeat", "arm"])["score"].mean().unstack()
    difference = over_seeds(means[ROUNDS] - means[UNREFINED])
    record = {
        "search": name,
        "metric": str(rows["metric"].to_numpy()[0]),
        ROUNDS: float(means[ROUNDS].mean()),
        UNREFINED: float(means[UNREFINED].mean()),
        "difference": difference.mean,
        "low": difference.low,
        "high": difference.high,
        "better": int((means[ROUNDS] < means[UNREFINED]).sum()),
        "repeats": len(means),
        "p": float(p_values((means[ROUNDS] - means[UNREFINED]).to_numpy()[None])[0]),
    }
    return pd.DataFrame([record])


def _words(row: Mapping[Any, Any]) -> str:
    difference = Interval.of(row, "difference")
    metric, own, other = str(row["metric"]).replace("_", " "), row[ROUNDS], row[UNREFINED]
    shown = {"better": "refining is better", "worse": "refining is worse", "not shown": "no difference is shown"}
    return (
        f"{row['search']}: {shown[row['verdict']]}; {metric} {own:.4g} after rounds and {other:.4g} after one "
        f"search of the same cost, difference {difference.short} over {row['repeats']} sampler seeds, lower in "
        f"{row['better']}."
    )
