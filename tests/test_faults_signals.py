"""Stops of every kind, closed pipes, and no terminal: what is half written is ended, and nothing computed is lost."""

import contextlib
import fcntl
import os
import pty
import random
import signal
import subprocess
import sys
import termios
import time
import tomllib
import warnings
from pathlib import Path

import pytest
from helpers import ENDLESS, SMALL, run
from nursery import Nursery, Strike
from typer.testing import CliRunner

from hpsearch import load
from hpsearch.cli.commands import app
from hpsearch.config.study import validated
from hpsearch.storage.access import JOURNAL, count_trials
from hpsearch.storage.journal import JournalTailWarning

CONFIG = validated(tomllib.loads(SMALL), where="a test")
COMMAND = [sys.executable, "-c", "from hpsearch.__main__ import command; command()"]
"""The command in a process of its own."""


@pytest.fixture(scope="module")
def nursery():
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGTERM, marks=pytest.mark.slow), signal.SIGHUP], ids=["SIGTERM", "SIGHUP"]
)
def test_a_signal_in_mid_write_waits_until_the_trial_is_stored(nursery, tmp_path, number):
    touches = nursery.run("search", CONFIG, tmp_path / "whole").touches
    stored = 0
    for at in random.Random(int(number)).sample(range(1, touches + 1), 8):
        results = tmp_path / str(at)
        end = nursery.run("search", CONFIG, results, Strike(at=at, number=number))
        assert end.code == -number
        with warnings.catch_warnings():
            warnings.simplefilter("error", JournalTailWarning)
            kept = count_trials("small", None, results=results)
        assert kept >= end.acknowledged
        journal = results / JOURNAL
        if journal.exists():
            content = journal.read_bytes()
            assert content in (b"", content[: content.rfind(b"\n") + 1])
            assert content.count(b'"op_code":4,') == kept
        assert not os.path.lexists(results / f"{JOURNAL}.lock"), "a lock stays behind"
        stored = max(stored, kept)
    assert stored > 0


def session(leader):
    """The processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(folder.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")
@pytest.mark.parametrize(
    ("command", "stored"), [("search long --trials " + ENDLESS, "long"), ("survey long", "long.survey")]
)
def test_of_a_killed_command_no_process_lives_on_and_no_pipe_stays_open(folder, command, stored):
    for delay in (0.0, 0.1, 0.3, 1.0, None):  # while it starts, and at work
        process = subprocess.Popen(
            [*COMMAND, *command.split(), "--workers", "2"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        if delay is not None:
            time.sleep(delay)
        while delay is None and not count_trials(stored, None, results=folder / "results"):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        process.communicate(timeout=60)  # the ends of its pipes are closed
        assert session(process.pid) == []


def started(leader):
    """The first worker process of a command, as soon as it is there."""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        for process in session(leader):
            with contextlib.suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes():
                    return process
        time.sleep(0.002)
    raise TimeoutError("no worker has started")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_of_a_worker_that_is_killed_while_it_starts_a_survey_comes_to_an_end(folder):
    (folder / "bowl.py").write_text("def bowl(x, y):\n    return x * x + y\n", encoding="utf-8")
    space = "[space]\nx = {low = 0.0, high = 1.0}\ny = {low = 0.0, high = 1.0}\n"
    (folder / "space.toml").write_text(space, encoding="utf-8")
    command = [*COMMAND, "survey", "--function", "bowl:bowl", "--space", "space.toml", "--processes", "--workers", "2"]
    command += ["--base", "4", "--scrambles", "2"]
    for delay in (0.0, 0.1, 0.3):
        process = subprocess.Popen(
            [*command, "--results", str(delay)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        worker = started(process.pid)
        time.sleep(delay)
        with contextlib.suppress(ProcessLookupError):  # it has done its work
            os.kill(worker, signal.SIGKILL)
        _, told = process.communicate(timeout=100)
        deadline = time.monotonic() + 120
        while session(process.pid) and time.monotonic() < deadline:  # Python's own tracker of resources ends after us
            time.sleep(0.02)
        assert session(process.pid) == []
        assert process.returncode == 0, told


@pytest.mark.slow
def test_a_terminal_that_goes_away_ends_a_search_in_order(folder):
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "search", "long", "--trials", ENDLESS], stdin=end, stdout=end, stderr=end, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(end)
    deadline = time.monotonic() + 120
    while count_trials("long", None, results=folder / "results") < 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.close(terminal)
    assert process.wait(120) in (1, 130)  # not -1: it was not struck down
    stored = count_trials("long", None, results=folder / "results")
    assert 1 <= stored < int(ENDLESS)
    run("search", "long", "--trials", stored + 4)
    assert count_trials("long", None, results=folder / "results") == stored + 4


@pytest.mark.slow
def test_without_a_terminal_and_with_its_pipes_closed_a_search_stores_its_trials(folder):
    read, write = os.pipe()
    os.close(read)
    environment = {k: v for k, v in os.environ.items() if k not in ("TERM", "COLUMNS", "LINES")}
    for trials, streams in ((3, {"stdout": write}), (6, {"stdout": write, "stderr": write})):
        done = subprocess.run(
            [*COMMAND, "search", "small", "--trials", str(trials)],
            stdin=subprocess.DEVNULL, env=environment, start_new_session=True, timeout=120, check=False,
            **{"stderr": subprocess.PIPE, **streams},
        )  # fmt: skip
        assert done.returncode in (0, 1)
        assert b"Traceback" not in (done.stderr or b"")
        assert count_trials("small", None, results=folder / "results") == trials


@pytest.mark.parametrize("columns", ["1", "20", "1000"])
def test_on_a_terminal_of_any_width_a_search_shows_its_best(folder, columns):
    terminal = {"COLUMNS": columns, "TERM": "xterm", "TTY_COMPATIBLE": "1", "NO_COLOR": "1"}  # as any stream then is
    arguments = ["search", "small", "--trials", "3"]
    done = CliRunner().invoke(app, arguments, env=terminal, catch_exceptions=False)
    assert done.exit_code == 0
    assert "chosen: trial" in " ".join(done.stdout.split())
    if columns != "1":  # where a table has no room
        assert f"{load('small').trials['value'].min():.4f}" in done.stdout.split()
