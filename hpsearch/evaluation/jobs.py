"""Trainings in an executor that the user gives: how they are put together, handed out and waited for.

A job is a chunk of trainings that takes about a second, so that handing it out costs little beside it. It carries
settings and not the data.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hpsearch.engine.compilation import source_stamp
from hpsearch.evaluation.costs import training_seconds
from hpsearch.evaluation.deadlines import Deadline
from hpsearch.evaluation.failures import WorkersLostError
from hpsearch.evaluation.tasks import Outcome, Task, Trainer
from hpsearch.evaluation.worker import run

if TYPE_CHECKING:  # needs Dask
    from hpsearch.evaluation.clusters import Cluster

_JOB = 1.0
"""Seconds of a job."""

_UNMEASURED_JOB = 0.1
"""Seconds of one by the arithmetic alone: another machine may take many times as long."""

_AHEAD = 3.0
"""Seconds of trainings, for each worker, that are handed out beyond the one whose outcome is awaited."""

_LEAST_AHEAD = 64

_WORKERS = 4
"""Of an executor that does not say how many it has."""


@dataclass(frozen=True)
class _Ticket:
    """A task that was taken, and what waits for its outcome.

    Attributes:
        task: To be run.
        seconds: That it takes by the arithmetic.
        answer: Its outcome, when it is there.
    """

    task: Task
    seconds: float
    answer: Future[Outcome]


class Elsewhere:
    """Tasks in a user's executor.

    The workers of a Dask cluster get the data before the first job. Any other worker that has not got it sends its job
    back; one such job at a time is sent again with the data, and the others wait for it: so the data goes to each
    worker about once.

    Raises:
        WorkersLostError: if a Dask cluster does not answer.
    """

    def __init__(self, trainer: Trainer, executor: Executor, deadline: Deadline) -> None:
        self._trainer, self._executor, self._deadline = trainer, executor, deadline
        self._key = uuid.uuid4().hex
        self._cluster = cluster_of(executor)
        if self._cluster is not None:
            self._cluster.bring(self._key, trainer)
        self._lock = threading.Lock()
        self._carrying = False
        self._parked: list[list[_Ticket]] = []
        self._running: set[Future[list[Outcome] | None]] = set()
        self._unsent: list[_Ticket] = []
        self._owed = 0
        self._owed_seconds = self._unsent_seconds = self._reckoned = self._measured = 0.0

    @property
    def full(self) -> bool:
        """Whether enough is handed out to keep all workers at work while an outcome is awaited."""
        seconds = self._pace() * self._owed_seconds
        return self._owed > _LEAST_AHEAD and seconds > _AHEAD * self._workers()

    def submit(self, task: Task) -> Callable[[], Outcome]:
        """Take a task; what is returned waits for its outcome."""
        ticket = _Ticket(task, training_seconds(self._trainer.examples, task), Future())
        self._unsent.append(ticket)
        self._unsent_seconds += ticket.seconds
        self._owed += 1
        self._owed_seconds += ticket.seconds
        if self._pace() * self._unsent_seconds >= (_JOB if self._measured else _UNMEASURED_JOB):
            self._send_unsent(jobs=1)
        return partial(self._outcome, ticket)

    def close(self) -> None:
        """Take back what no worker has begun, and the data."""
        for future in list(self._running):
            future.cancel()
        if self._cluster is not None:
            self._cluster.take_away(self._key)

    def _outcome(self, ticket: _Ticket) -> Outcome:
        if (
            self._unsent and not ticket.answer.done()
        ):  # nobody hands more out meanwhile: idle workers share what is there
            idle = self._workers() - len(self._running)
            self._send_unsent(jobs=max(1, idle, round(self._pace() * self._unsent_seconds / _JOB)))
        try:
            outcome = self._deadline.result(ticket.answer, meanwhile=self._check_workers)
        except WorkersLostError:
            raise
        except Exception as problem:
            words = self._loss(problem)
            if words is None:
                raise
            raise WorkersLostError(
                f"{words}: finished trials are stored, and the same call with a new executor goes on"
            ) from problem
        self._owed -= 1
        self._owed_seconds -= ticket.seconds
        return outcome

    def _check_workers(self) -> None:
        if self._cluster is not None:
            self._cluster.check_workers()

    def _loss(self, problem: Exception) -> str | None:
        """What happened to the workers, if it is that."""
        words = None if self._cluster is None else self._cluster.loss(problem)
        if words is None and isinstance(problem, BrokenExecutor):
            return "the executor lost its workers (out of memory?)"
        if words is None and isinstance(problem, CancelledError):
            return "the executor was told to drop the trainings"
        return words

    def _workers(self) -> int:
        if self._cluster is not None:
            return self._cluster.threads()
        return int(getattr(self._executor, "_max_workers", _WORKERS))

    def _pace(self) -> float:
        """Seconds that were measured in workers, by the seconds of the arithmetic."""
        with self._lock:
            return self._measured / self._reckoned if self._measured else 1.0

    def _send_unsent(self, *, jobs: int) -> None:
        """Send what is unsent, in about so many jobs that take equally long."""
        unsent, most = self._unsent, self._unsent_seconds / jobs
        self._unsent, self._unsent_seconds = [], 0.0
        for job in _cut(unsent, most):
            self._send(job, with_data=False)

    def _send(self, job: list[_Ticket], *, with_data: bool) -> None:
        tasks, trainer = [ticket.task for ticket in job], self._trainer if with_data else None
        submit = self._executor.submit if self._cluster is None else self._cluster.submit
        try:
            running = submit(run, self._key, source_stamp(), tasks, trainer)
        except Exception as problem:
            _fail(job, problem)
            return
        self._running.add(running)
        running.add_done_callback(partial(self._ended, job, with_data))

    def _ended(self, job: list[_Ticket], with_data: bool, running: Future[list[Outcome] | None]) -> None:
        self._running.discard(running)
        problem = CancelledError() if running.cancelled() else running.exception()
        outcomes = None if problem is not None else running.result()
        parked: list[list[_Ticket]] = []
        carry = False
        with self._lock:
            if with_data:
                self._carrying, parked, self._parked = False, self._parked, []
            elif problem is None and outcomes is None:
                carry, self._carrying = not self._carrying, True
                if not carry:
                    self._parked.append(job)
            if outcomes is not None:
                self._reckoned += sum(ticket.seconds for ticket in job)
                self._measured += sum(outcome.finished - outcome.started for outcome in outcomes)
        if carry:
            self._send(job, with_data=True)
        elif problem is not None:
            for failed in (job, *parked):
                _fail(failed, problem)
        else:
            for ticket, outcome in zip(job, outcomes or (), strict=False):
                ticket.answer.set_result(outcome)
            for other in parked:
                self._send(other, with_data=False)


def check_executor(executor: Executor) -> None:
    """Refuse what is no executor.

    Raises:
        TypeError: if it is none.
    """
    if not isinstance(executor, Executor):
        raise TypeError(
            f"executor is no concurrent.futures executor (given: {type(executor).__name__}): give one, such as "
            "ProcessPoolExecutor(4), or client.get_executor() of a Dask client"
        )


def cluster_of(executor: Executor) -> Cluster | None:
    """The Dask cluster behind an executor, if there is one."""
    if not type(executor).__module__.startswith("distributed."):
        return None
    from hpsearch.evaluation.clusters import Cluster

    return Cluster(executor)


def _cut(tickets: Sequence[_Ticket], most: float) -> Iterator[list[_Ticket]]:
    """Tickets in their order, in parts that take so many seconds, or a task more."""
    part, seconds = list[_Ticket](), 0.0
    for ticket in tickets:
        part.append(ticket)
        seconds += ticket.seconds
        if seconds >= most * (1 - 1e-9):
            yield part
            part, seconds = [], 0.0
    if part:
        yield part


def _fail(job: Sequence[_Ticket], problem: BaseException) -> None:
    for ticket in job:
        ticket.answer.set_exception(problem)
