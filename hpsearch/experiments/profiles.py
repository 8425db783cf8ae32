"""Isolated profiles: one setting varied while the others are held, on seeds that no search has seen.

A profile answers what a practitioner means by *sensitive*: how wrong may this one be? Tunability (Probst, Boulesteix
and Bischl 2019, J. Mach. Learn. Res. 20) answers what tuning it gains.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hpsearch.config import StudyConfig
from hpsearch.config.hyperparameters import BY_NAME
from hpsearch.data import Dataset
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.experiments.tolerances import interval_columns, intervals, levels
from hpsearch.sensitivity.designs import DesignError
from hpsearch.sensitivity.grids import grid, one_at_a_time
from hpsearch.sensitivity.indices import Numbers

FRESH_SEEDS = 1_000_000
"""First of the seeds on which profiles are trained, unless the search used larger ones: the best of a search is a
winner on the search's own seeds."""


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
    source: TrainingSource, around: Hyperparameters, name: str, *, values: int = 32, seeds: int = 32
) -> pd.DataFrame:
    """The metric along one hyperparameter, the others held, and what another value than the chosen one loses.

    Every value is trained on the same seeds, so differences between values are paired and luck cancels. They are taken
    from the value that ``around`` has, which was chosen before and on other seeds: the lowest of the means measured
    here would be a winner by luck, and the others would seem worse than they are.

    Args:
        source: Of trainings.
        around: The setting to vary.
        name: Of the hyperparameter.
        values: Over its range, evenly in its scale; the one that ``around`` has joins them.
        seeds: Trainings of each value, on fresh seeds.

    Returns:
        A row a value. Columns: hyperparameter, value, metric, mean, low, high, difference, difference_low,
        difference_high (the metric less that of the chosen value), error (the validation error's mean),
        error_difference, error_difference_low, error_difference_high (the same of it; missing for regression), seeds,
        diverged (on how many of them training did), near_best (difference_low is not above 0: the value is not shown to
        be worse), chosen (whether it is the value of ``around``). The intervals are 95 % over seeds: of the mean those
        of :func:`hpsearch.experiments.tolerances.levels`, of differences those of ``intervals`` there.

    Raises:
        DesignError: if the hyperparameter does not vary in the study, or there are fewer than 2 seeds.
    """
    space, metric = source.config.space.dimensions, source.config.search.metric
    setting = source.config.values(around)
    rows = one_at_a_time(space, name, setting, values=values)
    rows = pd.concat([rows, pd.DataFrame([setting])]).drop_duplicates(name)
    rows = rows.iloc[np.argsort(space[name].to_unit(rows[name].to_numpy()))].reset_index(drop=True)
    chosen = int(np.argmax(rows[name] == setting[name]))
    scores, errors, diverged = _scores(source, rows, fresh_seeds(source.config, seeds))
    mean, low, high = levels(scores, step=step_of(source, metric))
    frame = pd.DataFrame(
        {
            "hyperparameter": name,
            "value": rows[name],
            "metric": metric,
            "mean": mean,
            "low": low,
            "high": high,
            **_losses("difference", scores, chosen, step=step_of(source, metric)),
            "error": errors.mean(axis=1),
            **_losses("error_difference", errors, chosen, step=step_of(source, "validation_error")),
            "seeds": seeds,
            "diverged": diverged.sum(axis=1),
        }
    )
    return frame.assign(near_best=frame["difference_low"] <= 0, chosen=np.arange(len(rows)) == chosen)


def step_of(source: TrainingSource, metric: str) -> float:
    """In which steps a metric of one training moves; 0 where it is continuous."""
    return 1 / source.dataset.validation.examples if metric == "validation_error" else 0.0


def _losses(name: str, samples: Numbers, chosen: int, *, step: float) -> dict[str, Any]:
    """What each row loses beside the chosen one, with its interval; beside itself it loses nothing for certain."""
    ends = np.array(intervals(samples - samples[chosen], step=step))
    ends[1:, chosen] = ends[0, chosen]
    return interval_columns(name, ends)


def plane(
    source: TrainingSource, around: Hyperparameters, first: str, second: str, *, values: int = 16, seeds: int = 3
) -> pd.DataFrame:
    """The metric over a grid of two hyperparameters, the others held.

    Args:
        source: Of trainings.
        around: The setting to vary.
        first: Hyperparameter of the one axis.
        second: Of the other.
        values: Along each axis, evenly in its scale.
        seeds: Trainings of each point, on fresh seeds.

    Returns:
        A row a point, ``second`` varying fastest. Columns: the two, metric, mean, low, high, error (as in
        :func:`profile`), seeds.

    Raises:
        DesignError: if one of the two does not vary in the study, they are the same, or there are fewer than 2 seeds.
    """
    rows = grid(source.config.space.dimensions, (first, second), source.config.values(around), values=(values, values))
    scores, errors, _ = _scores(source, rows, fresh_seeds(source.config, seeds))
    metric = source.config.search.metric
    mean, low, high = levels(scores, step=step_of(source, metric))
    ends = {"mean": mean, "low": low, "high": high}
    return rows[[first, second]].assign(metric=metric, **ends, error=errors.mean(axis=1), seeds=seeds)


