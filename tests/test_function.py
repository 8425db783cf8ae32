"""Surveys of any function: noise that cannot be seeded, replicates, answers that are refused."""

import numpy as np
import pandas as pd
import pytest
from closed_forms import unit

from hpsearch.experiments.function import survey
from hpsearch.sensitivity.indices import ResponseError


@pytest.mark.parametrize("how", [{"dummy": True}, {"replicates": 2}])
def test_noise_that_cannot_be_seeded_is_seldom_called_sensitive(how):
    called, repeats, rng = 0, 100, np.random.default_rng(1)
    for seed in range(repeats):
        found = survey(lambda r: rng.standard_normal(len(r)), unit(3), base=16, seed=seed, **how).sensitivity()
        called += (found["verdict"] == "sensitive").sum()
    assert called / (3 * repeats) <= 0.05


def test_noise_that_cannot_be_seeded_has_no_floor_without_replicates_or_dummy():
    rng = np.random.default_rng(1)
    found = survey(lambda r: 9 * r.x0 + rng.standard_normal(len(r)), unit(2), base=32).sensitivity()
    settings = found[found["hyperparameter"] != "seed"]
    assert set(settings["verdict"]) == {"undecided"}
    assert settings["reason"].str.contains("floor is unknown").all()


def test_replicates_take_the_noise_off():
    rng = np.random.default_rng(1)
    function = lambda r: 4 * r.x0 + r.x1 + rng.standard_normal(len(r))  # noqa: E731
    found = survey(function, unit(2), base=128, replicates=4).sensitivity().set_index("hyperparameter")
    assert found.loc["x0", "total_order"] == pytest.approx(16 / 17, abs=0.06)
    assert found.loc["x1", "total_order"] == pytest.approx(1 / 17, abs=0.06)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda r: np.zeros((len(r), 2)), "a response for each row"),
        (lambda r: np.zeros(3), "a response for each of"),
        (lambda r: pd.DataFrame({"x0": np.zeros(len(r))}), "named like a column of the design: x0"),
        (lambda r: pd.Series(["a"] * len(r)), "holds no numbers"),
    ],
)
def test_a_bad_answer_is_refused(answer, problem):
    with pytest.raises(ResponseError, match=problem):
        survey(answer, unit(2), base=4)
