"""A survey: the responses on every row of a design, and every table that is made of them.

:func:`survey` evaluates any function of a space; the surveys of ``hpsearch survey``, which train networks, become the
same :class:`Survey` when they are read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.sensitivity import effects, indices, ranges
from hpsearch.sensitivity.designs import DUMMY, SEED, Design
from hpsearch.sensitivity.indices import SHARE, Interval, ResponseError, Responses, Verdict
from hpsearch.sensitivity.responses import Form, Response, response
from hpsearch.space import Choice


@dataclass(frozen=True)
class Survey:
    """Responses on the rows of a design.

    The space *is* the question: indices speak of its ranges, in its scales, and of no others. With trainings, the
    budget is iterations (updates), whatever the batch size.

    Attributes:
        table: A row a design row (and checkpoint, and replicate), in the order of ``design.table()``: the columns of
            the design, then ``iteration`` where there are checkpoints, then the responses.
        design: That was evaluated.
        response: Analysed unless another is named.
        ceilings: Values at which responses are clipped.
        seeded: Whether all noise follows from the seed.
        budget: What trainings are given equal amounts of, or None for a function that does not train.
        checkpoints: Iterations at which every training was measured that lasted so long.
        limits: Lowest and highest value that a hyperparameter may take at all; no range is proposed beyond.
    """

    table: pd.DataFrame = field(repr=False)
    design: Design
    response: str
    ceilings: Mapping[str, float] = field(default_factory=dict)
    seeded: bool = True
    budget: str | None = None
    checkpoints: tuple[int, ...] = ()
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, name: str | None = None, **how: Any) -> Response:
        """A response on every row (see :func:`hpsearch.sensitivity.responses.response`)."""
        return response(self.table, name or self.response, main=self.response, ceilings=self.ceilings, **how)

    def sensitivity(
        self,
        name: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
        share: float = SHARE,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """First-order and total indices of every hyperparameter and of the seed, with intervals and verdicts.

        Args:
            name: Of the response.
            form: "log", "rank" or "linear"; by default the response's own.
            iteration: Checkpoint; by default where each training ended.
            target: Validation loss to reach, for iterations_to_target.
            share: Smallest share of the variance that is of interest.
            confidence: Of the intervals, each by itself; verdicts are corrected for their number (Holm).

        Returns:
            A row a factor, largest total index first, the seed (the noise floor) last. Columns: response, form,
            budget, iteration, hyperparameter, low, high, scale, first_order, first_low, first_high, total_order,
            total_low, total_high, verdict, base_needed, reason, rows, scrambles.

        Raises:
            ResponseError: if there is no such response, or one of its values is not finite and has no ceiling.
        """
        taken = self.take(name, form=form, iteration=iteration, target=target)
        responses = self._responses(taken)
        found = indices.contrasts(responses)
        judged = self._verdicts(found, responses, share, confidence)
        rows = []
        for k, factor in enumerate(self.design.factors):
            first, total = (
                indices.interval(part[:, k], found, responses, confidence=confidence)
                for part in (found.first, found.total)
            )
            rows.append(self._row(taken, factor, first, total, judged[factor]))
        frame = pd.DataFrame(rows)
        order = np.lexsort((-frame["total_order"].fillna(0), frame["hyperparameter"] == SEED))
        return _typed(frame.iloc[order].reset_index(drop=True))

    def sensitivity_over_iterations(
        self, name: str | None = None, *, checkpoints: Iterable[int] | None = None, **how: Any
    ) -> pd.DataFrame:
        """The indices at every checkpoint, at no further training: which setting matters when.

        At checkpoint t a training counts as it stood at t, or where it ended before.

        Returns:
            As :meth:`sensitivity`, a block of rows a checkpoint.

        Raises:
            ResponseError: if the survey has no checkpoints.
        """
        if not self.checkpoints:
            raise ResponseError("this survey has no checkpoints: its responses are final values only")
        chosen = self.checkpoints if checkpoints is None else checkpoints
        return pd.concat([self.sensitivity(name, iteration=t, **how) for t in chosen], ignore_index=True)

    def interactions(
        self, name: str | None = None, *, form: Form | None = None, confidence: float = 0.95, **how: Any
    ) -> pd.DataFrame:
        """What two settings do together, strongest first.

        Returns:
            A row a pair. Columns: response, form, budget, iteration, first, second, interaction (Υ: all that the two
            do together, with others or without), low, high, second_order, second_low, second_high (S_ij: the two
            alone; missing unless the design has the blocks BA), verdict ("present" where a one-sided t-test over
            scrambles finds Υ above 0, Holm-corrected over the pairs; else "not seen").
        """
        taken = self.take(name, form=form, **how)
        responses = self._responses(taken)
        return effects.interactions(taken, responses, self.budget, confidence=confidence)

    def effects(self, name: str | None = None, *, bins: int = 10, confidence: float = 0.95, **how: Any) -> pd.DataFrame:
        """Mean response against each setting (see :func:`hpsearch.sensitivity.effects.main_effects`)."""
        return effects.main_effects(self.table, self.design, self.take(name, **how), bins=bins, confidence=confidence)

    def surface(self, first: str, second: str, name: str | None = None, *, bins: int = 8, **how: Any) -> pd.DataFrame:
        """Mean response against two settings (see :func:`hpsearch.sensitivity.effects.surface`)."""
        return effects.surface(self.table, self.design, self.take(name, **how), (first, second), bins=bins)

    def ranges(self, name: str | None = None, **how: Any) -> pd.DataFrame:
        """Where the best lie, and which range to try next (see :func:`hpsearch.sensitivity.ranges.next_ranges`)."""
        taken = self.take(name, **how)
        judged = self.sensitivity(name, **how).set_index("hyperparameter")["verdict"]
        return ranges.next_ranges(self.table, self.design, taken, judged, limits=self.limits)

    def _responses(self, taken: Response) -> Responses:
        design = self.design
        values = taken.values.reshape(design.scrambles, len(design.blocks), design.base, -1)
        replicates = values.shape[3]
        noise = float(values.var(axis=3, ddof=1).mean()) / replicates if replicates > 1 else 0.0
        return Responses(
            values.mean(axis=3),
            design.factors,
            noise=noise,
            dummy=design.factors.index(DUMMY) if design.dummy else None,
            floor_known=self.seeded or replicates > 1 or design.dummy,
        )

    def _verdicts(
        self, found: indices.Contrasts, responses: Responses, share: float, confidence: float
    ) -> dict[str, Verdict]:
        settings = [k for k, factor in enumerate(responses.factors) if factor not in (SEED, DUMMY)]
        if responses.constant:
            return dict.fromkeys(responses.factors, Verdict("", reason="the response is constant"))
        judged = indices.verdicts(found, responses, settings, share=share, confidence=confidence)
        named = {responses.factors[k]: verdict for k, verdict in zip(settings, judged, strict=True)}
        return {**named, SEED: Verdict("noise floor"), DUMMY: self._control(found, responses, share, confidence)}

    def _control(self, found: indices.Contrasts, responses: Responses, share: float, confidence: float) -> Verdict:
        """The dummy is judged like a setting, but without itself as control."""
        if responses.dummy is None or not self.seeded:
            return Verdict("control")
        alone = Responses(responses.values, responses.factors, noise=responses.noise)
        return indices.verdicts(found, alone, [responses.dummy], share=share, confidence=confidence)[0]

    def _row(self, taken: Response, factor: str, first: Interval, total: Interval, verdict: Verdict) -> dict[str, Any]:
        low, high, scale = _range(self.design, factor)
        return {
            "response": taken.name,
            "form": taken.form,
            "budget": self.budget,
            "iteration": taken.iteration,
            "hyperparameter": factor,
            "low": low,
            "high": high,
            "scale": scale,
            "first_order": first.value,
            "first_low": first.low,
            "first_high": first.high,
            "total_order": total.value,
            "total_low": total.low,
            "total_high": total.high,
            "verdict": verdict.verdict,
            "base_needed": verdict.base,
            "reason": verdict.reason or total.reason,
            "rows": len(self.design),
            "scrambles": self.design.scrambles,
        }


def _range(design: Design, factor: str) -> tuple[float, float, str]:
    if factor == SEED:
        return 0.0, float(design.seeds - 1), "pool"
    if factor == DUMMY:
        return 0.0, 1.0, "linear"
    dimension = design.space[factor]
    if isinstance(dimension, Choice):
        numbers = [c for c in dimension.choices if isinstance(c, int | float)]
        whole = len(numbers) == len(dimension.choices)
        return (float(min(numbers)), float(max(numbers)), "choices") if whole else (np.nan, np.nan, "choices")
    return float(dimension.low), float(dimension.high), "log" if dimension.log else "linear"


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    words = ("response", "form", "budget", "hyperparameter", "scale", "verdict", "reason")
    return frame.astype({**dict.fromkeys(words, "str"), "iteration": "Int64", "base_needed": "Int64"})
