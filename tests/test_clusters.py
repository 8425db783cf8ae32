"""A Dask cluster of processes: the same numbers, the data once, and what a lost worker or scheduler costs."""

import contextlib
import importlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from types import SimpleNamespace

import pandas as pd
import pytest
from helpers import ENDLESS, TIMES

from hpsearch.evaluation import worker
from hpsearch.evaluation.calls import FunctionError, SettingCall
from hpsearch.evaluation.executors import training_on
from hpsearch.evaluation.failures import ClusterError, EngineDiffersError, WorkersLostError
from hpsearch.evaluation.pools import Pool
from hpsearch.evaluation.tasks import Trainer
from hpsearch.experiments.function import survey
from hpsearch.experiments.trainings import survey_study
from hpsearch.results import frames
from hpsearch.results.comparison import compare
from hpsearch.results.payoff import payoff
from hpsearch.results.study import load
from hpsearch.space import Float, Space
from hpsearch.tuning.search import search

distributed = pytest.importorskip("distributed")
import dask  # noqa: E402

from hpsearch.evaluation import clusters  # noqa: E402
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

    def __init__(self, monkeypatch):
        self.jobs, submit = [], Cluster.submit

        def noted(cluster, function, *arguments):
            self.jobs.append((arguments[3] is not None, len(arguments[2])))
            return submit(cluster, function, *arguments)

        monkeypatch.setattr(Cluster, "submit", noted)


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"sampler": "qmc"}, {"sampler": "tpe"}, {"sampler": "random", "pruner": "median"}])
def test_a_search_on_a_cluster_gives_the_same_trials(small, how, executor, tmp_path, monkeypatch):
    config, sent = small.with_overrides(trials=40, **how), Sent(monkeypatch)
    same(search(config, results=tmp_path, executor=executor), search(config, results=tmp_path / "here"))
    assert not any(carried for carried, _ in sent.jobs)  # the workers had the data before


@pytest.mark.slow
def test_a_survey_on_a_cluster_has_the_same_rows_in_few_jobs(small, executor, client, tmp_path, monkeypatch):
    config = small.with_overrides(**{"survey.base": 16, "survey.scrambles": 4, "survey.seeds": 4})
    sent = Sent(monkeypatch)
    table = survey_study(config, results=tmp_path, executor=executor).table
    pd.testing.assert_frame_equal(table, survey_study(config, results=tmp_path / "here").table)
    assert sum(count for _, count in sent.jobs) > 5 * len(sent.jobs)
    assert set(client.run(lambda: len(worker._trainers)).values()) == {0}  # the data is forgotten


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_rounds_comparisons_and_tables_around_the_best_are_the_same_on_a_cluster(
    small, executor, tmp_path, monkeypatch
):
    tiny = small.with_overrides(**{"trials": 40, "sampler": "random", "survey.base": 4, "survey.scrambles": 2})
    twin, trained, sent = tiny.with_overrides(name="twin"), [], Sent(monkeypatch)
    own = Trainer.run

    def tables(folder):
        for config in (tiny, twin):
            search(config, results=folder, trials=4)
            survey_study(config, results=folder)
        best = load("small", results=folder)
        return [
            payoff(tiny.with_overrides(name="rounds"), 2, seeds=2, results=folder),
            compare(["small", "twin"], seeds=2, results=folder).scores,
            best.attribution(seeds=2).table,
            best.tunability(values=2, seeds=2),
        ]

    here = tables(tmp_path / "here")
    monkeypatch.setattr(Trainer, "run", lambda self, *arguments: trained.append(1) or own(self, *arguments))
    with training_on(executor):
        there = tables(tmp_path / "there")
    assert trained == []
    assert not any(carried for carried, _ in sent.jobs)
    for one, other in zip(here, there, strict=True):
        pd.testing.assert_frame_equal(one, other)


def weighed(x, y):
    return x + 3 * y


@pytest.mark.slow
def test_a_function_is_surveyed_the_same_on_a_cluster(executor, tmp_path):
    square = Space({"x": Float(0, 1), "y": Float(0, 1)})
    here = survey(weighed, square, 8, 2)
    there = survey(weighed, square, 8, 2, executor=executor, name="weighed", results=tmp_path)
    pd.testing.assert_frame_equal(there.table, here.table)
    with pytest.raises(FunctionError, match=r"cannot be sent to the executor's workers \(.*no_such_module.*\): define"):
        survey(Unknown(), square, 8, 2, executor=executor)


class Unknown:
    """A function of a module that no worker has."""

    def __call__(self, x, y):
        return x + y

    def __reduce__(self):
        return importlib.import_module, ("no_such_module",)


