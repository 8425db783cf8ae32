"""What each of several changes gains, alone and in company: Shapley values of a game whose every value is measured.

A game has d changes. A *mixture* is what comes of making some of them, and its number has bit k set where change k is
made: 0 is the start and 2ᵈ − 1 the end. Its value is a loss, so a gain is a fall of the loss. All functions here work
on one sample (a seed) at a time, so that intervals may be taken over samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from hpsearch.sensitivity.indices import Numbers

_ROUNDING = 1e-13


def gains(losses: Numbers) -> Numbers:
    """What each change gains in each mixture of the others.

    Args:
        losses: Of each mixture, ``(2**d, samples)``.

    Returns:
        ``(d, 2**(d - 1), samples)``; the mixtures of the others as :func:`others` numbers them.
    """
    count = changes(losses)
    without = [others(k, count) for k in range(count)]
    return np.stack([losses[mixtures] - losses[mixtures | 1 << k] for k, mixtures in enumerate(without)])


def changes(losses: Numbers) -> int:
    """How many changes a game has."""
    return len(losses).bit_length() - 1


@cache
def others(change: int, count: int) -> NDArray[np.int64]:
    """The mixtures of ``count`` changes in which one is not made, ascending, ``(2**(count - 1),)``."""
    mixtures = np.arange(1 << count)
    return mixtures[mixtures >> change & 1 == 0]


def shapley_values(losses: Numbers) -> Numbers:
    """The share of each change in the whole gain: its mean gain over all orders of making the changes (Shapley 1953).

    The shares of a sample sum to its whole gain; a change that changes nothing has 0; two that do the same have equal
    shares.

    Args:
        losses: Of each mixture, ``(2**d, samples)``.

    Returns:
        ``(d, samples)``.

    >>> shapley_values(np.array([[9.0], [7.0], [8.0], [2.0]])).ravel().tolist()  # alone 2 and 1, together 7
    [4.0, 3.0]
    """
    count = changes(losses)
    # s others come before the change in s! (d − 1 − s)! of the d! orders
    weights = 1 / (count * np.array([comb(count - 1, size) for size in range(count)]))
    shares = [weights[_sizes(others(k, count))] @ samples for k, samples in enumerate(gains(losses))]
    return _rounded(np.array(shares), losses)


def pair_interactions(losses: Numbers) -> Numbers:
    """What two changes do together beyond what each does: the Shapley-Taylor index of order 2.

    In the unit of the loss, above 0 where the two help each other. What each change gains alone, and the interactions
    of all pairs (which hold what three and more do together, in equal parts), sum to the whole gain; and the share of a
    change is what it gains alone and half of its interactions. Sundararajan, Dhamdhere and Agarwal 2020 (ICML), eq. 3.

    Args:
        losses: Of each mixture, ``(2**d, samples)``.

    Returns:
        ``(d * (d - 1) / 2, samples)``, pairs in the order of ``itertools.combinations``.
    """
    count = changes(losses)
    weights = 2 / (count * np.array([comb(count - 1, size) for size in range(count)]))
    rows = []
    for first, second in combinations(range(count), 2):
        rest = np.intersect1d(others(first, count), others(second, count))
        beside = losses[rest | 1 << second] - losses[rest | 1 << second | 1 << first]
        rows.append(weights[_sizes(rest)] @ (beside - (losses[rest] - losses[rest | 1 << first])))
    return _rounded(np.array(rows).reshape(len(rows), losses.shape[1]), losses)


def _rounded(values: Numbers, losses: Numbers) -> Numbers:
    """Values without what rounding leaves where losses cancel: it is alike in all samples, and a test would see it."""
    return np.where(np.abs(values) < _ROUNDING * np.abs(losses).max(), 0.0, values)


def _sizes(mixtures: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many changes are made in each mixture."""
    return np.array([int(mixture).bit_count() for mixture in mixtures])


def best_path(losses: Numbers) -> tuple[int, ...]:
    """The order of making the changes whose losses on the way are lowest: their sum over all steps, and so their mean.

    Exact, by dynamic programming over all mixtures; of equal orders the one that makes earlier changes last.

    Args:
        losses: Of each mixture, ``(2**d,)``.

    >>> best_path(np.array([9.0, 10.0, 5.0, 2.0]))  # change 1 before change 0
    (1, 0)
    """
    count = changes(losses)
    sums, last = losses.astype(float), np.zeros(len(losses), dtype=int)
    for mixture in range(1, len(losses)):
        made = [k for k in range(count) if mixture >> k & 1]
        last[mixture] = min(made, key=lambda k: sums[mixture ^ 1 << k])
        sums[mixture] += sums[mixture ^ 1 << int(last[mixture])]
    path, mixture = [], len(losses) - 1
    while mixture:
        path.append(int(last[mixture]))
        mixture ^= 1 << path[-1]
    return tuple(reversed(path))


def sampled_orders(count: int, *, pairs: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Random orders of making the changes, each followed by its reverse.

    A change that is early in the one is late in the other, so their mean varies less than that of two independent ones
    (Mitchell, Cooper, Frank and Holmes 2022, J. Mach. Learn. Res. 23, section 4.1).

    Returns:
        ``(2 * pairs, count)``.
    """
    forward = np.array([rng.permutation(count) for _ in range(pairs)])
    return np.stack([forward, forward[:, ::-1]], axis=1).reshape(2 * pairs, count)


def mixtures_along(order: Sequence[int]) -> list[int]:
    """The mixtures from the start to the end when the changes are made in an order, one more than there are changes."""
    path = [0]
    for change in order:
        path.append(path[-1] | 1 << int(change))
    return path


def sampled_values(orders: NDArray[np.int64], loss: Callable[[int], float]) -> tuple[Numbers, Numbers]:
    """Shapley values of one sample as means over orders instead of all of them.

    Args:
        orders: Of :func:`sampled_orders`, ``(2 * pairs, d)``, at least two pairs.
        loss: Of a mixture.

    Returns:
        The values, ``(d,)``, which sum to the whole gain, and their standard errors by the spread over pairs.
    """
    gained = np.empty(orders.shape)
    for row, order in zip(gained, orders, strict=True):
        losses = np.array([loss(mixture) for mixture in mixtures_along(order)])
        row[order] = losses[:-1] - losses[1:]
    pairs = gained.reshape(-1, 2, orders.shape[1]).mean(axis=1)
    return pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))
