"""Verdicts: which settings a response is sensitive to, and the table of indices that says so."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from hpsearch.sensitivity.concentration import ConcentrationWarning, doubts, hidden, warning
from hpsearch.sensitivity.designs import DUMMY, LARGEST_BASE, SEED, Design
from hpsearch.sensitivity.indices import Contrasts, Index, Numbers, Responses, contrasts, index, missing
from hpsearch.sensitivity.responses import Response

SHARE = 0.01
"""Smallest share of the variance that is of interest, by default."""

SENSITIVE, INERT, UNDECIDED = "sensitive", "inert", "undecided"
REROLLS = "re-rolls luck"
"""What changes the luck of a seed, and not the mean over seeds."""
LUCK, CONTROL = "luck", "control"
"""Of the seed and of the dummy, which are no settings."""
NO_FLOOR = "the noise is not governed by the seed: its floor is unknown without replicates or a dummy"
_NOISE_OF_DUMMY = "its total is the noise that the seed does not govern, taken off all the others"
MEAN_NOT_SHOWN = "its total is above the share, but no effect on the mean over seeds is shown: it may only re-roll luck"


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
    """First-order, total and mean indices with intervals and verdicts (see ``SurveyTables.sensitivity``).

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
        at = "" if response.iteration is None else f" at iteration {response.iteration:,}"
        warnings.warn(f"{response.name}{at}: {concentrated}", ConcentrationWarning, stacklevel=4)
    sums = contrasts(responses)
    judged = _judged(sums, responses, seeded=seeded, share=share, confidence=confidence)
    explained = {"response": response.name, "form": response.form, "budget": budget, "iteration": response.iteration}
    size = {"rows": len(design), "scrambles": design.scrambles}
    clipped = {"at_ceiling": response.at_ceiling, "at_floor": response.at_floor}
    rows = []
    for k, factor in enumerate(design.factors):
        side = dict(zip(("low", "high", "scale"), design.side(factor), strict=True))
        indices = _index_columns(_indices(k, sums, responses, confidence=confidence), verdict=judged[factor])
        rows.append({**explained, "hyperparameter": factor, **side, **indices, **size, **clipped, "share": share})
    frame = pd.DataFrame(rows)
    order = np.lexsort((-frame["total_order"].fillna(0), frame["hyperparameter"] == SEED))
    words = ("response", "form", "budget", "hyperparameter", "scale", "verdict", "reason")
    types = {**dict.fromkeys(words, "str"), "iteration": "Int64", "base_needed": "Int64"}
    return frame.iloc[order].reset_index(drop=True).astype(types)


def _indices(k: int, sums: Contrasts, responses: Responses, *, confidence: float) -> dict[str, Index]:
    """The indices of factor k, by the names of their columns; a dummy that shows the noise keeps it."""
    if responses.noise_of_dummy and k == responses.dummy:
        responses = replace(responses, noise=0.0)
        sums = contrasts(responses)
    parts = {"first": sums.first[:, k], "total": sums.total[:, k]}
    indices = {name: index(part, sums, responses=responses, confidence=confidence) for name, part in parts.items()}
    mean = missing("the seed is luck itself, or no factor")
    if sums.mean is not None and responses.factors[k] != SEED:
        mean = index(sums.mean[:, k], sums, responses=responses, confidence=confidence)
    return {**indices, "mean": mean}


def _index_columns(indices: Mapping[str, Index], *, verdict: Verdict) -> dict[str, Any]:
    reason = indices["total"].reason
    if reason and verdict.verdict in (SENSITIVE, INERT, REROLLS):  # a test may reject where no interval stands
        verdict = Verdict(UNDECIDED, reason=reason)
    elif reason and verdict.verdict == UNDECIDED:  # no base is named where the interval has no ends
        verdict = Verdict(UNDECIDED, reason=verdict.reason or reason)
    columns: dict[str, Any] = {}
    for name, own in indices.items():
        columns |= {f"{name}_order": own.value, f"{name}_low": own.low, f"{name}_high": own.high}
    return {**columns, "verdict": verdict.verdict, "base_needed": verdict.base, "reason": verdict.reason or reason}


def _judged(
    sums: Contrasts, responses: Responses, *, seeded: bool, share: float, confidence: float
) -> dict[str, Verdict]:
    """The verdict of each factor; the seed and the dummy are no settings, and stand outside Holm's family."""
    if responses.constant:
        return dict.fromkeys(responses.factors, Verdict("", reason="the response is constant"))
    settings = [k for k, factor in enumerate(responses.factors) if factor not in (SEED, DUMMY)]
    words = verdicts(sums, responses, which=settings, share=share, confidence=confidence)
    control = Verdict(CONTROL, reason=_NOISE_OF_DUMMY if responses.noise_of_dummy else "")
    if responses.dummy is not None and seeded:  # judged like a setting, but without itself as control
        alone = Responses(responses.values, responses.factors, noise=responses.noise)
        (control,) = verdicts(sums, alone, which=[responses.dummy], share=share, confidence=confidence)
    named = {responses.factors[k]: verdict for k, verdict in zip(settings, words, strict=True)}
    return {**_cautious(named, responses, share=share), SEED: Verdict(LUCK), DUMMY: control}


