"""Indices, intervals and verdicts against closed forms, SciPy, SALib, and on noise."""

from dataclasses import replace

import numpy as np
import pytest
from closed_forms import CLOSED, ishigami, unit
from SALib.analyze import sobol
from scipy import stats

from hpsearch.experiments.function import survey_frames
from hpsearch.sensitivity.designs import Design
from hpsearch.sensitivity.indices import Contrasts, Index, Responses, contrasts, ratio
from hpsearch.sensitivity.verdicts import holm, verdicts
from hpsearch.space import Float, Int, Space


@pytest.mark.parametrize("name", CLOSED)
def test_indices_are_the_closed_forms(name):
    function, space, first, total = CLOSED[name]
    found = survey_frames(function, space, base=512).sensitivity().set_index("hyperparameter").loc[list(space)]
    assert found["first_order"].to_numpy() == pytest.approx(first, abs=0.02)
    assert found["total_order"].to_numpy() == pytest.approx(total, abs=0.02)
    assert set(found["scrambles"]) == {8}


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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_total_index_of_a_tenth_is_seen():
    seen = 0
    for seed in range(40):
        found = survey_frames(lambda r: 3 * r.x0 + r.x1, unit(2), base=64, seed=seed).sensitivity()
        seen += found.set_index("hyperparameter").loc["x1", "verdict"] == "sensitive"
    assert seen >= 38


def test_undecided_names_a_base_that_decides():
    small = survey_frames(lambda r: r.x0 + 0.1 * r.x1, unit(2), base=4).sensitivity()  # total of x1: 0.0099
    row = small.set_index("hyperparameter").loc["x1"]
    assert row["verdict"] == "undecided"
    assert row["base_needed"] > 4
    large = survey_frames(lambda r: r.x0 + 0.13 * r.x1, unit(2), base=256).sensitivity().set_index("hyperparameter")
    assert large.loc["x1", "verdict"] == "sensitive"


def test_holm_is_the_textbook_s():
    assert holm(np.array([0.005, 0.011, 0.02, 0.04])) == pytest.approx([0.02, 0.033, 0.04, 0.04])


def test_at_the_ends_of_fieller_s_interval_a_t_test_just_rejects():
    rng = np.random.default_rng(3)
    variance = 2 + 0.3 * rng.standard_normal(6)
    numerator = 0.4 * variance + 0.2 * rng.standard_normal(6)
    for confidence in (0.95, 0.8):
        found = ratio(numerator, variance, confidence=confidence)
        assert found.value == pytest.approx(numerator.mean() / variance.mean())
        for end in (found.low, found.high):
            assert stats.ttest_1samp(numerator - end * variance, 0).pvalue == pytest.approx(1 - confidence)
        rescaled = ratio(1e-9 * numerator, 1e-9 * variance, confidence=confidence)  # another unit of the response
        assert (rescaled.low, rescaled.high) == pytest.approx((found.low, found.high))


def test_an_index_is_nothing_only_where_no_scramble_shows_any():
    variance = np.array([1.9, 2.0, 2.1, 2.2])
    assert ratio(np.zeros(4), variance) == Index(0.0, 0.0, 0.0)
    found = ratio(np.array([0.0, 0.1, 0.2, 0.3]), variance)
    assert found.low < 0 < found.value < found.high
    assert ratio(np.zeros(4), np.zeros(4)).reason == "no variance beyond the noise"


def with_p_values(p, *, scrambles=8, share=0.01, base=64):
    """Contrasts of factors whose totals exceed ``share`` with these p-values of a one-sided t-test, and responses."""
    z = stats.norm.ppf((np.arange(scrambles) + 0.5) / scrambles)
    z = z / z.std(ddof=1) * np.sqrt(scrambles)  # a t-test of m + z has t = m
    total = share + 1e-3 * (z[:, None] + stats.t.isf(p, scrambles - 1))
    none = np.zeros((scrambles, len(p)))
    assert stats.ttest_1samp(total, share, alternative="greater").pvalue == pytest.approx(p)
    responses = Responses(np.ones((scrambles, 2 + len(p), base)), tuple(f"x{k}" for k in range(len(p))))
    return Contrasts(np.ones(scrambles), none, total, none, None), responses


