"""Which sampler asks and which pruner stops: names in a config to Optuna's objects.

A sampler is made anew for every batch of trials, seeded by the study's seed and the batch's number. So what is asked
depends on the trials told before, and on nothing that a resumed process would have forgotten.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution

from hpsearch.config import ConfigError, StudyConfig
from hpsearch.engine.settings import Array
from hpsearch.sensitivity.designs import sobol
from hpsearch.space import Space
from hpsearch.storage.internals import CmaEsSampler
from hpsearch.storage.trials import distributions

REMEMBERED = ("cma", "completed_rung_")
"""Prefixes of the trial attributes that samplers and pruners need again when a study is resumed."""

_MOST_POINTS = 10_000_000
"""Of a grid, which Optuna holds whole: some 115 bytes each."""


def remembered(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Of a trial's system attributes those that samplers and pruners need again."""
    return {name: value for name, value in attributes.items() if name.startswith(REMEMBERED)}


def check_sampler(config: StudyConfig) -> None:
    """See that the sampler can be made.

    Raises:
        ConfigError: if it needs a package that is not installed, or its grid has too many points.
    """
    if config.search.sampler == "grid" and (points := grid_size(config)) > _MOST_POINTS:
        problem = f"search.grid: {config.search.grid} values of a range make a grid of {points:,} points"
        rule = f"it may have {_MOST_POINTS:,}: give fewer values or let less vary, or use 'qmc' or 'random'"
        raise ConfigError(config.name, [f"{problem}; {rule}"])
    if config.search.sampler == "gp" and importlib.util.find_spec("torch") is None:
        rule = "install the extra with `pip install 'hpsearch[gp]'`, or use 'tpe'"
        raise ConfigError(config.name, [f"search.sampler: 'gp' needs PyTorch, which is not installed; {rule}"])


def sampler(config: StudyConfig, batch: int) -> optuna.samplers.BaseSampler:
    """The sampler of one batch of trials."""
    name, seed = config.search.sampler, config.search.seed
    drawn = int(np.random.SeedSequence((seed, batch)).generate_state(1)[0])
    if name == "random":
        return optuna.samplers.RandomSampler(seed=drawn)
    if name == "qmc":
        return SobolSampler(config.space.dimensions, seed)
    if name == "grid":
        return optuna.samplers.GridSampler(grid(config), seed=seed)
    if name == "cmaes":  # the choices, which CMA-ES cannot order, are drawn at random
        return CmaEsSampler(seed=drawn, warn_independent_sampling=False)
    if name == "gp":
        return optuna.samplers.GPSampler(seed=drawn, warn_independent_sampling=False)
    return optuna.samplers.TPESampler(seed=drawn)


def pruner(config: StudyConfig) -> optuna.pruners.BasePruner:
    """The study's pruner; none stops a trial before a thirtieth of the longest training."""
    longest = int(config.space.largest("iterations"))
    first = max(1, longest // 30)
    if config.search.pruner == "median":
        return optuna.pruners.MedianPruner(n_warmup_steps=first)
    if config.search.pruner == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=first, max_resource=longest)
    return optuna.pruners.NopPruner()


def grid(config: StudyConfig) -> dict[str, list[Any]]:
    """The grid sampler's values: all choices, ``search.grid`` values from bound to bound of a range."""
    return {name: dimension.values(config.search.grid).tolist() for name, dimension in config.space.dimensions.items()}


def grid_size(config: StudyConfig) -> int:
    """Number of points on the grid."""
    return math.prod(len(values) for values in grid(config).values())


class SobolSampler(optuna.samplers.BaseSampler):
    """Points of SciPy's scrambled Sobol sequence, a trial's number its place in the sequence.

    Optuna's own ``QMCSampler`` draws the first trials at random until one is told, and counts in the study's
    attributes; asked in batches or resumed, it would not give the sequence.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed, self._distributions = space, seed, distributions(space)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The declared space: it is known before the first trial."""
        return self._distributions

    def sample_relative(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The point of the trial's number."""
        columns = _sobol(self._space, self._seed, 1 << max(10, int(trial.number).bit_length()))
        return {name: values[trial.number : trial.number + 1].tolist()[0] for name, values in columns.items()}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Never asked for: the declared space holds every hyperparameter."""
        raise KeyError(f"{param_name!r} is not in the space {list(self._space)}")


@lru_cache(maxsize=2)
def _sobol(space: Space, seed: int, count: int) -> dict[str, Array]:
    """So many settings, a column a name; a longer sequence begins with the shorter one."""
    return space.from_unit(sobol(len(space), count, np.random.default_rng(seed)))
