"""P5 and P8: what a search costs without its training, and reading it back."""

import json
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
    """Answers a job at once with curves that nobody trained; making the numbers up is not counted.

    Attributes:
        seconds: To be taken off.
    """

    def __init__(self, metrics: int) -> None:
        self.seconds, self._metrics = 0.0, metrics

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        began = time.perf_counter()
        future: Future[Any] = Future()
        future.set_result([made_up(task, self._metrics) for task in args[2]])
        self.seconds += time.perf_counter() - began
        return future


def made_up(task: Any, metrics: int) -> Any:
    """Losses that fall with the iterations, at the stops where training would have measured."""
    import numpy as np

    from hpsearch.engine.training import Record
    from hpsearch.evaluation.tasks import Outcome

    now = time.time()
    rows = [[(1 + k) / (1 + task.settings.learning_rate * stop) for k in range(metrics)] for stop in task.stops]
    return Outcome(Record(task.stops, np.array(rows, "float32")), None, now, now)


def bookkeeping(sampler: str, trials: int, folder: str) -> float:
    """Milliseconds a trial of everything but training."""
    from hpsearch.config import StudyConfig
    from hpsearch.tuning.search import search

    chosen = {"sampler": sampler, "trials": trials, "seeds": 1, "checkpoints": CHECKPOINTS}
    executor = MadeUp(metrics=7)
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
            made.append(Row("P5", f"{sampler}, {FEW:,} trials", at_few, 0.7, least=False))
            made.append(Row("P5", f"{sampler}, {MANY:,} trials", at_many, 0.7, least=False))
            made.append(Row("P5", f"{sampler}, {MANY:,} by {FEW:,}", at_many / at_few, 1.5, least=False))
        seconds = median(reading(f"{kept}/qmc0") for _ in range(5))
    return [*made, Row("P8", "embedded storage, imports aside", seconds, 2.5, least=False)]
