"""Pairs: what two settings do together, and how the response goes with the two."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from hpsearch.config.hyperparameters import in_words
from hpsearch.figures import axes, style, texts

_TOGETHER = "Which settings act together?"
_CELL = 42
"""Pixels of a cell's height."""

_NAME, _SURFACE, _BETWEEN = 16, 300, 120
"""Characters of a name; pixels of the surface's height and of the names between matrix and surface."""


def interactions(frame: pd.DataFrame, surface: pd.DataFrame | None = None) -> go.Figure:
    """Which settings act together: the interaction index of every pair that is seen, and a surface below.

    A pair that is not seen has a dot, an undecided one a question mark.

    Args:
        frame: Of ``Survey.interactions()``.
        surface: Of ``Survey.surface(first, second)``, of the pair that is of interest.

    Raises:
        FigureError: if a column is missing.
    """
    columns = ("response", "form", "first", "second", "interaction", "low", "high", "verdict")
    style.checked(frame, columns, table="Survey.interactions()")
    if frame.empty:
        return style.empty(_TOGETHER, "there are no pairs")
    names = list(dict.fromkeys(name for pair in _pairs(frame) for name in pair))
    matrix = _CELL * (len(names) - 1)
    heights = [matrix] if surface is None else [matrix, _SURFACE]
    between = 0 if surface is None else _BETWEEN / (sum(heights) + _BETWEEN)
    figure = make_subplots(len(heights), 1, row_heights=heights, vertical_spacing=between)
    _add_matrix(figure, frame, names)
    if surface is not None:
        _add_surface(figure, surface, place={"row": 2, "col": 1})
    below = "" if surface is None else "Below: the mean response against two of them."
    cells = f"{texts.response(frame)}. In the cells: the share of the variance of all that two settings do together."
    subtitle = "\n".join(filter(None, [cells, " ".join(filter(None, [*_meanings(frame), below]))]))
    return style.titled(figure, _TOGETHER, subtitle, height=sum(heights) + _BETWEEN * len(heights))


def _meanings(frame: pd.DataFrame) -> list[str]:
    """What the marks mean that stand in the cells."""
    undecided = _undecided(frame)
    dots = ~undecided & frame["verdict"].ne("present")
    if dots.all():
        return ["No pair is seen (·)."]
    return ["·: not seen."] * bool(dots.any()) + ["?: undecided."] * bool(undecided.any())


def _undecided(frame: pd.DataFrame) -> pd.Series[bool]:
    return frame["verdict"].eq("undecided") | frame["interaction"].isna()


def _add_matrix(figure: go.Figure, frame: pd.DataFrame, names: list[str]) -> None:
    """Below the diagonal, a cell a pair; the strongest pair stands at the top."""
    places = [sorted((names.index(first), names.index(second))) for first, second in _pairs(frame)]
    seen = frame["verdict"].eq("present") & frame["interaction"].notna()
    shown = [[None] * (len(names) - 1) for _ in names[1:]]
    for (x, y), value in zip(places, frame["interaction"].where(seen), strict=True):
        shown[y - 1][x] = None if pd.isna(value) else value
    most = frame["interaction"].where(seen).max()
    if seen.any():
        figure.add_heatmap(
            z=shown, colorscale=style.SEQUENTIAL, zmin=0, zmax=most, hoverinfo="skip", showscale=False, xgap=2, ygap=2,
            row=1, col=1,
        )  # fmt: skip
    undecided = _undecided(frame)
    numbers = frame["interaction"].map("{:.2f}".format).where(seen, undecided.map({True: "?", False: "·"}))
    font = {
        "size": seen.map({True: 12, False: 16}),
        "color": (frame["interaction"] / most).where(seen).map(style.text_on),
    }
    figure.add_scatter(
        x=[x for x, _ in places], y=[y - 1 for _, y in places], mode="markers+text", marker={"size": 24, "opacity": 0},
        text=numbers, textfont=font, showlegend=False, row=1, col=1, **texts.row_hover(frame),
    )  # fmt: skip
    labels, ends = [texts.label(name, most=_NAME) for name in names], [-0.5, len(names) - 1.5]
    shared = {"tickvals": list(range(len(names) - 1)), "showgrid": False, "row": 1, "col": 1}
    figure.update_xaxes(ticktext=labels[:-1], tickangle=-30, range=ends, **shared)
    figure.update_yaxes(ticktext=labels[1:], range=ends[::-1], **shared)


