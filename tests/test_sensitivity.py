"""Sensitivity against closed forms, against SciPy, and on noise: where there is nothing it must say so."""

import numpy as np
import pandas as pd
import pytest
from closed_forms import CLOSED, ishigami, unit
from SALib.analyze import sobol
from scipy import stats

from hpsearch.sensitivity.designs import Design, DesignError, grid, one_at_a_time, shared
from hpsearch.sensitivity.indices import ResponseError, Responses, contrasts, holm, ratio
from hpsearch.sensitivity.ranges import refined
from hpsearch.sensitivity.survey import survey
from hpsearch.space import Choice, Float, Int, Space


@pytest.mark.parametrize("name", CLOSED)
def test_indices_are_the_closed_forms(name):
    function, space, first, total = CLOSED[name]
    found = survey(function, space, base=512).sensitivity().set_index("hyperparameter").loc[list(space)]
    assert found["first_order"].to_numpy() == pytest.approx(first, abs=0.02)
    assert found["total_order"].to_numpy() == pytest.approx(total, abs=0.02)
    assert set(found["scrambles"]) == {8}


def test_the_ridge_s_interaction_is_the_closed_form_by_both_ways():
    function, space, *_ = CLOSED["ridge"]
    found = survey(function, space, base=512, second_order=True).interactions().iloc[0]
    assert (found["first"], found["second"], found["verdict"]) == ("x", "y", "present")
    assert found["interaction"] == pytest.approx(0.5405, abs=0.02)
    assert found["second_order"] == pytest.approx(0.5405, abs=0.02)


def test_each_scramble_s_indices_are_scipy_s():
    design = Design(CLOSED["ishigami"][1], base=64, scrambles=2)
    rows = design.table()
    values = ishigami(rows).to_numpy().reshape(2, len(design.blocks), 64)
    found = contrasts(Responses(values, design.factors))
    for r in range(2):
        # SciPy centres by A and B alone: given centred values, the two agree
        f = values[r] - values[r].mean()
        f_ab = f[2:, None, :]
        theirs = stats.sobol_indices(func={"f_A": f[:1], "f_B": f[1:2], "f_AB": f_ab}, n=64)
        assert found.total[r] / found.variance[r] == pytest.approx(theirs.total_order, abs=1e-9)
    assert found.first.mean(axis=0) / found.variance.mean() == pytest.approx([0.314, 0.442, 0, 0], abs=0.1)


@pytest.mark.parametrize("second_order", [False, True])
def test_each_scramble_s_indices_are_salib_s(second_order):
    design = Design(CLOSED["ishigami"][1], base=64, scrambles=2, second_order=second_order)
    values = ishigami(design.table()).to_numpy().reshape(2, len(design.blocks), 64)
    found = contrasts(Responses(values, design.factors))
    d = len(design.factors)
    order = [0, *range(2, len(design.blocks)), 1]  # SALib's rows: A, AB_1 …, (BA_1 …,) B, all of one base row together
    for r in range(2):
        theirs = sobol.analyze(
            {"num_vars": d, "names": list(design.factors), "bounds": [[0, 1]] * d},
            values[r][order].T.ravel(),
            calc_second_order=second_order,
            num_resamples=2,
        )
        assert found.first[r] / found.variance[r] == pytest.approx(theirs["S1"], abs=1e-9)
        assert found.total[r] / found.variance[r] == pytest.approx(theirs["ST"], abs=1e-9)
        if second_order:
            pairs = theirs["S2"][np.triu_indices(d, 1)]
            assert found.second[r] / found.variance[r] == pytest.approx(pairs, abs=1e-9)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_intervals_cover_what_they_should(noise):
    _, space, first, total = CLOSED["ishigami"]
    covered, repeats = np.zeros(6), 200
    for seed in range(repeats):
        design = Design(space, base=64, scrambles=8, seed=seed)
        rows = design.table()
        luck = np.random.default_rng((seed, 1)).standard_normal(32)
        luck = (luck - luck.mean()) / luck.std() * np.sqrt(noise * 13.8446)
        values = (ishigami(rows).to_numpy() + luck[rows["seed"]]).reshape(8, len(design.blocks), 64)
        found = contrasts(Responses(values, design.factors))
        intervals = [ratio(part[:, k], found.variance) for part in (found.first, found.total) for k in range(3)]
        truth = np.array([*first, *total]) / (1 + noise)
        covered += [i.low <= t <= i.high for i, t in zip(intervals, truth, strict=True)]
    assert (covered / repeats >= 0.90).all()
    assert (covered / repeats <= 0.99).all()


def test_noise_of_the_seed_is_the_seed_s_index_and_nothing_is_sensitive():
    luck = np.random.default_rng(0).standard_normal(32)
    found = survey(lambda r: luck[r.seed], unit(3), base=32).sensitivity().set_index("hyperparameter")
    assert set(found.loc[["x0", "x1", "x2"], "verdict"]) == {"inert"}
    assert found.loc[["x0", "x1", "x2"], "total_order"].tolist() == [0, 0, 0]
    assert found.loc["seed", "total_order"] == pytest.approx(1, abs=0.1)


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


def test_a_total_index_of_a_tenth_is_seen():
    seen = 0
    for seed in range(40):
        found = survey(lambda r: 3 * r.x0 + r.x1, unit(2), base=64, seed=seed).sensitivity()
        seen += found.set_index("hyperparameter").loc["x1", "verdict"] == "sensitive"
    assert seen >= 38


