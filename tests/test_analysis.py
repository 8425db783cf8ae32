"""A survey's tables: where there is nothing, they must say so."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from closed_forms import unit

from hpsearch.experiments.function import survey_frames
from hpsearch.sensitivity.indices import contrasts
from hpsearch.space import Choice, Float, Space


def test_noise_of_the_seed_is_the_seed_s_index_and_nothing_is_sensitive():
    luck = np.random.default_rng(0).standard_normal(32)
    found = survey_frames(lambda r: luck[r.seed], unit(3), base=64).sensitivity().set_index("hyperparameter")
    assert set(found.loc[["x0", "x1", "x2"], "verdict"]) == {"inert"}
    assert found.loc[["x0", "x1", "x2"], "total_order"].tolist() == [0, 0, 0]
    assert found.loc["seed", "total_order"] == pytest.approx(1, abs=0.1)


def test_a_constant_response_has_no_indices_and_says_why():
    found = survey_frames(lambda r: np.full(len(r), 0.1), unit(2), base=8).sensitivity()
    assert found["total_order"].isna().all()
    assert set(found["reason"]) == {"the response is constant"}
    assert set(found["verdict"]) == {""}


@pytest.mark.parametrize("scrambles", [2, 3])
def test_an_unbounded_interval_keeps_its_estimate_and_says_what_would_bound_it(scrambles):
    """One scramble in which everything is a hundred times as large: the variance's t-interval reaches below 0."""
    surveyed = survey_frames(lambda r: 2 * r.x0 + r.x1, unit(2), base=8, scrambles=scrambles, dummy=True)
    table = surveyed.table
    table["response"] *= np.where(table["scramble"] == 0, 100, 1)
    rows = surveyed.sensitivity().set_index("hyperparameter")
    reason = (
        f"the interval is unbounded: {scrambles} scrambles do not tell the variance from 0; more scrambles, or a "
        "larger base, would bound it"
    )
    for name in ("x0", "x1"):
        assert 0 < rows.loc[name, "total_order"] < 1
        assert rows.loc[name, ["verdict", "reason"]].tolist() == ["undecided", reason]
        for order in ("first", "total", "mean"):
            assert rows.loc[name, [f"{order}_low", f"{order}_high"]].tolist() == [-np.inf, np.inf]
    assert rows.loc["dummy", "total_order"] == 0
    pair = surveyed.interactions().set_index(["first", "second"]).loc[("x0", "x1")]
    assert pair[["low", "high", "verdict", "reason"]].tolist() == [-np.inf, np.inf, "undecided", reason]


def _without_variance(kind):
    """Replicates that differ by more than the rows do, by a heavy tail or by design: no variance is left."""
    draws = {
        "lognormal": lambda g, n: g.lognormal(sigma=3, size=n),
        "t2": lambda g, n: g.standard_t(2, size=n),
        "Cauchy": lambda g, n: g.standard_cauchy(size=n),
    }[kind]
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = survey_frames(
            lambda r, rng=rng: draws(rng, len(r)), unit(2), base=4, scrambles=3, seed=seed, replicates=2
        )
        responses = found.on_blocks(found.take())
        if contrasts(responses).variance.mean() <= 0:
            return found
    raise AssertionError("no survey had less variance than noise")


@pytest.mark.parametrize("kind", ["lognormal", "t2", "Cauchy"])
def test_without_variance_beyond_the_noise_there_is_no_index_and_no_verdict(kind):
    found = _without_variance(kind)
    indices, pairs, ranges = found.sensitivity(), found.interactions(), found.ranges()
    settings = indices[indices["hyperparameter"] != "seed"]
    assert settings[["first_order", "total_order", "mean_order"]].isna().all(axis=None)
    assert pairs["interaction"].isna().all()
    for table in (settings, pairs):
        assert set(table["verdict"]) == {"undecided"}
        assert set(table["reason"]) == {"no variance beyond the noise"}
    assert set(ranges["verdict"]) == {"undecided"}


def test_a_base_that_is_not_needed_is_missing_in_one_way():
    tables = [
        survey_frames(lambda r: r.x0 + 0.1 * r.x1, unit(2), base=4).sensitivity(),  # one undecided
        survey_frames(lambda r: r.x0, unit(2), base=64).sensitivity(),  # all decided
        survey_frames(lambda r: np.ones(len(r)), unit(2), base=4).sensitivity(),
    ]
    for table in tables:
        assert table["base_needed"].dtype == "Int64"
        assert all(base is pd.NA or base > 4 for base in table["base_needed"])
    assert [table["base_needed"].notna().sum() for table in tables] == [1, 0, 0]


@pytest.mark.parametrize("method", ["sensitivity", "interactions", "effects", "ranges", "sensitivity_over_iterations"])
def test_an_argument_that_a_table_does_not_take_is_refused_in_its_own_name(method):
    surveyed = survey_frames(lambda r: r.x0, unit(1), base=4)
    with pytest.raises(TypeError, match=rf"SurveyTables.{method}\(\) got an unexpected keyword argument 'forms'"):
        getattr(surveyed, method)(forms="log")


def test_the_table_of_indices_holds_the_share_that_is_of_interest():
    found = survey_frames(lambda r: r.x0, unit(2), base=8)
    assert set(found.sensitivity()["share"]) == {0.01}
    assert set(found.sensitivity(share=0.2)["share"]) == {0.2}


