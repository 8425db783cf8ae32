"""Plots: each table of a survey as the figure that draws it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from hpsearch import figures
from hpsearch.sensitivity.designs import DUMMY, SEED
from hpsearch.sensitivity.tables import SurveyTables

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

P = ParamSpec("P")


def drawing(
    table: Callable[Concatenate[Any, P], Any], words: str, figure: Callable[..., go.Figure] | None = None
) -> Callable[Concatenate[SurveyPlots, P], go.Figure]:
    """A method that draws a table, with the table's own options.

    Args:
        table: Method of the tables.
        words: What the figure shows.
        figure: Of the tables, of this one and of its options; by default the figure of the same name, of this one.
    """
    name = table.__name__

    def draw(self: SurveyPlots, /, *arguments: P.args, **options: P.kwargs) -> go.Figure:
        shown = table(self._tables, *arguments, **options)
        if figure is not None:
            return figure(self._tables, shown, *arguments, **options)
        drawn: go.Figure = getattr(figures, name)(shown)
        return drawn

    draw.__name__, draw.__qualname__ = name, f"plot.{name}"
    draw.__doc__ = f"{words}: the table of this name, drawn by :func:`hpsearch.figures.{name}`."
    vars(draw)["__signature__"] = inspect.signature(table).replace(return_annotation="go.Figure")
    return draw


def _with_surface(
    tables: SurveyTables, pairs: pd.DataFrame, metric: str | None = None, *, confidence: float = 0.95, **how: Any
) -> go.Figure:
    """The pairs, and below them the surface of the strongest pair of settings."""
    for first, second in zip(pairs["first"], pairs["second"], strict=True):
        if not {SEED, DUMMY} & {first, second}:
            return figures.interactions(pairs, tables.surface(first, second, metric, **how))
    return figures.interactions(pairs, None)


class SurveyPlots:
    """Figures of a survey's tables; the methods have the names and the options of the tables that they draw.

    Each raises a ResponseError where its table does.
    """

    def __init__(self, tables: SurveyTables) -> None:
        self._tables = tables

    def __repr__(self) -> str:
        return f"figures of {self._tables!r}"

    sensitivity = drawing(SurveyTables.sensitivity, "What training is sensitive to")
    sensitivity_over_iterations = drawing(SurveyTables.sensitivity_over_iterations, "Which setting matters when")
    effects = drawing(SurveyTables.effects, "How the response goes with each setting")
    surface = drawing(SurveyTables.surface, "How the response goes with two settings")

    interactions = drawing(
        SurveyTables.interactions, "What two settings do together, and how the response goes with two", _with_surface
    )
    ranges = drawing(
        SurveyTables.ranges,
        "Where the best lie, and what to try next",
        lambda tables, ranges, *options, **how: figures.ranges(ranges, tables.best_tenth(*options, **how)),
    )
