"""From a raw table to the network's input: encode, then standardise by the training split's statistics.

Text, category and bool columns become one column a category ("colour=red"), the categories those of the training
split; a category that it does not hold is encoded as all zeros. A column that is constant there becomes zeros.

Means and deviations are NumPy's, in double precision: the same to the bit with and without its vector instructions (a
test says so of the bundled data), but no version of NumPy promises the order in which another sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hpsearch.data.checks import DataError, listed
from hpsearch.data.columns import column_groups, is_numeric_dtype, numeric_columns
from hpsearch.data.memory import excess
from hpsearch.data.targets import SMALLEST_SCALE

if TYPE_CHECKING:
    import pandas as pd

_BYTES = 16
"""Of an input in memory: as the data set holds it, and as the engine or the encoding of its column does."""


@dataclass(frozen=True)
class Preparation:
    """How a raw table becomes the network's input, learned from the training split alone.

    Attributes:
        columns: Raw column names in order.
        categories: For each column None if it is numeric, else its categories as text.
        mean: ``(features,)`` of the encoded training columns.
        scale: ``(features,)`` their standard deviation, 1 where it is 0.
    """

    columns: tuple[str, ...]
    categories: tuple[tuple[str, ...] | None, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __repr__(self) -> str:
        return f"Preparation({len(self.columns):,} columns, {len(self.mean):,} features)"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the encoded features."""
        pairs = zip(self.columns, self.categories, strict=True)
        return tuple(n for c, kinds in pairs for n in ([c] if kinds is None else [f"{c}={kind}" for kind in kinds]))

    @classmethod
    def learn(cls, frame: pd.DataFrame) -> Preparation:
        """Learn categories, means and scales from the raw training examples."""
        columns = tuple(str(name) for name in frame.columns)
        numeric = numeric_columns(frame)
        categories = tuple(
            None if number else tuple(sorted(set(frame.iloc[:, i].astype(str)))) for i, number in enumerate(numeric)
        )
        mean, scale = [], []
        for raw in cls(columns, categories, np.zeros(0), np.ones(0))._encoded(frame):
            constant = raw.min(axis=0) == raw.max(axis=0)  # else rounding leaves them not quite 0
            mean.append(np.where(constant, raw[0], raw.mean(axis=0)))
            scale.append(np.where(constant, 1.0, raw.std(axis=0)))
        return cls(columns, categories, np.concatenate(mean), np.concatenate(scale))

    def check_scales(self) -> None:
        """Refuse columns whose deviations have squares that underflow.

        Raises:
            DataError: With the names of the columns.
        """
        small = np.flatnonzero(self.scale < SMALLEST_SCALE)
        if len(small):
            names = listed([self.feature_names[i] for i in small])
            raise DataError(f"columns vary by less than {SMALLEST_SCALE:g}: {names}; rescale or drop them first")

    def transform(self, X: Any, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Encode and standardise, in double precision.

        Args:
            X: A DataFrame with these columns (in any order, others are ignored), or an array ``(examples, columns)``.
            dtype: Of the result.

        Returns:
            ``(examples, features)``.

        Raises:
            DataError: if a column is missing, the width differs, or a number is not finite.
        """
        frame = raw_frame(X)
        if hasattr(X, "columns"):
            missing = [name for name in self.columns if name not in frame.columns]
            if missing:
                expected = listed(self.columns)
                raise DataError(f"columns are missing: {listed(missing)}; the network was trained on {expected}")
            frame = frame[list(self.columns)]
        elif frame.shape[1] != len(self.columns):
            raise DataError(
                f"X has shape {frame.shape}, the network was trained on {len(self.columns)} columns: "
                f"give (examples, {len(self.columns)})"
            )
        inputs, start = np.empty((len(frame), len(self.mean)), dtype), 0
        for block in self._encoded(frame):
            stop = start + block.shape[1]
            np.subtract(block, self.mean[start:stop], out=block)
            np.divide(block, self.scale[start:stop], out=inputs[:, start:stop], casting="same_kind")
            start = stop
        return inputs

    def _encoded(self, frame: pd.DataFrame) -> Iterator[NDArray[np.float64]]:
        """Encode some columns at a time, so that no second table is ever in memory.

        Yields:
            ``(examples, features)`` of the columns that come next.
        """
        for group in column_groups([kinds is None for kinds in self.categories], len(frame)):
            block, kinds = frame.iloc[:, group], self.categories[group.start]
            if kinds is None:
                yield _numbers(block, self.columns[group])
            else:
                yield (block.iloc[:, 0].astype(str).to_numpy()[:, None] == np.array(kinds)[None, :]).astype(float)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give the preparation as arrays of text and numbers, which a file holds without pickle."""
        flat = [(i, kind) for i, kinds in enumerate(self.categories) if kinds is not None for kind in kinds]
        return {
            "columns": np.array(self.columns, dtype=str),
            "categorical": np.array([kinds is not None for kinds in self.categories], dtype=bool),
            "category_of": np.array([i for i, _ in flat], dtype=np.int64),
            "category": np.array([kind for _, kind in flat], dtype=str),
            "mean": self.mean,
            "scale": self.scale,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Preparation:
        """Make the preparation that :meth:`to_arrays` gave as arrays."""
        kinds: dict[int, list[str]] = {}
        for owner, kind in zip(arrays["category_of"].tolist(), arrays["category"].tolist(), strict=True):
            kinds.setdefault(owner, []).append(kind)
        categories = tuple(
            tuple(kinds.get(i, ())) if text else None for i, text in enumerate(arrays["categorical"].tolist())
        )
        return cls(tuple(arrays["columns"].tolist()), categories, arrays["mean"], arrays["scale"])


def check_width(frame: pd.DataFrame) -> None:
    """See that there is memory for a raw table as a network reads it, in which every text of a column has its own.

    Raises:
        DataError: if there is not, with the sum and what to change.
    """
    texts = [frame.iloc[:, i] for i, numeric in enumerate(numeric_columns(frame)) if not numeric]
    kinds = {str(column.name): int(column.nunique()) for column in texts}
    features = frame.shape[1] - len(texts) + sum(kinds.values())
    if problem := excess({f"{len(frame):,} rows of {features:,} inputs": _BYTES * len(frame) * features}):
        most = [f"{name!r} ({kinds[name]:,})" for name in sorted(kinds, key=lambda n: -kinds[n])[:3]]
        of_texts = f"; most distinct texts have the columns {', '.join(most)}" if most else ""
        raise DataError(f"the table {problem}{of_texts}; leave out or group columns, or take fewer rows")


def raw_frame(X: Any) -> pd.DataFrame:
    """Make a DataFrame of a table or an array; its column names are text, those of an array x1, x2, ….

    Args:
        X: An array, a DataFrame, or a table of another library that has ``to_pandas``.

    Raises:
        DataError: if it is not a table.
    """
    import pandas as pd

    X = X.to_pandas() if hasattr(X, "to_pandas") else X
    if isinstance(X, pd.DataFrame):
        if X.columns.nlevels > 1:
            raise DataError(
                f"the columns have names of {X.columns.nlevels} levels: give each one name, as by "
                '[".".join(map(str, names)) for names in frame.columns]'
            )
        return X.rename(columns=str)
    array = plain_array(X, "X")
    if array.ndim != 2:
        raise DataError(f"X has shape {array.shape}: give (examples, columns)")
    return pd.DataFrame(array, columns=[f"x{i + 1}" for i in range(array.shape[1])], copy=False)


def plain_array(values: Any, name: str) -> NDArray[Any]:
    """Make an array of what may be one.

    Args:
        values: An array or a list.
        name: Of them, for a message.

    Raises:
        DataError: If it is none, or some of its values are masked.
    """
    if hasattr(values, "toarray"):
        raise DataError(f"{name} is sparse: give {name}.toarray()")
    if np.ma.is_masked(values):
        raise DataError(f"{name} has {int(values.mask.sum()):,} masked values: fill or drop those rows first")
    try:
        array = np.asarray(values)
    except (RuntimeError, TypeError, ValueError) as problem:
        raise DataError(f"{name} cannot be made an array: {problem}; give every row the same length") from None
    if array.ndim == 0:
        raise DataError(f"{name} is not a table (given: {type(values).__name__}): give an array or a DataFrame")
    return array


def _numbers(block: pd.DataFrame, names: Sequence[str]) -> NDArray[np.float64]:
    """Columns as numbers, ``(examples, columns)``, in an array of their own."""
    try:
        numbers = np.array(block.to_numpy(dtype=float, na_value=np.nan), order="C")
    except (TypeError, ValueError):
        name, value = next(_texts(block, names))
        raise DataError(f"column {name!r} holds {value!r} where the network was trained on numbers") from None
    if not np.isfinite(numbers).all():
        name = names[int(np.argmin(np.isfinite(numbers).all(axis=0)))]
        raise DataError(f"column {name!r} holds values that are missing or not finite: fill or drop those rows first")
    return numbers


def _texts(block: pd.DataFrame, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Names of the columns that are no numbers, each with its first value that is none."""
    import pandas as pd

    for i, name in enumerate(names):
        column = block.iloc[:, i]
        odd = pd.to_numeric(column, errors="coerce").isna() & column.notna()
        if odd.any():
            yield name, column[odd].iloc[0]


def precision_of(features: pd.DataFrame) -> DTypeLike:
    """Float32 where it holds every column of numbers exactly (float32, integers of 8 or 16 bits); else float64."""
    kinds = {kind for kind in set(features.dtypes) if is_numeric_dtype(kind)}
    narrow = [isinstance(kind, np.dtype) and np.promote_types(kind, np.float32) == np.float32 for kind in kinds]
    return np.float32 if narrow and all(narrow) else np.float64
