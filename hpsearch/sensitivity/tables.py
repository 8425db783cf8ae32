"""The tables that are made of a survey."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from hpsearch.config.arguments import checked
from hpsearch.sensitivity import effects, ranges
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.sensitivity.responses import Form
from hpsearch.sensitivity.verdicts import SHARE, index_table

if TYPE_CHECKING:
    from hpsearch.sensitivity.analysis import Survey
    from hpsearch.sensitivity.plots import SurveyPlots


class SurveyTables:
    """The tables that are made of a survey: inherit them, and say in ``_survey`` which survey it is.

    Each takes the same options of the response (see :func:`hpsearch.sensitivity.responses.response_of`): the
    ``metric`` (by default the survey's own response), its ``form``, the ``iteration`` at which each training is read
    (by default where it ended) and the ``target`` of iterations_to_target. Each raises a ResponseError if there is no
    such response, or one of its values is not finite and has no ceiling.
    """

    def _survey(self) -> Survey:
        raise NotImplementedError

    @property
    def plot(self) -> SurveyPlots:
        """The tables as figures: ``survey.plot.sensitivity()`` draws ``survey.sensitivity()``."""
        from hpsearch.sensitivity.plots import SurveyPlots  # imports plotly, which the tables do not need

        return SurveyPlots(self)

    @checked(ResponseError)
    def sensitivity(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        share: float = SHARE,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """First-order, total and mean indices of every hyperparameter and of the seed, with intervals and verdicts.

        The total index counts all that a setting changes, luck too; the mean index is its total effect on the mean over
        seeds, as a share of the same variance. Total less mean is what it re-rolls. Noise that the seed does not govern
        is taken off where replicates or a dummy show it; that dummy's own row is the noise's share of the whole.

        Args:
            metric: Response to explain.
            form: "log", "rank" or "linear"; by default the response's own.
            iteration: Checkpoint; by default where each training ended.
            target: Validation loss to reach, for iterations_to_target.
            share: Smallest share of the variance that is of interest.
            confidence: Of the intervals, each by itself; verdicts are corrected for their number (Holm).

        Returns:
            A row a factor, largest total index first, the seed (luck) last. Columns: response, form, budget,
            iteration, hyperparameter, low, high, scale, first_order, first_low, first_high, total_order, total_low,
            total_high, mean_order, mean_low, mean_high (missing for the seed), verdict ("sensitive", "inert", "re-rolls
            luck", "undecided"; "luck" of the seed, "control" of a dummy that shows the noise; see
            :func:`hpsearch.sensitivity.verdicts.verdicts`), base_needed, reason, rows, scrambles, at_ceiling,
            at_floor (number of values of the response that count as its ceiling, or, in the log form, its floor),
            share.
            Intervals may reach beyond [0, 1] (see :class:`hpsearch.sensitivity.indices.Index`).

        Warns:
            ConcentrationWarning: if half of the variance comes from fewer than ten rows (and at most 2 % of them): no
                setting is called inert then, and the intervals are not to be trusted.
        """
        survey = self._survey()
        response = survey.take(metric, form=form, iteration=iteration, target=target)
        return index_table(
            response,
            survey.on_blocks(response),
            design=survey.design,
            seeded=survey.governed(response),
            budget=survey.budget,
            share=share,
            confidence=survey.confidence(confidence),
        )

    @checked(ResponseError)
    def sensitivity_over_iterations(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        target: float | None = None,
        checkpoints: Iterable[int] | None = None,
        share: float = SHARE,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """The indices at every checkpoint, at no further training: which setting matters when.

        At checkpoint t a training counts as it stood at t, or where it ended before.

        Args:
            metric: Response to explain.
            form: "log", "rank" or "linear"; by default the response's own.
            target: Validation loss to reach, for iterations_to_target.
            checkpoints: Iterations; by default all at which trainings were measured.
            share: Smallest share of the variance that is of interest.
            confidence: Of the intervals.

        Returns:
            As :meth:`sensitivity`, a block of rows a checkpoint.

        Raises:
            ResponseError: if the survey has no checkpoints.
        """
        if not self._survey().checkpoints:
            raise ResponseError("this survey has no checkpoints: its responses are final values only")
        tables = [
            self.sensitivity(metric, form=form, iteration=t, target=target, share=share, confidence=confidence)
            for t in (self._survey().checkpoints if checkpoints is None else checkpoints)
        ]
        if not tables:
            raise ResponseError("checkpoints names none: leave it out for all, or give iterations")
        return pd.concat(tables, ignore_index=True)

    @checked(ResponseError)
    def interactions(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """What two settings do together, strongest first.

        Returns:
            A row a pair. Columns: response, form, budget, iteration, first, second, interaction (Υ: all that the two
            do together, with others or without), low, high, second_order, second_low, second_high (S_ij: the two
            alone; missing unless the design has the blocks BA), verdict, reason. The verdict is "present" where a
            one-sided t-test over scrambles finds Υ above 0 at half of 1 − confidence, Holm-corrected over all pairs;
            "undecided", with the reason, where Υ is missing or its interval unbounded; else "not seen". Noise that the
            seed does not govern looks like an interaction of every pair: what replicates or a dummy show of it is taken
            off, and without either Υ is missing.
        """
        survey = self._survey()
        response = survey.take(metric, form=form, iteration=iteration, target=target)
        return effects.interactions(
            response,
            survey.on_blocks(response),
            budget=survey.budget,
            confidence=survey.confidence(confidence),
        )

    @checked(ResponseError)
    def effects(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        bins: int = 10,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """Mean response against each setting (see :func:`hpsearch.sensitivity.effects.main_effects`)."""
        survey = self._survey()
        response = survey.take(metric, form=form, iteration=iteration, target=target)
        level = survey.confidence(confidence)
        return effects.main_effects(response, survey.design, table=survey.table, bins=bins, confidence=level)

    @checked(ResponseError)
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
    ) -> pd.DataFrame:
        """Mean response against two settings (see :func:`hpsearch.sensitivity.effects.surface`)."""
        survey = self._survey()
        response = survey.take(metric, form=form, iteration=iteration, target=target)
        return effects.surface(response, survey.design, table=survey.table, names=(first, second), bins=bins)

    @checked(ResponseError)
    def ranges(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """Where the best lie, and which range to try next (see :func:`hpsearch.sensitivity.ranges.next_ranges`).

        What is inert or re-rolls luck keeps its range, by verdicts at this confidence.
        """
        survey = self._survey()
        table = self.sensitivity(metric, form=form, iteration=iteration, target=target, confidence=confidence)
        return ranges.next_ranges(
            survey.take(metric, form=form, iteration=iteration, target=target),
            survey.design,
            table=survey.table,
            verdicts=table.set_index("hyperparameter")["verdict"],
            limits=survey.limits,
            budget=survey.budget,
        )

    @checked(ResponseError)
    def best_tenth(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """Which part of the best tenth lies where (see :func:`hpsearch.sensitivity.ranges.best_tenth`)."""
        survey = self._survey()
        response = survey.take(metric, form=form, iteration=iteration, target=target)
        level = survey.confidence(confidence)
        return ranges.best_tenth(response, survey.design, table=survey.table, confidence=level)
