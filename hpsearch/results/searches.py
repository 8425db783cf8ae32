"""Tables of a search for its figures: how it went on, its space, and how its trainings went."""

from __future__ import annotations

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from hpsearch.config.arguments import checked
from hpsearch.results.frames import parameter_columns, value_columns
from hpsearch.results.names import ResultsError
from hpsearch.results.trials import TrialTables
from hpsearch.storage.studies import CONFIG, config_of_study, fact
from hpsearch.tuning.choice import ranked_trials

BAND = {"q10": 0.1, "median": 0.5, "q90": 0.9}


class SearchTables(TrialTables):
    """The tables that are made of a search's trials and curves."""

    def space(self) -> pd.DataFrame:
        """One row a hyperparameter that the trials vary, in the order of the space.

        Columns: hyperparameter (as the column of ``trials`` is called), low, high (the widest of all trials; missing
        for choices that are no numbers), scale ("log", "linear" or "choices").
        """
        ranges: dict[str, list[BaseDistribution]] = {}
        for trial in self.study.get_trials(deepcopy=False):
            for name, distribution in trial.distributions.items():
                ranges.setdefault(name, []).append(distribution)
        columns = parameter_columns(self.study)
        rows = [(columns[name], *_side(distributions)) for name, distributions in ranges.items() if name in columns]
        frame = pd.DataFrame(rows, columns=["hyperparameter", "low", "high", "scale"])
        return frame.astype({"hyperparameter": "str", "low": "float64", "high": "float64", "scale": "str"})

    def history(self) -> pd.DataFrame:
        """One row a trial, in their order: how the search went on.

        Columns: study, number, state, metric (what the value is), value (of several the first), best_so_far (by the
        study's direction, of the completed trials whose constraints hold and whose value is finite), diverged.

        Raises:
            ResultsError: if the study is only surveyed.
        """
        self._check_searched()
        trials, (sign, *_) = self.trials, _signs(self.study)
        counted = trials["number"].isin([trial.number for trial in ranked_trials(self.study)])
        first = value_columns(self.study)[0]
        best = sign * (sign * trials[first]).where(counted).cummin().ffill()
        frame = trials[["study", "number", "state", first, "diverged"]].rename(columns={first: "value"})
        frame.insert(3, "metric", metric_of(self.study))
        frame.insert(5, "best_so_far", best)
        return frame

    @property
    def pareto(self) -> pd.DataFrame:
        """The front of a study: of the completed trials that keep the constraints, those that no other is better than.

        A trial is better than another if it is in one objective, by that one's direction, and worse in none. Of one
        objective the front is the best value, with all trials that have it. A trial with a value that is not finite is
        never the best, so neither it nor what it would beat counts (Optuna's ``best_trials`` has a loss of -inf there).

        Columns: those of ``trials``, in the order of the trials.

        Raises:
            ResultsError: if the study is only surveyed.
        """
        self._check_searched()
        trials, signs = self.trials, _signs(self.study)
        unbeaten: list[int] = []
        front = np.empty((0, len(signs)))
        for trial in sorted(candidates(self.study), key=lambda trial: [*np.multiply(signs, trial.values)]):
            costs = np.multiply(signs, trial.values)  # who beats a trial comes before it in this order
            if not ((front <= costs).all(axis=1) & (front < costs).any(axis=1)).any():
                front = np.vstack([front, costs])
                unbeaten.append(trial.number)
        return trials[trials["number"].isin(unbeaten)].reset_index(drop=True)

    def curve_bands(self) -> pd.DataFrame:
        """The middle 80 % of the trials at every checkpoint.

        A trial counts at the checkpoints that it reached, by its mean over seeds; the iteration at which a trial ended
        between two checkpoints is none.

        Columns: metric, iteration, q10, median, q90, trials (how many have this metric there).
        """
        means = _trial_curves(self.curves)
        ends = means.groupby("number")["iteration"].transform("max")
        # Nobody trains on after the longest ended, so it is a checkpoint where several trials ended there.
        together = (means["iteration"] == means["iteration"].max()).sum() > 1
        shared = {*means.loc[means["iteration"] < ends, "iteration"], *([means["iteration"].max()] if together else [])}
        tall = means[means["iteration"].isin(shared)].melt(
            ["study", "number", "iteration"], _metrics(means), var_name="metric", value_name="at"
        )
        groups = tall.groupby(["metric", "iteration"], sort=False)["at"]
        bands = {name: groups.quantile(share) for name, share in BAND.items()}
        frame = pd.DataFrame(bands).assign(trials=groups.count())
        order = {metric: place for place, metric in enumerate(_metrics(means))}
        frame = frame.reset_index().sort_values("iteration", kind="stable")
        frame = frame.sort_values("metric", key=lambda names: names.map(order), kind="stable", ignore_index=True)
        return frame.astype({"metric": "str", "iteration": "int64", "trials": "int64"})

    @checked(ResultsError)
    def best_curves(self, count: int = 10) -> pd.DataFrame:
        """The curves of the best trials, the best first; see :func:`hpsearch.tuning.choice.ranked_trials`.

        Columns: study, number, rank (1 is the best), iteration, then one a metric (mean over seeds).

        Raises:
            ResultsError: if the study is only surveyed.
        """
        self._check_searched()
        ranks = {trial.number: rank for rank, trial in enumerate(ranked_trials(self.study)[:count], start=1)}
        means = _trial_curves(self.curves[self.curves["number"].isin(ranks)])
        means.insert(2, "rank", means["number"].map(ranks).astype("int64"))
        return means.sort_values(["rank", "iteration"], ignore_index=True)


