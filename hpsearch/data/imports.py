"""scikit-learn, imported without a trace in the process of whoever calls."""

from __future__ import annotations

import random
import sys
import warnings


def import_sklearn() -> None:
    """Import scikit-learn, should it not be there yet, and leave Python's random state and warnings filters as before.

    One of its modules draws a random number when it is imported, and its root adds filters.
    """
    if "sklearn.preprocessing" in sys.modules:
        return
    state = random.getstate()
    with warnings.catch_warnings():
        import sklearn.preprocessing  # noqa: F401  # brings what draws
    random.setstate(state)
