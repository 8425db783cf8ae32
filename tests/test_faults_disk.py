"""A disk that is full and a folder that cannot be written: one clear error, no half file, and all that was stored."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import TIMES, run
from typer.testing import CliRunner

from hpsearch import load
from hpsearch.cli.commands import app
from hpsearch.data.files import FileError, check_writable
from hpsearch.storage.access import count_trials

SIZE = 24 * 2**20
"""Bytes of the disk that fills."""


def mount(*arguments):
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode


@pytest.fixture
def disk(folder, monkeypatch):
    """A small disk of its own that holds the results of a search; beside it a function to survey."""
    (folder / "bowl.py").write_text("def bowl(x, y):\n    return x * x + y\n", encoding="utf-8")
    space = "[space]\nx = {low = 0.0, high = 1.0}\ny = {low = 0.0, high = 1.0}\n"
    (folder / "space.toml").write_text(space, encoding="utf-8")
    monkeypatch.setattr(sys, "path", list(sys.path))
    place = folder / "results"
    place.mkdir()
    if os.geteuid() != 0 or mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)):
        pytest.skip("only root may mount a disk that is small or read-only")
    try:
        run("search", "small", "--trials", 20)
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk, left):
    """Fill the disk but for some bytes."""
    (disk / "filler").unlink(missing_ok=True)
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(bytes(max(0, free - left)))


def files(folder):
    """What is stored or shown in a folder; locks and the filler are neither."""
    found = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {p: content for p, content in found.items() if p.suffix not in (".guard", ".lock") and p.name != "filler"}


COMMANDS = [
    ("search", "small", "--trials", 60),
    ("survey", "small", "--base", 16, "--scrambles", 2),
    ("export", "small"),
    pytest.param(("export", "small", "--format", "parquet"), marks=pytest.mark.slow),
    pytest.param(("report", "small"), marks=pytest.mark.slow),  # it trains what it shows
    ("refine", "small", "--to", "results/next.toml"),
    ("survey", "--function", "bowl:bowl", "--space", "space.toml", "--base", 16, "--scrambles", 2),
]


def refused(command, cause):
    """Run a command that cannot write; the path it names."""
    done = run(*command, code=1)
    told = re.findall(rf"^error: cannot write (\S+): .*{cause}", done.stderr, re.MULTILINE)
    assert len(told) == 1, done.stderr
    assert "Traceback" not in done.output
    return Path(told[0]).absolute()


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_on_a_full_disk_a_command_says_so_and_what_was_stored_stays(disk, command):
    before, trials = files(disk), load("small").trials
    fill(disk, 0)
    assert refused(command, "No space left on device").is_relative_to(disk)
    after = files(disk)
    assert after.keys() == before.keys(), "a half file stays"
    assert all(after[path].startswith(content) for path, content in before.items())
    assert load("small").trials[:20].equals(trials)
    (disk / "filler").unlink()
    run(*command)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_on_a_disk_that_fills_in_mid_write_no_half_file_stays(disk, command):
    failed = 0
    for left in [*range(0, 2**16, 4096), *range(2**16, 2**20, 2**17)]:
        before = files(disk)
        fill(disk, left)
        arguments = [*map(str, command)]
        done = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"}, catch_exceptions=False)
        if done.exit_code == 0:
            break
        failed += 1
        assert done.exit_code == 1
        assert "error: cannot write " in done.stderr
        after = files(disk)
        assert before.keys() <= after.keys()
        assert not [path for path in after if ".part" in path.name or path.name.endswith(".tmp")]
        assert count_trials("small", None, results=disk) >= 20
    assert failed


def test_a_search_that_met_a_full_disk_goes_on_as_if_it_had_not(disk, folder):
    fill(disk, 8192)
    refused(COMMANDS[0], "No space left on device")
    (disk / "filler").unlink()
    run("search", "small", "--trials", 60)
    run("search", "small", "--trials", 60, "--results", "whole")
    trials = load("small").trials.drop(columns=TIMES)
    assert trials.equals(load("small", results="whole").trials.drop(columns=TIMES))


def test_a_network_is_saved_whole_or_not_at_all(disk):
    network = load("small").network(0)
    fill(disk, 0)
    with pytest.raises(Exception, match=r"cannot write .*network\.npz: No space left on device"):
        network.save(disk / "network.npz")
    assert not list(disk.glob("*network*"))


def read_only(disk):
    assert mount("-o", "remount,ro", str(disk)) == 0


def test_a_folder_that_takes_no_file_is_told_before_there_is_work_to_lose(disk):
    read_only(disk)
    for path in (disk / "page.html", disk / "new" / "page.html"):
        with pytest.raises(FileError, match=f"cannot write {path}: Read-only file system"):
            check_writable(path)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["report", "explain", "refine", "export"])
def test_what_cannot_be_written_to_is_read_all_the_same(disk, folder, command):
    read_only(disk)
    done = run(command, "small", *(() if command == "explain" else ("--to", folder / "elsewhere")))
    told = " ".join(done.stderr.split()).count("warning: the trainings of small.profiles are not kept: cannot write")
    assert told == (command in ("report", "explain"))
    assert (folder / "elsewhere").exists() == (command != "explain")


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_where_nothing_may_be_written_a_command_says_so_and_all_is_read(disk, command):
    before = files(disk)
    read_only(disk)
    assert refused(command, "Read-only file system").is_relative_to(disk)
    assert files(disk) == before
    assert len(load("small").trials) == 20