@pytest.mark.slow
def test_a_worker_killed_in_mid_run_costs_what_it_held(longer, executor, client, tmp_path, monkeypatch):
    sent, pids = Sent(monkeypatch), list(client.run(os.getpid).values())

    def kill(progress):
        if progress.fresh == 8:
            os.kill(pids[0], signal.SIGKILL)

    killed = search(longer, results=tmp_path, executor=executor, on_progress=kill)
    same(killed, search(longer, results=tmp_path / "here"))
    assert not any(carried for carried, _ in sent.jobs)  # the worker that takes its place is given the data too
    client.wait_for_workers(2, timeout=120)
    assert pids[0] not in client.run(os.getpid).values()


@pytest.mark.slow
def test_ctrl_c_in_the_terminal_does_not_end_the_workers_before_the_run(client):
    assert set(client.run(signal.getsignal, signal.SIGINT).values()) == {signal.SIG_IGN}


def started(program, *options):
    command = [sys.executable, "-m", f"distributed.cli.{program}", "--no-dashboard", *options]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def scheduler_and_worker(folder):
    """A scheduler, a worker and a client of theirs, each in a process of its own."""
    file = str(folder / "scheduler.json")
    scheduler = started("dask_scheduler", "--port", "0", "--scheduler-file", file)
    worker = started("dask_worker", "--scheduler-file", file, "--nthreads", "1", "--no-nanny", "--death-timeout", "120")
    try:
        with distributed.Client(scheduler_file=file, timeout=120, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=120)
            yield scheduler, worker, client
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()


def killing(process, told):
    """Tells what it was told, and ends a process at the eighth trial."""

    def kill(progress):
        told.append(progress)
        if progress.fresh == 8:
            process.kill()

    return kill


def check_resumed(longer, folder, told):
    """The same search goes on from what was announced, and ends as one that met no fault."""
    begun, total = [], told[-1].done + 20
    resumed = search(longer, trials=total, results=folder, on_progress=begun.append)
    assert begun[0].done == told[-1].done >= 8
    same(resumed, search(longer, trials=total, results=folder / "here"))


@pytest.mark.slow
def test_a_scheduler_that_goes_away_ends_the_run_with_a_clear_error_and_nothing_is_lost(longer, tmp_path):
    told = []
    with scheduler_and_worker(tmp_path) as (scheduler, _, client):
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        with pytest.raises(WorkersLostError, match=r"Dask scheduler at tcp://.* went away.*finished trials are"):
            search(longer, trials=int(ENDLESS), results=tmp_path, executor=client.get_executor(),
                   on_progress=killing(scheduler, told))  # fmt: skip
    check_resumed(longer, tmp_path, told)


