"""Importances of any study: what they claim on noise, and what they see where there is something."""

import re
import warnings

import numpy as np
import optuna
from threadpoolctl import threadpool_limits

from hpsearch.results.surrogates import ImportanceError, ImportanceWarning, importance

QUICK = ("ped_anova", "permutation")
STRONG, WEAK, NOISE = 0.7, 0.2, 0.1
"""Shares of the variance, of x0, of x1 and of luck; the other parameters do nothing."""

NULL_STUDIES = (
    ("ped_anova", 100, 60),
    ("ped_anova", 500, 20),
    ("permutation", 100, 200),
    ("permutation", 500, 50),
    ("fanova", 100, 10),
)
"""Measure, trials a study, studies of noise: as many as the time allows."""


def _study(points, values, **kwargs):
    study = optuna.create_study(**kwargs)
    sides = {f"x{i}": optuna.distributions.FloatDistribution(0, 1) for i in range(points.shape[1])}
    for point, value in zip(points.tolist(), np.asarray(values).tolist(), strict=True):
        params = dict(zip(sides, point, strict=True))
        study.add_trial(optuna.trial.create_trial(params=params, distributions=sides, value=value))
    return study


def noise(points, rng):
    return rng.standard_normal(len(points))


def linear(points, rng):
    return _mixture(np.sqrt(12) * (points - 0.5), rng)


def valley(points, rng):
    """The best value of either parameter lies in the middle of its range."""
    return _mixture((np.square(points - 0.5) - 1 / 12) * np.sqrt(180), rng)


def _mixture(effects, rng):
    return effects[:, :2] @ np.sqrt([STRONG, WEAK]) + np.sqrt(NOISE) * rng.standard_normal(len(effects))


def _drawn(function, trials, seed, *, parameters=6, change=lambda values, rng: values):
    """A study of random trials; ``change`` may spoil its values."""
    rng = np.random.default_rng((seed, trials))
    points = rng.random((trials, parameters))
    return _study(points, change(function(points, rng), rng))


def _tables(studies, **options):
    """The importances of studies, a table each, without a word."""
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ImportanceWarning)
        return [importance(study, **{"bootstraps": 0, **options}) for study in studies]


def _share(hits):
    """Share of hits, ``(studies,)`` or ``(studies, parameters)``, and its standard error over studies."""
    per_study = np.array(hits, dtype=float).reshape(len(hits), -1).mean(axis=1)
    error = per_study.std(ddof=1) / np.sqrt(len(per_study))
    return {"share": round(float(per_study.mean()), 4), "error": round(float(error), 4), "studies": len(hits)}


def _at_most(share, bar):
    return share["share"] - 2 * share["error"] <= bar


def null_of_importance():
    table = {}
    for measure, trials, studies in NULL_STUDIES:
        found = _tables((_drawn(noise, trials, seed) for seed in range(studies)), measures=(measure,), permutations=19)
        top = float(np.median([table["importance"].max() for table in found]))
        alarms = _share([table["p_value"] <= 0.05 for table in found])
        table[f"{measure}, {trials} trials"] = {**alarms, "top importance": round(top, 3)}
    bar = "p <= 0.05 in at most 0.06 and two standard errors"
    return table, bar, lambda v: all(_at_most(row, 0.06) for row in v.values())


def weak_beside_strong():
    value = {}
    for measure, trials, studies in (("ped_anova", 100, 60), ("ped_anova", 300, 40), ("fanova", 100, 12)):
        drawn = (_drawn(linear, trials, seed, parameters=4) for seed in range(studies))
        low = np.array([t["p_value"] <= 0.05 for t in _tables(drawn, measures=(measure,), permutations=39)])
        value[f"{measure}, {trials} trials"] = {"weak": _share(low[:, 1]), "nothing": _share(low[:, 2:])}
    due = dict(zip(value, (0.5, 0.95, 0.5), strict=True))
    bar = "the weak one: p <= 0.05 in at least 0.50, 0.95, 0.50; those that do nothing: at most 0.06 and two errors"
    return (
        value,
        bar,
        lambda v: all(row["weak"]["share"] >= due[name] and _at_most(row["nothing"], 0.06) for name, row in v.items()),
    )


def families():
    value = {}
    for measure, studies in (("ped_anova", 30), ("permutation", 120)):
        found = _tables((_drawn(noise, 100, s) for s in range(studies)), measures=(measure,), permutations=119)
        value[measure] = _share([(table.get("p_adjusted", table["p_value"]) <= 0.05).any() for table in found])
    bar = "any of six parameters of noise seen in at most 0.05 of studies and two standard errors"
    return value, bar, lambda v: all(_at_most(share, 0.05) for share in v.values())


def spoilt_values():
    def outliers(values, rng):
        values[rng.permutation(len(values))[: round(0.03 * len(values))]] = 1e4
        return values

    def giant(values, rng):
        values[0] = 1e160
        return values

    value = {}
    for name, change in (("as they are", lambda v, rng: v), ("3 % at 1e4", outliers), ("one at 1e160", giant)):
        for measure, studies in (("permutation", 80), ("fanova", 4)):
            drawn = (_drawn(linear, 100, seed, parameters=4, change=change) for seed in range(studies))
            found = _tables(drawn, measures=(measure,), permutations=19)
            seen = [bool(t["p_value"][1] <= 0.05 and np.isfinite(t["importance"][1])) for t in found]
            value[f"{measure}, {name}"] = _share(seen)
    repeated = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        points = np.tile(rng.random((15, 3)), (10, 1))
        repeated.append(_study(points, np.tile(rng.standard_normal(15), 10)))
    found = _tables(repeated, measures=QUICK, permutations=19)
    value["false alarms of 15 settings of noise stored ten times"] = _share([t["p_value"] <= 0.05 for t in found])
    bar = "spoilt values keep the share seen within 0.15 and two errors; false alarms at most 0.06 and two errors"
    return value, bar, _unspoilt


