"""What may happen to workers that are not this process."""

from __future__ import annotations

SECONDS_BETWEEN_LOOKS = 2.0
"""How often a run that waits for other machines asks whether there are any."""


class WorkersLostError(RuntimeError):
    """Workers died, or what hands work out to them is gone."""


class WorkerDiedError(RuntimeError):
    """A call was given up, for its worker died whenever it was tried."""


class UnsendableError(RuntimeError):
    """A worker cannot import what it is to run."""


class ClusterError(RuntimeError):
    """A cluster cannot be reached, or has no workers."""


class EngineDiffersError(RuntimeError):
    """A worker has another engine, whose numbers may differ, or none."""
