"""Figures of trainings around the best setting: one setting varied, or two."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpsearch.config.hyperparameters import in_words
from hpsearch.figures import axes, style, texts

_PANEL, _RUG = 240, 24
"""Pixels of a panel's height, and of the ticks of the trials below."""

_BAND = 0.25

_ERROR = ("error_difference", "error_difference_low", "error_difference_high")
"""What another value than the chosen one loses in error, with the ends of its interval."""


def profile(
    frame: pd.DataFrame,
    space: pd.DataFrame,
    tolerance: pd.DataFrame | None = None,
    trials: pd.DataFrame | None = None,
) -> go.Figure:
    """How wrong one setting may be: the metric and the error along it, with the stretches that are as good.

    Args:
        frame: ``Results.profile(...)``.
        space: ``Results.space()``, for the scale of the axis.
        tolerance: ``Results.tolerance()``; of it the row of this setting.
        trials: ``Results.trials``: where along the setting the search's trials lay.

    Raises:
        FigureError: if one is another table.
    """
    _check(frame, space, tolerance)
    if frame.empty:
        return style.empty("How wrong may this setting be?", "this profile has no value")
    name = str(frame["hyperparameter"].iloc[0])
    scale = space.set_index("hyperparameter")["scale"].get(name, "linear")
    rug = None if scale == "choices" else _rug(trials, name)
    errors = bool(frame["error_difference"].notna().any())  # a regression has no error
    heights = [_PANEL, *([_PANEL] if errors else []), *([_RUG] if rug is not None else [])]
    figure = make_subplots(len(heights), 1, shared_xaxes=True, vertical_spacing=20 / sum(heights), row_heights=heights)
    metric = str(frame["metric"].iloc[0])
    _panel(figure, frame, ("mean", "low", "high"), words=metric, scale=scale, row=1, colour=style.BLUE)
    if errors:
        _panel(figure, frame, _ERROR, words="change of validation_error", scale=scale, row=2, colour=style.PURPLE)
    if tolerance is not None:
        tolerance = tolerance[tolerance["hyperparameter"] == name]
        if scale != "choices":
            _stretches(figure, frame, tolerance, rows=2 if errors else 1)
        if errors:
            _threshold(figure, frame, tolerance, scale=scale)
    if rug is not None:
        _ticks(figure, rug, name=name, scale=scale, row=len(heights))
    figure.update_xaxes({**axes.axis(name, scale, frame["value"]), "title": None})
    figure.update_xaxes(title_text=texts.label(name, most=30), row=len(heights))
    return style.titled(figure, f"How wrong may {in_words(name)} be?", _subtitle(frame), height=sum(heights) + 90)


def _check(frame: pd.DataFrame, space: pd.DataFrame, tolerance: pd.DataFrame | None) -> None:
    columns = ("hyperparameter", "value", "metric", "mean", "low", "high", *_ERROR, "seeds", "near_best", "chosen")
    style.checked(frame, columns, table="Results.profile(...)")
    style.checked(space, ("hyperparameter", "scale"), table="Results.space()")
    if tolerance is not None:
        style.checked(tolerance, ("hyperparameter", "near_low", "near_high", "points"), table="Results.tolerance()")


def _subtitle(frame: pd.DataFrame) -> str:
    return (
        f"The other settings as in the best; {frame['seeds'].iloc[0]} fresh seeds a value, mean with 95 % interval; "
        "filled marks: not shown to be worse than the chosen"
    )


