"""Where a command's studies are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Where a command's studies are kept.

    Attributes:
        storage: Storage URL or path of a journal; None for the journal in ``results``.
        results: Folder of the results.
    """

    storage: str | None
    results: Path
