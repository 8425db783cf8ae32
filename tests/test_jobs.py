"""Trainings in an executor: jobs of about a second, and data that goes to each worker about once."""

import pickle
import threading
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from helpers import numbers_of, tasks_of

from hpsearch.data import from_arrays
from hpsearch.engine.settings import Hyperparameters
from hpsearch.engine.training import Record
from hpsearch.evaluation import jobs
from hpsearch.evaluation import worker as on_worker
from hpsearch.evaluation.costs import training_seconds
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers
from hpsearch.evaluation.failures import EngineDiffersError, WorkersLostError
from hpsearch.evaluation.jobs import Elsewhere
from hpsearch.evaluation.tasks import Outcome, Task


class Worker(Executor):
    """A worker of another machine: what goes to it and comes back is pickled, and its studies are its own.

    Attributes:
        sent: Bytes of each job, and its number of tasks.
    """

    def __init__(self, monkeypatch):
        self.sent, self._monkeypatch, self._trainers = [], monkeypatch, {}

    def submit(self, fn, /, *arguments):
        pickled = pickle.dumps(arguments)
        self.sent.append((len(pickled), len(arguments[2])))
        self._monkeypatch.setattr(on_worker, "_trainers", self._trainers)
        future = Future()
        future.set_result(pickle.loads(pickle.dumps(fn(*pickle.loads(pickled)))))
        return future


class Cluster(Executor):
    """Several workers, any of which may take a job."""

    def __init__(self, *workers):
        self._workers, self._rng = workers, np.random.default_rng(0)

    def submit(self, fn, /, *arguments):
        return self._workers[self._rng.integers(len(self._workers))].submit(fn, *arguments)


class Slow(Executor):
    """Holds jobs back, and answers them as if each took so many times what the arithmetic says.

    Attributes:
        jobs: Of each job the seconds that the arithmetic says, and whether it is answered.
    """

    def __init__(self, examples, times, workers=2):
        self.jobs, self._examples, self._times, self._max_workers = [], examples, times, workers
        self._held, self._handed = [], threading.Event()

    def submit(self, fn, key, stamp, tasks, trainer):
        seconds = [training_seconds(self._examples, task) for task in tasks]
        self.jobs.append(seconds)
        future = Future()
        record = Record((20,), np.zeros((1, 1)))
        outcomes = [Outcome(record, None, 0.0, self._times * s) for s in seconds]
        self._held.append((future, outcomes))
        self._handed.set()
        return future

    def answer(self, count):
        for future, outcomes in self._held[:count]:
            future.set_result(outcomes)
        del self._held[:count]

    def answer_the_first(self):
        """Once it is handed out."""
        self._handed.wait()
        self.answer(1)


def test_the_data_goes_to_each_worker_about_once_and_a_training_is_small(monkeypatch, small_evaluator):
    workers = [Worker(monkeypatch) for _ in range(3)]
    tasks = tasks_of(small_evaluator, 100)
    with Workers(small_evaluator.trainer, executor=Cluster(*workers)) as here:
        outcomes = []
        for first in range(0, len(tasks), 10):
            outcomes += here.outcomes(tasks[first : first + 10])
    assert numbers_of(outcomes) == numbers_of(small_evaluator.trainer.run(task) for task in tasks)
    data = len(pickle.dumps(small_evaluator.trainer))
    large = [size for worker in workers for size, _ in worker.sent if size > data]
    assert all(max(worker.sent)[0] > data for worker in workers)
    assert len(large) <= 3 * len(workers)
    assert max(size / count for worker in workers for size, count in worker.sent if size <= data) < 1000


