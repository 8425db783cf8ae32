"""Importance of any Optuna study's parameters by surrogates, with what a chart of them lacks: intervals and a null.

Three measures side by side: PED-ANOVA (Watanabe, Bansal and Hutter 2023), which asks what gets a trial into the best
tenth; fANOVA (Hutter, Hoos and Leyton-Brown 2014), which explains the variance by a forest; and permutation importance
(Breiman 2001; Fisher, Rudin and Dominici 2019) of a kernel ridge regression on held-out folds. The first two sum to 1
by construction, on pure noise as well: only the adjusted p-value tells whether there is anything.

All three read the order of the values alone: PED-ANOVA by its nature, the others because they explain normal scores of
the values' ranks. So neither an outlier nor the scale of the values (a loss or its logarithm) changes anything.

What to expect of 100 random trials of six parameters: one with 0.2 of the variance, beside one with 0.7, is seen in so
many of 100 studies (of 10 for fANOVA; p <= 0.05 without the adjustment in brackets; row T24 of ``make truth``):

=============  ============================  =====================================
measure        both effects straight lines   both valleys, the best in the middle
=============  ============================  =====================================
ped_anova      60 % (86 %)                   41 % (77 %)
fanova         10 of 10 (10)                 9 of 10 (9)
permutation    24 % (85 %)                   11 % (54 %)
=============  ============================  =====================================

So what is not seen may still matter. An interval speaks of as many trials as there are. The importance of a study of
thousands (lines, row T20) lay in 97 % (PED-ANOVA), 94 % (permutation) and 88 % (fANOVA) of the intervals of all
parameters, but in 70 to 95 % of those of the two that matter, because importances change with the number of trials.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import optuna
import pandas as pd
from optuna.trial import FrozenTrial

from hpsearch.config.arguments import check_record, checked
from hpsearch.results.measures import MEASURES
from hpsearch.results.observations import ImportanceError, ImportanceWarning, tell
from hpsearch.results.points import Numbers, Sample
from hpsearch.results.resampling import ImportanceProgress, Resamples, expected, interval_by_halves, resampled
from hpsearch.results.samples import read_sample
from hpsearch.sensitivity.verdicts import holm

__all__ = ["ImportanceError", "ImportanceProgress", "ImportanceWarning", "importance"]

_PERMUTATIONS = {"ped_anova": (200, 40), "fanova": (40, 20), "permutation": (200, 40)}
"""One more than the number of permutations: at least, and a parameter. The smallest p-value is one in so many; with 20
a parameter Holm's correction leaves it at 0.05."""

_BOOTSTRAPS = {"ped_anova": 200, "fanova": 100, "permutation": 200}

COLUMNS = ("importance", "low", "high", "null_high", "p_value", "p_adjusted")
_NULL = 0.95
"""Of the permutations, below ``null_high``."""

SEEN, NOT_SEEN, TOO_FEW = "seen", "not seen", "too few permutations"


