"""The figure of the first layer's weights while they are learned."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpsearch.figures import style, texts

_UNITS, _INPUTS = 64, 256
"""Most units and inputs that a picture shows."""


def units(frame: pd.DataFrame) -> go.Figure:
    """Whether the hidden units are several functions or one: W of the first layer as a picture, at some iterations.

    Units that start equal stay equal: their rows are the same in every picture.

    Args:
        frame: ``Results.units(...)``.

    Raises:
        FigureError: if it is another table.
    """
    title = "Do the hidden units learn different things?"
    columns = ("number", "seed", "iteration", "unit", "input", "name", "weight", "distinct_units")
    style.checked(frame, columns, table="Results.units(...)")
    if frame.empty:
        return style.empty(title, "there is no weight")
    iterations = list(dict.fromkeys(frame["iteration"]))
    count, inputs = frame["unit"].nunique(), frame["input"].nunique()
    steps = -(-count // _UNITS), -(-inputs // _INPUTS)
    drawn = frame[(frame["unit"] % steps[0] == 0) & (frame["input"] % steps[1] == 0)]
    rows = math.ceil(len(iterations) / 2)
    panel = max(90, 5 * min(count, _UNITS))
    gaps = {"horizontal_spacing": 0.06, "vertical_spacing": 40 / (rows * (panel + 40))}
    figure = make_subplots(
        rows, min(2, len(iterations)), shared_xaxes=True, shared_yaxes=True, **gaps,
        subplot_titles=[_heading(part, count) for _, part in frame.groupby("iteration", sort=False)],
    )  # fmt: skip
    for k, (_, part) in enumerate(drawn.groupby("iteration", sort=False)):
        _picture(figure, part, row=k // 2 + 1, col=k % 2 + 1)
    figure.update_annotations(font_size=12)
    figure.update_yaxes(title_text="unit", col=1).update_xaxes(title_text="input", row=rows)
    first = frame.iloc[0]
    words = f"Trial {first['number']}, seed {first['seed']}: {count} units, {inputs} inputs"
    lines = [f"{words}; each picture has colours of its own, from its largest weight below 0 to the same above"]
    if max(steps) > 1:
        lines.append(f"drawn: one unit of {steps[0]}, one input of {steps[1]}")
    return style.titled(figure, title, "\n".join(lines), height=rows * (panel + 40) + 50)


def _heading(part: pd.DataFrame, count: int) -> str:
    distinct = part["distinct_units"].iloc[0]
    words = "diverged" if pd.isna(distinct) else f"{distinct} of {count} units distinct"
    return f"iteration {part['iteration'].iloc[0]:,}: {words}"


def _picture(figure: go.Figure, part: pd.DataFrame, *, row: int, col: int) -> None:
    table = part.pivot(index="unit", columns="input", values="weight")
    names = part.drop_duplicates("input").set_index("input")["name"].map(texts.plain)
    inputs = names.reindex(table.columns).tolist()
    figure.add_heatmap(
        x=table.columns, y=table.index, z=table, zmid=0, colorscale=style.SEQUENTIAL, showscale=False, row=row, col=col,
        customdata=[inputs] * len(table),
        hovertemplate="unit %{y}<br>input %{customdata}<br>weight %{z:.4g}<extra></extra>",
    )  # fmt: skip
