"""Effects: the curve of one setting, the surface of two, and what two do together."""

import numpy as np
import pytest
from closed_forms import CLOSED, unit

from hpsearch.sensitivity.survey import survey


def test_the_ridge_s_interaction_is_the_closed_form_by_both_ways():
    function, space, *_ = CLOSED["ridge"]
    found = survey(function, space, base=512, second_order=True).interactions().iloc[0]
    assert (found["first"], found["second"], found["verdict"]) == ("x", "y", "present")
    assert found["interaction"] == pytest.approx(0.5405, abs=0.02)
    assert found["second_order"] == pytest.approx(0.5405, abs=0.02)


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