def metric_of(study: optuna.Study) -> str:
    """Name of what a trial's value is, of several the first; "value" or "value_0" where nobody said it."""
    if fact(study, CONFIG):
        return str(config_of_study(study).search.metric)
    return (study.metric_names or value_columns(study))[0]


def candidates(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that may be on the front: those that may be the best, and whose every value is finite."""
    return [trial for trial in ranked_trials(study) if np.isfinite(trial.values).all()]


def objectives_of(study: optuna.Study) -> dict[str, str]:
    """The column of each objective, and its name with the way that is better: "accuracy (maximised)"."""
    columns = value_columns(study)
    ways = ["maximised" if direction == StudyDirection.MAXIMIZE else "minimised" for direction in study.directions]
    names = zip(columns, study.metric_names or columns, ways, strict=True)
    return {column: f"{name} ({way})" for column, name, way in names}


def _signs(study: optuna.Study) -> list[float]:
    """Of each objective what makes less the better."""
    return [-1.0 if direction == StudyDirection.MAXIMIZE else 1.0 for direction in study.directions]


def _side(distributions: list[BaseDistribution]) -> tuple[float, float, str]:
    last = distributions[-1]
    if isinstance(last, CategoricalDistribution):
        numbers = [choice for choice in last.choices if isinstance(choice, int | float)]
        if len(numbers) < len(last.choices):
            return np.nan, np.nan, "choices"
        return float(min(numbers)), float(max(numbers)), "choices"
    ranged = [d for d in distributions if not isinstance(d, CategoricalDistribution)]
    low, high = min(d.low for d in ranged), max(d.high for d in ranged)  # type: ignore[attr-defined]
    return float(low), float(high), "log" if last.log else "linear"  # type: ignore[attr-defined]


def _trial_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """One row a trial and checkpoint: study, number, iteration and the metrics, mean over seeds.

    A mean is missing where a seed's training has diverged and has no such metric.
    """
    metrics = _metrics(curves)
    means = curves.groupby(["study", "number", "iteration"], sort=False)[metrics].mean(skipna=False)
    return means.reset_index()


def _metrics(curves: pd.DataFrame) -> list[str]:
    return [str(name) for name in curves if name not in ("study", "number", "seed", "iteration")]
