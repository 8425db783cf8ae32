"""Panels: a small plot a setting, of how the response goes with it and of where the best lie in it."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpsearch.figures import axes, style, texts

_EFFECTS, _RANGES = "How does the response depend on each setting?", "Where do the best lie, and where to look next?"
_CELL = ("response", "form", "hyperparameter", "low", "high", "scale", "value")
_COLUMNS, _PLOT, _BETWEEN = 2, 170, 105
"""Panels side by side, which fit into 600 pixels; pixels of a panel's height and of ticks and titles below it."""

_NAME, _CHOICES, _REASON = 30, 34, 46
"""Characters of a setting's name, of all choices' names together and of a line of a reason that fit into a panel."""

_BELOW = -0.05
"""Where, below the shares, the proposal is drawn."""


_BANDS = (
    ("others", style.SKY, 0.25, 12, "middle 80 % as the other settings vary"),
    ("mean", style.BLUE, 0.3, 4, "interval of the mean"),
)
"""About the mean: columns, colour, opacity, width where it is a bar, and name."""


_LUCK = {"mode": "lines", "line": {"color": style.VERMILION, "dash": "dot", "width": 1.5}}
_MEAN = {"mode": "lines+markers", "line": {"color": style.BLUE, "width": 2}, "marker": {"size": 6}}
_LUCK_APART = {"mode": "markers", "marker": {"symbol": "line-ew-open", "size": 14, "color": style.VERMILION}}
_MEAN_APART = {"mode": "markers", "marker": {"color": style.BLUE, "size": 6}}
"""How luck and the mean are drawn: joined by lines, and apart, where the cells have no order."""


class _Panel(NamedTuple):
    """A setting's rows and its place in the figure."""

    name: str
    rows: pd.DataFrame
    place: dict[str, int]

    @property
    def discrete(self) -> bool:
        """Whether a cell is one value: choices, and few whole numbers."""
        return bool((self.rows["low"] == self.rows["high"]).any())

    @property
    def ordered(self) -> bool:
        """Whether a line may join the cells."""
        return axes.ordered(self.rows["value"])

    @property
    def at(self) -> list[Any]:
        """Places of the cells' middles on the x axis."""
        values = self.rows["value"].tolist()
        return [axes.choice(value) for value in values] if self.discrete else values


def effects(frame: pd.DataFrame) -> go.Figure:
    """How the response goes with each setting: a panel a setting, with its mean and three bands about it.

    Means of a logarithm are drawn as geometric means, in the response's own unit.

    Args:
        frame: Of ``Survey.effects()``; cells without rows are left out.

    Raises:
        FigureError: if a column is missing.
    """
    ends = ("mean_low", "mean_high", "others_low", "others_high", "seed_low", "seed_high")
    style.checked(frame, (*_CELL, "mean", *ends, "rows"), table="Survey.effects()")
    frame = frame[frame["mean"].notna()]
    if frame.empty:
        return style.empty(_EFFECTS, "the table has no means")
    frame, words, mean = texts.unlogged(frame, ("mean", *ends))
    figure, panels = _panels(frame)
    for panel in panels:
        _add_effect(figure, panel)
    if mean != "mean":
        figure.update_yaxes(axes.value_axis(*(frame[name] for name in ("mean", *ends))))
    figure.update_yaxes(title=texts.plain(texts.cut(words, 28)), col=1)
    subtitle = f"{words}: its {mean} over all other settings and seeds, with intervals over scrambles."
    return style.titled(figure, _EFFECTS, subtitle, height=_height(panels))


