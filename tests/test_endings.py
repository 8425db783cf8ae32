"""How a command ends: with which code, how soon, and what it says when it was stopped before its work."""

import contextlib
import errno
import importlib
import re
import signal
import subprocess
import sys

import pytest
import typer
from helpers import run

from hpsearch.cli import commands, endings
from hpsearch.cli.endings import StopSignals
from hpsearch.storage.journal import StorageError

_MISTAKES = [
    ("search", "nope"),
    ("search", "bad.toml"),
    ("search", "small", "--sampler", "tpee"),
    ("survey", "small", "--base", "60"),
    ("export", "nope"),
    ("report", "nope"),
    ("explain", "nope"),
    ("refine", "nope"),
    ("compare", "nope", "small"),
    ("show", "nope"),
    ("importance", "results/hpsearch.journal", "nope"),
]


@pytest.mark.parametrize("name", [*endings._REFUSED, *endings._FAILED])
def test_every_problem_that_is_told_by_name_is_there(name):
    room, _, kind = name.rpartition(".")
    problem = getattr(importlib.import_module(room), kind)
    assert f"{problem.__module__}.{problem.__qualname__}" == name
    assert endings._exit_code(problem.__new__(problem)) == (2 if name in endings._REFUSED else 1)


@pytest.mark.parametrize(
    "options", [("search", "small", "--results", "{}"), ("search", "small", "--storage", "{}.log")]
)
def test_a_path_that_is_too_long_is_the_user_s_to_mend(folder, options):
    told = run(*(option.format("n" * 300) for option in options), code=2).stderr
    assert "n" * 300 in told.replace("\n", "")
    assert told.rstrip().endswith("File name too long; choose a shorter name")


def test_a_fault_of_the_program_is_raised():
    for problem in (KeyError("x"), ImportError("No module named 'x'"), RuntimeError("x")):
        assert endings._exit_code(problem) is None


@pytest.mark.parametrize(
    "problem",
    [
        MemoryError(),
        ImportError("_csr.so: failed to map segment from shared object"),
        ImportError("_csr.so: cannot allocate memory in static TLS block"),
        RuntimeError("can't start new thread"),
    ],
)
def test_short_memory_is_told_as_such(problem, capsys):
    with pytest.raises(typer.Exit) as end, endings.errors():
        raise problem
    assert end.value.exit_code == 1
    assert re.fullmatch(r"error: memory ran out \(.+\): use fewer --workers, .* networks\n", capsys.readouterr().err)


def test_too_many_open_files_are_told_with_the_limit_to_raise(capsys):
    with pytest.raises(typer.Exit), endings.errors():
        raise OSError(errno.EMFILE, "Too many open files")
    told = "error: cannot use a file: Too many open files; fewer --workers need fewer; `ulimit -n 4096` allows more\n"
    assert capsys.readouterr().err == told


def test_a_mistake_is_told_before_what_trains_and_tabulates_is_imported(folder):
    run("search", "small", "--trials", 2)
    (folder / "bad.toml").write_text("[search]\ntrials = 0\n", encoding="utf-8")
    script = (
        "import sys\nfrom hpsearch.cli import app\n"
        f"for typed in {_MISTAKES!r}:\n"
        "    try:\n        app(list(typed))\n"
        "    except SystemExit as end:\n        assert end.code == 2, typed\n"
        "    slow = {'pandas', 'scipy.stats', 'sklearn', 'numba', 'plotly'} & set(sys.modules)\n"
        "    assert not slow, (typed, slow)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("error: ") == len(_MISTAKES)


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


def test_ctrl_c_before_a_command_has_begun_ends_it_quietly_and_at_its_end_is_not_heeded(monkeypatch, capsys):
    def stop(**options):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(commands, "app", stop)
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as end:
            commands.command()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert (end.value.code, capsys.readouterr()) == (130, ("", ""))
