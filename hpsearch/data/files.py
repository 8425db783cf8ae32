"""Files written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Give a temporary path to write to, beside the file that it becomes at the end.

    A reader sees the former file or the new one, never a part: the new one is on the disk before it takes the name.
    After an exception inside, Ctrl-C included, the former file stays and the temporary one is removed.

    Args:
        path: Of the file; its folder is there.

    Raises:
        OSError: if the file cannot be written.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
