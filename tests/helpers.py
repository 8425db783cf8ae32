"""What several test files share and is no fixture: studies to write, commands to run, views of a network's numbers."""

import contextlib
import io
import itertools
import json
import signal
import sys
import threading
import tomllib
import urllib.request
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
from rich.console import Console
from typer.testing import CliRunner

from hpsearch.cli.commands import app
from hpsearch.config.study import validated
from hpsearch.engine.settings import Hyperparameters
from hpsearch.engine.training import train
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.experiments.lessons import Trainings
from hpsearch.report import dashboard

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
"""A study that trains in a moment."""

LONG = (
    SMALL.replace('name = "small"', "")
    .replace("hidden = [6]", "hidden = [64]")
    .replace("high = 60", "high = 2000")
    .replace("trials = 14", "trials = 60")
)
"""One whose trainings take longer."""

ENDLESS = "10000"
"""Trials that a search of it does not come to the end of, however late the stop that is sent to it."""


def interrupt(monkeypatch, owner, name):
    """Let Ctrl-C come in the middle of a method, whenever it is called; how often it came to its end."""
    own, ended = getattr(owner, name), []

    def interrupted(*arguments, **options):
        signal.raise_signal(signal.SIGINT)
        own(*arguments, **options)
        ended.append(name)

    monkeypatch.setattr(owner, name, interrupted)
    return ended


HPSEARCH = Path(sys.executable).with_name("hpsearch")
"""The command, for the tests whose point is a process."""

TIMES = ["started", "finished", "duration_s"]
"""Columns of the trials that differ from run to run."""


def run(*arguments, code=0):
    """Run a command in this process, on a terminal of 80 columns; what it raises and does not report is raised."""
    done = CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "80"}, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def printed(table, width=80):
    """The lines of a table on so many columns, each with its spaces made one."""
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def study_in(storage, trials=3):
    """Add trials to a plain study of one parameter, made if need be."""
    study = optuna.create_study(storage=storage, study_name="s", load_if_exists=True)
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    for i in range(trials):
        study.add_trial(optuna.trial.create_trial(params={"x": i / 10}, distributions=space, value=float(i)))
    return study


def layers_of(architecture, flat):
    """The engine's flat parameters as the oracle's pairs (W, b)."""
    return [(layer[:, :-1].T.copy(), layer[:, -1].copy()) for layer in architecture.layers(flat)]


def rows_of(examples, seed, batch_size, count):
    """Which training rows each of the first mini-batches holds: full ones, cut from each pass's own shuffle."""
    rows, number = [], 0
    while len(rows) < count:
        order = np.random.default_rng((seed, 1, number)).permutation(len(examples.train)).tolist()
        rows += [order[i : i + batch_size] for i in range(0, len(order) - batch_size + 1, batch_size)]
        number += 1
    return rows[:count]


def trained(training, examples, until=None):
    """A training at an iteration, its end by default, measured nowhere."""
    return train(training, examples, (), until=until)[1]


def grid_of(toml):
    """The trainings of every point of a study's grid, kept nowhere."""
    config = validated({"name": "grid", **tomllib.loads(toml)}, where="a test")
    evaluator, space = Evaluator(config), config.space.dimensions
    points = [
        dict(zip(space, point, strict=True))
        for point in itertools.product(*(space[n].values(2).tolist() for n in space))
    ]
    settings = {number: evaluator.config.settings(point) for number, point in enumerate(points)}
    frames = []
    for (number, point), evaluation in zip(enumerate(points), evaluator.evaluate(list(settings.values())), strict=True):
        for seed, curve in zip(evaluation.seeds, evaluation.curves, strict=True):
            names = {"number": number, "seed": seed, "iteration": evaluation.iterations, **point}
            frames.append(pd.DataFrame({**names, **dict(zip(evaluation.metrics, curve.T.astype(float), strict=True))}))
    return Trainings(pd.concat(frames, ignore_index=True), settings, evaluator)


@contextlib.contextmanager
def served(storage, folder, study=0):
    """Where a study of the storage is served meanwhile, by default its one study."""
    server = dashboard.server(storage, artifacts=folder, port=0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/studies/{study}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def page(storage, folder, study=0):
    """What the page of a study of the storage gets, by default of its one study."""
    with served(storage, folder, study) as address, urllib.request.urlopen(address, timeout=120) as answer:
        return json.load(answer)


def tasks_of(evaluator, count=6, iterations=20):
    """Trainings that differ in their learning rates."""
    return [
        task
        for k in range(count)
        for task in evaluator.tasks(Hyperparameters(0.1 + 0.01 * k, iterations, 0.5, 1e-4, 16, 0.1))
    ]


def numbers_of(outcomes):
    """What was measured of each training."""
    return [outcome.record.metrics.tolist() for outcome in outcomes]
