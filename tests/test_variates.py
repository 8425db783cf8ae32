"""The additive control variate of interactions."""

from dataclasses import replace

import numpy as np
import pytest
from closed_forms import unit

from hpsearch.sensitivity.designs import Design
from hpsearch.sensitivity.indices import Responses, contrasts
from hpsearch.sensitivity.variates import additive


def responses_of(function, design):
    values = np.asarray(function(design.table()), dtype=float).reshape(design.scrambles, len(design.blocks), -1)
    return Responses(values, design.factors)


@pytest.mark.parametrize("dummy", [False, True])
def test_an_additive_function_of_settings_and_seed_is_fitted_whole(dummy):
    luck = np.random.default_rng(0).standard_normal(16)
    design = Design(unit(2), base=64, scrambles=4, seeds=16, dummy=dummy)
    values = responses_of(lambda r: 1 + 3 * r.x0**5 + r.x1**2 + luck[r.seed], design).values
    assert additive(values, design) == pytest.approx(values, abs=1e-8)


def test_the_variate_of_a_scramble_is_that_of_the_others_alone():
    design = Design(unit(2), base=64, scrambles=4, seeds=4)
    values = responses_of(lambda r: r.x0 * r.x1 + 0.01 * r.seed, design).values
    changed = values.copy()
    changed[1] = np.random.default_rng(0).standard_normal(changed[1].shape)
    before, after = additive(values, design), additive(changed, design)
    assert after[1] == pytest.approx(before[1], abs=1e-12)
    assert np.abs(after[0] - before[0]).max() > 0.01


def test_too_few_rows_are_fitted_by_nothing():
    few = Design(unit(2), base=16, scrambles=2, seeds=32)
    values = responses_of(lambda r: r.x0 + r.x1 + r.seed, few).values
    assert not additive(values, few).any()


def test_a_pool_too_large_for_a_number_each_leaves_luck_where_it_is():
    luck = np.random.default_rng(0).standard_normal(128)
    design = Design(unit(1), base=256, scrambles=4, seeds=128)  # rows enough to fit them
    values = responses_of(lambda r: r.x0 + luck[r.seed], design).values
    rest = values - additive(values, design)
    assert rest.std() == pytest.approx(luck.std(), rel=0.2)


def test_interactions_are_the_same_with_the_variate_and_their_error_is_less():
    """Two main effects of 0.45 of the variance and an interaction of 0.1, over many scrambles."""
    design = Design(unit(2), base=32, scrambles=64, seeds=4)
    centred = lambda r: (np.sqrt(12) * (r.x0 - 0.5), np.sqrt(12) * (r.x1 - 0.5))  # noqa: E731
    function = lambda r: np.sqrt(0.45) * sum(centred(r)) + np.sqrt(0.1) * np.prod(centred(r), axis=0)  # noqa: E731
    plain = responses_of(function, design)
    rest = replace(plain, values=plain.values - additive(plain.values, design))
    numerators = [contrasts(r).pairs[:, 0] for r in (plain, rest)]
    for numerator in numerators:
        assert numerator.mean() == pytest.approx(0.1, abs=3 * numerator.std(ddof=1) / np.sqrt(64))
    assert numerators[1].std() < 0.5 * numerators[0].std()


def test_what_changes_nothing_is_given_no_term():
    """Fitted to the interaction's chance means, a seed without effect would make luck of its own."""
    design = Design(unit(3), base=64, scrambles=4, seeds=4, dummy=True)
    values = responses_of(lambda r: r.x0 * r.x1, design).values
    fitted = additive(values, design)
    assert (fitted[:, 0] != fitted[:, 2]).any()
    for block in ("AB_x2", "AB_dummy", "AB_seed"):
        assert (fitted[:, 0] == fitted[:, design.blocks.index(block)]).all()


def test_noise_gives_the_dummy_no_term():
    design = Design(unit(1), base=64, scrambles=4, seeds=4, dummy=True)
    rng = np.random.default_rng(0)
    fitted = additive(responses_of(lambda r: r.x0 + rng.standard_normal(len(r)), design).values, design)
    assert (fitted[:, 0] == fitted[:, design.blocks.index("AB_dummy")]).all()
    assert (fitted[:, 0] != fitted[:, design.blocks.index("AB_seed")]).any()
