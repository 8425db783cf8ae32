"""Which studies a storage holds, whoever made them, and how far each is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from itertools import chain
from typing import Any

import optuna
import pandas as pd
from optuna.storages import BaseStorage

from hpsearch.config.study import PROFILES, SURVEY
from hpsearch.experiments.kept_answers import FUNCTION
from hpsearch.experiments.surveys import DESIGN, STEP, place_of
from hpsearch.results.frames import TIME, value_columns
from hpsearch.storage.studies import CONFIG, fact
from hpsearch.tuning.choice import best_trial

_COLUMNS = ["study", "ours", "trials", "unfinished", "metric", "best", "survey", "surveyed", "last"]


def catalogue(storage: BaseStorage) -> pd.DataFrame:
    """The studies of a storage, in the order of their names.

    Args:
        storage: Any storage of Optuna.

    Returns:
        One row a study: ``study``; ``ours``, whether this project made it; ``trials``, all that are stored, the
        unfinished too; ``unfinished`` of them; ``metric``, what it optimises; ``best``, its best value by its own
        direction and constraints, NaN where there is none or are several objectives; ``survey``, rows that are stored
        of its survey, each once however often it was evaluated; ``surveyed``, whether a survey was completed; ``last``,
        when a trial last ended (UTC). A survey and other trainings that this project keeps beside a study are no rows
        of their own.
    """
    searches: dict[str, optuna.Study] = {}
    surveys: dict[str, list[optuna.Study]] = {}
    for name in optuna.get_all_study_names(storage):
        study = optuna.load_study(study_name=name, storage=storage, sampler=optuna.samplers.RandomSampler())
        ours = fact(study, CONFIG) is not None or fact(study, FUNCTION) is not None
        if not ours or not name.endswith((SURVEY, PROFILES)):
            searches[name] = study
        elif name.endswith(SURVEY):
            surveys.setdefault(name.removesuffix(SURVEY).removesuffix(f".{STEP}"), []).append(study)
    rows = [_row(name, searches.get(name), surveys.get(name, [])) for name in sorted({*searches, *surveys})]
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"best": float, "last": TIME})


def _row(name: str, search: optuna.Study | None, surveys: Sequence[optuna.Study]) -> dict[str, Any]:
    trials = [] if search is None else search.get_trials(deepcopy=False)
    rows = [survey.get_trials(deepcopy=False) for survey in surveys]
    best = None if search is None or len(search.directions) > 1 else best_trial(search)
    ends = [trial.datetime_complete for trial in chain(trials, *rows) if trial.datetime_complete is not None]
    return {
        "study": name,
        "ours": bool(surveys) or (search is not None and fact(search, CONFIG) is not None),
        "trials": len(trials),
        "unfinished": sum(not trial.state.is_finished() for trial in trials),
        "metric": "" if search is None else ", ".join(search.metric_names or value_columns(search)),
        "best": float("nan") if best is None else best.values[0],
        "survey": sum(len(set(map(place_of, survey))) for survey in rows),
        "surveyed": any(fact(survey, DESIGN) is not None for survey in surveys),
        "last": max(ends).astimezone(UTC) if ends else None,
    }