def test_a_survey_prints_short_and_in_a_notebook_as_its_table_of_indices():
    space = Space({"<i>x</i>": Float(0, 1), "y": Float(0, 1)})
    found = survey_frames(lambda r: r["y"], space, base=8, scrambles=2)
    assert repr(found) == "Survey of response over <i>x</i>, y: 80 rows in 2 scrambles"
    page = found._repr_html_()
    assert page.startswith("<p>Survey of response over &lt;i&gt;x&lt;/i&gt;, y")
    assert "<i>" not in page
    total = found.sensitivity()["total_order"][0]
    assert page.index("<td>y</td>") < page.index(f"<td>{total:.3g}</td>") < page.index("<td>&lt;i&gt;x&lt;/i&gt;</td>")


def test_a_survey_without_indices_says_why_in_a_notebook():
    found = survey_frames(lambda r: r.x0, unit(2), base=4, scrambles=2)
    broken = replace(found, table=found.table.assign(response=np.nan))
    assert "values are not finite" in broken._repr_html_()


def noisy(rng, scale=1.0):
    return lambda rows: 4 * rows["x0"].to_numpy() + rows["x1"].to_numpy() + scale * rng.standard_normal(len(rows))


def test_replicates_show_the_noise_of_each_scramble():
    found = survey_frames(noisy(np.random.default_rng(1)), unit(2), base=8, scrambles=4, replicates=3)
    responses = found.on_blocks(found.take())
    within = found.table.groupby(["scramble", "block", "row"])["response"].var().groupby("scramble").mean()
    assert responses.noise == pytest.approx(within.to_numpy() / 3)
    assert not responses.noise_of_dummy


def test_a_dummy_shows_the_noise_of_each_scramble_and_it_is_taken_off_the_others():
    found = survey_frames(noisy(np.random.default_rng(1)), unit(2), base=128, scrambles=4, dummy=True)
    f = found.table["response"].to_numpy().reshape(4, 6, 128)  # A, B, AB_x0, AB_x1, AB_dummy, AB_seed
    half = lambda block: ((f[:, 0] - f[:, block]) ** 2).mean(axis=1) / 2  # noqa: E731
    variance = f[:, :2].reshape(4, -1).var(axis=1)
    rows = found.sensitivity().set_index("hyperparameter")
    noise = half(4)
    for name, block in (("x0", 2), ("x1", 3), ("seed", 5)):
        expected = (half(block) - noise).mean() / (variance - noise).mean()
        assert rows.loc[name, "total_order"] == pytest.approx(expected)
    assert rows.loc["dummy", "total_order"] == pytest.approx(noise.mean() / variance.mean())
    assert rows.loc["dummy", "verdict"] == "control"
    assert "noise that the seed does not govern" in rows.loc["dummy", "reason"]
    assert rows.loc["x0", "total_order"] == pytest.approx(16 / 17, abs=0.1)


def test_a_dummy_of_a_seeded_function_takes_nothing_off():
    found = survey_frames(lambda r: 4 * r.x0 + r.x1, unit(2), base=8, scrambles=4, dummy=True)
    assert found.on_blocks(found.take()).noise == 0


@pytest.mark.parametrize("how", [{"dummy": True}, {"replicates": 2}])
def test_noise_makes_no_interactions_where_replicates_or_a_dummy_show_it(how):
    pairs = survey_frames(noisy(np.random.default_rng(1)), unit(2), base=64, **how).interactions()
    assert set(pairs["verdict"]) == {"not seen"}
    assert pairs["interaction"].abs().max() < 0.15
    assert set(pairs["reason"]) == {""}


def test_without_replicates_or_a_dummy_no_interaction_is_told():
    pairs = survey_frames(noisy(np.random.default_rng(1)), unit(2), base=16, second_order=True).interactions()
    assert pairs[["interaction", "low", "high"]].isna().all(axis=None)
    assert set(pairs["verdict"]) == {"undecided"}
    assert pairs["reason"].str.contains("replicates or a dummy").all()
    assert list(pairs)[-2:] == ["verdict", "reason"]
    assert pairs["reason"].dtype == pairs["verdict"].dtype == "str"


def test_the_columns_of_the_mean_index_stand_after_those_of_the_total():
    columns = list(survey_frames(lambda r: r.x0, unit(1), base=4).sensitivity())
    place = columns.index("total_high") + 1
    assert columns[place : place + 4] == ["mean_order", "mean_low", "mean_high", "verdict"]


def test_what_re_rolls_luck_alone_keeps_its_range():
    luck = np.random.default_rng(5).standard_normal((32, 3))
    luck -= luck.mean(axis=0)
    space = Space({"x0": Float(0, 1), "n": Choice((31, 32, 33))})
    found = survey_frames(lambda r: 9 * r.x0 + luck[r["seed"], r["n"] - 31], space, base=512)
    row = found.ranges().set_index("hyperparameter").loc["n"]
    assert row["verdict"] == "re-rolls luck"
    assert row["next_choices"] == (31, 32, 33)
    assert row["reason"] == "it re-rolls luck alone: on average over seeds any value does"


def test_a_test_that_rejects_makes_no_verdict_beside_an_unbounded_interval():
    """x0 has a large slope in one scramble of three: the variance is not told from 0, but the effect of x1 is even."""
    surveyed = survey_frames(lambda r: r.x1 + 0 * r.x0, unit(2), base=64, scrambles=3)
    table = surveyed.table
    table["response"] += np.where(table["scramble"] == 0, 100 * table["x0"], 0)
    row = surveyed.sensitivity(share=0.0).set_index("hyperparameter").loc["x1"]
    assert row["verdict"] == "undecided"
    assert row["reason"].startswith("the interval is unbounded: 3 scrambles")


def test_rounding_makes_no_interactions():
    pairs = survey_frames(lambda r: 3 * r.x0 + r.x1**2, unit(2), base=64).interactions()
    assert pairs["interaction"].tolist() == [0, 0, 0]
    assert set(pairs["verdict"]) == {"not seen"}
