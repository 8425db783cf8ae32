"""Where jobs run: a pool of processes on this machine, or any executor that the user gives."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from hpsearch.evaluation.jobs import Trainer, install


def process_pool(trainer: Trainer, workers: int) -> ProcessPoolExecutor:
    """A pool whose processes are started at once and hold the trainer, so that a job carries settings and not data.

    Args:
        trainer: What jobs are run with.
        workers: Number of processes.
    """
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),  # a fork would inherit threads and the locks they hold
        initializer=install,
        initargs=(trainer,),
    )
    # Ctrl-C reaches every process of the terminal's group. The processes inherit that they ignore it, and the
    # coordinator alone decides what happens.
    with _interrupts_ignored():
        for _ in range(workers):
            pool.submit(int)  # a process starts only when there is work for it
    return pool


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
