"""The studies of a storage as a table for a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from hpsearch.report.tables import cell, plain_table

_METRIC = len("validation error")
"""Characters of the longest metric up to which a metric stands on one line, however long the studies' names are."""

_REPEATED = re.compile(r"(?P<study>.+)-repeat-(?P<repeat>\d+)-(round-\d+|unrefined)")


def catalogue_table(frame: pd.DataFrame, *, title: str) -> Table:
    """The studies, a row each; the repeats of a search in rounds, of which there may be hundreds, in one.

    Args:
        frame: Of :func:`hpsearch.results.catalogue.catalogue`.
        title: Of the table.
    """
    table = plain_table(title)
    table.add_column("study", overflow="fold")
    table.add_column("trials", justify="right")
    table.add_column("best", justify="right", no_wrap=True)
    table.add_column("of", no_wrap=bool(frame["metric"].str.len().max() <= _METRIC))
    table.add_column("survey\nrows", justify="right")
    table.add_column("last (UTC)", no_wrap=True)
    for row in _folded(frame).to_dict("records"):
        best = "-" if pd.isna(row["best"]) else f"{row['best']:.4g}"
        last = "-" if pd.isna(row["last"]) else f"{row['last']:%Y-%m-%d %H:%M}"
        cells = (row["study"], _trials(row), best, row["metric"].replace("_", " ") or "-", _survey(row), last)
        table.add_row(*map(cell, cells))
    return table


def _folded(frame: pd.DataFrame) -> pd.DataFrame:
    """With the repeats of each search in rounds as one row: their trials, and the best of all."""
    parts = frame["study"].str.extract(_REPEATED.pattern)
    rows = []
    for study, part in parts[parts["study"].notna() & frame["ours"]].groupby("study"):
        repeats, of = part["repeat"].astype(int), frame.loc[part.index]
        last = f" to -{repeats.max()}" if repeats.max() > repeats.min() else ""
        name = f"{study}-repeat-{repeats.min()}{last} ({len(part):,} studies)"
        sums = {column: of[column].sum() for column in ("trials", "unfinished", "survey")}
        row = of.iloc[0].to_dict() | sums | {"study": name, "best": of["best"].min(), "last": of["last"].max()}
        rows.append(pd.DataFrame([row], index=[part.index[0]]))
        frame = frame.drop(part.index)
    return pd.concat([frame, *rows]).sort_index() if rows else frame


def _trials(row: Mapping[Any, Any]) -> str:
    unfinished = f" ({row['unfinished']:,} unfinished)" if row["unfinished"] else ""
    return f"{row['trials']:,}{unfinished}" if row["trials"] else "-"


def _survey(row: Mapping[Any, Any]) -> str:
    if not row["survey"]:
        return "no" if row["ours"] else "-"
    return f"{row['survey']:,}" + ("" if row["surveyed"] else ", unfinished")
