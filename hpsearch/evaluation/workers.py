"""Where populations are trained: in this process, in a pool of processes, or in any executor of the user's.

Workers are stateless. A worker that is lost costs the populations it held, and these are trained again.
"""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from functools import partial

from hpsearch.evaluation.executors import InProcess, interrupts_ignored
from hpsearch.evaluation.jobs import Job, JobResult, Trainer, install, run_installed

_ATTEMPTS = 3


class LostWorkerWarning(UserWarning):
    """A worker process died; the populations it held are trained again."""


class WorkersLostError(RuntimeError):
    """Workers die again and again."""


class Workers:
    """The one seam for scale: submits jobs to an executor, and again if a worker is lost.

    Args:
        trainer: What the workers run jobs with.
        workers: Processes, with one BLAS thread each; 1 works in this process.
        executor: Used instead, for example a cluster's; every job then carries the trainer with it.
    """

    def __init__(self, trainer: Trainer, workers: int = 1, executor: Executor | None = None) -> None:
        self.count = workers
        self._trainer, self._given = trainer, executor
        self._others = set(multiprocessing.active_children())
        self._executor: Executor | None = None  # a rerun that has nothing to train starts no process
        self._generation = 0

    def _make(self) -> Executor:
        if self._given is not None:
            return self._given
        if self.count == 1:
            return InProcess()
        pool = ProcessPoolExecutor(
            self.count,
            mp_context=multiprocessing.get_context("spawn"),  # a fork would inherit threads and their locks
            initializer=install,
            initargs=(self._trainer,),
        )
        with interrupts_ignored():  # inherited: Ctrl-C reaches the whole group, and the coordinator decides
            for _ in range(self.count):
                pool.submit(int)  # a process starts when there is work
        return pool

    def submit(self, jobs: Sequence[Job]) -> Callable[[], Iterator[JobResult]]:
        """Start jobs.

        Returns:
            A function that waits for their results and gives them in the order of the jobs.

        Raises:
            WorkersLostError: from that function, if workers die again and again.
        """
        waiting = [(job, self._send(job), self._generation) for job in jobs]
        return partial(self._collect, waiting)

    def _send(self, job: Job) -> Future[JobResult]:
        in_pool = self._given is None and self.count > 1
        run = run_installed if in_pool else self._trainer.run
        try:
            if self._executor is None:
                self._executor = self._make()
            return self._executor.submit(run, job)
        except BrokenExecutor as problem:  # found out on the next job: let the collector deal with it
            future: Future[JobResult] = Future()
            future.set_exception(problem)
            return future

    def _collect(self, waiting: list[tuple[Job, Future[JobResult], int]]) -> Iterator[JobResult]:
        for job, first, sent in waiting:
            future, generation = first, sent
            for attempt in range(_ATTEMPTS + 1):
                try:
                    result = future.result()
                except BrokenExecutor as problem:
                    if attempt == _ATTEMPTS or self._given is not None:
                        raise WorkersLostError(
                            f"worker processes died {attempt + 1} times on the same population (out of memory?): "
                            "use fewer workers or a smaller network; finished trials are stored"
                        ) from problem
                    self._renew(generation)
                    future, generation = self._send(job), self._generation
                else:
                    yield result
                    break

    def _renew(self, broken: int) -> None:
        if broken == self._generation:
            warnings.warn("a worker process died; its populations are trained again", LostWorkerWarning, stacklevel=4)
            self.close()
            self._executor, self._generation = None, self._generation + 1

    def close(self, *, now: bool = False) -> None:
        """Let the workers go; ``now`` stops them in mid-training."""
        if self._given is not None or self._executor is None:
            return
        if now:  # first the processes: the pool then finds itself broken, and its shutdown waits for nothing
            for process in set(multiprocessing.active_children()) - self._others:
                process.terminate()
        self._executor.shutdown(wait=True, cancel_futures=True)
