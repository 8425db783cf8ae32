"""Where a raw table comes from: bundled sets, generated ones and files. None of them is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hpsearch.data.checks import DataError

if TYPE_CHECKING:
    import pandas as pd

TARGET = "target"
"""Name of the target column of the bundled and generated sets."""


def raw_table(source: str, target: str | None, *, seed: int) -> tuple[pd.DataFrame, str]:
    """Read or generate the raw table of a source.

    Args:
        source: A bundled or generated set's name, ``csv:PATH`` or ``parquet:PATH``.
        target: Target column of a file.
        seed: Seed of a generated set.

    Returns:
        The table and the name of its target column.

    Raises:
        DataError: If there is no such source, or the file cannot be read.
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
    except Exception as problem:  # pandas and pyarrow raise many kinds
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