@pytest.mark.parametrize("scrambles", [4, 8])
@pytest.mark.parametrize(
    ("p", "words"),
    [
        ([0.024], ["sensitive"]),
        ([0.026], ["undecided"]),
        ([0.02, 0.02], ["undecided", "undecided"]),
        ([0.008, 0.012, 0.02], ["sensitive"] * 3),  # Bonferroni's correction would keep the first alone
        ([0.02, 0.008, 0.02], ["undecided", "sensitive", "undecided"]),
        ([0.974, 0.974, 0.974], ["undecided"] * 3),
        ([0.976, 0.976, 0.976], ["inert"] * 3),
    ],
)
def test_verdicts_are_those_of_t_tests_at_half_the_level_corrected_by_holm(p, words, scrambles):
    found, responses = with_p_values(p, scrambles=scrambles)
    judged = verdicts(found, responses, which=range(len(p)))
    assert [verdict.verdict for verdict in judged] == words


def test_verdicts_take_the_level_the_share_and_the_family_they_are_asked_for():
    found, responses = with_p_values([0.02, 0.02])
    assert [v.verdict for v in verdicts(found, responses, which=[0])] == ["sensitive"]
    assert [v.verdict for v in verdicts(found, responses, which=[0, 1], confidence=0.9)] == ["sensitive"] * 2
    assert [v.verdict for v in verdicts(found, responses, which=[0], share=0.5)] == ["inert"]


def test_a_verdict_takes_off_what_the_dummy_has():
    found, responses = with_p_values([0.001, 0.4])
    controlled = Responses(responses.values, responses.factors, dummy=1)
    assert [v.verdict for v in verdicts(found, responses, which=[0])] == ["sensitive"]
    assert [v.verdict for v in verdicts(found, controlled, which=[0])] == ["inert"]  # 0.01 is left to the dummy's 0.01
    assert [v.verdict for v in verdicts(found, controlled, which=[0], share=0.0)] == ["sensitive"]


@pytest.mark.parametrize(("fall", "times"), [(1.3, 2), (1.9, 4), (3.9, 16)])
def test_the_base_that_decides_grows_as_the_square_of_the_width(fall, times):
    t = stats.t.isf(0.025, 7) / fall
    found, responses = with_p_values([stats.t.sf(t, 7)], base=64)
    (verdict,) = verdicts(found, responses, which=[0])
    assert (verdict.verdict, verdict.base) == ("undecided", 64 * times)


def test_no_base_is_named_above_two_to_the_twenty():
    found, responses = with_p_values([0.4999], base=64)
    (verdict,) = verdicts(found, responses, which=[0])
    assert (verdict.verdict, verdict.base) == ("undecided", None)


def with_mean(total_p, mean_p, *, scrambles=8):
    """Contrasts of settings beside a seed, whose totals and means exceed 0.01 with these p-values, and responses."""
    count = len(total_p)
    total, responses = with_p_values([*total_p, 0.5], scrambles=scrambles)
    mean, _ = with_p_values([*mean_p, 0.5], scrambles=scrambles)
    factors = (*(f"x{k}" for k in range(count)), "seed")
    return replace(total, mean=mean.total), replace(responses, factors=factors)


@pytest.mark.parametrize(
    ("total", "mean", "words"),
    [
        ([0.01], [0.02], ["sensitive"]),
        ([0.01], [0.03], ["undecided"]),
        ([0.03], [0.01], ["undecided"]),
        ([0.01], [0.98], ["re-rolls luck"]),
        ([0.01], [0.97], ["undecided"]),
        ([0.03], [0.98], ["undecided"]),
        ([0.98], [0.98], ["inert"]),
        ([0.001, 0.001], [0.02, 0.02], ["undecided", "undecided"]),  # Holm's correction is of the larger p-values
        ([0.02, 0.02], [0.001, 0.001], ["undecided", "undecided"]),
        ([0.001, 0.001], [0.01, 0.02], ["sensitive", "sensitive"]),
        ([0.01, 0.02], [0.98, 0.98], ["re-rolls luck", "re-rolls luck"]),
        ([0.02, 0.02], [0.98, 0.98], ["undecided", "undecided"]),
    ],
)
def test_sensitive_is_what_changes_the_mean_over_seeds_too(total, mean, words):
    sums, responses = with_mean(total, mean)
    judged = verdicts(sums, responses, which=range(len(total)))
    assert [verdict.verdict for verdict in judged] == words