def _unspoilt(value):
    *cases, alarms = value
    plain = {name.split(",")[0]: value[name]["share"] for name in cases if name.endswith("as they are")}
    held = all(value[c]["share"] + 2 * value[c]["error"] >= plain[c.split(",")[0]] - 0.15 for c in cases)
    return held and _at_most(value[alarms], 0.06)


def intervals():
    value = {}
    for measure, large, studies in (("ped_anova", 2000, 25), ("permutation", 1500, 40), ("fanova", 1500, 6)):
        options = {"measures": (measure,), "permutations": 0}
        for function in (linear, noise):
            truth = np.full(6, 0.0 if measure == "permutation" else 1 / 6)  # of noise
            if function is linear:
                truth = _tables([_drawn(function, large, 10**6)], **options)[0]["importance"].to_numpy()
            found = _tables((_drawn(function, 100, s) for s in range(studies)), **options, bootstraps=39)
            outside = [(t["importance"] < t["low"]) | (t["importance"] > t["high"]) for t in found]
            covered = [(t["low"] - 1e-9 <= truth) & (truth <= t["high"] + 1e-9) for t in found]
            value[f"{measure}, {function.__name__}"] = {
                "outside": _share(outside),
                "truth covered": _share(covered),
                "of x0, x1, x2": np.mean(covered, axis=0)[:3].round(2).tolist(),
            }
    bar = "no importance outside its interval"
    return value, bar, lambda v: all(row["outside"]["share"] == 0 for row in v.values())


def odd_trials():
    value = {
        "importance of the parameter that joined after 3 of 150 trials": _joined_late(),
        "studies refused for one trial without parameters": _given_up(),
        "of 10 TPE studies of whole numbers warned of": _warned(optuna.samplers.TPESampler),
        "of 10 random ones": _warned(optuna.samplers.RandomSampler),
        "constant values warned of": _says("the value is the same in every trial", _study(np.eye(20), np.ones(20))),
        "difference from the maximised objective alone": _suggested(),
    }
    due = (lambda v: v >= 0.8, lambda v: v == 0, lambda v: v >= 9, lambda v: v <= 1, lambda v: v == 1, lambda v: v == 0)
    bar = "at least 0.8; none; at least 9; at most 1; 1; none"
    return value, bar, lambda v: all(holds(number) for holds, number in zip(due, v.values(), strict=True))


DIVERGENCES = {"measures": ("ped_anova",), "permutations": 0}


def _joined_late():
    points = np.random.default_rng(0).random((150, 2))
    study = _study(points[:3, :1], points[:3, 0] / 4)
    study.add_trials(_study(points[3:], points[3:] @ [0.25, 1]).trials)
    found = _tables([study], **DIVERGENCES)[0].set_index("hyperparameter")["importance"]
    return round(float(found.get("x1", 0.0)), 3)


def _given_up():
    study = _drawn(linear, 50, 0)
    study.add_trial(optuna.trial.create_trial(value=9.0))
    try:
        _tables([study], **DIVERGENCES)
    except ImportanceError:
        return 1
    return 0


def _says(words, study):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        importance(study, **DIVERGENCES, bootstraps=0)
    return int(any(words in str(warning.message) for warning in caught))


def _warned(sampler):
    count = 0
    for seed in range(10):
        study = optuna.create_study(sampler=sampler(seed=seed))
        study.optimize(lambda t: (t.suggest_int("a", 1, 20) - 10) ** 2 + t.suggest_int("b", 1, 20), n_trials=60)
        count += _says("not evenly spread", study)
    return count


def _suggested():
    """Largest difference between the importances that the refusal's advice gives and those of that objective alone."""
    drawn = _drawn(linear, 100, 0)
    alone, both = optuna.create_study(direction="maximize"), optuna.create_study(directions=["maximize", "minimize"])
    for trial in drawn.trials:
        setting = {"params": trial.params, "distributions": trial.distributions}
        alone.add_trial(optuna.trial.create_trial(**setting, value=trial.value))
        both.add_trial(optuna.trial.create_trial(**setting, values=[trial.value, 0.0]))
    try:
        _tables([both], **DIVERGENCES)
    except ImportanceError as refusal:
        first = re.search(r"which to explain, (\d)", str(refusal))[1]
    found, due = _tables([both], **DIVERGENCES, objective=int(first))[0], _tables([alone], **DIVERGENCES)[0]
    return round(float((found["importance"] - due["importance"]).abs().max()), 3)


def power():
    """Share of studies of 100 trials and six parameters with p <= 0.05 of the weak one, and in which it is seen."""
    value = {}
    for function in (linear, valley):
        for measure, studies in (("ped_anova", 10), ("fanova", 2), ("permutation", 60)):
            found = _tables((_drawn(function, 100, s) for s in range(studies)), measures=(measure,), permutations=119)
            value[f"{function.__name__}, {measure}"] = {
                "p <= 0.05": _share([t["p_value"][1] <= 0.05 for t in found]),
                "seen": _share([t["verdict"][1] == "seen" for t in found]),
            }
    return value, "reported, not judged", None


ROWS = {
    "T4": null_of_importance,
    "T17": weak_beside_strong,
    "T18": families,
    "T19": spoilt_values,
    "T20": intervals,
    "T21": odd_trials,
    "T24": power,
}