def _cautious(judged: dict[str, Verdict], responses: Responses, *, share: float) -> dict[str, Verdict]:
    """The verdicts, undecided for inert where few rows would say so; an inert one says what the design may miss."""
    doubtful = doubts(responses, share=share)
    for factor, verdict in judged.items():
        if verdict.verdict in (INERT, REROLLS) and factor in doubtful:
            judged[factor] = Verdict(UNDECIDED, doubtful[factor].base, doubtful[factor].reason)
        elif verdict.verdict == INERT:
            judged[factor] = Verdict(INERT, reason=hidden(responses))
    return judged


@dataclass(frozen=True)
class Verdict:
    """What the indices of a setting say.

    Attributes:
        verdict: "sensitive", "inert", "re-rolls luck" or "undecided".
        base: Rows of a block that would decide an undecided one if the estimates stayed as they are; None if more than
            2**20.
        reason: Why it is undecided, where that is not the width of the interval; of an inert one, what may be unseen.
    """

    verdict: str
    base: int | None = None
    reason: str = ""


def verdicts(
    sums: Contrasts, responses: Responses, *, which: Sequence[int], share: float = SHARE, confidence: float = 0.95
) -> list[Verdict]:
    """Judge some factors against ``share`` of the variance and the dummy.

    Four one-sided t-tests over scrambles, each at half of 1 − confidence, ask on which side of the share a factor's
    total index (less the dummy's) lies, and on which side its effect on the mean over seeds.

    *Sensitive*: both lie above. The p-value of "both" is the larger of the two (an intersection-union test, Berger
    1982), with Holm's (1979) correction over the factors judged. *Inert*: the total lies below. *Re-rolls luck*: the
    total lies above (with Holm's correction), the mean below. Else *undecided*. Where the seed is no factor, the total
    decides alone.

    Args:
        sums: Of the responses.
        responses: On the rows of the design; its dummy, if there is one, is the control.
        which: Places of the factors to judge.
        share: Smallest share of the variance that is of interest.
        confidence: Of a two-sided interval; each test takes half of what it leaves.
    """
    if not responses.floor_known:
        return [Verdict(UNDECIDED, reason=NO_FLOOR) for _ in which]
    places = list(which)
    floor = share * sums.variance[:, None]
    control = 0.0 if responses.dummy is None else sums.total[:, [responses.dummy]]
    total = sums.total[:, places] - control - floor
    mean = total if sums.mean is None else sums.mean[:, places] - floor
    level = (1 - confidence) / 2
    seen = holm(one_sided(total)) <= level
    shown = _of_mean(mean, total, sums, responses, share=share, level=level)
    both = holm(np.maximum(one_sided(total), one_sided(shown))) <= level
    below, mean_below = one_sided(-total) <= level, one_sided(-mean) <= level
    base = responses.values.shape[2]

    def judge(k: int) -> Verdict:
        if both[k]:
            return Verdict(SENSITIVE)
        if below[k]:
            return Verdict(INERT)
        if seen[k] and mean_below[k]:
            return Verdict(REROLLS)
        if seen[k] and shown is mean:
            return Verdict(UNDECIDED, _deciding(mean[:, k], base, level=level), MEAN_NOT_SHOWN)
        return Verdict(UNDECIDED, _deciding(total[:, k], base, level=level))

    return [judge(k) for k in range(len(places))]


def _of_mean(
    mean: Numbers, total: Numbers, sums: Contrasts, responses: Responses, *, share: float, level: float
) -> Numbers:
    """What is tested to show an effect on the mean over seeds, ``(scrambles, factors)``.

    A setting re-rolls no more than the seed's total index. Where that is below the share, the total less the seed's is
    a sharper lower bound of the effect on the mean than its own estimate.
    """
    if sums.mean is None:
        return mean
    luck = sums.total[:, [responses.factors.index(SEED)]]
    little = one_sided(share * sums.variance[:, None] - luck)[0] <= level
    return total - luck if little else mean


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


def one_sided(samples: Numbers) -> Numbers:
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
    if least > LARGEST_BASE:
        return None
    return int(max(2 * base, 2 ** np.ceil(np.log2(max(least, 1.0)))))
