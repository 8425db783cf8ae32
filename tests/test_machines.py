"""Where a command trains and for how long: options that are refused, and ends in order."""

import sys

import pytest
import typer
from helpers import run

from hpsearch.cli.machines import seconds_of
from hpsearch.evaluation.executors import Workers
from hpsearch.evaluation.failures import WorkersLostError
from hpsearch.results.study import load


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("90", 90), ("10m", 600), ("1.5h", 5400), (".5 m", 30), (2.0, 2)]
)
def test_a_time_is_read_in_seconds_minutes_or_hours(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-1m", "10q", "m", "1e3", "1 0m", "nan", "inf", "10m30s", "9" * 400])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(typer.BadParameter, match="is not a duration: give one such as 90s, 10m or"):
        seconds_of(text)


@pytest.mark.parametrize("command", ["search", "survey"])
def test_a_time_that_is_none_ends_the_command_before_anything_runs(folder, command):
    assert "'10q' is not a duration" in run(command, "small", "--timeout", "10q", code=2).stderr
    assert not (folder / "results").exists()


@pytest.mark.parametrize("command", ["search", "survey"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--address", "tcp://x:1"],
            "--address: is for a cluster (given: 'tcp://x:1'); add --executor dask",
        ),
        (
            ["--executor", "dask", "--address", "tcp://x:1", "--workers", "2"],
            "--workers: is for this machine (given: 2)",
        ),
    ],
)
def test_options_that_do_not_fit_together_are_refused(folder, command, options, words):
    assert words in run(command, "small", *options, code=2).stderr
    assert not (folder / "results").exists()


def test_rounds_have_no_time_and_no_cluster(folder):
    message = run("search", "small", "--rounds", 2, "--timeout", "1m", "--executor", "dask", code=2).stderr
    assert "--timeout: cannot be combined with --rounds" in message
    assert "--executor: cannot be combined with --rounds" in message


def test_without_dask_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "hpsearch.evaluation.clusters", raising=False)
    message = run("search", "small", "--executor", "dask", code=2).stderr
    assert (
        "--executor: 'dask' needs Dask, which is not installed; install the extra with `pip install 'hpsearch[dask]'`"
        in message
    )


def test_a_search_whose_time_is_up_reports_what_it_has_and_says_how_to_go_on(folder):
    run("search", "long", "--trials", 2)
    done = run("search", "long", "--trials", 100_000, "--timeout", "0.3s")
    stored = len(load("long").trials)
    assert 2 <= stored < 100_000
    assert f"the time is up: {stored} of 100000 trials are stored, none is left running. Go on with:" in done.stderr
    assert "hpsearch search long --trials 100000 --timeout 0.3s" in done.stderr
    assert f"best of {stored} trials" in done.stdout


def test_a_survey_whose_time_is_up_says_how_to_go_on_and_shows_nothing(folder):
    done = run("survey", "long", "--timeout", "0.5s")
    assert "the time is up: " in done.stderr
    assert "rows are stored, none is left running. Go on with:\n  hpsearch survey long --timeout 0.5s" in done.stderr
    assert done.stdout == ""


def test_a_search_with_no_time_for_one_trial_says_so(folder):
    done = run("search", "small", "--timeout", "0.000001s")
    assert "the time is up: 0 of 14 trials are stored" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["search", "survey"])
def test_workers_that_are_lost_are_an_error_of_the_machine_in_one_line(folder, monkeypatch, command):
    def lost(self, task):
        raise WorkersLostError("the Dask scheduler at tcp://x:1 went away: finished trials are stored")

    monkeypatch.setattr(Workers, "submit", lost)
    message = run(command, "small", code=1).stderr
    assert "error: the Dask scheduler at tcp://x:1 went away: finished trials are stored" in message
