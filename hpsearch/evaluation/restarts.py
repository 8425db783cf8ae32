"""Processes that run a user's function, each started anew when it dies: what it ran is tried again, the others go on.

An out-of-memory killer, or a library that crashes, ends a process without a word. A thread of this process stands by
each, hands it one call at a time, and so knows which call it died in.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from multiprocessing import connection, resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from hpsearch.evaluation.failures import UnsendableError, WorkerDiedError, WorkersLostError

TRIES = 3
"""How often a call is tried before it is given up: memory that ran out may be there a moment later."""

_SECONDS_BETWEEN_LOOKS = 1.0
"""Children that a function leaves behind may hold a dead process's pipe open, so it is asked for as well."""

_READY = b"ready"
_GOODBYE = b""


@dataclass
class _Job:
    """A call, pickled, and what waits for its answer."""

    call: bytes
    answer: Future[Any] = field(default_factory=Future)


class RestartedProcesses(Executor):
    """An executor of processes that outlives their deaths.

    Args:
        count: Number of processes; each is started when there is work for it.
    """

    def __init__(self, count: int) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        if sys.platform != "win32":  # there is none there
            resource_tracker.ensure_running()  # it resets the signal mask of the thread that starts it
        self._workers = [_Worker(self._jobs, self._stopping) for _ in range(count)]

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Hand a call out.

        The future raises:
            WorkerDiedError: if the process died in each of some tries.
            UnsendableError: if the process cannot import the function.
            WorkersLostError: if no process can be started.
        """
        job = _Job(pickle.dumps((function, arguments, options)))
        self._jobs.put(job)
        return job.answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the processes go when they have done what is handed out, or with ``cancel_futures`` what they have."""
        if cancel_futures:
            with contextlib.suppress(queue.Empty):
                while True:
                    if job := self._jobs.get_nowait():
                        job.answer.cancel()
        for _ in self._workers:
            self._jobs.put(None)
        for worker in self._workers if wait else ():
            worker.thread.join()

    def stop(self) -> None:
        """End the processes now, whatever they do."""
        self._stopping.set()
        for worker in self._workers:
            worker.stop()


class _Child:
    """A process that answers calls, one at a time."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would inherit threads and the locks they hold
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs,))
        self._process.start()
        theirs.close()
        self.kill = self._process.kill

    def ready(self) -> bool:
        """Whether it comes to take calls: to be asked once, at its start."""
        return self._received() == _READY

    @property
    def killed(self) -> bool:
        """Of one that has ended: whether a signal ended it."""
        return (self._process.exitcode or 0) < 0

    def answer(self, call: bytes) -> bytes | None:
        """Its answer to a call; None if it died."""
        with contextlib.suppress(OSError):  # it may have died idle
            self._connection.send_bytes(call)
        return self._received()

    def _received(self) -> bytes | None:
        while not (ready := connection.wait([self._connection, self._process.sentinel], _SECONDS_BETWEEN_LOOKS)):
            if not self._process.is_alive():
                return None
        if self._connection in ready:
            with contextlib.suppress(EOFError, OSError):
                return self._connection.recv_bytes()
        return None

    def end(self, patience: float | None = None) -> str:
        """See it off, whether it died or is to go; how it ended.

        Args:
            patience: Seconds after which it is killed; None for never.
        """
        with contextlib.suppress(OSError):
            self._connection.send_bytes(_GOODBYE)
        self._process.join(patience)
        if self._process.is_alive():
            self.kill()
            self._process.join()
        self._connection.close()
        code = self._process.exitcode
        if code is None or code >= 0:
            return f"exit code {code}"
        name = signal.Signals(-code).name
        return f"{name}, as when memory runs out" if name == "SIGKILL" else name


class _Worker:
    """A process, and the thread that stands by it."""

    def __init__(self, jobs: queue.SimpleQueue[_Job | None], stopping: threading.Event) -> None:
        self._jobs, self._stopping = jobs, stopping
        self._child: _Child | None = None
        self._lock = threading.Lock()
        self.thread = threading.Thread(target=self._serve, name="hpsearch", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            if self._child is not None:
                self._child.kill()

    def _serve(self) -> None:
        if hasattr(signal, "pthread_sigmask"):  # Ctrl-C reaches all of a terminal: processes inherit the mask
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        while (job := self._jobs.get()) is not None:
            if not job.answer.set_running_or_notify_cancel():
                continue
            try:
                answer, problem = pickle.loads(self._answer(job.call))
            except Exception as lost:
                answer, problem = None, lost
            if problem is None:
                job.answer.set_result(answer)
            else:
                job.answer.set_exception(problem)
        if self._child is not None:
            self._child.end()

    def _answer(self, call: bytes) -> bytes:
        """What the process answers, or one of those that take its place."""
        death, ready = "", True
        for _ in range(TRIES):
            child, ready = self._child, True
            if child is None:
                child = self._started()
                ready = child.ready()
            if ready and (answer := child.answer(call)) is not None:
                return answer
            self._child, death = None, child.end(patience=_SECONDS_BETWEEN_LOOKS)
            if self._stopping.is_set() or not (ready or child.killed):
                break
        if ready:
            raise WorkerDiedError(f"the process that ran it died in each of {TRIES} tries ({death})")
        raise WorkersLostError(
            f"a worker process cannot be started ({death}): out of memory, or a script without "
            "`if __name__ == '__main__':` around what it runs? The rows that were evaluated are kept, and the same "
            "call goes on"
        )

    def _started(self) -> _Child:
        with self._lock:
            if self._stopping.is_set():
                raise WorkersLostError("the processes were told to stop")
            self._child = _Child()
            return self._child


def _work(parent: Connection) -> None:
    """Answer calls in a process, one after another; leave at once when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        try:
            while call := parent.recv_bytes():
                calls.put(call)
        except (EOFError, OSError):
            os._exit(1)
        calls.put(_GOODBYE)

    with contextlib.suppress(OSError):  # the parent may be gone by now
        parent.send_bytes(_READY)
        threading.Thread(target=listen, daemon=True).start()
        while call := calls.get():
            parent.send_bytes(_answer(call))


def _answer(call: bytes) -> bytes:
    """The answer to a call and None, or None and what it raised; pickled."""
    try:
        function, arguments, options = pickle.loads(call)
    except Exception as problem:  # a module that is imported here may raise anything
        return pickle.dumps((None, UnsendableError(f"{type(problem).__name__}: {problem}")))
    try:
        return pickle.dumps((function(*arguments, **options), None))
    except Exception as problem:
        return pickle.dumps((None, RuntimeError(f"{type(problem).__name__}: {problem}")))
    except BaseException as stop:  # it ends the survey, as it does on a thread
        try:
            answer = pickle.dumps((None, stop))
            pickle.loads(answer)
        except Exception:
            answer = pickle.dumps((None, RuntimeError(f"a call was ended by {type(stop).__name__}")))
        return answer
