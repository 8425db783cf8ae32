"""A study's page: one HTML file that opens anywhere, without a request to anywhere.

The page is filled by Jinja2 with autoescape; figures are plotly's JSON, and plotly's script is inside once. Every
figure has its table under it, for a screen reader and for a sceptic.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hpsearch.data.files import atomic_write

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_ROWS = 1000
"""Rows of a table that a page shows; a longer one shows an even choice, and says so."""


@dataclass(frozen=True)
class Exhibit:
    """A figure and the table that it shows, or one of the two.

    Attributes:
        title: What it shows; the question of its figure.
        table: The numbers.
        figure: Of the table.
    """

    title: str
    table: pd.DataFrame | None = None
    figure: go.Figure | None = None


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        title: Its heading.
        sentences: What is seen, a paragraph each; plain text.
        exhibits: Figures and tables.
        commands: To type; plain text.
    """

    title: str
    sentences: Sequence[str] = ()
    exhibits: Sequence[Exhibit] = ()
    commands: Sequence[str] = ()


@dataclass(frozen=True)
class _Shown:
    """An exhibit as the template reads it: the figure as JSON, the table as text."""

    id: str
    title: str
    plot: Markup | None = None
    height: int = 0
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[tuple[str, bool]]] = field(default=(), repr=False)
    left_out: str = ""


def page(title: str, sections: Iterable[Section], *, footer: str) -> str:
    """A page as HTML.

    Args:
        title: Of the page; plain text, like all that follows.
        sections: In the order of the page.
        footer: Its last line.
    """
    from hpsearch.figures.style import DARK, LIGHT

    shown = [
        {
            "title": section.title,
            "anchor": f"section-{number}",
            "sentences": [sentence for sentence in section.sentences if sentence],
            "commands": section.commands,
            "exhibits": [_shown(exhibit, f"{number}-{k}") for k, exhibit in enumerate(section.exhibits)],
        }
        for number, section in enumerate(sections)
    ]
    templates = {"light": LIGHT.to_plotly_json(), "dark": DARK.to_plotly_json()}
    return _template().render(
        title=title, sections=shown, footer=footer, plotly=_plotly(), templates=_embedded(json.dumps(templates))
    )


def write_page(path: Path, html: str) -> None:
    """Write a page, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        partial.write_text(html, encoding="utf-8")


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("hpsearch.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


@cache
def _plotly() -> Markup:
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # the package's own script


def _shown(exhibit: Exhibit, place: str) -> _Shown:
    plot, height, table = None, 0, exhibit.table
    if exhibit.figure is not None:
        plot, height = _embedded(exhibit.figure.to_json()), int(exhibit.figure.layout.height or 0)
    if table is None or table.empty:
        return _Shown(place, exhibit.title, plot, height)
    step = -(-len(table) // MOST_ROWS)
    left_out = f"one row in {step} of {len(table):,} is shown" if step > 1 else ""
    some = table.iloc[::step]
    cells = [[_cell(value) for value in some[column]] for column in some]
    rows = list(zip(*cells, strict=True))
    return _Shown(place, exhibit.title, plot, height, [str(column) for column in some], rows, left_out)


def _cell(value: Any) -> tuple[str, bool]:
    """A value as text, and whether it is a number."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return "", False
    if isinstance(value, bool):
        return "yes" if value else "no", False
    if isinstance(value, float):
        return f"{value:.6g}", True
    return str(value), isinstance(value, int)


def _embedded(text: str) -> Markup:
    """JSON inside a script element, where only a closing tag or a comment could end it."""
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(safe)  # no character of markup is left
