"""Indices: what training is sensitive to, where it ended and over its iterations."""

from __future__ import annotations

import textwrap
from math import inf
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from hpsearch.config.digits import decimal
from hpsearch.figures import axes, style, texts

_TITLE = "What is training sensitive to?"
_TABLE = "Survey.sensitivity()"
_NEEDED = (
    *("response", "form", "hyperparameter", "low", "high", "scale", "verdict", "reason", "rows", "scrambles", "share"),
    *("first_order", "first_low", "first_high", "total_order", "total_low", "total_high"),
)
_LUCK = "luck"
"""Verdict of the seed's row."""

_MARKS = {
    "sensitive": ("circle", style.BLUE),
    "undecided": ("diamond-open", style.ORANGE),
    "re-rolls luck": ("triangle-up", style.PURPLE),
    "inert": ("square", style.GREY),
    "control": ("cross", style.GREY),
    "": ("circle-open", style.GREY),
    _LUCK: ("x", style.GREY),
}
"""Mark and colour of a verdict."""

_OVER_TITLE = "Which setting matters when?"
_ROW, _REASON_WIDTH = 50, 56
"""Pixels of a row; characters of a reason's line that fit beside the names at 600 pixels."""


def sensitivity(frame: pd.DataFrame) -> go.Figure:
    """What training is sensitive to: the indices of every setting with their intervals, largest total first.

    The mark of the total index tells the verdict, the band is the seed's total index, the dashed line the share of
    interest. The axis ends at 0 and 1; an arrow stands there where an interval goes on.

    Args:
        frame: Of ``Survey.sensitivity()``.

    Raises:
        FigureError: if a column is missing.
    """
    style.checked(frame, _NEEDED, table=_TABLE)
    if frame.empty:
        return style.empty(_TITLE, "the table has no rows")
    frame, figure = frame.reset_index(drop=True), go.Figure()
    _add_luck(figure, frame)
    for verdict in frame["verdict"].unique():
        symbol, colour = _MARKS.get(verdict, _MARKS[""])
        look = {"symbol": symbol, "size": 11, "color": colour, "line": {"width": 2, "color": colour}}
        name = f"total index: {verdict}" if verdict else "total index, no verdict"
        add_intervals(figure, frame[frame["verdict"] == verdict], "total", below=-0.15, name=name, look=look, width=3.5)
    if "mean_order" in frame:
        look = {"symbol": "circle-open", "size": 8, "color": style.GREEN, "line": {"width": 2, "color": style.GREEN}}
        add_intervals(figure, frame, "mean", below=0.08, name="index of the mean over seeds", look=look, width=2)
    look = {"symbol": "line-ns", "size": 9, "color": style.SKY, "line": {"width": 2, "color": style.SKY}}
    add_intervals(figure, frame, "first", below=0.28, name="first-order index", look=look, width=1.5)
    _name_rows(figure, frame)
    return style.titled(figure, _title(frame), _subtitle(frame), height=_ROW * len(frame) + 150)


def sensitivity_over_iterations(frame: pd.DataFrame) -> go.Figure:
    """Which setting matters when: the total index of every setting against the iteration, with its interval as a band.

    Iterations stand on a log axis, with 0 half a step left of 1; bands end at 0 and 1.

    Args:
        frame: Of ``Survey.sensitivity_over_iterations()``.

    Raises:
        FigureError: if a column is missing.
    """
    style.checked(frame, (*_NEEDED, "iteration"), table="Survey.sensitivity_over_iterations()")
    drawn = frame[frame["total_order"].notna() & frame["iteration"].notna()]
    if drawn.empty:
        return style.empty(_OVER_TITLE, "no index at any iteration")
    figure, last = go.Figure(), frame["iteration"] == frame["iteration"].max()
    for k, (name, verdict) in enumerate(frame.loc[last, ["hyperparameter", "verdict"]].to_numpy()):
        # Largest at the end first, as the lines end from above. Luck has a dash of its own: green looks grey to some.
        luck = {"color": style.GREY, "dash": "2px,6px"}
        look = luck if verdict == _LUCK else _look(k)
        _add_line(figure, frame[frame["hyperparameter"] == name], name, look=look)
    figure.update_xaxes(**axes.iteration_axis(int(frame["iteration"].max())))
    figure.update_yaxes(title="total index: share of the variance", range=[0, 1], tickformat=".1f")
    gaps = frame[["total_order", "total_low", "total_high"]].isna().any(axis=None) or _unbounded(frame).any()
    subtitle = f"{texts.response(frame)}, as it stood at each iteration; bands: intervals over scrambles."
    subtitle += "\nGaps: no index there, or an interval without bounds." if gaps else ""
    return style.titled(figure, _OVER_TITLE, subtitle, height=420)