def _pairs(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(frame["first"].astype(str), frame["second"].astype(str), strict=True))


def surface(frame: pd.DataFrame) -> go.Figure:
    """How the response goes with two settings: its mean in every cell of the two, of a logarithm the geometric one.

    Args:
        frame: Of ``Survey.surface(first, second)``.

    Raises:
        FigureError: if a column is missing.
    """
    title = "How does the response depend on two settings?"
    if "mean" in frame and frame["mean"].isna().all():
        return style.empty(title, "the table has no means")
    figure = make_subplots(1, 1)
    first, second = _add_surface(figure, frame, place={"row": 1, "col": 1})
    two = " and ".join(texts.cut(in_words(name), _NAME) for name in (first, second))
    _, words, mean = texts.unlogged(frame, ())
    subtitle = f"{words}: its {mean} over all but {two}. Cells without evaluations are blank."
    return style.titled(figure, title, subtitle, height=_SURFACE + 90)


def _add_surface(figure: go.Figure, frame: pd.DataFrame, *, place: dict[str, int]) -> tuple[str, str]:
    """The means as a heat map in the scales of the settings' ranges; the names of the two."""
    sides = [f"{side}_{end}" for side in ("first", "second") for end in ("low", "high", "scale")]
    columns = ("response", "form", *sides, "mean", "interaction", "rows")
    style.checked(frame, columns, table="Survey.surface(first, second)")
    start = list(frame).index("first_low") - 2
    first, second = (str(name) for name in list(frame)[start : start + 2])
    x, y = (_Side(frame, side, name) for side, name in (("first", first), ("second", second)))
    places = {cell: k for k, cell in enumerate(zip(x.cell, y.cell, strict=True))}
    rows = [[places.get((across, up)) for across in x.cells] for up in y.cells]
    frame, words, mean = texts.unlogged(frame, ("mean",))
    logarithmic = mean != "mean"
    colours = (axes.colour_values(frame["mean"]) if logarithmic else frame["mean"]).tolist()
    apart = "interaction in the log" if logarithmic else "interaction"
    hover = texts.hover((first, second, "mean", apart, "rows"), frame.rename(columns={"interaction": apart}))
    figure.add_heatmap(
        x=x.edges, y=y.edges, z=[[None if k is None else colours[k] for k in line] for line in rows],
        customdata=[[[] if k is None else hover["customdata"][k] for k in line] for line in rows],
        hovertemplate=hover["hovertemplate"], hoverongaps=False, colorscale=style.SEQUENTIAL,
        colorbar=axes.colour_bar(texts.plain(texts.cut(words, 40)), frame["mean"] if logarithmic else None), **place,
    )  # fmt: skip
    figure.update_xaxes(**x.axis, showgrid=False, **place).update_yaxes(**y.axis, showgrid=False, **place)
    return first, second


class _Side:
    """A setting's cells along one axis of a surface.

    Attributes:
        cell: ``(rows,)``: of each row of the table, by its lower end, or by its value.
        cells: All that lie side by side, in order.
        edges: Of the cells, one more than these; where each is one value, the cells.
        axis: Its name and scale.
    """

    def __init__(self, frame: pd.DataFrame, side: str, name: str) -> None:
        low, high, scale = frame[f"{side}_low"], frame[f"{side}_high"], str(frame[f"{side}_scale"].iloc[0])
        if low.eq(high).any():  # choices, and few whole numbers, of which the last has no width
            self.axis = axes.axis(name, "choices", frame[name])
            self.cell = axes.positions(frame[name], "choices").tolist()
            self.cells = self.edges = self.axis["categoryarray"]
        else:
            self.axis = axes.axis(name, scale, pd.concat([low, high]))
            self.cell, self.edges = low.tolist(), sorted({*low, *high})
            self.cells = self.edges[:-1]
