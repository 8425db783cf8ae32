"""How much memory there is, and the refusal of what would need more, before it is begun."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

_CGROUPS = (("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))  # fmt: skip
"""Files of a control group's limit and use, and what of the use is a cache that gives way: version 2, version 1."""


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes that this process may still take without swapping; None where the system does not say.

    The least of what the machine has free, what the control groups of this process leave (a container's limit), and
    the limit of its address space.

    Args:
        root: Of the file system, where /proc and /sys are.
    """
    return min([*_free(root), *_groups(root), *_address_space(root)], default=None)


def excess(parts: Mapping[str, int]) -> str | None:
    """The sum of what would be needed, where that is more than there is; None where it fits, or nobody knows.

    Args:
        parts: Bytes, by what they are for.
    """
    needed, free = sum(parts.values()), available_memory()
    if free is None or needed <= free:
        return None
    terms = " + ".join(f"{size(count)} for {name}" for name, count in parts.items())
    return f"needs about {size(needed)} of memory ({terms}), and {size(free)} are free"


def size(count: int) -> str:
    """Bytes in words.

    >>> size(34_359_738_368), size(1_500_000)
    ('34.4 GB', '1.5 MB')
    """
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def _free(root: Path) -> Iterator[int]:
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        yield next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))


def _groups(root: Path) -> Iterator[int]:
    """What each control group above this process leaves."""
    lines: list[str] = []
    with contextlib.suppress(OSError, ValueError):
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers not in ("", "memory"):
            continue
        top = root / "sys/fs/cgroup" / controllers
        place = top / path.strip("/")
        for group in (place, *place.parents):
            if group.is_relative_to(top):
                yield from _left(group)


def _left(group: Path) -> Iterator[int]:
    for limit, use, cache in _CGROUPS:
        with contextlib.suppress(OSError, ValueError):  # "max" is no limit
            most, used = (int((group / name).read_text(encoding="ascii")) for name in (limit, use))
            entries = (group / "memory.stat").read_text(encoding="ascii").split()
            reclaimed = int(entries[entries.index(cache) + 1])
            yield max(0, most - used + reclaimed)


def _address_space(root: Path) -> Iterator[int]:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            pages = int((root / "proc/self/statm").read_text(encoding="ascii").split()[0])
            yield max(0, limit - pages * os.sysconf("SC_PAGE_SIZE"))
