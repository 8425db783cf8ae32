"""P13: how many workers one coordinator feeds, by trainings on a Dask cluster that take no time.

The coordinator, the scheduler and the one worker are processes of their own. Counted are the CPU seconds of the first
two; a worker answers with made-up curves and says that they took what the arithmetic says of the machine in README,
so that jobs are as large as there.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bookkeeping import made_up
from searches import SPLIT
from table import Row

TRIALS, WIDE_TRIALS, TPE_TRIALS, JOBS, IMAGES = 4000, 2000, 300, 2000, 10_000
WORKERS = 100
"""That the cluster says to have, so that as much is on its way as there would be."""


def answer(tasks: list[Any], seconds: list[float], metrics: int) -> list[Any]:
    """In a worker: what trainings that took so long would have given."""
    return [replace(made_up(t, metrics), started=0.0, finished=s) for t, s in zip(tasks, seconds, strict=True)]


class Answers(Executor):
    """Sends jobs through a cluster to :func:`answer`.

    Attributes:
        jobs: So many were sent.
        seconds: That their trainings are said to take.
    """

    def __init__(self, cluster: Executor, evaluator: Any) -> None:
        self.jobs, self.seconds, self._cluster, self._examples = 0, 0.0, cluster, evaluator.examples
        self._max_workers = WORKERS

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        from hpsearch.evaluation.costs import training_seconds

        seconds = [training_seconds(self._examples, task) for task in args[2]]
        self.jobs += 1
        self.seconds += sum(seconds)
        return self._cluster.submit(answer, args[2], seconds, len(self._examples.metrics), pure=False)


@contextmanager
def cluster() -> Iterator[Any]:
    """A Dask client of a scheduler and a worker."""
    from distributed import Client

    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "scheduler.json"))
        programs = [("dask_scheduler", "--port", "0"), ("dask_worker", "--nthreads", "1", "--no-nanny")]
        started = [
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{name}", "--no-dashboard", "--scheduler-file", file, *options],
                stderr=subprocess.DEVNULL, cwd=Path(__file__).parent,
            )
            for name, *options in programs
        ]  # fmt: skip
        try:
            with Client(scheduler_file=file, timeout=60) as client:
                client.wait_for_workers(1, timeout=60)
                yield client
        finally:
            for process in started:
                process.kill()
                process.wait()


@dataclass(frozen=True)
class Cost:
    """Of so many trials.

    Attributes:
        trials: How many.
        jobs: In which they were handed out.
        training: Seconds of one, by the arithmetic.
        here: CPU seconds of this process.
        scheduler: The same of the scheduler's.
    """

    trials: int
    jobs: int
    training: float
    here: float
    scheduler: float

    @property
    def workers(self) -> float:
        """That are kept at work, one thread each: the busier of the two processes is the limit."""
        return self.trials * self.training / max(self.here, self.scheduler)

    def words(self) -> str:
        here, there = (1e3 * seconds / self.trials for seconds in (self.here, self.scheduler))
        return (
            f"{self.trials:,} in {self.jobs:,} jobs, {1e3 * self.training:.1f} ms each: "
            f"{here:.2f} ms a trial here, {there:.2f} in the scheduler, {self.trials / self.here:,.0f} a second"
        )


def cost(client: Any, run: Any, config: Any, dataset: Any = None) -> Cost:
    """What a run on the cluster costs beside its trainings, from its first announcement to its last."""
    from hpsearch.evaluation.evaluator import Evaluator

    evaluator, clock = Evaluator(config, dataset), [0.0, 0.0, 0.0]
    answers = Answers(client.get_executor(), evaluator)

    def tell(progress: Any) -> None:
        clock[1:] = [progress.done, time.process_time()]
        clock[0] = clock[0] or clock[2]

    there = client.run_on_scheduler(time.process_time)
    with tempfile.TemporaryDirectory() as folder:
        run(config, dataset=evaluator.dataset, executor=answers, results=folder, on_progress=tell)
    there = client.run_on_scheduler(time.process_time) - there
    return Cost(int(clock[1]), answers.jobs, answers.seconds / clock[1], clock[2] - clock[0], there)


def jobs(client: Any, dataset: Any) -> Cost:
    """What jobs of one training cost, with neither a sampler nor a storage."""
    from hpsearch.config import StudyConfig
    from hpsearch.engine.settings import Hyperparameters
    from hpsearch.evaluation.evaluator import Evaluator
    from hpsearch.evaluation.executors import Workers

    evaluator = Evaluator(StudyConfig(name="jobs"), dataset)
    setting = Hyperparameters(0.1, 100_000, 0.9, 1e-4, 256, 0.01, hidden=(128,))
    answers = Answers(client.get_executor(), evaluator)
    there, here = client.run_on_scheduler(time.process_time), time.process_time()
    with Workers(evaluator.trainer, executor=answers) as workers:
        count = sum(1 for _ in workers.outcomes([*evaluator.tasks(setting, seeds=range(JOBS))]))
    here = time.process_time() - here
    there = client.run_on_scheduler(time.process_time) - there
    return Cost(count, answers.jobs, answers.seconds / count, here, there)


def rows() -> list[Row]:
    import numpy as np
    import optuna

    from hpsearch import search, survey_study
    from hpsearch.config import StudyConfig
    from hpsearch.data import from_arrays

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rng = np.random.default_rng(0)
    images = from_arrays(rng.standard_normal((IMAGES, 784), np.float32), rng.integers(10, size=IMAGES))
    qmc = {"sampler": "qmc", "seeds": 1, "trials": TRIALS}
    digits = StudyConfig(name="digits", data=SPLIT, search=qmc)
    wide = StudyConfig(name="images", network={"hidden": [128]}, search={**qmc, "trials": WIDE_TRIALS})
    tpe = StudyConfig(name="tpe", data=SPLIT, search={**qmc, "sampler": "tpe", "trials": TPE_TRIALS})
    with cluster() as client:
        cost(client, search, digits.with_overrides(trials=20))  # imports
        cases = {
            "search of digits": cost(client, search, digits),
            "survey of digits": cost(client, survey_study, digits),
            f"search of {IMAGES:,} images, 784-128-10": cost(client, search, wide, images),
            "tpe search of digits": cost(client, search, tpe),
            "jobs of one training": jobs(client, images),
        }
    return [Row("P13", f"{name}: {case.words()}", case.workers) for name, case in cases.items()]
