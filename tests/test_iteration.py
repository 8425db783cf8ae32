"""L8: one iteration number by number; a step of another rule is told; the engine's lines are those that run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import grid_of

import hpsearch
from hpsearch.experiments.lessons import Trainings
from hpsearch.experiments.lessons.iteration import engine_lines, one_iteration

STUDY = """
[data]
source = "flower"
[network]
hidden = [2]
dtype = "float64"
[space]
learning_rate = {choices = [0.5, 1.0]}
iterations = 6
momentum = 0.9
l2 = 0.01
batch_size = 4
init_scale = 0.5
[search]
seeds = [3]
checkpoints = 2
"""


@pytest.fixture(scope="module")
def trainings():
    return grid_of(STUDY)


class OtherRule(Trainings):
    """Networks whose last step went a hundredth too far."""

    def networks(self, number, seed, iterations):
        before = None
        for network in super().networks(number, seed, iterations):
            if before is None:
                yield network
            else:
                yield replace(network, parameters=network.parameters + 0.01 * (network.parameters - before.parameters))
            before = network


def test_five_stages_are_all_of_an_iteration(trainings):
    judgement = one_iteration(trainings)
    assert judgement.verdict == "holds"
    assert "of 2 trainings of a 2-2-1 network each of its 9 parameters" in judgement.evidence[0]
    assert judgement.decided.startswith("each of 9 parameters moves by")
    gradients = judgement.tables["gradients"]
    assert len(gradients) == 2 * 3 * 9
    assert gradients["apart"].max() < 1e-7
    assert gradients["parameter"].head(9).tolist() == [
        "W1[1, 1]", "W1[2, 1]", "b1[1]", "W1[1, 2]", "W1[2, 2]", "b1[2]", "W2[1, 1]", "W2[2, 1]", "b2[1]",
    ]  # fmt: skip


def test_the_table_follows_the_numbers_by_hand(trainings):
    table = one_iteration(trainings).tables["iteration"].set_index("formula")
    number, seed = trainings.first
    before, after = trainings.networks(number, seed, [0, 1])
    row = table.loc["W1 = 0.5 · N(0, 1)"]
    assert row["shape"] == "2 × 2"
    assert [float(x) for x in row["numbers"].replace(";", "").split()] == pytest.approx(
        before.weights[0].T.ravel().tolist(), rel=1e-3
    )
    (last,) = [name for name in table.index if name.startswith("W2 − ")]
    assert last == "W2 − 0.5·(dW2 + 0.01·W2)"
    W2, dW2 = (np.array([float(x) for x in table.loc[k, "numbers"].split("; ")]) for k in ("W2 = 0.5 · N(0, 1)", "dW2"))
    np.testing.assert_allclose(W2 - 0.5 * (dW2 + 0.01 * W2), after.weights[1].ravel(), atol=1e-3)
    assert table["stage"].drop_duplicates().tolist() == ["initialise", "forward", "loss", "gradient", "step"]


def test_a_step_of_another_rule_is_told(trainings):
    judgement = one_iteration(OtherRule(trainings.curves, trainings.settings, trainings.evaluator))
    assert judgement.verdict == "does not hold"


def test_the_lines_are_where_the_engine_s_functions_stand():
    root, lines = Path(hpsearch.__file__).parents[1], engine_lines()
    assert lines["stage"].tolist() == ["initialise", "forward", "loss", "gradient", "step"]
    for row in lines.to_dict("records"):
        path, line = row["stands in"].split(":")
        source = (root / path).read_text(encoding="utf-8").splitlines()[int(line) - 1 :][:2]
        assert any(text.startswith(f"def {row['function']}(") for text in source)
    calls = lines[lines["stage"] != "initialise"]
    assert calls["line"].is_monotonic_increasing
    for row in calls.to_dict("records"):
        path, line = row["called in"].split(":")
        assert (root / path).read_text(encoding="utf-8").splitlines()[int(line) - 1].strip().startswith(row["function"])
