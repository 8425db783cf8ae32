"""P1 to P3: one iteration of one network, beside scikit-learn, JAX, PyTorch and the bare products."""

import os
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import peers
from peers import Shape
from searches import SPLIT
from table import Row

BATCHES = (16, 32, 64, 128, 256)
AGAINST_SKLEARN = dict(zip(BATCHES, (50, 35, 24, 15, 9.5), strict=True))
AGAINST_JAX = 1.9
OF_PEAK = {64: 0.55, 128: 0.55, 256: 0.55}
LARGE = {"JAX": 1.3, "peak": 0.75}
"""Bars of 784 inputs and 128 units."""
JAX_MEMBERS = (1, 16, 64)
ROUNDS = 5
TRAININGS = 8
"""Of ours a round, which so takes about as long as a contender's: the first finds its data in no cache."""


def ours(shape: Shape) -> Callable[[int], float]:
    """The product's loop: trainings one after another, as a search has them, which share a seed's shuffles."""
    from hpsearch.engine.examples import Examples
    from hpsearch.engine.settings import Architecture, Hyperparameters
    from hpsearch.engine.training import Training, train

    architecture = Architecture(shape.X.shape[1], (shape.units,), shape.classes)
    setting = Hyperparameters(peers.RATE, 1 << 40, peers.MOMENTUM, peers.L2, shape.batch_size, peers.SCALE)
    start, examples = Training.start(architecture, setting, 0), Examples.of(architecture, (shape.X, shape.y))

    def run(iterations: int) -> float:
        began = time.perf_counter()
        for _ in range(TRAININGS):
            train(start, examples, (), until=iterations)
        return (time.perf_counter() - began) / TRAININGS

    return run


def contenders(shape: Shape, iterations: int, *, with_torch: bool) -> dict[str, Callable[[int], float]]:
    found = {"ours": ours(shape), "scikit-learn": peers.scikit_learn(shape)}
    found |= {f"JAX {members}": peers.jax(shape, members, iterations) for members in JAX_MEMBERS}
    if with_torch:
        found["PyTorch"] = peers.torch(shape)
    return found


def microseconds(shape: Shape, iterations: int, *, with_torch: bool = False) -> dict[str, float]:
    """Median time of an iteration of a network, by contender, over alternating rounds; ``peak`` is the products'."""
    running = contenders(shape, iterations, with_torch=with_torch)
    for run in running.values():
        run(iterations)
    times: dict[str, list[float]] = {name: [] for name in [*running, "peak"]}
    for _ in range(ROUNDS):
        for name, run in running.items():
            times[name].append(run(iterations) / iterations)
        times["peak"].append(peers.product_operations(shape) / peers.blas_peak())
    found = {name: 1e6 * median(values) for name, values in times.items()}
    found["peak"] = 1e6 * min(times["peak"])
    found["JAX"] = min(found.pop(f"JAX {members}") for members in JAX_MEMBERS)
    return found


def on_one_core() -> None:
    """Keep this process, and the threads that libraries will start, on one core."""
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The training split, prepared as a search prepares it."""
    from hpsearch.data import load_dataset

    train = load_dataset("digits", **SPLIT).train
    return train.X.astype(np.float32), train.y


def rows() -> list[Row]:
    from threadpoolctl import threadpool_limits

    on_one_core()
    with threadpool_limits(1):
        X, y = digits()
        found = {b: microseconds(Shape(X, y, 32, b), max(1024, 65536 // b)) for b in BATCHES}
        generator = np.random.default_rng(0)
        large = Shape(
            generator.standard_normal((8192, 784)).astype(np.float32), generator.integers(0, 10, 8192), 128, 128
        )
        big = microseconds(large, 128, with_torch=True)
    print(f"P1 to P3: {peers.blas_kernels()}", file=sys.stderr)
    made = []
    for b, t in found.items():
        at = f"batch {b}: ours {t['ours']:.1f} µs, "
        against = (t["scikit-learn"] / t["ours"], t["JAX"] / t["ours"], t["peak"] / t["ours"])
        made.append(Row("P1", at + f"scikit-learn {t['scikit-learn']:.0f} µs", against[0], AGAINST_SKLEARN[b]))
        made.append(Row("P2", at + f"JAX {t['JAX']:.1f} µs", against[1], AGAINST_JAX))
        made.append(Row("P3", at + f"products at peak {t['peak']:.1f} µs", against[2], OF_PEAK.get(b)))
    at = f"784 inputs, 128 units, batch 128: ours {big['ours']:.0f} µs, "
    for name, contender in (("P1", "scikit-learn"), ("P2", "JAX"), ("P3", "peak")):
        made.append(
            Row(name, at + f"{contender} {big[contender]:.0f} µs", big[contender] / big["ours"], LARGE.get(contender))
        )
    made.append(Row("P1", at + f"PyTorch {big['PyTorch']:.0f} µs", big["PyTorch"] / big["ours"], 1.0))
    return sorted(made, key=lambda row: row.name)
