"""When something began and ended, whatever is done to the system's clock meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable


def clock() -> Callable[[], float]:
    """Seconds since 1970 by the system's clock as it is now, and from here on as time passes: it is never set back."""
    started, count = time.time(), time.monotonic()
    return lambda: started + (time.monotonic() - count)
