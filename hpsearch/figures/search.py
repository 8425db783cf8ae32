"""Figures of a search: how it went on, how its trainings went, and its trials against each setting."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpsearch.config.hyperparameters import in_words
from hpsearch.figures import axes, style, texts

_CHOICES = 34
"""Characters of all names of choices that fit under a panel."""

_PANELS = ("train_loss", "validation_loss", "saturation", "gradient_norm")
_MARKS = {"complete": "circle", "diverged": "x", "pruned": "triangle-down-open"}
_WORDS = {"diverged": "✕: diverged", "pruned": "▽: pruned"}
_COLOURS = {"complete": style.BLUE, "diverged": style.VERMILION, "pruned": style.GREY}


def history(frame: pd.DataFrame) -> go.Figure:
    """When a search found its best: every trial's value, and the best so far as a step line.

    Args:
        frame: ``Results.history()``.

    Raises:
        FigureError: if it is another table.
    """
    title = "When did the search find its best?"
    columns = ("study", "number", "state", "metric", "value", "best_so_far", "diverged")
    style.checked(frame, columns, table="Results.history()")
    valued = frame[frame["value"].notna()]
    if valued.empty:
        return style.empty(title, "no trial of this search has a value yet")
    improved = _improved(valued)
    drawn, thinning = style.thinned(valued, keep=improved.to_numpy().nonzero()[0].tolist())
    figure, kinds, metric = go.Figure(), _kinds(drawn), str(frame["metric"].iloc[0])
    for kind, mark in _MARKS.items():
        if (part := drawn[kinds == kind]).empty:
            continue
        marker = {"symbol": mark, "size": 7, "color": _COLOURS[kind], "opacity": 0.7}
        text = texts.hover(columns[1:], part)
        figure.add_scatter(x=part["number"], y=part["value"], mode="markers", name=kind, marker=marker, **text)
    if improved.any():
        line = {"color": style.ORANGE, "width": 2.5, "shape": "hv"}
        figure.add_scatter(
            x=drawn["number"], y=drawn["best_so_far"], mode="lines", name="best so far", line=line, hoverinfo="skip"
        )
        _star(figure, _best(valued), x="number")
    figure.update_xaxes(title_text="trial", dtick=1 if len(frame) < 10 else None)
    figure.update_yaxes(axes.value_axis(valued["value"]), title_text=texts.label(metric))
    return style.titled(figure, title, _subtitle(frame, _best(valued), thinning, metric=metric), height=360)


def _improved(history: pd.DataFrame) -> pd.Series:
    """Which trials were better than all before."""
    return history["best_so_far"].notna() & (history["best_so_far"] != history["best_so_far"].shift())


def _best(history: pd.DataFrame) -> pd.DataFrame:
    """The best trial's row; none where no trial may be the best."""
    return history[_improved(history)].tail(1)


def _kinds(frame: pd.DataFrame) -> pd.Series:
    """Of each trial whether it was pruned, or else has diverged."""
    kinds = pd.Series("complete", index=frame.index, dtype="str")
    return kinds.mask(frame["diverged"].fillna(False).astype(bool), "diverged").mask(
        frame["state"] == "PRUNED", "pruned"
    )


def _star(figure: go.Figure, best: pd.DataFrame, *, x: str, **place: Any) -> None:
    """Mark the best trial, of which there may be none."""
    text = texts.hover([name for name in ("number", x, "value") if name in best], best)
    figure.add_scatter(x=best[x], y=best["value"], mode="markers", name="best", marker=style.STAR, **text, **place)


