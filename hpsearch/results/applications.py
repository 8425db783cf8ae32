"""L7: the study of one space on every data set: searched twice, surveyed and compared; and what α alone costs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from hpsearch.config import StudyConfig
from hpsearch.config.data import BUNDLED
from hpsearch.config.study import SURVEY
from hpsearch.experiments.comparisons import DEFAULTS, named_setting, scores
from hpsearch.experiments.lessons import Judgement, fields
from hpsearch.experiments.lessons.fields import RATE
from hpsearch.experiments.profiles import profile
from hpsearch.experiments.trainings import survey_study
from hpsearch.results.comparison import Comparison, best_setting, compare
from hpsearch.results.study import Results, load
from hpsearch.results.transfers import transfer_table
from hpsearch.tuning.search import search

if TYPE_CHECKING:
    from hpsearch.results.lesson import Lesson

_SEEDS = 10
"""Trainings of each setting on each data set."""

_RATES = 13
"""Values of α that are tried over its range."""

_SECOND = "second search"
"""Its best setting among the others of a study."""


def other_fields(lesson: Lesson, base: StudyConfig) -> Judgement:
    """Train what the claim needs, or read it, and judge.

    Args:
        lesson: Where.
        base: The study, whose data are each of those that ship in turn.
    """
    where: dict[str, Any] = {"workers": lesson.workers, **lesson.place}
    firsts = [base.with_overrides(name=f"{base.name}-{source}", **{"data.source": source}) for source in BUNDLED]
    seconds = [first.with_overrides(name=f"{first.name}-again", seed=first.search.seed + 1) for first in firsts]
    for config in (*firsts, *seconds):
        search(config, on_progress=partial(lesson.on_progress, config.name), **where)
    for config in firsts:
        survey_study(config, on_progress=partial(lesson.on_rows, f"{config.name}{SURVEY}"), **where)
    own, again = ([load(each.name, **lesson.place) for each in configs] for configs in (firsts, seconds))
    with warnings.catch_warnings():  # that few rows decide is for the indices, and no verdict rests on them
        warnings.simplefilter("ignore", UserWarning)
        told = partial(lesson.on_rows, base.name)
        seen = compare(own, seeds=_SEEDS, workers=lesson.workers, on_progress=told)
    beside, home = _beside_second(seen, [_second(lesson, *pair) for pair in zip(own, again, strict=True)], own)
    tables = (seen.agreement, seen.transfer, beside, home, seen.defaults, seen.indices, _rates(lesson, own))
    agreement, first, second, home, single, indices, rates = (_short(table, base.name) for table in tables)
    judgement = fields.other_fields(agreement, (first, second), home, single, rates)
    return replace(judgement, tables={**judgement.tables, "indices": indices})


def _beside_second(
    seen: Comparison, seconds: Sequence[pd.DataFrame], studies: Sequence[Results]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The transfers beside the best of each study's second search, and that best beside the one of the first.

    Args:
        seen: With the best of the first searches.
        seconds: Scores of the second best of each study, at home.
        studies: Their results.
    """
    test, second = seen.scores[seen.scores["split"] == "test"], pd.concat(seconds, ignore_index=True)
    classes = {name: each.dataset.classes is not None for name, each in zip(seen.studies, studies, strict=True)}
    own = test["from"] == test["to"]
    beside = transfer_table(pd.concat([second.assign(**{"from": second["to"]}), test[~own]]), classes=classes)
    home = transfer_table(pd.concat([test[own | (test["from"] == DEFAULTS)], second]), classes=classes)
    return beside, home[home["from"] == _SECOND]


def _second(lesson: Lesson, first: Results, second: Results) -> pd.DataFrame:
    """What the best of a study's second search scores on its test examples, on the seeds of the comparison."""
    setting, _ = first.fitted(best_setting(second))
    told = partial(lesson.on_rows, second.study.study_name)
    table = partial(scores, settings={_SECOND: setting}, seeds=_SEEDS)
    return first.kept_trainings("test").table(table, workers=lesson.workers, on_progress=told)


def _rates(lesson: Lesson, studies: Sequence[Results]) -> pd.DataFrame:
    """What the best α of each study loses on the others, all else at the defaults.

    It is chosen by the validation examples on some seeds, and what it loses is measured on the test examples on others.

    Returns:
        The columns of :func:`hpsearch.results.transfers.transfer_table`, and learning_rate.
    """
    default, settings = named_setting(), {DEFAULTS: named_setting()}
    for each in studies:
        name = each.study.study_name
        along = partial(profile, around=each.fitted(default)[0], name=RATE, values=_RATES, seeds=_SEEDS)
        told = partial(lesson.on_rows, name)
        tried = each.kept_trainings("validation").table(along, workers=lesson.workers, on_progress=told)
        best = tried["value"].to_numpy(dtype=float)[tried["mean"].argmin()]
        settings[name] = {**default, RATE: float(best)}
    frames = []
    for each in studies:
        own = {name: each.fitted(setting)[0] for name, setting in settings.items()}
        told = partial(lesson.on_rows, each.study.study_name)
        everywhere = partial(scores, settings=own, seeds=2 * _SEEDS)
        scored = each.kept_trainings("test").table(everywhere, workers=lesson.workers, on_progress=told)
        frames.append(scored[scored["seed"] >= _SEEDS])
    classes = {each.study.study_name: each.dataset.classes is not None for each in studies}
    table = transfer_table(pd.concat(frames, ignore_index=True), classes=classes)
    table.insert(1, RATE, table["from"].map({name: setting[RATE] for name, setting in settings.items()}))
    return table


def _short(table: pd.DataFrame, base: str) -> pd.DataFrame:
    """The names of studies as those of their data."""
    columns = [name for name in ("study", "first", "second", "from", "to", "worst_study") if name in table]
    return table.assign(**{name: table[name].str.removeprefix(f"{base}-") for name in columns})
