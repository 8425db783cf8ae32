"""What all figures share: the palette, the templates, titles that fit, names shown as text, thinning that is told.

Colours are those of Okabe and Ito (2008), which colour-blind people tell apart, in an order of falling lightness, so
that a greyscale print tells neighbours apart too; marks differ in shape wherever colour carries a meaning. Text, grid
and background take their colours from the template alone: a page may exchange :data:`LIGHT` for :data:`DARK`.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from hpsearch.config.hyperparameters import BY_NAME

BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, YELLOW = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442",
)  # fmt: skip
GREY = "#808080"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY)
"""Of lines in one plot, with :data:`DASHES` in the same order."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SEQUENTIAL = "Cividis"
"""Of values: perceptually even, for colour-blind people and greyscale (Nuñez et al. 2018)."""

MOST_DRAWN = 2000
"""Points that a figure draws; of more it draws an even choice and says so."""

_TITLE_WIDTH, _SUBTITLE_WIDTH = 62, 88
"""Characters of a line of title and of subtitle that fit into a figure 600 pixels wide."""
_HOVER_WIDTH = 60

ZERO = 0.5
"""Where iteration 0 stands on a logarithmic axis, which has no place for it: half a step left of 1."""

_FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"


class FigureError(ValueError):
    """A table cannot be drawn."""


def _template(text: str, grid: str, paper: str) -> go.layout.Template:
    axis: dict[str, Any] = {"gridcolor": grid, "linecolor": text, "ticks": "outside", "tickcolor": grid}
    axis |= {"automargin": True, "zeroline": False, "showline": True, "title": {"standoff": 8}}
    axis |= {"exponentformat": "power"}  # 1 millionth as "1μ" would read as momentum
    layout: dict[str, Any] = {
        "font": {"family": _FONT, "size": 12, "color": text},
        "paper_bgcolor": paper,
        "plot_bgcolor": paper,
        "colorway": list(SERIES),
        "xaxis": axis,
        "yaxis": axis,
        "hoverlabel": {"align": "left"},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 0, "yref": "container", "x": 0},
        "margin": {"l": 10, "r": 16, "t": 90, "b": 10},
    }
    return go.layout.Template(layout=layout)


LIGHT = _template("#222222", "#E3E3E3", "#FFFFFF")
DARK = _template("#E6E6E6", "#3A3F44", "#16191D")


def value_axis(*values: pd.Series) -> dict[str, Any]:
    """The axis of values: logarithmic where all are above 0 and they span a decade."""
    finite = pd.concat(values)
    finite = finite[finite.abs() < math.inf]
    low, high = finite.min(), finite.max()
    return _log_axis(low, high) if len(finite) and 0 < 10 * low <= high else {"type": "linear"}


def colour_values(values: pd.Series) -> pd.Series:
    """Values as colours: by their logarithm wherever :func:`value_axis` is logarithmic, for plotly has no such colours."""
    return values.map(math.log10) if value_axis(values)["type"] == "log" else values


def colour_bar(title: str, values: pd.Series | None = None) -> dict[str, Any]:
    """The key to the colours, at the figure's foot; of :func:`colour_values` where values are given."""
    bar: dict[str, Any] = {"title": {"text": title, "side": "right"}, "orientation": "h", "thickness": 10, "len": 0.6}
    bar |= {"y": 0, "yref": "container", "yanchor": "bottom"}
    axis = {} if values is None else value_axis(values)
    if "tickvals" in axis:
        bar |= {"tickvals": [math.log10(tick) for tick in axis["tickvals"]], "ticktext": axis["ticktext"]}
    return bar


def axis(name: str, scale: str, values: pd.Series) -> dict[str, Any]:
    """A hyperparameter's axis: its name, its scale in the space ("log", "linear" or "choices"), and its values."""
    title = {"title": {"text": label(name, most=30)}}
    if scale == "choices":
        return {**title, "type": "category", "categoryorder": "array", "categoryarray": _ordered(values)}
    logarithmic = scale == "log" and len(values.dropna()) > 0
    return {**title, **(_log_axis(values.min(), values.max()) if logarithmic else {"type": "linear"})}


def ends(values: pd.Series, scale: str) -> list[float]:
    """The range of an axis that ends with its values, as plotly counts it: choices by place, a logarithm as such."""
    if scale == "choices":
        return [0, values.nunique() - 1]
    low, high = float(values.min()), float(values.max())
    return [math.log10(low), math.log10(high)] if scale == "log" else [low, high]


