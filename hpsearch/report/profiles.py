"""What a study's page shows around the best setting, and must be trained for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypedDict

from hpsearch.config.study import SURVEY
from hpsearch.results.study import Results
from hpsearch.sensitivity.designs import DesignError

if TYPE_CHECKING:
    from hpsearch.experiments.attributions import Attribution


class Size(TypedDict):
    """Values along a range, and the fresh seeds that each is trained on."""

    values: int
    seeds: int


POINTS = 0.01
"""Validation error that may be lost, in the section that says how wrong a setting may be."""

PROFILE, PLANE = Size(values=16, seeds=10), Size(values=12, seeds=3)
"""Of what is trained for a page: on digits, half a minute with two workers."""

MIXED = 10
"""Fresh seeds that all mixtures of the defaults and the best are trained on."""

RIDGE = ("learning_rate", "momentum")
"""The two settings whose plane is shown, where both vary."""


def around_the_best(results: Results) -> dict[Callable[..., object], str]:
    """What the page shows around the best setting and must be trained for it: each table's method, and its words."""
    if not trainable(results):
        return {}
    tables: dict[Callable[..., object], str] = {partial(results.tolerance, points=POINTS, **PROFILE): "profiles"}
    if results.config.space.dimensions.keys() >= set(RIDGE):
        tables[partial(results.plane, *RIDGE, **PLANE)] = "plane"
    if _changed(results):
        tables[partial(results.attribution, seeds=MIXED)] = "mixtures"
    return tables


def attribution_of(results: Results) -> Attribution | None:
    """What each changed setting gained from the defaults to the best; None where there is no such change."""
    return results.attribution(seeds=MIXED) if trainable(results) and _changed(results) else None


def _changed(results: Results) -> bool:
    """Whether the best is another setting than the defaults."""
    try:
        results.cost("attribution", seeds=MIXED)
    except DesignError:
        return False
    return True


def trainable(results: Results) -> bool:
    """Whether there is a best setting to train around."""
    searched = results.ours and not results.study.study_name.endswith(SURVEY)
    return searched and bool((results.trials["state"] == "COMPLETE").any())
