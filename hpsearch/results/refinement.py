"""What to try after a study: the ranges that its survey or its trials propose, and the study that has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from hpsearch.config import StudyConfig
from hpsearch.config.hyperparameters import reach
from hpsearch.config.study import SURVEY
from hpsearch.experiments.surveys import refined_config
from hpsearch.results.study import Results, ResultsError
from hpsearch.sensitivity.designs import DesignError
from hpsearch.sensitivity.trials import trial_ranges, tried
from hpsearch.space import Choice, Dimension, Space
from hpsearch.tuning.choice import best_trial


@dataclass(frozen=True)
class Refinement:
    """Ranges to try next.

    Attributes:
        source: What proposes them: "survey", which covered the ranges evenly, or "trials", which a sampler chose.
        ranges: The proposals, a row a hyperparameter: of :meth:`hpsearch.Survey.ranges` or of
            :func:`hpsearch.sensitivity.trials.trial_ranges`.
        space: The ranges before.
        config: The study that follows.
        rows: Rows of the survey, or trials, that proposed them.
        outside: Values of the search's best trial that the new ranges do not hold, by hyperparameter.
    """

    source: Literal["survey", "trials"]
    ranges: pd.DataFrame
    space: Space
    config: StudyConfig
    rows: int
    outside: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        rows = "trials" if self.source == "trials" else "rows of the survey"
        return f"Refinement({self.config.name!r}, by {self.rows:,} {rows})"


def search_ranges(results: Results) -> pd.DataFrame:
    """The ranges to try next by the trials of a search alone; see :func:`hpsearch.sensitivity.trials.trial_ranges`.

    Raises:
        ResultsError: if this project did not make the study, its data has changed, or it has fewer than 20 trials
            or 10 complete ones.
    """
    config = results.config
    space, within = config.space.dimensions, limits(results)
    try:
        return trial_ranges(results.trials, space, metric=config.search.metric, limits=within, budget="iterations")
    except DesignError as problem:
        raise ResultsError(f"study {results.study.study_name!r}: {problem}") from None


def refine(results: Results, *, name: str) -> Refinement:
    """The ranges to try after a study, by its survey if it has a complete one, else by its trials.

    Args:
        results: Of the study.
        name: Of the study that follows.

    Raises:
        ResultsError: if there is neither a complete survey nor a search of 20 trials.
        ConfigError: if the name is none of a study.
    """
    config = results.config
    try:
        survey = results.survey
    except ResultsError:
        if results.study.study_name.endswith(SURVEY):  # its rows are no search
            raise
        ranges = search_ranges(results)
        following = refined_config(ranges, config, name=name)
        return Refinement("trials", ranges, config.space.dimensions, following, tried(results.trials))
    ranges = survey.ranges()
    following = refined_config(ranges, config, name=name)
    outside = _outside(results, following.space.dimensions)
    return Refinement("survey", ranges, survey.design.space, following, len(survey.design), outside)


def _outside(results: Results, space: Space) -> dict[str, Any]:
    """Values of the search's best trial that a space does not hold; none where there is no search."""
    best = None if results.study.study_name.endswith(SURVEY) else best_trial(results.study)
    if best is None:
        return {}
    row = results.trials.set_index("number").loc[best.number]
    return {name: row[name] for name, dimension in space.items() if not _holds(dimension, row[name])}


def _holds(dimension: Dimension, value: Any) -> bool:
    if isinstance(dimension, Choice):
        return value in dimension.choices
    low, high = dimension.ends
    return bool(low <= value <= high)


def limits(results: Results) -> dict[str, tuple[float, float]]:
    """How far the ranges of a study may go in one round (see :func:`hpsearch.config.hyperparameters.reach`)."""
    return reach(results.config.space.dimensions, examples=results.dataset.train.examples)
