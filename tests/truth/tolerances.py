"""How wrong a setting may be: whether sets of fresh seeds agree, and whether a loss that is there is excluded."""

from types import SimpleNamespace

import numpy as np
from repeats import REPEATS

import hpsearch
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.experiments import profiles
from hpsearch.experiments.tolerances import tolerance
from hpsearch.results.study import Results

SETS, REACH, VALUES, POINT, EXAMPLES, SEEDS = 4, 1000, 16, 0.01, 80, 32

SPACE = {
    "learning_rate": {"low": 0.01, "high": 1.0, "log": True},
    "iterations": 300,
    "momentum": 0.8,
    "l2": {"low": 1e-7, "high": 1e-5, "log": True},  # too small to matter
    "batch_size": 64,
    "init_scale": {"low": 0.001, "high": 1.0, "log": True},
}

ORDINARY = {
    "examples one by one": lambda rng: rng.binomial(EXAMPLES, POINT, SEEDS) / EXAMPLES,
    "examples to and fro": lambda rng: (
        np.subtract(*rng.binomial(EXAMPLES, [[0.1 + POINT], [0.1]], (2, SEEDS))) / EXAMPLES
    ),
    "continuous": lambda rng: POINT + 0.02 * rng.standard_normal(SEEDS),
}
RARE = {
    f"all of one seed in {seldom}": lambda rng, seldom=seldom: seldom * POINT * (rng.random(SEEDS) < 1 / seldom)
    for seldom in (10, 30)
}
"""A loss of just a point, mean over seeds, on as many seeds as a tolerance has by default."""


def seed_sets(folder):
    """Tolerances of flower's learning rate, initial scale and an inert L2, a table a set of fresh seeds."""
    entries = {f"space.{name}": entry for name, entry in SPACE.items()}
    config = hpsearch.load_config("studies/flower.toml").with_overrides(name="tolerances", trials=8, **entries)
    results, first, tables = Results(hpsearch.search(config, results=folder), folder), profiles.FRESH_SEEDS, []
    try:
        for k in range(SETS):
            profiles.FRESH_SEEDS = first + REACH * k
            tables.append(results.tolerance(values=VALUES).set_index("hyperparameter"))
    finally:
        profiles.FRESH_SEEDS = first
    return tables


def ends(row, name):
    """The ends of a stretch; where there is none that is unshown, what is not tolerated counts as shown."""
    return [row.get(f"{name}_{end}", row[f"tolerated_{end}"]) for end in ("low", "high")]


def share(row):
    low, high = ends(row, "tolerated")
    return round(float(np.log(high / low) / np.log(SPACE["l2"]["high"] / SPACE["l2"]["low"])), 3)


def leaves(inner, outer):
    (low, high), (lowest, highest) = ends(inner, "tolerated"), ends(outer, "unshown")
    return low < lowest or high > highest


def wrongly_tolerated(draw):
    """How often a value is tolerated that loses just a point beside the chosen one of two."""
    space = {**SPACE, "learning_rate": 0.5, "l2": {"low": 1e-6, "high": 1e-5, "log": True}, "init_scale": 0.1}
    entries = {f"space.{name}": entry for name, entry in space.items()}
    config = hpsearch.load_config("studies/flower.toml").with_overrides(**entries)
    rng, tolerated = np.random.default_rng(0), 0

    def evaluate(settings, seeds):
        lost = np.resize(draw(rng), len(seeds))
        scores = [np.transpose([np.full(len(seeds), s.l2), 0.1 + (s.l2 > 5e-6) * lost]) for s in settings]
        metrics = ("validation_loss", "validation_error")
        return [Evaluation(metrics, tuple(seeds), (1,), score[:, None], (False,) * len(seeds)) for score in scores]

    dataset = SimpleNamespace(validation=SimpleNamespace(examples=EXAMPLES))
    evaluator = SimpleNamespace(config=config, dataset=dataset, evaluate=evaluate)

    around = hpsearch.Hyperparameters(0.5, 600, 0.8, 1e-6, 64, 0.1)
    for _ in range(4 * REPEATS):
        row = tolerance(profiles.profile(evaluator, around, "l2", values=2, seeds=SEEDS))
        tolerated += row["tolerated_high"] > row["best"]
    return round(float(tolerated) / (4 * REPEATS), 4)


def tolerances(folder):
    tables = seed_sets(folder)
    value = {"leave the unshown of another": 0}
    for name in ("learning_rate", "init_scale"):
        rows = [table.loc[name].to_dict() for table in tables]
        value["leave the unshown of another"] += sum(leaves(a, b) for a in rows for b in rows)
        for which in ("tolerated", "unshown"):
            value[f"{name} {which}"] = [[float(f"{end:.3g}") for end in ends(row, which)] for row in rows]
    value["of an inert range"] = [share(table.loc["l2"].to_dict()) for table in tables]
    value["wrong"] = {name: wrongly_tolerated(draw) for name, draw in ORDINARY.items()}
    value["wrong, not judged"] = {name: wrongly_tolerated(draw) for name, draw in RARE.items()}
    bar = "none leaves another's unshown; 0.9 of an inert range is tolerated, a loss of a point in at most 0.05"
    return value, bar, _holds


def _holds(value):
    inert, wrong = value["of an inert range"], value["wrong"].values()
    return value["leave the unshown of another"] == 0 and min(inert) >= 0.9 and max(wrong) <= 0.05


ROWS = {"T22": tolerances}
