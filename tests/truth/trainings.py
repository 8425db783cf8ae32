"""Rows that train digits, in a folder that they share: each may read what those before it stored."""

import numpy as np
from repeats import WORKERS

import hpsearch
from hpsearch.experiments.trainings import survey_study
from hpsearch.results.surrogates import importance

MEASURES = ("ped_anova", "fanova", "permutation")


def dummy_on_digits(folder):
    config = hpsearch.load_config("studies/digits.toml").with_overrides(**{"survey.dummy": True})
    found = survey_study(config, workers=WORKERS, results=folder).sensitivity().set_index("hyperparameter")
    value = {name: found[name].to_dict()["dummy"] for name in ("total_order", "total_high", "verdict")}
    return value, "not sensitive", lambda v: v["verdict"] != "sensitive"


def surrogate_against_measured(folder):
    """Run after the survey of digits; the search's trials are drawn at random from the same space."""
    config = hpsearch.load_config("studies/digits.toml").with_overrides(trials=500, sampler="random")
    study = hpsearch.search(config, workers=WORKERS, results=folder)
    measured = hpsearch.load("digits", results=folder).sensitivity().set_index("hyperparameter")
    found = importance(study, target=lambda trial: np.log(trial.value), permutations=39, bootstraps=0)
    table = found.pivot(index="hyperparameter", columns="measure", values="importance")
    table = table.join(measured[["first_order", "total_order"]], how="inner")
    orders = ("first_order", "total_order")
    ranks = {
        f"{m} with {i}": round(float(table[m].corr(table[i], method="spearman")), 3) for m in MEASURES for i in orders
    }
    significant = found[found["p_value"] < 0.05].groupby("measure")["hyperparameter"].apply(list).to_dict()
    rows = table.sort_values("total_order", ascending=False).round(3).to_dict("index")
    return (
        {"importances": rows, "rank correlation": ranks, "p < 0.05": significant},
        "reported, not judged",
        None,
    )


ROWS = {"T7": dummy_on_digits, "T8": surrogate_against_measured}
