"""The dimensions of a space: `Float`, `Int` and `Choice`, each with its map to and from the unit interval.

Whole numbers and choices divide the unit interval into cells, one a value: `from_unit` gives the value whose cell
holds a point, `to_unit` the middle of a value's cell.
"""

from __future__ import annotations

import math
import operator
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, Literal, SupportsIndex, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hpsearch.space.units import UnitMap, as_numbers, refuse

Scalar: TypeAlias = int | float | str | bool
Number = TypeVar("Number", int, float)
LARGEST_INT = 2**40
"""Bound of `Int`: far above it, float64 no longer tells the cells of neighbouring whole numbers apart."""


@dataclass(frozen=True)
class _Range(UnitMap, Generic[Number]):
    """What a range of real and one of whole numbers share."""

    low: Number
    high: Number
    log: bool = False

    def __post_init__(self) -> None:
        for side in ("low", "high"):
            object.__setattr__(self, side, self._bound(side, getattr(self, side)))
        if not isinstance(self.log, bool):
            raise ValueError(f"log must be True or False (given: {self.log!r})")
        if not self.low < self.high:
            raise ValueError(f"low must be less than high (given: low {self.low}, high {self.high})")
        if self.log and self.low <= 0:
            raise ValueError(f"log needs low above 0 (given: low {self.low}); raise low or drop log")
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"high - low overflows (given: {self.low}, {self.high}); narrow the range")

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{', log' if self.log else ''}"

    @property
    def ends(self) -> tuple[Number, Number]:
        """The bounds, low and high."""
        return self.low, self.high

    @property
    def ordered(self) -> Literal[True]:
        """Whether the values have an order: numbers have."""
        return True

    @property
    def numeric(self) -> Literal[True]:
        """Whether the values are numbers."""
        return True

    @property
    def scale(self) -> Literal["log", "linear"]:
        """How the range is divided: evenly in the logarithm, or in the value itself."""
        return "log" if self.log else "linear"

    def values(self, count: int) -> NDArray[Any]:
        """At most ``count`` values from bound to bound, evenly in the scale, ascending and without repeats."""
        return np.unique(self.from_unit(np.linspace(0, 1, count)))

    def cells(self, most: int) -> int:
        """Number of equal parts to divide the range into for a table: ``most``."""
        return most

    @staticmethod
    @abstractmethod
    def _bound(side: str, value: object) -> Number: ...

    def _inside(self, values: ArrayLike) -> NDArray[np.float64]:
        numbers = as_numbers(values).astype(np.float64)
        outside = ~((numbers >= self.low) & (numbers <= self.high))
        refuse(outside, numbers, "is outside the range", f"use {self.low} to {self.high}")
        return numbers


@dataclass(frozen=True)
class Float(_Range[float]):
    """A real number from `low` to `high`, uniform or (`log`) uniform in the logarithm.

    Raises:
        ValueError: if a bound is not a finite number, low >= high, or log has low <= 0.

    >>> Float(0.001, 1.0, log=True).from_unit([0.0, 0.5, 1.0]).round(4).tolist()
    [0.001, 0.0316, 1.0]
    """

    def _points_of(self, values: NDArray[Any]) -> NDArray[np.float64]:
        numbers, (low, high) = self._inside(values), self._scaled_ends()
        return np.clip(((np.log(numbers) if self.log else numbers) - low) / (high - low), 0.0, 1.0)

    def _values_at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        low, high = self._scaled_ends()
        position = low + points * (high - low)
        values = np.clip(np.exp(position) if self.log else position, self.low, self.high)
        # Rounding must not keep a design's corner from the bound itself.
        return np.where(points == 0, self.low, np.where(points == 1, self.high, values))

    def _scaled_ends(self) -> tuple[float, float]:
        return (math.log(self.low), math.log(self.high)) if self.log else self.ends

    @staticmethod
    def _bound(side: str, value: object) -> float:
        number = value.item() if isinstance(value, np.generic) else value
        # 2**1024 and above have no float; isfinite would raise OverflowError.
        if isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**1023:
            return float(number)
        if isinstance(number, float) and math.isfinite(number):
            return number + 0.0  # -0.0 is 0, and would be printed as -0
        raise ValueError(f"{side} must be a finite number (given: {value!r})")


