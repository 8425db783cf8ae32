"""Plots: each table of a study as the figure that draws it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

import pandas as pd

from hpsearch import figures
from hpsearch.engine.settings import Hyperparameters
from hpsearch.experiments.tolerances import tolerance
from hpsearch.results.study import Results, ResultsError
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.sensitivity.plots import SurveyPlots

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from hpsearch.results.comparison import Comparison
    from hpsearch.results.profiles import OnProgress
    from hpsearch.results.surrogates import ImportanceOptions


class ResultsPlots(SurveyPlots):
    """Figures of a study's tables, those of its survey among them, with the tables' names and options.

    Each raises what its table does.
    """

    def __init__(self, results: Results) -> None:
        super().__init__(results)
        self._results = results

    def __repr__(self) -> str:
        return f"figures of {self._results!r}"

    def history(self) -> go.Figure:
        """When the search found its best (see :func:`hpsearch.figures.history`)."""
        return figures.history(self._results.history())

    def curves(self, count: int = 10) -> go.Figure:
        """How training went, the ``count`` best trials before all (see :func:`hpsearch.figures.curves`)."""
        return figures.curves(self._results.curve_bands(), self._results.best_curves(count))

    def trials(self) -> go.Figure:
        """Where the good trials lie (see :func:`hpsearch.figures.trials`)."""
        return figures.trials(self._results.trials, self._results.space(), self._results.history())

    def units(self, number: int | None = None, *, seed: int | None = None) -> go.Figure:
        """Whether the hidden units differ (see ``Results.units``, :func:`hpsearch.figures.units`)."""
        return figures.units(self._results.units(number, seed=seed))

    def importance(self, **options: Unpack[ImportanceOptions]) -> go.Figure:
        """Whether importance charts show what was measured, beside the survey's total indices where there is a survey.

        See ``Results.importance`` and :func:`hpsearch.figures.importance`.
        """
        frame, measured = self._results.importance(**options), None
        with contextlib.suppress(ResultsError, ResponseError):
            measured = self._results.sensitivity(confidence=options.get("confidence", 0.95))
        return figures.importance(frame, measured)

    def profile(
        self,
        hyperparameter: str,
        *,
        values: int = 32,
        seeds: int = 32,
        points: float = 0.01,
        workers: int = 1,
        on_progress: OnProgress = None,
    ) -> go.Figure:
        """How wrong one setting may be (see ``Results.profile``, ``tolerance``, :func:`hpsearch.figures.profile`)."""
        profiled = self._results.profile(
            hyperparameter, values=values, seeds=seeds, workers=workers, on_progress=on_progress
        )
        stretches = pd.DataFrame([tolerance(profiled, points=points)])
        return figures.profile(profiled, self._results.space(), stretches, self._results.trials)

    def plane(
        self,
        first: str,
        second: str,
        *,
        values: int = 16,
        seeds: int = 3,
        workers: int = 1,
        on_progress: OnProgress = None,
    ) -> go.Figure:
        """Which pairs of two settings are as good (see ``Results.plane``, :func:`hpsearch.figures.plane`)."""
        plane = self._results.plane(first, second, values=values, seeds=seeds, workers=workers, on_progress=on_progress)
        return figures.plane(plane, self._results.space())

    def attribution(
        self,
        *,
        of: int | None = None,
        against: int | Mapping[str, Any] | Hyperparameters | None = None,
        seeds: int = 10,
        workers: int = 1,
        on_progress: OnProgress = None,
    ) -> go.Figure:
        """What each changed setting gained (see ``Results.attribution``, :func:`hpsearch.figures.attribution`)."""
        explained = self._results.attribution(
            of=of, against=against, seeds=seeds, workers=workers, on_progress=on_progress
        )
        return figures.attribution(explained.table, of=explained.of, against=explained.against)


class ComparisonPlots:
    """Figures of a comparison's tables, with the tables' names."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison

    def __repr__(self) -> str:
        return f"figures of {self._comparison!r}"

    def indices(self) -> go.Figure:
        """What each study is sensitive to (see :func:`hpsearch.figures.compared_indices`)."""
        return figures.compared_indices(self._comparison.indices)

    def transfer(self) -> go.Figure:
        """What the best of one study loses on another (see :func:`hpsearch.figures.transfer`)."""
        return figures.transfer(self._comparison.transfer)