def _add_effect(figure: go.Figure, panel: _Panel) -> None:
    rows, x = panel.rows, panel.at
    for band, color, opacity, width, name in _BANDS:
        how, ends = {**_legend(figure, name), **panel.place}, (rows[f"{band}_low"], rows[f"{band}_high"])
        if panel.ordered:
            style.add_band(figure, x, *ends, color=color, opacity=opacity, **how)
        else:
            bars = style.error_bars(rows["mean"], *ends, color=color, width=width)
            bars = {"error_y": bars, "marker": {"color": color, "size": 1}, "hoverinfo": "skip", "opacity": 2 * opacity}
            figure.add_scatter(x=x, y=rows["mean"], mode="markers", **bars, **how)
    luck, line = (_LUCK, _MEAN) if panel.ordered else (_LUCK_APART, _MEAN_APART)
    for end in ("seed_low", "seed_high"):
        how = {**_legend(figure, "a standard deviation of luck"), "hoverinfo": "skip", **panel.place}
        figure.add_scatter(x=x, y=rows[end], **luck, **how)
    shared = {**_legend(figure, "mean"), **panel.place, **texts.row_hover(rows)}
    figure.add_scatter(x=x, y=rows["mean"], **line, **shared)


def ranges(frame: pd.DataFrame, cells: pd.DataFrame) -> go.Figure:
    """Where the best tenth lie in each range, and which range to try next: a panel a setting.

    Args:
        frame: Of ``Survey.ranges()``.
        cells: Of ``Survey.best_tenth()``.

    Raises:
        FigureError: if a column is missing, or a setting of the cells has no row in the frame.
    """
    proposal = ("hyperparameter", "boundary", "next_low", "next_high", "next_choices", "reason")
    style.checked(frame, proposal, table="Survey.ranges()")
    style.checked(cells, (*_CELL, "share", "share_low", "share_high", "even_share"), table="Survey.best_tenth()")
    if cells.empty:
        return style.empty(_RANGES, "the table has no rows")
    proposals = {str(row["hyperparameter"]): row for row in frame.to_dict("records")}
    figure, panels = _panels(cells)
    for panel in panels:
        if panel.name not in proposals:
            raise style.FigureError(f"no range is proposed for {panel.name!r}: give Survey.ranges() of the same survey")
        _add_shares(figure, panel)
        _add_proposal(figure, panel, proposals[panel.name])
    figure.update_yaxes(range=[2 * _BELOW, None]).update_yaxes(title="share of the best", col=1)
    subtitle = f"The best tenth by {texts.response(cells)}, with an interval of each share."
    return style.titled(figure, _RANGES, subtitle, height=_height(panels))


def _add_shares(figure: go.Figure, panel: _Panel) -> None:
    """Each cell's share as a bar as wide as the cell, its interval, and the even share as a line."""
    rows, fill = panel.rows, {"hoverinfo": "skip", **_legend(figure, "share of the best tenth"), **panel.place}
    even_at, even = panel.at, rows["even_share"]
    if panel.discrete:
        figure.add_bar(x=panel.at, y=rows["share"], marker={"color": style.SKY}, **fill)
    else:
        even_at, even = rows[["low", "high"]].to_numpy().ravel().tolist(), even.repeat(2)
        how = {"mode": "lines", "line": {"width": 0}}
        figure.add_scatter(x=even_at, y=rows["share"].repeat(2), fill="tozeroy", fillcolor=style.SKY, **how, **fill)
    dashed = {"mode": "lines", "line": {"color": style.GREY, "width": 1.5, "dash": "dash"}, "hoverinfo": "skip"}
    figure.add_scatter(x=even_at, y=even, **dashed, **_legend(figure, "even share"), **panel.place)
    error = style.error_bars(rows["share"], rows["share_low"], rows["share_high"], color=style.BLUE)
    marks = {"mode": "markers", "marker": {"color": style.BLUE, "size": 5}, "error_y": error, "showlegend": False}
    figure.add_scatter(x=panel.at, y=rows["share"], **marks, **panel.place, **texts.row_hover(rows))


