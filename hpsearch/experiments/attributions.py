"""Where the difference of two settings comes from: every mixture of them trained, and the gain shared out.

Each changed setting's share is its Shapley value (Shapley 1953): what it gains, averaged over all orders of making the
changes. Trainings are cheap, so every mixture is trained, and no surrogate stands between as in HyperSHAP (Wever et al.
2025); a single order, as ablation analysis takes it (Fawcett and Hoos 2016, J. Heuristics 22), is the best path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hpsearch.config import StudyConfig
from hpsearch.config.fields import plain
from hpsearch.config.hyperparameters import BY_NAME
from hpsearch.config.messages import did_you_mean
from hpsearch.engine.settings import Hyperparameters
from hpsearch.experiments.profiles import TrainingSource, fresh_seeds, scores, step_of
from hpsearch.experiments.shares import Changes, pairs_table, path_table, shares_table
from hpsearch.sensitivity import attribution as games
from hpsearch.sensitivity.designs import DesignError
from hpsearch.sensitivity.indices import Numbers

MOST_MIXED = 10
"""Changes of which all mixtures are trained; of more, orders are drawn."""

PAIRS = 16
"""Of orders that each seed draws where there are more: an order and its reverse."""


@dataclass(frozen=True)
class Attribution:
    """What each changed setting gained between two settings; a gain is a fall of the metric, in its own unit.

    Intervals are 95 % t-intervals over seeds, of differences within a seed. They trust that seeds vary alike: a
    failure that is rarer than the seeds are many may be missed. A verdict is "gains", "harms" or "not shown" by a
    two-sided test at 5 %, with Holm's correction over the rows of its table.

    Attributes:
        of: The setting that is explained, in words.
        against: The setting that it is compared with, in words.
        exact: Whether every mixture was trained, so that the shares' only error is that of the seeds.
        table: A row a changed setting, the largest share first. Columns: hyperparameter, against, of (its two values),
            metric, share, share_low, share_high, share_verdict (Shapley value; the shares sum to the gain),
            alone, alone_low, alone_high, alone_verdict (gain when it alone is changed), last, last_low, last_high,
            last_verdict (gain when all others are changed already), company (the fewest others that must be changed
            for it to be shown to gain), common (those changed in every mixture where it is shown to gain; both "" if
            it gains alone, or nowhere), start, end, gain, gain_low, gain_high (the metric's means at both settings, and
            the whole gain), sampling_error (the part of the share's standard error by drawing orders; 0 where
            every mixture was trained), seeds, start_diverged, end_diverged (on how many of them training did at either
            setting, which counts with the metric's worst value).
        interactions: A row a pair, the strongest first. Columns: first, second, interaction, low, high, verdict (what
            the two gain together beyond each alone: the Shapley-Taylor index of order 2). ``alone`` of all and these
            sum to the gain. Empty where orders are drawn.
        path: A row a step of the best path, the start among them: the order of changes with the lowest mean metric on
            the way. Columns: step, hyperparameter, against, of, mean, low, high, gain, gain_low, gain_high, verdict;
            on seeds that did not choose the path. Empty where orders are drawn.
    """

    of: str
    against: str
    exact: bool
    table: pd.DataFrame
    interactions: pd.DataFrame
    path: pd.DataFrame

    def __repr__(self) -> str:
        gains = ", ".join(self.table["hyperparameter"])
        return f"Attribution of {self.of} against {self.against}: {gains}"

    def _repr_html_(self) -> str:
        shares = ["share", "share_low", "share_high", "share_verdict"]
        shown = ["hyperparameter", "against", "of", *shares, "alone", "last"]
        return f"<p>{self.of} against {self.against}</p>{self.table[shown].to_html(index=False)}"


def attribution(
    source: TrainingSource,
    of: Hyperparameters,
    against: Hyperparameters,
    *,
    words: tuple[str, str] = ("the setting", "the other"),
    seeds: int = 10,
) -> Attribution:
    """Share out what a setting gains over another among the hyperparameters in which they differ.

    Args:
        source: Of trainings.
        of: The setting to explain.
        against: The setting to compare it with.
        words: What the two are called.
        seeds: Fresh seeds that every mixture is trained on, and as many more that measure the best path.

    Raises:
        DesignError: if the settings are the same, there are fewer than 2 seeds, or a mini-batch is larger than the
            data.
    """
    changes, fresh = _changes(source, of, against), fresh_seeds(source.config, seeds, extra=seeds)
    count = len(changes.names)
    if count > MOST_MIXED:
        return _drawn(source, changes, fresh[:seeds], words)
    losses, diverged = _losses(source, changes, range(1 << count), fresh[:seeds])
    parts = {"share": games.shapley_values(losses), **_ends(losses[_corners(count)])}
    order = games.best_path(losses.mean(axis=1))
    return Attribution(
        *words,
        exact=True,
        table=shares_table(changes, parts, losses[[0, -1]], diverged=_counts(diverged), gains=games.gains(losses)),
        interactions=pairs_table(changes, games.pair_interactions(losses)),
        path=path_table(changes, order, _losses(source, changes, games.mixtures_along(order), fresh[seeds:])[0]),
    )


def _changes(source: TrainingSource, of: Hyperparameters, against: Hyperparameters) -> Changes:
    """The hyperparameters in which two settings differ."""
    ours, theirs = values_of(source.config, of), values_of(source.config, against)
    names = tuple(name for name in ours if ours[name] != theirs[name])
    if not names:
        raise DesignError("the two settings are the same, so there is no difference to explain: give another one")
    examples = source.dataset.train.examples
    if (batch := max(of.batch_size, against.batch_size)) > examples:
        raise DesignError(f"batch_size {batch} is above the {examples} training examples: give a smaller one")
    metric = source.config.search.metric
    return Changes(names, ours, theirs, metric=metric, step=step_of(source, metric))


def _losses(
    source: TrainingSource, changes: Changes, mixtures: Sequence[int], seeds: Sequence[int]
) -> tuple[Numbers, NDArray[np.bool_]]:
    """The metric of each mixture, numbered as in ``sensitivity.attribution``, on each seed, and whether that diverged.

    Both are ``(mixtures, seeds)``.
    """
    settings = [
        {**changes.against, **{name: changes.of[name] for name in changes.made(mixture)}} for mixture in mixtures
    ]
    metric, _, diverged = scores(source, [source.config.settings(setting) for setting in settings], seeds)
    return metric, diverged


def _counts(diverged: NDArray[np.bool_]) -> list[int]:
    """On how many seeds the training of the start, and of the end, did diverge."""
    return [int(count) for count in diverged[[0, -1]].sum(axis=1)]


def _corners(count: int) -> list[int]:
    """The start, each change alone, all but each change, and the end."""
    end = (1 << count) - 1
    return [0, *(1 << k for k in range(count)), *(end ^ 1 << k for k in range(count)), end]


def _ends(corners: Numbers) -> dict[str, Numbers]:
    """What each change gains alone and last, ``(changes, seeds)`` each, from the losses of the corners."""
    count = len(corners) // 2 - 1
    return {"alone": corners[0] - corners[1 : count + 1], "last": corners[count + 1 : -1] - corners[-1]}


def _drawn(source: TrainingSource, changes: Changes, seeds: Sequence[int], words: tuple[str, str]) -> Attribution:
    """The same from orders that each seed draws for itself: intervals over seeds then hold the error of drawing too."""
    count = len(changes.names)
    corners, diverged = _losses(source, changes, _corners(count), seeds)
    shares, errors = np.empty((count, len(seeds))), np.empty((count, len(seeds)))
    for place, seed in enumerate(seeds):
        orders = games.sampled_orders(count, pairs=PAIRS, rng=np.random.default_rng((seed, count)))
        met = sorted({mixture for order in orders for mixture in games.mixtures_along(order)})
        losses = dict(zip(met, _losses(source, changes, met, [seed])[0][:, 0].tolist(), strict=True))
        shares[:, place], errors[:, place] = games.sampled_values(orders, losses.__getitem__)
    sampling = np.sqrt(np.square(errors).sum(axis=1)) / len(seeds)
    parts = {"share": shares, **_ends(corners)}
    return Attribution(
        *words,
        exact=False,
        table=shares_table(changes, parts, corners[[0, -1]], diverged=_counts(diverged), sampling=sampling),
        interactions=pairs_table(changes, np.empty((0, len(seeds)))),
        path=path_table(changes, (), corners[:1]).iloc[:0],
    )


def values_of(config: StudyConfig, setting: Hyperparameters) -> dict[str, Any]:
    """A setting's values by name, as a study names them.

    Raises:
        DesignError: if its hidden layers differ in width and the study varies width or depth.
    """
    try:
        return config.values(setting)
    except ValueError as error:
        raise DesignError(str(error)) from None


def setting_against(config: StudyConfig, setting: Hyperparameters, changes: Mapping[str, Any]) -> Hyperparameters:
    """A setting with other values of some hyperparameters.

    Args:
        config: The study.
        setting: The values of those that are not named.
        changes: Values by name.

    Raises:
        DesignError: if a name is none of the study's hyperparameters, or a value is not allowed.
    """
    own, changes = values_of(config, setting), plain(changes)
    for name, value in changes.items():
        if name not in own:
            names = did_you_mean(name, own, otherwise=f"known here: {', '.join(own)}")
            raise DesignError(f"{name!r} is not a hyperparameter of study {config.name!r}: {names}")
        if faults := BY_NAME[name].faults(value):
            raise DesignError(faults[0].line((name,)))
    return config.settings({**own, **changes})
