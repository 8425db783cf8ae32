"""A comparison of studies as tables and sentences for a terminal, and as sections of a page."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.table import Table

from hpsearch.config import HYPERPARAMETERS
from hpsearch.config.digits import digits, plus_minus
from hpsearch.config.hyperparameters import in_words
from hpsearch.config.messages import listed
from hpsearch.experiments.comparisons import DEFAULTS
from hpsearch.report.sentences import LUCK, short
from hpsearch.report.tables import plain_table
from hpsearch.results.comparison import Comparison
from hpsearch.sensitivity.verdicts import holm

_LEVEL = 0.05

RULES = (
    "Points lost are those on the test examples of a study, on seeds that no search has seen, against its own best: "
    "per cent of wrong answers, or of variance that a regression does not explain. ±: 95 % interval over seeds, for "
    "these examples and no others. *: shown, that is, the interval lies on one side of 0 and, for classes, the "
    "difference is worth at least six test examples; fewer may be luck of which examples they are. Each is a test by "
    "itself. =: points of the own best. Another search of a study may end at another setting, as good there, that "
    "loses other amounts elsewhere."
)
"""What the numbers of the transfers are, for a legend."""


def comparison_report(comparison: Comparison) -> list[Table | str]:
    """A comparison as tables, each followed by what it says."""
    return [
        index_table(comparison),
        *sensitivity_sentences(comparison),
        agreement_table(comparison),
        setting_table(comparison),
        transfer_table(comparison),
        *transfer_sentences(comparison),
        RULES,
        single_setting_table(comparison),
        single_setting_sentence(comparison),
    ]


def index_table(comparison: Comparison) -> Table:
    """Total indices with their intervals, a row a study, the settings side by side."""
    frame = comparison.indices
    names = list(dict.fromkeys(frame["hyperparameter"]))
    names = sorted(names, key=lambda name: name in LUCK)
    table = plain_table(f"total indices of {frame['response'].iat[0]}, with 95 % intervals", gap=1)
    table.add_column("study", no_wrap=True)
    for name in names:
        table.add_column(name.replace("_", "\n"), justify="right")
    cells = {(row["study"], row["hyperparameter"]): _index(row) for row in frame.to_dict("records")}
    for study in comparison.studies:
        table.add_row(study, *(cells.get((study, name), "fixed") for name in names))
    return table


def _index(row: dict[Any, Any]) -> str:
    if pd.isna(row["total_order"]):
        return "missing"
    total, low, high = (f"{min(max(row[f'total_{end}'], 0), 1):.2f}" for end in ("order", "low", "high"))
    return f"{total}\n{low.removeprefix('0')}–{high.removeprefix('0')}"


def sensitivity_sentences(comparison: Comparison) -> list[str]:
    """Which setting has the largest index where, where ranges differ, and which orders are shown to differ."""
    frame, pairs = comparison.indices, comparison.agreement
    settings = frame[~frame["hyperparameter"].isin(LUCK) & frame["total_order"].notna()]
    shown = settings[settings["verdict"] == "sensitive"]
    top = shown.loc[shown.groupby("study", sort=False)["total_order"].idxmax()]
    groups = {in_words(str(name)): list(rows["study"]) for name, rows in top.groupby("hyperparameter", sort=False)}
    everywhere = len(top) == len(comparison.studies) and len(groups) == 1
    parts = [f"{name} in {'all' if everywhere else listed(where)}" for name, where in groups.items()]
    sentences = [f"By the estimates the largest total index is that of {'; '.join(parts)}."] if parts else []
    if nowhere := [study for study in comparison.studies if study not in set(top["study"])]:
        sentences.append(f"No setting is shown to matter in {listed(nowhere)}.")
    ranges = settings.drop_duplicates(["hyperparameter", "low", "high", "scale"])["hyperparameter"]
    differ = list(ranges[ranges.duplicated()].unique())
    if differ:
        names = listed([in_words(str(name)) for name in differ])
        sentences.append(
            f"The range is not the same in all studies for {names}: an index speaks of a range, so it takes part in no "
            "rank agreement between studies whose ranges differ."
        )
    opposite = pairs[pairs["opposite"] > 0]
    parts = [
        f"{row['first']} and {row['second']} ({row['opposite']} of {row['pairs']})"
        for row in opposite.to_dict("records")
    ]
    sentences.append(
        f"Some pairs of settings are shown to matter in opposite orders: in {listed(parts)}."
        if parts
        else "No two settings are shown to matter in opposite orders in two of these studies."
    )
    return sentences


def agreement_table(comparison: Comparison) -> Table:
    """Kendall's τ of every pair of studies with its bounds, the least alike first."""
    table = plain_table("Kendall's τ of the total indices, with 95 % bounds")
    for name in ("studies", "τ", "bounds", "pairs of settings: same order, opposite, of"):
        table.add_column(name, justify="left" if name == "studies" else "right")
    for row in comparison.agreement.sort_values("tau", kind="stable").to_dict("records"):
        counts = f"{row['same']}, {row['opposite']}, {row['pairs']}"
        studies = f"{row['first']}, {row['second']}"
        if pd.isna(row["tau"]):
            table.add_row(studies, "-", "-", "fewer than two settings have the same range")
        else:
            table.add_row(studies, f"{row['tau']:.2f}", f"{row['low']:.2f} to {row['high']:.2f}", counts)
    return table


