"""Settings of other studies, and the defaults, tried on a study: what they score there, on seeds no search has seen.

The best of a study was chosen on its validation examples, so there it looks better than it is, and settings that were
chosen elsewhere look worse beside it. What a setting loses is therefore measured on the test examples, by which nothing
is chosen; the validation examples serve to choose among settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.config import HYPERPARAMETERS, StudyConfig
from hpsearch.config.kinds import text_of
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.experiments.profiles import TrainingSource, fresh_seeds
from hpsearch.sensitivity.designs import DesignError
from hpsearch.sensitivity.indices import Numbers

DEFAULTS = "defaults"
"""Name of the defaults among settings that are named after the studies whose best they are."""

FEWEST = 6
"""Test examples that a difference has to be worth before it is called shown, for classes."""

SEEDS = 16
"""Trainings of each setting on each study, by default."""


def named_setting(config: StudyConfig | None = None, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A setting by name: of a study's trial, with what the study holds fixed; or else the defaults.

    Args:
        config: The study.
        params: Of the trial.
    """
    if config is None:
        return {setting.name: setting.default for setting in HYPERPARAMETERS}
    setting = config.settings(params or {})
    widths = set(setting.hidden)
    shape = {"width": widths.pop(), "depth": len(setting.hidden)} if len(widths) == 1 else {}
    return {**vars(setting), "hidden": text_of(setting.hidden), **shape}


def fitted(setting: Mapping[str, Any], evaluator: Evaluator) -> tuple[Hyperparameters, str]:
    """A setting as another study can take it: with what that holds fixed, and a mini-batch no larger than its data.

    Args:
        setting: By name.
        evaluator: Of the study.

    Returns:
        The setting there, and in words what of it is another value; nothing if all of it stands. The network that the
        study's [network] gives is the study's own, and no word of the setting.

    Raises:
        DesignError: if its hidden layers differ in width and the study varies width or depth.
    """
    config = evaluator.config
    space = config.space
    if missing := [name for name in space.dimensions if name not in setting]:
        raise DesignError(
            f"hidden layers {setting['hidden']} have no one {missing[0]}, which varies in study {config.name!r}: "
            "compare studies whose networks are described alike"
        )
    values = {**{name: setting[name] for name in space.dimensions}, **config.fixed}
    values["batch_size"] = min(values["batch_size"], evaluator.dataset.train.examples)
    moved = [
        f"{name} {_short(setting[name])} → {_short(values[name])}"
        for name in space.entries
        if values[name] != setting[name]
    ]
    return config.settings({name: values[name] for name in space.dimensions}), ", ".join(moved)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def on_test(evaluator: Evaluator) -> Evaluator:
    """An evaluator whose metrics named after the validation are of the test examples instead.

    Raises:
        DesignError: if the study has no test split.
    """
    dataset = evaluator.dataset
    if dataset.test is None:
        raise DesignError(
            f"study {evaluator.config.name!r} has no test split (data.test is 0), on which settings of other studies "
            "are compared with its own best: set data.test and search again"
        )
    return Evaluator(evaluator.config, replace(dataset, validation=dataset.test, test=None))


def scores(source: TrainingSource, settings: Mapping[str, Hyperparameters], *, seeds: int = SEEDS) -> pd.DataFrame:
    """What settings score on a study, a row a setting and seed.

    Args:
        source: Of the study.
        settings: By name, each fitted to the study.
        seeds: Trainings of each, on fresh seeds, the same for all.

    Returns:
        Columns: from (name of the setting), to (the study), seed (its place, from 0), points (see :func:`points`),
        loss, examples (that were held out).

    Raises:
        DesignError: if there are fewer than 2 seeds.
    """
    evaluations = source.evaluate(list(settings.values()), seeds=fresh_seeds(source.config, seeds))
    lost = [points(evaluation) for evaluation in evaluations]
    losses = [evaluation.ends("validation_loss") for evaluation in evaluations]
    return pd.DataFrame(
        {
            "from": pd.Series(np.repeat(list(settings), seeds), dtype="str"),
            "to": source.config.name,
            "seed": np.tile(np.arange(seeds), len(settings)),
            "points": np.concatenate(lost),
            "loss": np.concatenate(losses),
            "examples": source.dataset.validation.examples,
        }
    )


def points(evaluation: Evaluation) -> Numbers:
    """What is lost to a perfect answer, in points from 0 to 100: a scale that all data sets share.

    Of classes: examples put in the wrong class, in per cent. Of numbers: the share of their variance that is not
    explained, 1 − R², in per cent; what is worse than guessing the mean counts as guessing (100).

    Returns:
        ``(seeds,)``, where trainings ended.
    """
    if "validation_error" in evaluation.metrics:
        lost = evaluation.ends("validation_error")
    else:
        lost = np.clip(1 - evaluation.ends("validation_r2"), 0, 1)
    return np.round(100 * lost, 4)  # the network's own precision has six digits or so
