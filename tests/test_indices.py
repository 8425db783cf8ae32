"""Indices, intervals and verdicts against closed forms, SciPy, SALib, and on noise."""

import numpy as np
import pytest
from closed_forms import CLOSED, ishigami, unit
from SALib.analyze import sobol
from scipy import stats

from hpsearch.sensitivity.designs import Design
from hpsearch.sensitivity.indices import Responses, contrasts, holm, ratio
from hpsearch.sensitivity.survey import survey


@pytest.mark.parametrize("name", CLOSED)
def test_indices_are_the_closed_forms(name):
    function, space, first, total = CLOSED[name]
    found = survey(function, space, base=512).sensitivity().set_index("hyperparameter").loc[list(space)]
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


def test_holm_is_the_textbook_s():
    assert holm(np.array([0.005, 0.011, 0.02, 0.04])) == pytest.approx([0.02, 0.033, 0.04, 0.04])
