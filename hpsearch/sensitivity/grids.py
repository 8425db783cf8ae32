"""Settings along the range of one hyperparameter, and over those of two, the others fixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.sensitivity.designs import DesignError
from hpsearch.space import Space


def one_at_a_time(space: Space, name: str, setting: Mapping[str, Any], *, values: int = 64) -> pd.DataFrame:
    """A profile's settings: one hyperparameter over its range, the others fixed.

    Args:
        space: The hyperparameters and their ranges.
        name: The one that varies.
        setting: Values of the others (of all; its own is replaced).
        values: Number of values over a range, bounds included; whole numbers and choices have no more than there are.

    Returns:
        A row a value, ascending, with the columns of ``setting``.

    Raises:
        DesignError: if the space has no such hyperparameter.
    """
    check_varies(space, name)
    column = space[name].values(values)
    return pd.DataFrame({**{k: [v] * len(column) for k, v in setting.items()}, name: column})


def grid(
    space: Space, names: tuple[str, str], setting: Mapping[str, Any], *, values: tuple[int, int] = (24, 24)
) -> pd.DataFrame:
    """A grid over two hyperparameters, the others fixed; the second varies fastest.

    Raises:
        DesignError: if one of the two is not in the space, or they are the same.
    """
    check_varies(space, *names)
    first, second = (space[name].values(count) for name, count in zip(names, values, strict=True))
    a, b = np.repeat(first, len(second)), np.tile(second, len(first))
    return pd.DataFrame({**{k: [v] * len(a) for k, v in setting.items()}, names[0]: a, names[1]: b})


def check_varies(space: Space, *names: str) -> None:
    """Refuse hyperparameters that a space does not have, and one that is named twice.

    Raises:
        DesignError: if there is such a name.
    """
    for name in names:
        if name not in space:
            raise DesignError(f"{name!r} does not vary in this study, whose space has {', '.join(space)}")
    if len(set(names)) < len(names):
        raise DesignError(f"{names[0]!r} is named twice: give two different hyperparameters of {', '.join(space)}")