@checked(ImportanceError)
def importance(
    study: optuna.Study,
    *,
    target: Callable[[FrozenTrial], float] | None = None,
    objective: int | str | None = None,
    measures: Sequence[str] = ("ped_anova", "fanova", "permutation"),
    permutations: int | None = None,
    bootstraps: int | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    workers: int = 1,
    on_progress: Callable[[ImportanceProgress], None] | None = None,
) -> pd.DataFrame:
    """Importance of every parameter of a study, by three measures.

    Only completed trials count. A parameter counts if at least half of them have it; those that lack it are left out.
    Trials of one setting count as one observation, with the median of their values. Numeric parameters are taken on
    their own scale (log ranges in the logarithm), as Optuna's fANOVA would not.

    With six parameters 100 trials take 5 s of one process, 1,000 half a minute, 4,000 four minutes and 9,000 some
    twenty (PED-ANOVA alone takes a second); the first call of ``on_progress`` tells how long it will be.

    Args:
        study: Any Optuna study.
        target: What to explain, lower is better; the objective by default.
        objective: Which objective to explain, in the study's direction: its place or its metric name. A study of
            several objectives needs it, or a target.
        measures: Which of "ped_anova", "fanova" and "permutation".
        permutations: For the p-value; by default 40 a parameter (at least 200) less one, of the slow fANOVA 20 (at
            least 40), which is as few as a verdict can be made of.
        bootstraps: Half samples of the trials, for the interval; 200, and 100 for fANOVA.
        confidence: Of the interval; and 1 - confidence is the level of the verdict.
        seed: Of the permutations, the half samples and the measures' own draws.
        workers: Processes, with one BLAS thread each; the numbers do not depend on it. More than one start new
            processes where there is work for more than some seconds, so a script must call this under
            ``if __name__ == "__main__":``.
        on_progress: Called first when some permutations and half samples have shown how long all will take, then with
            every further few.

    Returns:
        A row a measure and parameter. Columns: measure, hyperparameter, importance; low and high (the importance plus
        and minus the quantile of its distance from that of random halves of the trials, Politis and Romano 1994; shares
        are cut at 0 and 1); null_high (the importance that 95 % of the permutations stay below); p_value ((1 + number
        of permutations at least as important) / (1 + permutations), Phipson and Smyth 2010); p_adjusted (for the number
        of parameters, by Holm 1979, within the measure); verdict ("seen", "not seen", "too few permutations" where no
        number of them as small could have shown it); permutations, bootstraps, trials, settings (different ones).
        Missing, and no verdict, where the values are constant.

        For a p-value the values are permuted against the parameters; for fANOVA one parameter at a time against the
        values and the other parameters. What is compared are not shares: PED-ANOVA's divergences, and the variances of
        the forest's marginals. Of a share, null_high is what it would be beside the others as they are.

    Raises:
        ImportanceError: if there are fewer than 10 usable trials or different settings, no parameter that half of them
            have, no such measure or objective, or several objectives and none of them chosen; or if an argument is not
            of its kind.

    Warns:
        ImportanceWarning: where trials or parameters were left out or joined, are few, or were not drawn evenly; where
            values are constant or have outliers.
    """
    options = Options(tuple(measures), permutations, bootstraps, confidence, seed)
    sample = read_sample(study, target=target, objective=objective)
    tell(sample.notes, stacklevel=4)
    return importance_of(sample, options, workers=workers, on_progress=on_progress)


class ImportanceOptions(TypedDict, total=False):
    """The arguments of :func:`importance` besides the study, for those that hand them on; the defaults are its own."""

    target: Callable[[FrozenTrial], float] | None
    objective: int | str | None
    measures: Sequence[str]
    permutations: int | None
    bootstraps: int | None
    confidence: float
    seed: int
    workers: int
    on_progress: Callable[[ImportanceProgress], None] | None


@dataclass(frozen=True)
class Options:
    """What :func:`importance` computes, as its arguments say."""

    measures: tuple[str, ...] = tuple(MEASURES)
    permutations: int | None = None
    bootstraps: int | None = None
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        check_record(self, ImportanceError)
        if unknown := sorted(set(self.measures) - set(MEASURES)):
            raise ImportanceError(f"no measure {unknown[0]!r}: choose among {', '.join(MEASURES)}")

    def counts(self, measure: str, parameters: int) -> tuple[int, int]:
        """Numbers of permutations and of half samples."""
        least, each = _PERMUTATIONS[measure]
        nulls = max(least, each * parameters) - 1 if self.permutations is None else self.permutations
        return nulls, _BOOTSTRAPS[measure] if self.bootstraps is None else self.bootstraps


