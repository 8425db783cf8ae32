"""A run that is given a time ends in it, keeps what is stored, and goes on as if nothing had happened."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

import pandas as pd
import pytest
from helpers import TIMES, tasks_of

from hpsearch.config import StudyConfig
from hpsearch.evaluation import deadlines
from hpsearch.evaluation.deadlines import Deadline, OutOfTimeError
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers
from hpsearch.experiments.trainings import survey_study
from hpsearch.results import frames
from hpsearch.results.payoff import payoff
from hpsearch.results.rounds import search_rounds
from hpsearch.tuning.search import search


@pytest.fixture(scope="module")
def minutes():
    """Trainings that take minutes each."""
    evaluator = Evaluator(StudyConfig(name="long", network={"hidden": [256]}))
    evaluator.trainer.run(tasks_of(evaluator, 1, iterations=1)[0])  # the engine is compiled before time is taken
    return evaluator


@pytest.mark.parametrize("workers", [1, 2])
def test_trainings_of_minutes_end_when_the_time_is_up(minutes, workers):
    began = time.monotonic()
    with (
        pytest.raises(OutOfTimeError, match=r"the time \(0.2 s\) is up"),
        Workers(minutes.trainer, workers, deadline=Deadline(0.2)) as here,
    ):
        list(here.outcomes(tasks_of(minutes, 4, iterations=10_000_000)))
    assert 0.2 <= time.monotonic() - began < 60


def test_what_is_there_when_the_time_is_up_is_still_taken_and_nothing_more_is_handed_out(small_evaluator, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(deadlines, "time", SimpleNamespace(monotonic=lambda: now[0]))
    deadline = Deadline(1.0)
    with ThreadPoolExecutor(1) as pool, Workers(small_evaluator.trainer, executor=pool, deadline=deadline) as here:
        first, second = (here.submit(task) for task in tasks_of(small_evaluator, 6)[:2])
        first()
        pool.submit(int).result()  # the second is there too
        now[0] = 2.0
        second()
        submitted = []
        monkeypatch.setattr(pool, "submit", lambda *arguments: submitted.append(arguments))
        with pytest.raises(OutOfTimeError, match="is up"):
            here.submit(tasks_of(small_evaluator, 1)[0])()
        assert submitted == []


def test_a_training_s_own_timeout_error_is_not_taken_for_the_end_of_the_time():
    future = Future()
    future.set_exception(TimeoutError("its own"))
    for seconds in (60, 1e-9):
        with pytest.raises(TimeoutError, match="its own"):
            Deadline(seconds).result(future)
    with pytest.raises(OutOfTimeError, match="is up"):
        Deadline(0.01).result(Future())
    for seconds in (None, float("inf")):
        assert not Deadline(seconds).passed
        assert Deadline(seconds).remaining is None


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_time_that_is_none_is_refused(small, seconds, tmp_path):
    for run in (search, survey_study, search_rounds, payoff):
        with pytest.raises(ValueError, match=r"timeout (is in|must be a number of) seconds, above 0"):
            run(small, results=tmp_path, timeout=seconds)
    assert list(tmp_path.iterdir()) == []


class Clock:
    """Passes the time when so many trials are stored."""

    def __init__(self, monkeypatch, count):
        self._count, self._passed = count, False
        monkeypatch.setattr(Deadline, "passed", property(lambda deadline: self._passed and deadline.seconds))

    def __call__(self, progress):
        self._passed = progress.fresh >= self._count


def test_a_search_that_ran_out_of_time_holds_its_first_trials_and_goes_on_to_the_same_end(small, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        stopped = search(small, results=tmp_path, timeout=60, on_progress=Clock(patched, 5))
    assert len(stopped.trials) == 5
    assert (tmp_path / "small.npz").is_file()  # the best of these is chosen
    resumed, whole = search(small, results=tmp_path, timeout=600), search(small, results=tmp_path / "whole")
    pd.testing.assert_frame_equal(frames.trials(resumed).drop(columns=TIMES), frames.trials(whole).drop(columns=TIMES))


def test_a_search_with_no_time_for_a_trial_is_an_empty_study(small, tmp_path):
    assert search(small, results=tmp_path, timeout=1e-9).trials == []


def test_a_survey_that_ran_out_of_time_says_what_is_stored_and_goes_on(small, tmp_path, monkeypatch):
    config = small.with_overrides(**{"survey.base": 4, "survey.scrambles": 2, "survey.seeds": 4})
    told = []
    with monkeypatch.context() as patched:
        clock = Clock(patched, 7)
        with pytest.raises(OutOfTimeError, match=r"time \(60 s\) is up: .* rows are stored, and the same call") as late:
            survey_study(config, results=tmp_path, timeout=60, on_progress=lambda p: (told.append(p), clock(p)))
    assert f" {told[-1].done} of 72 rows" in str(late.value)
    begun = []
    resumed = survey_study(config, results=tmp_path, on_progress=begun.append)
    assert begun[0].done == told[-1].done
    pd.testing.assert_frame_equal(resumed.table, survey_study(config, results=tmp_path / "whole").table)
