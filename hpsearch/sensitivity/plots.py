"""Plots: each table of a survey as the figure that draws it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from hpsearch import figures
from hpsearch.sensitivity.designs import DUMMY, SEED
from hpsearch.sensitivity.responses import Form
from hpsearch.sensitivity.tables import SurveyTables

if TYPE_CHECKING:
    import plotly.graph_objects as go

P = ParamSpec("P")


def drawing(
    table: Callable[Concatenate[Any, P], Any], words: str, figure: Callable[[Any, Any], go.Figure] | None = None
) -> Callable[Concatenate[SurveyPlots, P], go.Figure]:
    """A method that draws a table, with the table's own options.

    Args:
        table: Method of the tables.
        words: What the figure shows.
        figure: Of the tables and of this one; by default the figure of the same name, of this one alone.
    """
    name = table.__name__

    def draw(self: SurveyPlots, /, *arguments: P.args, **options: P.kwargs) -> go.Figure:
        shown = table(self._tables, *arguments, **options)
        drawn: go.Figure = getattr(figures, name)(shown) if figure is None else figure(self._tables, shown)
        return drawn

    draw.__name__, draw.__qualname__ = name, f"plot.{name}"
    draw.__doc__ = f"{words}: the table of this name, drawn by :func:`hpsearch.figures.{name}`."
    vars(draw)["__signature__"] = inspect.signature(table).replace(return_annotation="go.Figure")
    return draw


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

    def interactions(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        confidence: float = 0.95,
    ) -> go.Figure:
        """What two settings do together, and the surface of the strongest pair of settings.

        See ``SurveyTables.interactions`` and ``SurveyTables.surface``.
        """
        pairs = self._tables.interactions(metric, form=form, iteration=iteration, target=target, confidence=confidence)
        surface = None
        for first, second in zip(pairs["first"], pairs["second"], strict=True):
            if not {SEED, DUMMY} & {first, second}:
                surface = self._tables.surface(first, second, metric, form=form, iteration=iteration, target=target)
                break
        return figures.interactions(pairs, surface)

    def ranges(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        confidence: float = 0.95,
    ) -> go.Figure:
        """Where the best lie, and what to try next (see ``SurveyTables.ranges`` and ``SurveyTables.best_tenth``)."""
        return figures.ranges(
            self._tables.ranges(metric, form=form, iteration=iteration, target=target, confidence=confidence),
            self._tables.best_tenth(metric, form=form, iteration=iteration, target=target, confidence=confidence),
        )
