import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pandas as pd
import pytest
from fatal import Fatal
from helpers import TIMES

from hpsearch.config import StudyConfig
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.jobs import Job, split
from hpsearch.evaluation.workers import LostWorkerWarning, Workers, WorkersLostError
from hpsearch.results import frames
from hpsearch.tuning.search import search


def test_a_killed_worker_costs_its_population_and_no_trial(small, tmp_path):
    def kill(progress):
        if progress.fresh == 4:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)

    undisturbed = search(small, results=tmp_path / "a")
    with pytest.warns(LostWorkerWarning, match="a worker process died; its populations are trained again"):
        disturbed = search(small, results=tmp_path / "b", workers=2, on_progress=kill)
    pd.testing.assert_frame_equal(
        frames.trials(undisturbed).drop(columns=TIMES), frames.trials(disturbed).drop(columns=TIMES)
    )


JOB = Job(((0, 0),), (Hyperparameters(0.1, 10, 0.9, 0.0, 8, 0.1),), (0,))


def test_workers_that_die_again_and_again_are_given_up(tmp_path):
    trainer = Fatal(tmp_path / "attempts", times=6)
    workers = Workers(trainer, 2)
    given_up = r"died 4 times on the same population \(out of memory\?\): use fewer workers"
    try:
        with pytest.warns(LostWorkerWarning, match="again") as told, pytest.raises(WorkersLostError, match=given_up):
            list(workers.submit([JOB]))
    finally:
        workers.close()
    assert (len(told), trainer.made()) == (3, 4)


def test_workers_that_die_three_times_are_not_given_up(tmp_path):
    trainer = Fatal(tmp_path / "attempts", times=3)
    workers = Workers(trainer, 2)
    try:
        with pytest.warns(LostWorkerWarning, match="trained again") as told:
            assert list(workers.submit([JOB])) == [JOB]
    finally:
        workers.close()
    assert (len(told), trainer.made()) == (3, 4)


def test_another_s_executor_that_lost_its_process_is_not_asked_again(tmp_path):
    trainer = Fatal(tmp_path / "attempts", times=6)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        workers = Workers(trainer, executor=executor)
        with pytest.raises(WorkersLostError, match="died 1 times on the same population"):
            list(workers.submit([JOB]))
    assert trainer.made() == 1


def test_in_this_process_a_job_runs_when_its_result_is_asked_for(tmp_path):
    trainer = Fatal(tmp_path / "attempts", times=0)
    trainer.attempts.touch()
    results = iter(Workers(trainer).submit([JOB] * 3))
    assert trainer.made() == 0
    for count in (1, 2, 3):
        next(results)
        assert trainer.made() == count


def test_any_executor_gives_the_same_trials(small, tmp_path):
    with ThreadPoolExecutor(1) as executor:
        other = search(small, results=tmp_path / "a", executor=executor)
    ours = search(small, results=tmp_path / "b")
    pd.testing.assert_frame_equal(frames.trials(other).drop(columns=TIMES), frames.trials(ours).drop(columns=TIMES))


def test_workers_are_gone_after_a_search(small, tmp_path):
    search(small, results=tmp_path, workers=2)
    assert multiprocessing.active_children() == []


def test_a_job_is_split_into_parts_of_alike_size_that_keep_every_member():
    settings = tuple(Hyperparameters(0.1, 10 + i, 0.9, 0.0, 8, 0.1) for i in range(7))
    job = Job(tuple((i, 0) for i in range(7)), settings, tuple(range(7)), marks=((1,),) * 7)
    for parts, sizes in ((1, [7]), (2, [3, 4]), (3, [2, 2, 3]), (7, [1] * 7), (20, [1] * 7)):
        found = split(job, parts)
        assert [len(part.owners) for part in found] == sizes
        assert tuple(s for part in found for s in part.settings) == settings
        assert tuple(s for part in found for s in part.seeds) == job.seeds
        assert all(len(part.marks) == len(part.owners) for part in found)


def test_a_result_holds_no_weights_of_what_has_ended():
    evaluator = Evaluator(StudyConfig(name="slim"))
    settings = [Hyperparameters(0.1, stop, 0.9, 0.0, 64, 0.1) for stop in (2, 5, 9)]
    (job,) = evaluator.jobs(settings)
    result = evaluator.run(job)
    assert [i for record in result.records for i in record.finished] == [0, 1, 2]
    for array in (*(record.weights for record in result.records), result.population.weights):
        assert array.size == 0
        assert array.base is None or array.base.size == 0
