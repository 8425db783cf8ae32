"""Where a user's function runs: in this thread, on threads, in processes, or in any executor; answers as they come.

Unlike a training, which ends in a moment, a call may take minutes: so what is ready is handed back at once, whatever
was begun before it, and processes are stopped rather than awaited when the survey is.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self, TypeVar

from hpsearch.evaluation.calls import Answer, Call, FunctionError
from hpsearch.evaluation.failures import WorkersLostError

Place = TypeVar("Place")

_AHEAD = 2
"""Calls a worker that are handed out, those that run included."""
_AHEAD_ELSEWHERE = 1000
"""Calls that are handed to an executor of the user's, whose number of workers is not known."""


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
        self._ahead = _AHEAD_ELSEWHERE if executor is not None else _AHEAD * workers
        self._own: Executor | None = None
        self._stop: Connection | None = None
        self._start: Callable[[], Executor] | None = None
        if executor is not None:
            return
        if processes:
            _check_sendable(call)
            self._start = lambda: self._processes(workers)
        elif workers > 1:
            self._start = lambda: ThreadPoolExecutor(workers, thread_name_prefix="hpsearch")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is not None and self._stop is not None:
            self._stop.close()  # the processes leave at once
        if self._own is not None:
            self._own.shutdown(wait=True, cancel_futures=True)
        if self._stop is not None:
            self._stop.close()

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
        self, executor: Executor, tasks: Iterator[tuple[Place, Any]], deadline: float
    ) -> Iterator[tuple[Place, list[Answer]]]:
        running: dict[Future[list[Answer]], Place] = {}
        ahead = 1
        try:
            while True:
                while len(running) < ahead and time.monotonic() < deadline:
                    task = next(tasks, None)
                    if task is None:
                        break
                    running[self._submitted(executor, task[1])] = task[0]
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), _answers(future)
                ahead = self._ahead
                if time.monotonic() >= deadline:  # what no worker has begun is taken back
                    running = {future: place for future, place in running.items() if not future.cancel()}
        finally:
            for future in running:
                future.cancel()

    def _submitted(self, executor: Executor, task: Any) -> Future[list[Answer]]:
        with _interrupts_ignored() if self._stop is not None else contextlib.nullcontext():
            try:
                return executor.submit(self._call, task)
            except BrokenExecutor as problem:
                raise _lost(problem) from problem

    def _processes(self, workers: int) -> Executor:
        context = multiprocessing.get_context("spawn")  # a fork would inherit threads and the locks they hold
        reader, self._stop = context.Pipe(duplex=False)
        return ProcessPoolExecutor(workers, mp_context=context, initializer=_follow, initargs=(reader,))


def _check_sendable(call: Call) -> None:
    try:
        pickle.loads(pickle.dumps(call))
    except Exception as problem:
        raise FunctionError(
            f"the function cannot be sent to processes ({type(problem).__name__}: {problem}): define it by def in a "
            "module, not as a lambda nor inside another function, or use threads (processes=False)"
        ) from None


def _answers(future: Future[list[Answer]]) -> list[Answer]:
    try:
        return future.result()
    except BrokenExecutor as problem:
        raise _lost(problem) from problem
    except (pickle.PicklingError, AttributeError, TypeError) as problem:  # what the function raises comes as an answer
        raise FunctionError(
            f"the function cannot be sent to the executor's workers ({type(problem).__name__}: {problem}): define it "
            "by def in a module that they can import"
        ) from problem


def _lost(problem: BaseException) -> WorkersLostError:
    return WorkersLostError(
        f"worker processes died ({problem}): out of memory, or a script without `if __name__ == '__main__':` around "
        "what it runs? The rows that were evaluated are kept, and the same call goes on"
    )


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let processes that are started here ignore Ctrl-C, which reaches every process of a terminal."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _follow(parent: Connection) -> None:
    """Leave at once when the parent closes its end of the pipe, or dies."""

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            parent.recv()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
