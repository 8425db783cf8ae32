"""Variance-based (Sobol) indices with intervals over independent scrambles, a noise floor, and a verdict.

With f_A, f_B and f_ABi the responses on the blocks of a design (see :class:`hpsearch.sensitivity.designs.Design`):

* first order  S_i  = mean f_B (f_ABi − f_A) / V          (Saltelli et al. 2010, table 2 b)
* total order  S_Ti = ½ mean (f_A − f_ABi)² / V           (Jansen 1999; table 2 f)
* interaction  Υ_ij = S_Ti + S_Tj − ½ mean (f_ABi − f_ABj)² / V: all that i and j do together, whoever joins them
  (the superset importance of Liu and Owen 2006: f_ABi and f_ABj differ in i and j alone)
* second order S_ij = mean (f_BAi f_ABj − f_A f_B) / V − S_i − S_j  (Saltelli 2002), given the blocks BA_i

V is the variance of the response over settings *and* seeds; f is centred first. An index is the ratio of the mean
numerator to the mean V over scrambles, and its interval is Fieller's (1954): all θ for which a t-test over the
scrambles does not reject mean(numerator − θ·V) = 0. The rows of one scrambled design are no independent sample; the
scrambles are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Numbers: TypeAlias = NDArray[np.float64]

SHARE = 0.01
"""Smallest share of the variance that is of interest, by default."""

SENSITIVE, INERT, UNDECIDED = "sensitive", "inert", "undecided"
_LARGEST_BASE = 2**20


class ResponseError(ValueError):
    """A response cannot be analysed."""


@dataclass(frozen=True)
class Responses:
    """A response on every row of a design.

    Attributes:
        values: ``(scrambles, blocks, rows)``; the mean over replicates.
        factors: Names, in the order of the blocks AB_i.
        noise: Variance of a value (of a mean over replicates) that its row does not determine.
        dummy: Place of the dummy among the factors, or None.
        floor_known: Whether noise that the seed does not govern is absent, measured, or controlled by a dummy.

    Raises:
        ResponseError: if a value is not finite or the blocks do not fit the factors.
    """

    values: Numbers
    factors: tuple[str, ...]
    noise: float = 0.0
    dummy: int | None = None
    floor_known: bool = True

    def __post_init__(self) -> None:
        bad = int(np.count_nonzero(~np.isfinite(self.values)))
        if bad:  # one of them turns every index of SciPy and SALib to zero without an error
            raise ResponseError(
                f"{bad} of {self.values.size} responses are not finite: give a ceiling for failed evaluations "
                "(ceilings={name: value}), or mend the evaluation"
            )
        if self.values.shape[1] not in (2 + len(self.factors), 2 + 2 * len(self.factors)):
            raise ResponseError(f"{self.values.shape[1]} blocks do not fit {len(self.factors)} factors")

    @property
    def constant(self) -> bool:
        """Whether no two responses differ by more than rounding."""
        return float(np.ptp(self.values)) <= 1e-12 * float(np.abs(self.values).max())


@dataclass(frozen=True)
class Contrasts:
    """Numerators of indices and the variance under them, a row a scramble.

    Attributes:
        variance: ``(scrambles,)``.
        first: ``(scrambles, factors)``.
        total: ``(scrambles, factors)``.
        pairs: ``(scrambles, pairs)`` of Υ_ij, pairs in the order of ``itertools.combinations``.
        second: ``(scrambles, pairs)`` of S_ij, or None.
    """

    variance: Numbers
    first: Numbers
    total: Numbers
    pairs: Numbers
    second: Numbers | None


def contrasts(responses: Responses) -> Contrasts:
    """The sums that every index is made of."""
    d = len(responses.factors)
    f = responses.values - responses.values.mean(axis=(1, 2), keepdims=True)
    a, b, ab, ba = f[:, 0], f[:, 1], f[:, 2 : 2 + d], f[:, 2 + d :]
    first = np.mean(b[:, None] * (ab - a[:, None]), axis=2)
    total = 0.5 * np.mean((a[:, None] - ab) ** 2, axis=2) - responses.noise
    couples = list(combinations(range(d), 2))
    i, j = [c[0] for c in couples], [c[1] for c in couples]
    group = 0.5 * np.mean((ab[:, i] - ab[:, j]) ** 2, axis=2) - responses.noise
    second = None
    if ba.shape[1]:
        closed = np.mean(ba[:, i] * ab[:, j] - (a * b)[:, None], axis=2)
        second = closed - first[:, i] - first[:, j]
    variance = f[:, :2].reshape(len(f), -1).var(axis=1) - responses.noise
    return Contrasts(variance, first, total, total[:, i] + total[:, j] - group, second)


@dataclass(frozen=True)
class Interval:
    """An index with its interval; all NaN, with the reason, where there is none."""

    value: float
    low: float
    high: float
    reason: str = ""


def ratio(numerator: Numbers, variance: Numbers, *, confidence: float = 0.95) -> Interval:
    """A ratio of means over scrambles with Fieller's interval (Fieller 1954, J. R. Stat. Soc. B 16)."""
    count = len(variance)
    n, v = numerator.mean(), variance.mean()
    if v > 0 and not numerator.any():  # nothing depends on it, to the last bit
        return Interval(0.0, 0.0, 0.0)
    t2 = stats.t.ppf((1 + confidence) / 2, count - 1) ** 2 / count
    s = np.cov(numerator, variance)
    a, b, c = v * v - t2 * s[1, 1], n * v - t2 * s[0, 1], n * n - t2 * s[0, 0]
    if v <= 0 or a <= 0:
        return Interval(np.nan, np.nan, np.nan, "no variance beyond the noise")
    root = np.sqrt(max(b * b - a * c, 0.0))
    return Interval(float(n / v), float((b - root) / a), float((b + root) / a))