def test_a_job_is_no_larger_with_more_data(small):
    rng, sent = np.random.default_rng(0), []

    class Counting(Executor):
        def submit(self, fn, /, *arguments):
            sizes.append(len(pickle.dumps(arguments)))
            future = Future()
            future.set_result(fn(*arguments))
            return future

    for rows, features in ((100, 3), (4000, 30)):
        evaluator = Evaluator(small, from_arrays(rng.random((rows, features)), np.arange(rows) % 3))
        sizes, tasks = [], tasks_of(evaluator, 8)
        with Workers(evaluator.trainer, executor=Counting()) as here:
            for task in tasks:
                list(here.outcomes([task]))
        sent.append(sorted(sizes))
    assert sent[0][:-1] == sent[1][:-1]  # the largest brought the data
    assert sent[1][-1] > 4000 * 30 * 4 * 0.8 > 100 * max(sent[1][:-1])


def test_a_job_is_about_a_second_of_what_was_measured(small_evaluator):
    task = tasks_of(small_evaluator, 1, iterations=2000)[0]
    one = training_seconds(small_evaluator.examples, task)
    slow = Slow(small_evaluator.examples, times=5.0)
    with Workers(small_evaluator.trainer, executor=slow) as here:
        first = here.submit(task)
        for _ in range(400):
            here.submit(task)
        assert {round(sum(job) / one) for job in slow.jobs} == {-(-0.1 // one)}  # nothing is measured yet
        slow.answer(len(slow.jobs))
        first()
        begun = len(slow.jobs)
        for _ in range(1000):
            here.submit(task)
    assert len(slow.jobs) > begun + 1
    assert all(5.0 * sum(job) == pytest.approx(1.0, abs=6 * one) for job in slow.jobs[begun + 1 :])


def test_what_is_there_is_shared_by_idle_workers_in_parts_that_take_equally_long(small_evaluator):
    long, short = (tasks_of(small_evaluator, 1, iterations=n)[0] for n in (8000, 1000))
    slow = Slow(small_evaluator.examples, times=1.0, workers=3)
    with Workers(small_evaluator.trainer, executor=slow) as here:
        outcome = here.submit(long)
        for _ in range(16):
            here.submit(short)
        assert slow.jobs == []
        answering = threading.Thread(target=slow.answer_the_first, daemon=True)
        answering.start()
        outcome()
        answering.join()
    total, one = sum(map(sum, slow.jobs)), slow.jobs[-1][-1]
    assert len(slow.jobs) == 3
    assert all(sum(job) == pytest.approx(total / 3, abs=2 * one) for job in slow.jobs)


@pytest.mark.parametrize("iterations", [20_000, 10_000_000])  # some milliseconds, and so long that a few fill 30 s
def test_enough_is_handed_out_to_keep_all_workers_at_work_and_no_more(small_evaluator, iterations):
    slow = Slow(small_evaluator.examples, times=1.0, workers=10)
    task = tasks_of(small_evaluator, 1, iterations=iterations)[0]
    one = training_seconds(small_evaluator.examples, task)
    with Workers(small_evaluator.trainer, executor=slow) as here:
        submitted = 0
        while not here.full and submitted < 10_000:
            here.submit(task)
            submitted += 1
    assert submitted == pytest.approx(max(3.0 * 10 / one, 65), rel=0.05)
    assert (submitted == 65) == (iterations > 20_000)


def test_before_the_first_outcome_is_awaited_all_workers_have_enough(small_evaluator, monkeypatch):
    monkeypatch.setattr(Elsewhere, "_outcome", lambda self, ticket: ticket)  # nothing is waited for
    slow = Slow(small_evaluator.examples, times=1.0, workers=1)
    task = tasks_of(small_evaluator, 1, iterations=20_000)[0]
    enough = 3.0 / training_seconds(small_evaluator.examples, task)
    begun = []
    with Workers(small_evaluator.trainer, executor=slow) as here:
        next(here.outcomes(begun.append(k) or task for k in range(int(3 * enough))))
    assert len(begun) == pytest.approx(enough, rel=0.05)
    assert enough > 100


def test_outcomes_that_were_handed_back_make_room_for_more(small_evaluator):
    slow = Slow(small_evaluator.examples, times=1.0, workers=1)
    (task,) = tasks_of(small_evaluator, 1, iterations=20_000)[:1]
    count = int(4.0 / training_seconds(small_evaluator.examples, task))
    assert count > 150
    with Workers(small_evaluator.trainer, executor=slow) as here:
        outcomes = [here.submit(task) for _ in range(count)]
        assert here.full
        slow.answer(len(slow.jobs))
        for outcome in outcomes[: count // 2]:
            outcome()
        assert not here.full


def test_jobs_that_come_back_for_the_data_wait_for_the_one_that_carries_it(small_evaluator, monkeypatch):
    monkeypatch.setattr(jobs, "_UNMEASURED_JOB", 0.0)  # each is handed out as it comes
    tasks, sent = tasks_of(small_evaluator, 9)[:3], []

    class Held(Executor):
        _max_workers = 3

        def submit(self, fn, *arguments):
            sent.append((arguments, Future()))
            return sent[-1][1]

    with Workers(small_evaluator.trainer, executor=Held()) as here:
        outcomes = [here.submit(task) for task in tasks]
        for _, future in sent[:3]:
            future.set_result(None)  # no worker has the data
        assert [arguments[3] is not None for arguments, _ in sent] == [False, False, False, True]
        sent[3][1].set_result(on_worker.run(*sent[3][0]))
        assert [arguments[3] is not None for arguments, _ in sent[4:]] == [False, False]
        for arguments, future in sent[4:]:
            future.set_result(on_worker.run(*arguments))
        assert numbers_of(outcome() for outcome in outcomes) == numbers_of(
            small_evaluator.trainer.run(task) for task in tasks
        )


def test_a_worker_forgets_the_data_of_studies_long_past(monkeypatch, small_evaluator):
    worker, (task,) = Worker(monkeypatch), tasks_of(small_evaluator, 1)
    for _ in range(9):
        with Workers(small_evaluator.trainer, executor=worker) as here:
            here.submit(task)()
    assert len(on_worker._trainers) == 4


def test_a_worker_with_another_engine_is_refused(monkeypatch, small_evaluator):
    (task,) = tasks_of(small_evaluator, 1)
    with pytest.raises(EngineDiffersError, match="another version of hpsearch"):
        on_worker.run("k", "another stamp", [task], small_evaluator.trainer)


def test_what_an_executor_raises_is_raised_here(small_evaluator):
    pool, (task,) = ThreadPoolExecutor(1), tasks_of(small_evaluator, 1)
    pool.shutdown()
    with (
        Workers(small_evaluator.trainer, executor=pool) as here,
        pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"),
    ):
        here.submit(task)()


def test_jobs_that_the_executor_drops_end_the_run_with_a_clear_error(small_evaluator, monkeypatch):
    pool, (task,) = ThreadPoolExecutor(1), tasks_of(small_evaluator, 1)
    gate, handed = threading.Event(), threading.Event()
    pool.submit(gate.wait)
    submit = pool.submit
    monkeypatch.setattr(pool, "submit", lambda *arguments: (submit(*arguments), handed.set())[0])

    def drop():
        handed.wait()
        pool.shutdown(wait=False, cancel_futures=True)

    threading.Thread(target=drop, daemon=True).start()
    with Workers(small_evaluator.trainer, executor=pool) as here:
        outcome = here.submit(task)
        with pytest.raises(WorkersLostError, match="told to drop the trainings: finished trials are stored") as lost:
            outcome()
        assert isinstance(lost.value.__cause__, CancelledError)
        gate.set()


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


def test_a_part_of_a_training_is_reckoned_as_a_part(small_evaluator):
    (task,) = tasks_of(small_evaluator, 1, iterations=10_000)
    started = small_evaluator.trainer.run(replace(task, until=1)).training
    whole, half = (training_seconds(small_evaluator.examples, replace(task, until=until)) for until in (None, 5000))
    rest = training_seconds(small_evaluator.examples, replace(task, training=replace(started, iteration=5000)))
    assert half == pytest.approx(whole / 2, rel=0.1)
    assert rest == pytest.approx(whole / 2, rel=0.1)
