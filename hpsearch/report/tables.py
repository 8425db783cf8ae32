"""What all tables for a terminal are made of."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from hpsearch.config.messages import printable


def plain_table(title: str, *, gap: int = 2) -> Table:
    """An empty table without lines, its columns so many spaces apart."""
    return Table(
        title=cell(title, "table.title"),
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, gap, 0, 0),
        header_style="bold",
    )


def cell(value: object, style: str = "") -> Text:
    """A value as it is: neither markup nor a control character in it is obeyed."""
    return Text(printable(str(value), keep="\n"), style)
