"""P11 and P12: a mixture of network shapes, and the default survey beside scikit-learn."""

import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from statistics import median
from typing import Any

import numpy as np
import peers
from searches import SPLIT, reference
from table import Row

TRIALS, ROUNDS = 500, 3
MEAN_SHAPE = (36, 36)
NETWORKS = {
    "width": {"low": 8, "high": 64},
    "depth": {"low": 1, "high": 3},
    "activation": {"choices": ["tanh", "relu", "sigmoid"]},
    "init": {"choices": ["scaled", "xavier", "he"]},
}
SAMPLE, WORKERS = 64, 2
"""Rows of the survey that scikit-learn trains, in so many processes."""


def arithmetic(sizes: tuple[int, ...], task: Any, examples: Any) -> float:
    """Multiply-adds of a training: its iterations, and forward and backward passes at its checkpoints."""
    layers = [inputs * units for inputs, units in pairwise(sizes)]
    forward, all_of_it = sum(layers), 3 * sum(layers) - layers[0]
    iterations = task.settings.iterations * task.settings.batch_size * all_of_it
    scored = min(2048, len(examples.train)) + len(examples.validation)
    return iterations + len(task.stops) * (scored * forward + 256 * all_of_it)


def studied(kind: str) -> Any:
    """The reference study, of networks that vary or of one network."""
    from hpsearch.config import StudyConfig

    described = reference("qmc", TRIALS, kind).describe()
    described["survey"] |= {"base": 8}
    if kind == "mixed":
        return StudyConfig.from_description({**described, "network": {}, "space": {**described["space"], **NETWORKS}})
    return StudyConfig.from_description({**described, "network": {"hidden": MEAN_SHAPE}})


def price(config: Any, kind: str) -> float:
    """CPU seconds of a search or a survey, in this thread, by its arithmetic."""
    from hpsearch import search, survey_study
    from hpsearch.evaluation.evaluator import Evaluator
    from hpsearch.sensitivity.designs import KEY, shared

    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        made = search(config, results=folder) if kind == "search" else survey_study(config, results=folder)
        took = time.process_time() - began
        params = [trial.params for trial in made.trials] if kind == "search" else []
    if kind == "search":
        evaluator, values = Evaluator(config), params
    else:  # rows that differ in length alone are one training, to the longest
        evaluator = Evaluator(config, checkpoint_count=config.survey.checkpoints)
        rows = made.table.drop_duplicates([*KEY])[[*KEY, "seed", *config.space.dimensions]]
        longest = rows.sort_values("iterations").groupby(shared(rows)).tail(1)
        values = longest[[*config.space.dimensions]].to_dict("records")
    work = 0.0
    for setting in map(evaluator.config.settings, values):
        shape, (task,) = evaluator.architecture(setting), evaluator.tasks(setting)
        work += arithmetic((shape.features, *shape.hidden, shape.outputs), task, evaluator.examples)
    return took / work


def mixture() -> Row:
    """A multiply-add in a search and in a survey of ten settings, by one where the network is the same."""
    configs = {kind: studied(kind) for kind in ("mixed", "one shape")}
    ratios = {}
    for kind in ("search", "survey"):
        for config in configs.values():
            price(config.with_overrides(**{"search.trials": 5, "survey.base": 2, "survey.scrambles": 2}), kind)
        prices = [[price(config, kind) for config in configs.values()] for _ in range(ROUNDS)]
        mixed, same = (median(column) for column in zip(*prices, strict=True))
        ratios[f"{kind} {1e12 * mixed:.1f} by {1e12 * same:.1f} ps"] = mixed / same
    what = f"ten settings, {TRIALS:,} trials, 832 rows: {', '.join(ratios)} a multiply-add (one: {MEAN_SHAPE})"
    return Row("P11", what, max(ratios.values()), 1.3, least=False)


def trained_by_scikit_learn(setting: dict[str, Any], seed: int) -> float:
    """A row of the survey, with one BLAS thread; its loss."""
    from hpsearch.data import load_dataset

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
    from hpsearch.experiments.surveys import design_of

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
