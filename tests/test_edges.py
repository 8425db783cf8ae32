"""Edges: where the best trials lie, counted by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from hpsearch.sensitivity.edges import edges
from hpsearch.space import Choice, Float, Int

SPACE = {
    "rate": Float(0.001, 1.0, log=True),
    "units": Int(1, 40),
    "batch": Choice((16, 32, 64, 128)),
    "nesterov": Choice((True, False)),
    "pair": Choice((1, 2)),
}


def search(count=30):
    """Trials whose value falls with their number: the ten best are the last ten."""
    best = np.arange(count) >= count - 10
    return pd.DataFrame(
        {
            "number": np.arange(count),
            "state": "COMPLETE",
            "value": -np.arange(count, dtype=float),
            "rate": np.where(best, 0.9, 0.001 * (1 + np.arange(count) / 100)),
            "units": np.where(np.arange(count) % 2, 40, 10 + np.arange(count) // 2),
            "batch": np.where(best, 32, 128),
            "nesterov": True,
            "pair": np.where(np.arange(count) % 3, 1, 2),
        }
    )


def test_the_ten_best_are_counted_in_the_outer_tenths():
    table = edges(search(), SPACE).set_index("hyperparameter")
    assert table["trials"].tolist() == [10] * 4
    assert table.loc["rate", ["share_low", "share_high", "edge"]].tolist() == [0.0, 1.0, "high"]
    assert table.loc["units", ["share_low", "share_high", "edge"]].tolist() == [0.0, 0.5, "high"]
    assert table.loc["batch", ["share_low", "share_high", "edge"]].tolist() == [0.0, 0.0, ""]


def test_half_of_the_trials_at_one_of_two_values_is_no_edge():
    assert edges(search(), SPACE).set_index("hyperparameter").loc["pair", "edge"] == ""


def test_half_of_the_trials_at_one_end_of_a_grid_of_two_values_is_no_edge():
    trials = search().assign(rate=np.where(np.arange(30) % 2, 1.0, 0.001))
    assert edges(trials, SPACE).set_index("hyperparameter").loc["rate", ["share_high", "edge"]].tolist() == [0.5, ""]
    trials.loc[20:, "rate"] = 1.0
    assert edges(trials, SPACE).set_index("hyperparameter").loc["rate", "edge"] == "high"


@pytest.mark.parametrize(("values", "least"), [(2, 9), (3, 7), (4, 6), (5, 6), (6, 5), (12, 5)])
def test_an_end_holds_more_than_chance_puts_there_in_one_of_forty_searches(values, least):
    """Counted by hand from the binomial distribution of ten trials over so many values."""
    space = {"batch": Choice(tuple(range(1, values + 1)))}
    trials = pd.DataFrame({"number": range(30), "state": "COMPLETE", "value": range(30)})
    for count, edge in ((least - 1, ""), (least, "high")):
        batch = [*[values] * count, *(1 + k % (values - 1) for k in range(30 - count))]
        table = edges(trials.assign(batch=batch), space)
        assert table[["share_high", "edge"]].to_numpy().tolist() == [[count / 10, edge]], count


@pytest.mark.parametrize(("end", "edge"), [(0.001, "low"), (1.0, "high")])
@pytest.mark.parametrize("late", [True, False])
def test_what_crowds_at_an_end_is_better_for_it_only_beside_what_was_tried_at_the_same_time(late, end, edge):
    """The last of three thirds is the best. At the end is every other trial of it; or of each third the best half."""
    value = 100.0 * np.repeat([2, 1, 0], 30) + np.tile(np.arange(30), 3)
    there = (np.arange(90) >= 60) & (np.arange(90) % 2 == 0) if late else np.arange(90) % 30 < 15
    trials = pd.DataFrame({"number": np.arange(90), "state": "COMPLETE", "value": value})
    rates = np.where(there, end, 0.03) * (1 - np.sign(end - 0.5) * np.arange(90) / 1000)
    table = edges(trials.assign(rate=rates), {"rate": SPACE["rate"]})
    assert table[["edge", "beyond"]].to_numpy().tolist() == [[edge, not late]]


@pytest.mark.parametrize(("count", "beyond"), [(7, False), (8, True)])
def test_how_much_better_than_others_of_their_time_trials_at_an_edge_must_be(count, beyond):
    """Two times of 30 trials, the later all better: at the end are 10 of it whose ranks differ from the others'."""
    value = np.concatenate([100.0 + np.arange(30), np.arange(30)])
    at = np.zeros(60, dtype=bool)
    at[30 + np.array([*range(count), *range(29, 19 + count, -1)])] = True
    trials = pd.DataFrame({"number": np.arange(60), "state": "COMPLETE", "value": value})
    table = edges(trials.assign(rate=np.where(at, 1.0, 0.03 + np.arange(60) / 1000)), {"rate": SPACE["rate"]})
    ranks = np.tile(np.arange(30), 2)
    assert (mannwhitneyu(ranks[at], ranks[~at], alternative="less").pvalue < 0.025) == beyond
    assert table[["edge", "beyond"]].to_numpy().tolist() == [["high", beyond]]


