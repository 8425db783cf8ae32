"""What is rare: regions that rule the variance, and noise in a small part of the space."""

import warnings

import numpy as np
from closed_forms import unit
from repeats import REPEATS

from hpsearch.experiments.function import survey_frames

CATASTROPHES = 120


def _edge(rows, share):
    return rows.x0 < share


def _corner(rows, share):
    return (rows.x0 < share**0.5) & (rows.x1 < share**0.5)


def _middle(rows, share):
    return (abs(rows.x0 - 0.4) < share**0.5 / 2) & (abs(rows.x2 - 0.7) < share**0.5 / 2)


def _left_open(reason):
    """The share of the space that the reason of an inert verdict says may hide something; 0 where it says nothing."""
    words = reason.split()
    return float(words[words.index("%") - 1]) / 100 if "%" in words else 0.0


def catastrophes():
    """Surveys that call a setting inert whose rare region rules the variance, in percent.

    Inert is wrong unless its reason leaves open a region as large as this one: what no row meets cannot be seen.
    """
    regions = {"edge": (_edge, ["x0"]), "corner": (_corner, ["x0", "x1"]), "middle": (_middle, ["x0", "x2"])}
    table = {}
    for name, (region, ruling) in regions.items():
        for share in (0.001, 0.01):
            for base in (8, 64):
                wrong = inert = 0
                for seed in range(CATASTROPHES):
                    surveyed = survey_frames(
                        lambda r, f=region, p=share: r.x1 + 1000.0 * f(r, p), unit(3), base=base, seed=seed
                    )
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        found = surveyed.sensitivity().set_index("hyperparameter").loc[ruling]
                    reasons = found.loc[found["verdict"] == "inert", "reason"]
                    inert += len(reasons) > 0
                    wrong += any(_left_open(reason) <= share for reason in reasons)
                table[f"{name} of {share}, 8 x {base}"] = {
                    "wrong": round(100 * wrong / CATASTROPHES, 1),
                    "inert": round(100 * inert / CATASTROPHES, 1),
                }
    return table, "wrong at most 5 % each", lambda t: all(row["wrong"] <= 5 for row in t.values())


def hidden_noise():
    """Surveys that call a setting sensitive that does nothing, the noise being in a part of the space, in percent."""
    table = {}
    for share in (0.003, 0.01, 0.03):
        rng, wrong, unnoticed = np.random.default_rng(7), 0, 0
        for seed in range(REPEATS):
            surveyed = survey_frames(
                lambda r, q=share, g=rng: 3 * r.x0 + 2 * (r.x1 < q) * g.standard_normal(len(r)),
                unit(3),
                base=64,
                seed=seed,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = surveyed.sensitivity().set_index("hyperparameter")
            wrong += found.loc["x2", "verdict"] == "sensitive"
            unnoticed += surveyed.seeded
        table[f"noise in {share}"] = {
            "wrong": round(100 * wrong / REPEATS, 1),
            "unnoticed": round(100 * unnoticed / REPEATS, 1),
        }
    return table, "wrong at most 5 % each", lambda t: all(row["wrong"] <= 5 for row in t.values())


ROWS = {"T14": catastrophes, "T15": hidden_noise}
