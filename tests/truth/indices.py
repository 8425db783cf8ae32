"""Indices, intervals and verdicts against closed forms, noise and SALib."""

import numpy as np
from closed_forms import CLOSED, unit
from repeats import REPEATS
from SALib.analyze import sobol
from scipy import stats

from hpsearch.experiments.function import survey_frames
from hpsearch.sensitivity.designs import Design
from hpsearch.sensitivity.indices import ResponseError, Responses, contrasts, ratio
from hpsearch.sensitivity.verdicts import verdicts

TAIL_CEILING = 2.0


def closed_forms():
    worst = 0.0
    for function, space, first, total in CLOSED.values():
        found = survey_frames(function, space, base=512).sensitivity().set_index("hyperparameter").loc[list(space)]
        worst = max(worst, np.abs(found["first_order"] - first).max(), np.abs(found["total_order"] - total).max())
    ridge = survey_frames(*CLOSED["ridge"][:2], base=512).interactions().iloc[0]["interaction"]
    return max(worst, abs(ridge - 0.5405)), "largest error, at most 0.02", lambda v: v <= 0.02


def _covered(space, function, first, total):
    """Share of REPEATS whose intervals cover, ``(2 · settings,)``; function: rows, seed of luck -> values."""
    d, truth = len(space), np.array([*first, *total])
    covered = np.zeros(2 * d)
    for seed in range(REPEATS):
        design = Design(space, base=64, scrambles=8, seed=seed)
        values = np.asarray(function(design.table(), seed), dtype=float).reshape(8, len(design.blocks), 64)
        found = contrasts(Responses(values, design.factors))
        intervals = [ratio(part[:, k], found.variance) for part in (found.first, found.total) for k in range(d)]
        covered += [i.low - 1e-12 <= t <= i.high + 1e-12 for i, t in zip(intervals, truth, strict=True)]
    return covered / REPEATS


def _lucky(function, variance, noise):
    def evaluate(rows, seed):
        luck = np.random.default_rng((seed, 1)).standard_normal(32)
        luck = (luck - luck.mean()) / luck.std() * np.sqrt(noise * variance)
        return np.asarray(function(rows)) + luck[rows["seed"]]

    return evaluate


def coverage():
    shares = {}
    for name, (function, space, first, total) in CLOSED.items():
        large = Design(space, base=2**13, scrambles=8).table()
        variance = float(np.var(np.asarray(function(large[large["block"].isin(["A", "B"])]))))
        for noise in (0.0, 0.3):
            first_n, total_n = np.divide(first, 1 + noise), np.divide(total, 1 + noise)
            some = _covered(space, _lucky(function, variance, noise), first_n, total_n)
            shares[f"{name}, noise {noise}"] = [round(float(s), 3) for s in some]
    return shares, "each 0.90 to 0.99", _well_covered


def _well_covered(shares):
    return all(0.90 <= s <= 0.99 for row in shares.values() for s in row)


def null():
    called = {}
    for name, how in (("dummy", {"dummy": True}), ("replicates", {"replicates": 2}), ("seeded", {})):
        rng, count = np.random.default_rng(1), np.zeros(3)
        for seed in range(REPEATS):
            luck = np.random.default_rng((seed, 2)).standard_normal(32)
            seeded = name == "seeded"
            answer = (lambda r, luck=luck: luck[r.seed]) if seeded else (lambda r, rng=rng: rng.standard_normal(len(r)))
            found = survey_frames(answer, unit(3), base=16, seed=seed, **how).sensitivity().set_index("hyperparameter")
            count += (found.loc[["x0", "x1", "x2"], "verdict"] == "sensitive").to_numpy()
        called[name] = [round(float(c), 3) for c in count / REPEATS]
    return called, "each at most 0.05", lambda v: all(c <= 0.05 for row in v.values() for c in row)


def power():
    seen = 0
    for seed in range(REPEATS):
        design = Design(unit(2), base=64, scrambles=8, seed=seed)
        rows = design.table()
        responses = Responses((3 * rows.x0 + rows.x1).to_numpy().reshape(8, len(design.blocks), 64), design.factors)
        seen += verdicts(contrasts(responses), responses, which=[0, 1])[1].verdict == "sensitive"
    return seen / REPEATS, "at least 0.95 of surveys see a total index of 0.10", lambda v: v >= 0.95


