"""What a worker of an executor does: it keeps the data of the runs that it works for, and trains."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from hpsearch.engine.compilation import source_stamp
from hpsearch.evaluation.failures import EngineDiffersError
from hpsearch.evaluation.tasks import Outcome, Task, Trainer

_MOST_TRAINERS = 4

_trainers: dict[str, Trainer] = {}
"""By the key of the run; those that this worker has worked for lately."""

_keeping = threading.Lock()


def run(key: str, stamp: str, tasks: Sequence[Task], trainer: Trainer | None) -> list[Outcome] | None:
    """Run tasks one after another; None if this worker has not got the study's data.

    Args:
        key: Of the study's run.
        stamp: Digest of the engine's source where the run is.
        tasks: To be run.
        trainer: With the data, if it is brought.

    Raises:
        EngineDiffersError: if the worker's engine is another.
    """
    if stamp != source_stamp():
        raise EngineDiffersError(
            "a worker has another version of hpsearch than this machine, and may give other numbers: "
            "install the same version on both"
        )
    trainer = trainer or _trainers.get(key)
    if trainer is None:
        return None
    keep(key, trainer)
    return [trainer.run(task) for task in tasks]


def keep(key: str, trainer: Trainer | None) -> None:
    """Keep the data of a run, and forget those of runs long past; None forgets this one."""
    with _keeping:
        _trainers.pop(key, None)
        if trainer is not None:
            _trainers[key] = trainer
        while len(_trainers) > _MOST_TRAINERS:
            del _trainers[next(iter(_trainers))]
