"""L5: training changes parameters alone; a rule that learns nothing, or changes what was chosen, is told."""

import pytest
from helpers import grid_of

from hpsearch.estimator import ShallowNetworkClassifier
from hpsearch.experiments.lessons.parameters import two_kinds

STUDY = """
[data]
source = "digits"
[network]
hidden = [7]
[space]
learning_rate = {choices = [RATE, 0.7]}
iterations = 40
l2 = 0.0
[search]
checkpoints = 2
"""


def judged(rate=0.1, source="digits"):
    return two_kinds(grid_of(STUDY.replace("RATE", str(rate)).replace("digits", source)))


def test_parameters_change_and_hyperparameters_do_not():
    judgement = judged()
    assert judgement.verdict == "holds"
    assert judgement.decided.endswith("of 535 parameters (W1, b1, W2 and b2) and 0 of 9 hyperparameters")
    table = judgement.tables["parameters"].set_index("name")
    assert table["count"].to_dict() == {"W1": 64 * 7, "b1": 7, "W2": 70, "b2": 10}
    assert table["shape"].tolist() == ["64 × 7", "7", "7 × 10", "10"]
    assert "of 535 parameters (W1, b1, W2 and b2) and 0 of 9 hyperparameters changed" in judgement.evidence[0]
    assert "the weights of 5 inputs that are constant in the training examples" in judgement.more[0]
    assert table.loc["W1", "changed"] == 59 * 7
    assert "the same numbers to the bit" in judgement.evidence[1]


def test_a_rate_too_small_to_learn_by_is_told():
    judgement = judged(rate="1e-30")
    assert judgement.verdict == "does not hold"
    assert judgement.tables["parameters"].set_index("name").loc["W1", "changed"] == 0


@pytest.mark.parametrize("breach", ["changes an argument", "learns without the ending"])
def test_an_estimator_that_breaks_the_convention_is_told(monkeypatch, breach):
    fit = ShallowNetworkClassifier.fit

    def other(self, X, y):
        fit(self, X, y)
        if breach == "changes an argument":
            self.momentum = 0.5
        else:
            self.loss = self.loss_
        return self

    monkeypatch.setattr(ShallowNetworkClassifier, "fit", other)
    judgement = judged()
    assert judgement.verdict == "does not hold"
    if breach == "changes an argument":
        assert "fit changed 1 of 11" in judgement.evidence[1]