def _look(k: int) -> dict[str, str]:
    """Colour and dash of the k-th line; lines of one colour differ in their dashes."""
    count = len(style.SERIES)
    return {"color": style.SERIES[k % count], "dash": style.DASHES[(k + k // count) % count]}


def _add_luck(figure: go.Figure, frame: pd.DataFrame) -> None:
    """The seed's total index as a band, and the share of interest as a line."""
    whole = {"yref": "paper", "y0": 0, "y1": 1, "showlegend": True}
    for low, high in frame.loc[frame["verdict"] == _LUCK, ["total_low", "total_high"]].dropna().to_numpy():
        ends = {"x0": max(low, 0), "x1": min(high, 1)}
        band = {"fillcolor": style.GREY, "opacity": 0.3, "line": {"width": 0}, "layer": "below"}
        figure.add_shape(type="rect", **ends, **band, **whole, name="luck of the seed")
    share = float(frame["share"].iloc[0])
    dashed = {"color": style.GREY, "width": 1.5, "dash": "dash"}
    figure.add_shape(type="line", x0=share, x1=share, line=dashed, **whole, name=f"share of interest, {share:g}")


def add_intervals(
    figure: go.Figure, frame: pd.DataFrame, index: str, *, below: float, name: str, look: dict[str, Any], width: float
) -> None:
    """Points of an index with their intervals, so far as they lie in [0, 1], and arrows where they go on.

    Args:
        figure: Changed in place.
        frame: Rows, whose index is their place on the axis.
        index: "total", "mean" or "first".
        below: How far below the middle of its row a point lies.
        name: In the legend.
        look: Of the marks.
        width: Of the interval's line.
    """
    rows = frame[frame[f"{index}_order"].notna()]
    point, low, high = (rows[f"{index}_{end}"].clip(0, 1) for end in ("order", "low", "high"))
    error = style.error_bars(point, low, high, color=look["color"], width=width)
    figure.add_scatter(
        x=point, y=rows.index + below, mode="markers", marker=look, name=name, legendgroup=name,
        error_x=error, cliponaxis=False, **texts.row_hover(rows),
    )  # fmt: skip
    for beyond, edge, arrow in ((rows[f"{index}_low"] < 0, 0, "left"), (rows[f"{index}_high"] > 1, 1, "right")):
        if beyond.any():
            places = rows.index[beyond] + below
            marker = {"symbol": f"triangle-{arrow}", "size": 9, "color": look["color"]}
            shared = {"mode": "markers", "hoverinfo": "skip", "legendgroup": name, "showlegend": False}
            figure.add_scatter(x=[edge] * len(places), y=places, marker=marker, cliponaxis=False, **shared)


def _name_rows(figure: go.Figure, frame: pd.DataFrame) -> None:
    """Names and ranges on the left; on the right the total index, or in the row why there is none."""
    names = [_named(row) for _, row in frame.iterrows()]
    figure.update_yaxes(
        tickvals=list(frame.index),
        ticktext=names,
        range=[len(frame) - 0.5, -0.5],
        showgrid=False,
        ticks="",
        ticklabelstandoff=8,
    )
    figure.update_xaxes(title="share of the variance", range=[0, 1], tickformat=".1f")
    beside = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 8, "showarrow": False}
    figure.add_annotation(text="total", yref="paper", y=1, yanchor="bottom", **beside)
    longest = len("total")
    for k, row in frame.iterrows():
        if pd.notna(row["total_order"]):
            total = decimal(row["total_order"], least=2, limit=row["share"])
            longest = max(longest, len(total))
            figure.add_annotation(text=total, y=k, **beside)
        else:
            lines = textwrap.wrap(f"no index: {row['reason'] or 'unknown'}", _REASON_WIDTH)
            text = "<br>".join(texts.plain(line) for line in lines)
            figure.add_annotation(text=text, x=0, xanchor="left", xshift=8, y=k, showarrow=False, align="left")
    figure.update_layout(margin={"r": 12 + 8 * longest})


def _unbounded(frame: pd.DataFrame) -> pd.Series:
    return frame[["total_low", "total_high"]].isin([-inf, inf]).any(axis=1)


def _add_line(figure: go.Figure, rows: pd.DataFrame, name: str, *, look: dict[str, str]) -> None:
    """The total index over iterations, and the band of its interval so far as it lies in [0, 1]."""
    at = [t or axes.ZERO for t in rows["iteration"]]
    shared = {"name": texts.label(name, most=32), "legendgroup": name}
    low, high = (rows[end].clip(0, 1).mask(_unbounded(rows)).tolist() for end in ("total_low", "total_high"))
    style.add_band(figure, at, low, high, color=look["color"], opacity=0.15, showlegend=False, **shared)
    figure.add_scatter(
        x=at, y=rows["total_order"].clip(0, 1), mode="lines+markers", line={**look, "width": 2},
        marker={"size": 5, "color": look["color"]}, **shared, **texts.row_hover(rows),
    )  # fmt: skip


def _named(row: pd.Series) -> str:
    """A setting's name, and its range below it in small."""
    ends = "" if pd.isna(row["low"]) else f"{row['low']:.4g} to {row['high']:.4g}"
    parts = [part for part in (ends, str(row["scale"]).removeprefix("linear")) if part]
    return f"{texts.label(row['hyperparameter'], most=24)}<br>{texts.small(', '.join(parts))}"


def _title(frame: pd.DataFrame) -> str:
    """The question: of training, or of the response where nothing was trained by iterations."""
    trained = "budget" not in frame or frame["budget"].notna().any()
    response = str(frame["response"].iat[0]).replace("_", " ")
    return _TITLE if trained else f"What is {'the response' if response == 'response' else response} sensitive to?"


def _subtitle(frame: pd.DataFrame) -> str:
    first = frame.iloc[0]
    reasons = frame.loc[(frame["verdict"] == "undecided") & frame["total_order"].notna(), "reason"].unique()
    shared = str(reasons[0]) if len(reasons) == 1 else ""
    return (
        f"{texts.response(frame)}; {first['rows']:,} evaluations, {first['scrambles']} scrambles.\n"
        "Points with intervals over scrambles; arrows: the interval goes on. These ranges and no others."
        + (f"\nUndecided: {shared}." if shared else "")
    )
