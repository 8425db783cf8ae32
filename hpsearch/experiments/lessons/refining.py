"""L6: whether refining the ranges from round to round pays, beside one search of the same cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hpsearch.experiments.lessons.judgement import Interval, Judgement, listed, over_seeds

ROUNDS, UNREFINED = "rounds", "unrefined"


def refining(tables: Mapping[str, pd.DataFrame]) -> Judgement:
    """L6: try within a range, keep the best, refine, repeat.

    Args:
        tables: By study, a row a repeat (another seed of the sampler), arm ("rounds" or "unrefined") and fresh training
            seed. Columns: repeat, arm, seed, metric, score (less is better).
    """
    table = pd.concat([_study(name, rows) for name, rows in tables.items()], ignore_index=True)
    pays, harms = (table[table["verdict"] == verdict]["study"].tolist() for verdict in ("better", "worse"))
    others = [name for name in table["study"] if name not in pays]
    more = [f"On {listed(harms)} it is shown to be worse."] if harms else []
    return Judgement(
        claim="L6",
        says="Try in a range, keep the best, refine the range, repeat: that finds more than one search of that cost.",
        holds=bool(pays),
        where=f"the study is {listed(pays, 'or')}" if pays and others else "",
        evidence=[_words(row) for row in table.to_dict("records")],
        tables={"refining": table},
        more=[*more, "Whether trying pays at all is not asked here: both arms try, and at the same cost of training."],
    )


def _study(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """One row: both arms' mean scores and their difference, each repeat counting as one."""
    means = rows.groupby(["repeat", "arm"])["score"].mean().unstack()
    difference = over_seeds(means[ROUNDS] - means[UNREFINED])
    verdict = "better" if difference.high < 0 else "worse" if difference.low > 0 else "not shown"
    record = {
        "study": name,
        "metric": str(rows["metric"].to_numpy()[0]),
        ROUNDS: float(means[ROUNDS].mean()),
        UNREFINED: float(means[UNREFINED].mean()),
        "difference": difference.mean,
        "low": difference.low,
        "high": difference.high,
        "better": int((means[ROUNDS] < means[UNREFINED]).sum()),
        "repeats": len(means),
        "verdict": verdict,
    }
    return pd.DataFrame([record])


def _words(row: Mapping[Any, Any]) -> str:
    difference = Interval(row["difference"], row["low"], row["high"])
    metric, own, other = str(row["metric"]).replace("_", " "), row[ROUNDS], row[UNREFINED]
    shown = {"better": "refining is better", "worse": "refining is worse", "not shown": "no difference is shown"}
    return (
        f"{row['study']}: {shown[row['verdict']]}; {metric} {own:.4g} after rounds and {other:.4g} after one "
        f"search of the same cost, difference {difference.short} over {row['repeats']} sampler seeds, lower in "
        f"{row['better']}."
    )
