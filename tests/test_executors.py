import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pandas as pd
import pytest
from helpers import TIMES, tasks_of

from hpsearch.config import StudyConfig
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers
from hpsearch.evaluation.failures import WorkersLostError
from hpsearch.evaluation.tasks import Trainer
from hpsearch.experiments.trainings import survey_study
from hpsearch.results import frames
from hpsearch.tuning.search import search

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def processes():
    """A user's own, of which no run may make an end."""
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        yield pool


def test_any_executor_gives_the_same_trials(small, processes, tmp_path):
    config = small.with_overrides(trials=20)  # TPE learns once it is told ten
    ours = search(config, results=tmp_path / "ours")
    with ThreadPoolExecutor(1) as threads:
        for name, executor in (("threads", threads), ("processes", processes)):
            other = search(config, results=tmp_path / name, executor=executor)
            pd.testing.assert_frame_equal(
                frames.trials(other).drop(columns=TIMES), frames.trials(ours).drop(columns=TIMES)
            )
    assert processes.submit(int).result() == 0  # it is still the user's


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
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


def test_in_the_calling_thread_a_task_runs_when_its_outcome_is_asked_for(small_evaluator, monkeypatch):
    ran = []
    monkeypatch.setattr(type(small_evaluator.trainer), "run", lambda self, task, check: ran.append(task) or task)
    tasks = tasks_of(small_evaluator, 70)
    outcomes = Workers(small_evaluator.trainer).outcomes(tasks)
    assert ran == []
    for count in (1, 2, 3):
        next(outcomes)
        assert ran == tasks[:count]


@pytest.mark.parametrize("workers", [2, 5])
def test_threads_give_outcomes_in_order_and_are_64_ahead(small_evaluator, workers):
    tasks, begun = tasks_of(small_evaluator, 200), []

    def noticed():
        for task in tasks:
            begun.append(task)
            yield task

    with Workers(small_evaluator.trainer, workers) as here:
        for place, outcome in enumerate(here.outcomes(noticed())):
            assert len(begun) == min(place + 1 + 64, 200)
            assert outcome.record.metrics.tolist() == small_evaluator.trainer.run(tasks[place]).record.metrics.tolist()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_stops_trainings_that_would_take_minutes(workers, monkeypatch):
    evaluator = Evaluator(StudyConfig(name="long", network={"hidden": [256]}))
    tasks = tasks_of(evaluator, 4, iterations=10_000_000)
    train, begun, handed, before = Trainer.run, threading.Event(), threading.Event(), set(threading.enumerate())
    monkeypatch.setattr(Trainer, "run", lambda *arguments: (begun.set(), train(*arguments))[1])

    def handed_out():
        yield from tasks
        handed.set()

    def interrupt():
        handed.wait()
        begun.wait()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    with pytest.raises(KeyboardInterrupt), Workers(evaluator.trainer, workers) as here:  # noqa: PT012
        thread.start()
        list(here.outcomes(handed_out()))
    thread.join()
    assert set(threading.enumerate()) <= before


def test_no_thread_is_left_after_a_search(small, tmp_path):
    before = set(threading.enumerate())
    search(small, results=tmp_path, workers=2)
    assert set(threading.enumerate()) <= before


def test_nothing_of_the_caller_s_is_ended_with_a_search(small, processes, tmp_path):
    def stop(progress):
        raise InterruptedError("enough")

    child = SPAWN.Process(target=signal.pause)
    child.start()
    try:
        with pytest.raises(InterruptedError, match="enough"):
            search(small, results=tmp_path, executor=processes, on_progress=stop)
        assert processes.submit(int).result() == 0
        assert child.is_alive()
    finally:
        child.kill()
        child.join()


def test_a_survey_s_rows_are_the_same_in_any_executor(small, processes, tmp_path):
    config = small.with_overrides(**{"survey.base": 4, "survey.scrambles": 2, "survey.seeds": 4})
    elsewhere = survey_study(config, results=tmp_path / "a", executor=processes)
    pd.testing.assert_frame_equal(elsewhere.table, survey_study(config, results=tmp_path / "b").table)
