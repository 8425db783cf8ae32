"""What a search prints, word for word, of tables written by hand."""

from dataclasses import replace

import pandas as pd
import pytest
from helpers import printed

from hpsearch.report import search
from hpsearch.results.best import Best
from hpsearch.tuning.scores import TestScore


@pytest.mark.parametrize(
    ("score", "line"),
    [
        (
            TestScore("test_error", 1 / 30, 0.0059, 0.167, 30),
            "test error 3.33 % (95 % interval 0.59 % to 16.70 %, 30 examples)",
        ),
        (TestScore("test_r2", 0.54286, 0.1, 0.9, 4), "test R² 0.543 (95 % interval 0.100 to 0.900, 4 examples)"),
        (None, "there is no test split"),
    ],
)
def test_the_chosen_trial_is_named_with_its_score(score, line):
    told = search.chosen_line(Best(7, 0.1, {}, {}, score, None))
    if score is None:
        assert told == "chosen: trial 7; there is no test split to score it on (data.test is 0)"
    else:
        assert told == f"chosen: trial 7, {line}"


DOUBT = ", and the network is not shown to be better"


@pytest.mark.parametrize(
    ("metric", "value", "low", "high", "guess", "said"),
    [
        ("test_error", 0.08, 0.05, 0.11, 0.12, "; always answering 'no' gives 12.00 %"),
        (
            "test_error",
            0.08,
            0.05,
            0.13,
            0.12,
            "; always answering 'no' gives 12.00 %" + DOUBT,
        ),
        (
            "test_error",
            0.20,
            0.15,
            0.25,
            0.12,
            "; always answering 'no' gives 12.00 %" + DOUBT,
        ),
        ("test_r2", 0.5, 0.3, 0.6, -0.01, "; always answering the mean gives -0.010"),
        (
            "test_r2",
            0.1,
            -0.2,
            0.3,
            -0.01,
            "; always answering the mean gives -0.010" + DOUBT,
        ),
    ],
)
def test_the_baseline_stands_beside_the_score_and_what_is_not_shown_is_said(metric, value, low, high, guess, said):
    best = Best(7, 0.1, {}, {}, TestScore(metric, value, low, high, 90), None, TestScore(metric, guess, 0, 1, 90), "no")
    assert search.chosen_line(best).endswith(f", 90 examples){said}")
    assert "; always answering the most frequent class gives " in search.chosen_line(
        replace(
            best, guess="", test=TestScore("test_error", 0.1, 0, 1, 9), guessing=TestScore("test_error", 0, 0, 1, 9)
        )
    )


def test_the_best_trials_stand_in_order_of_their_values_and_the_others_are_counted(small):
    setting = {"iterations": 60, "momentum": 0.5, "l2": 1e-4, "batch_size": 16, "init_scale": 0.1}
    states = [("COMPLETE", 0.5), ("COMPLETE", 0.25), ("PRUNED", 0.1), ("COMPLETE", 9.0), ("COMPLETE", 0.25)]
    rows = [
        {
            **setting, "number": i, "state": state, "value": value, "learning_rate": 0.1 * (i + 1),
            "diverged": value == 9, "validation_loss": value, "validation_error": value / 10,
        }
        for i, (state, value) in enumerate(states)
    ]  # fmt: skip
    lines = printed(search.best_table(pd.DataFrame(rows), small, count=3))
    assert lines[0] == "small: the 3 best of 5 trials (1 diverged, 1 pruned)"
    assert lines[-4] == "trial rate α T μ l2 λ B scale σ loss error"
    assert lines[-3:] == [
        "1 0.2 60 0.5 0.0001 16 0.1 0.2500 2.50 %",
        "4 0.5 60 0.5 0.0001 16 0.1 0.2500 2.50 %",
        "0 0.1 60 0.5 0.0001 16 0.1 0.5000 5.00 %",
    ]


def test_the_networks_of_the_best_trials_have_a_table_of_their_own(small):
    space = {**small.describe()["space"], "width": {"low": 4, "high": 8}, "activation": {"choices": ["relu", "tanh"]}}
    varied = small.from_description({**small.describe(), "network": {}, "space": space})
    rows = [
        {"number": 0, "state": "COMPLETE", "value": 0.5, "width": 7, "activation": "tanh"},
        {"number": 1, "state": "COMPLETE", "value": 0.25, "width": 4, "activation": "relu"},
        {"number": 2, "state": "PRUNED", "value": 0.1, "width": 5, "activation": "relu"},
    ]
    table = search.networks_table(pd.DataFrame(rows), varied, count=2)
    assert printed(table) == ["their networks", "trial width n activation", "1 4 relu", "0 7 tanh"]
    assert search.networks_table(pd.DataFrame(rows), small) is None
