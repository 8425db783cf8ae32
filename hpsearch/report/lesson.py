"""The lesson's page and what it prints: each claim with its verdict, the numbers that decide it and their figures."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.table import Table

from hpsearch.experiments.lessons import Judgement
from hpsearch.report.page import Exhibit, Section

if TYPE_CHECKING:
    import plotly.graph_objects as go

TITLE = "The lesson, measured"

_TITLES = {
    "errors": "Errors.",
    "gradients": "Each parameter's gradient, as the engine moved it and by central differences.",
    "iteration": "One iteration, number by number.",
    "engine": "Where the engine does it.",
    "refining": "Rounds beside one search of the same cost.",
    "agreement": "Whether studies rank the settings alike.",
    "single": "Which one setting serves all.",
    "rates": "What the best α of one data set loses on another, all else at its default.",
    "slips": "What the lesson writes and NumPy refuses.",
    "parameters": "Parameters, before and after training.",
    "hyperparameters": "Hyperparameters, before and after training.",
    "estimator": "The estimator's arguments and attributes.",
}
"""Of the tables that no figure shows."""

_WIDEST = 120

_INTERVALS = re.compile(r"\S+( [%a-z]+)? \[[^\]]*\]")
"""A number with its unit and interval, such as 4.4 % [4.0, 4.8]."""

_JOIN = "\N{NO-BREAK SPACE}"
"""Where no line ends."""


def verdict_line(judgement: Judgement, *, width: int) -> str:
    """A claim's verdict with the numbers that decide it: one line, or several where there are fewer columns."""
    line = f"{judgement.claim}  {judgement.verdict}: {judgement.decided}"
    return _wrapped(line, width=width, indent=" " * (len(judgement.claim) + 2))


def details(judgement: Judgement, *, width: int) -> Iterator[Table | str]:
    """A claim at length: what it says, what decides it, what else was seen, and small tables."""
    texts = [judgement.says, *judgement.evidence, *judgement.more, judgement.measured]
    yield from (_wrapped(text, width=width) for text in texts if text)
    for name in judgement.printed:
        yield f"\n{_TITLES[name]}"
        yield _table(judgement.tables[name])


def _wrapped(text: str, *, width: int, indent: str = "") -> str:
    """A text in so many columns, no number parted from its interval."""
    whole = _INTERVALS.sub(lambda match: match[0].replace(" ", _JOIN), text)
    lines = textwrap.fill(whole, min(width, _WIDEST), subsequent_indent=indent, break_on_hyphens=False)
    return lines.replace(_JOIN, " ")


def _table(frame: pd.DataFrame) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in frame:
        table.add_column(str(column), overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row))
    return table


def lesson_sections(judgements: Sequence[Judgement]) -> Iterator[Section]:
    """The sections of the lesson's page: all verdicts, then a claim each."""
    texts = [f"{each.claim} {each.verdict}: {each.says} ({each.decided}.)" for each in judgements]
    intervals = (
        "Every verdict is computed from trainings that were made here. Intervals are 95 % over seeds, which draw the "
        "initial weights and the order of the examples, but those of L6 over seeds of the sampler; other data may say "
        "otherwise."
    )
    yield Section("Verdicts", [intervals, *texts])
    for each in judgements:
        exhibits = [_exhibit(name, frame) for name, frame in each.tables.items()]
        commands = [("This judges the claim again:", f"hpsearch lesson {each.claim}")]
        sentences = [f"Verdict: {each.verdict}.", *each.evidence, *each.more, *filter(None, [each.measured])]
        yield Section(f"{each.claim}: {each.says.rstrip('.')}", sentences, exhibits, commands)


def _exhibit(name: str, frame: pd.DataFrame) -> Exhibit:
    figure = _figure(name, frame)
    if figure is None:
        return Exhibit(frame, title=_TITLES.get(name, name))
    drawn = figure(frame)
    if name.startswith("weights"):
        drawn.layout.meta = {**drawn.layout.meta, "title": f"W of the first layer while it learns, {name}"}
    return Exhibit(frame, drawn)


def _figure(name: str, frame: pd.DataFrame) -> Callable[[pd.DataFrame], go.Figure] | None:
    """The figure of a table, if it has one."""
    from hpsearch import figures
    from hpsearch.figures import lesson

    drawn: dict[str, Callable[[Any], go.Figure]] = {
        "distinct": lesson.distinct_units,
        "layers": lesson.layers,
        "scales": lesson.scales if "iterations" in frame else lesson.small_scales,
        "errors": lesson.depths,
        "transfer": figures.transfer,
        "indices": figures.compared_indices,
    }
    if name.startswith("weights"):
        return figures.units
    return None if name == "errors" and "depth" not in frame else drawn.get(name)