@dataclass(frozen=True)
class Verdict:
    """What a total index says: sensitive, inert or undecided.

    Attributes:
        verdict: The word.
        base: Rows of a block that would decide, for an undecided one; None if more than 2**20.
        reason: Why it is undecided, where that is not the width of the interval.
    """

    verdict: str
    base: int | None = None
    reason: str = ""


def verdicts(
    found: Contrasts, responses: Responses, which: Sequence[int], *, share: float = SHARE, confidence: float = 0.95
) -> list[Verdict]:
    """Judge the total indices of some factors against ``share`` of the variance and the dummy.

    *Sensitive*: a one-sided t-test over scrambles of total − dummy − share·V > 0 rejects at half of 1 − confidence
    (so the lower end of the interval clears the floor), with Holm's (1979) correction over the factors judged.
    *Inert*: the opposite test rejects. Else *undecided*.
    """
    if not responses.floor_known:
        reason = "the noise is not governed by the seed: its floor is unknown without replicates or a dummy"
        return [Verdict(UNDECIDED, reason=reason) for _ in which]
    control = 0.0 if responses.dummy is None else found.total[:, responses.dummy]
    excess = np.stack([found.total[:, k] - control - share * found.variance for k in which], axis=1)
    level = (1 - confidence) / 2
    above = holm(_one_sided(excess)) <= level
    below = _one_sided(-excess) <= level
    base = responses.values.shape[2]
    return [
        Verdict(SENSITIVE) if up else Verdict(INERT) if down else Verdict(UNDECIDED, _deciding(e, base, level))
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


def _deciding(excess: Numbers, base: int, level: float) -> int | None:
    """Base at which the interval would clear the share if the mean stayed; its width falls with the root of base."""
    half = stats.t.isf(level, len(excess) - 1) * excess.std(ddof=1) / np.sqrt(len(excess))
    wanted = base * (half / abs(excess.mean())) ** 2 if excess.mean() else np.inf
    if wanted > _LARGEST_BASE:
        return None
    return int(max(2 * base, 2 ** np.ceil(np.log2(max(wanted, 1.0)))))


def pairs(factors: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs in the order of :class:`Contrasts`."""
    return list(combinations(factors, 2))


def missing(reason: str) -> Interval:
    """An index that is not there."""
    return Interval(np.nan, np.nan, np.nan, reason)


def interval(numerator: Any, found: Contrasts, responses: Responses, *, confidence: float) -> Interval:
    """An index, missing where the response is constant."""
    if responses.constant:
        return missing("the response is constant")
    return ratio(numerator, found.variance, confidence=confidence)
