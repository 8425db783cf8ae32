"""What may happen to workers that are not this process."""

from __future__ import annotations


class WorkersLostError(RuntimeError):
    """Workers died, or what hands work out to them is gone."""


class ClusterError(RuntimeError):
    """A cluster cannot be reached, or has no workers."""


class EngineDiffersError(RuntimeError):
    """A worker has another engine, whose numbers may differ, or none."""