@dataclass(frozen=True)
class Int(_Range[int]):
    """A whole number from `low` to `high`, both included.

    Without `log` each is as likely as any other. With `log` the point is uniform in the logarithm over
    [low - 0.5, high + 0.5] and then rounded, as Optuna's `IntDistribution(log=True)` draws it.

    Raises:
        ValueError: if a bound is not a whole number or too large, low >= high, or log has low <= 0.

    >>> Int(1, 4).from_unit([0.0, 0.24, 0.25, 1.0]).tolist()
    [1, 1, 2, 4]
    >>> Int(1, 4).to_unit([1, 2, 4]).tolist()
    [0.125, 0.375, 0.875]
    """

    def cells(self, most: int) -> int:
        """Number of equal parts to divide the range into for a table: ``most``, or a part a value if these are few."""
        return most if self.log else min(most, self.high - self.low + 1)

    def _points_of(self, values: NDArray[Any]) -> NDArray[np.float64]:
        numbers = self._inside(values)
        refuse(numbers != np.rint(numbers), numbers, "is not a whole number", "round it first")
        if not self.log:
            return (numbers - self.low + 0.5) / (self.high - self.low + 1)
        low, high = self._log_edges()
        middle = (np.log(numbers - 0.5) + np.log(numbers + 0.5)) / 2
        return np.asarray((middle - low) / (high - low))

    def _values_at(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        if self.log:
            low, high = self._log_edges()
            position = np.rint(np.exp(low + points * (high - low)))
        else:
            position = self.low + np.floor(points * (self.high - self.low + 1))
        return np.clip(position, self.low, self.high).astype(np.int64)

    def _log_edges(self) -> tuple[float, float]:
        return math.log(self.low - 0.5), math.log(self.high + 0.5)

    @staticmethod
    def _bound(side: str, value: object) -> int:
        if isinstance(value, bool | np.bool_) or not isinstance(value, SupportsIndex):
            raise ValueError(f"{side} must be a whole number (given: {value!r})")
        number = operator.index(value)
        if abs(number) > LARGEST_INT:
            raise ValueError(f"{side} must lie within ±2**40 (given: {number:#x}); use a Float for such a range")
        return number


@dataclass(frozen=True)
class Choice(UnitMap):
    """One of several values, each as likely as any other; numbers have an order, words have none.

    Raises:
        ValueError: if there are fewer than two, two are equal, or one is not a scalar.

    >>> Choice((16, 32, 64, 128)).from_unit([0.0, 0.3, 0.99]).tolist()
    [16, 32, 128]
    """

    choices: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if isinstance(self.choices, str | bytes) or not hasattr(self.choices, "__iter__"):
            raise ValueError(f"choices must be several values (given: {self.choices!r}); give a tuple")
        choices = tuple(c.item() if isinstance(c, np.generic) else c for c in self.choices)
        for choice in choices:
            if not isinstance(choice, Scalar) or (isinstance(choice, float) and not math.isfinite(choice)):
                raise ValueError(f"a choice must be an int, a finite float, a str or a bool (given: {choice!r})")
        if len(choices) < 2:
            raise ValueError(f"there must be at least two choices (given: {choices!r}); fix the setting instead")
        if len(set(choices)) < len(choices):
            raise ValueError(f"choices must differ (given: {choices!r}); give each once")
        positive = tuple(0.0 if isinstance(c, float) and c == 0 else c for c in choices)  # -0.0 is 0 too
        object.__setattr__(self, "choices", positive)

    def __str__(self) -> str:
        return ", ".join(str(choice) for choice in self.choices)

    @property
    def ends(self) -> tuple[Scalar, Scalar]:
        """The first choice and the last."""
        return self.choices[0], self.choices[-1]

    @property
    def ordered(self) -> bool:
        """Whether the values have an order, so that it means something to lie at an end or between two of them."""
        return not any(isinstance(choice, str) for choice in self.choices)

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers, which bools are not."""
        return self.values(0).dtype.kind in "iuf"

    @property
    def scale(self) -> Literal["choices"]:
        """Choices stand side by side, each as wide as any other."""
        return "choices"

    def values(self, count: int) -> NDArray[Any]:
        """All choices in order, whatever the count."""
        # NumPy would turn (1, "a") into text and (True, 2) into numbers: mixtures stay objects.
        kinds = {type(c) if isinstance(c, bool | str) else float for c in self.choices}
        natural = np.array(self.choices) if len(kinds) == 1 else np.array(self.choices, dtype=object)
        return natural if natural.tolist() == list(self.choices) else np.array(self.choices, dtype=object)

    def cells(self, most: int) -> int:
        """Number of equal parts to divide the choices into for a table: a part a choice."""
        return len(self.choices)

    def _points_of(self, values: NDArray[Any]) -> NDArray[np.float64]:
        matches = values.astype(object)[..., None] == np.array(self.choices, dtype=object)
        refuse(~matches.any(axis=-1), values, "is not among the choices", f"use one of {self.choices!r}")
        return np.asarray((matches.argmax(axis=-1) + 0.5) / len(self.choices))

    def _values_at(self, points: NDArray[np.float64]) -> NDArray[Any]:
        count = len(self.choices)
        index = np.floor(points * count).astype(np.intp)
        return np.asarray(self.values(count)[np.minimum(index, count - 1)])


Dimension: TypeAlias = Float | Int | Choice
