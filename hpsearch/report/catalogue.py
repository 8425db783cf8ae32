"""The studies of a storage as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from hpsearch.report.tables import cell, plain_table


def catalogue_table(frame: pd.DataFrame, *, title: str) -> Table:
    """The studies, a row each.

    Args:
        frame: Of :func:`hpsearch.results.catalogue.catalogue`.
        title: Of the table.
    """
    table = plain_table(title)
    table.add_column("study", overflow="fold")
    table.add_column("trials", justify="right")
    table.add_column("best", justify="right", no_wrap=True)
    table.add_column("of")
    table.add_column("survey", justify="right")
    table.add_column("last (UTC)", no_wrap=True)
    for row in frame.to_dict("records"):
        best = "-" if pd.isna(row["best"]) else f"{row['best']:.4g}"
        last = "-" if pd.isna(row["last"]) else f"{row['last']:%Y-%m-%d %H:%M}"
        cells = (row["study"], _trials(row), best, row["metric"].replace("_", " ") or "-", _survey(row), last)
        table.add_row(*map(cell, cells))
    return table


def _trials(row: Mapping[Any, Any]) -> str:
    unfinished = f" ({row['unfinished']:,} unfinished)" if row["unfinished"] else ""
    return f"{row['trials']:,}{unfinished}" if row["trials"] else "-"


def _survey(row: Mapping[Any, Any]) -> str:
    if not row["survey"]:
        return "no" if row["ours"] else "-"
    return f"{row['survey']:,} rows" + ("" if row["surveyed"] else ", unfinished")
