"""The figure of importances by surrogates, beside what a survey measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from hpsearch.figures import indices, style, texts

_LOOKS: Mapping[str, tuple[str, str, str]] = {
    "ped_anova": ("PED-ANOVA", style.ORANGE, "square"),
    "fanova": ("fANOVA", style.GREEN, "diamond"),
    "permutation": ("permutation", style.PURPLE, "triangle-up"),
}
"""Name, colour and mark of a measure."""

_MEASURED = "measured total index"
_STEP = 0.19
"""Between the marks of one setting, whose rows are 1 apart."""


def importance(frame: pd.DataFrame, sensitivity: pd.DataFrame | None = None) -> go.Figure:
    """Whether importance charts show what was measured: with intervals and null, beside the total index.

    A mark is filled where the importance is told from that of shuffled values, open where it is not.

    Args:
        frame: ``hpsearch.importance(study)``.
        sensitivity: ``Results.sensitivity()``, where there is a survey.

    Raises:
        FigureError: if one is another table.
    """
    numbers = ("importance", "low", "high", "null_high")
    columns = ("measure", "hyperparameter", *numbers, "verdict", "permutations", "trials")
    style.checked(frame, columns, table="hpsearch.importance(study)")
    title = "Can the importance chart of these trials be trusted?"
    if frame["importance"].isna().all():
        return style.empty(title, "there is no importance: the trials' values are all the same, or there is no trial")
    if sensitivity is not None:
        wanted = ("hyperparameter", "response", "form", "total_order", "total_low", "total_high", "verdict")
        style.checked(sensitivity, wanted, table="Results.sensitivity()")
        title = "Do importance charts show what was measured?"
        sensitivity = sensitivity[sensitivity["hyperparameter"].isin(frame["hyperparameter"])]
    names, figure = _sorted(frame, sensitivity), go.Figure()
    places = {name: -float(place) for place, name in enumerate(names)}
    if sensitivity is not None:
        _measured(figure, sensitivity, places)
    for k, (measure, part) in enumerate(frame.groupby("measure", sort=False), start=1):
        _measure(figure, part[part["importance"].notna()], str(measure), places, below=k * _STEP)
    ticks = {
        "tickvals": [place - 0.3 for place in places.values()],
        "ticktext": [texts.label(n, most=24) for n in names],
    }
    figure.update_yaxes(**ticks, range=[0.3 - len(names), 0.4])
    figure.update_xaxes(title_text="importance, or share of the variance")
    count, permutations = int(frame["trials"].iloc[0]), int(frame["permutations"].max())
    lines = [f"{count:,} trials, up to {permutations:,} permutations; band: 95 % of the importances of shuffled values"]
    lines.append("filled marks: distinguishable from shuffled values; open: not; bars: 95 % intervals")
    if sensitivity is not None and len(sensitivity):
        lines.append(f"measured: {texts.response(sensitivity)} by a survey; arrows: its interval goes on")
    return style.titled(figure, title, "\n".join(lines), height=110 + 90 * len(names))


def _sorted(frame: pd.DataFrame, sensitivity: pd.DataFrame | None) -> list[str]:
    """The settings, what was measured as largest first; else by the first measure."""
    names = list(dict.fromkeys(frame["hyperparameter"]))
    first = frame[frame["measure"] == frame["measure"].iloc[0]].sort_values("importance", ascending=False)
    order = list(first["hyperparameter"])
    if sensitivity is not None:
        order = [*sensitivity.sort_values("total_order", ascending=False)["hyperparameter"], *order]
    return [name for name in dict.fromkeys(order) if name in names]


def _measured(figure: go.Figure, sensitivity: pd.DataFrame, places: Mapping[str, float]) -> None:
    look = {"symbol": "circle", "size": 11, "color": style.BLUE}
    rows = sensitivity.set_axis([places[str(name)] for name in sensitivity["hyperparameter"]])
    indices.add_intervals(figure, rows, "total", below=0, name=_MEASURED, look=look, width=3)


def _measure(figure: go.Figure, part: pd.DataFrame, measure: str, places: Mapping[str, float], *, below: float) -> None:
    words, colour, mark = _LOOKS.get(measure, (measure, style.SKY, "pentagon"))
    _null(figure, part, places, below=below)
    symbols = [mark if verdict == "seen" else f"{mark}-open" for verdict in part["verdict"]]
    marker = {"symbol": symbols, "size": 9, "color": colour}
    shown = [str(name) for name in part if name not in ("permutations", "bootstraps")]
    _marks(
        figure, part, ("importance", "low", "high"), places, marker=marker, name=texts.plain(words), below=below,
        shown=shown, width=1.5,
    )  # fmt: skip


def _null(figure: go.Figure, part: pd.DataFrame, places: Mapping[str, float], *, below: float) -> None:
    """The band of the null: a thick line from 0 under each mark."""
    x: list[Any] = []
    y: list[Any] = []
    for row in part.itertuples():
        x += [0, row.null_high, None]
        y += [places[str(row.hyperparameter)] - below] * 2 + [None]
    line = {"color": style.GREY, "width": 9}
    figure.add_scatter(
        x=x, y=y, mode="lines", line=line, opacity=0.35, hoverinfo="skip", name="of shuffled values (95 %)",
        legendgroup="null", showlegend=not any(trace.legendgroup == "null" for trace in figure.data),
    )  # fmt: skip


def _marks(
    figure: go.Figure, part: pd.DataFrame, columns: tuple[str, str, str], places: Mapping[str, float], *,
    marker: dict[str, Any], name: str, below: float, shown: Sequence[str], width: float,
) -> None:  # fmt: skip
    value, low, high = (part[column] for column in columns)
    figure.add_scatter(
        x=value, y=[places[str(setting)] - below for setting in part["hyperparameter"]], mode="markers", marker=marker,
        error_x=style.error_bars(value, low, high, color=marker["color"], width=width), name=name,
        **texts.hover(shown, part),
    )  # fmt: skip
