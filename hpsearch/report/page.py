"""A study's page: one HTML file that opens anywhere, without a request to anywhere.

The page is filled by Jinja2 with autoescape; figures are plotly's JSON, and plotly's script is inside once. Every
figure has its table under it, for a screen reader and for a sceptic.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from hpsearch.config.messages import printable

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_ROWS = 1000
"""Rows of a table that a page shows; a longer one shows an even choice, and says so."""

LONGEST_TEXT = 500
"""Characters of a text in a table that a page shows: programs note whole files with their trials."""

_LINE, _MANY_COLUMNS, _FEW_CELLS = 60, 12, 4
"""Characters of a text in a table that stand on one line, columns of a table that is printed as others are, and cells
of a figure side by side whose texts fit a telephone's screen."""

_MINUS = re.compile(r"(?:(?<![\w.-])|(?<=\de))-(?=\d)")

_TOP = 34
"""Pixels above a figure whose title is text of the page; what stands above its plot needs them."""


@dataclass(frozen=True)
class Exhibit:
    """A table, and the figure that shows it.

    Attributes:
        table: The numbers.
        figure: Of the table.
        title: Of the table, where there is no figure whose title says it.
    """

    table: pd.DataFrame
    figure: go.Figure | None = None
    title: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        title: Its heading.
        sentences: What is seen, a paragraph each; plain text.
        exhibits: Figures and tables.
        commands: To type, each after what it is for; plain text.
    """

    title: str
    sentences: Sequence[str] = ()
    exhibits: Sequence[Exhibit] = ()
    commands: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class _Shown:
    """An exhibit as the template reads it: the figure as JSON, the table as text."""

    id: str
    title: str
    subtitle: Sequence[str] = ()
    plot: Markup | None = None
    height: int = 0
    wide: bool = False
    columns: Sequence[tuple[Markup, str]] = ()
    rows: Sequence[Sequence[tuple[str, str]]] = field(default=(), repr=False)
    many: bool = False
    left_out: str = ""


def page(title: str, sections: Iterable[Section]) -> str:
    """A page as HTML.

    Args:
        title: Of the page; plain text, like all that follows.
        sections: In the order of the page.
    """
    from hpsearch.figures.style import DARK, LIGHT

    shown = [
        {
            "title": section.title,
            "anchor": f"section-{number}",
            "sentences": [_set(sentence) for sentence in section.sentences if sentence],
            "commands": section.commands,
            "exhibits": [_shown(exhibit, f"{number}-{k}") for k, exhibit in enumerate(section.exhibits)],
        }
        for number, section in enumerate(sections)
    ]
    templates = {"light": LIGHT.to_plotly_json(), "dark": DARK.to_plotly_json()}
    return _template().render(title=title, sections=shown, plotly=_plotly(), templates=_embedded(json.dumps(templates)))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("hpsearch.report", "."),
        autoescape=True,
        finalize=_plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


@cache
def _plotly() -> Markup:
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # the package's own script


def _set(sentence: str) -> str:
    """A sentence as a page sets it: a number keeps its per cent sign on its line, and has a minus, not a hyphen."""
    return _MINUS.sub("\u2212", sentence.replace(" %", "\u00a0%"))


def _shown(exhibit: Exhibit, place: str) -> _Shown:
    table, step = exhibit.table, max(-(-len(exhibit.table) // MOST_ROWS), 1)
    cells = {str(name): [_cell(value) for value in table.iloc[::step][name]] for name in table}
    cells = {name: column for name, column in cells.items() if any(text for text, _ in column) or table.empty}
    kinds = ["number" if any(kind == "number" for _, kind in column) else "" for column in cells.values()]
    columns, rows = list(zip(map(_heading, cells), kinds, strict=True)), list(zip(*cells.values(), strict=True))
    left_out = f"one row in {step} of {len(table):,} is shown" if step > 1 else ""
    many = len(columns) > _MANY_COLUMNS
    shown = _Shown(place, exhibit.title, columns=columns, rows=rows, many=many, left_out=left_out)
    return shown if exhibit.figure is None else _drawn(shown, exhibit.figure)


def _drawn(shown: _Shown, figure: go.Figure) -> _Shown:
    """With a figure, whose title and subtitle become text of the page: there they wrap on a screen of any width."""
    layout = figure.to_plotly_json()["layout"]
    texts, top = layout["meta"], layout["margin"]["t"]
    del layout["title"], layout["meta"]
    layout = {**layout, "margin": {**layout["margin"], "t": _TOP}, "height": layout["height"] - top + _TOP}
    untitled = type(figure)(figure.data, layout)
    plot, height = _embedded(untitled.to_json()), int(layout["height"])
    # Panels side by side, and many cells with a text in each, need the width that figures are made for; a narrower
    # screen pans over them.
    beside = any(axis.startswith("xaxis") and look.get("domain", [0])[0] > 0 for axis, look in layout.items())
    cells = [len(trace.z[0]) for trace in figure.data if trace.type == "heatmap" and trace.x is None]
    wide = beside or max(cells, default=0) > _FEW_CELLS
    subtitle = texts["subtitle"].split("\n")
    return replace(shown, title=texts["title"], subtitle=subtitle, plot=plot, height=height, wide=wide)


def _heading(name: str) -> Markup:
    """A column's name, which may be broken after an underscore and nowhere else."""
    return Markup("_<wbr>").join(_plain(name).split("_"))


def _cell(value: Any) -> tuple[str, str]:
    """A value as text, and what it is: a number, a text that is broken into lines, or neither."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return "", ""
    if isinstance(value, bool):
        return "yes" if value else "no", ""
    if isinstance(value, float):
        return f"{value:.6g}", "number"
    text = f"{value:%Y-%m-%d %H:%M:%S %Z}".strip() if isinstance(value, pd.Timestamp) else str(value)
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}… ({len(text):,} characters)"
    return text, "number" if isinstance(value, int) else "long" if len(text) > _LINE else ""


def _plain(value: Any) -> Any:
    """Text of the page without control characters, which HTML has no form for."""
    return printable(value, keep="\n\t") if isinstance(value, str) and not isinstance(value, Markup) else value


def _embedded(text: str) -> Markup:
    """JSON inside a script element, where only a closing tag or a comment could end it."""
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(safe)  # no character of markup is left
