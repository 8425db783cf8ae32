"""What is stored of a trial's training: means over seeds by hand, and the way to JSON and back."""

import json

import numpy as np
import pytest

from hpsearch.engine.examples import Examples
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.training import Record
from hpsearch.evaluation import tasks
from hpsearch.evaluation.outcomes import Evaluation, stops_of
from hpsearch.evaluation.tasks import Outcome, Task, Trainer


def two_seeds(dtype="float64"):
    """Seeds 4 and 9 at iterations 0 and 7: a loss, then an error."""
    curves = np.array([[[4.0, 0.5], [2.0, 0.25]], [[8.0, 0.0], [3.0, 0.75]]], dtype)
    return Evaluation(("train_loss", "train_error"), (4, 9), (0, 7), curves, (False, False))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_curve_is_the_mean_over_the_seeds_at_each_checkpoint(dtype):
    one = two_seeds(dtype)
    assert one.curve("train_loss").tolist() == [6.0, 2.5]
    assert one.curve("train_error").tolist() == [0.25, 0.5]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_final_metrics_are_the_means_over_the_seeds_at_the_last_checkpoint(dtype):
    assert two_seeds(dtype).final == {"train_loss": 2.5, "train_error": 0.5}


def test_a_mean_of_single_precision_numbers_is_taken_in_double_precision():
    curves = np.array([1, 2**-30], "float32").reshape(2, 1, 1)
    one = Evaluation(("train_loss",), (0, 1), (5,), curves, (False, False))
    assert one.final["train_loss"] == one.curve("train_loss")[0] == 0.5 + 2**-31


def test_what_one_seed_no_longer_has_the_mean_does_not_have_either():
    one = two_seeds()
    one.curves[1, 1, 0] = np.nan
    assert np.isnan(one.final["train_loss"])
    assert one.final["train_error"] == 0.5
    np.testing.assert_array_equal(one.curve("train_loss"), [6.0, np.nan])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_evaluation_is_stored_and_read_back_exactly(dtype):
    curves = np.random.default_rng(0).standard_normal((2, 3, 2)).astype(dtype)
    curves[0, 0, 0] = np.nan
    one = Evaluation(("train_loss", "saturation"), (4, 9), (0, 1, 7), curves, (True, False))
    back = Evaluation.decode(json.loads(json.dumps(one.encode(), allow_nan=False)))
    np.testing.assert_array_equal(back.curves, curves)
    assert back.curves.dtype == np.dtype(dtype)
    assert (back.metrics, back.seeds, back.iterations, back.diverged) == (
        one.metrics, one.seeds, one.iterations, one.diverged,
    )  # fmt: skip


def test_the_numbers_are_stored_as_little_endian_floats_seed_by_seed():
    curves = np.array([[[1.0, 2.0]], [[-2.0, 0.5]]], ">f4")
    stored = Evaluation(("a", "b"), (0, 1), (3,), curves, (False, False)).encode()
    assert (stored["dtype"], stored["numbers"]) == ("float32", "AACAPwAAAEAAAADAAAAAPw==")  # 3f800000, 40000000, …


@pytest.mark.parametrize(("iterations", "stops"), [(7, (0, 1, 7)), (10, (0, 1, 10)), (11, (0, 1, 10, 11)), (1, (0, 1))])
def test_a_run_is_measured_at_the_checkpoints_before_its_end_and_once_at_its_end(iterations, stops):
    assert stops_of((0, 1, 10, 100), iterations) == stops


def test_the_last_row_of_a_diverged_training_stands_for_those_after_it():
    record = Record((0, 5), np.array([[3.0, 1.0], [9.0, 0.5]]), diverged=True)
    np.testing.assert_array_equal(record.at((0, 5, 6, 50)), [[3, 1], [9, 0.5], [9, 0.5], [9, 0.5]])
    with pytest.raises(KeyError, match="6"):
        Record((0, 5), record.metrics).at((0, 6))


def test_a_trial_has_diverged_from_where_one_of_its_seeds_has():
    calm = Outcome(Record((0, 5, 9), np.array([[3.0], [2.0], [1.0]])), None, 2.0, 7.0)
    lost = Outcome(Record((0, 5), np.array([[3.0], [9.0]]), diverged=True), None, 1.0, 3.0)
    for stops, diverged in (((0,), False), ((0, 5), True), ((0, 5, 9), True)):
        one = Evaluation.of([calm, lost], metrics=("loss",), seeds=[4, 7], stops=stops)
        assert one.diverged == (False, diverged)
        assert one.curves[:, :, 0].tolist() == [[3.0, 2.0, 1.0][: len(stops)], [3.0, 9.0, 9.0][: len(stops)]]
        assert (one.started, one.finished, one.seeds) == (1.0, 7.0, (4, 7))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_time_of_a_training_begins_once_the_engine_is_compiled_and_loaded(monkeypatch, dtype):
    seconds = [100.0]

    def load(precision):
        assert precision == dtype
        seconds[0] += 13

    monkeypatch.setattr(tasks, "load_code", load)
    monkeypatch.setattr(tasks, "clock", lambda: lambda: seconds[0])
    examples = Examples.of(Architecture(2, (1,), 1, output="binary", dtype=dtype), (np.eye(2), np.arange(2)))
    outcome = Trainer(examples).run(Task(Hyperparameters(0.1, 1, 0.0, 0.0, 1, 1.0), 0, (0, 1)))
    assert (outcome.started, outcome.finished) == (113.0, 113.0)
