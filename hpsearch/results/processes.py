"""Processes that share one piece of data and compute independent pieces of work."""

from __future__ import annotations

import contextlib
import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from multiprocessing.context import SpawnContext, SpawnProcess
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from threadpoolctl import threadpool_limits

Work = TypeVar("Work")
Answer = TypeVar("Answer")
Place = TypeVar("Place")

_AHEAD = 4
"""Pieces a process that are handed out beyond the one whose result is awaited."""


class Processes(Generic[Work, Answer]):
    """Processes with one BLAS thread each, for as long as the context lasts; an exception in it stops them at once.

    Args:
        count: Number of processes.
        function: Of a piece and the arguments; importable by name.
        arguments: Sent once to each process, not with every piece.
    """

    def __init__(self, count: int, function: Callable[..., Answer], *arguments: Any) -> None:
        self._count, self._function, self._arguments = count, function, arguments
        self._lost = False

    def __enter__(self) -> Self:
        self._context = _Spawned()
        self._pool = ProcessPoolExecutor(
            self._count,
            mp_context=self._context,
            initializer=_install,
            initargs=(self._function, self._arguments),
        )
        with _interrupts_ignored():  # Ctrl-C reaches every process of a terminal; they inherit that they ignore it
            for _ in range(self._count):
                self._pool.submit(int)  # a process starts only when there is work for it
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is not None:  # the pool then finds itself broken, and its shutdown waits for nothing
            for process in self._context.processes:
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def map(self, pieces: Iterable[tuple[Place, Work]]) -> Iterator[tuple[Place, Answer]]:
        """Each piece's result beside what came with it, in their order; a piece is asked for when it is handed out.

        What a process had that died is computed in this one, and so is all that follows.

        Warns:
            RuntimeWarning: where a process died.
        """
        waiting: deque[tuple[Place, Work, Future[Answer] | None]] = deque()
        for place, piece in pieces:
            waiting.append((place, piece, self._submit(piece)))
            if len(waiting) > _AHEAD * self._count:
                yield self._result(*waiting.popleft())
        while waiting:
            yield self._result(*waiting.popleft())

    def _submit(self, piece: Work) -> Future[Answer] | None:
        try:
            return None if self._lost else self._pool.submit(_run, piece)
        except BrokenExecutor:
            return None

    def _result(self, place: Place, piece: Work, future: Future[Answer] | None) -> tuple[Place, Answer]:
        if future is not None and not self._lost:
            try:
                return place, future.result()
            except BrokenExecutor:
                words = "a worker process died (out of memory?): the work goes on in this process alone"
                warnings.warn(words, RuntimeWarning, stacklevel=2)
                self._lost = True
        return place, self._function(piece, *self._arguments)


class _Spawned(SpawnContext):
    """Starts processes anew (a fork would inherit threads and the locks they hold) and knows which it has started.

    Whatever else this process has as children is its user's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[SpawnProcess] = []

    def Process(self, *arguments: Any, **options: Any) -> SpawnProcess:  # type: ignore[override]  # a class there
        """A process that is about to be started."""
        self.processes.append(SpawnProcess(*arguments, **options))
        return self.processes[-1]


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_installed: tuple[Callable[..., Any], tuple[Any, ...]] | None = None


def _install(function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Keep the arguments in this worker process."""
    global _installed
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a process that is started later, when there is work for it
    threadpool_limits(1)
    _installed = function, arguments


def _run(piece: Any) -> Any:
    assert _installed is not None, "_install() runs first in every worker"
    function, arguments = _installed
    return function(piece, *arguments)
