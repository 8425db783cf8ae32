"""What of a process belongs to whoever calls: its state, and all public calls, of which none may change it."""

import gc
import io
import locale
import logging
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info
from typer.testing import CliRunner

FEW = {"values": 2, "seeds": 2}


def state(child):
    """What a caller may rely on, by name.

    Args:
        child: A process that the caller has started.
    """
    optuna, plotly = sys.modules.get("optuna"), sys.modules.get("plotly.io")
    matplotlib = sys.modules.get("matplotlib")
    loggers = {n: logging.getLogger(n) for n in (None, "optuna", "sqlalchemy", "hpsearch", "numba", "filelock")}
    for _ in range(6000):  # threads that end need a moment
        if not [thread for thread in threading.enumerate() if thread.name.startswith("hpsearch")]:
            break
        time.sleep(0.01)
    return {
        "threads of BLAS": {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()},
        "threads of numba": numba.get_num_threads(),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "blocked signals": signal.pthread_sigmask(signal.SIG_BLOCK, []),
        "children": (child.is_alive(), [p.pid for p in multiprocessing.active_children()]),
        "start method": multiprocessing.get_start_method(allow_none=True),
        "random": random.getstate(),
        "numpy.random": [np.asarray(part).tolist() for part in np.random.get_state()],  # noqa: NPY002
        "warnings": list(warnings.filters),
        "showwarning": warnings.showwarning,
        "logging": {n: (lg.level, list(lg.handlers), lg.propagate, lg.disabled) for n, lg in loggers.items()},
        "logging off": logging.root.manager.disable,
        "verbosity of Optuna": optuna and optuna.logging.get_verbosity(),
        "locale": locale.setlocale(locale.LC_ALL),
        "numpy's errors": (np.geterr(), np.geterrcall()),
        "numpy's printing": np.get_printoptions(),
        "pandas": {n: pd.get_option(n) for n in ("display.max_rows", "display.precision", "display.width")},
        "plotly": plotly and (plotly.templates.default, plotly.renderers.default, sorted(plotly.templates)),
        "matplotlib": matplotlib and (matplotlib.get_backend(), dict(matplotlib.rcParams)),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "streams": (sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.displayhook, threading.excepthook),
        "collector": (gc.isenabled(), gc.get_threshold(), gc.callbacks[:]),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(), sys.gettrace(), sys.get_int_max_str_digits()),
        "threads": set(threading.enumerate()),
        "path": list(sys.path),
    }


def calls(config, folder):
    """Every public call by name, small, in an order in which each finds what it needs.

    Args:
        config: Of a study of a moment, named small.
        folder: Of the results.
    """
    import hpsearch

    def results():
        return hpsearch.load("small", results=folder)

    def estimator(kind):
        X = np.random.default_rng(0).standard_normal((60, 3))
        y = X[:, 0] > 0 if "Class" in kind else X[:, 0]
        return getattr(hpsearch, kind)(iterations=20).fit(X, y).predict(X)

    def objective():
        import optuna

        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        study.optimize(hpsearch.Objective(config), n_trials=2)

    def importances(workers):
        options = {"measures": ("ped_anova", "permutation"), "permutations": 9, "bootstraps": 3}
        return hpsearch.importance(results().study, workers=workers, **options)

    def saved():
        network = results().best.network
        return hpsearch.TrainedNetwork.load(network.save(folder / "saved.npz"))

    def stopped():
        def stop(progress):
            if progress.fresh:
                raise KeyboardInterrupt

        try:
            hpsearch.search(config.with_overrides(name="stopped"), workers=2, results=folder, on_progress=stop)
        except KeyboardInterrupt:
            return
        raise AssertionError("it was not stopped")

    def on_an_executor():
        with ThreadPoolExecutor(2) as threads, hpsearch.training_on(threads):
            hpsearch.search(config.with_overrides(name="threads"), results=folder)

    def command(*arguments, code=0):
        from hpsearch.cli.commands import app

        done = CliRunner().invoke(app, [*map(str, arguments), "--results", str(folder)], catch_exceptions=False)
        assert done.exit_code == code, done.output

    def main():
        from hpsearch.cli import main

        before, sys.argv, sys.stdout = (sys.argv, sys.stdout), ["hpsearch", "show", "iris"], io.StringIO()
        try:
            with pytest.raises(SystemExit, match=r"^(0|None)?$"):
                main()
        finally:
            sys.argv, sys.stdout = before

    def surrounded():
        with ThreadPoolExecutor(2) as threads, hpsearch.training_on(threads):
            hpsearch.search(config.with_overrides(name="surrounded"), results=folder)

    def unusual():
        space = hpsearch.Space({"a": hpsearch.Float(0, 1), "b": hpsearch.Int(1, 9)})
        hpsearch.survey(lambda a, b: a * b, space, base=8, scrambles=4, workers=2)
        design = hpsearch.Design(space, base=8, scrambles=4)
        rows = design.table()
        hpsearch.survey_of(design, rows.assign(y=rows["a"] * rows["b"]))
        return hpsearch.survey_frames(lambda rows: rows["a"] * rows["b"], space, base=8, scrambles=4).sensitivity()

    return {
        "search": lambda: hpsearch.search(config, results=folder),
        "search, two workers": lambda: hpsearch.search(config.with_overrides(name="two"), workers=2, results=folder),
        "search, an executor": on_an_executor,
        "search, cmaes": lambda: hpsearch.search(config.with_overrides(name="c", sampler="cmaes"), results=folder),
        "search, pruned": lambda: hpsearch.search(config.with_overrides(name="p", pruner="hyperband"), results=folder),
        "search, SQLite": lambda: hpsearch.search(config, storage=f"sqlite:///{folder}/s.db", results=folder),
        "search, stopped": stopped,
        "training_on": surrounded,
        "survey_study": lambda: hpsearch.survey_study(config, workers=2, results=folder),
        "survey": unusual,
        "search_rounds": lambda: hpsearch.search_rounds(
            config.with_overrides(name="rounds", trials=40), 2, results=folder
        ),
        "load": lambda: (results().trials, results().curves, results().members, results().best.network),
        "survey's tables": lambda: (results().survey.sensitivity(), results().survey.effects(), results().ranges()),
        "profile": lambda: results().profile("learning_rate", **FEW),
        "attribution": lambda: results().attribution(seeds=2),
        "importance": lambda: importances(1),
        "importance, two processes": lambda: importances(2),
        "compare": lambda: hpsearch.compare(["small", "small2"], results=folder, seeds=2),
        "Objective": objective,
        "TrainedNetwork": saved,
        "classifier": lambda: estimator("ShallowNetworkClassifier"),
        "regressor": lambda: estimator("ShallowNetworkRegressor"),
        "figures": lambda: (results().plot.history(), results().survey.plot.sensitivity().to_json()),
        "export": lambda: results().export(folder / "tables", format="parquet"),
        "baselines": lambda: results().baselines(),
        "command search": lambda: command("search", "iris", "--trials", 3),
        "command search, refused": lambda: command("search", "nonesuch", code=2),
        "command export": lambda: command("export", "small", "--to", folder / "exported"),
        "main": main,
    }