def _add_proposal(figure: go.Figure, panel: _Panel, row: dict[Hashable, Any]) -> None:
    """What to try next as a line or as squares below the shares, and a triangle at the end where the best crowd."""
    following: list[Any] = [row["next_low"], row["next_high"]]
    ends = {"low": panel.rows["low"].iloc[0], "high": panel.rows["high"].iloc[-1]}
    mode, look = "lines+markers", {"symbol": "line-ns", "size": 7, "line": {"color": style.GREEN, "width": 3}}
    if panel.discrete:
        mode, look = "markers", {"symbol": "square", "size": 9, "color": style.GREEN}
        choices = _next_choices(row)
        following = [axes.choice(value) for value in choices]
        ends = {end: axes.choice(value) for end, value in ends.items()}
        beyond = [value for value in choices if axes.choice(value) not in panel.at]
        here = panel.rows["value"].tolist()
        order = [*beyond, *here] if row["boundary"] == "low" else [*here, *beyond]
        figure.update_xaxes(**axes.choice_axis(order, most=_CHOICES), **panel.place)
    figure.add_scatter(
        x=following, y=[_BELOW] * len(following), mode=mode, marker=look, line={"color": style.GREEN, "width": 5},
        hovertemplate=f"{texts.number(row['reason'])}<extra></extra>", **_legend(figure, "to try next"), **panel.place,
    )  # fmt: skip
    if row["boundary"] in ends:
        mark = {"mode": "markers", "marker": {"symbol": "triangle-up", "size": 12, "color": style.VERMILION}}
        shared = {"hoverinfo": "skip", **_legend(figure, "end at which the best crowd"), **panel.place}
        figure.add_scatter(x=[ends[row["boundary"]]], y=[0], **mark, **shared)
    lines = [texts.plain(line) for line in textwrap.wrap(str(row["reason"]), _REASON)]
    title = f"{texts.label(panel.name, most=_NAME)}<br>{texts.small('<br>'.join(lines))}"
    figure.update_xaxes(title=title, **panel.place)


def _next_choices(row: dict[Hashable, Any]) -> list[Any]:
    """The proposed choices, or all the whole numbers of the proposed range."""
    choices = row["next_choices"]
    if isinstance(choices, list | tuple):
        return [*choices]
    return [*range(int(row["next_low"]), int(row["next_high"]) + 1)]


def _legend(figure: go.Figure, name: str) -> dict[str, Any]:
    """Name and group of a trace, of which the first of its name stands in the legend."""
    return {"name": name, "legendgroup": name, "showlegend": name not in {trace.name for trace in figure.data}}


def _panels(frame: pd.DataFrame) -> tuple[go.Figure, list[_Panel]]:
    """Empty axes, a panel a setting in the order of the table, named and in the scale of the setting's range."""
    names = [str(name) for name in frame["hyperparameter"].unique()]
    count = -(-len(names) // _COLUMNS)
    spacing = _BETWEEN / (count * (_PLOT + _BETWEEN)) if count > 1 else 0
    gaps = {"vertical_spacing": spacing, "horizontal_spacing": 0.05}
    figure = make_subplots(count, min(_COLUMNS, len(names)), shared_yaxes="all", **gaps)
    panels = []
    for k, name in enumerate(names):
        place = {"row": k // _COLUMNS + 1, "col": k % _COLUMNS + 1}
        panel = _Panel(name, frame[frame["hyperparameter"] == name], place)
        figure.update_xaxes(title=texts.label(name, most=_NAME), **place)
        if panel.discrete:
            figure.update_xaxes(**axes.choice_axis(panel.rows["value"].tolist(), most=_CHOICES), **place)
        elif panel.rows["scale"].iloc[0] == "log":
            figure.update_xaxes(**axes.axis(name, "log", pd.concat([panel.rows["low"], panel.rows["high"]])), **place)
        panels.append(panel)
    return figure, panels


def _height(panels: Sequence[_Panel]) -> int:
    return -(-len(panels) // _COLUMNS) * (_PLOT + _BETWEEN) + 90
