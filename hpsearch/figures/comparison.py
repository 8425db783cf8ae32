"""Studies side by side: what each is sensitive to, and what the best of one loses on another."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from hpsearch.config.digits import plus_minus
from hpsearch.figures import axes, style, texts

_INDICES = "Is training sensitive to the same settings on other data?"
_TRANSFER = "What does the best setting of one study lose on another?"
_ROW, _FOOT = 52, 150
"""Pixels of a row of cells; of the names below and the key to the colours."""

_NAME = 18
"""Characters of a study's or a setting's name."""


def compared_indices(frame: pd.DataFrame) -> go.Figure:
    """The total index of every setting in every study, with its interval in the cell.

    Settings are in the order of their mean index; a cell is blank where a study holds the setting fixed. A star marks
    a setting whose range is not the same in all studies.

    Args:
        frame: ``Comparison.indices``.

    Raises:
        FigureError: if a column is missing.
    """
    ends = ("total_order", "total_low", "total_high")
    columns = ("study", "hyperparameter", "low", "high", "scale", *ends, "verdict", "response", "form")
    style.checked(frame, columns, table="Comparison.indices")
    if frame.empty:
        return style.empty(_INDICES, "the table has no rows")
    mean = frame.groupby("hyperparameter")["total_order"].mean()
    order = sorted(mean.index, key=lambda name: (name == "seed", -mean[name]))
    studies, differ = list(dict.fromkeys(frame["study"])), _differing_range(frame)
    words = [_index_text(row, star=star) for row, star in zip(frame.to_dict("records"), differ, strict=True)]
    figure = go.Figure()
    cells = {"hyperparameter": order, "study": studies}
    _add_cells(figure, frame, cells, frame["total_order"].clip(0, 1), words, most=1, title="share of the variance")
    figure.update_xaxes(ticktext=[texts.label(name, most=_NAME) for name in order])
    figure.update_yaxes(title="study")
    lines = f"{texts.response(frame)}: total indices with 95 % intervals over scrambles, over each study's ranges."
    starred = "\n*: its range is not the same in all studies, and an index speaks of a range." if any(differ) else ""
    return style.titled(figure, _INDICES, lines + starred, height=_ROW * len(studies) + _FOOT)


def transfer(frame: pd.DataFrame) -> go.Figure:
    """The regret of every setting on every study: points lost against its own best, ± half the interval.

    Colours end at the largest regret; what is better than the own best has the colour of 0. Bold: shown to be worse or
    better.

    Args:
        frame: ``Comparison.transfer``.

    Raises:
        FigureError: if a column is missing.
    """
    regret = ("regret", "regret_low", "regret_high")
    style.checked(frame, ("from", "to", "points", *regret, "verdict", "seeds"), table="Comparison.transfer")
    if frame.empty:
        return style.empty(_TRANSFER, "the table has no rows")
    settings, studies = list(dict.fromkeys(frame["from"])), list(dict.fromkeys(frame["to"]))
    words = [_regret_text(row) for row in frame.to_dict("records")]
    figure = go.Figure()
    cells, lost = {"to": studies, "from": settings}, frame["regret"].clip(lower=0)
    _add_cells(figure, frame, cells, lost, words, most=max(1.0, float(lost.max())), title="points lost")
    figure.update_xaxes(title="on the data of", ticktext=[texts.plain(texts.cut(name, _NAME)) for name in studies])
    figure.update_yaxes(title="the best of")
    subtitle = (
        "Points lost on the test examples against each study's own best: per cent of wrong answers, or of variance "
        f"not explained; 95 % intervals over {frame['seeds'].iloc[0]} seeds. Bold: shown. Own best: what it has itself."
    )
    return style.titled(figure, _TRANSFER, subtitle, height=_ROW * len(settings) + _FOOT)


def _add_cells(
    figure: go.Figure, frame: pd.DataFrame, cells: dict[str, list[str]], values: pd.Series, words: list[str], *,
    most: float, title: str,
) -> None:  # fmt: skip
    """A heat map with a text in each cell, dark on light colours and light on dark ones.

    Args:
        figure: Changed in place.
        frame: A row a cell.
        cells: Of the columns with the names along x and along y, these names in order.
        values: That give the colours, a cell each.
        words: In the cells.
        most: Value of the last colour; that of the first is 0.
        title: Of the key to the colours.
    """
    x, y = ([names.index(name) for name in frame[column]] for column, names in cells.items())
    right, below = cells.values()
    shown: list[list[float | None]] = [[None] * len(right) for _ in below]
    for column, row, value in zip(x, y, values, strict=True):
        shown[row][column] = None if math.isnan(value) else value
    figure.add_heatmap(
        z=shown, zmin=0, zmax=most, colorscale=style.SEQUENTIAL, hoverinfo="skip", xgap=2, ygap=2,
        colorbar=axes.colour_bar(title),
    )  # fmt: skip
    font = {"size": 10, "color": [style.text_on(value / most) for value in values]}
    figure.add_scatter(
        x=x, y=y, mode="text", text=words, textfont=font, showlegend=False, cliponaxis=False,
        **texts.row_hover(frame),
    )  # fmt: skip
    shared: dict[str, Any] = {"showgrid": False, "ticks": ""}
    figure.update_xaxes(tickvals=[*range(len(right))], range=[-0.5, len(right) - 0.5], tickangle=-30, **shared)
    names = [texts.plain(texts.cut(name, _NAME)) for name in below]
    figure.update_yaxes(tickvals=[*range(len(below))], ticktext=names, range=[len(below) - 0.5, -0.5], **shared)


def _index_text(row: dict[Any, Any], *, star: bool) -> str:
    if math.isnan(row["total_order"]):
        return "?"
    mark, value = "*" if star else "", f"{row['total_order']:z.2f}"
    if not all(map(math.isfinite, (row["total_low"], row["total_high"]))):
        return f"{value}{mark}"
    low, high = (f"{min(max(row[f'total_{end}'], 0), 1):.2f}".removeprefix("0") for end in ("low", "high"))
    return f"{value}{mark}<br>{low}–{high}"


def _regret_text(row: dict[Any, Any]) -> str:
    if row["verdict"] == "own best":
        return f"own best:<br>{row['points']:.1f}"
    regret, half = plus_minus(row["regret"], row["regret_high"] - row["regret"])
    value = regret.replace("-", "−")
    value = f"<b>{value}</b>" if row["verdict"] in ("worse", "better") else value
    return f"{value}<br>{half}"


def _differing_range(frame: pd.DataFrame) -> list[bool]:
    """Whether the range of each row's setting is not the same in all studies."""
    ranges = pd.Series(list(zip(frame["low"], frame["high"], frame["scale"], strict=True)), dtype=object)
    differ = ranges.groupby(frame["hyperparameter"].to_numpy()).nunique() > 1
    return [name != "seed" and bool(differ[name]) for name in frame["hyperparameter"]]
