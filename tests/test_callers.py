"""A caller's process is after any call what it was before: threads, signals, children, randomness, logging, ..."""

import logging
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optuna
import pytest
import sqlalchemy  # noqa: F401  # sets the level of its logger when it is imported
from callers import calls, state
from helpers import SMALL
from threadpoolctl import threadpool_limits

from hpsearch.config import load_config
from hpsearch.experiments.trainings import survey_study
from hpsearch.tuning.search import search

SIZE = {"survey.base": 4, "survey.scrambles": 2, "survey.seeds": 4, "trials": 20}


@pytest.fixture(scope="module")
def child():
    """A process of the caller's."""
    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(3600,))
    process.start()
    yield process
    process.kill()
    process.join()


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    """All calls, on results that hold a study with its survey, and another."""
    folder = tmp_path_factory.mktemp("results")
    path = folder / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    config = load_config(path).with_overrides(**SIZE)
    for name in ("small", "small2"):
        search(config.with_overrides(name=name), results=folder)
        survey_study(config.with_overrides(name=name), results=folder)
    return calls(config, folder)


NAMES = list(calls(None, None))


@pytest.mark.filterwarnings("ignore::UserWarning")  # a survey of a moment has too few rows
@pytest.mark.parametrize("name", NAMES)
def test_a_caller_s_process_is_as_before(name, every, child, request):
    logging.getLogger("optuna").addHandler(handler := logging.NullHandler())
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)  # what only ever rises shows
    try:
        with threadpool_limits(2), np.errstate(over="raise", divide="warn"):
            before = state(child)
            every[name]()
            after = state(child)
            after["threads"] |= before["threads"]  # one that an earlier test left may end meanwhile
            loaded = before["threads of BLAS"]  # a library that was not there before has no former number
            after["threads of BLAS"] = {name: after["threads of BLAS"][name] for name in loaded}
    finally:
        optuna.logging.set_verbosity(level)
        logging.getLogger("optuna").removeHandler(handler)
    assert {key for key in before if before[key] != after[key]} == set()
    assert before["children"] == (True, [child.pid])


def test_every_public_name_is_called():
    import hpsearch

    called = (Path(__file__).parent / "callers.py").read_text(encoding="utf-8") + Path(__file__).read_text("utf-8")
    public = {name: getattr(hpsearch, name) for name in hpsearch.__all__ if name not in PASSIVE}
    errors = {name for name, kind in public.items() if isinstance(kind, type) and issubclass(kind, BaseException)}
    assert [name for name in public if name not in called and name not in errors] == []


PASSIVE = ("Choice", "Dataset", "Hyperparameters", "Results", "StudyConfig", "Survey", "data")
"""Names of records, which do nothing, and of a room."""


@pytest.mark.slow
@pytest.mark.parametrize("first", ["search", "importance, two processes", "survey", "classifier", "main"])
def test_the_first_call_of_a_process_which_imports_all_that_it_needs_leaves_it_as_before(first, tmp_path):
    """What an import does once, such as Optuna's handler of its logger and a BLAS that was not loaded yet, aside."""
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    script = f"""
import multiprocessing, sys, time, warnings
sys.path.insert(0, {str(Path(__file__).parent)!r})
from callers import calls, state
if __name__ == "__main__":
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(3600,))
    child.start()
    from threadpoolctl import threadpool_limits
    from hpsearch.config import load_config
    config = load_config("small.toml").with_overrides(trials=20)
    if "importance" in {first!r}:
        calls(config, __import__("pathlib").Path("results"))["search"]()
    with threadpool_limits(2):
        before = state(child)
        calls(config, __import__("pathlib").Path("results"))[{first!r}]()
        after = state(child)
    child.kill()
    after["threads of BLAS"] = {{k: v for k, v in after["threads of BLAS"].items() if k in before["threads of BLAS"]}}
    for seen in (before, after):  # scikit-learn sets it, to keep forked processes from hanging
        seen["environment"].pop("KMP_INIT_AT_FORK", None)
    for key in ("verbosity of Optuna", "plotly", "matplotlib"):
        if before[key] is None:
            before.pop(key), after.pop(key)
    for logger in ("optuna",):
        before["logging"].pop(logger), after["logging"].pop(logger)
    print([(key, [x for x in after[key] if x not in before[key]]) for key in before if before[key] != after[key]])
"""
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "script.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
