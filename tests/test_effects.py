"""Effects: the curve of one setting, the surface of two, and what two do together."""

from dataclasses import replace

import numpy as np
import pytest
from closed_forms import CLOSED, unit
from scipy import stats

from hpsearch.experiments.function import survey_frames
from hpsearch.sensitivity.effects import interactions
from hpsearch.space import Choice, Float, Int, Space


@pytest.mark.slow
def test_the_ridge_s_interaction_is_the_closed_form_by_both_ways():
    function, space, *_ = CLOSED["ridge"]
    found = survey_frames(function, space, base=512, second_order=True).interactions().iloc[0]
    assert (found["first"], found["second"], found["verdict"]) == ("x", "y", "present")
    assert found["interaction"] == pytest.approx(0.5405, abs=0.02)
    assert found["second_order"] == pytest.approx(0.5405, abs=0.02)


def test_effects_show_the_curve_and_the_luck():
    luck = np.random.default_rng(0).standard_normal(32)
    found = survey_frames(lambda r: 10 * r.x0**2 + 0.1 * luck[r.seed], unit(2), base=128).effects(bins=5)
    curve = found[found["hyperparameter"] == "x0"]
    assert curve["mean"].to_numpy() == pytest.approx([10 * (m**2 + 1 / 300) for m in curve["value"]], abs=0.15)
    assert (curve["mean_low"] <= curve["mean"]).all()
    assert found["seed_sd"].to_numpy() == pytest.approx(0.1 * luck.std(), rel=0.3)
    flat = found[found["hyperparameter"] == "x1"]
    assert (flat["others_high"] - flat["others_low"]).min() > 5


def test_a_surface_shows_the_ridge():
    function, space, *_ = CLOSED["ridge"]
    found = survey_frames(function, space, base=128).surface("x", "y", bins=4)
    corner = found[(found["x"] == found["x"].max()) & (found["y"] == found["y"].max())].iloc[0]
    assert corner["interaction"] > 1
    assert len(found) == 16


def cells_of(unit, count):
    return np.floor(np.asarray(unit) * count).astype(int)


@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_the_interval_of_a_mean_is_a_t_interval_over_scrambles(confidence):
    found = survey_frames(lambda r: 10 * r.x0 * r.x1, unit(2), base=16, scrambles=4)
    effects = found.effects(bins=4, confidence=confidence)
    table = found.table.assign(cell=cells_of(found.table["x0"], 4))
    curve = effects[effects["hyperparameter"] == "x0"]
    for cell, row in enumerate(curve.to_dict("records")):
        means = [
            table.loc[(table["scramble"] == scramble) & (table["cell"] == cell), "response"].mean()
            for scramble in range(4)
        ]
        low, high = stats.ttest_1samp(means, 0).confidence_interval(confidence)
        assert [row["mean"], row["mean_low"], row["mean_high"]] == pytest.approx([np.mean(means), low, high])


def test_the_band_of_the_others_is_the_middle_eighty_percent_of_what_they_make():
    effects = survey_frames(lambda r: 10 * r.x1 + 0 * r.x0, unit(2), base=256).effects(bins=4)
    flat = effects[effects["hyperparameter"] == "x0"]
    assert flat["others_low"].to_numpy() == pytest.approx(1, abs=0.25)
    assert flat["others_high"].to_numpy() == pytest.approx(9, abs=0.25)
    own = effects[effects["hyperparameter"] == "x1"]  # nothing but itself: its own cell, less a tenth at each end
    assert own["others_low"].to_numpy() == pytest.approx([0.25, 2.75, 5.25, 7.75], abs=0.1)
    assert own["others_high"].to_numpy() == pytest.approx([2.25, 4.75, 7.25, 9.75], abs=0.1)


def test_the_seed_s_standard_deviation_is_that_of_the_pool_in_every_cell():
    luck = np.random.default_rng(0).standard_normal(32)
    effects = survey_frames(lambda r: 50 * r.x0 + (1 + 2 * (r.x0 > 0.5)) * luck[r.seed], unit(2), base=512).effects(
        bins=4
    )
    own = effects[effects["hyperparameter"] == "x0"]
    assert own["seed_sd"].to_numpy() == pytest.approx(luck.std() * np.array([1, 1, 3, 3]), rel=0.05)


def test_cells_cut_a_range_evenly_in_its_scale_and_every_row_is_in_one():
    space = Space({"rate": Float(1e-2, 1, log=True), "units": Int(1, 3), "size": Choice((8, 32)), "x": Float(2, 4)})
    found = survey_frames(lambda r: r["x"], space, base=8, scrambles=2)
    effects = found.effects(bins=4)
    cells = {name: effects[effects["hyperparameter"] == name] for name in space}
    assert cells["rate"]["low"].to_numpy() == pytest.approx(np.geomspace(0.01, 1, 5)[:-1])
    assert cells["rate"]["high"].to_numpy() == pytest.approx(np.geomspace(0.01, 1, 5)[1:])
    assert cells["x"]["value"].tolist() == [2.25, 2.75, 3.25, 3.75]
    assert cells["units"]["value"].tolist() == [1, 2, 3]
    assert cells["size"]["value"].tolist() == [8, 32]
    for name, count in {"units": (1, 2, 3), "size": (8, 32)}.items():
        assert cells[name]["rows"].tolist() == [(found.table[name] == value).sum() for value in count]
    assert set(effects.groupby("hyperparameter")["rows"].sum()) == {len(found.table)}


def test_the_surface_of_the_ridge_is_the_closed_form():
    function, space, *_ = CLOSED["ridge"]
    found = survey_frames(function, space, base=512).surface("x", "y", bins=4)
    x, y = found["x"].to_numpy(), found["y"].to_numpy()
    # in a cell, a square has the square of its middle and a twelfth of its width's square; x and y are centred
    assert found["mean"].to_numpy() == pytest.approx((x + y) ** 2 + (1 + 0.25) / 12, abs=0.1)
    assert found["interaction"].to_numpy() == pytest.approx(2 * x * y, abs=0.1)