def test_an_effect_that_may_be_luck_is_told_with_the_base_that_shows_its_mean():
    t = stats.t.isf(0.025, 7) / 1.9
    sums, responses = with_mean([0.001], [stats.t.sf(t, 7)])
    (verdict,) = verdicts(sums, responses, which=[0])
    assert (verdict.verdict, verdict.base) == ("undecided", 256)
    assert "no effect on the mean over seeds is shown" in verdict.reason


@pytest.mark.parametrize(("luck", "word"), [(0.002, "sensitive"), (0.008, "undecided"), (0.02, "undecided")])
def test_where_the_seed_has_little_a_total_that_clears_it_and_the_share_is_an_effect_on_the_mean(luck, word):
    """A total of 0.017 less luck of 0.002 is above 0.01, less 0.008 it is not."""
    sums, responses = with_mean([0.001], [0.4])
    wave = np.resize([-1e-4, 1e-4], 8)
    total = np.stack([0.017 + wave, np.full(8, luck)], axis=1)
    (verdict,) = verdicts(replace(sums, total=total), responses, which=[0])
    assert verdict.verdict == word


def rerolled(rows):
    """x0 has a mean effect of variance 9/12; n re-rolls luck of variance 1/10, and changes no mean over seeds."""
    luck = np.random.default_rng(5).standard_normal((32, 3))
    luck -= luck.mean(axis=0)
    luck /= np.sqrt(10 * np.mean(luck**2))
    return 3 * rows.x0 + luck[rows["seed"], rows["n"]]


def test_the_mean_index_is_the_total_index_of_the_mean_over_seeds():
    space = Space({"x0": Float(0, 1), "n": Int(0, 2)})
    rows = survey_frames(rerolled, space, base=512).sensitivity().set_index("hyperparameter")
    variance = 9 / 12 + 1 / 10
    assert rows.loc["x0", ["total_order", "mean_order"]].tolist() == pytest.approx([9 / 12 / variance] * 2, abs=0.01)
    assert rows.loc["n", "total_order"] > 0.05
    assert rows.loc["n", "mean_order"] == pytest.approx(0, abs=0.01)
    assert rows["verdict"].to_dict() == {"x0": "sensitive", "n": "re-rolls luck", "seed": "luck"}
    assert np.isnan(rows.loc["seed", "mean_order"])
    for name in space:
        assert rows.loc[name, "mean_low"] <= rows.loc[name, "mean_order"] <= rows.loc[name, "mean_high"]


def test_without_luck_the_mean_index_is_the_total_index_to_the_bit():
    rows = survey_frames(lambda r: 3 * r.x0 * r.x1 + r.x2, unit(3), base=64).sensitivity().set_index("hyperparameter")
    assert rows.loc[["x0", "x1", "x2"], "mean_order"].tolist() == rows.loc[["x0", "x1", "x2"], "total_order"].tolist()


def test_each_scramble_s_mean_index_is_that_of_the_two_less_that_of_the_seed():
    design = Design(unit(2), base=8, scrambles=3, seeds=4)
    values = np.random.default_rng(0).standard_normal((3, 5, 8))  # A, B, AB_x0, AB_x1, AB_seed
    half = lambda p, q: ((values[:, p] - values[:, q]) ** 2).mean(axis=1) / 2  # noqa: E731
    found = contrasts(Responses(values, design.factors, noise=np.array([0.1, 0.2, 0.3])))
    assert found.mean[:, 0] == pytest.approx(half(2, 4) - half(0, 4))
    assert found.mean[:, 1] == pytest.approx(half(3, 4) - half(0, 4))
    assert np.isnan(found.mean[:, 2]).all()


def test_noise_is_taken_off_scramble_by_scramble():
    values, noise = np.random.default_rng(0).standard_normal((3, 5, 8)), np.array([0.1, 0.2, 0.3])
    factors = ("x0", "x1", "seed")
    plain, less = contrasts(Responses(values, factors)), contrasts(Responses(values, factors, noise=noise))
    assert less.variance == pytest.approx(plain.variance - noise)
    for part in ("total", "pairs"):
        assert getattr(less, part) == pytest.approx(getattr(plain, part) - noise[:, None])
    assert less.first == pytest.approx(plain.first)