def _subtitle(frame: pd.DataFrame, best: pd.DataFrame, *more: str, metric: str) -> str:
    """The study, how many trials of which kind, and the best, in words."""
    of = "" if metric == "value" else f" in {in_words(metric)}"
    kinds = _kinds(frame)[frame["value"].notna()]
    counts = [f"{count:,} {kind}" for kind, count in kinds.value_counts().items() if kind != "complete"]
    if missing := int(frame["value"].isna().sum()):
        counts.append(f"{missing:,} without a value (failed, or not finished)")
    lines = [
        ", ".join([f"Study {frame['study'].iloc[0]}: {len(frame):,} trial{'s' if len(frame) > 1 else ''}", *counts])
    ]
    lines += [f"best{of}: trial {row.number} with {row.value:.4g}" for row in best.itertuples()]
    return "\n".join(["; ".join(lines), *filter(None, more)])


def curves(frame: pd.DataFrame, best: pd.DataFrame | None = None) -> go.Figure:
    """How training went: the middle 80 % of all trials over iterations, and the best trials' own curves.

    Args:
        frame: ``Results.curve_bands()``.
        best: ``Results.best_curves()``.

    Raises:
        FigureError: if one is another table.
    """
    title = "How do the best trainings differ from the others?"
    style.checked(frame, ("metric", "iteration", "q10", "median", "q90", "trials"), table="Results.curve_bands()")
    if best is not None:
        style.checked(best, ("study", "number", "rank", "iteration"), table="Results.best_curves()")
    if frame.empty:
        return style.empty(title, "no trial of this study has a curve")
    measured = list(dict.fromkeys(frame["metric"]))
    panels = [name for name in _PANELS if name in measured] or measured[:4]
    rows = math.ceil(len(panels) / 2)
    figure = make_subplots(rows, 2 if len(panels) > 1 else 1, horizontal_spacing=0.18, vertical_spacing=0.3 / rows)
    for k, metric in enumerate(panels):
        place = {"row": k // 2 + 1, "col": k % 2 + 1}
        band = frame[frame["metric"] == metric]
        _band(figure, band, metric, first=k == 0, **place)
        if best is not None and metric in best:
            _lines(figure, best, metric, first=k == 0, **place)
        drawn = [band["q10"], band["q90"], *([] if best is None or metric not in best else [best[metric]])]
        figure.update_yaxes(axes.value_axis(*drawn), title_text=texts.label(metric), **place)
    longest = max(frame["iteration"].max(), 1 if best is None or best.empty else best["iteration"].max())
    figure.update_xaxes(axes.iteration_axis(int(longest)))
    trials = int(frame["trials"].max())
    words = f"{trials:,} trials" if measured == ["value"] else f"{trials:,} trials, mean over seeds"
    subtitle = f"{words}; at each checkpoint those that reach it"
    if best is not None and len(best):
        subtitle = f"Study {best['study'].iloc[0]}: {subtitle}"
    return style.titled(figure, title, subtitle, height=60 + 240 * rows)


def _places(iterations: pd.Series) -> pd.Series:
    return iterations.clip(lower=axes.ZERO)


def _band(figure: go.Figure, band: pd.DataFrame, metric: str, *, first: bool, **place: int) -> None:
    x = _places(band["iteration"])
    style.add_band(
        figure, x, band["q10"], band["q90"], color=style.SKY, opacity=0.3, name="middle 80 % of all trials",
        legendgroup="band", showlegend=first, **place,
    )  # fmt: skip
    text = texts.hover(("metric", "iteration", "q10", "median", "q90", "trials"), band)
    line = {"color": style.PURPLE, "width": 2, "dash": "dash"}
    figure.add_scatter(
        x=x, y=band["median"], mode="lines", line=line, name="median of all trials", legendgroup="median",
        showlegend=first, **text, **place,
    )  # fmt: skip


def _lines(figure: go.Figure, best: pd.DataFrame, metric: str, *, first: bool, **place: int) -> None:
    """The best trials' curves, the very best above the others."""
    for name, part, line in (
        ("next best trials", best[best["rank"] > 1], {"color": style.ORANGE, "width": 1}),
        ("best trial", best[best["rank"] == 1], {"color": style.VERMILION, "width": 2.5}),
    ):
        columns = ("number", "rank", "iteration", metric)
        gap = part.groupby("rank", sort=False).tail(1).assign(**{metric: math.nan})  # ends a trial's line
        broken = pd.concat([part, gap]).sort_values("rank", kind="stable") if len(part) else part
        figure.add_scatter(
            x=_places(broken["iteration"]), y=broken[metric], mode="lines", line=line, name=name, legendgroup=name,
            showlegend=first and len(part) > 0, **texts.hover(columns, broken), **place,
        )  # fmt: skip


def trials(frame: pd.DataFrame, space: pd.DataFrame, history: pd.DataFrame | None = None) -> go.Figure:
    """Where the good values lie: every trial's value against each setting, coloured by its place in the search.

    Args:
        frame: ``Results.trials``.
        space: ``Results.space()``.
        history: ``Results.history()``, for the best trial and what the value is.

    Raises:
        FigureError: if one is another table.
    """
    title = "Where do the good trials lie?"
    style.checked(space, ("hyperparameter", "scale"), table="Results.space()")
    names = [str(name) for name in space["hyperparameter"]]
    frame = frame if "value" in frame else frame.rename(columns={"value_0": "value"})  # of several the first
    style.checked(frame, ("study", "number", "state", "value", "diverged", *names), table="Results.trials")
    if history is not None:
        style.checked(history, ("number", "metric", "best_so_far"), table="Results.history()")
    valued, best = frame[frame["value"].notna()], None if history is None else _best(history)
    if valued.empty or not names:
        return style.empty(title, "no trial of this search has a value and a setting yet")
    top = valued[valued["number"].isin([] if best is None else best["number"])]
    keep = valued["number"].isin(top["number"]).to_numpy().nonzero()[0].tolist()
    drawn, thinning = style.thinned(valued, keep=keep)
    rows = math.ceil(len(names) / 2)
    figure = make_subplots(rows, 2, shared_yaxes=True, horizontal_spacing=0.04, vertical_spacing=0.3 / rows)
    for k, (name, scale) in enumerate(zip(names, space["scale"], strict=True)):
        _against(figure, drawn, top, name=name, scale=scale, row=k // 2 + 1, col=k % 2 + 1)
    value = "value" if history is None or history.empty else str(history["metric"].iloc[0])
    figure.update_yaxes(axes.value_axis(valued["value"]))
    figure.update_yaxes(title_text=texts.label(value), col=1)
    bar = axes.colour_bar("trial") | {"dtick": 1 if len(frame) < 10 else None}
    colours = {"colorscale": style.SEQUENTIAL, "colorbar": bar}
    figure.update_layout(coloraxis=colours)
    kinds = set(_kinds(drawn))
    marks = [words for kind, words in _WORDS.items() if kind in kinds] + ["★: the best"] * len(top)
    subtitle = _subtitle(frame, top, "; ".join(marks), thinning, metric=value)
    return style.titled(figure, title, subtitle, height=90 + 210 * rows)


def _against(
    figure: go.Figure, drawn: pd.DataFrame, top: pd.DataFrame, *, name: str, scale: str, row: int, col: int
) -> None:
    """The trials' values against one setting, and the best above the others."""
    drawn, top = drawn[drawn[name].notna()], top[top[name].notna()]
    marker = {"symbol": _kinds(drawn).map(_MARKS), "size": 7, "color": drawn["number"], "coloraxis": "coloraxis"}
    edge = {"width": 0.5, "color": style.GREY}  # the first colours are as dark as a dark page
    text, x = texts.hover(("number", "state", name, "value"), drawn), axes.positions(drawn[name], scale)
    figure.add_scatter(
        x=x, y=drawn["value"], mode="markers", marker=marker | {"opacity": 0.8, "line": edge}, showlegend=False,
        row=row, col=col, **text,
    )  # fmt: skip
    _star(figure, top.assign(**{name: axes.positions(top[name], scale)}), x=name, row=row, col=col)
    figure.update_traces(showlegend=False)
    figure.update_xaxes(axes.axis(name, scale, drawn[name], most=_CHOICES), row=row, col=col)