def importance_of(
    sample: Sample,
    options: Options,
    *,
    workers: int = 1,
    on_progress: Callable[[ImportanceProgress], None] | None = None,
) -> pd.DataFrame:
    """The table of :func:`importance` of a sample."""
    missing = np.full(len(sample.names), np.nan)
    varies = np.ptp(sample.scores) > 0
    own = {name: MEASURES[name].importances(sample, options.seed) if varies else missing for name in options.measures}
    tasks = [
        task for name in options.measures if np.isfinite(own[name]).all() for task in _tasks(name, sample, options)
    ]
    computed = resampled(sample, options.seed, tasks, workers=workers, on_progress=on_progress)
    results = {(task.measure, task.null): result for task, result in zip(tasks, computed, strict=True)}
    frames = []
    for name in options.measures:
        resamples = [results[name, null] for null in (True, False) if (name, null) in results]
        columns: dict[str, Numbers | list[str]] = {**dict.fromkeys(COLUMNS, missing), "verdict": [""] * len(missing)}
        if resamples:
            columns = _columns(name, sample, options, own[name], *resamples)
        named = pd.DataFrame({"measure": name, "hyperparameter": sample.names, **columns})
        named = named.astype({"measure": "str", "hyperparameter": "str", "verdict": "str"})
        nulls, halves = options.counts(name, len(sample.names))
        counts = {"permutations": nulls, "bootstraps": halves, "trials": sample.count, "settings": len(sample.values)}
        frames.append(named.assign(**counts))
    return pd.concat(frames, ignore_index=True)


def importance_cost(sample: Sample, options: Options, *, workers: int = 1) -> ImportanceProgress:
    """What :func:`importance_of` would compute, and how long it takes, by a few resamples of each measure."""
    measures = options.measures if np.ptp(sample.scores) > 0 else ()
    tasks = [task for name in measures for task in _tasks(name, sample, options)]
    return expected(sample, options.seed, tasks, workers=workers)


def _tasks(name: str, sample: Sample, options: Options) -> tuple[Resamples, Resamples]:
    """The permutations and the half samples of a measure."""
    rng = np.random.default_rng((options.seed, list(MEASURES).index(name)))
    nulls, halves = options.counts(name, len(sample.names))
    return Resamples(name, True, nulls, rng), Resamples(name, False, halves, rng.spawn(1)[0])


def _columns(
    name: str, sample: Sample, options: Options, own: Numbers, null: Numbers, halves: Numbers
) -> dict[str, Numbers | list[str]]:
    """Importance, interval, p-values and verdict, ``(parameters,)`` each.

    Args:
        name: Of the measure.
        sample: The settings.
        options: For the confidence and the seed.
        own: Importances of the sample.
        null: Statistics of its permutations, ``(permutations, parameters)``.
        halves: Importances of its halves, ``(halves, parameters)``.
    """
    measure, nulls = MEASURES[name], len(null)
    low, high = interval_by_halves(own, halves, confidence=options.confidence, shares=measure.shares)
    null_high = p = adjusted = np.full(len(own), np.nan)
    if nulls:
        statistic = measure.statistic(sample, options.seed)
        null_high = _importance_of(np.quantile(null, _NULL, axis=0), own, statistic, shares=measure.shares)
        p = (1 + np.sum(null >= statistic, axis=0)) / (1 + nulls)
        adjusted = holm(p)
    level = 1 - options.confidence
    verdicts = [_verdict(a, b, smallest=1 / (1 + nulls), level=level) for a, b in zip(p, adjusted, strict=True)]
    return {**dict(zip(COLUMNS, (own, low, high, null_high, p, adjusted), strict=True)), "verdict": verdicts}


def _importance_of(null: Numbers, own: Numbers, statistic: Numbers, *, shares: bool) -> Numbers:
    """The importance of a parameter whose statistic were that of the null, the others as they are."""
    if not shares:
        return null
    part = null / statistic.sum()
    return part / (1 - own + part)


def _verdict(p: float, adjusted: float, *, smallest: float, level: float) -> str:
    if np.isnan(p):
        return ""
    if adjusted <= level:
        return SEEN
    return TOO_FEW if p <= smallest else NOT_SEEN
