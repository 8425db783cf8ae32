"""What reports for a terminal are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rich.table import Table
from rich.text import Text

from hpsearch.config.messages import printable

Part: TypeAlias = Table | Text | str
"""A piece of a report. What stands in a table is of type Text, so that no console reads a name as its markup."""


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


def note_cells(notes: Sequence[str]) -> list[Text]:
    """Notes, a line each."""
    return [cell(f"note: {note}", "dim") for note in notes]


def call_arguments(options: Sequence[str]) -> str:
    """A command's options as arguments of a call in Python."""
    pairs = zip(options[::2], options[1::2], strict=True)
    return "".join(f", {name.removeprefix('--')}={value!r}" for name, value in pairs)


def survey_next(report: str, load: str) -> Text:
    """What to type after a survey: the command of its page, and the call that loads it."""
    calls = "r.survey, r.sensitivity(), r.effects()"
    return next_line((report, "b"), " for figures, or in Python ", (f"r = {load}", "b"), ", then ", (calls, "b"), ", …")


def next_line(*parts: str | tuple[str, str]) -> Text:
    """What to type next."""
    return Text.assemble("next: ", *parts)
