"""Plots: each table of a study as the figure that draws it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Unpack

import pandas as pd

from hpsearch import figures
from hpsearch.config.arguments import checked
from hpsearch.experiments.tolerances import tolerance
from hpsearch.results.searches import candidates, objectives_of
from hpsearch.results.study import Results, ResultsError
from hpsearch.sensitivity.designs import DesignError
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.sensitivity.plots import SurveyPlots, drawing

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from hpsearch.results.comparison import Comparison
    from hpsearch.results.profiles import OnProgress
    from hpsearch.results.surrogates import ImportanceOptions


class ResultsPlots(SurveyPlots):
    """Figures of a study's tables, those of its survey among them, with the tables' names and options.

    Each raises what its table does.
    """

    _tables: Results

    history = drawing(Results.history, "When the search found its best")
    units = drawing(Results.units, "Whether the hidden units differ")
    plane = drawing(
        Results.plane,
        "Which pairs of two settings are as good",
        lambda results, plane, *_, **options: figures.plane(plane, results.space()),
    )
    attribution = drawing(
        Results.attribution,
        "What each changed setting gained",
        lambda results, found, **options: figures.attribution(found.table, of=found.of, against=found.against),
    )

    def curves(self, count: int = 10) -> go.Figure:
        """How training went, the ``count`` best trials before all (see :func:`hpsearch.figures.curves`)."""
        return figures.curves(self._tables.curve_bands(), self._tables.best_curves(count))

    def trials(self) -> go.Figure:
        """Where the good trials lie (see :func:`hpsearch.figures.trials`)."""
        return figures.trials(self._tables.trials, self._tables.space(), self._tables.history())

    def pareto(self) -> go.Figure:
        """Which trials of several objectives no other beats (see :func:`hpsearch.figures.pareto`)."""
        trials, study = self._tables.trials, self._tables.study
        counted = trials["number"].isin([trial.number for trial in candidates(study)])
        return figures.pareto(self._tables.pareto, trials[counted], objectives_of(study))

    def importance(self, **options: Unpack[ImportanceOptions]) -> go.Figure:
        """Whether importance charts show what was measured, beside the survey's total indices where there is a survey.

        See ``Results.importance`` and :func:`hpsearch.figures.importance`.
        """
        frame, measured = self._tables.importance(**options), None
        with contextlib.suppress(ResultsError, ResponseError):
            measured = self._tables.sensitivity(confidence=options.get("confidence", 0.95))
        return figures.importance(frame, measured)

    @checked(DesignError)
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
        profiled = self._tables.profile(
            hyperparameter, values=values, seeds=seeds, workers=workers, on_progress=on_progress
        )
        stretches = pd.DataFrame([tolerance(profiled, points=points)])
        return figures.profile(profiled, self._tables.space(), stretches, self._tables.trials)


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
