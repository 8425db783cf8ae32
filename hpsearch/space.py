"""A space of hyperparameters and its map to and from the unit cube.

Designs and samplers think in the unit cube, where every hyperparameter runs from 0 to 1; training thinks in
values. `Float`, `Int` and `Choice` are the dimensions, `Space` names and orders them. Whole numbers and
choices share the unit interval out among themselves in cells: `from_unit` gives the value whose cell holds a
point, `to_unit` the middle of a value's cell.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Scalar: TypeAlias = int | float | str | bool
LARGEST_INT = 2**40
"""Bound of `Int`: far above it, float64 no longer tells the cells of neighbouring whole numbers apart."""


@dataclass(frozen=True)
class Float:
    """A real number from `low` to `high`, uniform or (`log`) uniform in the logarithm.

    >>> Float(0.001, 1.0, log=True).from_unit([0.0, 0.5, 1.0]).round(4).tolist()
    [0.001, 0.0316, 1.0]
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        """Refuse bounds that give no range.

        Raises:
            ValueError: If a bound is no finite number, low >= high, or log has low <= 0.
        """
        for side in ("low", "high"):
            object.__setattr__(self, side, _finite(side, getattr(self, side)))
        _check_range(self)
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"high - low overflows (given: {self.low}, {self.high}); narrow the range")

    @property
    def ends(self) -> tuple[float, float]:
        """The bounds, low and high."""
        return self.low, self.high

    @property
    def scale(self) -> Literal["log", "linear"]:
        """How the range is divided: evenly in the logarithm, or in the value itself."""
        return "log" if self.log else "linear"

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{', log' if self.log else ''}"

    def values(self, count: int) -> NDArray[np.float64]:
        """At most ``count`` values from bound to bound, evenly in the scale, ascending and without repeats."""
        return np.unique(self.from_unit(np.linspace(0, 1, count)))

    def cells(self, most: int) -> int:
        """Number of equal parts to divide the range into for a table: ``most``."""
        return most

    def from_unit(self, unit: ArrayLike) -> NDArray[np.float64]:
        """Map points of the unit interval, of any shape, to values of that shape.

        Raises:
            ValueError: If a point lies outside [0, 1].
        """
        points = _unit_points(unit)
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        position = low + points * (high - low)
        values = np.clip(np.exp(position) if self.log else position, self.low, self.high)
        # Rounding must not keep a design's corner from the bound itself.
        return np.where(points == 0, self.low, np.where(points == 1, self.high, values))

    def to_unit(self, values: ArrayLike) -> NDArray[np.float64]:
        """Map values, of any shape, to points of the unit interval; `from_unit` returns them to rounding.

        Raises:
            ValueError: If a value is no number or lies outside the range.
        """
        given = _numbers(values).astype(np.float64)
        _check_inside(self, given)
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        return np.clip(((np.log(given) if self.log else given) - low) / (high - low), 0.0, 1.0)


