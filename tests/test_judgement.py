"""A claim's verdict, its intervals, and the trainings it is judged by."""

import numpy as np
import pandas as pd
import pytest
from helpers import grid_of
from scipy import stats

from hpsearch.experiments.lessons.judgement import Interval, Judgement, Trainings, of_share, over_seeds

STUDY = """
[data]
source = "iris"
[network]
hidden = [4]
[space]
learning_rate = {choices = [1e-6, 0.3]}
iterations = 60
momentum = {choices = [0.0, 0.5]}
[search]
seeds = 4
checkpoints = 3
"""


@pytest.fixture(scope="module")
def trainings():
    return grid_of(STUDY)


def test_a_verdict_is_one_of_three():
    verdicts = [
        Judgement("L1", "", holds, "", [], where).verdict for holds, where in ((True, ""), (True, "x"), (False, "x"))
    ]
    assert verdicts == ["holds", "holds where x", "does not hold"]


def test_an_interval_is_the_t_interval_over_seeds():
    samples = [0.1, 0.4, 0.2, 0.5, 0.3]
    low, high = stats.t.interval(0.95, 4, loc=np.mean(samples), scale=stats.sem(samples))
    assert over_seeds(samples) == pytest.approx((0.3, low, high))


def test_an_interval_of_a_share_is_never_narrower_than_its_step_allows():
    alike = over_seeds([0.1] * 5, step=0.01)
    assert over_seeds([0.1] * 5).low == pytest.approx(0.1)
    assert alike.low < 0.09 < 0.11 < alike.high


def test_an_interval_of_a_share_itself_lies_in_0_to_1():
    assert of_share([0.0, 0.0, 0.3]) == (pytest.approx(0.1), 0.0, over_seeds([0.0, 0.0, 0.3]).high)
    assert of_share([1.0, 1.0, 0.7]) == (pytest.approx(0.9), over_seeds([1.0, 1.0, 0.7]).low, 1.0)


def test_intervals_as_words():
    assert Interval(0.1, -0.0001, 0.2).percent == "10.0 % [-0.0, 20.0]"
    assert Interval(0.1, 0.05, 0.2).points == "10.0 points [5.0, 20.0]"
    assert Interval(*np.log([3.0, 2.0, 40.0])).times == "3.0 times [2.0, 40]"
    assert Interval(0.1, 0.0002, 0.2).points == "10.00 points [0.02, 20.00]"
    assert Interval(*np.log([1.2, 1.004, 1.4])).times == "1.200 times [1.004, 1.400]"
    assert Interval(1.23456, 1, 2).short == "1.23 [1, 2]"


def test_the_rate_is_chosen_on_the_first_seeds_and_told_on_the_others(trainings):
    tuned = trainings.tuned(["momentum"])
    assert sorted(tuned["seed"].unique()) == [2, 3]
    assert (tuned["learning_rate"] == 0.3).all()
    assert (tuned["iteration"] == 60).all()
    assert len(tuned) == 4


def test_what_the_other_seeds_say_does_not_change_the_choice(trainings):
    curves = trainings.curves.copy()
    late = curves["seed"] >= 2
    curves.loc[late, "validation_error"] = np.where(curves.loc[late, "learning_rate"] == 0.3, 1.0, 0.0)
    tuned = Trainings(curves, trainings.settings, trainings.evaluator).tuned(["momentum"])
    assert (tuned["learning_rate"] == 0.3).all()
    assert (tuned["validation_error"] == 1.0).all()


def test_a_diverged_training_ends_where_its_record_does(trainings):
    short = trainings.curves[(trainings.curves["number"] != 0) | (trainings.curves["iteration"] < 60)]
    ends = Trainings(pd.DataFrame(short), trainings.settings, trainings.evaluator).ends
    assert ends.groupby("number")["iteration"].max().tolist() == [ends["iteration"].min(), 60, 60, 60]
    assert len(ends) == 16


def test_a_network_is_looked_at_again_to_the_bit(trainings):
    number, seed = trainings.first
    start, end = trainings.networks(number, seed, [0, 60])
    row = trainings.ends.query("number == @number and seed == @seed").iloc[0]
    assert np.sqrt(sum((W.astype(float) ** 2).sum() for W in end.weights)) == pytest.approx(
        row["weight_norm"], rel=1e-6
    )
    assert not start.biases[0].any()