def setting_table(comparison: Comparison) -> Table:
    """The best setting of every study, and the defaults."""
    table = plain_table("the best settings", gap=1)
    table.add_column("of", no_wrap=True)
    names = [h.name for h in HYPERPARAMETERS if h.name in comparison.settings]
    for name in names:
        table.add_column(name.replace("_", "\n"), justify="right")
    for row in comparison.settings.to_dict("records"):
        table.add_row(str(row["from"]), *(short(row[name]) for name in names))
    return table


def transfer_table(comparison: Comparison) -> Table:
    """Points lost by every setting on every study, a row a setting; the points of the own best on the diagonal."""
    frame = comparison.transfer
    table = plain_table("points lost by the best of a row on the data of a column", gap=1)
    table.add_column("the best of", no_wrap=True)
    for study in comparison.studies:
        table.add_column(study.replace("_", "\n"), justify="right")
    cells = {(row["from"], row["to"]): _regret(row) for row in frame.to_dict("records")}
    for name in dict.fromkeys(frame["from"]):
        table.add_row(str(name), *(cells[name, study] for study in comparison.studies))
    return table


def _regret(row: dict[Any, Any]) -> str:
    if row["verdict"] == "own best":
        return f"={row['points']:.1f}"
    mark = "*" if row["verdict"] in ("worse", "better") else " "
    regret, half = plus_minus(row["regret"], row["regret_high"] - row["regret"])
    return f"{regret}{mark}\n{half} "


def transfer_sentences(comparison: Comparison) -> list[str]:
    """Which transfers are shown to lose or to gain, what tuning gains over the defaults, and what had to move."""
    frame = comparison.transfer
    others = frame[(frame["from"] != frame["to"]) & (frame["from"] != DEFAULTS)]
    adjusted = pd.Series(holm(others["p"].to_numpy(dtype=float)), index=others.index)
    sentences = []
    for verdict, words in (("worse", "lose"), ("better", "gain")):
        shown = others[others["verdict"] == verdict].sort_values("regret", key=abs, ascending=False)
        parts = [f"{row['from']} on {row['to']} ({_interval(row)})" for row in shown.head(3).to_dict("records")]
        most = f": {'most ' if len(shown) > 3 else ''}{'; '.join(parts)}" if parts else ""
        corrected = int((adjusted[shown.index] <= _LEVEL).sum())
        beyond = f" ({corrected} after Holm's correction for so many tests)" if parts else ""
        sentences.append(f"Shown to {words} points: {len(shown)} of {len(others)} transfers{beyond}{most}.")
    lost = frame[(frame["from"] == DEFAULTS) & (frame["verdict"] == "worse")]
    parts = [f"{row['to']} ({_interval(row)})" for row in lost.to_dict("records")]
    tuned = f"on {listed(parts)}" if parts else "on none of these studies"
    sentences.append(f"The defaults are shown to lose points against the own best {tuned}.")
    moved = frame[(frame["moved"] != "") & (frame["from"] != frame["to"])]
    parts = [f"{row['from']} on {row['to']}: {row['moved']}" for row in moved.to_dict("records")]
    if parts:
        sentences.append(f"Moved to what a study can take: {'; '.join(parts)}.")
    return sentences


