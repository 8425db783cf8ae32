"""Ranges to try next by the trials of a search alone.

A sampler that learns crowds its trials where it has found good ones, so where the best lie says where it looked as well
as where good settings are: these ranges are a rule of thumb, and those of a survey (:mod:`hpsearch.sensitivity.ranges`)
are measured. Often they leave out the best setting there is, which costs little where others are as good. By 12
searches each of digits, iris, diabetes and flower (60 trials by TPE, one seed a trial, over three to six
hyperparameters) the lowest mean loss among some 300 settings was on average at most 1.2 % higher within the ranges than
within those of the search; of flower over four hyperparameters it was 10 % higher (7 to 13), for they left out small
learning rates with much momentum. A second search did not show even that: what was chosen after 60 more trials within
the ranges had, on fresh seeds, 0.1 to 0.6 % more loss than after 60 more in the old ones (means over 20 to 40 searches
of digits, iris and flower, each with a 95 % interval that holds 0), and 1.7 % less with five seeds a trial (-0.2 to 4).

Past an end at which the best crowd a range goes on even if that may be chance. Where the learning rate of flower had
been held too low, 7 of 13 crowds at its high end were not shown to be of better trials; second searches then chose
settings of 7 % less loss (3 to 10) than going on did, and of 2 % less (1 to 4) where ranges passed only the other ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, nan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hpsearch.sensitivity.crowds import Crowd
from hpsearch.sensitivity.designs import DesignError
from hpsearch.sensitivity.edges import BEST, TENTHS, best_of, better, edges, standings
from hpsearch.sensitivity.proposals import Proposal, proposal
from hpsearch.sensitivity.ranges import longer
from hpsearch.space import Choice, Dimension

LEAST = 2 * BEST
"""Trials, complete or pruned, from which ranges are proposed: of fewer the ten best are no choice."""

_MARGIN = 0.25
"""Of the box's width, to either side. Ten even draws would need 1/9 to hold the range they came from on average; those
of a sampler lie closer together."""

_LEAST_MARGIN = 0.05
"""Of the range: the next one is at least a tenth as wide, for a sampler may crowd its trials at will."""

_NO_ENDS = {"share_low": nan, "share_high": nan, "edge": "", "beyond": False}
"""What is told of the ends of words."""


@dataclass(frozen=True)
class _Box(Crowd):
    """The box that holds the best trials, its margin included, as the outer quantiles.

    Attributes:
        edge: The end at which the ten best crowd, or nothing.
        shown: Whether better settings may lie beyond it (see :func:`hpsearch.sensitivity.edges.edges`).
        alone: Whether trials with each other choice are shown to be worse than those with the fullest one.
    """

    edge: str = ""
    shown: bool = False
    alone: bool = False

    words = "where the best lie, widened at both ends"
    few = "none of the best"

    @property
    def boundary(self) -> str:
        return self.edge

    @property
    def crowding(self) -> str:
        return super().crowding + ("" if self.shown else ", perhaps by chance")

    @property
    def least(self) -> float:
        return 1e-9  # a choice stays that any of the best has

    @property
    def worse(self) -> NDArray[np.bool_]:
        return np.asarray(self.shares[0] == 0)

    @property
    def beyond(self) -> float:
        return 1.0  # as far as one round may go: how close the trials lie is the sampler's doing


def trial_ranges(
    trials: pd.DataFrame,
    space: Mapping[str, Dimension],
    *,
    metric: str = "value",
    limits: Mapping[str, tuple[float, float]] | None = None,
    budget: str | None = None,
) -> pd.DataFrame:
    """Propose a range for each hyperparameter from where the best trials of a search lie.

    The best tenth of the trials count, at least ten, and all that score as the last of these; what a pruner stopped is
    none of the best. The next range is the smallest of the scale that holds them, widened at both ends by a quarter of
    its width (at least a twentieth of the range), but not beyond the range; only past an end at which the ten best
    crowd (see :func:`hpsearch.sensitivity.edges.edges`) it goes on by an octave, a linear one by a quarter of itself,
    and the reason says where that crowd may be chance. Of choices those stay that any of the best has; where that is
    one alone all stay, unless trials with each other choice are shown to be worse than those with it.

    Args:
        trials: See :func:`hpsearch.results.frames.trials`; low values are good.
        space: The ranges, each column of which the trials have.
        metric: What the value is.
        limits: Lowest and highest value that a proposed range may reach, by hyperparameter.
        budget: The hyperparameter that says how long a training is; the reason tells what more of it costs.

    Returns:
        A row a hyperparameter. Columns: response (the metric), hyperparameter, low, high, scale, trials (how many count
        as the best), share_low, share_high (of the ten best, in the lowest and highest tenth of the range), best_low,
        best_median, best_high (of those that count), boundary ("low", "high" or ""), next_low, next_high, next_choices
        (one alone where the setting is to be fixed at it), reason. What is no number is missing among the ends.

    Raises:
        DesignError: if there are fewer than 20 such trials, or fewer than 10 complete ones.
    """
    complete, count = trials[trials["state"] == "COMPLETE"], tried(trials)
    if not enough(trials):
        raise DesignError(
            f"ranges are made of the best of at least {LEAST} trials, {BEST} of them complete, and there are {count}, "
            f"{len(complete)} of them complete: search on with more --trials, or measure a survey"
        )
    best, rows, ranks = best_of(complete, max(BEST, count // TENTHS)), [], standings(complete)
    ends = edges(trials, space).set_index("hyperparameter")
    for name, dimension in space.items():
        crowded = ends.loc[name] if name in ends.index else _NO_ENDS
        box = _box(dimension, best[name].to_numpy(), edge=str(crowded["edge"]), shown=bool(crowded["beyond"]))
        if isinstance(dimension, Choice):
            places = dimension.cell_of(complete[name].to_numpy(), len(dimension.choices))
            box = replace(box, alone=_alone(box, places, ranks=ranks))
        following = proposal(dimension, box, verdict="", limit=(limits or {}).get(name, (-inf, inf)))
        reason = following.reason + (longer(dimension, following.dimension) if name == budget else "")
        numeric = dimension.numeric
        row = {"response": metric, "hyperparameter": name, **_ends("", dimension, numeric), "scale": dimension.scale}
        row |= {"trials": len(best), "share_low": crowded["share_low"], "share_high": crowded["share_high"]}
        row |= {**_quantiles(best[name], numeric), "boundary": box.boundary, **_ends("next_", following, numeric)}
        rows.append({**row, "next_choices": following.choices, "reason": reason})
    return pd.DataFrame(rows).astype(
        dict.fromkeys(("response", "hyperparameter", "scale", "boundary", "reason"), "str")
    )


def tried(trials: pd.DataFrame) -> int:
    """How many trials tell of their ranges: the complete ones, and those that a pruner stopped."""
    return int(trials["state"].isin(["COMPLETE", "PRUNED"]).sum())


def enough(trials: pd.DataFrame) -> bool:
    """Whether ranges can be made of the trials."""
    return tried(trials) >= LEAST and int((trials["state"] == "COMPLETE").sum()) >= BEST


def _alone(box: _Box, places: NDArray[np.intp], *, ranks: pd.Series) -> bool:
    """Whether the trials of each other choice are shown to be worse than those of the box's fullest.

    A sampler that learns may settle on any of few choices: in 14 of 20 searches of flower (60 trials by TPE) the ten
    best had one batch size, 32, 64 or 128, and in 10 of these another had less loss for the same ten on fresh seeds. In
    none was each other choice shown to be worse.
    """
    fullest = int(np.argmax(box.shares[0]))
    others = [place for place in range(box.shares.shape[1]) if place != fullest]
    return all(better(ranks, places == fullest, places == other) for other in others)


def _box(dimension: Dimension, values: NDArray[Any], *, edge: str, shown: bool) -> _Box:
    low, middle, high = np.quantile(dimension.to_unit(values), [0, 0.5, 1]).tolist()
    margin = max(_MARGIN * (high - low), _LEAST_MARGIN)
    cells = dimension.cells(TENTHS)
    shares = np.bincount(dimension.cell_of(values, cells), minlength=cells)[None] / len(values)
    return _Box((max(low - margin, 0.0), middle, min(high + margin, 1.0)), shares, edge=edge, shown=shown)


def _ends(prefix: str, side: Dimension | Proposal, numeric: bool) -> dict[str, Any]:
    ends = side.ends if numeric else (nan, nan)
    return dict(zip((f"{prefix}low", f"{prefix}high"), map(float, ends), strict=True))


def _quantiles(values: pd.Series, numeric: bool) -> dict[str, float]:
    spread = values.quantile([0, 0.5, 1]).tolist() if numeric else [nan] * 3
    return dict(zip(("best_low", "best_median", "best_high"), map(float, spread), strict=True))
