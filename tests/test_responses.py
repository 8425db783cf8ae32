"""Responses: what is clipped, what is refused, and in which form the rest is taken."""

import numpy as np
import pytest
from closed_forms import unit

from hpsearch.sensitivity.indices import ResponseError, Responses
from hpsearch.sensitivity.survey import survey


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
