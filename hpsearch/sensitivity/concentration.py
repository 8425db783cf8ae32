"""Concentration: whether so few rows carry a response's squares that a design cannot call a setting inert.

A region of 0.1 to 1 % of a space may rule the variance of a response (a divergence, a failure). A design that meets it
a few times has indices that rest on these rows, and one that never meets it shows contrasts of 0. Neither tells that a
setting does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from scipy import stats

from hpsearch.sensitivity.designs import LARGEST_BASE
from hpsearch.sensitivity.indices import Numbers, Responses

SMALLEST_REGION = 0.005
"""Share of the space above which a region that rules the variance must be met before a setting is called inert."""

_FEW, _SHARE_OF_ROWS = 10, 0.02
_MISS = 0.05


class ConcentrationWarning(UserWarning):
    """So few rows carry the variance of a response that the intervals of its indices are not to be trusted.

    Where a region of 0.1 to 1 % ruled the variance, 95 % intervals of first-order indices at 8 scrambles of 64 held the
    true value in 0 to 40 of 100 surveys, for four functions of five.
    """


@dataclass(frozen=True)
class Doubt:
    """Why a setting whose total index seems below the share of interest is not to be called inert.

    Attributes:
        reason: In words.
        base: Rows of a block that would tell; None if more than 2**20.
    """

    reason: str
    base: int | None


def carriers(squares: Numbers) -> int:
    """The fewest rows, ``(rows,)``, whose squares make up half of the sum; 0 where all are 0.

    >>> carriers(np.array([1.0, 1.0, 1.0, 9.0])), carriers(np.ones(8)), carriers(np.zeros(8))
    (1, 4, 0)
    """
    sums = np.cumsum(np.sort(squares)[::-1])
    return int(np.searchsorted(sums, sums[-1] / 2)) + 1 if sums[-1] > 0 else 0


def scarce(squares: Numbers) -> bool:
    """Whether fewer than ten rows, and at most 2 % of them, carry half of the squares, ``(rows,)``."""
    return 0 < carriers(squares) < min(_FEW, _SHARE_OF_ROWS * len(squares) + 1e-9)


def missed(rows: int) -> float:
    """The largest region, as a share of the space, that so many contrasts never meet in 5 % of designs.

    A contrast has two points, so independent ones miss a region of share p with probability (1 − p)^(2·rows). The rows
    of the other settings' contrasts do not help: a setting has no more than these 2·rows values in a whole design.

    >>> [round(missed(rows), 4) for rows in (64, 512, 1024)]
    [0.0231, 0.0029, 0.0015]
    """
    return float(-np.expm1(np.log(_MISS) / (2 * rows)))


def row_squares(responses: Responses) -> Numbers:
    """Squared distance of each row's responses from the mean of its scramble, over all blocks, ``(scrambles · rows,)``.

    All blocks, and not A and B alone: AB_i may be the only one that meets a region.
    """
    centred = responses.values - responses.values.mean(axis=(1, 2), keepdims=True)
    return np.asarray((centred**2).sum(axis=1).ravel())


def warning(responses: Responses) -> str:
    """What to warn of where few rows carry the variance of a response; nothing else."""
    squares = row_squares(responses)
    if responses.constant or not scarce(squares):
        return ""
    return (
        f"half of the variance comes from {carriers(squares)} of {len(squares)} rows: intervals, above all of "
        "first-order indices, often hold the true value in less than half of such surveys; nothing is called inert; "
        'clip the response (ceilings={name: value}), take form="rank" or "log", or a larger base'
    )


def doubts(responses: Responses, *, share: float) -> dict[str, Doubt]:
    """The factors that are not to be called inert whatever their total index.

    One of: few rows carry the variance; few rows carry a factor's squared contrasts, and if the design met them more
    seldom than their share of the space is (by the 97.5 % limit of a Poisson count) its total index may reach the share
    of interest; or so few rows may have missed a region of more than 0.5 % of the space.

    Args:
        responses: On the rows of a design.
        share: Smallest share of the variance that is of interest.
    """
    squares, factors = row_squares(responses), responses.factors
    scrambles, _, base = responses.values.shape
    if scarce(squares):
        doubt = _few_rows("the variance", squares, base=base)
        return dict.fromkeys(factors, doubt)
    region = missed(scrambles * base)
    if region > SMALLEST_REGION:
        enough = _base(np.log(_MISS) / (2 * np.log1p(-SMALLEST_REGION)) / scrambles)
        reason = f"{scrambles * base} rows may miss a region of {_percent(region)} of the space: base {enough} would do"
        return dict.fromkeys(factors, Doubt(reason, enough))
    a, crossed = responses.values[:, 0], responses.values[:, 2 : 2 + len(factors)]
    contrasts = {name: ((crossed[:, k] - a) ** 2).ravel() for k, name in enumerate(factors)}
    least = share * float(responses.values[:, :2].var(axis=(1, 2)).mean())
    return {
        name: _few_rows("its squared differences", own, base=base)
        for name, own in contrasts.items()
        if scarce(own) and 0.5 * own.mean() * _unlucky(carriers(own)) >= least
    }


def hidden(responses: Responses) -> str:
    """What an inert setting may still do unseen."""
    region = missed(responses.values.shape[0] * responses.values.shape[2])
    return f"but for what it may do in less than {_percent(region)} of the space"


def _few_rows(what: str, squares: Numbers, *, base: int) -> Doubt:
    count = carriers(squares)
    reason = f"half of {what} comes from {count} of {len(squares)} rows: a larger base, or a ceiling, would tell"
    return Doubt(reason, _base(base * _FEW / count))


def _unlucky(count: int) -> float:
    """How many times the mean may be what it seems if half of it comes from so many rows, at 97.5 %."""
    return 0.5 + 0.5 * float(stats.chi2.isf(0.025, 2 * (count + 1))) / 2 / count


def _base(least: float) -> int | None:
    base = 2 ** ceil(log2(least))
    return base if base <= LARGEST_BASE else None


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
