"""A survey's tables: where there is nothing, they must say so."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from closed_forms import unit

from hpsearch.experiments.function import survey
from hpsearch.space import Float, Space


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
        survey(lambda r: r.x0, unit(2), base=32).sensitivity(),  # all decided
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


def test_the_table_of_indices_holds_the_share_that_is_of_interest():
    found = survey(lambda r: r.x0, unit(2), base=8)
    assert set(found.sensitivity()["share"]) == {0.01}
    assert set(found.sensitivity(share=0.2)["share"]) == {0.2}


def test_a_survey_prints_short_and_in_a_notebook_as_its_table_of_indices():
    space = Space({"<i>x</i>": Float(0, 1), "y": Float(0, 1)})
    found = survey(lambda r: r["y"], space, base=8, scrambles=2)
    assert repr(found) == "Survey of response over <i>x</i>, y: 80 rows in 2 scrambles"
    page = found._repr_html_()
    assert page.startswith("<p>Survey of response over &lt;i&gt;x&lt;/i&gt;, y")
    assert "<i>" not in page
    total = found.sensitivity()["total_order"][0]
    assert page.index("<td>y</td>") < page.index(f"<td>{total:.3g}</td>") < page.index("<td>&lt;i&gt;x&lt;/i&gt;</td>")


def test_a_survey_without_indices_says_why_in_a_notebook():
    found = survey(lambda r: r.x0, unit(2), base=4, scrambles=2)
    broken = replace(found, table=found.table.assign(response=np.nan))
    assert "values are not finite" in broken._repr_html_()
