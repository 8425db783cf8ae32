"""Processes that die: the call is tried again and given up, the others go on, and nothing is left behind."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hpsearch.evaluation import restarts
from hpsearch.evaluation.failures import UnsendableError, WorkerDiedError, WorkersLostError
from hpsearch.evaluation.restarts import RestartedProcesses

pytestmark = pytest.mark.slow  # a process takes its time to start


def doubled(x, file=None):
    """Twice x; with a file, only after it was tried twice, and a negative x never."""
    if file is not None or x < 0:
        tried = len(Path(file).read_text(encoding="ascii")) if file is not None else 0
        if file is not None:
            Path(file).write_text("x" * (tried + 1), encoding="ascii")
        if x < 0 or tried < 2:
            os.kill(os.getpid(), signal.SIGKILL)
    return 2 * x


def slow(seconds):
    time.sleep(seconds)


def circumstances():
    return os.getpid(), signal.getsignal(signal.SIGINT)


def ended(problem):
    raise problem


class Odd(BaseException):
    pass


class Unsendable(BaseException):
    def __reduce__(self):
        return __import__, ("no_such_module",)


class Broken:
    def __reduce__(self):
        return __import__, ("no_such_module",)


@pytest.fixture
def pool():
    pool = RestartedProcesses(2)
    yield pool
    pool.stop()
    pool.shutdown(cancel_futures=True)
    assert multiprocessing.active_children() == []


def test_a_call_that_kills_its_process_is_given_up_and_the_others_have_their_answers(pool):
    killer, calls = pool.submit(doubled, -1), [pool.submit(doubled, k) for k in range(8)]
    assert [call.result() for call in calls] == [2 * k for k in range(8)]
    with pytest.raises(WorkerDiedError, match=r"died in each of 3 tries \(SIGKILL, as when memory runs out\)"):
        killer.result()
    assert pool.submit(doubled, 4).result() == 8


def test_a_call_whose_third_try_is_well_has_its_answer(pool, tmp_path):
    (tmp_path / "tries").touch()
    assert pool.submit(doubled, 3, str(tmp_path / "tries")).result() == 6
    assert (tmp_path / "tries").read_text(encoding="ascii") == "xxx"


def test_processes_leave_ctrl_c_to_the_one_that_started_them_and_one_that_dies_idle_costs_no_try(pool):
    process, handler = pool.submit(circumstances).result()
    assert handler is signal.SIG_IGN
    os.kill(process, signal.SIGKILL)
    assert pool.submit(circumstances).result()[0] != process


def test_what_cannot_be_imported_there_is_told_and_the_process_stays(pool):
    with pytest.raises(UnsendableError, match="No module named 'no_such_module'"):
        pool.submit(slow, Broken()).result()
    assert pool.submit(doubled, 1).result() == 2


def test_what_is_no_failure_but_a_stop_comes_as_it_was_raised_and_no_process_dies_of_it(capfd):
    pool = RestartedProcesses(1)
    try:
        before = pool.submit(os.getpid).result()
        for problem in (Odd("enough"), KeyboardInterrupt("enough")):
            with pytest.raises(type(problem), match="enough"):
                pool.submit(ended, problem).result()
        with pytest.raises(RuntimeError, match="a call was ended by Unsendable"):
            pool.submit(Raising()).result()
        assert pool.submit(os.getpid).result() == before
    finally:
        pool.shutdown()
    assert capfd.readouterr().err == ""


class Raising:
    """Raises what cannot be sent, and can be sent itself."""

    def __call__(self):
        raise Unsendable


def test_a_stop_ends_calls_of_minutes_and_what_waits(pool):
    calls = [pool.submit(slow, 600) for _ in range(5)]
    while not calls[0].running():
        time.sleep(0.01)
    pool.stop()
    pool.shutdown(cancel_futures=True)
    for call in calls:
        assert call.cancelled() or isinstance(call.exception(), WorkerDiedError | WorkersLostError)


def test_a_process_that_is_killed_while_it_starts_is_started_anew(pool, monkeypatch):
    started, own = [], restarts._Child.ready

    def killing(child):
        started.append(child)
        if len(started) < 3:
            child.kill()
        return own(child)

    monkeypatch.setattr(restarts._Child, "ready", killing)
    assert pool.submit(doubled, 21).result() == 42
    assert len(started) == 3


UNGUARDED = """
from hpsearch.evaluation.restarts import RestartedProcesses

pool = RestartedProcesses(1)
try:
    pool.submit(int).result()
finally:
    pool.shutdown()
"""


def test_a_script_without_a_guard_is_told_what_it_lacks(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert "WorkersLostError: a worker process cannot be started (exit code 1)" in done.stderr
    assert "a script without `if __name__ == '__main__':`" in done.stderr
