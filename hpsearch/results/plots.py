"""Plots: each table of a study as the figure that draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpsearch import figures
from hpsearch.sensitivity.plots import SurveyPlots

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from hpsearch.results.study import Results


class ResultsPlots(SurveyPlots):
    """Figures of a study's tables, those of its survey among them, with the tables' names and options.

    Each raises what its table does.
    """

    def __init__(self, results: Results) -> None:
        super().__init__(results)
        self._results = results

    def history(self) -> go.Figure:
        """When the search found its best (see :func:`hpsearch.figures.history`)."""
        return figures.history(self._results.history())

    def curves(self, count: int = 10) -> go.Figure:
        """How training went, the ``count`` best trials before all (see :func:`hpsearch.figures.curves`)."""
        return figures.curves(self._results.curve_bands(), self._results.best_curves(count))

    def trials(self) -> go.Figure:
        """Where the good trials lie (see :func:`hpsearch.figures.trials`)."""
        return figures.trials(self._results.trials, self._results.space(), self._results.history())
