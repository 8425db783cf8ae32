"""P5 and P8: what a search costs without its training, and reading it back."""

import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from statistics import median
from typing import Any

from searches import SPLIT
from table import Row

FEW, MANY = 1000, 10_000
CHECKPOINTS = 20
ROUNDS = 3
HERE = Path(__file__).parent


class MadeUp(Executor):
    """Answers a job at once with curves that nobody trained.

    Pickling the job and its result, as a pool of processes would, counts as bookkeeping; making the numbers up does
    not: ``seconds`` is to be taken off.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        job = pickle.loads(pickle.dumps(args[0]))
        began = time.perf_counter()
        result = made_up(fn.__self__, job)
        self.seconds += time.perf_counter() - began
        future: Future[Any] = Future()
        future.set_result(pickle.loads(pickle.dumps(result)))
        return future


def made_up(trainer: Any, job: Any) -> Any:
    """Losses that fall with the iterations, at the stops where training would have measured."""
    import numpy as np

    from hpsearch.engine.training import Population, Record
    from hpsearch.evaluation.jobs import JobResult

    now = time.time()
    empty = np.zeros((0, 0), "float32")
    left = Population(trainer.architecture, (), (), (), empty, empty)
    records, metrics = [], len(trainer.examples.metrics)
    ends = [s.iterations for s in job.settings]
    for stop in sorted({*trainer.stops, *ends}):
        shared = stop in trainer.stops
        ids = tuple(i for i, end in enumerate(ends) if end == stop or (shared and end > stop))
        falling = [[(1 + k) / (1 + job.settings[i].learning_rate * stop) for k in range(metrics)] for i in ids]
        diverged, done = np.zeros(len(ids), bool), tuple(i for i in ids if ends[i] == stop)
        if ids:
            records.append(Record(stop, ids, np.array(falling, "float32"), diverged, done, empty))
    return JobResult(job, tuple(records), left, now, now)


def bookkeeping(sampler: str, trials: int, folder: str) -> float:
    """Milliseconds a trial of everything but training."""
    from hpsearch.config import StudyConfig
    from hpsearch.tuning.search import search

    chosen = {"sampler": sampler, "trials": trials, "seeds": 1, "checkpoints": CHECKPOINTS}
    executor = MadeUp()
    began = time.perf_counter()
    search(StudyConfig(name="made up", data=SPLIT, search=chosen), executor=executor, results=folder)
    return 1e3 * (time.perf_counter() - began - executor.seconds) / trials


READ = """
import hpsearch, json, optuna, pandas, sys, time
optuna.logging.set_verbosity(optuna.logging.WARNING)
began = time.perf_counter()
results = hpsearch.load("made up", results=sys.argv[1])
shapes = results.trials.shape, results.curves.shape
print(json.dumps([time.perf_counter() - began, *shapes]))
"""


def reading(folder: str) -> float:
    """Seconds from ``load`` to both tables in a new process, imports aside."""
    ran = subprocess.run([sys.executable, "-c", READ, folder], capture_output=True, text=True, check=True)
    seconds, trials, curves = json.loads(ran.stdout)
    assert trials[0] == MANY
    assert curves[0] > MANY * CHECKPOINTS / 2
    return seconds


def rows() -> list[Row]:
    made = []
    with tempfile.TemporaryDirectory() as kept:
        bookkeeping("qmc", 20, f"{kept}/imports")
        for sampler in ("qmc", "random"):
            few, many = [], []
            for round_ in range(ROUNDS):
                with tempfile.TemporaryDirectory() as folder:
                    few.append(bookkeeping(sampler, FEW, folder))
                many.append(bookkeeping(sampler, MANY, f"{kept}/{sampler}{round_}"))
            at_few, at_many = median(few), median(many)
            made.append(Row("P5", f"{sampler}, {FEW:,} trials", at_few, 1.5, least=False))
            made.append(Row("P5", f"{sampler}, {MANY:,} trials", at_many, 1.5, least=False))
            made.append(Row("P5", f"{sampler}, {MANY:,} by {FEW:,}", at_many / at_few, 1.5, least=False))
        seconds = median(reading(f"{kept}/qmc0") for _ in range(5))
    return [*made, Row("P8", "embedded storage, imports aside", seconds, 2.5, least=False)]
