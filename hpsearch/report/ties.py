"""What is said of a search whose trials score alike, or no better than an answer that ignores its input."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hpsearch.data.dataset import Dataset
from hpsearch.experiments.trainings import useless
from hpsearch.results.study import Results

_MARGIN = 0.01
"""Share of the score of guessing by which a trial must be better to be told from it."""

_EQUAL = ("zeros", "constant")
"""Initial weights that are the same for every unit."""


def alike_line(results: Results) -> str:
    """Whether all trials score alike, or like guessing, and why where that is seen; or nothing.

    Args:
        results: Of a search of this project's, with its data at hand.
    """
    trials = results.trials[results.trials["state"] == "COMPLETE"]
    if trials.empty:
        return ""
    if trials["diverged"].fillna(False).all():
        return f"{_all(len(trials))} diverged, so none is a choice: try a lower learning_rate"
    parts = [_scores(trials, results.config.search.metric, results.dataset), _units(trials, results)]
    return "; ".join(filter(None, parts))


def alike_sentence(results: Results) -> str:
    """The same as a sentence, for what speaks of the trial that was chosen."""
    line = alike_line(results)
    return f"Mind: {line}." if line else ""


def _scores(trials: pd.DataFrame, metric: str, dataset: Dataset) -> str:
    """What the values show: no more than guessing does, or no difference."""
    words, values, guessed = metric.replace("_", " "), trials["value"], _guessed(metric, dataset)
    span = " to ".join(dict.fromkeys(f"{value:.4f}" for value in (values.min(), values.max())))
    if values.min() >= guessed * (1 - _MARGIN):
        none = f"none of the {len(trials)} trials is" if len(trials) > 1 else "the one trial is not"
        return (
            f"{none} better by {100 * _MARGIN:g} % than an answer that ignores its input ({words} {guessed:.4f}; here "
            f"{span}), so the choice means nothing"
        )
    if len(trials) > 1 and " to " not in span:
        return f"{_all(len(trials))} score alike: {words} {span}, so the first is chosen and the others are as good"
    return ""


def _all(count: int) -> str:
    return f"all {count} trials" if count > 1 else "the one trial"


def _guessed(metric: str, dataset: Dataset) -> float:
    """The metric of an answer that ignores its input: the frequencies of the training classes, or their largest."""
    if metric == "validation_error":
        most = np.argmax(np.bincount(dataset.train.y))
        return float(np.mean(dataset.validation.y != most))
    return useless(dataset)[metric]


def _units(trials: pd.DataFrame, results: Results) -> str:
    """Whether the units of a layer compute the same in every trial, and how the weights began."""
    config = results.config
    settings = config.settings_of({name: trials[name].tolist() for name in config.space.dimensions})
    narrowest = min(min(setting.hidden) for setting in settings)
    if narrowest < 2 or not (trials["distinct_units"] == 1).all():
        return ""
    inits = list(dict.fromkeys(trials["init"])) if "init" in trials else [config.network.init]
    line = "in every trial all units of a hidden layer compute the same (distinct_units 1)"
    if set(inits) <= set(_EQUAL):
        began = " or ".join(f'"{init}"' for init in inits)
        line += f': weights that begin equal, as by init = {began}, stay equal; init = "scaled" draws them apart'
    return line
