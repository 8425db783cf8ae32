"""Concentration: what few rows carry, or may have missed, is not called inert."""

import warnings

import numpy as np
import pytest
from closed_forms import unit

from hpsearch.experiments.function import survey_frames
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.concentration import ConcentrationWarning, missed, scarce
from hpsearch.sensitivity.designs import Design


@pytest.mark.parametrize(
    ("equal", "rows", "few"),
    [
        (18, 500, True),
        (20, 5000, False),
        (16, 400, True),
        (18, 400, False),
        (1, 49, False),
        (1, 50, True),
        (0, 500, False),
    ],
)
def test_few_rows_are_under_ten_and_at_most_two_percent(equal, rows, few):
    """Of so many equal squares half make up half of the sum."""
    squares = np.zeros(rows)
    squares[:equal] = 3.0
    assert scarce(np.random.default_rng(0).permutation(squares)) == few


def test_a_region_of_the_size_that_may_be_missed_is_missed_in_five_percent_of_designs():
    points = np.random.default_rng(0).random((20000, 2 * 32))
    assert (points > missed(32)).all(axis=1).mean() == pytest.approx(0.05, abs=0.005)


def spiked(rows, blocks, *, base=64, height=1000.0, dummy=False, share=0.01):
    """Verdicts of y = 5·x1, where these rows of the first scrambles are higher in these blocks."""
    design = Design(unit(2), base=base, scrambles=8, dummy=dummy)
    table = design.table()
    table["response"] = 5 * table["x1"]
    for scramble in range(rows):
        where = (table["scramble"] == scramble) & table["block"].isin(blocks) & (table["row"] == 5)
        table.loc[where, "response"] += height
    return Survey(table, design, "response").sensitivity(share=share).set_index("hyperparameter")


def test_the_checkpoint_at_which_few_rows_carry_the_variance_is_named():
    design = Design(unit(2), base=64, scrambles=8)
    table = design.table().assign(iteration=5, response=0.0)
    table.loc[table["block"].eq("A") & table["row"].eq(3) & table["scramble"].lt(2), "response"] = 1.0
    with pytest.warns(ConcentrationWarning, match="^response at iteration 5: half of the variance"):
        Survey(table, design, "response", checkpoints=(5,)).sensitivity_over_iterations()


def test_few_rows_that_carry_the_variance_leave_nothing_inert_and_warn():
    with pytest.warns(
        ConcentrationWarning, match=r"response: half of the variance comes from 2 of 512 rows: .*ceilings"
    ):
        table = spiked(3, ["A", "AB_x1", "AB_seed"])  # a region that x0 leaves
    for setting in ("x0", "x1"):
        assert table.loc[setting, "verdict"] == "undecided"
    with pytest.warns(ConcentrationWarning):
        table = spiked(1, ["AB_x1"])  # met where neither A nor B is, and x0 makes no difference
    assert table.loc["x0", "total_order"] == 0
    assert table.loc["x0", ["verdict", "base_needed"]].tolist() == ["undecided", 1024]
    assert table.loc["x0", "reason"].startswith(
        "half of the variance comes from 1 of 512 rows: a larger base, or a ceil"
    )


@pytest.mark.parametrize("share", [0.01, 0.02])
def test_few_rows_that_carry_a_setting_leave_it_undecided_if_it_may_reach_the_share(share):
    """Four contrasts of height h in 512 add h²/256 to x0's numerator, the variance being 25/12.

    Two of them are half: the 97.5 % limit of a Poisson count of 2 is 7.2, so the numerator may be 2.3 times as large.
    """
    height = np.sqrt(share * 25 / 12 * 256)
    above, below = (spiked(4, ["AB_x0"], height=np.sqrt(part) * height, share=share).loc["x0"] for part in (0.48, 0.40))
    assert above["total_order"] == pytest.approx(0.48 * share, abs=1e-4)
    assert above["verdict"] == "undecided"
    assert above["reason"].startswith("half of its squared differences comes from 2 of 512 rows")
    assert below["total_order"] == pytest.approx(0.40 * share, abs=1e-4)
    assert below["verdict"] == "inert"


def test_rounding_in_one_row_of_a_constant_is_no_variance_that_few_rows_carry():
    design = Design(unit(1), base=64)
    table = design.table().assign(response=0.1)
    table.loc[3, "response"] += 1e-14
    reasons = Survey(table, design, "response").sensitivity()["reason"]
    assert set(reasons) == {"the response is constant"}


def test_inert_says_what_the_design_may_have_missed():
    table = spiked(0, [])
    assert table.loc["x0", "verdict"] == "inert"
    assert table.loc["x0", "reason"] == "but for what it may do in less than 0.29 % of the space"
    assert table.loc["x1", "reason"] == ""


def test_without_an_index_nothing_is_inert_but_for_a_region():
    """Replicates that lie 2 apart have a variance of means of 1, far above that of the settings."""
    surveyed = survey_frames(lambda r: np.tile([1, -1], len(r) // 2) + 0.01 * r.x0, unit(2), base=64, replicates=2)
    rows = surveyed.sensitivity().set_index("hyperparameter").loc[["x0", "x1"]]
    assert set(rows["verdict"]) == {"undecided"}
    assert set(rows["reason"]) == {"no variance beyond the noise"}


def test_a_design_that_may_miss_half_a_percent_calls_nothing_inert_and_names_the_base_that_does():
    small = spiked(0, [], base=32, dummy=True).loc[["x0", "dummy"]]
    assert small["verdict"].tolist() == ["undecided", "inert"]  # a dummy has no region to be missed
    assert small.loc["x0", "reason"] == "256 rows may miss a region of 0.58 % of the space: base 64 would do"
    assert small.loc["x0", "base_needed"] == 64
    assert spiked(0, [], base=64).loc["x0", "verdict"] == "inert"


@pytest.mark.parametrize("share", [0.001, 0.01])
def test_a_rare_region_that_rules_the_variance_is_seldom_called_inert(share):
    calls = 0
    for seed in range(12):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConcentrationWarning)
            surveyed = survey_frames(lambda r: r.x1 + 1000 * (r.x0 < share), unit(2), base=8, seed=seed)
            calls += surveyed.sensitivity().set_index("hyperparameter").loc["x0", "verdict"] == "inert"
    assert calls == 0


def test_what_few_rows_carry_in_one_form_is_clear_in_another():
    surveyed = survey_frames(lambda r: np.exp(100 * (r.x0 - 1)), unit(1), base=64)
    with pytest.warns(ConcentrationWarning) as told:
        surveyed.sensitivity()
    assert told[0].filename == __file__
    for form in ("log", "rank"):
        assert surveyed.sensitivity(form=form).loc[0, "verdict"] == "sensitive"