def fresh_seeds(config: StudyConfig, seeds: int, *, extra: int = 0) -> range:
    """So many seeds, and some more, that the study's search did not use.

    Raises:
        DesignError: if there are fewer than 2.
    """
    if seeds < 2:
        raise DesignError(f"an interval needs trainings on at least 2 seeds: give seeds=2 or more (given: {seeds})")
    first = max(FRESH_SEEDS, 1 + max(config.search.seeds))
    return range(first, first + seeds + extra)


def tunability(source: TrainingSource, best: Hyperparameters, *, values: int = 24, seeds: int = 10) -> pd.DataFrame:
    """What tuning one hyperparameter alone gains over its default.

    The value is chosen on one set of fresh seeds and its gain measured on another, in pairs, so that it is no winner by
    luck of the seeds. Both are on the validation examples: on others it may gain less.

    Args:
        source: Of trainings.
        best: The best setting, for the gain that is left when all others are tuned.
        values: Tried over each range.
        seeds: Trainings of each value, and of each setting that is compared.

    Returns:
        A row a hyperparameter, the largest gain first. Columns: hyperparameter, default, tuned (its best value with the
        others at their defaults), gain, gain_low, gain_high (fall of the metric, 95 % over seeds), best,
        gain_at_best, at_best_low, at_best_high (what setting it from its default to the best one's value gains, the
        others at the best).

    Raises:
        DesignError: if there are fewer than 2 seeds.
    """
    space = source.config.space.dimensions
    at_best = source.config.values(best)
    default, fresh = defaults(source), fresh_seeds(source.config, seeds, extra=seeds)
    step, rows = step_of(source, source.config.search.metric), []
    for name in space:
        tries = one_at_a_time(space, name, default, values=values)
        scores, *_ = _scores(source, tries, fresh[:seeds])
        tuned = tries[name].iat[int(np.argmin(scores.mean(axis=1)))]
        compared = [default, {**default, name: tuned}, {**at_best, name: default[name]}, at_best]
        scores, *_ = _scores(source, pd.DataFrame(compared), fresh[seeds:])
        gain, gain_at_best = np.transpose(intervals(scores[[0, 2]] - scores[[1, 3]], step=step))
        rows.append(
            {
                "hyperparameter": name,
                "default": default[name],
                "tuned": tuned,
                **interval_columns("gain", gain),
                "best": at_best[name],
                **interval_columns("gain_at_best", gain_at_best, ends="at_best"),
            }
        )
    frame = pd.DataFrame(rows).astype({"hyperparameter": "str"})
    return frame.sort_values("gain", ascending=False, kind="stable", ignore_index=True)


def defaults(source: TrainingSource) -> dict[str, Any]:
    """The defaults of the settings, a fixed one's value, and the nearest end where a default lies outside the data."""
    config, examples = source.config, source.dataset.train.examples
    default = {name: BY_NAME[name].default for name in config.space.dimensions}
    most = {"batch_size": examples, "iterations": int(config.space.largest("iterations"))}
    default |= {name: min(int(default[name]), limit) for name, limit in most.items() if name in default}
    return {**default, **config.fixed}


def _scores(
    source: TrainingSource, rows: pd.DataFrame, seeds: Sequence[int]
) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
    """The metric and the validation error of each row on each seed, and whether that diverged; ``(rows, seeds)``."""
    settings = source.config.settings_of({str(name): rows[name].tolist() for name in rows})
    return scores(source, settings, seeds)


def scores(
    source: TrainingSource, settings: Sequence[Hyperparameters], seeds: Sequence[int]
) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
    """The metric and the validation error of each setting on each seed, and whether that diverged.

    Each is ``(settings, seeds)``.
    """
    evaluations = source.evaluate(settings, seeds=seeds)
    metric = np.stack([evaluation.ends(source.config.search.metric) for evaluation in evaluations])
    diverged = np.array([evaluation.diverged for evaluation in evaluations])
    if "validation_error" not in evaluations[0].metrics:
        return metric, np.full(metric.shape, np.nan), diverged
    return metric, np.stack([evaluation.ends("validation_error") for evaluation in evaluations]), diverged
