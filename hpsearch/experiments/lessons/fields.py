"""L7: whether the right setting changes with the application."""

from __future__ import annotations

import pandas as pd
from scipy import stats

from hpsearch.experiments.lessons.judgement import Interval, Judgement, listed

_CHANCE = 0.025
"""Share of transfers that an interval of 95 % calls worse where none is."""


def other_fields(
    agreement: pd.DataFrame, transfer: pd.DataFrame, single: pd.DataFrame, *, defaults: str = "defaults"
) -> Judgement:
    """L7: the best setting of one study is not that of another.

    Args:
        agreement: A row a pair of studies. Columns: first, second, tau, low, high, same, opposite.
        transfer: A row a setting and study. Columns: from (the study whose best it is, or the defaults), to, regret
            (points lost beside the own best of ``to``) with regret_low and regret_high, verdict ("own best", "worse",
            "better" or "not shown").
        single: A row a setting, the best for all first. Columns: from, regret, regret_low, regret_high.
        defaults: How the defaults are called among the settings.
    """
    pairs = transfer[(transfer["from"] != transfer["to"]) & (transfer["from"] != defaults)]
    worse = pairs[pairs["verdict"] == "worse"].sort_values("regret", ascending=False)
    chance = int(stats.binom.ppf(0.975, len(pairs), _CHANCE))
    holds = len(worse) > chance
    fields = [str(name) for name in dict.fromkeys(pairs["to"]) if name in set(worse["to"])]
    everywhere = set(fields) == set(pairs["to"])
    return Judgement(
        claim="L7",
        says="The right setting changes with the application.",
        holds=holds,
        where=f"the setting is taken to {listed(fields, 'or')}" if holds and not everywhere else "",
        evidence=[
            f"Of {len(pairs)} settings, the best of one study taken to another, {len(worse)} are shown to lose (up to "
            f"{chance} would by chance){_most(worse)}.",
            _single(single),
        ],
        tables={"transfer": transfer, "agreement": agreement, "single": single},
        more=[_ranks(agreement)],
    )


def _most(worse: pd.DataFrame) -> str:
    if worse.empty:
        return ""
    row = worse.iloc[0]
    return f", the best of {row['from']} on {row['to']} most: {_points(row, 'regret')}"


def _points(row: pd.Series, name: str) -> str:
    return f"{Interval(row[name], row[f'{name}_low'], row[f'{name}_high']).short} points"


def _single(single: pd.DataFrame) -> str:
    row = single.iloc[0]
    return (
        f"The one setting that serves all best is that of {row['from']}, which loses {_points(row, 'regret')} a study."
    )


def _ranks(agreement: pd.DataFrame) -> str:
    """Whether the studies are sensitive to the same settings."""
    alike, opposite = int((agreement["low"] > 0).sum()), int((agreement["high"] < 0).sum())
    return (
        f"What training is sensitive to is ranked alike in {alike} of {len(agreement)} pairs of studies and in "
        f"opposite order in {opposite}, as far as tests show; Kendall's τ is {agreement['tau'].min():.2f} to "
        f"{agreement['tau'].max():.2f}."
    )
