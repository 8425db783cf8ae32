"""A Dask cluster of processes: the same numbers, the data once, and what a lost worker or scheduler costs."""

import logging
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pandas as pd
import pytest
from helpers import TIMES

from hpsearch.evaluation import worker
from hpsearch.evaluation.failures import ClusterError, EngineDiffersError, WorkersLostError
from hpsearch.experiments.trainings import survey_study
from hpsearch.results import frames
from hpsearch.tuning.search import search

distributed = pytest.importorskip("distributed")
from hpsearch.evaluation.clusters import Cluster, dask_executor  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")  # Dask's own: sockets and loops that it lets go late


@pytest.fixture(scope="module")
def executor():
    with dask_executor(workers=2) as executor:
        yield executor


@pytest.fixture
def client(executor):
    return executor._client


@pytest.fixture(scope="module")
def longer(small):
    """Of trainings that together take some seconds."""
    return small.with_overrides(
        **{"network.hidden": [64], "space.iterations": {"low": 2000, "high": 4000}, "sampler": "qmc", "trials": 120}
    )


def same(study, other):
    pd.testing.assert_frame_equal(frames.trials(study).drop(columns=TIMES), frames.trials(other).drop(columns=TIMES))


class Sent:
    """What an executor is handed: whether a job carried data, and its number of tasks."""

    def __init__(self, monkeypatch, executor):
        self.jobs, submit = [], executor.submit

        def noted(function, *arguments, **options):
            self.jobs.append((arguments[3] is not None, len(arguments[2])))
            return submit(function, *arguments, **options)

        monkeypatch.setattr(executor, "submit", noted)


@pytest.mark.parametrize(
    "how",
    [
        {"sampler": "qmc"},
        pytest.param({"sampler": "tpe"}, marks=pytest.mark.slow),
        pytest.param({"sampler": "random", "pruner": "median"}, marks=pytest.mark.slow),
    ],
)
def test_a_search_on_a_cluster_gives_the_same_trials(small, how, executor, tmp_path, monkeypatch):
    config, sent = small.with_overrides(trials=40, **how), Sent(monkeypatch, executor)
    same(search(config, results=tmp_path, executor=executor), search(config, results=tmp_path / "here"))
    assert not any(carried for carried, _ in sent.jobs)  # the workers had the data before


@pytest.mark.slow
def test_a_survey_on_a_cluster_has_the_same_rows_in_few_jobs(small, executor, client, tmp_path, monkeypatch):
    config = small.with_overrides(**{"survey.base": 16, "survey.scrambles": 4, "survey.seeds": 4})
    sent = Sent(monkeypatch, executor)
    table = survey_study(config, results=tmp_path, executor=executor).table
    pd.testing.assert_frame_equal(table, survey_study(config, results=tmp_path / "here").table)
    assert sum(count for _, count in sent.jobs) > 5 * len(sent.jobs)
    assert set(client.run(lambda: len(worker._trainers)).values()) == {0}  # the data is forgotten


@pytest.mark.slow
def test_a_worker_killed_in_mid_run_costs_what_it_held(longer, executor, client, tmp_path, monkeypatch):
    sent, pids = Sent(monkeypatch, executor), list(client.run(os.getpid).values())

    def kill(progress):
        if progress.fresh == 8:
            os.kill(pids[0], signal.SIGKILL)

    killed = search(longer, results=tmp_path, executor=executor, on_progress=kill)
    same(killed, search(longer, results=tmp_path / "here"))
    assert not any(carried for carried, _ in sent.jobs)  # the worker that takes its place is given the data too
    client.wait_for_workers(2, timeout=60)
    assert pids[0] not in client.run(os.getpid).values()


def test_ctrl_c_in_the_terminal_does_not_end_the_workers_before_the_run(client):
    assert set(client.run(signal.getsignal, signal.SIGINT).values()) == {signal.SIG_IGN}


def started(program, *options):
    command = [sys.executable, "-m", f"distributed.cli.{program}", "--no-dashboard", *options]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@pytest.mark.slow
def test_a_scheduler_that_goes_away_ends_the_run_with_a_clear_error_and_nothing_is_lost(longer, tmp_path):
    file = str(tmp_path / "scheduler.json")
    scheduler = started("dask_scheduler", "--port", "0", "--scheduler-file", file)
    worker = started("dask_worker", "--scheduler-file", file, "--nthreads", "1", "--no-nanny", "--death-timeout", "30")
    told = []

    def kill(progress):
        told.append(progress)
        if progress.fresh == 8:
            scheduler.kill()

    try:
        with distributed.Client(scheduler_file=file, timeout=30, set_as_default=False) as client:
            logging.getLogger("distributed").setLevel(logging.CRITICAL)
            client.wait_for_workers(1, timeout=60)
            began = time.monotonic()
            with pytest.raises(WorkersLostError, match=r"Dask scheduler at tcp://.* went away.*finished trials are"):
                search(longer, results=tmp_path, executor=client.get_executor(), on_progress=kill)
            assert time.monotonic() - began < 60
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
    begun = []
    resumed = search(longer, results=tmp_path, on_progress=begun.append)
    assert begun[0].done == told[-1].done >= 8
    same(resumed, search(longer, results=tmp_path / "here"))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", ""])
def test_an_address_where_no_scheduler_answers_is_named(monkeypatch, address):
    from hpsearch.evaluation import clusters

    monkeypatch.setattr(clusters, "_SECONDS_TO_ANSWER", 0.2)
    with (
        pytest.raises(ClusterError, match=f"no Dask scheduler answers at '{address}' .* start one with `dask sched"),
        dask_executor(address),
    ):
        pass


@pytest.mark.parametrize(
    ("problem", "kind", "words"),
    [
        (Exception("ModuleNotFoundError(\"No module named 'hpsearch'\")\n"), EngineDiffersError,
         "cannot take the data .*No module named 'hpsearch'.*: install the same version of hpsearch there"),
        (OSError("closed"), WorkersLostError, "Dask scheduler at tcp://x:1 went away, .*: nothing was begun"),
    ],
)  # fmt: skip
def test_a_cluster_that_does_not_take_the_data_is_told_from_one_that_is_gone(problem, kind, words, small_evaluator):
    class Refusing:
        status, scheduler = "running", SimpleNamespace(address="tcp://x:1")
        taken_away = ()

        def register_plugin(self, plugin, name):
            raise problem

        def unregister_worker_plugin(self, name):
            self.taken_away = (name,)

    refusing = Refusing()
    with pytest.raises(kind, match=words):
        Cluster(SimpleNamespace(_client=refusing)).bring("key", small_evaluator.trainer)
    assert refusing.taken_away == (("key",) if kind is EngineDiffersError else ())