def test_trials_at_an_edge_that_are_worse_than_others_of_their_time_say_nothing_of_what_lies_beyond():
    """In each of the first two thirds the worst half is there, and every other trial of the last, which is the best."""
    value = 100.0 * np.repeat([2, 1, 0], 30) + np.tile(np.arange(30), 3)
    at = np.where(np.arange(90) < 60, np.arange(90) % 30 >= 15, np.arange(90) % 2 == 0)
    trials = pd.DataFrame({"number": np.arange(90), "state": "COMPLETE", "value": value})
    rates = np.where(at, 1.0, 0.03) * (1 - np.arange(90) / 1000)
    table = edges(trials.assign(rate=rates), {"rate": SPACE["rate"]})
    assert table[["edge", "beyond"]].to_numpy().tolist() == [["high", False]]


def test_their_time_is_that_of_their_numbers_and_not_of_their_values():
    """At the end is every third trial, the best of its three; by value alone these are a time of their own."""
    order = np.arange(90)
    value = 1000.0 * (order % 3) + order // 3
    trials = pd.DataFrame({"number": order, "state": "COMPLETE", "value": value})
    at = (order % 3 == 0) & (order > 2)
    table = edges(trials.assign(rate=np.where(at, 1.0, 0.03)), {"rate": SPACE["rate"]})
    assert table[["edge", "beyond"]].to_numpy().tolist() == [["high", True]]


def test_without_an_edge_nothing_is_said_to_lie_beyond():
    """What lies in the highest tenth is better than the rest, but it has no more than four of the ten best."""
    order = np.arange(30)
    trials = pd.DataFrame({"number": order, "state": "COMPLETE", "value": order.astype(float)})
    at = np.isin(order, [1, 3, 5, 7, 10, 11, 12, 13, 14])
    assert mannwhitneyu(order[at], order[~at], alternative="less").pvalue < 0.025
    rates = np.where(at, 1.0, 0.03)
    table = edges(trials.assign(rate=rates), {"rate": SPACE["rate"]})
    assert table[["edge", "beyond"]].to_numpy().tolist() == [["", False]]


def test_more_may_lie_beyond_an_end_at_which_all_ten_lie_unless_it_is_a_choice():
    trials = search().assign(rate=np.linspace(0.9, 1.0, 30), batch=128)
    table = edges(trials, SPACE).set_index("hyperparameter")
    assert table.loc["rate", ["edge", "beyond"]].tolist() == ["high", True]
    assert table.loc["batch", ["edge", "beyond"]].tolist() == ["high", False]


def test_what_has_no_ends_has_no_row():
    assert "nesterov" not in edges(search(), SPACE)["hyperparameter"].tolist()


def test_trials_that_are_not_complete_do_not_count():
    trials = search().assign(state=["COMPLETE"] * 20 + ["PRUNED"] * 10)
    assert edges(trials, SPACE).set_index("hyperparameter").loc["rate", "edge"] == "low"
    none = edges(trials.assign(state="FAIL"), SPACE)
    assert none.empty
    assert none.dtypes["beyond"] == "bool"


@pytest.mark.parametrize(("level", "share", "edge"), [(10, 1.0, "high"), (20, 0.5, "high"), (29, 10 / 29, "")])
def test_all_trials_that_score_as_the_tenth_count_as_the_best(level, share, edge):
    """The first ten lie at the end; so many score alike, and the others worse."""
    order = np.arange(30)
    trials = pd.DataFrame({"number": order, "state": "COMPLETE", "value": np.where(order < level, 0.25, 0.5)})
    table = edges(trials.assign(rate=np.where(order < 10, 1.0, 0.03 + order / 1000)), {"rate": SPACE["rate"]})
    assert table[["trials", "share_high", "edge"]].to_numpy().tolist() == [[level, pytest.approx(share), edge]]


def test_trials_that_all_score_alike_crowd_nowhere():
    trials = search().assign(value=0.0, rate=1.0)
    assert (edges(trials, SPACE)["edge"] == "").all()
