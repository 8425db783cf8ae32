"""Verdicts: which settings a response is sensitive to, and the table of indices that says so."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from hpsearch.sensitivity.concentration import ConcentrationWarning, doubts, hidden, warning
from hpsearch.sensitivity.designs import DUMMY, SEED, Design
from hpsearch.sensitivity.indices import Contrasts, Interval, Numbers, Responses, contrasts, interval
from hpsearch.sensitivity.responses import Response

SHARE = 0.01
"""Smallest share of the variance that is of interest, by default."""

SENSITIVE, INERT, UNDECIDED = "sensitive", "inert", "undecided"
_LARGEST_BASE = 2**20


def index_table(
    response: Response,
    responses: Responses,
    *,
    design: Design,
    seeded: bool,
    budget: str | None,
    share: float,
    confidence: float,
) -> pd.DataFrame:
    """First-order and total indices with intervals and verdicts (see ``SurveyTables.sensitivity``).

    Args:
        response: For the names in the table.
        responses: The same on the rows of the design.
        design: Of the survey.
        seeded: Whether all noise follows from the seed.
        budget: Of the survey.
        share: Smallest share of the variance that is of interest.
        confidence: Of the intervals.
    """
    if concentrated := warning(responses):
        warnings.warn(f"{response.name}: {concentrated}", ConcentrationWarning, stacklevel=3)
    sums = contrasts(responses)
    judged = _judged(sums, responses, seeded=seeded, share=share, confidence=confidence)
    rows = []
    for k, factor in enumerate(design.factors):
        first, total = (
            interval(part[:, k], sums, responses=responses, confidence=confidence) for part in (sums.first, sums.total)
        )
        rows.append(
            {
                "response": response.name,
                "form": response.form,
                "budget": budget,
                "iteration": response.iteration,
                "hyperparameter": factor,
                **dict(zip(("low", "high", "scale"), design.side(factor), strict=True)),
                **_index_columns(first, total, verdict=judged[factor]),
                "rows": len(design),
                "scrambles": design.scrambles,
            }
        )
    frame = pd.DataFrame(rows)
    order = np.lexsort((-frame["total_order"].fillna(0), frame["hyperparameter"] == SEED))
    words = ("response", "form", "budget", "hyperparameter", "scale", "verdict", "reason")
    types = {**dict.fromkeys(words, "str"), "iteration": "Int64", "base_needed": "Int64"}
    return frame.iloc[order].reset_index(drop=True).astype(types)


def _index_columns(first: Interval, total: Interval, *, verdict: Verdict) -> dict[str, Any]:
    if np.isnan(total.value) and verdict.verdict in (SENSITIVE, INERT, UNDECIDED):
        verdict = Verdict(UNDECIDED, reason=total.reason)  # a test may reject where no index stands
    columns: dict[str, Any] = {}
    for name, index in (("first", first), ("total", total)):
        columns |= {f"{name}_order": index.value, f"{name}_low": index.low, f"{name}_high": index.high}
    reason = verdict.reason or total.reason
    return {**columns, "verdict": verdict.verdict, "base_needed": verdict.base, "reason": reason}


def _judged(
    sums: Contrasts, responses: Responses, *, seeded: bool, share: float, confidence: float
) -> dict[str, Verdict]:
    """The verdict of each factor; the seed and the dummy are no settings, and stand outside Holm's family."""
    if responses.constant:
        return dict.fromkeys(responses.factors, Verdict("", reason="the response is constant"))
    settings = [k for k, factor in enumerate(responses.factors) if factor not in (SEED, DUMMY)]
    words = verdicts(sums, responses, which=settings, share=share, confidence=confidence)
    control = Verdict("control")
    if responses.dummy is not None and seeded:  # judged like a setting, but without itself as control
        alone = Responses(responses.values, responses.factors, noise=responses.noise)
        (control,) = verdicts(sums, alone, which=[responses.dummy], share=share, confidence=confidence)
    named = {responses.factors[k]: verdict for k, verdict in zip(settings, words, strict=True)}
    return {**_cautious(named, responses, share=share), SEED: Verdict("noise floor"), DUMMY: control}


def _cautious(judged: dict[str, Verdict], responses: Responses, *, share: float) -> dict[str, Verdict]:
    """The verdicts, undecided for inert where few rows would say so; an inert one says what the design may miss."""
    doubtful = doubts(responses, share=share)
    for factor, verdict in judged.items():
        if verdict.verdict == INERT and factor in doubtful:
            judged[factor] = Verdict(UNDECIDED, doubtful[factor].base, doubtful[factor].reason)
        elif verdict.verdict == INERT:
            judged[factor] = Verdict(INERT, reason=hidden(responses))
    return judged


@dataclass(frozen=True)
class Verdict:
    """What a total index says: sensitive, inert or undecided.

    Attributes:
        verdict: The word.
        base: Rows of a block that would decide, for an undecided one; None if more than 2**20.
        reason: Why it is undecided, where that is not the width of the interval; of an inert one, what may be unseen.
    """

    verdict: str
    base: int | None = None
    reason: str = ""


def verdicts(
    sums: Contrasts, responses: Responses, *, which: Sequence[int], share: float = SHARE, confidence: float = 0.95
) -> list[Verdict]:
    """Judge the total indices of some factors against ``share`` of the variance and the dummy.

    *Sensitive*: a one-sided t-test over scrambles of total − dummy − share·V > 0 rejects at half of 1 − confidence
    (so the lower end of the interval clears the floor), with Holm's (1979) correction over the factors judged.
    *Inert*: the opposite test rejects. Else *undecided*.

    Args:
        sums: Of the responses.
        responses: On the rows of the design; its dummy, if there is one, is the control.
        which: Places of the factors to judge.
        share: Smallest share of the variance that is of interest.
        confidence: Of a two-sided interval; each test takes half of what it leaves.
    """
    if not responses.floor_known:
        reason = "the noise is not governed by the seed: its floor is unknown without replicates or a dummy"
        return [Verdict(UNDECIDED, reason=reason) for _ in which]
    control = 0.0 if responses.dummy is None else sums.total[:, responses.dummy]
    excess = np.stack([sums.total[:, k] - control - share * sums.variance for k in which], axis=1)
    level = (1 - confidence) / 2
    above = holm(_one_sided(excess)) <= level
    below = _one_sided(-excess) <= level
    base = responses.values.shape[2]
    return [
        Verdict(SENSITIVE) if up else Verdict(INERT) if down else Verdict(UNDECIDED, _deciding(e, base, level=level))
        for up, down, e in zip(above, below, excess.T, strict=True)
    ]


def holm(p: Numbers) -> Numbers:
    """Holm's step-down adjusted p-values (Holm 1979, Scand. J. Stat. 6).

    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _one_sided(samples: Numbers) -> Numbers:
    """p-values of a mean above 0, ``(columns,)``."""
    count = len(samples)
    mean, error = samples.mean(axis=0), samples.std(axis=0, ddof=1) / np.sqrt(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, mean / error, np.sign(mean) * np.inf)
    return np.asarray(stats.t.sf(np.where(mean == 0, 0.0, t), count - 1))


def _deciding(excess: Numbers, base: int, *, level: float) -> int | None:
    """Base at which the interval would clear the share if the mean stayed; its width falls with the root of base."""
    half = stats.t.isf(level, len(excess) - 1) * excess.std(ddof=1) / np.sqrt(len(excess))
    least = base * (half / abs(excess.mean())) ** 2 if excess.mean() else np.inf
    if least > _LARGEST_BASE:
        return None
    return int(max(2 * base, 2 ** np.ceil(np.log2(max(least, 1.0)))))
