"""How a command ends: with which code, how soon, and what is said."""

import errno
import importlib
import re
import subprocess
import sys
import warnings

import pytest
import typer
from helpers import run

from hpsearch.cli import endings
from hpsearch.cli.endings import told_warnings

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
    assert endings.exit_code(problem.__new__(problem)) == (2 if name in endings._REFUSED else 1)


@pytest.mark.parametrize(
    "options", [("search", "small", "--results", "{}"), ("search", "small", "--storage", "{}.log")]
)
def test_a_path_that_is_too_long_is_the_user_s_to_mend(folder, options):
    told = run(*(option.format("n" * 300) for option in options), code=2).stderr
    assert "n" * 300 in told.replace("\n", "")
    assert told.rstrip().endswith("File name too long; choose a shorter name")


def test_a_fault_of_the_program_is_raised():
    for problem in (KeyError("x"), ImportError("No module named 'x'"), RuntimeError("x")):
        assert endings.exit_code(problem) is None


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
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("error: ") == len(_MISTAKES)


def test_warnings_are_told_once_each_also_where_a_command_fails(capsys):
    def fail():
        for words in ("mind this", "mind this", "and that"):
            warnings.warn(words, UserWarning, stacklevel=1)
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"), told_warnings():
        fail()
    assert capsys.readouterr().err.splitlines() == ["warning: mind this", "warning: and that"]
