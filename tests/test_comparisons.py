"""Settings of other studies on a study: what they score is what networks answer on the examples held out."""

from dataclasses import replace

import numpy as np
import pytest

from hpsearch.data import from_arrays
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.experiments.comparisons import fitted, named_setting, on_test, points, scores
from hpsearch.sensitivity.designs import DesignError

SETTING = Hyperparameters(learning_rate=0.3, iterations=20, momentum=0.6, l2=1e-4, batch_size=16, init_scale=0.1)
FRESH = 1_000_000


def test_points_on_the_test_split_are_the_wrong_answers_of_networks_trained_alone(small_evaluator):
    other = replace(SETTING, learning_rate=0.01)
    frame = scores(on_test(small_evaluator), {"one": SETTING, "other": other}, seeds=3)
    test = small_evaluator.dataset.test
    expected = [
        100 * np.mean(small_evaluator.network(setting, seed).respond(test.X).argmax(axis=0) != test.y)
        for setting in (SETTING, other)
        for seed in range(FRESH, FRESH + 3)
    ]
    assert frame["points"].tolist() == pytest.approx(expected, abs=1e-4)
    assert len(set(expected)) > 1
    assert frame["from"].tolist() == ["one"] * 3 + ["other"] * 3
    assert (set(frame["to"]), frame["seed"].tolist(), set(frame["examples"])) == ({"small"}, [0, 1, 2] * 2, {30})


def test_the_test_split_has_a_loss_of_its_own(small_evaluator):
    held_out, test = (scores(e, {"one": SETTING}, seeds=2) for e in (small_evaluator, on_test(small_evaluator)))
    assert (held_out["loss"] != test["loss"]).all()


def test_points_of_a_regression_are_what_is_not_explained_and_no_more_than_guessing():
    explained = Evaluation(("validation_loss", "validation_r2"), (0, 1, 2), (0, 5), np.zeros((3, 2, 2)), (False,) * 3)
    explained.curves[:, -1] = [[9, 0.75], [9, 1.0], [9, -3.0]]
    assert points(explained).tolist() == [25, 0, 100]
    assert points(Evaluation(("validation_error",), (0,), (5,), np.array([[[0.125]]]), (False,))).tolist() == [12.5]


def test_a_setting_takes_what_a_study_holds_fixed_and_a_mini_batch_that_its_data_fills(small):
    config = small.with_overrides(**{"space.momentum": 0.5})
    setting = named_setting(
        small,
        {"learning_rate": 0.7, "iterations": 900, "momentum": 0.9, "batch_size": 256, "init_scale": 0.1, "l2": 0.0},
    )
    there, moved = fitted(setting, Evaluator(config))
    assert there == Hyperparameters(
        learning_rate=0.7, iterations=900, momentum=0.5, l2=0.0, batch_size=90, init_scale=0.1, hidden=(6,)
    )
    assert moved == "momentum 0.9 → 0.5, batch_size 256 → 90" or moved == "batch_size 256 → 90, momentum 0.9 → 0.5"
    assert fitted(named_setting(), Evaluator(small))[1] == ""


def test_a_study_that_fixes_a_setting_hands_it_on(small):
    config = small.with_overrides(**{"space.momentum": 0.5})
    trial = {"learning_rate": 0.7, "iterations": 900, "batch_size": 16, "init_scale": 0.1, "l2": 0.01}
    setting = named_setting(config, trial)
    assert (setting["momentum"], setting["l2"], setting["hidden"], setting["width"]) == (0.5, 0.01, "6", 6)


def test_without_a_test_split_there_is_nothing_to_compare_on(small):
    numbers = np.random.default_rng(0).standard_normal((90, 3))
    data = from_arrays(numbers, np.arange(90) % 3, test=0.0)
    with pytest.raises(DesignError, match=r"study 'small' has no test split .* set data.test and search again"):
        on_test(Evaluator(small, data))