@dataclass(frozen=True)
class Int:
    """A whole number from `low` to `high`, both included.

    Without `log` each is as likely as any other. With `log` the point is uniform in the logarithm over
    [low - 0.5, high + 0.5] and then rounded, as Optuna's `IntDistribution(log=True)` draws it.

    >>> Int(1, 4).from_unit([0.0, 0.24, 0.25, 1.0]).tolist()
    [1, 1, 2, 4]
    >>> Int(1, 4).to_unit([1, 2, 4]).tolist()
    [0.125, 0.375, 0.875]
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        """Refuse bounds that give no range.

        Raises:
            ValueError: If a bound is no whole number or too large, low >= high, or log has low <= 0.
        """
        for side in ("low", "high"):
            object.__setattr__(self, side, _whole(side, getattr(self, side)))
        _check_range(self)

    @property
    def ends(self) -> tuple[int, int]:
        """The bounds, low and high."""
        return self.low, self.high

    @property
    def scale(self) -> Literal["log", "linear"]:
        """How the range is divided: evenly in the logarithm, or in the value itself."""
        return "log" if self.log else "linear"

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{', log' if self.log else ''}"

    def values(self, count: int) -> NDArray[np.int64]:
        """At most ``count`` values from bound to bound, evenly in the scale, ascending and without repeats."""
        return np.unique(self.from_unit(np.linspace(0, 1, count)))

    def cells(self, most: int) -> int:
        """Number of equal parts to divide the range into for a table: ``most``, or a part a value if these are few."""
        return most if self.log else min(most, self.high - self.low + 1)

    def from_unit(self, unit: ArrayLike) -> NDArray[np.int64]:
        """Map points of the unit interval, of any shape, to whole numbers (int64) of that shape.

        Raises:
            ValueError: If a point lies outside [0, 1].
        """
        points = _unit_points(unit)
        if self.log:
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            position = np.rint(np.exp(low + points * (high - low)))
        else:
            position = self.low + np.floor(points * (self.high - self.low + 1))
        return np.clip(position, self.low, self.high).astype(np.int64)

    def to_unit(self, values: ArrayLike) -> NDArray[np.float64]:
        """Map whole numbers, of any shape, to the middles of their cells.

        Raises:
            ValueError: If a value is no whole number or lies outside the range.
        """
        given = _numbers(values).astype(np.float64)
        _check_inside(self, given)
        _refuse(given != np.rint(given), given, "is not a whole number", "round it first")
        if not self.log:
            return (given - self.low + 0.5) / (self.high - self.low + 1)
        low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
        middle = (np.log(given - 0.5) + np.log(given + 0.5)) / 2
        return np.asarray((middle - low) / (high - low))


@dataclass(frozen=True)
class Choice:
    """One of several ordered values, each as likely as any other.

    >>> Choice((16, 32, 64, 128)).from_unit([0.0, 0.3, 0.99]).tolist()
    [16, 32, 128]
    """

    choices: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        """Refuse choices that give no choice.

        Raises:
            ValueError: If there are fewer than two, two are equal, or one is no scalar.
        """
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
        object.__setattr__(self, "choices", choices)

    @property
    def ends(self) -> tuple[Scalar, Scalar]:
        """The first choice and the last."""
        return self.choices[0], self.choices[-1]

    @property
    def scale(self) -> Literal["choices"]:
        """Choices stand side by side, each as wide as any other."""
        return "choices"

    def __str__(self) -> str:
        return ", ".join(str(choice) for choice in self.choices)

    def values(self, count: int) -> NDArray[Any]:
        """All choices in order, whatever the count."""
        return self._array()

    def cells(self, most: int) -> int:
        """Number of equal parts to divide the choices into for a table: a part a choice."""
        return len(self.choices)

    def from_unit(self, unit: ArrayLike) -> NDArray[Any]:
        """Map points of the unit interval, of any shape, to choices of that shape in their natural dtype.

        Raises:
            ValueError: If a point lies outside [0, 1].
        """
        index = np.floor(_unit_points(unit) * len(self.choices)).astype(np.intp)
        return np.asarray(self._array()[np.minimum(index, len(self.choices) - 1)])

    def to_unit(self, values: ArrayLike) -> NDArray[np.float64]:
        """Map choices, of any shape, to the middles of their cells.

        Raises:
            ValueError: If a value is none of the choices.
        """
        given = np.asarray(values)
        matches = given.astype(object)[..., None] == np.array(self.choices, dtype=object)
        _refuse(~matches.any(axis=-1), given, "is not among the choices", f"use one of {self.choices!r}")
        return np.asarray((matches.argmax(axis=-1) + 0.5) / len(self.choices))

    def _array(self) -> NDArray[Any]:
        # NumPy would turn (1, "a") into text and (True, 2) into numbers: mixtures stay objects.
        kinds = {type(c) if isinstance(c, bool | str) else float for c in self.choices}
        natural = np.array(self.choices) if len(kinds) == 1 else np.array(self.choices, dtype=object)
        return natural if natural.tolist() == list(self.choices) else np.array(self.choices, dtype=object)


Dimension: TypeAlias = Float | Int | Choice


@dataclass(frozen=True, init=False, repr=False)
class Space(Mapping[str, Dimension]):
    """An ordered, immutable, hashable mapping of hyperparameter names to dimensions.

    Two spaces are equal if names, dimensions and order are: the order is that of the cube's columns.

    >>> space = Space({"momentum": Float(0.0, 1.0), "batch_size": Choice((16, 32))})
    >>> values = space.from_unit([[0.25, 0.1], [0.75, 0.9]])
    >>> values["momentum"].tolist(), values["batch_size"].tolist()
    ([0.25, 0.75], [16, 32])
    >>> space.to_unit(values).tolist()
    [[0.25, 0.25], [0.75, 0.75]]
    """

    _dimensions: tuple[tuple[str, Dimension], ...]

    def __init__(self, dimensions: Mapping[str, Dimension]) -> None:
        """Keep the dimensions in the order given.

        Raises:
            ValueError: If there is none, a name is no text, or a dimension is of no known kind.
        """
        if not dimensions:
            raise ValueError("a space needs at least one dimension (given: none)")
        for name, dimension in dimensions.items():
            if not isinstance(name, str) or not name:
                raise ValueError(f"the name of a dimension must be text (given: {name!r})")
            if not isinstance(dimension, Dimension):
                raise ValueError(f"{name} must be a Float, Int or Choice (given: {dimension!r})")
        object.__setattr__(self, "_dimensions", tuple(dimensions.items()))

    def __getitem__(self, name: str) -> Dimension:
        return dict(self._dimensions)[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._dimensions)

    def __len__(self) -> int:
        return len(self._dimensions)

    def __repr__(self) -> str:
        return f"Space({dict(self._dimensions)!r})"

    def from_unit(self, cube: ArrayLike) -> dict[str, NDArray[Any]]:
        """Map points of the unit cube to values.

        Args:
            cube: Points, (rows, dimensions).

        Returns:
            A column of values, (rows,), for each name, in the order of the space.

        Raises:
            ValueError: If the cube has another shape or a point outside [0, 1].
        """
        points = _numbers(cube)
        if points.ndim != 2 or points.shape[1] != len(self):
            raise ValueError(f"the cube must have the shape (rows, {len(self)}) (given: {points.shape})")
        return {name: dim.from_unit(points[:, k]) for k, (name, dim) in enumerate(self._dimensions)}

    def to_unit(self, columns: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
        """Map values to points of the unit cube.

        Args:
            columns: A column of values, (rows,), for each name of the space; other columns are left alone.

        Returns:
            Points, (rows, dimensions).

        Raises:
            ValueError: If a column is missing, holds a value outside its range, or differs in length.
        """
        missing = [name for name in self if name not in columns]
        if missing:
            raise ValueError(f"columns are missing: {', '.join(missing)} (given: {', '.join(columns)})")
        units = {name: _column_to_unit(name, dim, columns[name]) for name, dim in self._dimensions}
        if len({len(unit) for unit in units.values()}) > 1:
            lengths = {name: len(unit) for name, unit in units.items()}
            raise ValueError(f"columns must be of one length (given: {lengths})")
        return np.stack(list(units.values()), axis=1)


def _column_to_unit(name: str, dimension: Dimension, values: ArrayLike) -> NDArray[np.float64]:
    if np.ndim(values) != 1:
        raise ValueError(f"{name}: a column must have the shape (rows,) (given: {np.shape(values)})")
    try:
        return dimension.to_unit(values)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _finite(side: str, given: object) -> float:
    number = given.item() if isinstance(given, np.generic) else given
    # 2**1024 and above have no float; isfinite would raise OverflowError.
    if isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**1023:
        return float(number)
    if isinstance(number, float) and math.isfinite(number):
        return number
    raise ValueError(f"{side} must be a finite number (given: {given!r})")


def _whole(side: str, given: object) -> int:
    if isinstance(given, bool | np.bool_) or not isinstance(given, SupportsIndex):
        raise ValueError(f"{side} must be a whole number (given: {given!r})")
    number = operator.index(given)
    if abs(number) > LARGEST_INT:
        raise ValueError(f"{side} must lie within ±2**40 (given: {number:#x}); use a Float for such a range")
    return number


def _check_range(dimension: Float | Int) -> None:
    if not isinstance(dimension.log, bool):
        raise ValueError(f"log must be True or False (given: {dimension.log!r})")
    if not dimension.low < dimension.high:
        raise ValueError(f"low must be less than high (given: low {dimension.low}, high {dimension.high})")
    if dimension.log and dimension.low <= 0:
        raise ValueError(f"log needs low above 0 (given: low {dimension.low}); raise low or drop log")


def _numbers(values: ArrayLike) -> NDArray[Any]:
    numbers = np.asarray(values)
    if numbers.size and numbers.dtype.kind not in "iuf":
        raise ValueError(f"must be numbers (given: an array of {numbers.dtype})")
    return numbers


def _unit_points(unit: ArrayLike) -> NDArray[np.float64]:
    points = _numbers(unit).astype(np.float64)
    _refuse(~((points >= 0) & (points <= 1)), points, "is outside the unit interval", "give points in [0, 1]")
    return points


def _check_inside(dimension: Float | Int, given: NDArray[np.float64]) -> None:
    outside = ~((given >= dimension.low) & (given <= dimension.high))
    _refuse(outside, given, "is outside the range", f"use {dimension.low} to {dimension.high}")


def _refuse(wrong: NDArray[np.bool_], given: NDArray[Any], problem: str, rule: str) -> None:
    if np.any(wrong):
        first = given[wrong].ravel()[0]
        raise ValueError(f"a value {problem} (given: {first}, {np.count_nonzero(wrong)} in all); {rule}")