def _panel(
    figure: go.Figure,
    frame: pd.DataFrame,
    columns: tuple[str, str, str],
    *,
    words: str,
    scale: str,
    row: int,
    colour: str,
) -> None:
    """A line with its interval, words without a line; what is not shown to be worse is filled, the chosen is a star."""
    x, (middle, low, high) = axes.positions(frame["value"], scale), (frame[name] for name in columns)
    line, error = axes.ordered(frame["value"]), None
    if line:
        place = {"showlegend": False, "row": row, "col": 1}
        style.add_band(figure, x, low, high, color=colour, opacity=_BAND, **place)
    else:
        error = style.error_bars(middle, low, high, color=colour)
    symbols = ["circle" if near else "circle-open" for near in frame["near_best"]]
    marker = {"color": colour, "size": 6, "symbol": symbols}
    shown = [str(name) for name in frame if name not in ("hyperparameter", "metric")]
    figure.add_scatter(
        x=x, y=middle, mode="lines+markers" if line else "markers", line={"color": colour, "width": 1.5},
        marker=marker, error_y=error, name=texts.label(words), showlegend=False, row=row, col=1,
        **texts.hover(shown, frame),
    )  # fmt: skip
    chosen = frame[frame["chosen"].astype(bool)]
    figure.add_scatter(
        x=axes.positions(chosen["value"], scale), y=chosen[columns[0]], mode="markers", marker=style.STAR,
        name="chosen value", showlegend=row == 1, row=row, col=1, **texts.hover(shown, chosen),
    )  # fmt: skip
    figure.update_yaxes(axes.value_axis(middle, low, high), title_text=texts.label(words), row=row, col=1)


def _stretches(figure: go.Figure, frame: pd.DataFrame, tolerance: pd.DataFrame, *, rows: int) -> None:
    """Shade where nothing is shown to be worse by the metric; below, where too much error is excluded, and undecided.

    Args:
        figure: Changed in place.
        frame: The profile.
        tolerance: The row of its setting, or none.
        rows: 2 where the error has a panel.
    """
    for row in tolerance.to_dict("records"):
        near = (row["near_low"], row["near_high"])
        _shade(figure, [near], _worse(frame, near), color=style.GREEN, row=1)
        names = ("tolerated_low", "tolerated_high", "unshown_low", "unshown_high")
        low, high, first, last = (row.get(name, math.nan) for name in names)
        if any(end != end for end in (low, high, first, last)):
            continue
        pieces = [(first, low), (high, last)] if low < high else [(first, last)]
        pieces = [piece for piece in pieces if piece[0] < piece[1]]
        if low < high:
            more = f"over {row['points']:g} more error excluded: {_span((low, high))}"
            _shade(figure, [(low, high)], more, color=style.ORANGE, row=rows)
        _shade(figure, pieces, f"undecided: {' and '.join(map(_span, pieces))}", color=style.GREY, row=rows)


def _worse(frame: pd.DataFrame, near: tuple[float, float]) -> str:
    """Where values are shown to be worse than the chosen one; some between two ends that are not may be, too."""
    if near != _reach(frame):
        return f"shown to be worse outside of {_span(near)}"
    return "nowhere shown to be worse" if frame["near_best"].all() else "neither end shown to be worse"


def _reach(frame: pd.DataFrame) -> tuple[float, float]:
    return frame["value"].min(), frame["value"].max()


def _span(ends: tuple[float, float]) -> str:
    low, high = (f"{end:.3g}" if abs(end) < 1000 else f"{end:,.0f}" for end in ends)
    return f"{low} alone" if low == high else f"{low} to {high}"


def _shade(figure: go.Figure, spans: list[tuple[float, float]], words: str, *, color: str, row: int) -> None:
    for k, (low, high) in enumerate(spans):
        figure.add_vrect(
            x0=low, x1=high, fillcolor=color, opacity=0.15, line_width=0, layer="below", row=row, col=1, name=words,
            showlegend=k == 0,
        )  # fmt: skip


def _threshold(figure: go.Figure, frame: pd.DataFrame, tolerance: pd.DataFrame, *, scale: str) -> None:
    """How much more error is too much, as a line across the panel of the error."""
    x = axes.positions(frame["value"], scale).tolist()
    for row in tolerance.to_dict("records"):
        points, unshown = row["points"], (row.get("unshown_low", math.nan), row.get("unshown_high", math.nan))
        shaded = scale != "choices" and not any(end != end for end in unshown)
        beyond = "; shown where nothing is shaded" if shaded and unshown != _reach(frame) else ""
        line = {"color": style.GREY, "width": 1.5, "dash": "dot"}
        figure.add_scatter(
            x=[x[0], x[-1]], y=[points, points], mode="lines", line=line, hoverinfo="skip", row=2, col=1,
            name=f"{points:g} more error{beyond}",
        )  # fmt: skip


