"""The figure of a search for several objectives: which trials no other beats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpsearch.figures import axes, style, texts

_MARKS = {
    "other trials": {"symbol": "circle", "size": 6, "color": style.BLUE, "opacity": 0.7},
    "the front": {"symbol": "diamond", "size": 9, "color": style.ORANGE},
}

_NAME = 30
"""Characters of an objective's name that fit the side of a panel."""


def pareto(frame: pd.DataFrame, trials: pd.DataFrame, objectives: Mapping[str, str]) -> go.Figure:
    """Which trials no other beats: a panel for each two objectives, with the front marked in all.

    No line joins the front: nothing was evaluated between its trials.

    Args:
        frame: ``Results.pareto``.
        trials: ``Results.trials``, of those that may be on the front.
        objectives: The column of each objective, and the words for its axis.

    Raises:
        FigureError: if one is another table.
    """
    title = "Which trials does no other beat?"
    for table, name in ((frame, "Results.pareto"), (trials, "Results.trials")):
        style.checked(table, ("study", "number", *objectives), table=name)
    if len(objectives) < 2:
        return style.empty(title, "this study has one objective: its front is its best")
    if frame.empty:
        return style.empty(title, "no trial of this search may be on the front yet")
    pairs, others = list(combinations(objectives, 2)), trials[~trials["number"].isin(frame["number"])]
    drawn, thinning = style.thinned(others)
    rows, columns = math.ceil(len(pairs) / 2), min(len(pairs), 2)
    figure = make_subplots(rows, columns, horizontal_spacing=0.18, vertical_spacing=0.3 / rows)
    for k, pair in enumerate(pairs):
        _panel(figure, {"other trials": drawn, "the front": frame}, pair, objectives, row=k // 2 + 1, col=k % 2 + 1)
    most = f"{len(others) + len(frame):,} trials that may be on the front"
    counts = f"Study {frame['study'].iloc[0]}: of {most} {len(frame):,} are."
    luck = "Where values are noisy, some are on the front by luck: evaluated again, they may leave it."
    beaten = "What seems beaten in a panel is better in an objective that it does not show." if len(pairs) > 1 else ""
    subtitle = "\n".join(filter(None, [counts, luck, beaten, thinning]))
    return style.titled(figure, title, subtitle, height=60 + (360 if rows == 1 else 260 * rows))


def _panel(
    figure: go.Figure,
    parts: Mapping[str, pd.DataFrame],
    pair: tuple[str, str],
    objectives: Mapping[str, str],
    *,
    row: int,
    col: int,
) -> None:
    """The trials in two objectives, those of the front above the others."""
    place, first = {"row": row, "col": col}, row == col == 1
    for name, part in parts.items():
        x, y = (part[objective] for objective in pair)
        figure.add_scatter(
            x=x, y=y, mode="markers", name=name, marker=_MARKS[name], legendgroup=name, showlegend=first,
            **texts.hover(["number", *objectives], part), **place,
        )  # fmt: skip
    for update, name in zip((figure.update_xaxes, figure.update_yaxes), pair, strict=True):
        values = (part[name] for part in parts.values())
        update(axes.value_axis(*values), title_text=texts.plain(texts.cut(objectives[name], _NAME)), **place)
