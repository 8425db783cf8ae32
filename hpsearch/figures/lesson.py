"""The figures of the lesson: symmetry, scale and depth of the initial weights, as they were measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import cycle

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpsearch.figures import axes, style, texts

_PANEL, _BETWEEN = 210, 70
"""Pixels of a panel's height, and of what stands between two."""


def distinct_units(frame: pd.DataFrame) -> go.Figure:
    """How many hidden units are functions of their own, over the iterations, by how the weights begin.

    Args:
        frame: Columns activation, init, iteration, least, most (of all trainings).

    Raises:
        FigureError: if a column is missing.
    """
    style.checked(frame, ("activation", "init", "iteration", "least", "most"), table="the lesson's L1")
    names = list(frame["activation"].unique())
    figure = make_subplots(len(names), 1, shared_xaxes=True, vertical_spacing=_gap(len(names)), subplot_titles=names)
    for row, name in enumerate(names, start=1):
        for (init, part), color, dash in _lines(frame[frame["activation"] == name], "init"):
            at = part["iteration"].where(part["iteration"] > 0, axes.ZERO)
            legend = {"legendgroup": init, "showlegend": row == 1, "row": row, "col": 1}
            style.add_band(
                figure, at, part["least"], part["most"], color=color, opacity=0.25, **{**legend, "showlegend": False}
            )
            line = {"color": color, "dash": dash, "width": 2}
            hover = texts.hover([str(column) for column in part], part)
            figure.add_scatter(x=at, y=part["most"], mode="lines", name=init, line=line, **legend, **hover)
    figure.update_xaxes(axes.iteration_axis(int(frame["iteration"].max())), row=len(names))
    figure.update_xaxes(type="log").update_yaxes(title="distinct units", rangemode="tozero")
    subtitle = "The most of all trainings of a beginning; the band reaches to the least."
    return style.titled(figure, "Do hidden units that begin equal ever differ?", subtitle, height=_height(len(names)))


def small_scales(frame: pd.DataFrame) -> go.Figure:
    """How many units are distinct against the scale of random initial weights, by precision.

    Args:
        frame: Columns dtype, init_scale, units, start, least.

    Raises:
        FigureError: if a column is missing.
    """
    style.checked(frame, ("dtype", "init_scale", "units", "start", "least"), table="the lesson's L2")
    figure = go.Figure()
    for (dtype, part), color, dash in _lines(frame, "dtype"):
        line = {"color": color, "dash": dash, "width": 2}
        how = {"x": part["init_scale"], "y": part["least"], "mode": "lines+markers", "name": dtype, "line": line}
        figure.add_scatter(**how, **texts.hover([str(name) for name in part], part))
    decades = math.log10(frame["init_scale"].max() / frame["init_scale"].min())
    figure.update_xaxes(type="log", dtick=max(1, round(decades / 6)), tick0=0, title=texts.label("init_scale"))
    figure.update_yaxes(title="distinct units", rangemode="tozero")
    subtitle = "The least of all trainings at any checkpoint; a weight too small for its precision is 0."
    return style.titled(figure, "How small a scale still breaks the symmetry?", subtitle, height=_height(1))


def scales(frame: pd.DataFrame) -> go.Figure:
    """How long learning takes and how much is saturated at first, against the initial scale, by activation.

    Args:
        frame: Columns activation, init_scale, and of saturation and iterations the mean with its low and high.

    Raises:
        FigureError: if a column is missing.
    """
    panels = {"iterations": "iterations to the target loss", "saturation": "saturated at iteration 0"}
    ends = [f"{name}{end}" for name in panels for end in ("", "_low", "_high")]
    style.checked(frame, ("activation", "init_scale", *ends), table="the lesson's L3")
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=_gap(2))
    for row, (name, title) in enumerate(panels.items(), start=1):
        _curves(figure, frame, "activation", "init_scale", name, row=row, col=1, legend=row == 1)
        figure.update_yaxes(title=title, row=row)
    figure.update_yaxes(axes.value_axis(frame["iterations"]), row=1).update_yaxes(range=[-0.02, 1.02], row=2)
    axis = axes.value_axis(frame["init_scale"])
    figure.update_xaxes(axis).update_xaxes(title=texts.label("init_scale"), row=2)
    subtitle = (
        "Means with 95 % intervals over seeds. A training that does not get there counts with its last iteration; a "
        "relu is called saturated where it has no slope."
    )
    return style.titled(
        figure, "From which scale on do units saturate and learning slow down?", subtitle, height=_height(2)
    )


