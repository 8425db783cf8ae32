"""What every dimension has: a map from the unit interval to its values and one back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class UnitMap(ABC):
    """The two ways between values and the unit interval."""

    def from_unit(self, unit: ArrayLike) -> NDArray[Any]:
        """Map points of the unit interval, of any shape, to values of that shape in their natural dtype.

        Raises:
            ValueError: if a point lies outside [0, 1].
        """
        points = as_numbers(unit).astype(np.float64)
        refuse(~((points >= 0) & (points <= 1)), points, "is outside the unit interval", "give points in [0, 1]")
        return self._values_at(points)

    def to_unit(self, values: ArrayLike) -> NDArray[np.float64]:
        """Map values, of any shape, to points of the unit interval; `from_unit` returns them, to rounding.

        Raises:
            ValueError: if a value is none of this dimension's.
        """
        return self._points_of(np.asarray(values))

    def cell_of(self, values: ArrayLike, count: int) -> NDArray[np.intp]:
        """Which of ``count`` equal parts of the unit interval each value lies in, from 0.

        Raises:
            ValueError: if a value is none of this dimension's.
        """
        return np.minimum((self.to_unit(values) * count).astype(np.intp), count - 1)

    @abstractmethod
    def _values_at(self, points: NDArray[np.float64]) -> NDArray[Any]: ...

    @abstractmethod
    def _points_of(self, values: NDArray[Any]) -> NDArray[np.float64]: ...


def as_numbers(values: ArrayLike) -> NDArray[Any]:
    """Values as an array of numbers; a ValueError if they are something else (bools too)."""
    numbers = np.asarray(values)
    if numbers.size and numbers.dtype.kind not in "iuf":
        raise ValueError(f"must be numbers (given: an array of {numbers.dtype})")
    return numbers


def refuse(wrong: NDArray[np.bool_], values: NDArray[Any], problem: str, rule: str) -> None:
    """Raise a ValueError if a value is wrong, which names the first of them."""
    if np.any(wrong):
        first = values[wrong].ravel()[0]
        raise ValueError(f"a value {problem} (given: {first}, {np.count_nonzero(wrong)} in all); {rule}")
