"""A Dask cluster: how it is reached, how the data gets there, and what has happened when it fails."""

from __future__ import annotations

import contextlib
import logging
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from typing import Any

from distributed import Client, KilledWorker, LocalCluster
from distributed.comm.core import CommClosedError
from distributed.core import Status
from distributed.diagnostics.plugin import WorkerPlugin

from hpsearch.evaluation.failures import SECONDS_BETWEEN_LOOKS, ClusterError, EngineDiffersError, WorkersLostError
from hpsearch.evaluation.remotes import submit
from hpsearch.evaluation.tasks import Trainer
from hpsearch.evaluation.worker import keep

_SECONDS_TO_ANSWER = 10
_SECONDS_FOR_WORKERS = 60
_SECONDS_BETWEEN_COUNTS = 5.0
_SECONDS_OF_A_LOOK = 2 * (SECONDS_BETWEEN_LOOKS + _SECONDS_TO_ANSWER)

log = logging.getLogger("hpsearch.evaluation")


@contextlib.contextmanager
def dask_executor(address: str | None = None, *, workers: int = 1) -> Iterator[Executor]:
    """The executor of a Dask cluster; Dask's own log is silent meanwhile.

    Args:
        address: Of its scheduler, such as ``tcp://host:8786``; None starts a cluster of processes on this machine.
        workers: Processes of that cluster.

    Raises:
        ClusterError: if no scheduler answers there, or it has no worker.
    """
    log = logging.getLogger("distributed")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with contextlib.ExitStack() as stack:
            own = address is None
            if own:
                address = stack.enter_context(
                    LocalCluster(
                        n_workers=workers,
                        threads_per_worker=1,
                        dashboard_address=None,
                        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # it would warn of two on a machine
                        silence_logs=logging.CRITICAL,
                    )
                )
            client = stack.enter_context(_client(address))
            if own:
                client.register_plugin(_Undisturbed(), name="hpsearch")
            yield client.get_executor()
    finally:
        log.setLevel(level)


class _Client(Client):
    """A client that is closed where it cannot start.

    Dask leaves that until it is collected, which may be in the thread of the next client's loop: that waits for itself.
    """

    def start(self, **how: Any) -> None:
        try:
            super().start(**how)
        except BaseException:
            self.close()
            raise


def _client(address: Any) -> Client:
    try:
        client = _Client(address, timeout=_SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError, TypeError) as problem:
        raise ClusterError(
            f"no Dask scheduler answers at {address!r} ({str(problem).splitlines()[0]}): "
            "start one with `dask scheduler` and give the address that it prints, such as tcp://host:8786"
        ) from None
    try:
        client.wait_for_workers(1, timeout=_SECONDS_FOR_WORKERS)
    except TimeoutError:
        client.close()
        raise ClusterError(
            f"the Dask scheduler at {address!r} has no worker after {_SECONDS_FOR_WORKERS} s: start some, on any "
            f"machine where this version of hpsearch is installed, with `dask worker {address}`"
        ) from None
    return client