def _rug(trials: pd.DataFrame | None, name: str) -> pd.DataFrame | None:
    if trials is None:
        return None
    style.checked(trials, ("number", name, "value"), table="Results.trials")
    return trials[trials[name].notna()]


def _ticks(figure: go.Figure, rug: pd.DataFrame, *, name: str, scale: str, row: int) -> None:
    """Where the search's trials lay, a tick each."""
    drawn, _ = style.thinned(rug)
    marker = {"symbol": "line-ns-open", "size": 10, "color": style.GREY}
    figure.add_scatter(
        x=axes.positions(drawn[name], scale), y=[0] * len(drawn), mode="markers", marker=marker,
        name="trials of the search", row=row, col=1, **texts.hover(("number", name, "value"), drawn),
    )  # fmt: skip
    figure.update_yaxes(visible=False, row=row, col=1)


def plane(frame: pd.DataFrame, space: pd.DataFrame) -> go.Figure:
    """Which pairs of two settings are as good: the metric over a grid of both, with contours.

    Args:
        frame: ``Results.plane(first, second)``.
        space: ``Results.space()``, for the scales of the axes.

    Raises:
        FigureError: if one is another table.
    """
    columns = ("metric", "mean", "low", "high", "seeds")
    style.checked(frame, columns, table="Results.plane(first, second)")
    style.checked(space, ("hyperparameter", "scale"), table="Results.space()")
    first, second = (str(name) for name in frame.columns[:2])
    title = f"Which {in_words(first)} goes with which {in_words(second)}?"
    if frame.empty:
        return style.empty(title, "this grid has no point")
    scale = space.set_index("hyperparameter")["scale"]
    scales = {name: scale.get(name, "linear") for name in (first, second)}
    metric = str(frame["metric"].iloc[0])
    figure = go.Figure()
    _field(figure, frame, scales, words=texts.label(metric))
    figure.update_xaxes(axes.axis(first, scales[first], frame[first]))
    figure.update_yaxes(axes.axis(second, scales[second], frame[second]))
    if all(axes.ordered(frame[name]) for name in scales):  # a field of words has cells, whose edges lie beyond
        figure.update_xaxes(range=axes.ends(frame[first], scales[first]))
        figure.update_yaxes(range=axes.ends(frame[second], scales[second]))
    seeds = f"{frame['seeds'].iloc[0]} fresh seeds"
    star = "★: the lowest of these means, in part by luck"
    subtitle = f"Mean {in_words(metric)} of {seeds}; the other settings as in the best; {star}"
    return style.titled(figure, title, subtitle, height=480)


def _field(figure: go.Figure, frame: pd.DataFrame, scales: dict[str, str], *, words: str) -> None:
    """Colours and contours over the grid, and its lowest mean as a star."""
    first, second = scales
    x, y = (axes.positions(frame[name], scales[name]) for name in (first, second))
    shown = [name for name in (first, second, "mean", "low", "high", "error", "seeds") if name in frame]
    text = texts.hover(shown, frame)
    grid = frame.assign(x=x, y=y, shown=text.pop("customdata"), z=axes.colour_values(frame["mean"]))
    columns, index = list(x.unique()), list(y.unique())
    table = {name: grid.pivot(index="y", columns="x", values=name).loc[index, columns] for name in ("z", "shown")}
    how = {"colorscale": style.SEQUENTIAL, "colorbar": axes.colour_bar(words, frame["mean"]), **text}
    how |= {"x": columns, "y": index, "z": table["z"], "customdata": table["shown"].to_numpy().tolist()}
    if all(axes.ordered(frame[name]) for name in scales):
        contours = {"contours": {"coloring": "heatmap"}, "line": {"width": 0.7}, "ncontours": 20}
        figure.add_contour(**contours, **how)
    else:
        figure.add_heatmap(**how)
    if frame["mean"].notna().any():
        best = grid.loc[[frame["mean"].idxmin()]]
        hover = texts.hover(shown, frame.loc[best.index])
        place = {"x": best["x"], "y": best["y"], "cliponaxis": False}
        figure.add_scatter(**place, mode="markers", marker=style.STAR, showlegend=False, **hover)
