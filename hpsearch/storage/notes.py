"""The notes that the Optuna dashboard shows on the pages of a study, its survey and the trainings around its best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import optuna

from hpsearch.config import HYPERPARAMETERS, StudyConfig
from hpsearch.config.study import PROFILES
from hpsearch.sensitivity.analysis import Survey
from hpsearch.storage.internals import note_of

MOST_DRAWN = 2000
"""Trials of a study that the dashboard's page draws; it stops answering at some 10,000."""


def note_search(study: optuna.Study, config: StudyConfig) -> None:
    """Write a study's question, settings and ranges as its note."""
    rows = [f"| {setting.name} | {setting.symbol} | {_range(config, setting.name)} |" for setting in HYPERPARAMETERS]
    network = config.network
    paragraphs = [
        f"# {config.name}",
        config.question,
        f"**Answer:** {config.answer}" if config.answer else "",
        f"Data `{Path(config.data.source).name}`, hidden layers {list(network.hidden)}, {network.activation}, "
        f"initial weights {network.init}. Minimised: {config.search.metric}, mean over "
        f"{len(config.search.seeds)} seed(s), sampler {config.search.sampler}, pruner {config.search.pruner}.",
        "| hyperparameter | symbol | range |\n|---|---|---|\n" + "\n".join(rows),
        "Columns `diverged` and `seeds` are numbers: 1 if a seed diverged, and how many seeds a trial was trained on.",
    ]
    _save(study, paragraphs)


def note_survey(study: optuna.Study, survey: Survey) -> None:
    """Write what a stored survey is and what it measured as its note."""
    design, response = survey.design, survey.take()
    name = study.study_name.removesuffix(".survey")
    paragraphs = [
        f"# {study.study_name}",
        f"Each trial is one training, at a row of a design: {design.scrambles} scrambled Sobol sequences, blocks of "
        f"{design.base} rows. No sampler proposed them, so the page's history and timeline mean nothing here, and its "
        "importances are surrogates. Measured were these Sobol indices (95 % intervals) of "
        f"{response.name}, {response.form} form:",
        "| setting | total order | first order | verdict |\n|---|---|---|---|\n"
        + "\n".join(_indices(row) for row in survey.sensitivity().to_dict("records")),
        f"Of more than {MOST_DRAWN:,} trials this page draws an even choice and the best. The table holds all: "
        f'`hpsearch.load("{name}").survey.table`.',
    ]
    _save(study, paragraphs)


def note_profiles(study: optuna.Study) -> None:
    """Write what the trainings around a study's best are as their note."""
    name = study.study_name.removesuffix(PROFILES)
    paragraphs = [
        f"# {study.study_name}",
        f"Each trial is one training around the best setting of `{name}`, or around the defaults, on a seed that no "
        "search has seen. No sampler proposed them, so the page's history, timeline and importances mean nothing here.",
        f'They are kept for `hpsearch.load("{name}").profile(...)`, `.plane(...)`, `.tolerance()` and `.tunability()`, '
        "which train them again if this study is deleted.",
    ]
    _save(study, paragraphs)


def _save(study: optuna.Study, paragraphs: list[str]) -> None:
    from optuna_dashboard import save_note

    text = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    if note_of(study) != text:  # a run that finds nothing to do leaves the storage as it is
        save_note(study, text)


def index_with_interval(row: Mapping[Any, Any], part: Literal["first", "total"]) -> str:
    """An index of a row of ``Survey.sensitivity()`` with its interval, as text; "-" where it has none."""
    value, low, high = (row[f"{part}_{column}"] for column in ("order", "low", "high"))
    return "-" if math.isnan(value) else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _indices(row: Mapping[Any, Any]) -> str:
    if row["reason"] and not row["verdict"]:
        return f"| {row['hyperparameter']} | | | {row['reason']} |"
    total, first = index_with_interval(row, "total"), index_with_interval(row, "first")
    return f"| {row['hyperparameter']} | {total} | {first} | {row['verdict']} |"


def _range(config: StudyConfig, name: str) -> str:
    entry = getattr(config.space, name)
    return f"{entry:g} (fixed)" if isinstance(entry, int | float) else str(entry)
