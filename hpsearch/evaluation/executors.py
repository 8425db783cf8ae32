"""Where trainings run: in this process, on its threads, or in any executor that the user gives.

The engine lets go of Python's lock, so threads train side by side and share the data. Workers are stateless.
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self

from hpsearch.evaluation.tasks import Outcome, Task, Trainer

_AHEAD = 64
"""Trainings handed out beyond the one whose outcome is awaited: no more are lost, should the process be killed."""


class WorkersLostError(RuntimeError):
    """An executor's workers died."""


class _Stopped(Exception):
    """A training was stopped, as nobody waits for it any more."""


class Workers:
    """The one seam for scale.

    As a context manager it lets the workers go at the end, and stops them in mid-training after an exception.

    Args:
        trainer: Runs the tasks.
        count: Threads; 1 trains in the calling thread.
        executor: Used instead, for example a cluster's. It stays the user's: it is not shut down.
    """

    def __init__(self, trainer: Trainer, count: int = 1, executor: Executor | None = None) -> None:
        self._trainer, self._count = trainer, count
        self._elsewhere = None if executor is None else _Elsewhere(trainer, executor)
        self._threads: ThreadPoolExecutor | None = None  # a run that has nothing to train starts none
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is not None:
            self._stopping.set()
        if self._elsewhere is not None:
            self._elsewhere.cancel()
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)

    def submit(self, task: Task) -> Callable[[], Outcome]:
        """Hand a task out; what is returned waits for its outcome. In the calling thread nothing runs before that.

        Calling it raises:
            WorkersLostError: if the executor's workers died.
        """
        if self._elsewhere is not None:
            return self._elsewhere.submit(task)
        if self._count == 1:
            return partial(self._trainer.run, task)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="hpsearch")
        return self._threads.submit(self._trainer.run, task, self._check).result

    def outcomes(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Run many tasks, a few at a time; their outcomes in the order of the tasks, as they come."""
        waiting: deque[Callable[[], Outcome]] = deque()
        for task in tasks:
            waiting.append(self.submit(task))
            if len(waiting) > _AHEAD:
                yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()

    def _check(self) -> None:
        if self._stopping.is_set():
            raise _Stopped


class _Elsewhere:
    """Tasks in a user's executor.

    A task carries settings and not the data. A worker that has not got the data yet sends the task back; one such
    task at a time is sent again with the data, and the others wait for it: so the data goes to each worker about once.

    Args:
        trainer: The data, and what runs the tasks.
        executor: The user's.
    """

    def __init__(self, trainer: Trainer, executor: Executor) -> None:
        self._trainer, self._executor, self._key = trainer, executor, uuid.uuid4().hex
        self._lock = threading.Lock()
        self._carrying = False
        self._waiting: list[tuple[Task, Future[Outcome]]] = []
        self._running: set[Future[Outcome | None]] = set()

    def submit(self, task: Task) -> Callable[[], Outcome]:
        answer: Future[Outcome] = Future()
        self._send(task, answer, with_data=False)
        return partial(_outcome, answer)

    def cancel(self) -> None:
        """Take back what no worker has begun."""
        for future in list(self._running):
            future.cancel()

    def _send(self, task: Task, answer: Future[Outcome], *, with_data: bool) -> None:
        try:
            running = self._executor.submit(run, self._key, task, self._trainer if with_data else None)
        except Exception as problem:
            answer.set_exception(problem)
            return
        self._running.add(running)
        running.add_done_callback(partial(self._ended, task, answer, with_data))

    def _ended(self, task: Task, answer: Future[Outcome], with_data: bool, running: Future[Outcome | None]) -> None:
        self._running.discard(running)
        problem = CancelledError() if running.cancelled() else running.exception()
        outcome = None if problem is not None else running.result()
        waiting: list[tuple[Task, Future[Outcome]]] = []
        carry = False
        with self._lock:
            if with_data:
                self._carrying, waiting, self._waiting = False, self._waiting, []
            elif problem is None and outcome is None:
                carry, self._carrying = not self._carrying, True
                if not carry:
                    self._waiting.append((task, answer))
        if carry:
            self._send(task, answer, with_data=True)
        elif problem is not None:
            for _, other in ((task, answer), *waiting):
                other.set_exception(problem)
        else:
            if outcome is not None:
                answer.set_result(outcome)
            for parked, other in waiting:
                self._send(parked, other, with_data=False)


def _outcome(answer: Future[Outcome]) -> Outcome:
    try:
        return answer.result()
    except BrokenExecutor as problem:
        raise WorkersLostError(
            "the executor lost its workers (out of memory?): finished trials are stored, "
            "and the same call with a new executor goes on"
        ) from problem


_MOST_TRAINERS = 4
_trainers: dict[str, Trainer] = {}
"""In a worker: of the studies it has worked for lately."""


def run(key: str, task: Task, trainer: Trainer | None) -> Outcome | None:
    """Run a task in a worker of an executor; None if it has not got the study's data."""
    trainer = trainer or _trainers.get(key)
    if trainer is None:
        return None
    _trainers[key] = trainer
    while len(_trainers) > _MOST_TRAINERS:
        _trainers.pop(next(iter(_trainers)))
    return trainer.run(task)
