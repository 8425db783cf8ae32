"""The figure of an attribution: from one setting to the other, change by change."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpsearch.config.hyperparameters import in_words
from hpsearch.figures import style, texts

_ROW = 44
"""Pixels of a change's row."""

_LOOKS = {"gains": (style.GREEN, ""), "harms": (style.VERMILION, "/"), "not shown": (style.GREY, "")}
"""Colour and hatching of a share by its verdict."""

_PARTS = (
    ("alone", "by itself", style.BLUE, "diamond-open", -0.16),
    ("last", "after all others", style.ORANGE, "circle", 0.16),
)
"""The gains of the right panel: column, words, colour, mark, and how far below the middle of its row."""

_NEEDED = (
    "hyperparameter", "against", "of", "metric", "share", "share_low", "share_high", "share_verdict", "start", "end",
    "seeds", *(f"{part}{end}" for part in ("gain", *(part[0] for part in _PARTS)) for end in ("", "_low", "_high")),
)  # fmt: skip


def attribution(frame: pd.DataFrame, *, of: str = "one setting", against: str = "another") -> go.Figure:
    """What each changed setting gained: a waterfall of shares, beside its gains alone and last.

    Args:
        frame: ``Results.attribution().table``.
        of: What the setting that is explained is called.
        against: What the other one is called.

    Raises:
        FigureError: if it is another table.
    """
    style.checked(frame, _NEEDED, table="Results.attribution().table")
    title = f"From {against} to {of}: what does each change gain?"
    if frame.empty:
        return style.empty(title, "this attribution has no change")
    frame = frame.reset_index(drop=True)
    figure = make_subplots(1, 2, shared_yaxes=True, column_widths=[0.6, 0.4], horizontal_spacing=0.06)
    _steps(figure, frame)
    _beside(figure, frame)
    _name_rows(figure, frame)
    zero = {"zeroline": True, "zerolinewidth": 1, "zerolinecolor": style.GREY}
    figure.update_xaxes(title_text="shares, added up", nticks=6, **zero, col=1)
    figure.update_xaxes(title_text="gain", nticks=5, **zero, col=2)
    return style.titled(figure, title, _subtitle(frame), height=_ROW * (len(frame) + 1) + 100)


def _subtitle(frame: pd.DataFrame) -> str:
    metric, (start, end) = str(frame["metric"].iloc[0]), (float(frame[side].iloc[0]) for side in ("start", "end"))
    return (
        f"Mean {in_words(metric)} of {frame['seeds'].iloc[0]} fresh seeds: from {start:.4g} to {end:.4g}; a gain is "
        "a fall.\nLeft: shares of the whole gain (Shapley values). Right: what a change gains by itself, and after all "
        "others. Bars: 95 % intervals over seeds."
    )


def _steps(figure: go.Figure, frame: pd.DataFrame) -> None:
    """A bar a share, each from where the one before it ended, and below them the whole gain."""
    shown = [str(name) for name in frame if name not in ("metric", "seeds")]
    after = frame["share"].cumsum()
    bars = frame.assign(base=after - frame["share"])
    for verdict, (colour, pattern) in _LOOKS.items():
        rows = bars[bars["share_verdict"] == verdict]
        if not rows.empty:
            marker = {"color": colour, "pattern": {"shape": pattern}, "opacity": 0.5 if verdict == "not shown" else 1}
            _bar(figure, rows, "share", base=rows["base"], name=f"share: {verdict}", marker=marker, shown=shown)
    whole = bars.iloc[:1].set_axis([len(frame)])
    shown = ["start", "end", "gain", "gain_low", "gain_high"]
    _bar(figure, whole, "gain", base=0.0, name="whole gain", marker={"color": style.BLUE}, shown=shown)
    lines: list[Any] = []
    for place, x in enumerate(after):
        lines += [(x, place), (x, place + 1), (None, None)]
    x, y = zip(*lines, strict=True)
    line = {"color": style.GREY, "width": 1, "dash": "dot"}
    figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False, row=1, col=1)


def _bar(
    figure: go.Figure, rows: pd.DataFrame, part: str, *, base: Any, name: str, marker: dict[str, Any], shown: list[str]
) -> None:
    value, low, high = (rows[f"{part}{end}"] for end in ("", "_low", "_high"))
    error = style.error_bars(value, low, high, color=style.GREY)
    figure.add_bar(
        x=value, base=base, y=rows.index, orientation="h", width=0.6, name=name, marker=marker, row=1, col=1,
        error_x={**error, "width": 3}, **texts.hover(shown, rows),
    )  # fmt: skip


def _beside(figure: go.Figure, frame: pd.DataFrame) -> None:
    """What each change gains alone and last, with intervals."""
    for part, name, colour, symbol, below in _PARTS:
        value, low, high = (frame[f"{part}{end}"] for end in ("", "_low", "_high"))
        figure.add_scatter(
            x=value, y=frame.index + below, mode="markers", name=name, row=1, col=2,
            marker={"symbol": symbol, "size": 8, "color": colour, "line": {"width": 2, "color": colour}},
            error_x=style.error_bars(value, low, high, color=colour, width=2),
            **texts.hover(["hyperparameter", part, f"{part}_low", f"{part}_high"], frame),
        )  # fmt: skip


def _name_rows(figure: go.Figure, frame: pd.DataFrame) -> None:
    """On the left each change with its share, and the whole gain."""
    names = [
        f"{texts.label(row['hyperparameter'], most=24)}<br>"
        + _signed(f"{_value(row['against'])} → {_value(row['of'])}: {row['share']:+.3g}")
        for row in frame.to_dict("records")
    ]
    names.append(f"in all<br>{_signed(format(frame['gain'].iloc[0], '+.3g'))}")
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.5, -0.5], ticks="", showgrid=False
    )


def _signed(text: str) -> str:
    """Small text with the minus sign of numbers."""
    return texts.small(text.replace("-", "−"))


def _value(value: object) -> str:
    """A setting's value, of whatever kind, in few characters."""
    return texts.plain(texts.cut(f"{value:.3g}" if isinstance(value, float) else str(value), 14))
