import multiprocessing
import os
import pickle
import signal
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from helpers import TIMES

from hpsearch.config import StudyConfig
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation import executors
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers, WorkersLostError
from hpsearch.evaluation.tasks import Task
from hpsearch.experiments.trainings import survey_study
from hpsearch.results import frames
from hpsearch.tuning.search import search

SPAWN = multiprocessing.get_context("spawn")


def tasks_of(evaluator, count=6, iterations=20):
    return [
        task
        for k in range(count)
        for task in evaluator.tasks(Hyperparameters(0.1 + 0.01 * k, iterations, 0.5, 1e-4, 16, 0.1))
    ]


def numbers(outcomes):
    return [outcome.record.metrics.tolist() for outcome in outcomes]


class Worker(Executor):
    """A worker of another machine: what goes to it and comes back is pickled, and its studies are its own.

    Attributes:
        sent: Bytes of each task.
    """

    def __init__(self, monkeypatch):
        self.sent, self._monkeypatch, self._trainers = [], monkeypatch, {}

    def submit(self, fn, /, *arguments):
        arguments = pickle.dumps(arguments)
        self.sent.append(len(arguments))
        self._monkeypatch.setattr(executors, "_trainers", self._trainers)
        future = Future()
        future.set_result(pickle.loads(pickle.dumps(fn(*pickle.loads(arguments)))))
        return future


class Cluster(Executor):
    """Several workers, any of which may take a task."""

    def __init__(self, *workers):
        self._workers, self._rng = workers, np.random.default_rng(0)

    def submit(self, fn, /, *arguments):
        return self._workers[self._rng.integers(len(self._workers))].submit(fn, *arguments)


class Counted(ProcessPoolExecutor):
    """A pool that counts the tasks that carried data."""

    def __init__(self, workers):
        super().__init__(workers, mp_context=SPAWN)
        self.plain = self.carrying = 0

    def submit(self, fn, /, *arguments):
        self.carrying += arguments[-1] is not None
        self.plain += arguments[-1] is None
        return super().submit(fn, *arguments)


def test_any_executor_gives_the_same_trials(small, tmp_path):
    ours = search(small, results=tmp_path / "ours")
    with ThreadPoolExecutor(1) as threads, ProcessPoolExecutor(2, mp_context=SPAWN) as processes:
        for name, executor in (("threads", threads), ("processes", processes)):
            other = search(small, results=tmp_path / name, executor=executor)
            pd.testing.assert_frame_equal(
                frames.trials(other).drop(columns=TIMES), frames.trials(ours).drop(columns=TIMES)
            )
        assert processes.submit(int).result() == 0  # it is still the user's


def test_a_task_is_small_and_the_data_goes_to_each_worker_about_once(monkeypatch, small_evaluator):
    workers = [Worker(monkeypatch) for _ in range(3)]
    tasks = tasks_of(small_evaluator, 100)
    with Workers(small_evaluator.trainer, executor=Cluster(*workers)) as here:
        outcomes = list(here.outcomes(tasks))
    assert numbers(outcomes) == numbers(small_evaluator.trainer.run(task) for task in tasks)
    data = len(pickle.dumps(small_evaluator.trainer))
    large = [size for worker in workers for size in worker.sent if size > data]
    assert all(max(worker.sent) > data for worker in workers)
    assert len(large) <= 3 * len(workers)
    assert max({size for worker in workers for size in worker.sent} - {*large}) < 1000


def test_a_worker_forgets_the_data_of_studies_long_past(monkeypatch, small_evaluator):
    worker, (task,) = Worker(monkeypatch), tasks_of(small_evaluator, 1)
    for _ in range(9):
        with Workers(small_evaluator.trainer, executor=worker) as here:
            here.submit(task)()
    assert len(executors._trainers) == 4


