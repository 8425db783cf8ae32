"""What the lesson writes in NumPy that NumPy refuses, and what is meant."""

from __future__ import annotations

import numpy as np
import pandas as pd


def slips() -> pd.DataFrame:
    """What the lesson writes in NumPy that NumPy refuses, and what is meant.

    Returns:
        A row a slip. Columns: written, raises, meant.
    """
    written = {
        "np.random.randn((2, 2))": "np.random.default_rng(0).standard_normal((2, 2))",
        "np.zero((2, 1))": "np.zeros((2, 1))",
    }
    rows = [(slip, _raised(slip), meant) for slip, meant in written.items()]
    return pd.DataFrame(rows, columns=["written", "raises", "meant"])


def _raised(expression: str) -> str:
    try:
        eval(expression, {"np": np})
    except Exception as problem:
        return type(problem).__name__
    return "nothing"
