"""Digests of a few trainings and prepared tables; ``python tests/golden.py`` prints them."""

import hashlib
import json

import numpy as np

from hpsearch.data import load_dataset
from hpsearch.engine.examples import Examples
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.training import Training, train

CASES = {
    f"{output}, {activation}, {'-'.join(map(str, hidden))}, batch {batch}, {dtype}": (
        Architecture(FEATURES, hidden, {"softmax": 5}.get(output, 1), activation, output, init, dtype),
        batch,
    )
    for FEATURES, hidden, output, activation, init, batch in (
        (37, (32,), "softmax", "tanh", "scaled", 32),
        (37, (5, 19), "binary", "relu", "he", 7),
        (37, (17, 3, 8), "identity", "sigmoid", "xavier", 64),
    )
    for dtype in ("float32", "float64")
}


def digest(architecture: Architecture, batch: int) -> str:
    """Of the weights and the metrics of a training of 300 iterations, on numbers that no rounding made."""
    rng = np.random.default_rng(7)
    X = rng.integers(-200, 200, (300, architecture.features)) / 64
    y = rng.integers(0, 5 if architecture.output == "softmax" else 2, 300)
    examples = Examples.of(architecture, (X[:200], y[:200]), (X[200:], y[200:]))
    scale = 0.1 if architecture.init == "scaled" else 1.0
    start = Training.start(architecture, Hyperparameters(0.05, 300, 0.9, 1e-3, batch, scale), 3)
    record, end = train(start, examples, (0, 10, 300))
    assert np.isfinite(record.metrics).all()
    little = [part.astype(part.dtype.newbyteorder("<")).tobytes() for part in (end.parameters, record.metrics)]
    return hashlib.sha256(b"".join(little)).hexdigest()[:16]


def digests() -> dict[str, str]:
    """Of every case, by name."""
    return {name: digest(*case) for name, case in CASES.items()}


def prepared() -> dict[str, str]:
    """Of bundled data as a network gets them, by name."""
    found = {}
    for name in ("digits", "breast_cancer", "diabetes"):
        data = load_dataset(name)
        parts = [data.train.X, data.validation.X, np.array([data.target_mean, data.target_scale])]
        found[name] = hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:16]
    return found


if __name__ == "__main__":
    print(json.dumps(digests() | prepared(), indent=4))
