"""How much memory a training takes, known before it begins."""

from __future__ import annotations

from hpsearch.engine.diagnostics import PROBE
from hpsearch.engine.settings import Architecture

_COPIES = 7.5
"""Arrays of all parameters that are there at once: parameters and velocity, before, during and after the descent, and
what they are copied through. By the highest use of memory of networks of 16 million parameters it is 6 to 7.4."""


def training_bytes(architecture: Architecture, batch_size: int) -> int:
    """Bytes that one training takes at its highest, its examples aside."""
    answers = max(batch_size, PROBE) * (2 * sum(units for units, _ in architecture.shapes) + architecture.shapes[-1][1])
    return int(item_bytes(architecture) * (_COPIES * architecture.parameters + answers))


def item_bytes(architecture: Architecture) -> int:
    """Bytes of a number."""
    return 8 if architecture.dtype == "float64" else 4