def single_setting_table(comparison: Comparison) -> Table:
    """Each setting as the one setting of all studies, the chosen one first."""
    table = plain_table("one setting for all studies: the first is chosen, by validation", gap=1)
    for name in ("the best of", "validation points", "points lost on the test", "more than the chosen", "at worst"):
        table.add_column(
            name, justify="left" if name == "the best of" else "right", no_wrap=name in ("the best of", "at worst")
        )
    for row in comparison.defaults.to_dict("records"):
        mark = "*" if row["verdict"] in ("worse", "better") else " "
        beside = "-" if row["chosen"] else f"{_signed(row, 'difference')}{mark}"
        worst = f"{row['worst']:+z.1f} on {row['worst_study']}"
        table.add_row(row["from"], f"{row['validation']:.1f}", _signed(row, "regret"), beside, worst)
    return table


def single_setting_sentence(comparison: Comparison) -> str:
    """Which single setting serves all studies best, what it loses, and which others are not shown to lose more."""
    frame = comparison.defaults
    (chosen,) = frame[frame["chosen"]].to_dict("records")
    others = frame[frame["verdict"].isin(["not shown", "better"])]
    alike = f" Not shown to lose more: {listed(list(others['from']))}." if len(others) else ""
    name, lose = f"The best of {chosen['from']} serves", "it loses"
    if chosen["from"] == DEFAULTS:
        name, lose = "The defaults serve", "they lose"
    return (
        f"{name} all {chosen['studies']} studies best as one setting, by their validation examples. On their test "
        f"examples {lose} {chosen['regret']:z.1f} points a study on average ({chosen['regret_low']:.1f} to "
        f"{chosen['regret_high']:.1f}) against each study's own best, at worst {chosen['worst']:z.1f} "
        f"({chosen['worst_low']:.1f} to {chosen['worst_high']:.1f}) on {chosen['worst_study']}.{alike}"
    )


def _interval(row: dict[Any, Any]) -> str:
    ends = row["regret_low"], row["regret_high"]
    count = digits(ends, least=1)
    return f"{row['regret']:+z.{count}f}, {ends[0]:z.{count}f} to {ends[1]:z.{count}f}"


def _signed(row: dict[Any, Any], name: str) -> str:
    return " ".join(plus_minus(row[name], row[f"{name}_high"] - row[name]))


def comparison_page(comparison: Comparison) -> str:
    """A comparison as a page of its own."""
    from hpsearch.figures import compared_indices, transfer
    from hpsearch.report.page import Exhibit, Section, page

    c = comparison
    sections = [
        Section(
            "What training is sensitive to, on each data set",
            sensitivity_sentences(c),
            [
                Exhibit(c.indices, compared_indices(c.indices)),
                Exhibit(c.agreement, title="Kendall's τ of the total indices of two studies, with 95 % bounds."),
            ],
        ),
        Section(
            "What the best of one loses on another",
            [*transfer_sentences(c), RULES],
            [
                Exhibit(c.transfer, transfer(c.transfer)),
                Exhibit(c.settings, title="The best settings, and the defaults."),
            ],
        ),
        Section(
            "Which single setting serves all best",
            [single_setting_sentence(c)],
            [Exhibit(c.defaults, title="Each setting as the one setting of all studies, the chosen one first.")],
        ),
    ]
    return page(f"Compared: {', '.join(c.studies)}", sections)
