"""Where trainings run: in this process, on its threads, or in any executor that the user gives.

The engine lets go of Python's lock, so threads train side by side and share the data. Workers are stateless.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from types import TracebackType
from typing import Self

from hpsearch.evaluation.deadlines import Deadline
from hpsearch.evaluation.jobs import Elsewhere, check_executor
from hpsearch.evaluation.tasks import Outcome, Task, Trainer
from hpsearch.evaluation.turns import short_turns

_AHEAD = 64
"""Trainings handed out beyond the one whose outcome is awaited: no more are lost, should the process be killed."""

_SURROUNDING: ContextVar[Executor | None] = ContextVar("executor", default=None)


@contextlib.contextmanager
def training_on(executor: Executor) -> Iterator[None]:
    """Inside its context all trainings run in this executor; the numbers are those of this process, to the bit.

    It serves every function that trains on workers: searches in rounds, comparisons and the tables around a study's
    best too. It holds for the thread that enters it. What trains a single network, such as ``best.network()``, does so
    here.

    Args:
        executor: Any ``concurrent.futures`` executor, such as ``Client(...).get_executor()`` of a Dask cluster. It
            stays the caller's: it is not shut down.

    Raises:
        TypeError: if it is no executor.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as threads, training_on(threads):
    ...     print(surrounding() is threads)
    True
    """
    check_executor(executor)
    before = _SURROUNDING.set(executor)
    try:
        yield
    finally:
        _SURROUNDING.reset(before)


def surrounding(executor: Executor | None = None) -> Executor | None:
    """The executor that was given, else that of :func:`training_on` around the call, else None."""
    if executor is None:
        return _SURROUNDING.get()
    check_executor(executor)
    return executor


class _Stopped(Exception):
    """A training was stopped, as nobody waits for it any more."""


class Workers:
    """The one seam for scale.

    As a context manager it lets the workers go at the end, and stops them in mid-training after an exception.

    Args:
        trainer: Runs the tasks.
        count: Threads; 1 trains in the calling thread.
        executor: Used instead, for example a cluster's. It stays the user's: it is not shut down.
        deadline: When it passes, what is awaited and not there raises OutOfTimeError, and nothing more is handed out.
    """

    def __init__(
        self, trainer: Trainer, count: int = 1, executor: Executor | None = None, deadline: Deadline | None = None
    ) -> None:
        self._trainer, self._count, self._deadline = trainer, count, deadline or Deadline()
        self._elsewhere = None if executor is None else Elsewhere(trainer, executor, self._deadline)
        self._threads: ThreadPoolExecutor | None = None  # a run that has nothing to train starts none
        self._turns = contextlib.ExitStack()
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is not None:
            self._stopping.set()
        if self._elsewhere is not None:
            self._elsewhere.close()
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        self._turns.close()

    @property
    def full(self) -> bool:
        """Whether handing more out would keep no worker busier. Of threads it is true: a batch ahead is enough."""
        return self._elsewhere is None or self._elsewhere.full

    def submit(self, task: Task) -> Callable[[], Outcome]:
        """Hand a task out; what is returned waits for its outcome. In the calling thread nothing runs before that.

        Calling it raises:
            WorkersLostError: if the executor's workers died.
            OutOfTimeError: if the deadline passed before the outcome was there.
        """
        if self._deadline.passed or (self._elsewhere is None and self._count == 1):
            return partial(self._here, task)
        if self._elsewhere is not None:
            return self._elsewhere.submit(task)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="hpsearch")
            self._turns.enter_context(short_turns())
        return partial(self._deadline.result, self._threads.submit(self._trainer.run, task, self._check))

    def outcomes(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Run many tasks, some at a time; their outcomes in the order of the tasks, as they come."""
        waiting: deque[Callable[[], Outcome]] = deque()
        for task in tasks:
            waiting.append(self.submit(task))
            if len(waiting) > _AHEAD and self.full:
                yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()

    def _here(self, task: Task) -> Outcome:
        self._deadline.check()
        return self._trainer.run(task, self._deadline.check)

    def _check(self) -> None:
        if self._stopping.is_set():
            raise _Stopped
