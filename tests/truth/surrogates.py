"""Importances of any study: what they claim on noise."""

import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import optuna
from repeats import REPEATS, WORKERS

from hpsearch.engine.threads import one_blas_thread
from hpsearch.results.surrogates import ImportanceWarning, importance

NULL_STUDIES = (
    ("ped_anova", 100, 400, 20),
    ("ped_anova", 500, 400, 20),
    ("permutation", 100, 1000, 99),
    ("permutation", 500, 1000, 99),
    ("fanova", 100, 50, 20),
)
"""Measure, trials a study, studies of noise, permutations: as many as the time allows; fANOVA at 500 takes hours."""


def _noise_study(trials, seed):
    rng, sides = (
        np.random.default_rng((seed, trials)),
        {f"x{i}": optuna.distributions.FloatDistribution(0, 1) for i in range(6)},
    )
    study = optuna.create_study()
    for _ in range(trials):
        point = dict(zip(sides, rng.random(6).tolist(), strict=True))
        value = float(rng.standard_normal())
        study.add_trial(optuna.trial.create_trial(params=point, distributions=sides, value=value))
    return study


def _noise_importance(measure, trials, permutations, seed):
    """The p-values of six parameters of a study of noise, and the largest importance."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", ImportanceWarning)
    with one_blas_thread():
        study = _noise_study(trials, seed)
        found = importance(study, measures=(measure,), bootstraps=0, permutations=permutations)
    return found["p_value"].tolist(), float(found["importance"].max())


def null_of_importance():
    table = {}
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        for measure, trials, studies, permutations in NULL_STUDIES:
            work = partial(_noise_importance, measure, trials, permutations)
            found = list(pool.map(work, range(studies), chunksize=10))
            below = np.array([p for p, _ in found]) < 0.05
            error = below.mean(axis=1).std(ddof=1) / np.sqrt(studies)
            table[f"{measure}, {trials} trials"] = {
                "p < 0.05": round(float(below.mean()), 4),
                "standard error over studies": round(float(error), 4),
                "due": round((np.ceil(0.05 * (permutations + 1)) - 1) / (permutations + 1), 4),
                "top importance": round(float(np.median([top for _, top in found])), 3),
                "studies": studies,
            }
    return table, "p < 0.05 in at most 0.06, where there are studies enough to tell", _seldom


def _seldom(table):
    return all(row["p < 0.05"] <= 0.06 for row in table.values() if row["studies"] >= REPEATS)


ROWS = {"T4": null_of_importance}
