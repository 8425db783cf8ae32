"""Processes that compute pieces: in order, each with its data, and without those that died."""

import multiprocessing
import os
import signal
import time

import numpy  # noqa: F401  # its BLAS is what the threads are of
import pytest
from threadpoolctl import threadpool_info

from hpsearch.results import processes
from hpsearch.results.processes import Processes

HERE = os.getpid()


def scaled(piece, factor):
    """The piece times the factor; a negative piece ends a process that is not the test's."""
    if piece < 0 and os.getppid() == abs(piece):
        os._exit(1)
    return factor * piece


def test_results_come_in_the_order_of_the_pieces_beside_what_came_with_them():
    with Processes(2, scaled, 10) as pool:
        assert list(pool.map((str(k), k) for k in range(40))) == [(str(k), 10 * k) for k in range(40)]


def test_pieces_are_asked_for_as_they_are_handed_out():
    drawn = []
    with Processes(1, scaled, 1) as pool:
        results = pool.map((k, drawn.append(k) or k) for k in range(100))
        next(results)
        assert len(drawn) < 10
        assert len(list(results)) == 99


def test_what_a_process_had_that_died_is_computed_here():
    def pieces():
        yield from [3, -HERE, 7, 8]
        while multiprocessing.active_children():  # what follows is handed out to nobody
            time.sleep(0.01)
        yield from range(20)

    expected = [2 * piece for piece in [3, -HERE, 7, 8, *range(20)]]
    with Processes(1, scaled, 2) as pool, pytest.warns(RuntimeWarning, match=r"a worker process died .*: the") as told:
        assert [result for _, result in pool.map(enumerate(pieces()))] == expected
    assert len(told) == 1


def test_an_exception_stops_what_is_at_work():
    def pieces():
        yield 0, 600.0
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Processes(1, slept) as pool:
        next(pool.map(pieces()))
    assert time.monotonic() - began < 100
    assert multiprocessing.active_children() == []


def slept(seconds):
    time.sleep(seconds)


def test_a_process_has_one_blas_thread_and_leaves_ctrl_c_to_the_one_that_started_it(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    start, heeded = processes.SpawnProcess.start, []

    def started_later(process):
        heeded.append(signal.signal(signal.SIGINT, signal.default_int_handler))  # where Ctrl-C is heeded again
        start(process)

    monkeypatch.setattr(processes.SpawnProcess, "start", started_later)
    with Processes(1, circumstances) as pool:
        assert list(pool.map([(0, 0)])) == [(0, ({1}, signal.SIG_IGN))]
    assert heeded == [signal.SIG_IGN]


def circumstances(piece):
    return {library["num_threads"] for library in threadpool_info()}, signal.getsignal(signal.SIGINT)


def test_what_else_is_started_meanwhile_is_left_alone(monkeypatch):
    own = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    submit = processes.ProcessPoolExecutor.submit

    def with_another(pool, *arguments):
        if own.pid is None:
            own.start()  # as a user's other thread may
        return submit(pool, *arguments)

    monkeypatch.setattr(processes.ProcessPoolExecutor, "submit", with_another)
    try:
        with pytest.raises(KeyboardInterrupt), Processes(1, slept):
            raise KeyboardInterrupt
        own.join(timeout=0.3)
        assert own.is_alive()
        assert multiprocessing.active_children() == [own]
    finally:
        own.kill()
        own.join()
