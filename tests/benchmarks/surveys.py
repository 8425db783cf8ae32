"""P11 and P12: a mixture of network shapes, and the default survey beside scikit-learn."""

import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import pairwise
from multiprocessing import get_context
from statistics import median
from typing import Any

import numpy as np
import peers
from searches import SPLIT, reference
from table import Row

TRIALS, ROUNDS = 1000, 3
MEAN_SHAPE = (36, 36)
SAMPLE, WORKERS = 64, 2
"""Rows of the survey that scikit-learn trains, in so many processes."""


def arithmetic(sizes: tuple[int, ...], task: Any, examples: Any) -> float:
    """Multiply-adds of a training: its iterations, and forward and backward passes at its checkpoints."""
    layers = [inputs * units for inputs, units in pairwise(sizes)]
    forward, all_of_it = sum(layers), 3 * sum(layers) - layers[0]
    iterations = task.settings.iterations * task.settings.batch_size * all_of_it
    scored = min(2048, len(examples.train)) + len(examples.validation)
    return iterations + len(task.stops) * (scored * forward + 256 * all_of_it)


def mixture() -> Row:
    """Seconds by arithmetic of trials of many shapes, by that of the same trials at one shape; in this thread."""
    from scipy.stats import qmc

    from hpsearch.evaluation.evaluator import Evaluator
    from hpsearch.evaluation.tasks import Trainer
    from hpsearch.space import Space

    config = reference("qmc", TRIALS, "mixture")
    evaluator, space = Evaluator(config), Space(config.space.dimensions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Sobol points are balanced in powers of two alone
        points = qmc.Sobol(len(space) + 3, seed=0).random(TRIALS)
    trials: dict[str, list[tuple[Any, Any]]] = {"mixed": [], "mean": []}
    columns = {name: values.tolist() for name, values in space.from_unit(points[:, :-3]).items()}
    for row, point in enumerate(points):
        (task,) = evaluator.tasks(evaluator.hyperparameters({name: values[row] for name, values in columns.items()}))
        width, depth, kind = int(8 + 57 * point[-3]), int(1 + 3 * point[-2]), int(3 * point[-1])
        shapes = {"mixed": ((width,) * depth, ("tanh", "relu", "sigmoid")[kind]), "mean": (MEAN_SHAPE, "tanh")}
        for name, (hidden, activation) in shapes.items():
            architecture = replace(evaluator.architecture, hidden=hidden, activation=activation)
            trials[name].append((Trainer(architecture, evaluator.examples), task))
    for trainer, task in trials["mixed"][:5] + trials["mean"][:5]:
        trainer.run(task)
    rates: dict[str, list[float]] = {name: [] for name in trials}
    for _ in range(ROUNDS):
        for name, pairs in trials.items():
            began = time.perf_counter()
            for trainer, task in pairs:
                trainer.run(task)
            took, a = time.perf_counter() - began, evaluator.architecture
            sizes = [(a.features, *trainer.architecture.hidden, a.outputs) for trainer, _ in pairs]
            work = sum(arithmetic(s, task, evaluator.examples) for s, (_, task) in zip(sizes, pairs, strict=True))
            rates[name].append(took / work)
    mixed, mean = (median(rates[name]) for name in ("mixed", "mean"))
    what = f"{TRIALS:,} trials: {1e12 * mixed:.1f} ps a multiply-add, at {MEAN_SHAPE} {1e12 * mean:.1f}"
    return Row("P11", what, mixed / mean, 1.3, least=False)


def trained_by_scikit_learn(setting: dict[str, Any], seed: int) -> float:
    """A row of the survey, with one BLAS thread; its loss."""
    from hpsearch.data.dataset import load_dataset

    data = load_dataset("digits", **SPLIT)
    X, held_out = data.train.X.astype(np.float32), data.validation.X.astype(np.float32)
    return peers.scored((X, data.train.y), (held_out, data.validation.y), seed=seed, **setting)


def prepared() -> str:
    """Imports and data, which are not counted, and one BLAS thread for a process."""
    from threadpoolctl import threadpool_limits

    trained_by_scikit_learn({"learning_rate": 0.1, "iterations": 50, "momentum": 0.5, "l2": 0.0, "batch_size": 64}, 0)
    threadpool_limits(1)
    return peers.blas_kernels()


def surveyed(config: Any) -> float:
    """Seconds that the survey takes in an empty folder."""
    from hpsearch.experiments.trainings import survey_study

    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        survey_study(config, results=folder, workers=WORKERS)
        return time.perf_counter() - began


def survey(**size: Any) -> list[Row]:
    """The default survey of digits, and a sample of its rows by scikit-learn."""
    from hpsearch.config import StudyConfig
    from hpsearch.experiments.stored import design_of

    config = StudyConfig(name="digits", data=SPLIT, survey=size)
    table = design_of(config).table()
    sample = table.sample(SAMPLE, random_state=0).to_dict("records")
    names = ("learning_rate", "iterations", "momentum", "l2", "batch_size")
    settings, seeds = [{name: row[name] for name in names} for row in sample], [int(row["seed"]) for row in sample]
    surveyed(StudyConfig(name="compiled", data=SPLIT, survey={"base": 2, "scrambles": 2}))
    times: dict[str, list[float]] = {"ours": [], "scikit-learn": []}
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        kernels = {future.result() for future in [pool.submit(prepared) for _ in range(4 * WORKERS)]}
        print(f"P12, scikit-learn: {'; '.join(sorted(kernels))}", file=sys.stderr)
        for _ in range(ROUNDS):
            times["ours"].append(surveyed(config))
            began = time.perf_counter()
            list(pool.map(trained_by_scikit_learn, settings, seeds))
            times["scikit-learn"].append((time.perf_counter() - began) * len(table) / SAMPLE)
    ours, theirs = (median(times[name]) for name in ("ours", "scikit-learn"))
    what = f"{len(table):,} rows: {ours:.1f} s, scikit-learn {theirs:.0f} s by {SAMPLE} of them"
    return [Row("P12", what, theirs / ours, 12), Row("P12", "wall, s", ours, 20, least=False)]


def rows() -> list[Row]:
    return [mixture(), *survey()]
