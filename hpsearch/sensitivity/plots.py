"""Plots: each table of a survey as the figure that draws it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hpsearch import figures
from hpsearch.sensitivity.designs import DUMMY, SEED
from hpsearch.sensitivity.responses import Form
from hpsearch.sensitivity.verdicts import SHARE

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from hpsearch.sensitivity.tables import SurveyTables


class SurveyPlots:
    """Figures of a survey's tables; the methods have the names and the options of the tables that they draw.

    Each raises a ResponseError where its table does.
    """

    def __init__(self, tables: SurveyTables) -> None:
        self._tables = tables

    def __repr__(self) -> str:
        return f"figures of {self._tables!r}"

    def sensitivity(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        share: float = SHARE,
        confidence: float = 0.95,
    ) -> go.Figure:
        """What training is sensitive to (see ``SurveyTables.sensitivity``, :func:`hpsearch.figures.sensitivity`)."""
        return figures.sensitivity(
            self._tables.sensitivity(
                metric, form=form, iteration=iteration, target=target, share=share, confidence=confidence
            )
        )

    def sensitivity_over_iterations(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        target: float | None = None,
        checkpoints: Iterable[int] | None = None,
        share: float = SHARE,
        confidence: float = 0.95,
    ) -> go.Figure:
        """Which setting matters when (see ``SurveyTables.sensitivity_over_iterations``)."""
        return figures.sensitivity_over_iterations(
            self._tables.sensitivity_over_iterations(
                metric, form=form, target=target, checkpoints=checkpoints, share=share, confidence=confidence
            )
        )

    def effects(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        bins: int = 10,
        confidence: float = 0.95,
    ) -> go.Figure:
        """How the response goes with each setting (see ``SurveyTables.effects``)."""
        return figures.effects(
            self._tables.effects(
                metric, form=form, iteration=iteration, target=target, bins=bins, confidence=confidence
            )
        )

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

    def surface(
        self,
        first: str,
        second: str,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        bins: int = 8,
    ) -> go.Figure:
        """How the response goes with two settings (see ``SurveyTables.surface``)."""
        return figures.surface(
            self._tables.surface(first, second, metric, form=form, iteration=iteration, target=target, bins=bins)
        )

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
