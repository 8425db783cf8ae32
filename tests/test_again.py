"""The command that goes on is the one that was typed."""

import shlex

import pytest
from helpers import run

from hpsearch.cli.again import command_again
from hpsearch.cli.progress import LiveLine


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