def test_trainings_in_a_pool_of_processes_are_these(small_evaluator):
    tasks = tasks_of(small_evaluator, 90)
    with Counted(2) as pool, Workers(small_evaluator.trainer, executor=pool) as here:
        outcomes = list(here.outcomes(tasks))
    assert numbers(outcomes) == numbers(small_evaluator.trainer.run(task) for task in tasks)
    assert 2 <= pool.carrying <= 6
    assert pool.plain >= 90


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_an_executor_that_lost_a_process_is_given_up_and_what_was_trained_is_kept(small, tmp_path):
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:

        def kill(progress):
            if progress.fresh == 4:
                pool.submit(die)

        with pytest.raises(WorkersLostError, match=r"lost its workers .* finished trials are stored"):
            search(small, results=tmp_path, executor=pool, on_progress=kill)
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        resumed = search(small, results=tmp_path, executor=pool)
    whole = search(small, results=tmp_path / "whole")
    pd.testing.assert_frame_equal(frames.trials(resumed).drop(columns=TIMES), frames.trials(whole).drop(columns=TIMES))


def test_what_an_executor_raises_is_raised_here(small_evaluator):
    pool, (task,) = ThreadPoolExecutor(1), tasks_of(small_evaluator, 1)
    pool.shutdown()
    with (
        Workers(small_evaluator.trainer, executor=pool) as here,
        pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"),
    ):
        here.submit(task)()


def test_a_training_that_fails_elsewhere_fails_here_and_with_all_that_wait_for_its_data(small_evaluator):
    fitting, _ = tasks_of(small_evaluator, 2)
    wrong = Task(Hyperparameters(0.1, 5, 0.5, 1e-4, 4096, 0.1), 0, (0, 5))
    with ThreadPoolExecutor(1) as pool:
        gate = threading.Event()
        pool.submit(gate.wait)
        with Workers(small_evaluator.trainer, executor=pool) as here:
            outcomes = [here.submit(task) for task in (wrong, fitting)]
            gate.set()
            for outcome in outcomes:
                with pytest.raises(ValueError, match="batch_size 4096 does not fit"):
                    outcome()


def test_in_the_calling_thread_a_task_runs_when_its_outcome_is_asked_for(small_evaluator, monkeypatch):
    ran = []
    monkeypatch.setattr(type(small_evaluator.trainer), "run", lambda self, task: ran.append(task) or task)
    tasks = tasks_of(small_evaluator, 70)
    outcomes = Workers(small_evaluator.trainer).outcomes(tasks)
    assert ran == []
    for count in (1, 2, 3):
        next(outcomes)
        assert ran == tasks[:count]


@pytest.mark.parametrize("workers", [2, 5])
def test_threads_give_outcomes_in_order_and_are_at_most_64_ahead(small_evaluator, workers):
    tasks, begun = tasks_of(small_evaluator, 200), []

    def noticed():
        for task in tasks:
            begun.append(task)
            yield task

    with Workers(small_evaluator.trainer, workers) as here:
        for place, outcome in enumerate(here.outcomes(noticed())):
            assert len(begun) <= place + 1 + 64
            assert outcome.record.metrics.tolist() == small_evaluator.trainer.run(tasks[place]).record.metrics.tolist()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_stops_trainings_that_would_take_minutes(workers):
    evaluator = Evaluator(StudyConfig(name="long", network={"hidden": [256]}))
    tasks = tasks_of(evaluator, 4, iterations=10_000_000)
    before = threading.active_count()

    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt), Workers(evaluator.trainer, workers) as here:
        list(here.outcomes(tasks))
    timer.join()
    assert threading.active_count() == before


def test_no_thread_is_left_after_a_search(small, tmp_path):
    before = threading.active_count()
    search(small, results=tmp_path, workers=2)
    assert threading.active_count() == before


def test_nothing_of_the_caller_s_is_ended_with_a_search(small, tmp_path):
    def stop(progress):
        raise InterruptedError("enough")

    child = SPAWN.Process(target=signal.pause)
    child.start()
    try:
        with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
            with pytest.raises(InterruptedError, match="enough"):
                search(small, results=tmp_path, executor=pool, on_progress=stop)
            assert pool.submit(int).result() == 0
        assert child.is_alive()
    finally:
        child.kill()
        child.join()


def test_a_survey_s_rows_are_the_same_in_any_executor(small, tmp_path):
    config = small.with_overrides(**{"survey.base": 4, "survey.scrambles": 2, "survey.seeds": 4})
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        elsewhere = survey_study(config, results=tmp_path / "a", executor=pool)
    pd.testing.assert_frame_equal(elsewhere.table, survey_study(config, results=tmp_path / "b").table)
