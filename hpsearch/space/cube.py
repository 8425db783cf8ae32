"""A space: dimensions by name and in order, and its map to and from the unit cube."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hpsearch.space.dimensions import Dimension
from hpsearch.space.units import as_numbers


@dataclass(frozen=True, init=False, repr=False)
class Space(Mapping[str, Dimension]):
    """An ordered, immutable, hashable mapping of hyperparameter names to dimensions.

    Two spaces are equal if names, dimensions and order are: the order is that of the cube's columns.

    >>> from hpsearch.space import Choice, Float
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
            ValueError: if they are no mapping, there is none, a name is no text, or a dimension is of no known kind.
        """
        if not isinstance(dimensions, Mapping):
            raise ValueError(f"a space is made of a dict of dimensions by name (given: {type(dimensions).__name__})")
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
            ValueError: if the cube has another shape or a point outside [0, 1].
        """
        points = as_numbers(cube)
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
            ValueError: if a column is missing, holds a value outside its range, or differs in length.
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
