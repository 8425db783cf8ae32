"""Fixtures that many test files share."""

import pytest
from threadpoolctl import threadpool_limits

from hpsearch.config import load
from hpsearch.objective import Evaluator

SMALL = """
name = "small"
[data]
source = "iris"
[network]
hidden = [6]
[space]
learning_rate = {low = 0.01, high = 1.0, log = true}
iterations = {low = 5, high = 60, log = true}
momentum = {low = 0.0, high = 0.9}
l2 = {low = 1e-6, high = 1e-1, log = true}
batch_size = {choices = [8, 16, 32]}
init_scale = {low = 0.01, high = 1.0, log = true}
[search]
trials = 14
batch = 4
checkpoints = 6
"""


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread():
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A study that trains in a moment."""
    path = tmp_path_factory.mktemp("studies") / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return load(path)


@pytest.fixture(scope="session")
def small_evaluator(small):
    return Evaluator(small)
