"""Examples that stand in two splits: a network that knows them by heart scores as if it had learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hpsearch.data.dataset import Split

_ROWS = 256
"""Examples that are looked at together, so that no second table is in memory."""


def copy_notes(train: Split, validation: Split, test: Split | None) -> list[str]:
    """What is said of held-out examples that are like one of the training, where they are at least one in a hundred."""
    name, other = ("validation", validation) if test is None else ("test", test)
    copies = int(np.isin(_keys(other), _keys(train)).sum())
    if 100 * copies < max(other.examples, 1):
        return []
    verb = "is" if copies == 1 else "are"
    return [
        f"{copies:,} of the {other.examples:,} {name} examples {verb} like one of the training in every column, the "
        "target's too: if that is by copying, the score flatters; leave out copies first"
    ]


def _keys(split: Split) -> NDArray[np.uint64]:
    """A number for each example, ``(examples,)``: the same for those that are alike to the bit, else very likely not.

    A sum of the bits of its numbers modulo 2**64, each times an odd weight of its own that is drawn at random.
    """
    weights = np.random.default_rng(0).integers(2**63, size=split.X.shape[1] + 1, dtype=np.uint64) * 2 + 1
    inputs = [
        (_bits(split.X[start : start + _ROWS]) * weights[:-1]).sum(axis=1) for start in range(0, split.examples, _ROWS)
    ]
    return np.concatenate(inputs) + _bits(split.y) * weights[-1]


def _bits(numbers: NDArray[Any]) -> NDArray[np.uint64]:
    """The bits of numbers, the upper half also in the lower, which is all zeros in a short number."""
    bits: NDArray[np.uint64] = numbers.astype(np.float64).view(np.uint64)
    return np.bitwise_xor(bits, np.right_shift(bits, np.uint64(32)))
