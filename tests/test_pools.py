"""Where a user's function runs: answers as they come, stops, workers that die."""

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from hpsearch.evaluation import pools
from hpsearch.evaluation.calls import FunctionError, SettingCall
from hpsearch.evaluation.pools import Pool


def tasks(count):
    return ((k, [{"x": k}]) for k in range(count))


def double(x):
    return 2 * x


def die(x):
    os._exit(1) if x == 2 else None
    return x


def of(answers):
    return {place: answer.values["response"] for place, (answer,) in answers}


def test_threads_and_an_executor_give_what_the_calling_thread_gives():
    call = SettingCall(double, ("x",))
    wanted = {k: 2.0 * k for k in range(20)}
    for workers in (1, 3):
        with Pool(call, workers) as pool:
            assert of(pool.answers(tasks(20))) == wanted
    with ThreadPoolExecutor(2) as executor:
        with Pool(call, executor=executor) as pool:
            assert of(pool.answers(tasks(20))) == wanted
        assert executor.submit(int).result() == 0  # it stays the user's


def test_what_is_ready_comes_before_what_was_begun_earlier_and_the_first_comes_alone():
    running, beside = [], []
    begun, release = threading.Event(), threading.Event()  # of the slow one

    def function(x):
        running.append(x)
        beside.append(len(running))
        if x == 0:
            time.sleep(0.05)
        elif x == 1:
            begun.set()
            release.wait(60)
        else:
            begun.wait(60)
        running.remove(x)
        return x

    with Pool(SettingCall(function, ("x",)), 2) as pool:
        order = []
        for place, _ in pool.answers(tasks(5)):
            order.append(place)
            if len(order) == 4:
                release.set()
    assert order[0] == 0
    assert order[-1] == 1
    assert beside[0] == 1
    assert max(beside) == 2


def test_after_the_deadline_nothing_is_begun_and_what_runs_is_handed_back(monkeypatch):
    now, begun, up = [0.0], [], threading.Event()
    monkeypatch.setattr(pools, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def function(x):
        begun.append(x)
        if x == 3:
            now[0] = 1.0  # the time is up while the fourth runs
            up.set()
        elif x > 3:
            up.wait(60)  # so that none of these makes room for another while the fourth is on its way
        return x

    for workers, least, most in ((1, 4, 4), (2, 3, 7)):  # beside it run a call before it, if begun, and three after it
        now[0], begun[:] = 0.0, []
        up.clear()
        with Pool(SettingCall(function, ("x",)), workers) as pool:
            done = of(pool.answers(tasks(100), deadline=1.0))
        assert least <= len(done) <= most
        assert sorted(done) == sorted(begun)


@pytest.mark.slow
def test_processes_give_the_same_and_a_call_that_kills_them_is_the_one_row_that_fails():
    with Pool(SettingCall(die, ("x",)), 2, processes=True) as pool:
        answers = {place: answer for place, (answer,) in pool.answers(tasks(6))}
    failed = answers.pop(2)
    assert {place: answer.values["response"] for place, answer in answers.items()} == {k: k for k in (0, 1, 3, 4, 5)}
    assert failed.failure == "the process that ran it died in each of 3 tries (exit code 1)"
    assert failed.raised
    assert abs(failed.finished - time.time()) < 60


def test_a_function_that_cannot_be_sent_to_processes_is_refused_before_any_starts():
    with pytest.raises(FunctionError, match="define it by def in a module"):
        Pool(SettingCall(lambda x: x, ("x",)), 2, processes=True)


@pytest.mark.slow
def test_where_no_process_may_be_started_processes_are_refused(monkeypatch):
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    with pytest.raises(FunctionError, match=r"may start no processes: .* use threads there"):
        Pool(SettingCall(double, ("x",)), processes=True)


def test_a_function_that_an_executor_s_processes_cannot_get_is_told():
    with (
        ProcessPoolExecutor(1) as executor,
        pytest.raises(FunctionError, match="cannot be sent to the executor's workers"),
        Pool(SettingCall(lambda x: x, ("x",)), executor=executor) as pool,
    ):
        of(pool.answers(tasks(3)))


ORPHANS = """
import os, time
from hpsearch.evaluation.calls import SettingCall
from hpsearch.evaluation.pools import Pool

def slow(x):
    print(os.getpid(), flush=True)
    time.sleep(60 if x else 0)
    return x

if __name__ == "__main__":
    with Pool(SettingCall(slow, ("x",)), 2, processes=True) as pool:
        for place, _ in pool.answers((k, [{"x": k}]) for k in range(4)):
            pass
"""


def alive(process):
    """Whether a process is there, and no zombie that waits to be told of."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_no_worker_outlives_a_main_process_that_is_killed(tmp_path):
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS, encoding="utf-8")
    main = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    workers = {int(main.stdout.readline()) for _ in range(3)}
    main.kill()
    main.wait()
    main.stdout.close()
    deadline = time.monotonic() + 60
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, workers))
