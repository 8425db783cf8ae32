"""A survey's tables: where there is nothing, they must say so."""

import numpy as np
import pytest
from closed_forms import unit

from hpsearch.experiments.function import survey


def test_noise_of_the_seed_is_the_seed_s_index_and_nothing_is_sensitive():
    luck = np.random.default_rng(0).standard_normal(32)
    found = survey(lambda r: luck[r.seed], unit(3), base=32).sensitivity().set_index("hyperparameter")
    assert set(found.loc[["x0", "x1", "x2"], "verdict"]) == {"inert"}
    assert found.loc[["x0", "x1", "x2"], "total_order"].tolist() == [0, 0, 0]
    assert found.loc["seed", "total_order"] == pytest.approx(1, abs=0.1)


def test_a_constant_response_has_no_indices_and_says_why():
    found = survey(lambda r: np.full(len(r), 0.1), unit(2), base=8).sensitivity()
    assert found["total_order"].isna().all()
    assert set(found["reason"]) == {"the response is constant"}
