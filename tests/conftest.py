"""Fixtures that many test files share; they import what they need, since what hands tests out to others needs none."""

import contextlib
import gc
import os
import signal
import sqlite3

import pytest

gc.set_threshold(10_000)  # Python's own 700 cost a twelfth of all time: tests hold many objects, and leave few

# A suite that is started in the background has these ignored, and its commands would be deaf to what tests send them.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread():
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session", autouse=True)
def unflushed():
    """No test waits for the disk: what a power failure leaves, processes of their own show, which flush as always."""
    connect = sqlite3.dbapi2.connect

    def hurried(*arguments, **options):
        connection = connect(*arguments, **options)
        with contextlib.suppress(sqlite3.Error):  # what is no database is for whoever reads it to find
            connection.execute("PRAGMA synchronous = OFF")
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        patch.setattr(sqlite3.dbapi2, "connect", hurried)
        yield


@pytest.fixture(scope="session", autouse=True)
def bundled_data_once():
    """Evaluators of one process share the data sets that come with scikit-learn; tests of data load their own."""
    from hpsearch.evaluation import evaluator

    kept, load = {}, evaluator.load_dataset

    def load_once(source, **options):
        if ":" in source:  # a file, which may change
            return load(source, **options)
        key = (source, repr(options))
        if key not in kept:
            kept[key] = load(source, **options)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluator, "load_dataset", load_once)
        yield


@pytest.fixture(autouse=True)
def quiet():
    """Optuna says what goes wrong, and not every trial."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(level)


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A study that trains in a moment."""
    from helpers import SMALL

    from hpsearch.config import load_config

    path = tmp_path_factory.mktemp("studies") / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return load_config(path)


@pytest.fixture(scope="session")
def small_evaluator(small):
    from hpsearch.evaluation.evaluator import Evaluator

    return Evaluator(small)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's folder with the studies small and long, entered."""
    from helpers import LONG, SMALL

    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "small.toml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "studies" / "long.toml").write_text(LONG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def table():
    """A raw table with numbers, text and bools; its target is kind."""
    import numpy as np
    import pandas as pd

    return pd.DataFrame(
        {
            "size": np.arange(60) % 7 * 1.5,
            "colour": list("rgb") * 20,
            "new": [True, False, True] * 20,
            "kind": list("ppqq") * 15,
        }
    )


@pytest.fixture
def numbers():
    """A raw table of three columns of numbers."""
    import numpy as np
    import pandas as pd

    return pd.DataFrame(np.random.default_rng(0).standard_normal((100, 3)), columns=list("abc"))


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for as long as the tests of one process run."""
    from servers import Server, reason_to_skip

    if reason := reason_to_skip():
        pytest.skip(reason)
    server = Server()
    yield server
    server.remove()
