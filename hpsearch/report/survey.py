"""A survey on a terminal: its indices and verdicts, its interactions, and which ranges to try next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from hpsearch.config import StudyConfig
from hpsearch.config.digits import decimal
from hpsearch.experiments.progress import TrainingProgress
from hpsearch.experiments.surveys import survey_name
from hpsearch.report.facts import LOOKED
from hpsearch.report.sentences import LUCK
from hpsearch.report.tables import Part, call_arguments, cell, note_cells, plain_table, survey_next
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.words import MEAN_ORDER, TOTAL_ORDER, clipping, cut_mark, index_with_interval, share_interval
from hpsearch.space import Choice, Dimension
from hpsearch.storage.commands import command, make


def sensitivity_table(frame: pd.DataFrame, *, title: str) -> Table:
    """Indices with intervals and verdicts, a row a setting (see :func:`sensitivity_legend`)."""
    table = plain_table(title)
    table.add_column("setting", no_wrap=True)
    table.add_column("total order", justify="right", no_wrap=True)
    table.add_column("mean", justify="right", no_wrap=True)
    table.add_column("first order", justify="right", no_wrap=True)
    table.add_column("verdict")
    for row in frame.to_dict("records"):
        total, first = index_with_interval(row, "total"), index_with_interval(row, "first")
        mean = "-" if pd.isna(row["mean_order"]) else decimal(row["mean_order"], least=3, limit=row["share"])
        table.add_row(*map(cell, (row["hyperparameter"], total, mean, first, _verdict(row))))
    return table


def _verdict(row: Mapping[Any, Any]) -> str:
    return str(row["verdict"] or row["reason"])


def sensitivity_legend(frame: pd.DataFrame) -> str:
    """Why verdicts are as they are, a line a reason after the settings that have it, and what the columns mean."""
    reasoned = frame[(frame["verdict"] != "") & (frame["reason"] != "")]
    groups = reasoned.groupby("reason", sort=False)["hyperparameter"]
    reasons = [f"{', '.join(settings)}: {reason}" for reason, settings in groups]
    orders = (f"total order: {TOTAL_ORDER}", f"mean: {MEAN_ORDER}")
    return "\n".join(filter(None, [*reasons, *_needed(frame), *orders, cut_mark(frame.to_dict("records"))]))


def _needed(frame: pd.DataFrame) -> Iterator[str]:
    """Which base may decide what is undecided, a line a base after the settings that need it."""
    undecided = frame[frame["verdict"] == "undecided"]
    for base, settings in undecided.groupby("base_needed")["hyperparameter"]:
        yield f"{', '.join(settings)}: --base {base:.0f} may decide"
    hopeless = undecided.loc[undecided["base_needed"].isna() & (undecided["reason"] == ""), "hyperparameter"]
    if len(hopeless):
        yield f"{', '.join(hopeless)}: undecided at any base of use"


def sensitivity_note(survey: Survey) -> str:
    """What the indices speak of: the response, its form, the ranges, the budget."""
    response, design = survey.take(), survey.design
    ranges = "; ".join(f"{name} {dimension}" for name, dimension in design.space.items())
    ended, budget = (" where each training ended", f" budget: {survey.budget};") if survey.budget else ("", "")
    looks = f"; {LOOKED.format(looks=survey.looks)}" if survey.looks > 1 else ""
    return (
        f"of {response.name} ({response.form} form{clipping(survey)}){ended}; shares of its variance with 95 % "
        f"intervals over {design.scrambles} scrambles of {design.base};{budget} seeds: a pool of {design.seeds}"
        f"{looks}. Over these ranges, and no others: {ranges}"
    )


def interaction_lines(frame: pd.DataFrame, *, count: int = 3) -> str:
    """The strongest of the interactions that are larger than their uncertainty, and why others are undecided."""
    present = frame[frame["verdict"] == "present"].head(count).to_dict("records")
    parts = [
        f"{r['first']} x {r['second']} {r['interaction']:.3f} {share_interval(r['low'], r['high'], limit=0.0)}"
        for r in present
    ]
    reasons = frame.loc[frame["verdict"] == "undecided", "reason"].unique()
    if len(reasons):
        return "interactions: undecided (" + "; ".join(reasons) + ")"
    return "strongest interactions: " + "; ".join(parts) if parts else "interactions: none is seen beyond its interval"


def range_lines(frame: pd.DataFrame, space: Mapping[str, Dimension], *, title: str = "ranges to try next") -> str:
    """What to try next, for each range that is to change, or to be fixed, or at whose boundary the best crowd.

    Args:
        frame: Of ``Survey.ranges()``, or of ``Results.search_ranges()``.
        space: The ranges before.
        title: Of the lines.
    """
    lines = []
    for row in frame.to_dict("records"):
        dimension = space[row["hyperparameter"]]
        choices = tuple(row["next_choices"]) if isinstance(dimension, Choice) else ()
        if len(choices) == 1:
            lines.append(f"  {row['hyperparameter']}: {row['reason']}")
            continue
        if isinstance(dimension, Choice):
            proposal, changed = str(Choice(choices)), choices != dimension.choices
        else:
            proposal = f"{row['next_low']:g} to {row['next_high']:g}"
            changed = (row["next_low"], row["next_high"]) != (row["low"], row["high"])
        if row["boundary"] or changed:
            lines.append(f"  {row['hyperparameter']}: try {proposal} ({row['reason']})")
    return "\n".join([f"{title}:", *lines]) if lines else f"{title}: nothing speaks for other ones"


def verdict_line(frame: pd.DataFrame) -> str:
    """The survey's verdicts in one line."""
    words: dict[str, list[str]] = {}
    for row in frame.to_dict("records"):
        if row["verdict"] and row["hyperparameter"] not in LUCK:
            total = row["total_order"]
            index = "(no index)" if pd.isna(total) else decimal(total, least=2, limit=row["share"])
            words.setdefault(row["verdict"], []).append(f"{row['hyperparameter']} {index}")
    parts = [f"{verdict}: {', '.join(names)}" for verdict, names in words.items()]
    if not parts:
        return f"by the survey no setting has an index: {frame['reason'].iat[0]}"
    return "by the survey (total index), " + "; ".join(parts)


def survey_report(
    config: StudyConfig,
    survey: Survey,
    progress: TrainingProgress,
    *,
    notes: Sequence[str] = (),
    options: Sequence[str] = (),
) -> list[Part]:
    """The indices, what they speak of, interactions, ranges, what is to be said of the data, and what to type next.

    Args:
        config: The study.
        survey: Of it.
        progress: The last of this run.
        notes: What is to be said of the data.
        options: Those that name its storage to a command.
    """
    stored, report = config.name, make("report", config.name, *options)
    if config.survey.effective_step:
        stored = survey_name(config)
        report = command("report", stored, *options)
    fresh = f"{progress.fresh} rows from {progress.trainings} trainings"
    indices = survey.sensitivity()
    return [
        *([Text(fresh, style="dim")] if progress.fresh else []),
        sensitivity_table(indices, title=f"{config.name}: what training is sensitive to"),
        sensitivity_legend(indices),
        sensitivity_note(survey),
        interaction_lines(survey.interactions()),
        range_lines(survey.ranges(), survey.design.space),
        *note_cells(notes),
        survey_next(report, f"hpsearch.load({stored!r}{call_arguments(options)})"),
    ]
