"""P9 and P10: memory and imports, each measured in a process of its own."""

import subprocess
import sys
import tempfile
import time
from statistics import median

from table import Row

ROUNDS = 7

PEAK = """
import json, pathlib, resource, sys
def peak():
    status = pathlib.Path("/proc/self/status")
    if status.is_file():  # getrusage counts what the parent held before this process was its own
        return int(next(l for l in status.read_text().splitlines() if l.startswith("VmHWM")).split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
"""

DIGITS = """
from hpsearch.config import StudyConfig
from hpsearch.tuning.search import search
search_ = {"sampler": "qmc", "trials": 1000, "seeds": 1}
search(StudyConfig(name="digits", data={"validation": 0.25, "test": 0}, search=search_), results=sys.argv[1])
"""

LIBRARIES = """
import numba, numpy, optuna, scipy.stats
import sklearn.datasets, sklearn.model_selection
numba.njit(lambda x: x)(1.0)
"""

LARGE = """
import numpy as np
import hpsearch
from hpsearch.config import StudyConfig
from hpsearch.data import from_arrays
from hpsearch.tuning.search import search
generator = np.random.default_rng(0)
X = generator.standard_normal((60000, 784), dtype="float32")
y = generator.integers(0, 10, 60000)
space = {"learning_rate": {"low": 0.001, "high": 0.1, "log": True}, "batch_size": {"choices": [64, 128]},
         "iterations": 100, "momentum": 0.9, "l2": 1e-4, "init_scale": 0.05}
search_ = {"sampler": "qmc", "trials": 16, "seeds": 1}
config = StudyConfig(name="large", network={"hidden": [128]}, space=space, search=search_)
search(config, results=sys.argv[1], dataset=from_arrays(X, y))
"""


def peak(code: str) -> float:
    """Peak resident memory of a process that runs this code, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        whole = PEAK + code + "\nprint(peak())"
        ran = subprocess.run([sys.executable, "-c", whole, folder], capture_output=True, text=True, check=True)
    return float(ran.stdout.split()[-1])


def importing(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def rows() -> list[Row]:
    interpreter = peak("")
    training_set = 60_000 * 784 * 4 / 1e6
    large = 3 * training_set + 200
    libraries = peak(LIBRARIES) - interpreter
    digits, images = (min(peak(code), peak(code)) - interpreter for code in (DIGITS, LARGE))  # the first may compile
    made = [
        Row("P9", f"1,000 trials on digits; its libraries alone, imported: {libraries:.0f}", digits, 250, least=False),
        Row("P9", f"60,000×784 of {training_set:.0f} MB, 128 units", images, large, least=False),
    ]
    importing("import hpsearch, optuna, pandas")
    pairs = [(importing("import hpsearch"), importing("import optuna, pandas")) for _ in range(ROUNDS)]
    ours, theirs = (median(column) for column in zip(*pairs, strict=True))
    what = f"{1e3 * ours:.0f} ms, optuna and pandas {1e3 * theirs:.0f} ms, the interpreter included"
    return [*made, Row("P10", what, ours / theirs, 1.2, least=False)]
