"""X and y as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpsearch.data.checks import DataError, check_order
from hpsearch.data.preparation import plain_array, raw_frame

if TYPE_CHECKING:
    import pandas as pd


def joined_pair(test: tuple[Any, ...], column: str) -> pd.DataFrame:
    """X and y of the test examples as a table, whose column y is.

    Raises:
        DataError: if there are not two, or as :func:`joined_arrays`.
    """
    if len(test) != 2:
        raise DataError(f"test has {len(test)} parts: give X and y of the test examples, or a share")
    return joined_arrays(*test, column, "the test's ")


def joined_arrays(X: Any, y: Any, column: str, whose: str) -> pd.DataFrame:
    """X, ``(examples, columns)``, and y, ``(examples,)``, as a table.

    Args:
        X: An array or a DataFrame.
        y: In the order of its rows.
        column: Of the targets.
        whose: Named in an error before X.

    Raises:
        DataError: if they do not go together.
    """
    check_order(X, y)
    frame, y = raw_frame(X), plain_array(y, "y")
    if y.ndim != 1 or len(y) != len(frame):
        raise DataError(
            f"{whose}X has shape {frame.shape} and y has shape {y.shape}: give one target for each row of X"
        )
    frame[column] = y
    return frame
