"""Hands jobs out and collects their results: in this process, in a pool of processes, or in an executor of the user's.

Workers are stateless. A worker that is lost costs the jobs it had, and these are run again.
"""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from hpsearch.evaluation.executors import process_pool
from hpsearch.evaluation.jobs import Job, JobResult, Trainer, run_installed

_ATTEMPTS = 3


class LostWorkerWarning(UserWarning):
    """A worker process died; the populations it held are trained again."""


class WorkersLostError(RuntimeError):
    """Workers die again and again."""


@dataclass
class _Task:
    """A job and where it is: the future of an executor, and the number of that executor in the order of making."""

    job: Job
    future: Future[JobResult] | None = None
    generation: int = 0


class Workers:
    """The one seam for scale: runs jobs, and runs them again if a worker is lost.

    As a context manager it lets the workers go at the end, and stops them in mid-training after an exception.

    Args:
        trainer: What jobs are run with.
        count: Processes, with one BLAS thread each; 1 works in this process.
        executor: Used instead, for example a cluster's; every job then carries the trainer with it.
    """

    def __init__(self, trainer: Trainer, count: int = 1, executor: Executor | None = None) -> None:
        self.count = count
        self._trainer, self._users_executor = trainer, executor
        self._children_of_others = set(multiprocessing.active_children())
        self._pool: Executor | None = None  # a run that has nothing to train starts no process
        self._generation = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(now=problem is not None)

    def submit(self, jobs: Sequence[Job]) -> Submission:
        """Hand jobs out. In this process nothing runs before its result is asked for."""
        return Submission(self, [self._start(_Task(job)) for job in jobs])

    @property
    def _in_this_process(self) -> bool:
        return self._users_executor is None and self.count == 1

    def _start(self, task: _Task) -> _Task:
        if self._in_this_process:
            return task
        task.generation = self._generation
        try:
            if self._users_executor is not None:
                task.future = self._users_executor.submit(self._trainer.run, task.job)
            else:
                self._pool = self._pool or process_pool(self._trainer, self.count)
                task.future = self._pool.submit(run_installed, task.job)
        except BrokenExecutor as problem:  # a worker of an earlier job died: result() makes a new pool
            task.future = Future()
            task.future.set_exception(problem)
        return task

    def result(self, task: _Task) -> JobResult:
        """Wait for a task, and start it again if its worker died.

        Raises:
            WorkersLostError: if workers die again and again.
        """
        for attempt in range(_ATTEMPTS + 1):
            if task.future is None:
                return self._trainer.run(task.job)
            try:
                return task.future.result()
            except BrokenExecutor as problem:
                if attempt == _ATTEMPTS or self._users_executor is not None:
                    raise WorkersLostError(
                        f"worker processes died {attempt + 1} times on the same population (out of memory?): "
                        "use fewer workers or a smaller network; finished trials are stored"
                    ) from problem
                self._renew(task.generation)
                self._start(task)
        raise AssertionError("the last attempt returns or raises")

    def _renew(self, broken: int) -> None:
        """Let a broken pool go, once for all the tasks it had."""
        if broken == self._generation:
            warnings.warn("a worker process died; its populations are trained again", LostWorkerWarning, stacklevel=4)
            self.close()
            self._pool, self._generation = None, self._generation + 1

    def close(self, *, now: bool = False) -> None:
        """Let the workers go; ``now`` stops them in mid-training."""
        if self._pool is None:
            return
        if now:  # first the processes: the pool then finds itself broken, and its shutdown waits for nothing
            for process in set(multiprocessing.active_children()) - self._children_of_others:
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)


class Submission:
    """Jobs that were handed out together; iterating waits for their results, in the order of the jobs."""

    def __init__(self, workers: Workers, tasks: Sequence[_Task]) -> None:
        self._workers, self._tasks = workers, tasks

    def __iter__(self) -> Iterator[JobResult]:
        return (self._workers.result(task) for task in self._tasks)
