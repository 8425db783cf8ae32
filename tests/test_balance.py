"""Scores that count each class alike, against counts by hand and the interval's coverage."""

import numpy as np
import pandas as pd
import pytest
from helpers import run
from sklearn.metrics import balanced_accuracy_score, recall_score

from hpsearch import load
from hpsearch.data import from_arrays, from_frame, load_dataset
from hpsearch.tuning.balance import Balance, balance, rare_classes


def dataset(shares, examples=1000):
    y = np.repeat(np.arange(len(shares)), (np.array(shares) * examples).astype(int))
    return from_arrays(np.random.default_rng(0).normal(size=(len(y), 2)), np.array(list("abcdefghijkl"))[y])


@pytest.mark.parametrize(
    ("shares", "rare"),
    [
        ([0.9, 0.1], [1]),
        ([0.79, 0.21], []),
        ([0.19, 0.81], [0]),
        ([0.5, 0.38, 0.12], [2]),
        ([0.15, 0.1, 0.75], [1, 0]),
        ([0.1] * 10, []),
        ([0.095] * 9 + [0.145], []),
        ([0.06] + [0.094] * 10, []),
        ([0.02] + [0.098] * 10, [0]),
    ],
)
def test_a_class_is_rare_below_a_fifth_of_the_examples_and_well_below_an_even_share(shares, rare):
    assert rare_classes(dataset(shares)) == rare


def test_an_answer_that_is_always_the_same_has_half_the_balanced_error_and_no_recall():
    data = dataset([0.9, 0.1])
    scores = balance(np.zeros(200, int), data)
    assert (scores.error.metric, scores.error.value, scores.error.examples) == ("balanced_error", 0.5, 200)
    recall = scores.recalls["b"]
    assert (recall.value, recall.low, recall.examples) == (0.0, 0.0, 20)
    assert recall.high == pytest.approx(0.1611, abs=1e-4)  # Wilson: z² / (n + z²)
    assert list(scores.recalls) == ["b"]


def test_the_scores_are_scikit_learn_s():
    data = dataset([0.8, 0.12, 0.08])
    predicted = np.random.default_rng(1).integers(3, size=200)
    scores = balance(predicted, data)
    assert scores.error.value == pytest.approx(1 - balanced_accuracy_score(data.test.y, predicted))
    recalls = recall_score(data.test.y, predicted, average=None)
    assert {label: score.value for label, score in scores.recalls.items()} == {"c": recalls[2], "b": recalls[1]}
    assert scores.error.low < scores.error.value < scores.error.high
    assert Balance.from_description(scores.describe()) == scores


def test_classes_that_a_test_table_lacks_are_left_out():
    frame = pd.DataFrame({"x": np.arange(200.0), "y": ["p"] * 100 + ["q"] * 80 + ["r"] * 12 + ["s"] * 8})
    last = frame[frame["y"].isin(["p", "r"])]
    predicted, truth = np.zeros(len(last), int), np.where(last["y"] == "p", 0, 2)
    scores = balance(predicted, from_frame(frame, "y", test=last))
    assert scores.error.value == pytest.approx(1 - balanced_accuracy_score(truth, predicted)) == 0.5
    assert list(scores.recalls) == ["r"]
    assert balance(np.zeros(100, int), from_frame(frame, "y", test=frame[:100])) is None


def test_the_interval_of_the_balanced_error_holds_the_truth_as_often_as_it_says():
    data, generator, truth = dataset([0.9, 0.1]), np.random.default_rng(2), 1 - (0.9 + 0.6) / 2
    inside = []
    for _ in range(200):
        right = generator.random(200) < np.where(data.test.y == 0, 0.9, 0.6)
        error = balance(np.where(right, data.test.y, 1 - data.test.y), data).error
        inside.append(error.low <= truth <= error.high)
    assert 0.91 <= np.mean(inside) <= 0.99


def test_a_regression_and_even_classes_have_none():
    for data in (load_dataset("diabetes"), load_dataset("iris")):
        assert rare_classes(data) == []
        assert balance(np.zeros(data.test.examples, int), data) is None


@pytest.fixture
def lopsided(folder):
    generator = np.random.default_rng(0)
    y = np.where(np.arange(300) % 9 == 0, "yes", "no")
    pd.DataFrame({"x": generator.normal(size=300), "y": y}).to_csv("t.csv", index=False)
    text = '[data]\nsource = "csv:t.csv"\ntarget = "y"\n[network]\nhidden = [2]\n[search]\ntrials = 3\n'
    (folder / "t.toml").write_text(text, encoding="utf-8")


def test_the_chosen_line_names_the_baseline_and_the_rare_class_beside_it(lopsided):
    printed = run("search", "t.toml").stdout
    assert "; always answering 'no' gives 11.67 %, and the network is not shown to be better\n" in printed
    assert "classes out of balance: recall of 'yes' 0.00 % (95 % interval 0.00 % to 35.43 %, 7 examples)" in printed
    assert "; balanced error 50.00 % (95 % interval " in printed
    best = load("t").best
    assert (best.guess, best.guessing.value, best.balance.error.value) == ("no", 7 / 60, 0.5)
