"""What all figures share: the palette, the templates, titles that fit, thinning that is told.

Colours are those of Okabe and Ito (2008), which colour-blind people tell apart, in an order of falling lightness, so
that a greyscale print tells neighbours apart too; marks differ in shape wherever colour carries a meaning. Text, grid
and background take their colours from the template alone: a page may exchange :data:`LIGHT` for :data:`DARK`.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from hpsearch.figures import texts

BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
GREY = "#808080"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY)
"""Of lines in one plot, with :data:`DASHES` in the same order."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SEQUENTIAL = "Cividis"
"""Of values: perceptually even, for colour-blind people and greyscale (Nuñez et al. 2018)."""

STAR = {"symbol": "star", "size": 15, "color": ORANGE}
"""The mark of what is best or was chosen."""

MOST_DRAWN = 2000
"""Points that a figure draws; of more it draws an even choice and says so."""

_TITLE_WIDTH, _SUBTITLE_WIDTH = 62, 84
"""Characters of a line of title and of subtitle that fit into a figure 600 pixels wide."""

_FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"


class FigureError(ValueError):
    """A table cannot be drawn."""


def _template(text: str, grid: str, paper: str) -> go.layout.Template:
    axis: dict[str, Any] = {"gridcolor": grid, "linecolor": text, "ticks": "outside", "tickcolor": grid}
    axis |= {"automargin": True, "zeroline": False, "showline": True, "title": {"standoff": 8}}
    axis |= {"exponentformat": "power", "minexponent": 5}  # 1 millionth as "1μ" would read as momentum
    layout: dict[str, Any] = {
        "font": {"family": _FONT, "size": 12, "color": text},
        "paper_bgcolor": paper,
        "plot_bgcolor": paper,
        "colorway": list(SERIES),
        "xaxis": axis,
        "yaxis": axis,
        "hoverlabel": {"align": "left"},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 0, "yref": "container", "x": 0, "xref": "container"},
        "margin": {"l": 10, "r": 16, "t": 90, "b": 10},
    }
    return go.layout.Template(layout=layout)


LIGHT = _template("#222222", "#E3E3E3", "#FFFFFF")
DARK = _template("#E6E6E6", "#3A3F44", "#16191D")


def titled(figure: go.Figure, title: str, subtitle: str, *, height: int) -> go.Figure:
    """The figure with the template, the question it answers as title, and what it is of as subtitle.

    Args:
        figure: Changed in place.
        title: The question; plain text.
        subtitle: Response, form, number of evaluations, ranges; plain text, broken at line ends and where a line is too
            long for 600 pixels.
        height: In pixels, without the title.
    """
    heading = [texts.escaped(line) for line in textwrap.wrap(title, _TITLE_WIDTH)]
    parts = [part for line in subtitle.split("\n") for part in textwrap.wrap(line, _SUBTITLE_WIDTH) or [""]]
    lines = [texts.escaped(part) for part in parts]
    top = 24 + 21 * len(heading) + 16 * len(lines) + 14
    figure.update_layout(
        template=LIGHT,
        meta={"title": title, "subtitle": subtitle},  # as they are, for a page that shows them as its own text
        height=height + top,
        margin={"t": top},
        title={
            "text": "<br>".join(heading),
            "subtitle": {"text": "<br>".join(lines), "font": {"size": 12}},
            "font": {"size": 17},
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 12, "l": 10},
        },
    )
    return figure


def add_band(
    figure: go.Figure,
    at: Iterable[object],
    low: Iterable[float],
    high: Iterable[float],
    *,
    color: str,
    opacity: float,
    **how: Any,
) -> None:
    """Fill from low to high along a line; where an end is missing, the band has a gap.

    Args:
        figure: Changed in place.
        at: Places on the x axis, ``(points,)``.
        low: Lower ends, ``(points,)``.
        high: Upper ends, ``(points,)``.
        color: Of the palette.
        opacity: Of the fill.
        how: Passed to ``add_scatter``: its name, its legend, its panel.
    """  # fmt: skip
    x: list[object] = []
    y: list[float | None] = []
    points = zip(at, low, high, strict=True)
    for whole, run in groupby(points, key=lambda point: point[1] == point[1] and point[2] == point[2]):
        if whole:
            places, floors, roofs = zip(*run, strict=True)
            x += [*places, *reversed(places), None]
            y += [*roofs, *reversed(floors), None]
    fill = {"fill": "toself", "fillcolor": color, "opacity": opacity, "line": {"width": 0}}
    figure.add_scatter(x=x, y=y, mode="lines", hoverinfo="skip", **fill, **how)


def error_bars(middle: pd.Series, low: pd.Series, high: pd.Series, *, color: str, width: float = 1.5) -> dict[str, Any]:
    """An interval at each point, for ``error_x`` or ``error_y``."""
    arms = {"array": high - middle, "arrayminus": middle - low}
    return {"type": "data", **arms, "width": 0, "thickness": width, "color": color}


def text_on(share: float) -> str:
    """Colour of a text on a colour of :data:`SEQUENTIAL`, of whose scale it is so far up: black on what is light."""
    if math.isnan(share):
        return GREY
    return "#000000" if share > 0.47 else "#FFFFFF"


def checked(frame: pd.DataFrame, columns: Sequence[str], *, table: str) -> None:
    """Refuse a frame that lacks columns which a figure shows.

    Args:
        frame: To be drawn.
        columns: That it needs.
        table: Where such a table comes from.

    Raises:
        FigureError: if one is not there, or it is no frame.
    """
    if not hasattr(frame, "columns"):
        raise FigureError(f"the table is not a DataFrame (given: {type(frame).__name__}): give that of {table}")
    missing = [name for name in columns if name not in frame]
    if missing:
        raise FigureError(f"the table has no column {', '.join(map(repr, missing))}: give that of {table}")


def empty(title: str, reason: str) -> go.Figure:
    """A figure that says in words why there is nothing to draw."""
    figure = go.Figure()
    figure.add_annotation(text=texts.plain(reason), showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5)
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    return titled(figure, title, "", height=160)


def thinned(frame: pd.DataFrame, keep: Sequence[int] = ()) -> tuple[pd.DataFrame, str]:
    """At most :data:`MOST_DRAWN` rows, evenly chosen, and the words that tell so; nothing where all are there.

    Args:
        frame: Of points to draw.
        keep: Places of rows that are kept in any case.
    """
    step = -(-len(frame) // MOST_DRAWN)
    if step <= 1:
        return frame, ""
    places = sorted({*range(0, len(frame), step), *keep})
    ordinal = {2: "second", 3: "third"}.get(step, f"{step}th")
    return frame.iloc[places], f"every {ordinal} of {len(frame):,} points is drawn"