@pytest.mark.slow
def test_a_run_whose_workers_all_died_waits_a_while_and_ends_with_what_is_stored(longer, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(clusters, "_SECONDS_FOR_WORKERS", 3)
    told, end = [], r"no worker for 3 s: what was finished is stored; start .*`dask worker tcp://"
    with scheduler_and_worker(tmp_path) as (_, worker, client):
        address = client.scheduler.address
        with pytest.raises(WorkersLostError, match=end):
            search(longer, trials=int(ENDLESS), results=tmp_path, executor=client.get_executor(),
                   on_progress=killing(worker, told))  # fmt: skip
    assert [record.message for record in caplog.records if record.name == "hpsearch.evaluation"] == [
        f"the Dask cluster at {address} has no worker that answers: waiting for one, for 3 s"
    ]
    check_resumed(longer, tmp_path, told)


class Counted:
    """A client whose scheduler counts workers as it is told."""

    def __init__(self, *counts):
        self.counts, self.scheduler = list(counts), SimpleNamespace(address="tcp://x:1", ncores=None)
        self.cluster = None

    def sync(self, function, *, callback_timeout):
        count = self.counts.pop(0)
        if count is None:
            raise TimeoutError
        return {"worker": count}


def looks(monkeypatch, *counts, at):
    """A cluster that is looked at at some seconds; what it says of the last look."""
    cluster = Cluster(SimpleNamespace(_client=Counted(*counts)))
    for second in at:
        set_clock(monkeypatch, second)
        cluster.check_workers()


def set_clock(monkeypatch, second):
    """Set the clock that a cluster looks at, and nobody else."""
    monkeypatch.setattr(clusters, "time", SimpleNamespace(monotonic=lambda: 1000.0 + second))


def test_workers_that_are_away_are_awaited_for_a_minute_and_told_of_once(monkeypatch, caplog):
    with pytest.raises(WorkersLostError, match=r"tcp://x:1 has had no worker for 60 s: .*`dask worker tcp://x:1`"):
        looks(monkeypatch, 1, 0, None, 0, 0, 0, 0, at=[0, 10, 20, 30, 50, 69, 71])
    assert [record.message.split("at tcp://x:1 ")[1] for record in caplog.records] == [
        "has no worker that answers: waiting for one, for 60 s"
    ]


def test_a_worker_that_is_back_or_work_that_was_done_begins_the_minute_anew(monkeypatch, caplog):
    looks(monkeypatch, 0, 0, 1, 0, 0, at=[0, 20, 40, 60, 80])
    assert [record.message.split("has ")[1][:18] for record in caplog.records] == [
        "no worker that ans", "a worker again", "no worker that ans",
    ]  # fmt: skip
    looks(monkeypatch, 0, 0, 0, at=[0, 20, 90])  # nobody looks while outcomes come


def test_where_jobs_end_there_are_workers_though_each_look_meets_none(monkeypatch, caplog):
    cluster, future = Cluster(SimpleNamespace(_client=Counted(*[0] * 9), _kwargs={})), Future()
    monkeypatch.setattr(clusters, "submit", lambda *arguments: future)
    cluster.submit(weighed, 1, 2)
    for second in (0, 20, 40, 58, 70, 90, 110):
        if second == 58:
            future.set_exception(distributed.KilledWorker("call", None, 4))
        set_clock(monkeypatch, second)
        cluster.check_workers()
    assert len(caplog.records) == 1
    set_clock(monkeypatch, 120)
    with pytest.raises(WorkersLostError, match="has had no worker for 60 s"):
        cluster.check_workers()


def deadly(x, flag):
    if os.path.exists(flag):
        os.remove(flag)
        os.kill(os.getpid(), signal.SIGKILL)
    return x


@pytest.mark.slow
def test_a_worker_that_a_cluster_of_this_process_has_let_go_is_started_again(executor, tmp_path):
    flag = tmp_path / "flag"
    flag.touch()
    with (
        warnings.catch_warnings(record=True, action="always") as told,
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1ms"}),  # it dies once and is given up
        dask_executor() as own,
        Pool(SettingCall(deadly, ("x", "flag")), executor=own) as pool,
    ):
        answers = dict(pool.answers((k, [{"x": k, "flag": str(flag)}]) for k in range(4)))
    assert [answers[k][0].values["response"] for k in range(4)] == [0, 1, 2, 3]
    assert [str(w.message) for w in told if "Port" in str(w.message)] == []  # beside another cluster of this machine


def test_a_scheduler_gets_what_it_can_unpickle_without_hpsearch():
    submitted = []
    loop = SimpleNamespace(add_callback=lambda *arguments: None)
    client = SimpleNamespace(submit=lambda *arguments, **options: submitted.append((arguments, options)), loop=loop)
    cluster = Cluster(SimpleNamespace(_client=client, _kwargs={"retries": 2}))
    for _ in range(2):
        cluster.submit(weighed, 2, 5)
    ((function, call), options), (_, others) = submitted
    assert function is pickle.loads
    assert pickle.loads(call) == 17
    assert options.pop("key") != others.pop("key")
    assert options == {"retries": 2}


class Giving(Executor):
    """A cluster's executor, all of whose workers die of the odd calls; of 1 and its neighbours in a job with it."""

    def __init__(self, together):
        self.submitted, self.together = [], together

    def submit(self, function, rows):
        (row,) = rows
        x, future = row["x"], Future()
        beside = self.together - self.submitted.count(x)
        self.submitted.append(x)
        if x == 3 or (x == 4 and beside > 0):
            future.set_exception(distributed.KilledWorker(f"call-{x}", None, 4))
        else:
            future.set_result(function(rows))
        return future

    gave_up = Cluster.gave_up

    def threads(self):
        return 2

    def loss(self, problem):
        return None


def test_a_call_that_dask_gave_up_is_tried_alone_and_fails_if_it_is_given_up_again():
    giving = Giving(together=1)
    with Pool(SettingCall(dict, ("x",)), executor=ThreadPoolExecutor(1)) as pool:
        pool._cluster = giving  # Dask's own scheduler would kill workers by the dozen
        answers = dict(pool.answers((k, [{"x": k}]) for k in range(8)))
    assert giving.submitted[:8] == list(range(8))
    assert sorted(giving.submitted[8:]) == [3, 4]
    assert answers[3][0].failure == "the worker that ran it died again and again (out of memory?)"
    assert [k for k in answers if answers[k][0].failure] == [3]


@pytest.mark.slow
def test_a_function_s_calls_are_each_made_on_a_cluster_alike_or_not(executor):
    with Pool(SettingCall(time.monotonic_ns, ()), executor=executor) as pool:
        answers = [answer.values["response"] for _, (answer,) in pool.answers((k, [{}]) for k in range(40))]
    assert len(set(answers)) == 40


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", ""])
def test_an_address_where_no_scheduler_answers_is_named(monkeypatch, address):
    monkeypatch.setattr(clusters, "_SECONDS_TO_ANSWER", 0.2)
    made = []
    start = distributed.Client.start
    monkeypatch.setattr(distributed.Client, "start", lambda client, **how: (made.append(client), start(client, **how)))
    with (
        pytest.raises(ClusterError, match=f"no Dask scheduler answers at '{address}' .* start one with `dask sched"),
        dask_executor(address),
    ):
        pass
    assert made[0].status in ("closed", "newly-created")  # Dask would close it when it is collected, in any thread


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
