"""P4, P6 and P7: whole searches, beside the script a user would write, by workers, and with TPE."""

import pickle
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from statistics import median
from typing import Any

import peers
from table import Row

SPLIT = {"validation": 0.25, "test": 0}
"""1,347 training and 450 validation examples of digits."""
TRIALS = 1000
SCRIPT_TRIALS = 100
ROUNDS = 5
TPE_TRIALS, TPE_ROUNDS = 700, 2


def reference(sampler: str, trials: int, name: str) -> Any:
    """The reference work: digits, 32 tanh units, the whole space, one seed."""
    from hpsearch.config import StudyConfig

    return StudyConfig(name=name, data=SPLIT, search={"sampler": sampler, "trials": trials, "seeds": 1})


def searched(config: Any, **how: Any) -> float:
    """Seconds that a search takes in an empty folder, the start of its threads included."""
    from hpsearch.tuning.search import search

    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        search(config, results=folder, **how)
        return time.perf_counter() - began


def script(sampler: Any, trials: int) -> float:
    """Seconds of Optuna + MLPClassifier + SQLite, as a user would write it, one process."""
    import numpy as np
    import optuna

    from hpsearch.data import load_dataset

    data = load_dataset("digits", **SPLIT)
    train = data.train.X.astype(np.float32), data.train.y
    validation = data.validation.X.astype(np.float32), data.validation.y

    def objective(trial: optuna.Trial) -> float:
        batch_size = trial.suggest_categorical("batch_size", [16, 32, 64, 128, 256])
        iterations = trial.suggest_int("iterations", 50, 2000, log=True)
        trial.suggest_float("init_scale", 1e-3, 1, log=True)  # MLPClassifier has no such setting
        setting = {
            "learning_rate": trial.suggest_float("learning_rate", 1e-3, 1, log=True),
            "momentum": trial.suggest_float("momentum", 0, 0.99),
            "l2": trial.suggest_float("l2", 1e-6, 1e-1, log=True),
        }
        return peers.scored(train, validation, batch_size=batch_size, iterations=iterations, **setting)

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        storage = f"sqlite:///{Path(folder, 'script.db')}"
        began = time.perf_counter()
        study = optuna.create_study(storage=storage, sampler=sampler, direction="minimize")
        study.optimize(objective, n_trials=trials)
        return time.perf_counter() - began


class Recorder(Executor):
    """Runs jobs in this process, one after the other, and keeps what they gave."""

    def __init__(self) -> None:
        self.results: dict[bytes, Any] = {}
        self.seconds = 0.0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        began = time.perf_counter()
        result = fn(*args, **kwargs)
        self.seconds += time.perf_counter() - began
        if result is not None:  # else the data is still to come
            self.results |= {pickle.dumps(task): outcome for task, outcome in zip(args[2], result, strict=True)}
        future: Future[Any] = Future()
        future.set_result(result)
        return future


class Answering(Recorder):
    """Gives at once what a recorder kept."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result([self.results[pickle.dumps(task)] for task in args[2]])
        return future


def tpe() -> Row:
    """TPE's wall time with two workers by the larger of its asking time and half its training time, each alone."""
    config = reference("tpe", TPE_TRIALS, "tpe")
    recorder, answering = Recorder(), Answering()
    searched(config, workers=2, executor=recorder)
    answering.results = recorder.results
    times = [(searched(config, workers=2, executor=answering), searched(config, workers=2)) for _ in range(TPE_ROUNDS)]
    ratio = median(wall / max(asking, recorder.seconds / 2) for asking, wall in times)
    asking, wall = (median(column) for column in zip(*times, strict=True))
    what = (
        f"{TPE_TRIALS} trials: wall {wall:.1f} s, asking {asking:.1f} s, training on two {recorder.seconds / 2:.1f} s"
    )
    return Row("P7", what, ratio, 1.2, least=False)


def rows() -> list[Row]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    times: dict[str, list[float]] = {"script": [], "one": [], "two": []}
    config = reference("qmc", TRIALS, "reference")
    searched(reference("qmc", 2, "compiled"))
    for round_ in range(ROUNDS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Optuna calls its QMCSampler experimental
            peer = optuna.samplers.QMCSampler(seed=round_)
        times["script"].append(script(peer, SCRIPT_TRIALS) / SCRIPT_TRIALS)
        times["two"].append(searched(config, workers=2) / TRIALS)
        times["one"].append(searched(config, workers=1) / TRIALS)
    print(f"P4, the script: {peers.blas_kernels()}", file=sys.stderr)
    found = {who: 1e3 * median(values) for who, values in times.items()}
    against = f"qmc: {found['two']:.2f} ms a trial, the script {found['script']:.0f} ms"
    workers = f"qmc: one {found['one']:.2f}, two {found['two']:.2f} ms a trial"
    return [
        Row("P4", against, found["script"] / found["two"], 25),
        Row("P6", workers, found["one"] / found["two"], 1.8),
        tpe(),
    ]
