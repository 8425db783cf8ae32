"""No clock that is set back gives a time below zero, nor one that is too long."""

import itertools
import time

import numpy as np
import pandas as pd
import pytest
from helpers import tasks_of

from hpsearch import load, search, survey
from hpsearch.evaluation.calls import TableCall
from hpsearch.results import frames
from hpsearch.space import Float, Space


@pytest.fixture
def set_back(monkeypatch):
    """The system's clock, which is an hour earlier every time that it is looked at."""
    hours = itertools.count()
    monkeypatch.setattr(time, "time", lambda: 2e9 - 3600.0 * next(hours))


@pytest.mark.parametrize("pruner", ["none", "median"])
def test_a_trial_takes_the_time_that_passes(small, tmp_path, set_back, pruner):
    began = time.monotonic()
    searched = search(small.with_overrides(pruner=pruner), results=tmp_path)
    took, durations = time.monotonic() - began, frames.trials(searched)["duration_s"]
    assert durations.between(0, took).all()
    assert durations.sum() > 0


def test_a_training_that_is_done_in_parts_ends_after_it_began(small_evaluator, set_back):
    (task, *_) = tasks_of(small_evaluator, 1)
    first, later = (small_evaluator.trainer.run(task) for _ in range(2))
    assert later.finished < first.started
    assert first.then(later).finished == first.finished > first.started


def test_a_row_of_a_survey_takes_the_time_that_passes(tmp_path, set_back):
    space = Space({"x": Float(0.0, 1.0)})
    began = time.monotonic()
    survey(lambda x: x, space, base=4, scrambles=2, name="own", results=tmp_path)
    rows = frames.trials(load("own.survey", results=tmp_path).study)
    assert rows["duration_s"].between(0, time.monotonic() - began).all()
    answers = TableCall(lambda table: np.zeros(len(table)))(pd.DataFrame({"x": [0.0, 1.0]}))
    took = time.monotonic() - began
    assert all(0 <= answer.finished - answer.started <= took for answer in answers)