def salib():
    worst = 0.0
    for function, space, *_ in CLOSED.values():
        design = Design(space, base=64, scrambles=8)
        d = len(design.factors)
        values = np.asarray(function(design.table()), dtype=float).reshape(8, len(design.blocks), 64)
        found = contrasts(Responses(values, design.factors))
        problem = {"num_vars": d, "names": list(design.factors), "bounds": [[0, 1]] * d}
        for r, rows in enumerate(values):
            flat = rows[[0, *range(2, 2 + d), 1]].T.ravel()
            theirs = sobol.analyze(problem, flat, calc_second_order=False, num_resamples=2)
            worst = max(worst, np.abs(found.first[r] / found.variance[r] - theirs["S1"]).max())
            worst = max(worst, np.abs(found.total[r] / found.variance[r] - theirs["ST"]).max())
    return worst, "largest difference from SALib, at most 1e-6", lambda v: v <= 1e-6


def not_finite():
    refused = 0
    for bad in (np.nan, np.inf, -np.inf):
        values = np.zeros((2, 4, 8))
        values[0, 0, 0] = bad
        try:
            Responses(values, ("x", "seed"))
        except ResponseError:
            refused += 1
    return refused, "all 3 refused", lambda v: v == 3


def _heavy(rows):
    return np.where(rows.x0 * rows.x1 > 0.8035, 1e9, np.exp(rows.x0 + 0.5 * rows.x1) / np.e**1.5)  # 5 % at the top


def heavy_tails():
    space, shares = unit(2), {}
    forms = {
        "clipped log": lambda rows, seed: np.log(np.minimum(_heavy(rows), TAIL_CEILING)),
        "rank": lambda rows, seed: stats.rankdata(np.minimum(_heavy(rows), TAIL_CEILING)) / len(rows),
    }
    for name, form in forms.items():
        design = Design(space, base=2**14, scrambles=8, seed=12345)
        reference = contrasts(Responses(form(design.table(), 0).reshape(8, -1, 2**14), design.factors))
        first, total = (
            part.mean(axis=0)[:2] / reference.variance.mean() for part in (reference.first, reference.total)
        )
        shares[name] = [round(float(s), 3) for s in _covered(space, form, first, total)]
    return shares, "each 0.90 to 0.99", _well_covered


def few_scrambles():
    """G* with α = 2 (Saltelli et al. 2010, equation 33): its variance differs much between small scrambles."""
    weights, without, unbounded, silent = np.zeros(4), 0, 0, 0
    names, surveys = [f"x{k}" for k in range(len(weights))], 40
    for seed in range(surveys):
        shift = np.random.default_rng((seed, 4)).random(len(weights))

        def g_star(rows, shift=shift):
            bowl = 3 * np.abs(2 * ((rows[names].to_numpy() + shift) % 1) - 1) ** 2
            return np.prod((bowl + weights) / (1 + weights), axis=1)

        rows = survey_frames(g_star, unit(len(weights)), base=64, scrambles=3, seed=seed).sensitivity()
        rows = rows[rows["hyperparameter"] != "seed"]
        without += rows["total_order"].isna().any()
        open_ended = rows[np.isinf(rows["total_high"])]
        unbounded += len(open_ended) > 0
        silent += ((open_ended["verdict"] != "undecided") | ~open_ended["reason"].str.contains("would bound it")).any()
    value = {
        "without an estimate": int(without),
        "unbounded": int(unbounded),
        "silent": int(silent),
        "surveys": surveys,
    }
    return (
        value,
        "no survey without an estimate; an unbounded interval says so",
        lambda v: v["without an estimate"] == v["silent"] == 0 < v["unbounded"],
    )


ROWS = {
    "T1": closed_forms,
    "T2": coverage,
    "T3": null,
    "T5": power,
    "T6": salib,
    "T9": not_finite,
    "T10": heavy_tails,
    "T13": few_scrambles,
}
