"""L7: whether the right setting changes with the application.

A setting that was found elsewhere may lose on a study because that needs another one, or because one search found more
there by luck. So a loss is shown only beside the best of each of two searches of the study itself, and for all settings
and studies at once.
"""

from __future__ import annotations

import pandas as pd

from hpsearch.config.messages import listed
from hpsearch.experiments.comparisons import DEFAULTS, FEWEST
from hpsearch.experiments.lessons.judgement import Interval, Judgement
from hpsearch.sensitivity.verdicts import holm

RATE = "learning_rate"

NOT_SHOWN = "not shown"

_LEVEL = 0.05
"""Of all tests at once."""


def other_fields(
    agreement: pd.DataFrame,
    transfers: tuple[pd.DataFrame, pd.DataFrame],
    home: pd.DataFrame,
    single: pd.DataFrame,
    rates: pd.DataFrame,
) -> Judgement:
    """L7: the best setting of one study is not that of another.

    Args:
        agreement: A row a pair of studies. Columns: first, second, tau, low, high, same, opposite.
        transfers: Beside the best of a first and of a second search of each study, a row a setting and study. Columns:
            from (the study whose best it is, or the defaults), to, regret (points lost) with regret_low and
            regret_high, verdict ("own best", "worse", "better" or "not shown"), examples, p.
        home: The best of each second search beside that of the first, a row a study. Columns: those of the transfers.
        single: A row a setting, the best for all first. Columns: from, regret, regret_low, regret_high.
        rates: Of settings that differ in α alone, the columns of the transfers and learning_rate.
    """
    transfer, home, rates = shown_beside_both(*transfers), _corrected(home), _corrected(rates)
    pairs = transfer[_elsewhere(transfer)]
    worse = _worse(pairs)
    fields = [str(name) for name in dict.fromkeys(pairs["to"]) if name in set(worse["to"])]
    everywhere = set(fields) == set(pairs["to"])
    most = (worse if len(worse) else pairs.sort_values("regret", ascending=False)).iloc[0]
    return Judgement(
        claim="L7",
        says="The right setting changes with the application.",
        holds=not worse.empty,
        decided=f"{len(worse)} of {len(pairs)} bests lose up to {_points(most)}, {_count(home)} at home",
        where=f"taken to {listed(fields, 'or')}" if fields and not everywhere else "",
        evidence=[_losses(pairs, worse), _home(home), _rates(rates), _single(single)],
        tables={"transfer": transfer, "agreement": agreement, "single": single, "rates": rates},
        more=[_ranks(agreement), _examples(int(transfer["examples"].min()))],
    )


def shown_beside_both(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """The transfers beside the first search, whose verdict stands where both tables and Holm's correction bear it out.

    Of the p-values of both the larger one counts, so that both have to be small (Berger 1982, Technometrics 24). The
    defaults are no best setting: they are not among what is corrected for, and their verdict stands as it is.
    """
    both = first.merge(second[["from", "to", "verdict", "p"]], on=["from", "to"], suffixes=("", "_second"))
    agreed = (
        both["verdict"]
        .where(both["verdict"] == both["verdict_second"], NOT_SHOWN)
        .where(_elsewhere(both), both["verdict"])
    )
    return _corrected(both.assign(verdict=agreed, p=both[["p", "p_second"]].max(axis=1)))[list(first.columns)]


def _elsewhere(table: pd.DataFrame) -> pd.Series:
    """Which rows are of a setting that was found for another study than it is tried on."""
    return (table["from"] != table["to"]) & (table["from"] != DEFAULTS)


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    """The verdicts that Holm's correction for the number of settings found elsewhere bears out, with its p-values."""
    elsewhere, p = _elsewhere(table).to_numpy(), table["p"].to_numpy(copy=True)
    p[elsewhere] = holm(p[elsewhere])
    return table.assign(verdict=table["verdict"].where(~elsewhere | (p <= _LEVEL), NOT_SHOWN), p=p)


def _examples(least: int) -> str:
    """Why no loss is shown on small data, and what the others speak of."""
    return (
        "Losses are those on each study's test examples, and on others may be others. Where classes are predicted a "
        f"loss is shown from {FEWEST} test examples on, {100 * FEWEST / least:.0f} % of {least}: where none is "
        "shown, the data may be too small for it."
    )


def _worse(pairs: pd.DataFrame) -> pd.DataFrame:
    """Those that are shown to lose, the most first."""
    return pairs[pairs["verdict"] == "worse"].sort_values("regret", ascending=False)


def _most(worse: pd.DataFrame) -> str:
    """The most that is lost, where a loss is shown."""
    if worse.empty:
        return ""
    row = worse.iloc[0]
    return f", most that of {row['from']} on {row['to']}: {_points(row)}"


def _losses(pairs: pd.DataFrame, worse: pd.DataFrame) -> str:
    return (
        f"Of {len(pairs)} times that the best setting of one study is taken to another, it is shown to lose in "
        f"{len(worse)}{_most(worse)}. Shown is a loss beside the best of each of two searches of the study itself, "
        f"with Holm's correction for {len(pairs)} tests."
    )


def _home(home: pd.DataFrame) -> str:
    row = home.sort_values("regret", ascending=False).iloc[0]
    return (
        f"Of second searches, by other sampler seeds, {_count(home)} are shown to lose beside the first at home, the "
        f"most on {row['to']}: {_points(row)}."
    )


def _count(home: pd.DataFrame) -> str:
    return f"{int((home['verdict'] == 'worse').sum())} of {len(home)}"


def _points(row: pd.Series) -> str:
    return f"{Interval.of(row, 'regret', 'regret_low', 'regret_high').short} points"


def _rates(rates: pd.DataFrame) -> str:
    """Where the best α of each study lies, and how often it loses elsewhere."""
    own = rates[rates["from"] == rates["to"]].sort_values(RATE)
    values = listed([f"{row['from']} {row[RATE]:.2g}" for row in own.to_dict("records")])
    pairs = rates[_elsewhere(rates)]
    worse = _worse(pairs)
    return (
        f"Of α alone, all else at its default, the best of those tried is: {values}. Taken to another data set it is "
        f"shown to lose in {len(worse)} of {len(pairs)}{_most(worse)}."
    )


def _single(single: pd.DataFrame) -> str:
    row = single.iloc[0]
    return f"The one setting that serves all best is that of {row['from']}, which loses {_points(row)} a study."


def _ranks(agreement: pd.DataFrame) -> str:
    """Whether the studies are sensitive to the same settings."""
    alike, opposite = int((agreement["low"] > 0).sum()), int((agreement["high"] < 0).sum())
    return (
        f"What training is sensitive to is ranked alike in {alike} of {len(agreement)} pairs of studies and in "
        f"opposite order in {opposite}, as far as tests show; Kendall's τ is {agreement['tau'].min():.2f} to "
        f"{agreement['tau'].max():.2f}."
    )
