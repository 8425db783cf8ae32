"""Where a command trains and for how long: options that are refused, and ends in order."""

import contextlib
import shutil
import sys
from concurrent.futures import Executor, Future
from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace

import optuna
import pandas as pd
import pytest
import typer
from helpers import SMALL, run

from hpsearch.cli.machines import seconds_of
from hpsearch.evaluation.executors import Workers
from hpsearch.evaluation.failures import WorkersLostError
from hpsearch.evaluation.tasks import Trainer
from hpsearch.results.study import Results, load
from hpsearch.storage.access import open_storage


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


def test_rounds_have_no_plan_and_processes_are_of_this_machine(folder):
    message = run("search", "small", "--rounds", 2, "--dry-run", code=2).stderr
    assert "--dry-run: cannot be combined with --rounds" in message
    assert not (folder / "results").exists()
    options = ("--function", "os:getcwd", "--space", "none.toml", "--processes", "--executor", "dask")
    assert "--processes: cannot be combined with --executor" in run("survey", *options, code=2).stderr


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


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "0 of 14 trials are stored"),
        (["--trials", 60, "--rounds", 3], "0 of 20 trials of small-round-1 are stored"),
    ],
)
def test_a_search_with_no_time_for_one_trial_says_so(folder, options, words):
    done = run("search", "small", *options, "--timeout", "0.000001s")
    assert f"the time is up: {words}" in done.stderr
    assert "--timeout 0.000001s" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["search", "survey"])
def test_workers_that_are_lost_are_an_error_of_the_machine_in_one_line(folder, monkeypatch, command):
    def lost(self, task):
        raise WorkersLostError("the Dask scheduler at tcp://x:1 went away: finished trials are stored")

    monkeypatch.setattr(Workers, "submit", lost)
    message = run(command, "small", code=1).stderr
    assert "error: the Dask scheduler at tcp://x:1 went away: finished trials are stored" in message


class Cluster(Executor):
    """Stands for a Dask cluster: runs each job as it comes, and notes how many trainings were done in it and beside."""

    def __init__(self):
        self.inside, self.trainings, self.calls = False, {True: 0, False: 0}, 0

    def submit(self, function, /, *arguments):
        self.inside, future = True, Future()
        self.calls += 1
        future.set_result(function(*arguments))
        self.inside = False
        return future


@pytest.fixture
def cluster(monkeypatch):
    """A cluster that --executor dask reaches."""
    cluster, own = Cluster(), Trainer.run

    def counted(self, *arguments):
        cluster.trainings[cluster.inside] += 1
        return own(self, *arguments)

    monkeypatch.setattr(Trainer, "run", counted)
    there = SimpleNamespace(dask_executor=lambda address, *, workers: contextlib.nullcontext(cluster))
    monkeypatch.setitem(sys.modules, "hpsearch.evaluation.clusters", there)
    return cluster


def stored(results):
    """All trials of all studies of a results folder, but for their times."""
    storage = open_storage(None, results=results)
    studies = [optuna.load_study(study_name=name, storage=storage) for name in optuna.get_all_study_names(storage)]
    return {
        study.study_name: [
            (trial.number, trial.state, trial.values, trial.params, trial.user_attrs, trial.intermediate_values)
            for trial in study.trials
        ]
        for study in studies
    }


def both(cluster, *command, before=()):
    """A command here and on the cluster: the same is printed and stored, and nothing is trained beside the cluster."""
    printed = []
    for folder, options in (("local-results", ()), ("remote-results", ("--executor", "dask"))):
        for earlier in before:
            run(*earlier, "--results", folder)
        cluster.trainings = {True: 0, False: 0}
        printed.append(run(*command, *options, "--results", folder).stdout.replace(folder, "FOLDER"))
    assert cluster.trainings[True] > 0
    assert cluster.trainings[False] == 0
    assert printed[0] == printed[1]
    assert stored("local-results") == stored("remote-results")


@pytest.mark.slow
def test_a_search_in_rounds_is_the_same_on_a_cluster(folder, cluster):
    both(cluster, "search", "small", "--rounds", 2, "--trials", 40, "--sampler", "random")


def test_an_explanation_is_the_same_on_a_cluster(folder, cluster):
    both(cluster, "explain", "small", "--seeds", 2, before=[("search", "small", "--trials", 4)])


def test_a_claim_of_the_lesson_is_judged_the_same_on_a_cluster(folder, cluster):
    shutil.copytree(Path(__file__).parents[1] / "studies" / "lesson", folder / "studies" / "lesson")
    both(cluster, "lesson", "L5")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_comparison_and_a_page_with_all_they_need_are_the_same_on_a_cluster(folder, cluster, monkeypatch):
    tiny = (folder / "studies" / "small.toml").read_text(encoding="utf-8").replace("trials = 14", "trials = 3")
    tiny += "[survey]\nbase = 4\nscrambles = 2\nseeds = 4\n"
    (folder / "studies" / "small.toml").write_text(tiny, encoding="utf-8")
    (folder / "studies" / "twin.toml").write_text(tiny.replace('"small"', '"twin"'), encoding="utf-8")
    both(cluster, "compare", "small", "twin", "--complete", "--seeds", 2)
    for size in ("PROFILE", "PLANE"):
        monkeypatch.setattr(f"hpsearch.report.profiles.{size}", {"values": 2, "seeds": 2})
    monkeypatch.setattr(Results, "importance", partialmethod(Results.importance, permutations=9, bootstraps=3))
    both(cluster, "report", "small", "--complete")


SUM = """
def loss(x, y):
    return x + 3 * y
"""
SPACE = """
[space]
x = {low = 0.0, high = 1.0}
y = {low = 0.0, high = 1.0}
[survey]
base = 4
scrambles = 2
"""


def test_a_function_is_called_on_a_cluster_and_its_survey_is_the_same(folder, cluster, monkeypatch):
    (folder / "sums.py").write_text(SUM, encoding="utf-8")
    (folder / "space.toml").write_text(SPACE, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    options = ("--function", "sums:loss", "--space", "space.toml")
    here = run("survey", "sums", *options, "--results", "here").stdout
    there = run("survey", "sums", *options, "--results", "there", "--executor", "dask").stdout
    assert there == here
    survey = load("sums", results="there").survey
    pd.testing.assert_frame_equal(survey.table, load("sums", results="here").survey.table)
    assert cluster.calls == len(load("sums", results="there").trials) > len(survey.table)


@pytest.mark.parametrize(
    "command", [("compare", "a", "b"), ("report", "a"), ("explain", "a"), ("lesson",), ("search", "a", "--rounds", 2)]
)
def test_an_address_alone_is_refused_by_each_command(folder, command):
    options = ("--complete",) if command[0] in ("compare", "report") else ()
    (folder / "studies" / "a.toml").write_text(SMALL.replace('"small"', '"a"'), encoding="utf-8")
    if command[0] == "explain":
        run("search", "a", "--trials", 1)
    message = run(*command, *options, "--address", "tcp://x:1", code=2).stderr
    assert "--address: is for a cluster (given: 'tcp://x:1'); add --executor dask" in message
