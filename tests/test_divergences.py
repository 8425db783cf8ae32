"""PED-ANOVA on arrays: equal to Optuna's."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.importance import PedAnovaImportanceEvaluator

from hpsearch.results.divergences import divergences

SIDES = {"x": FloatDistribution(0, 1), "kind": CategoricalDistribution(range(4)), "y": FloatDistribution(0, 1)}
OWNERS = np.array([0, 1, 1, 1, 1, 2])


def optuna_s(x, kind, y, values):
    study = optuna.create_study()
    for row in zip(x.tolist(), kind.tolist(), y.tolist(), values.tolist(), strict=True):
        params = dict(zip(SIDES, row[:3], strict=True))
        study.add_trial(optuna.trial.create_trial(params=params, distributions=SIDES, value=row[3]))
    found = PedAnovaImportanceEvaluator().evaluate(study, params=list(SIDES))
    return [found[name] for name in SIDES]


@pytest.mark.parametrize("trials", [10, 37, 200])
@pytest.mark.parametrize(
    ("steps", "kinds", "round_to"),
    [(1000, 4, 9), (98, 4, 9), (3, 2, 9), (1000, 3, 0)],
    ids=["numbers", "halfway between cells", "few values, a choice without trials", "values that tie"],
)
def test_divergences_are_those_of_optuna(trials, steps, kinds, round_to):
    rng = np.random.default_rng(trials)
    x, kind, y = rng.random(trials) ** 2, rng.integers(kinds, size=trials), rng.integers(steps + 1, size=trials) / steps
    values = np.round(2 * x + y + (kind == 1) + 0.1 * rng.standard_normal(trials), round_to)
    points = np.column_stack([x, np.eye(4)[kind] / np.sqrt(2), y])
    np.testing.assert_allclose(divergences(points, OWNERS, values), optuna_s(x, kind, y, values), rtol=1e-12)
