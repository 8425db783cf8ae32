"""Isolated profiles: one setting varied while the others are held, on seeds that no search has seen.

A profile answers what a practitioner means by *sensitive*: how wrong may this one be? Tunability (Probst, Boulesteix
and Bischl 2019, J. Mach. Learn. Res. 20) answers what tuning it gains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy import stats

from hpsearch.config import HYPERPARAMETERS, StudyConfig
from hpsearch.data import Dataset
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.sensitivity.designs import DesignError, grid, one_at_a_time

FRESH_SEEDS = 1_000_000
"""First of the seeds on which profiles are trained: the best of a search is a winner on the search's own seeds."""


class TrainingSource(Protocol):
    """Where trainings come from: an :class:`~hpsearch.evaluation.evaluator.Evaluator`, or those that are kept."""

    @property
    def config(self) -> StudyConfig:
        """The study."""

    @property
    def dataset(self) -> Dataset:
        """Its data."""

    def evaluate(self, settings: Sequence[Hyperparameters], *, seeds: Sequence[int]) -> list[Evaluation]:
        """Evaluate settings on every seed, an evaluation each, in order."""


def profile(
    evaluator: TrainingSource, around: Hyperparameters, name: str, *, values: int = 64, seeds: int = 10
) -> pd.DataFrame:
    """The metric along one hyperparameter, the others held.

    Args:
        evaluator: Of the study.
        around: The setting to vary.
        name: Of the hyperparameter.
        values: Over its range, evenly in its scale.
        seeds: Trainings of each value, on fresh seeds.

    Returns:
        A row a value. Columns: hyperparameter, value, metric, mean, low, high (95 % t-interval over seeds), error (the
        validation error's mean; missing for regression), seeds, near_best (whether the mean is within one standard
        error of the lowest).

    Raises:
        DesignError: if the hyperparameter does not vary in the study.
    """
    space, metric = evaluator.config.space.dimensions, evaluator.config.search.metric
    rows = one_at_a_time(space, name, asdict(around), values=values)
    fresh = range(FRESH_SEEDS, FRESH_SEEDS + seeds)
    scores, errors = _scores(evaluator, rows, fresh)
    mean, error = scores.mean(axis=1), scores.std(axis=1, ddof=1) / np.sqrt(seeds)
    half, lowest = stats.t.ppf(0.975, seeds - 1) * error, int(mean.argmin())
    return pd.DataFrame(
        {
            "hyperparameter": pd.Series([name] * len(rows), dtype="str"),
            "value": rows[name],
            "metric": pd.Series([metric] * len(rows), dtype="str"),
            "mean": mean,
            "low": mean - half,
            "high": mean + half,
            "error": errors.mean(axis=1),
            "seeds": seeds,
            "near_best": mean <= mean[lowest] + error[lowest],
        }
    )


def plane(
    evaluator: TrainingSource, around: Hyperparameters, first: str, second: str, *, values: int = 16, seeds: int = 3
) -> pd.DataFrame:
    """The metric over a grid of two hyperparameters, the others held.

    Args:
        evaluator: Of the study.
        around: The setting to vary.
        first: Hyperparameter of the one axis.
        second: Of the other.
        values: Along each axis, evenly in its scale.
        seeds: Trainings of each point, on fresh seeds.

    Returns:
        A row a point, ``second`` varying fastest. Columns: the two, metric, mean, low, high (95 % t-interval over
        seeds), error (as in :func:`profile`), seeds.

    Raises:
        DesignError: if one of the two does not vary in the study, or they are the same.
    """
    if first == second:
        raise DesignError(f"a grid needs two hyperparameters (given: {first!r} twice)")
    rows = grid(evaluator.config.space.dimensions, (first, second), asdict(around), values=(values, values))
    scores, errors = _scores(evaluator, rows, range(FRESH_SEEDS, FRESH_SEEDS + seeds))
    mean = scores.mean(axis=1)
    half = stats.t.ppf(0.975, seeds - 1) * scores.std(axis=1, ddof=1) / np.sqrt(seeds)
    return rows[[first, second]].assign(
        metric=pd.Series([evaluator.config.search.metric] * len(rows), dtype="str"),
        mean=mean,
        low=mean - half,
        high=mean + half,
        error=errors.mean(axis=1),
        seeds=seeds,
    )


