"""Whether two surveys rank the settings alike: Kendall's τ of the total indices, with bounds that tests support.

τ counts pairs of settings: those that both surveys put in the same order, less those that they put in opposite ones,
over all pairs (Kendall 1938, Biometrika 30). An interval by resampling has gaps where τ has steps, and scatter draws it
towards 0. So here the order of each pair is tested in each survey, and what is not shown may be either way:

* a pair whose order is shown in both surveys counts as it stands,
* any other may be in the same order or in the opposite one, and τ lies between the two.

The bounds hold all at once with the confidence asked for, because the tests are corrected for their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.indices import Numbers, contrasts
from hpsearch.sensitivity.verdicts import holm, one_sided


def agreement(surveys: Mapping[str, Survey], metric: str | None = None, *, confidence: float = 0.95) -> pd.DataFrame:
    """How far each two surveys rank the settings alike, by their total indices.

    An index speaks of a range, so only settings take part whose range is the same in both; the shares of these depend
    on the ranges of the others too, which a reader has to bear in mind where some are left out.

    Args:
        surveys: By the names of their studies.
        metric: Response that is explained in all; by default each survey's own.
        confidence: That the true τ of a row lies between low and high; each row by itself.

    Returns:
        A row a pair of studies. Columns: first, second, tau (of the indices as they are; missing where fewer than two
        settings are common), low, high (the least and the greatest τ that the tests do not exclude), same, opposite
        (pairs of settings that are shown to be in the same order, and in opposite ones), pairs (of settings in all),
        settings, left_out (names, each separated by a comma).

    Raises:
        ResponseError: if a survey has no such response.
    """
    rows = []
    for first, second in combinations(surveys, 2):
        names = common(surveys[first], surveys[second])
        others = dict.fromkeys((*surveys[first].design.space, *surveys[second].design.space))
        pair = [_differences(surveys[study], names, metric) for study in (first, second)]
        rows.append(
            {
                "first": first,
                "second": second,
                **concordance(*pair, confidence=confidence),
                "settings": ", ".join(names),
                "left_out": ", ".join(name for name in others if name not in names),
            }
        )
    columns = ("first", "second", "tau", "low", "high", "same", "opposite", "pairs", "settings", "left_out")
    words = dict.fromkeys(("first", "second", "settings", "left_out"), "str")
    return pd.DataFrame(rows, columns=list(columns)).astype(words)


def common(first: Survey, second: Survey) -> list[str]:
    """Names of the settings that vary in both surveys, over the same range and in the same scale."""
    one, other = first.design.space, second.design.space
    return [name for name in one if name in other and one[name] == other[name]]


def _differences(survey: Survey, names: Sequence[str], metric: str | None) -> Numbers:
    """Numerator of the total index of one setting less that of another, ``(scrambles, pairs)``.

    The variance under both is the same, so their numerators are in the order of the indices.
    """
    sums = contrasts(survey.on_blocks(survey.take(metric)))
    places = [survey.design.factors.index(name) for name in names]
    i, j = np.triu_indices(len(names), 1)
    total = sums.total[:, places]
    return np.asarray(total[:, i] - total[:, j])


def concordance(first: Numbers, second: Numbers, *, confidence: float) -> dict[str, float | int]:
    """τ with its bounds, from what the total index of one setting is above that of another in two surveys.

    In each survey each pair has two hypotheses, that the one is not above the other and the reverse; all are one
    family, with Holm's (1979) correction.

    Args:
        first: ``(scrambles, pairs)``: of every pair of settings, in the one survey.
        second: ``(scrambles, pairs)``: in the other, pairs in the same order.
        confidence: That the true τ lies between the bounds.

    Returns:
        tau, low, high, same, opposite, pairs, as in :func:`agreement`.
    """
    pairs = first.shape[1]
    if not pairs:
        return {"tau": np.nan, "low": np.nan, "high": np.nan, "same": 0, "opposite": 0, "pairs": 0}
    shown = holm(np.concatenate([one_sided(d) for d in (first, -first, second, -second)])) <= 1 - confidence
    above, below, above_too, below_too = shown.reshape(4, pairs)
    same = int(np.count_nonzero((above & above_too) | (below & below_too)))
    opposite = int(np.count_nonzero((above & below_too) | (below & above_too)))
    tau = np.mean(np.sign(first.mean(axis=0)) * np.sign(second.mean(axis=0)))
    return {
        "tau": float(tau),
        "low": (same - opposite - (pairs - same - opposite)) / pairs,
        "high": (same - opposite + (pairs - same - opposite)) / pairs,
        "same": same,
        "opposite": opposite,
        "pairs": pairs,
    }
