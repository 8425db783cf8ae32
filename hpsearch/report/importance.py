"""Importances on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from hpsearch.config.digits import digits
from hpsearch.report.tables import cell, plain_table

_LEVEL = 0.05
"""Of the tests, unless another confidence was asked for."""

IMPORTANCE_NOTE = (
    "p: adjusted for the number of settings, within each measure (Holm). An importance that is not seen may be noise: "
    "shares sum to 1 on noise as well"
)


def importance_table(frame: pd.DataFrame, *, title: str) -> Table:
    """Importances side by side, a row a parameter; each with its interval, its adjusted p-value and its verdict."""
    table = plain_table(title)
    table.add_column("setting", no_wrap=True)
    measures = list(dict.fromkeys(frame["measure"]))
    for measure in measures:
        table.add_column(cell(measure.replace("_", " ")), justify="right", no_wrap=True)
    for name, rows in frame.groupby("hyperparameter", sort=False):
        cells = {r["measure"]: r for r in rows.to_dict("records")}
        table.add_row(*map(cell, (name, *(_importance(cells[measure]) for measure in measures))))
    return table


def _importance(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["importance"]):
        return "missing"
    p = row["p_adjusted"]
    p = f"{p:.{digits((p,), (_LEVEL,), least=3)}f}"
    return f"{row['importance']:z.2f} [{row['low']:z.2f}, {row['high']:z.2f}]\np {p} {row['verdict']}"