def _log_axis(low: float, high: float) -> dict[str, Any]:
    """Ticks at powers of ten, or at 1, 2, 5, 10, …, so that none of their names overlaps another."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    digits = (1, 2, 5) if high < 50 * low else (1,)
    powers = range(first, last + 1, 1 if last - first <= 5 else 2)
    ticks = [digit * 10.0**power for power in powers for digit in digits]
    inside = [tick for tick in ticks if low / 1.5 <= tick <= 1.5 * high]
    if len(inside) < 2:
        return {"type": "log"}
    return {"type": "log", "tickvals": inside, "ticktext": [_tick(tick) for tick in inside]}


def _tick(value: float) -> str:
    if 1e-4 < value < 1e6:
        return f"{value:,.0f}" if value >= 1 else f"{value:.5g}"
    return f"10<sup>{round(math.log10(value))}</sup>" if f"{value:e}".startswith("1.0") else f"{value:.0e}"


def positions(values: pd.Series, scale: str) -> pd.Series:
    """Values on a setting's axis: choices by their names, numbers as they are."""
    return values.astype(str).map(plain) if scale == "choices" else values


def _ordered(values: pd.Series) -> list[str]:
    """The choices of a setting's axis, numbers ascending."""
    numeric = pd.api.types.is_numeric_dtype(values)
    return [plain(choice) for choice in (sorted(values.unique()) if numeric else values.drop_duplicates())]


def iteration_axis(longest: int) -> dict[str, Any]:
    """A logarithmic axis of iterations from 0, which stands at :data:`ZERO`, to the longest training."""
    ticks = [10**power for power in range(len(str(max(longest, 1))))]
    names = ["0", *(f"{tick:,}" for tick in ticks)]
    return {"title": {"text": "iteration"}, "type": "log", "tickvals": [ZERO, *ticks], "ticktext": names}


def titled(figure: go.Figure, title: str, subtitle: str, *, height: int) -> go.Figure:
    """The figure with the template, the question it answers as title, and what it is of as subtitle.

    Args:
        figure: Changed in place.
        title: The question; plain text.
        subtitle: Response, form, number of evaluations, ranges; plain text, broken at line ends and where a line is too
            long for 600 pixels.
        height: In pixels, without the title.
    """
    heading = [html.escape(line) for line in textwrap.wrap(title, _TITLE_WIDTH)]
    lines = [
        html.escape(part) for line in subtitle.split("\n") for part in textwrap.wrap(line, _SUBTITLE_WIDTH) or [""]
    ]
    top = 24 + 21 * len(heading) + 16 * len(lines) + 14
    figure.update_layout(
        template=LIGHT,
        height=height + top,
        margin={"t": top},
        title={
            "text": "<br>".join(heading),
            "subtitle": {"text": "<br>".join(lines), "font": {"size": 12}},
            "font": {"size": 17},
            "x": 0,
            "xref": "paper",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 12},
        },
    )
    return figure


def plain(text: object) -> str:
    """A name or sentence as a figure's text: what would be markup there, or a placeholder of hover text, is shown."""
    return html.escape(str(text)).replace("%{", "%&#123;")


def words(name: str) -> str:
    """A hyperparameter, metric or other column in words, with its letter where it has one; for titles, which escape it.

    >>> words("learning_rate"), words("validation_loss")
    ('learning rate α', 'validation loss')
    """
    spaced = name.replace("_", " ")
    return f"{spaced} {BY_NAME[name].symbol}" if name in BY_NAME else spaced


def label(name: str, *, most: int | None = None) -> str:
    """The same as a figure's text, cut to ``most`` characters where there are more.

    >>> label("a_rather_long_name", most=10)
    'a rather …'
    """
    whole = words(name)
    return plain(whole if most is None or len(whole) <= most else whole[: most - 1] + "…")


def response(frame: pd.DataFrame) -> str:
    """The response of a survey's table in words, by its first row; for titles, which escape it."""
    name, form = (str(frame[column].iloc[0]) for column in ("response", "form"))
    return {"log": "log of ", "rank": "rank of "}.get(form, "") + words(name)


def checked(frame: pd.DataFrame, columns: Sequence[str], *, table: str) -> None:
    """Refuse a frame that lacks columns which a figure shows.

    Args:
        frame: To be drawn.
        columns: That it needs.
        table: Where such a table comes from.

    Raises:
        FigureError: if one is not there.
    """
    missing = [name for name in columns if name not in frame]
    if missing:
        raise FigureError(f"the table has no column {', '.join(map(repr, missing))}: give that of {table}")


def empty(title: str, reason: str) -> go.Figure:
    """A figure that says in words why there is nothing to draw."""
    figure = go.Figure()
    figure.add_annotation(text=plain(reason), showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5)
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


def hover(columns: Sequence[str], frame: pd.DataFrame) -> dict[str, Any]:
    """Hover text of all these columns, a line each: ``customdata`` and ``hovertemplate`` of a trace."""
    lines = [f"{label(name)}: %{{customdata[{k}]}}" for k, name in enumerate(columns)]
    shown = [[number(value) for value in frame[name]] for name in columns]
    return {
        "customdata": [list(row) for row in zip(*shown, strict=True)],
        "hovertemplate": "<br>".join(lines) + "<extra></extra>",
    }


def number(value: object) -> str:
    """A value as hover text: four digits of a real number, else as it is; nothing where it is missing."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "<br>".join(plain(line) for line in textwrap.wrap(str(value), _HOVER_WIDTH))
