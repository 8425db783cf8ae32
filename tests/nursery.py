"""Searches and surveys in processes that may be killed, for the tests of faults: forked where all is warm, so quick."""

import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 120.0
"""Seconds after which a process hangs."""

KILLED = -int(signal.SIGKILL)
"""The exit code of a process that was killed."""


@dataclass(frozen=True)
class Strike:
    """When a process is killed; by default it is not.

    Attributes:
        after: Seconds from its start.
        at: The how-manieth touch of a file in its results (made, opened to write, linked, cut, removed, flushed) is
            its last: that one does not take place, but for a flush, of whose bytes some are lost as when power fails.
        number: The signal.
    """

    after: float | None = None
    at: int | None = None
    number: int = signal.SIGKILL


@dataclass(frozen=True)
class End:
    """How a process ended.

    Attributes:
        code: As of :attr:`subprocess.Popen.returncode`; None if it had to be ended since it hung.
        seconds: From its start.
        slept: Milliseconds for which it asked to sleep, as who waits for a lock does.
        acknowledged: Trials of whose writes it was told that they are done.
        touches: Of files in its results.
    """

    code: int | None
    seconds: float
    slept: int
    acknowledged: int
    touches: int


class Nursery:
    """A process in which all is loaded, and which forks those that may be killed."""

    def __init__(self):
        context = multiprocessing.get_context("forkserver")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there,), daemon=True)
        self._process.start()
        there.close()

    def run(self, command, config, results, strike=None):
        """Search or survey a study until it ends or is killed."""
        self._here.send((command, config, str(results), strike or Strike()))
        if not self._here.poll(2 * PATIENCE):
            raise TimeoutError("the process that forks does not answer")
        return self._here.recv()

    def close(self):
        self._here.close()
        self._process.join(PATIENCE)


def _serve(pipe):
    warm = False
    while True:
        try:
            command, config, results, strike = pipe.recv()
        except EOFError:
            return
        if not warm:  # what is loaded and compiled here is so in all that are forked
            with tempfile.TemporaryDirectory() as folder:
                commands()[command](config, results=folder)
            assert threading.active_count() == 1  # a fork has no other
            warm = True
        pipe.send(_run(command, config, results, strike))


def commands():
    """What is run, by name."""
    from hpsearch.experiments.trainings import survey_study
    from hpsearch.tuning.search import search

    return {"search": search, "survey": survey_study}


def _run(command, config, results, strike):
    read, write = os.pipe()
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(read)
        _child(command, config, results, strike, write)
    os.close(write)
    if strike.after is not None:
        time.sleep(strike.after)
        os.kill(child, strike.number)  # if it has ended, it is there still, since nobody has waited for it
    code = None
    while code is None and time.monotonic() < begun + PATIENCE:
        ended, status = os.waitpid(child, os.WNOHANG)
        code = os.waitstatus_to_exitcode(status) if ended else None
        time.sleep(0.002)
    if code is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    seconds = time.monotonic() - begun
    with os.fdopen(read, "rb") as lines:
        told = [line.split() for line in lines.read().split(b"\n") if line]
    counts = {kind: [int(n) for k, n in told if k == kind] for kind in (b"slept", b"stored", b"touch")}
    return End(code, seconds, sum(counts[b"slept"]), sum(counts[b"stored"]), max(counts[b"touch"], default=0))


def _child(command, config, results, strike, told):
    code = 1
    try:
        from hpsearch.storage import writing

        writing._SECONDS_BETWEEN_WRITES = 0.0  # a write for every trial: the more of them, the more may be struck
        store = writing.add_trials

        def add_trials(study, trials, **named):
            store(study, trials, **named)
            os.write(told, b"stored %d\n" % len(trials))

        writing.add_trials, sleep = add_trials, time.sleep

        def noted(seconds):
            os.write(told, b"slept %d\n" % (1000 * seconds))
            sleep(seconds)

        time.sleep = noted
        _touches(Path(results), strike, told)
        commands()[command](config, results=results)
        code = 0
    except KeyboardInterrupt:
        code = 130
    finally:
        os._exit(code)


def _touches(results, strike, told):
    """Count the touches of files in the results; die at the one that is meant."""
    flush, count = os.fsync, 0
    inside = str(results.absolute())

    def touch():
        nonlocal count
        count += 1
        os.write(told, b"touch %d\n" % count)
        return count == strike.at

    def hook(event, arguments):
        writes = event in ("os.truncate", "os.remove", "os.rename", "os.symlink", "os.link", "os.mkdir") or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        where = [os.fspath(a) for a in arguments if isinstance(a, str | os.PathLike)]
        if writes and any(str(path).startswith(inside) for path in where) and touch():
            os.kill(os.getpid(), strike.number)

    def fsync(number):
        meant = touch()
        if meant and strike.number == signal.SIGKILL:
            size = os.fstat(number).st_size
            os.ftruncate(number, max(size - random.Random(strike.at).randint(1, 200), 0))
        if meant:
            os.kill(os.getpid(), strike.number)
        flush(number)

    sys.addaudithook(hook)
    os.fsync = fsync
