"""How a signal stops a command, wherever it comes, and what is said then."""

import contextlib
import gc
import shlex
import signal
import subprocess
import sys
import threading
import time

import pytest
from helpers import run

from hpsearch.__main__ import command
from hpsearch.cli import commands, stops
from hpsearch.cli.progress import LiveLine
from hpsearch.cli.stops import StopSignals, command_again
from hpsearch.storage.journal import StorageError


def test_a_command_that_is_stopped_before_its_work_says_how_to_run_it_again(folder, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("hpsearch.cli.studies.stored_results", stop)
    told = run("export", "small", "--format", "parquet", code=130).stderr
    assert told == "\nstopped. To run it again:\n  hpsearch export small --format parquet\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_comes_while_a_library_is_imported_ends_a_command_in_a_sentence(folder, monkeypatch, number):
    def stop(*arguments, **options):
        monkeypatch.setitem(sys.modules, "hpsearch.storage", None)  # what was half imported cannot be imported again
        signal.raise_signal(number)

    monkeypatch.setattr("hpsearch.cli.studies.stored_results", stop)
    told = run("refine", "small", code=130).stderr
    assert told == "\nstopped. To run it again:\n  hpsearch refine small\n"


def test_what_fails_in_a_library_that_swallowed_a_stop_is_a_stop_and_what_a_user_mends_is_an_error(folder, monkeypatch):
    problem = RuntimeError("no compiled object yet")

    def stop(*arguments, **options):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        raise problem

    monkeypatch.setattr("hpsearch.cli.studies.stored_results", stop)
    assert run("export", "small", code=130).stderr.startswith("\nstopped.")
    problem = StorageError("cannot write it")
    assert run("export", "small", code=1).stderr == "error: cannot write it\n"
    with pytest.raises(StorageError, match="cannot write it"), StopSignals():
        stop()
    with pytest.raises(RuntimeError, match="of the program"), StopSignals():
        raise RuntimeError("of the program")


class Lost:
    """Python drops what is raised as this goes away, and prints its traceback."""

    def __init__(self, happen):
        self.happen = happen

    def __del__(self):
        self.happen()


def stop_there():
    signal.raise_signal(signal.SIGTERM)
    for _ in range(9):  # the handler runs between two steps of the interpreter
        pass


def fail_there():
    raise RuntimeError("of the program")


def test_of_a_stop_that_is_swallowed_no_traceback_is_printed_and_of_other_problems_it_is(monkeypatch, capsys):
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    monkeypatch.setattr(stops, "_MOMENT", 600)
    told = []
    with contextlib.suppress(KeyboardInterrupt), StopSignals() as signals:
        for happen in (stop_there, fail_there):
            Lost(happen)
            told.append(capsys.readouterr().err)
        signals.check()
    assert told[0] == ""
    assert "of the program" in told[1]
    assert sys.unraisablehook is sys.__unraisablehook__


def test_a_stop_that_is_swallowed_comes_again_until_it_is_heeded():
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), StopSignals():  # noqa: PT012
        Lost(stop_there)
        time.sleep(600)  # it wakes who sleeps
        raise TimeoutError("it did not come again")
    assert time.monotonic() - began < 100


def test_a_stop_that_comes_again_as_the_command_ends_is_the_command_s(monkeypatch):
    ending, later, come_again = threading.Event(), [], StopSignals._come_again
    monkeypatch.setattr(stops, "_MOMENT", 0)
    monkeypatch.setattr(StopSignals, "_come_again", lambda signals: ending.wait() and come_again(signals))
    monkeypatch.setattr(threading.Timer, "cancel", lambda timer: ending.set())  # too late

    def note(number, frame):
        later.append(number)

    before, signals = signal.signal(signal.SIGTERM, note), StopSignals()
    try:
        with pytest.raises(KeyboardInterrupt), signals:
            Lost(stop_there)
        assert signal.getsignal(signal.SIGTERM) is note
    finally:
        signals._again.join()
        signal.signal(signal.SIGTERM, before)
    assert later == []


class Interrupting:
    """Finds modules, and is interrupted at the commands'."""

    def find_spec(self, name, path=None, target=None):
        if name == "hpsearch.cli":
            signal.raise_signal(signal.SIGINT)


def import_interrupted(monkeypatch):
    monkeypatch.delitem(sys.modules, "hpsearch.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])


def parse_interrupted(monkeypatch):
    monkeypatch.setattr(commands, "app", lambda **options: signal.raise_signal(signal.SIGINT))


@pytest.mark.parametrize("interrupted", [import_interrupted, parse_interrupted])
def test_ctrl_c_before_a_command_has_begun_ends_it_quietly_and_at_its_end_is_not_heeded(
    interrupted, monkeypatch, capsys
):
    interrupted(monkeypatch)
    before, threshold = signal.getsignal(signal.SIGINT), gc.get_threshold()
    gc.set_threshold(700)
    try:
        with pytest.raises(SystemExit) as end:
            command()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        assert gc.get_threshold()[0] > 700  # garbage is looked for less often
    finally:
        signal.signal(signal.SIGINT, before)
        gc.set_threshold(*threshold)
    assert (end.value.code, capsys.readouterr()) == (130, ("", ""))


def test_the_command_imports_nothing_slow_before_it_minds_ctrl_c():
    script = "import sys\nimport hpsearch.__main__\nprint('typer' in sys.modules, 'hpsearch.cli' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def again(monkeypatch, *arguments):
    """What is printed to be typed when a command is stopped before its first training."""

    def stop(line):
        raise KeyboardInterrupt

    monkeypatch.setattr(LiveLine, "__enter__", stop)
    told = run(*arguments, code=130).stderr
    return told.split("Go on with:\n  ")[1].splitlines()[0]


@pytest.mark.parametrize(
    "typed",
    [
        ("search", "small", "--name", "my study", "--sampler", "qmc", "--seed", "3", "--results", "a folder"),
        ("search", "studies/small.toml", "--trials", "9", "--pruner", "median", "--workers", "2"),
        ("survey", "small", "--effective-step", "--base", "8", "--name", "other", "--dummy", "--second-order"),
        ("search", "small", "--storage", "sqlite:///it's here.db"),
    ],
)
def test_every_option_that_was_typed_is_in_it_as_a_shell_takes_it(folder, monkeypatch, typed):
    assert shlex.split(again(monkeypatch, *typed)) == ["hpsearch", *typed]


def test_a_password_is_not_printed(folder, monkeypatch):
    url = "postgresql+psycopg://me:secret@localhost:1/db"
    run("search", "small", "--storage", url, "--trials", 2, code=1)
    assert command_again() == (
        "hpsearch search small --storage 'postgresql+psycopg://me:***@localhost:1/db' --trials 2"
        "  # with the password for ***"
    )
