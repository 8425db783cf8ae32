"""One BLAS thread: small products gain nothing from more, and a result may not depend on how many there are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0
_limit = ExitStack()


@cache
def _libraries() -> ThreadpoolController:
    """Found once: looking through the loaded libraries takes milliseconds."""
    import scipy.linalg.cython_blas  # noqa: F401  # whose BLAS numba calls: loaded before it is looked for

    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Use one BLAS thread inside the ``with`` block, and until the last of all threads that are inside leaves."""
    global _inside
    with _lock:
        if not _inside:
            _limit.enter_context(_libraries().limit(limits=1))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _limit.close()