def depths(frame: pd.DataFrame) -> go.Figure:
    """Validation error against the number of hidden layers, by how the weights begin: a panel an activation.

    Args:
        frame: Columns activation, depth, scheme, error, low, high.

    Raises:
        FigureError: if a column is missing.
    """
    style.checked(frame, ("activation", "depth", "scheme", "error", "low", "high"), table="the lesson's L4")
    frame = frame.rename(columns={"low": "error_low", "high": "error_high"})
    frame = frame.assign(error_low=frame["error_low"].clip(0, 1), error_high=frame["error_high"].clip(0, 1))
    names = list(frame["activation"].unique())
    figure = make_subplots(1, len(names), shared_yaxes=True, horizontal_spacing=0.03, subplot_titles=names)
    for col, name in enumerate(names, start=1):
        _curves(figure, frame[frame["activation"] == name], "scheme", "depth", "error", row=1, col=col, legend=col == 1)
    depth = sorted(frame["depth"].unique().tolist())
    ticks = {"tickvals": depth, "ticktext": [str(number) for number in depth]}
    figure.update_xaxes(type="log", title="hidden layers", **ticks).update_yaxes(title="validation error", col=1)
    subtitle = "Each at the learning rate that suits it, chosen on other seeds. Means with 95 % intervals over seeds."
    return style.titled(figure, "Which beginning serves which depth?", subtitle, height=_height(1) + 60)


def layers(frame: pd.DataFrame) -> go.Figure:
    """Size of activations and gradients at iteration 0, layer by layer: a row a quantity, a panel an activation.

    Args:
        frame: Columns activation, depth, scheme, layer, quantity, size, low, high.

    Raises:
        FigureError: if a column is missing.
    """
    columns = ("activation", "depth", "scheme", "layer", "quantity", "size", "low", "high")
    style.checked(frame, columns, table="the lesson's L4")
    frame = frame.rename(columns={"low": "size_low", "high": "size_high"})
    names, kinds = list(frame["activation"].unique()), list(frame["quantity"].unique())
    figure = make_subplots(
        len(kinds), len(names), shared_xaxes=True, shared_yaxes="rows", horizontal_spacing=0.03,
        vertical_spacing=_gap(len(kinds)), subplot_titles=names,
    )  # fmt: skip
    for row, kind in enumerate(kinds, start=1):
        for col, name in enumerate(names, start=1):
            part = frame[(frame["activation"] == name) & (frame["quantity"] == kind)]
            _curves(figure, part, "scheme", "layer", "size", row=row, col=col, legend=row == col == 1)
        figure.update_yaxes(title=kind, row=row, col=1)
        figure.update_yaxes(type="log", dtick=4, row=row)
    figure.update_xaxes(title="layer", row=len(kinds))
    depth = int(frame["depth"].max())
    subtitle = f"Of networks of {depth} hidden layers at iteration 0. Geometric means with 95 % intervals over seeds."
    return style.titled(
        figure, "What reaches the deep layers, and what comes back?", subtitle, height=_height(len(kinds))
    )


def _curves(
    figure: go.Figure, frame: pd.DataFrame, by: str, x: str, y: str, *, row: int, col: int, legend: bool
) -> None:
    """A line with its band for each group."""
    for (name, part), color, dash in _lines(frame, by):
        place = {"legendgroup": name, "row": row, "col": col}
        style.add_band(
            figure, part[x], part[f"{y}_low"], part[f"{y}_high"], color=color, opacity=0.2, showlegend=False, **place
        )
        line = {"color": color, "dash": dash, "width": 2}
        figure.add_scatter(
            x=part[x], y=part[y], mode="lines+markers", marker={"size": 5}, name=texts.plain(name), line=line,
            showlegend=legend, **place, **texts.hover([by, x, y, f"{y}_low", f"{y}_high"], part),
        )  # fmt: skip


def _lines(frame: pd.DataFrame, by: str) -> Sequence[tuple[tuple[str, pd.DataFrame], str, str]]:
    """Each group with its colour and dash."""
    groups = [(str(name), part) for name, part in frame.groupby(by, sort=False)]
    return list(zip(groups, cycle(style.SERIES), cycle(style.DASHES)))  # endless colours


def _height(rows: int) -> int:
    return rows * _PANEL + (rows - 1) * _BETWEEN + 90


def _gap(rows: int) -> float:
    return _BETWEEN / _height(rows) if rows > 1 else 0.0