class Cluster:
    """The Dask cluster behind an executor.

    Args:
        executor: Of a Dask client.
    """

    def __init__(self, executor: Any) -> None:
        self._executor, self._client = executor, executor._client
        self._threads, self._counted = 1, float("-inf")
        self._workless = self._looked = float("-inf")

    def bring(self, key: str, trainer: Trainer) -> None:
        """Give each worker the data, those that join or start anew later too.

        Raises:
            WorkersLostError: if the scheduler does not answer.
            EngineDiffersError: if a worker has no hpsearch, or one that cannot read the data.
        """
        try:
            self._client.register_plugin(_Data(key, trainer), name=key)
        except (OSError, RuntimeError) as problem:
            raise WorkersLostError(
                f"{self._gone()}: nothing was begun, and the same call with a new executor goes on"
            ) from problem
        except Exception as problem:  # what a worker raised is known here by its text alone
            self.take_away(key)
            raise EngineDiffersError(
                f"a worker cannot take the data ({str(problem).splitlines()[0]}): "
                "install the same version of hpsearch there as on this machine"
            ) from problem

    def take_away(self, key: str) -> None:
        """Let the workers forget the data."""
        if self._client.status == "running":
            with contextlib.suppress(Exception):  # a scheduler that is gone holds none
                self._client.unregister_worker_plugin(key)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Hand a job out; two that are alike are two."""
        future = submit(self._client, function, arguments, self._executor._kwargs)
        future.add_done_callback(self._note_life)
        return future

    def threads(self) -> int:
        """Of all workers, at least 1; counted anew now and then, as workers come and go."""
        if time.monotonic() - self._counted > _SECONDS_BETWEEN_COUNTS:
            self._threads = max(1, self._count())
            self._counted = time.monotonic()
        return self._threads

    def check_workers(self) -> None:
        """See that there are workers, while their work is awaited; where there are none, they may be on their way.

        Raises:
            WorkersLostError: if none has been there for a minute.
        """
        before, there = self._looked, self._count() > 0
        now = self._looked = time.monotonic()
        absent = self._workless > float("-inf")
        if there:
            self._workless = float("-inf")
            if absent:
                log.warning("the Dask cluster at %s has a worker again", self._address)
        elif not absent or now - before > _SECONDS_OF_A_LOOK:  # work was done between the last look and this one
            self._workless = now
            if not absent:
                told = "the Dask cluster at %s has no worker that answers: waiting for one, for %.0f s"
                log.warning(told, self._address, _SECONDS_FOR_WORKERS)
        elif now - self._workless >= _SECONDS_FOR_WORKERS:
            raise WorkersLostError(
                f"the Dask cluster at {self._address} has had no worker for {_SECONDS_FOR_WORKERS:.0f} s: what was "
                f"finished is stored; start workers with `dask worker {self._address}`, and the same command, or the "
                "same call with a new executor, goes on"
            )
        else:
            self._start_missing()

    def _note_life(self, future: Future[Any]) -> None:
        """A job that ended had a worker, though each look may meet the moment before the next one starts."""
        self._looked = float("-inf")

    def _start_missing(self) -> None:
        """Let a cluster of this process start the workers that it should have.

        It lets go for good of one that is not there 15 s after its last death: a function that kills its workers again
        and again may leave it without any.
        """
        cluster = self._client.cluster
        if isinstance(cluster, LocalCluster) and cluster.status is Status.running:
            cluster.scale(len(cluster.worker_spec))

    def _count(self) -> int:
        """Threads of the workers; 0 too if the scheduler does not answer."""
        try:
            threads = self._client.sync(self._client.scheduler.ncores, callback_timeout=_SECONDS_TO_ANSWER)
        except (OSError, RuntimeError):  # a timeout is one; what is lost is told where an outcome is awaited
            return 0
        return sum(threads.values())

    def gave_up(self, future: Future[Any]) -> bool:
        """Whether Dask gave a job up, for its worker died again and again."""
        return not future.cancelled() and isinstance(future.exception(), KilledWorker)

    def loss(self, problem: Exception) -> str | None:
        """What has happened to the cluster, if it is that."""
        if isinstance(problem, KilledWorker):
            return "a job lost its worker again and again, and Dask gave it up (out of memory?)"
        closed = self._client.status not in ("running", "connecting")
        if closed or isinstance(problem, CancelledError | CommClosedError):
            return self._gone()
        return None

    @property
    def _address(self) -> str:
        return str(getattr(self._client.scheduler, "address", "an address that is no longer known"))

    def _gone(self) -> str:
        return f"the Dask scheduler at {self._address} went away, or dropped the work"


class _Undisturbed(WorkerPlugin):
    """Ctrl-C reaches all processes of a terminal; a worker leaves it to the one that hands the work out."""

    def setup(self, worker: Any) -> None:
        """Ignore it, in the worker's main thread, where its loop runs."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Data(WorkerPlugin):
    """Brings the data to a worker.

    Args:
        key: Of the study's run.
        trainer: With the data.
    """

    def __init__(self, key: str, trainer: Trainer) -> None:
        self._key, self._trainer = key, trainer

    def setup(self, worker: Any) -> None:
        """Keep the data; the plugin itself does not hold it twice."""
        keep(self._key, self._trainer)

    def teardown(self, worker: Any) -> None:
        """Forget the data."""
        keep(self._key, None)