def without_variate(found, confidence=0.95):
    """Interactions by the plain contrasts, whose numerators a test can write down."""
    response = found.take()
    responses = replace(found.on_blocks(response), additive=None)
    return interactions(response, responses, budget=None, confidence=confidence)


def test_interactions_are_corrected_for_their_number_by_holm():
    """Without interaction, ½(f_A−f_ABi)² + ½(f_A−f_ABj)² − ½(f_ABi−f_ABj)² is D_i·D_j: chance alone moves its mean."""
    count, scrambles = 6, 8
    names = [f"x{k}" for k in range(count)]
    found = survey_frames(lambda r: r[names].sum(axis=1), unit(count), base=8, scrambles=scrambles, seed=8)
    blocks = {
        block: rows[names].to_numpy().reshape(scrambles, 8, count) for block, rows in found.table.groupby("block")
    }
    change = {k: blocks["A"][:, :, k] - blocks["B"][:, :, k] for k in range(count)}
    numerators = [(change[i] * change[j]).mean(axis=1) for i in range(count) for j in range(i + 1, count)]
    p = np.sort([stats.ttest_1samp(numerator, 0, alternative="greater").pvalue for numerator in numerators])
    pairs = without_variate(found)
    assert p[0] < 0.025 < p[0] * len(pairs)  # some pair passes alone, none does among 21
    assert set(pairs["verdict"]) == {"not seen"}
    assert set(without_variate(found, confidence=1 - 1.98 * p[0] * len(pairs))["verdict"]) == {"not seen"}
    kept = without_variate(found, confidence=1 - 2.02 * p[0] * len(pairs))
    assert (kept["verdict"] == "present").sum() == 1


def test_the_interval_of_an_interaction_is_that_of_its_ratio_over_scrambles():
    found = survey_frames(lambda r: (1 + r.x0) * (1 + 3 * r.x1), unit(2), base=16, scrambles=4)
    f = found.table["response"].to_numpy().reshape(4, 5, 16)  # A, B, AB_x0, AB_x1, AB_seed
    half = lambda a, b: ((a - b) ** 2).mean(axis=1) / 2  # noqa: E731
    numerator = half(f[:, 0], f[:, 2]) + half(f[:, 0], f[:, 3]) - half(f[:, 2], f[:, 3])
    variance = f[:, :2].reshape(4, -1).var(axis=1)
    for confidence in (0.95, 0.8):
        row = without_variate(found, confidence=confidence).set_index(["first", "second"]).loc[("x0", "x1")]
        assert row["interaction"] == pytest.approx(numerator.mean() / variance.mean())
        for end in (row["low"], row["high"]):
            assert stats.ttest_1samp(numerator - end * variance, 0).pvalue == pytest.approx(1 - confidence)


def test_effects_hold_the_scale_of_each_range_and_the_band_that_the_seed_makes():
    luck = np.random.default_rng(0).standard_normal(32)
    space = Space({"rate": Float(1e-2, 1, log=True), "new": Choice((False, True)), "x": Float(0, 1)})
    effects = survey_frames(lambda r: r["x"] + 0.1 * luck[r.seed], space, base=16, scrambles=2).effects(bins=4)
    scales = effects.drop_duplicates("hyperparameter").set_index("hyperparameter")["scale"]
    assert scales.to_dict() == {"rate": "log", "new": "choices", "x": "linear"}
    assert (effects["seed_high"] - effects["mean"]).to_numpy() == pytest.approx(effects["seed_sd"].to_numpy())
    assert (effects["mean"] - effects["seed_low"]).to_numpy() == pytest.approx(effects["seed_sd"].to_numpy())
    new = effects[effects["hyperparameter"] == "new"]
    assert [new[end].tolist() for end in ("low", "value", "high")] == [[False, True]] * 3
    assert {type(value) for value in new["value"]} == {bool}


def test_a_surface_holds_the_ends_of_its_cells_and_the_scales_of_their_ranges():
    space = Space({"rate": Float(1e-2, 1, log=True), "size": Choice((8, 32))})
    found = survey_frames(lambda r: r["size"], space, base=32, scrambles=2).surface("size", "rate", bins=2)
    assert list(found)[3:-3] == [
        *("size", "rate", "first_low", "first_high", "first_scale", "second_low", "second_high", "second_scale"),
    ]
    assert found[["first_low", "first_high"]].to_numpy().tolist() == [[8, 8], [8, 8], [32, 32], [32, 32]]
    assert found["second_low"].to_numpy() == pytest.approx([0.01, 0.1] * 2)
    assert found["second_high"].to_numpy() == pytest.approx([0.1, 1] * 2)
    assert set(found["first_scale"]) == {"choices"}
    assert set(found["second_scale"]) == {"log"}


def test_an_interaction_of_a_tenth_among_six_settings_is_seen():
    names, part = [f"x{k}" for k in range(6)], np.sqrt(12 * 0.9 / 6)

    def function(rows):
        x = rows[names].to_numpy() - 0.5
        return part * x.sum(axis=1) + 12 * np.sqrt(0.1) * x[:, 0] * x[:, 1]

    for seed in range(3):  # by the plain contrasts, 2 in 5 surveys see it
        pairs = survey_frames(function, unit(6), base=64, seed=seed).interactions()
        assert pairs.loc[pairs["verdict"] == "present", ["first", "second"]].to_numpy().tolist() == [["x0", "x1"]]
        assert pairs["interaction"].iloc[0] == pytest.approx(0.1, abs=0.03)
