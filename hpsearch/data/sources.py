"""Where a raw table comes from (bundled sets, generated ones, files: none needs a network), and what it may hold."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

TARGET = "target"
"""Name of the target column of the bundled and generated sets."""


_MOST_CATEGORIES = 1000
_LARGEST = 1e30


class DataError(ValueError):
    """Data cannot be used: the message says what was wrong, what was given and what to do."""


def read(source: str, target: str | None, seed: int) -> tuple[pd.DataFrame, str]:
    """The raw table of a source, and the name of its target column.

    Args:
        source: A bundled or generated set's name, ``csv:PATH`` or ``parquet:PATH``.
        target: Target column of a file.
        seed: Of a generated set.

    Raises:
        DataError: if there is no such source, or the file cannot be read.
    """
    kind, colon, path = source.partition(":")
    if colon and kind in ("csv", "parquet"):
        if not target:
            raise DataError(f"{source}: a file needs its target column: set data.target")
        return _file(kind, Path(path)), target
    if source in ("digits", "breast_cancer", "wine", "iris", "diabetes"):
        import sklearn.datasets

        bunch = getattr(sklearn.datasets, f"load_{source}")(as_frame=True)
        return bunch.frame, TARGET
    if source == "flower":
        return _frame(*_flower(seed)), TARGET
    if source == "moons":
        from sklearn.datasets import make_moons

        return _frame(*make_moons(400, noise=0.2, random_state=seed)), TARGET
    raise DataError(f"unknown source {source!r}: give a bundled set's name, csv:PATH or parquet:PATH")


def _file(kind: str, path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    try:
        frame = pd.read_csv(path) if kind == "csv" else pd.read_parquet(path)
    except Exception as problem:  # the parsers raise a dozen kinds
        reason = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        raise DataError(f"{path}: cannot be read as {kind}: {reason}") from problem
    if frame.empty:
        raise DataError(f"{path}: has no rows ({len(frame.columns)} columns): give a table with examples")
    if kind == "csv":
        _refuse_repeated_headings(path)
    return frame


def _refuse_repeated_headings(path: Path) -> None:
    import pandas as pd

    headings = pd.read_csv(path, header=None, nrows=1, dtype=str).iloc[0].tolist()
    repeated = sorted({str(h) for h in headings if headings.count(h) > 1})
    if repeated:
        raise DataError(f"{path}: column names are repeated: {', '.join(repeated)}; give each its own")


def _frame(X: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"x1": X[:, 0], "x2": X[:, 1], TARGET: y.astype(int)})


def _flower(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The two-class polar rose of the shallow-network lesson: 200 examples a class, four petals."""
    generator = np.random.default_rng(seed)
    angles = [np.linspace(j * 3.12, (j + 1) * 3.12, 200) + 0.2 * generator.standard_normal(200) for j in (0, 1)]
    radii = [4 * np.sin(4 * angle) + 0.2 * generator.standard_normal(200) for angle in angles]
    angle, radius = np.concatenate(angles), np.concatenate(radii)
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1), np.repeat([0, 1], 200)


def check_columns(frame: pd.DataFrame, target: str) -> None:
    """Refuse what cannot be used, all columns at once.

    Raises:
        DataError: that names every such column.
    """
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"column names are repeated: {listed(repeated)}; give each its own")
    if target not in frame.columns:
        near = difflib.get_close_matches(str(target), names, n=1) or names
        raise DataError(f"there is no target column {target!r}; did you mean {listed(near)}?")
    if len(names) == 1:
        raise DataError(f"the table has only the target column {target!r}: it needs features")
    problems = [problem for name in frame.columns for problem in _column_problems(frame[name], str(name), target)]
    if problems:
        raise DataError("; ".join(problems))


def _column_problems(column: pd.Series, name: str, target: str) -> list[str]:
    from pandas.api import types

    if types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column) or types.is_complex_dtype(column):
        return [f"column {name!r} has dtype {column.dtype}: turn it into numbers or text, or drop it"]
    missing = int(column.isna().sum())
    if is_numeric(column):
        numbers = np.abs(column.to_numpy(dtype=float, na_value=np.nan))
        infinite, large = int(np.isinf(numbers).sum()), int((numbers[np.isfinite(numbers)] > _LARGEST).sum())
        found = [f"column {name!r} has {missing} missing values: fill or drop those rows first"] if missing else []
        if infinite:
            found.append(f"column {name!r} has {infinite} infinite values: replace or drop them first")
        if large:
            found.append(f"column {name!r} has {large} values beyond 1e30: rescale it first")
        return found
    if missing:
        return [f"column {name!r} has {missing} missing values: fill or drop those rows first"]
    kinds = {type(value) for value in column}
    if not all(issubclass(kind, str | bool | np.bool_ | int | np.integer) for kind in kinds) or (
        len({issubclass(kind, str) for kind in kinds}) > 1
    ):
        told = ", ".join(sorted(kind.__name__ for kind in kinds))
        return [f"column {name!r} mixes values of type {told}: make it all numbers or all text"]
    distinct = column.nunique()
    if name != target and distinct > _MOST_CATEGORIES:
        return [f"column {name!r} is text with {distinct} distinct values (an identifier?): drop it or group them"]
    return []


def is_numeric(column: pd.Series) -> bool:
    """Whether a column holds numbers; bools are none."""
    import pandas as pd

    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names in quotes, the first few of many."""
    shown = ", ".join(repr(str(name)) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
