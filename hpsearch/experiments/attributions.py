"""Where the difference of two settings comes from: every mixture of them trained, and the gain shared out.

Each changed setting's share is its Shapley value (Shapley 1953): what it gains, averaged over all orders of making the
changes. Trainings are cheap, so every mixture is trained, and no surrogate stands between as in HyperSHAP (Wever et al.
2025); a single order, as ablation analysis takes it (Fawcett and Hoos 2016, J. Heuristics 22), is the best path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.config.hyperparameters import BY_NAME
from hpsearch.config.messages import did_you_mean
from hpsearch.engine.settings import Hyperparameters
from hpsearch.experiments.profiles import TrainingSource, fresh_seeds, scores, step_of
from hpsearch.experiments.tolerances import intervals, p_values
from hpsearch.sensitivity import attribution as games
from hpsearch.sensitivity.designs import DesignError
from hpsearch.sensitivity.verdicts import holm

MOST_MIXED = 10
"""Changes of which all mixtures are trained; of more, orders are drawn."""

PAIRS = 16
"""Of orders that each seed draws where there are more: an order and its reverse."""

GAINS, HARMS, NOT_SHOWN = "gains", "harms", "not shown"


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
            for it to be shown to gain; "" if it gains alone, or nowhere), common (those changed in every mixture where
            it is shown to gain), start, end, gain, gain_low, gain_high (the metric's means at both settings, and the
            whole gain), sampling_error (the part of the share's standard error that comes from drawing orders; 0 where
            every mixture was trained), seeds.
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

    def _repr_html_(self) -> str:
        shown = ["hyperparameter", "against", "of", *_columns("share"), "share_verdict", "alone", "last"]
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
    game = _Game.between(source, of, against)
    fresh = fresh_seeds(source, seeds, extra=seeds)
    if len(game.names) > MOST_MIXED:
        return _drawn(game, fresh[:seeds], words)
    losses = game.losses(range(1 << len(game.names)), fresh[:seeds])
    parts = {"share": games.shapley_values(losses), **_ends(losses[_corners(len(game.names))])}
    table = _table(game, parts, losses[[0, -1]], sampling=np.zeros(len(game.names)), company=_company(game, losses))
    path = games.best_path(losses.mean(axis=1))
    return Attribution(*words, True, table, _interactions(game, games.pair_interactions(losses)), _path(game, path, fresh[seeds:]))


@dataclass(frozen=True)
class _Game:
    """Two settings and the names in which they differ; a mixture is numbered as in ``sensitivity.attribution``."""

    source: TrainingSource
    of: Mapping[str, Any]
    against: Mapping[str, Any]
    names: tuple[str, ...]

    @classmethod
    def between(cls, source: TrainingSource, of: Hyperparameters, against: Hyperparameters) -> _Game:
        ours, theirs = asdict(of), asdict(against)
        names = tuple(name for name in ours if ours[name] != theirs[name])
        if not names:
            raise DesignError("the two settings are the same, so there is no difference to explain: give another one")
        examples = len(source.dataset.train.X)
        if (batch := max(of.batch_size, against.batch_size)) > examples:
            raise DesignError(f"batch_size {batch} is above the {examples} training examples: give a smaller one")
        return cls(source, ours, theirs, names)

    @property
    def step(self) -> float:
        return step_of(self.source, self.source.config.search.metric)

    def losses(self, mixtures: Sequence[int], seeds: Sequence[int]) -> Any:
        """The metric of each mixture on each seed, ``(mixtures, seeds)``."""
        settings = [
            {**self.against, **{name: self.of[name] for k, name in enumerate(self.names) if mixture >> k & 1}}
            for mixture in mixtures
        ]
        return scores(self.source, [Hyperparameters(**setting) for setting in settings], seeds)[0]


def _corners(count: int) -> list[int]:
    """The start, each change alone, all but each change, and the end."""
    end = (1 << count) - 1
    return [0, *(1 << k for k in range(count)), *(end ^ 1 << k for k in range(count)), end]


def _ends(corners: Any) -> dict[str, Any]:
    """What each change gains alone and last, ``(changes, seeds)`` each, from the losses of the corners."""
    count = len(corners) // 2 - 1
    return {"alone": corners[0] - corners[1 : count + 1], "last": corners[count + 1 : -1] - corners[-1]}


def _table(
    game: _Game, parts: Mapping[str, Any], corners: Any, *, sampling: Any, company: tuple[list[str], list[str]]
) -> pd.DataFrame:
    """The table of shares; parts are ``(changes, seeds)``, corners the losses of start and end ``(2, seeds)``."""
    gain = np.ravel(intervals((corners[0] - corners[1])[None], step=game.step))
    frame = pd.DataFrame(
        {
            **_changed(game, game.names),
            "metric": pd.Series([game.source.config.search.metric] * len(game.names), dtype="str"),
            **{column: values for part, of in parts.items() for column, values in _judged(part, of, game.step).items()},
            **dict(zip(("company", "common"), (pd.Series(names, dtype="str") for names in company), strict=True)),
            **dict(zip(("start", "end"), corners.mean(axis=1), strict=True)),
            **dict(zip(_columns("gain"), gain, strict=True)),
            "sampling_error": sampling,
            "seeds": corners.shape[1],
        }
    )
    return frame.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _changed(game: _Game, names: Sequence[str]) -> dict[str, pd.Series]:
    """The columns that name changes and their two values, which may be of any kind."""
    values = {side: [getattr(game, side)[name] for name in names] for side in ("against", "of")}
    columns = {side: pd.Series(values[side], dtype=object) for side in values}
    return {"hyperparameter": pd.Series(names, dtype="str"), **columns}


def _columns(part: str) -> tuple[str, str, str]:
    return part, f"{part}_low", f"{part}_high"


def _judged(part: str, samples: Any, step: float) -> dict[str, Any]:
    """Mean, interval and verdict of each row of samples, ``(rows, seeds)``."""
    columns = dict(zip(_columns(part), intervals(samples, step=step), strict=True))
    return {**columns, f"{part}_verdict": _verdicts(samples, step)}


def _verdicts(samples: Any, step: float) -> pd.Series:
    seen, mean = holm(p_values(samples, step=step)) <= 0.05, samples.mean(axis=1)
    words = [(GAINS if gain > 0 else HARMS) if shown else NOT_SHOWN for shown, gain in zip(seen, mean, strict=True)]
    return pd.Series(words, dtype="str")


def _company(game: _Game, losses: Any) -> tuple[list[str], list[str]]:
    """For each change the fewest others beside which it is shown to gain, and those of all mixtures where it is.

    Every step between two mixtures is tested, with Holm's correction over all of them: whichever is picked from those
    that are shown, it is shown.
    """
    gains = games.gains(losses)
    count, mixtures, seeds = gains.shape
    p = holm(p_values(gains.reshape(-1, seeds), step=game.step)).reshape(count, mixtures)
    means = gains.mean(axis=2)
    company, common = [], []
    for k in range(count):
        shown = np.flatnonzero((p[k] <= 0.05) & (means[k] > 0))
        others = games.others(k, count)
        fewest = min(shown, key=lambda at: (int(others[at]).bit_count(), -means[k, at]), default=None)
        company.append("" if fewest is None else _listed(game, int(others[fewest])))
        common.append(_listed(game, int(np.bitwise_and.reduce(others[shown])) if len(shown) else 0))
    return company, common


def _listed(game: _Game, mixture: int) -> str:
    return ", ".join(name for k, name in enumerate(game.names) if mixture >> k & 1)


def _interactions(game: _Game, samples: Any) -> pd.DataFrame:
    """The table of pairs from their interactions, ``(pairs, seeds)``; empty where there is none."""
    pairs = list(combinations(game.names, 2))[: len(samples)]
    names = {"interaction_low": "low", "interaction_high": "high", "interaction_verdict": "verdict"}
    frame = pd.DataFrame(pairs, columns=["first", "second"], dtype="str")
    frame = frame.assign(**_judged("interaction", samples, game.step)).rename(columns=names)
    return frame.sort_values("interaction", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def _path(game: _Game, path: Sequence[int], seeds: Sequence[int]) -> pd.DataFrame:
    """The table of a path from its start on, measured on seeds that did not choose it."""
    losses = game.losses(games.mixtures_along(path), seeds)
    steps = pd.DataFrame(_changed(game, [game.names[k] for k in path]))
    steps = steps.assign(**_judged("gain", losses[:-1] - losses[1:], game.step))
    start = pd.DataFrame({"hyperparameter": [""], "gain_verdict": [""]}, dtype="str")
    frame = pd.concat([start, steps], ignore_index=True)[list(steps)].rename(columns={"gain_verdict": "verdict"})
    for place, values in enumerate(zip(("mean", "low", "high"), intervals(losses, step=game.step), strict=True)):
        frame.insert(3 + place, *values)
    frame.insert(0, "step", range(len(frame)))
    return frame


def _drawn(game: _Game, seeds: Sequence[int], words: tuple[str, str]) -> Attribution:
    """The same from orders that each seed draws for itself: intervals over seeds then hold the error of drawing too."""
    count = len(game.names)
    corners = game.losses(_corners(count), seeds)
    shares, errors = np.empty((count, len(seeds))), np.empty((count, len(seeds)))
    for place, seed in enumerate(seeds):
        orders = games.sampled_orders(count, pairs=PAIRS, rng=np.random.default_rng((seed, count)))
        mixtures = sorted({mixture for order in orders for mixture in games.mixtures_along(order)})
        losses = dict(zip(mixtures, game.losses(mixtures, [seed])[:, 0].tolist(), strict=True))
        shares[:, place], errors[:, place] = games.sampled_values(orders, losses.__getitem__)
    sampling = np.sqrt(np.square(errors).sum(axis=1)) / len(seeds)
    parts, nobody = {"share": shares, **_ends(corners)}, [""] * count
    table = _table(game, parts, corners[[0, -1]], sampling=sampling, company=(nobody, nobody))
    none = np.empty((0, len(seeds)))
    return Attribution(*words, False, table, _interactions(game, none), _path(game, [], seeds).iloc[:0])


def setting_against(setting: Hyperparameters, changes: Mapping[str, Any]) -> Hyperparameters:
    """A setting with other values of some hyperparameters.

    Args:
        setting: The values of those that are not named.
        changes: Values by name.

    Raises:
        DesignError: if a name is unknown, or a value is not allowed.
    """
    own = asdict(setting)
    for name, value in changes.items():
        if name not in own:
            known = did_you_mean(name, own, otherwise=f"known here: {', '.join(own)}")
            raise DesignError(f"{name!r} is no hyperparameter: {known}")
        if faults := BY_NAME[name].faults(value):
            raise DesignError(faults[0].line((name,)))
    return Hyperparameters(**{**own, **changes})