def test_undecided_names_a_base_that_decides():
    small = survey(lambda r: r.x0 + 0.1 * r.x1, unit(2), base=4).sensitivity()  # total of x1: 0.0099
    row = small.set_index("hyperparameter").loc["x1"]
    assert row["verdict"] == "undecided"
    assert row["base_needed"] > 4
    large = survey(lambda r: r.x0 + 0.13 * r.x1, unit(2), base=256).sensitivity().set_index("hyperparameter")
    assert large.loc["x1", "verdict"] == "sensitive"


def test_a_constant_response_has_no_indices_and_says_why():
    found = survey(lambda r: np.full(len(r), 0.1), unit(2), base=8).sensitivity()
    assert found["total_order"].isna().all()
    assert set(found["reason"]) == {"the response is constant"}


def test_what_is_not_finite_is_refused_or_counts_as_the_ceiling():
    def function(rows):
        return np.where(rows.x0 > 0.9, np.nan, rows.x0)

    with pytest.raises(ResponseError, match=r"response: \d+ of 80 values are not finite .* give ceilings="):
        survey(function, unit(2), base=4, scrambles=2 * 2)
    found = survey(function, unit(2), base=64, ceilings={"response": 2.0}).sensitivity().iloc[0]
    assert found["hyperparameter"] == "x0"
    assert found["total_order"] == pytest.approx(1, abs=0.05)
    with pytest.raises(ResponseError, match="not finite"):
        Responses(np.array([[[np.inf] * 4] * 3] * 2), ("x",))


@pytest.mark.parametrize("form", ["log", "rank", "linear"])
def test_heavy_tails_leave_indices_finite(form):
    def function(rows):
        return np.where(rows.x0 * rows.x1 > 0.85, 1e9, 0.1 + rows.x0)

    found = survey(function, unit(2), base=64, ceilings={"response": 2.3}).sensitivity(form=form)
    assert np.isfinite(found[["total_low", "total_high", "first_low", "first_high"]].to_numpy()).all()
    assert (found["form"] == form).all()


def test_holm_is_the_textbook_s():
    assert holm(np.array([0.005, 0.011, 0.02, 0.04])) == pytest.approx([0.02, 0.033, 0.04, 0.04])


def test_a_larger_design_begins_with_the_smaller():
    space = CLOSED["log axis and ordered choice"][1]
    small, large = (Design(space, base=base).table() for base in (8, 16))
    kept = large[large["row"] < 8].reset_index(drop=True)
    pd.testing.assert_frame_equal(small, kept)


def test_rows_share_a_training_that_differ_in_length_or_dummy_alone():
    space = Space({"iterations": Int(1, 99), "x": Float(0, 1)})
    design = Design(space, base=8, scrambles=2, dummy=True)
    rows = design.table()
    group = shared(rows)
    of = {block: group[rows["block"] == block].tolist() for block in design.blocks}
    assert of["A"] == of["AB_iterations"] == of["AB_dummy"]
    assert not set(of["A"]) & set(of["B"])


def test_profiles_and_grids_hold_the_others():
    space = Space({"rate": Float(1e-3, 1, log=True), "size": Choice((16, 32))})
    profile = one_at_a_time(space, "rate", {"rate": 0.1, "size": 16}, values=4)
    assert profile["rate"].tolist() == pytest.approx([0.001, 0.01, 0.1, 1.0])
    assert set(profile["size"]) == {16}
    both = grid(space, ("rate", "size"), {"rate": 0.1, "size": 16}, values=(3, 9))
    assert both["size"].tolist() == [16, 32] * 3
    with pytest.raises(DesignError, match="'speed' does not vary in this study, whose space has rate, size"):
        one_at_a_time(space, "speed", {})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"base": 60}, "power of two"),
        ({"scrambles": 1}, "intervals come from them"),
        ({"seeds": 1}, "pool of 32"),
        ({"space": Space({"row": Float(0, 1)})}, "'row' is a column"),
    ],
)
def test_a_bad_design_is_refused(given, problem):
    with pytest.raises(DesignError, match=problem):
        Design(**{"space": unit(2), **given})


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


def test_effects_show_the_curve_and_the_luck():
    luck = np.random.default_rng(0).standard_normal(32)
    found = survey(lambda r: 10 * r.x0**2 + 0.1 * luck[r.seed], unit(2), base=128).effects(bins=5)
    curve = found[found["hyperparameter"] == "x0"]
    assert curve["mean"].to_numpy() == pytest.approx([10 * (m**2 + 1 / 300) for m in curve["value"]], abs=0.15)
    assert (curve["mean_low"] <= curve["mean"]).all()
    assert found["seed_sd"].to_numpy() == pytest.approx(0.1 * luck.std(), rel=0.3)
    flat = found[found["hyperparameter"] == "x1"]
    assert (flat["others_high"] - flat["others_low"]).min() > 5


def test_a_surface_shows_the_ridge():
    function, space, *_ = CLOSED["ridge"]
    found = survey(function, space, base=128).surface("x", "y", bins=4)
    corner = found[(found["x"] == found["x"].max()) & (found["y"] == found["y"].max())].iloc[0]
    assert corner["interaction"] > 1
    assert len(found) == 16


def test_ranges_follow_the_best():
    space = Space({"rate": Float(1e-3, 1, log=True), "size": Choice((16, 32, 64)), "none": Float(0, 1)})

    def function(rows):
        return -np.log10(rows["rate"]) - np.log2(rows["size"])

    found = survey(function, space, base=128)
    proposals = found.ranges().set_index("hyperparameter")
    assert proposals.loc[["rate", "size"], "boundary"].tolist() == ["high", "high"]
    assert proposals.loc["rate", "next_high"] > 1
    assert proposals.loc["size", "next_choices"][-1] == 128
    assert proposals.loc["none", "verdict"] == "inert"
    following = refined(found.ranges(), space)
    assert following["none"] == space["none"]
    assert following["rate"].high > 1
