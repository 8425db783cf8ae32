"""A survey that grows until its verdicts are decided, and errs no more often for being looked at.

It is looked at six times at most: at the design that was asked for, and after each of five doublings of its base. Were
every look a test at the full level, a setting that does nothing would have six chances to be called sensitive. So each
look spends a sixth of the error (Bonferroni; an alpha spending function, Lan and DeMets 1983, that is even over the
planned looks): verdicts and intervals of all looks together err as seldom as those of one, whichever look is the last,
and however alike the looks are. A survey keeps the looks that were ever planned for it.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Literal

from hpsearch.evaluation.deadlines import OutOfTimeError
from hpsearch.experiments.measurement import Measurement
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.concentration import ConcentrationWarning
from hpsearch.sensitivity.designs import DUMMY, LARGEST_BASE, SEED, Design, DesignError
from hpsearch.sensitivity.verdicts import NO_FLOOR, UNDECIDED

LOOKS = 6
"""At a base and after each of five doublings: 32 times the rows."""

Until = Literal["decided"] | float
"""When a survey has grown enough: every verdict is decided, or all but this share of the settings."""


def share_of(until: Until) -> float:
    """The share of settings that may stay undecided.

    Raises:
        DesignError: if that is no share.
    """
    if isinstance(until, str) and until == "decided":
        return 0.0
    if isinstance(until, bool) or not isinstance(until, int | float) or not 0 <= until < 1:
        raise DesignError(
            f'until must be "decided", or the share of settings that may stay undecided, from 0 to below 1 (given: '
            f"{until!r}); for a limit in seconds give timeout"
        )
    return float(until)


def planned(design: Design) -> list[Design]:
    """The designs at which verdicts are looked at, the smallest first."""
    bases = [design.base * 2**k for k in range(LOOKS)]
    return [replace(design, base=base) for base in bases if base <= LARGEST_BASE]


def grown(measurement: Measurement, design: Design, *, until: Until) -> Survey:
    """Measure a design, and larger ones as long as verdicts are undecided and time is left.

    Returns:
        The survey of the largest design that is complete.

    Raises:
        OutOfTimeError: if not even the first is complete.
        ResponseError: if the response that is judged cannot be analysed.
    """
    designs, allowed, answers = planned(design), share_of(until), measurement.answers
    sizes = {*answers.state.looks, *((d.base, d.scrambles) for d in designs)}
    answers.learn(looks=tuple(sorted(sizes)))
    survey = None
    for larger in designs:
        try:
            survey = measurement.complete(larger)
        except OutOfTimeError:
            if survey is None:
                raise
            return survey
        if undecided(survey) <= allowed:
            break
    assert survey is not None, "a plan has a first design"
    return survey


def undecided(survey: Survey) -> float:
    """Share of the settings whose verdict more rows may yet decide."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConcentrationWarning)  # the caller's own look at the end tells
        table = survey.sensitivity()
    settings = table[~table["hyperparameter"].isin((SEED, DUMMY))]
    open_ = (settings["verdict"] == UNDECIDED) & (settings["reason"] != NO_FLOOR)
    return float(open_.mean())
