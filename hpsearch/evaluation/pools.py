"""Where a user's function runs: in this thread, on threads, in processes, or in any executor; answers as they come.

Unlike a training, which ends in a moment, a call may take minutes: so what is ready is handed back at once, whatever
was begun before it, and processes are stopped rather than awaited when the survey is. A call in which its worker dies
again and again is a row that failed, and the others go on.
"""

from __future__ import annotations

import multiprocessing
import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Self, TypeVar

from hpsearch.evaluation.calls import Answer, Call, FunctionError
from hpsearch.evaluation.failures import SECONDS_BETWEEN_LOOKS, UnsendableError, WorkerDiedError, WorkersLostError
from hpsearch.evaluation.jobs import cluster_of
from hpsearch.evaluation.restarts import RestartedProcesses

Place = TypeVar("Place")

_AHEAD = 2
"""Calls a worker that are handed out, those that run included."""
_AHEAD_ELSEWHERE = 1000
"""Calls that are handed to an executor of the user's, whose number of workers is not known."""
_LEAST_IN_CLUSTER = 64
"""Calls that are handed to a cluster, however few its workers: the next is there when one has ended."""

_KEPT = "the rows that were evaluated are kept, and the same call goes on"


class Pool:
    """Runs a function's calls, for as long as its context lasts.

    Args:
        call: The function.
        workers: How many calls run side by side; 1 runs them in the calling thread, unless in processes.
        processes: Whether the workers are processes and not threads.
        executor: Used instead of both. It stays the user's: it is not shut down.

    Raises:
        FunctionError: if the function cannot be sent to processes.
    """

    def __init__(
        self, call: Call, workers: int = 1, *, processes: bool = False, executor: Executor | None = None
    ) -> None:
        self._call, self._executor = call, executor
        self._cluster = None if executor is None else cluster_of(executor)
        self._ahead = _AHEAD_ELSEWHERE if executor is not None else _AHEAD * workers
        self._own: Executor | None = None
        self._start: Callable[[], Executor] | None = None
        if executor is not None:
            return
        if processes:
            _check_sendable(call)
            self._start = lambda: RestartedProcesses(workers)
        elif workers > 1:
            self._start = lambda: ThreadPoolExecutor(workers, thread_name_prefix="hpsearch")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is not None and isinstance(self._own, RestartedProcesses):
            self._own.stop()
        if self._own is not None:
            self._own.shutdown(wait=True, cancel_futures=True)

    def answers(
        self, tasks: Iterator[tuple[Place, Any]], *, deadline: float = float("inf")
    ) -> Iterator[tuple[Place, list[Answer]]]:
        """Answers to tasks as they come, each with what came with its task; the first task's come first.

        Args:
            tasks: What to call the function with. Nothing runs beside the first, whose answer may be refused.
            deadline: By ``time.monotonic()``: afterwards no task is begun.
        """
        if self._start is not None and self._own is None:
            self._own = self._start()
        executor = self._executor or self._own
        if executor is None:
            for place, task in tasks:
                yield place, self._call(task)
                if time.monotonic() >= deadline:
                    return
            return
        yield from self._side_by_side(executor, tasks, deadline)

    def _side_by_side(
        self, executor: Executor, tasks: Iterator[tuple[Place, Any]], deadline: float, *, alone: bool = False
    ) -> Iterator[tuple[Place, list[Answer]]]:
        running: dict[Future[list[Answer]], tuple[Place, Any]] = {}
        suspects: list[tuple[Place, Any]] = []
        ahead = 1
        try:
            while True:
                while len(running) < ahead and time.monotonic() < deadline:
                    task = next(tasks, None)
                    if task is None:
                        break
                    running[self._submitted(executor, task[1])] = task
                if not running:
                    break
                for future in self._ready(running):
                    place, rows = running.pop(future)
                    if not alone and self._cluster is not None and self._cluster.gave_up(future):
                        suspects.append((place, rows))
                    else:
                        yield place, self._answers(future, len(rows))
                ahead = 1 if alone else self._most()
                if time.monotonic() >= deadline:  # what no worker has begun is taken back
                    running = {future: task for future, task in running.items() if not future.cancel()}
        finally:
            for future in running:
                future.cancel()
        if suspects:  # a cluster's worker holds several calls: in which it died shows when each runs alone
            yield from self._side_by_side(executor, iter(suspects), deadline, alone=True)

    def _most(self) -> int:
        """How many calls are handed out at once."""
        return self._ahead if self._cluster is None else max(_LEAST_IN_CLUSTER, _AHEAD * self._cluster.threads())

    def _ready(self, running: dict[Future[list[Answer]], tuple[Place, Any]]) -> set[Future[list[Answer]]]:
        """Those that have ended, one at least."""
        if self._cluster is None:
            return wait(running, return_when=FIRST_COMPLETED).done
        while not (done := wait(running, SECONDS_BETWEEN_LOOKS, return_when=FIRST_COMPLETED).done):
            self._cluster.check_workers()
        return done

    def _submitted(self, executor: Executor, task: Any) -> Future[list[Answer]]:
        try:
            return (executor if self._cluster is None else self._cluster).submit(self._call, task)
        except BrokenExecutor as problem:
            raise _lost(problem) from problem

    def _answers(self, future: Future[list[Answer]], rows: int) -> list[Answer]:
        try:
            return future.result()
        except WorkerDiedError as problem:
            return _failed(str(problem), rows)
        except WorkersLostError:
            raise
        except BrokenExecutor as problem:
            raise _lost(problem) from problem
        except (pickle.PicklingError, UnsendableError, AttributeError, TypeError, ImportError) as problem:
            raise _unsendable(problem) from problem  # what the function raises comes as an answer
        except Exception as problem:
            if self._cluster is None:
                raise
            if self._cluster.gave_up(future):
                return _failed("the worker that ran it died again and again (out of memory?)", rows)
            if words := self._cluster.loss(problem):
                raise WorkersLostError(f"{words}: {_KEPT}") from problem
            raise _unsendable(problem) from problem


def _failed(words: str, rows: int) -> list[Answer]:
    """The answers to a call that has none."""
    now = time.time()
    return [Answer({}, words, True, now, now)] * rows


def _check_sendable(call: Call) -> None:
    if multiprocessing.current_process().daemon:
        raise FunctionError(
            "this process may start no processes: it is a daemonic one, such as a worker of a multiprocessing pool or "
            "of Dask; use threads there (processes=False)"
        )
    try:
        pickle.loads(pickle.dumps(call))
    except Exception as problem:
        raise FunctionError(
            f"the function cannot be sent to processes ({type(problem).__name__}: {problem}): define it by def in a "
            "module, not as a lambda nor inside another function, or use threads (processes=False)"
        ) from None


def _unsendable(problem: Exception) -> FunctionError:
    told = str(problem) if isinstance(problem, UnsendableError) else f"{type(problem).__name__}: {problem}"
    return FunctionError(
        f"the function cannot be sent to the executor's workers ({told}): define it by def in a module that they can "
        "import"
    )


def _lost(problem: BaseException) -> WorkersLostError:
    return WorkersLostError(f"the executor lost its workers ({problem}): out of memory? {_KEPT}")