def tolerance(profiled: pd.DataFrame, *, points: float = 0.01) -> dict[str, Any]:
    """How wrong a setting may be, from its profile.

    Args:
        profiled: One hyperparameter's :func:`profile`.
        points: Validation error that may be lost (0.01: one point of accuracy).

    Returns:
        hyperparameter, best, the stretch around the best in which the mean stays within one standard error (near_low,
        near_high), and that in which the error stays within ``points`` of the error there (tolerated_low,
        tolerated_high; missing for regression).
    """
    best = int(profiled["mean"].argmin())
    values = profiled["value"].tolist()
    near = _stretch(profiled["near_best"].to_numpy(), best)
    row = {"hyperparameter": profiled["hyperparameter"].iat[0], "best": values[best]}
    row |= {"near_low": values[near[0]], "near_high": values[near[1]]}
    error = profiled["error"].to_numpy()
    if np.isnan(error).any():
        return {**row, "tolerated_low": np.nan, "tolerated_high": np.nan}
    tolerated = _stretch(error <= error[best] + points, best)
    return {**row, "tolerated_low": values[tolerated[0]], "tolerated_high": values[tolerated[1]]}


def _stretch(inside: Any, start: int) -> tuple[int, int]:
    """Ends of the unbroken run of true around a place."""
    low = high = start
    while low > 0 and inside[low - 1]:
        low -= 1
    while high < len(inside) - 1 and inside[high + 1]:
        high += 1
    return low, high


def tunability(evaluator: TrainingSource, best: Hyperparameters, *, values: int = 24, seeds: int = 10) -> pd.DataFrame:
    """What tuning one hyperparameter alone gains over its default.

    The value is chosen on one set of fresh seeds and its gain measured on another, in pairs: no winner's curse.

    Args:
        evaluator: Of the study.
        best: The best setting, for the gain that is left when all others are tuned.
        values: Tried over each range.
        seeds: Trainings of each value, and of each setting that is compared.

    Returns:
        A row a hyperparameter, the largest gain first. Columns: hyperparameter, default, tuned (its best value with the
        others at their defaults), gain, gain_low, gain_high (fall of the metric, 95 % t-interval over seeds), best,
        gain_at_best, at_best_low, at_best_high (what setting it from its default to the best one's value gains, the
        others at the best).
    """
    space = evaluator.config.space.dimensions
    default = _defaults(evaluator)
    rows = []
    for name in space:
        tried = profile(evaluator, Hyperparameters(**default), name, values=values, seeds=seeds)
        tuned = tried["value"].iat[int(tried["mean"].argmin())]
        compared = [default, {**default, name: tuned}, {**asdict(best), name: default[name]}, asdict(best)]
        scores, _ = _scores(evaluator, pd.DataFrame(compared), range(FRESH_SEEDS + seeds, FRESH_SEEDS + 2 * seeds))
        gain, at_best = (_paired(scores[k] - scores[k + 1]) for k in (0, 2))
        rows.append(
            {
                "hyperparameter": name,
                "default": default[name],
                "tuned": tuned,
                **dict(zip(("gain", "gain_low", "gain_high"), gain, strict=True)),
                "best": getattr(best, name),
                **dict(zip(("gain_at_best", "at_best_low", "at_best_high"), at_best, strict=True)),
            }
        )
    frame = pd.DataFrame(rows).astype({"hyperparameter": "str"})
    return frame.sort_values("gain", ascending=False, kind="stable", ignore_index=True)


def _defaults(evaluator: TrainingSource) -> dict[str, Any]:
    """The defaults of the settings, a fixed one's value, and the nearest end where a default lies outside the data."""
    config, examples = evaluator.config, len(evaluator.dataset.train.X)
    default = {setting.name: setting.default for setting in HYPERPARAMETERS}
    default["batch_size"] = min(int(default["batch_size"]), examples)
    longest = int(config.space.largest("iterations"))
    default["iterations"] = min(int(default["iterations"]), longest)
    return {**default, **config.space.fixed}


def _paired(differences: Any) -> tuple[float, float, float]:
    mean = float(differences.mean())
    half = float(stats.t.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / np.sqrt(len(differences)))
    return mean, mean - half, mean + half


def _scores(evaluator: TrainingSource, rows: pd.DataFrame, seeds: Sequence[int]) -> tuple[Any, Any]:
    """The metric and the validation error of each row on each seed, ``(rows, seeds)``."""
    settings = [Hyperparameters(**_natural(row)) for row in rows.to_dict("records")]
    evaluations = evaluator.evaluate(settings, seeds=seeds)
    metrics = evaluations[0].metrics
    ends = np.stack([evaluation.curves[:, -1].astype(float) for evaluation in evaluations])
    scores = ends[:, :, metrics.index(evaluator.config.search.metric)]
    if "validation_error" not in metrics:
        return scores, np.full(scores.shape, np.nan)
    return scores, ends[:, :, metrics.index("validation_error")]


def _natural(row: Mapping[Any, Any]) -> dict[str, Any]:
    whole = {setting.name for setting in HYPERPARAMETERS if setting.kind == "int"}
    return {str(name): int(value) if name in whole else float(value) for name, value in row.items()}
