"""A survey's tables: where there is nothing, they must say so."""

import numpy as np
import pandas as pd
import pytest
from closed_forms import unit

from hpsearch.experiments.function import survey


def test_noise_of_the_seed_is_the_seed_s_index_and_nothing_is_sensitive():
    luck = np.random.default_rng(0).standard_normal(32)
    found = survey(lambda r: luck[r.seed], unit(3), base=64).sensitivity().set_index("hyperparameter")
    assert set(found.loc[["x0", "x1", "x2"], "verdict"]) == {"inert"}
    assert found.loc[["x0", "x1", "x2"], "total_order"].tolist() == [0, 0, 0]
    assert found.loc["seed", "total_order"] == pytest.approx(1, abs=0.1)


def test_a_constant_response_has_no_indices_and_says_why():
    found = survey(lambda r: np.full(len(r), 0.1), unit(2), base=8).sensitivity()
    assert found["total_order"].isna().all()
    assert set(found["reason"]) == {"the response is constant"}


@pytest.mark.parametrize("scrambles", [2, 3])
def test_without_an_index_there_is_no_verdict_but_a_reason(scrambles):
    """One scramble in which everything is a hundred times as large: the variance's t-interval reaches below 0."""
    surveyed = survey(lambda r: 2 * r.x0 + r.x1, unit(2), base=8, scrambles=scrambles, dummy=True)
    table = surveyed.table
    table["response"] *= np.where(table["scramble"] == 0, 100, 1)
    rows = surveyed.sensitivity().set_index("hyperparameter")
    assert rows.loc[["x0", "x1"], "total_order"].isna().all()
    assert set(rows.loc[["x0", "x1"], "verdict"]) == {"undecided"}
    assert set(rows.loc[["x0", "x1"], "reason"]) == {"so few scrambles do not tell the variance from 0"}
    assert rows.loc["dummy", "total_order"] == 0
    words = surveyed.sensitivity()
    assert not (words["total_order"].isna() & words["verdict"].isin(["sensitive", "inert"])).any()


def test_a_base_that_is_not_needed_is_missing_in_one_way():
    tables = [
        survey(lambda r: r.x0 + 0.1 * r.x1, unit(2), base=4).sensitivity(),  # one undecided
        survey(lambda r: r.x0, unit(2), base=64).sensitivity(),  # all decided
        survey(lambda r: np.ones(len(r)), unit(2), base=4).sensitivity(),
    ]
    for table in tables:
        assert table["base_needed"].dtype == "Int64"
        assert all(base is pd.NA or base > 4 for base in table["base_needed"])
    assert [table["base_needed"].notna().sum() for table in tables] == [1, 0, 0]


@pytest.mark.parametrize("method", ["sensitivity", "interactions", "effects", "ranges", "sensitivity_over_iterations"])
def test_an_argument_that_a_table_does_not_take_is_refused_in_its_own_name(method):
    surveyed = survey(lambda r: r.x0, unit(1), base=4)
    with pytest.raises(TypeError, match=rf"SurveyTables.{method}\(\) got an unexpected keyword argument 'forms'"):
        getattr(surveyed, method)(forms="log")
