"""Variance-based (Sobol) indices with intervals over independent scrambles.

With f_A, f_B and f_ABi the responses on the blocks of a design (see :class:`hpsearch.sensitivity.designs.Design`):

* first order  S_i  = mean f_B (f_ABi − f_A) / V          (Saltelli et al. 2010, table 2 b)
* total order  S_Ti = ½ mean (f_A − f_ABi)² / V           (Jansen 1999; table 2 f)
* interaction  Υ_ij = S_Ti + S_Tj − ½ mean (f_ABi − f_ABj)² / V: all that i and j do together, whoever joins them
  (the superset importance of Liu and Owen 2006: f_ABi and f_ABj differ in i and j alone)
* second order S_ij = mean (f_BAi f_ABj − f_A f_B) / V − S_i − S_j  (Saltelli 2002), given the blocks BA_i
* mean order   M_i  = S_Ti − Υ_i,seed: the total effect of i on the mean of the response over seeds

Noise of variance σ² that the design does not govern adds σ² to each half of a mean square, and to V: it is taken off,
scramble by scramble, so that the error of its estimate is in the intervals.

V is the variance of the response over settings *and* seeds; f is centred first. An index is the ratio of the mean
numerator to the mean V over scrambles, and its interval is Fieller's (1954): all θ for which a t-test over the
scrambles does not reject mean(numerator − θ·V) = 0. The rows of one scrambled design are no independent sample; the
scrambles are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hpsearch.sensitivity.designs import SEED

if TYPE_CHECKING:
    from hpsearch.sensitivity.analysis import Survey

Numbers: TypeAlias = NDArray[np.float64]


class ResponseError(ValueError):
    """A response cannot be analysed.

    Attributes:
        survey: With the table of what was evaluated, where that is all there.
    """

    def __init__(self, message: str, survey: Survey | None = None) -> None:
        super().__init__(message)
        self.survey = survey


@dataclass(frozen=True)
class Responses:
    """A response on every row of a design.

    Attributes:
        values: ``(scrambles, blocks, rows)``; the mean over replicates.
        factors: Names, in the order of the blocks AB_i.
        noise: Variance of a value (of a mean over replicates) that its row does not determine: one for all scrambles,
            or one each, ``(scrambles,)``.
        dummy: Place of the dummy among the factors, or None.
        noise_of_dummy: Whether the noise is what the dummy's contrasts show.
        additive: ``(scrambles, blocks, rows)``, an additive function near the response that does not depend on the
            scramble it stands on: a control variate of the interactions (see :mod:`hpsearch.sensitivity.variates`).
        floor_known: Whether noise that the seed does not govern is absent, measured, or controlled by a dummy.

    Raises:
        ResponseError: if a value is not finite or the blocks do not fit the factors.
    """

    values: Numbers
    factors: tuple[str, ...]
    noise: float | Numbers = 0.0
    dummy: int | None = None
    noise_of_dummy: bool = False
    additive: Numbers | None = None
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
        mean: ``(scrambles, factors)`` of M_i, NaN for the seed; None where the seed is no factor.
    """

    variance: Numbers
    first: Numbers
    total: Numbers
    pairs: Numbers
    second: Numbers | None
    mean: Numbers | None = None


def contrasts(responses: Responses) -> Contrasts:
    """The sums over rows that every index is made of, as in the head of this file."""
    d = len(responses.factors)
    f = responses.values - responses.values.mean(axis=(1, 2), keepdims=True)
    a, b, ab, ba = f[:, 0], f[:, 1], f[:, 2 : 2 + d], f[:, 2 + d :]
    noise = np.broadcast_to(responses.noise, len(f))[:, None]
    first = np.mean(b[:, None] * (ab - a[:, None]), axis=2)
    total = 0.5 * np.mean((a[:, None] - ab) ** 2, axis=2) - noise
    i, j = np.triu_indices(d, 1)  # in the order of itertools.combinations
    second = None
    if ba.shape[1]:
        closed = np.mean(ba[:, i] * ab[:, j] - (a * b)[:, None], axis=2)
        second = closed - first[:, i] - first[:, j]
    variance = f[:, :2].reshape(len(f), -1).var(axis=1) - noise[:, 0]
    pairs, mean = _pairs(responses) - noise, None
    if SEED in responses.factors:
        seed = responses.factors.index(SEED)
        mean = total.copy()
        mean[:, i[j == seed]] -= pairs[:, j == seed]
        mean[:, j[i == seed]] -= pairs[:, i == seed]
        mean[:, seed] = np.nan
    return Contrasts(variance, first, total, pairs, second, mean)


def _pairs(responses: Responses) -> Numbers:
    """Numerators of Υ with their noise, ``(scrambles, pairs)``; 0 where they are but rounding."""
    d = len(responses.factors)
    f = responses.values if responses.additive is None else responses.values - responses.additive
    a, ab = f[:, :1], f[:, 2 : 2 + d]
    alone = 0.5 * np.mean((a - ab) ** 2, axis=2)
    i, j = np.triu_indices(d, 1)
    together = alone[:, i] + alone[:, j] - 0.5 * np.mean((ab[:, i] - ab[:, j]) ** 2, axis=2)
    return np.where(np.abs(together) > 1e-12 * responses.values.var(), together, 0.0)


@dataclass(frozen=True)
class Index:
    """An index with its interval.

    Where there is no index, all are NaN; an unbounded interval has infinite ends. ``reason`` says why. A share lies in
    [0, 1]; an interval that reaches beyond holds the values that the sampling error of the ratio does not exclude.
    """

    value: float
    low: float
    high: float
    reason: str = ""


def ratio(numerator: Numbers, variance: Numbers, *, confidence: float = 0.95) -> Index:
    """A ratio of means over scrambles with Fieller's interval (Fieller 1954, J. R. Stat. Soc. B 16).

    Args:
        numerator: ``(scrambles,)``.
        variance: ``(scrambles,)``.
        confidence: Of the interval.

    Returns:
        The ratio; with an unbounded interval where the variance is not clear of 0 by a t-test over the scrambles, and
        missing where the variance is not above 0 at all; either with the reason.
    """
    count = len(variance)
    n, v = numerator.mean(), variance.mean()
    if v > 0 and not numerator.any():  # nothing depends on it, to the last bit
        return Index(0.0, 0.0, 0.0)
    t2 = stats.t.ppf((1 + confidence) / 2, count - 1) ** 2 / count
    s = np.cov(numerator, variance)
    a, b, c = v * v - t2 * s[1, 1], n * v - t2 * s[0, 1], n * n - t2 * s[0, 0]
    if v <= 0:
        return missing("no variance beyond the noise")
    if a <= 0:
        reason = (
            f"the interval is unbounded: {count} scrambles do not tell the variance from 0; more scrambles, or a "
            "larger base, would bound it"
        )
        return Index(float(n / v), -np.inf, np.inf, reason)
    root = np.sqrt(max(b * b - a * c, 0.0))
    return Index(float(n / v), float((b - root) / a), float((b + root) / a))


def missing(reason: str) -> Index:
    """An index that is not there."""
    return Index(np.nan, np.nan, np.nan, reason)


def index(numerator: Numbers, sums: Contrasts, *, responses: Responses, confidence: float) -> Index:
    """An index over the scrambles, missing where the response is constant.

    Args:
        numerator: ``(scrambles,)``: a column of ``sums``.
        sums: Of the same responses.
        responses: On the rows of the design.
        confidence: Of the interval.
    """
    if responses.constant:
        return missing("the response is constant")
    return ratio(numerator, sums.variance, confidence=confidence)
