"""The notes that the Optuna dashboard shows on the pages of a study, its survey and the trainings around its best."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import Any

import optuna
import pandas as pd

from hpsearch.config import Entry, StudyConfig
from hpsearch.config.hyperparameters import BY_NAME, reach
from hpsearch.config.kinds import units_of
from hpsearch.config.messages import printable
from hpsearch.config.study import PROFILES, SURVEY, TRANSFERS
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.edges import edges
from hpsearch.sensitivity.trials import enough
from hpsearch.sensitivity.words import MEAN_ORDER, TOTAL_ORDER, at_edges, clipping, cut_mark, index_with_interval
from hpsearch.storage.commands import make
from hpsearch.storage.internals import note_of, set_note
from hpsearch.storage.studies import EXAMPLES, GIVEN, fact

_ROW, _NO_SEARCH = (
    "these trials",
    "No sampler proposed them, so the page's history, timeline and importances mean nothing here",
)
"""The row of a front page that says what its trials are, where no search made them, and its words."""

MOST_DRAWN = 2000
"""Trials of a study that the dashboard's page draws; it stops answering at some 10,000."""


def note_search(study: optuna.Study, config: StudyConfig, rows: Mapping[str, str]) -> None:
    """Write what a study asks, what was chosen, how good it is, and what its trials are, as its note."""
    given = fact(study, GIVEN)
    if given is None:
        data = as_text(Path(config.data.source).name)
        go_on = f"`{make('search', config.name, trials=2 * len(study.get_trials(deepcopy=False)))}`"
    else:
        data = f"{as_text(given)}, given in Python"
        go_on = "the call of `hpsearch.search` that made it, with more trials"
    ranges = [f"| {name} | {BY_NAME[name].symbol} | {_range(entry)} |" for name, entry in config.space.entries.items()]
    lines = [f"- **{name}:** {as_text(words)}" for name, words in rows.items() if name != "question"]
    paragraphs = [
        f"# {as_text(config.name)}",
        as_text(config.question),
        f"**Answer in its file:** {as_text(config.answer)}" if config.answer else "",
        "\n".join(lines),
        _at_edges(study, config),
        f"To go on: {go_on}; all tables: `hpsearch.load({config.name!r})` in Python.",
        f"Data {data}, {network_words(config)}. "
        f"Minimised: {config.search.metric}, mean over {len(config.search.seeds)} seed(s), "
        f"sampler {config.search.sampler}, pruner {config.search.pruner}.",
        "| hyperparameter | symbol | range |\n|---|---|---|\n" + "\n".join(ranges),
        "Columns `diverged` and `seeds` are numbers: 1 if a seed diverged, and how many seeds a trial was trained on.",
    ]
    _save(study, paragraphs)


def note_survey(study: optuna.Study, survey: Survey) -> None:
    """Write what a stored survey is and what it measured as its note."""
    design, response, indices = survey.design, survey.take(), survey.sensitivity().to_dict("records")
    name = study.study_name.removesuffix(SURVEY)
    paragraphs = [
        f"# {as_text(study.study_name)}",
        f"Each trial is one {'training' if survey.budget else 'evaluation'}, at a row of a design: "
        f"{design.scrambles} scrambled Sobol sequences, blocks of "
        f"{design.base} rows. No sampler proposed them, so the page's history and timeline mean nothing here, and its "
        "importances are surrogates. Measured were these Sobol indices (95 % intervals) of "
        f"{response.name}, {response.form} form{clipping(survey)}:",
        "| setting | total order | mean order | first order | verdict |\n|---|---|---|---|---|\n"
        + "\n".join(map(_indices, indices)),
        f"Total order: {TOTAL_ORDER}. Mean order: {MEAN_ORDER}.",
        cut_mark(indices),
        f"Of more than {MOST_DRAWN:,} trials this page draws an even choice and the best. The table holds all: "
        f'`hpsearch.load("{name}").survey.table`.',
    ]
    _save(study, paragraphs)


def note_profiles(study: optuna.Study) -> None:
    """Write what the trainings around a study's best are as their note, and what its front page does not say."""
    if study.user_attrs.get(_ROW) != _NO_SEARCH:
        study.set_user_attr(_ROW, _NO_SEARCH)
    name = study.study_name.removesuffix(PROFILES)
    if name.endswith(TRANSFERS):
        _note_transfers(study, name.removesuffix(TRANSFERS))
        return
    paragraphs = [
        f"# {as_text(study.study_name)}",
        f"Each trial is one training around the best setting of `{name}`, around the defaults, between the two, or at "
        f"the best of another study, on a seed that no search has seen. {_NO_SEARCH}.",
        f'They are kept for `hpsearch.load("{name}").profile(...)`, `.plane(...)`, `.tolerance()`, `.tunability()` and '
        "`.attribution()`, which train them again if this study is deleted.",
    ]
    _save(study, paragraphs)


def _note_transfers(study: optuna.Study, name: str) -> None:
    """Write what the trainings are that show what settings of other studies lose on a study, as their note."""
    paragraphs = [
        f"# {as_text(study.study_name)}",
        f"Each trial is one training of the best setting of `{name}`, of another study's best, or of the defaults, on "
        f"a seed that no search has seen. What is called validation here is of the *test* examples of `{name}`. "
        f"{_NO_SEARCH}.",
        "They are kept for `hpsearch compare`, which trains them again if this study is deleted.",
    ]
    _save(study, paragraphs)


def _save(study: optuna.Study, paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    if note_of(study) != text:  # a run that finds nothing to do leaves the storage as it is
        set_note(study, text)


def _indices(row: Mapping[Any, Any]) -> str:
    if row["reason"] and not row["verdict"]:
        return f"| {row['hyperparameter']} | | | | {row['reason']} |"
    indices = " | ".join(" ".join(index_with_interval(row, part).split()) for part in ("total", "mean", "first"))
    reason = f" ({row['reason']})" if row["reason"] else ""
    return f"| {row['hyperparameter']} | {indices} | {row['verdict']}{reason} |"


def as_text(words: str) -> str:
    r"""Words of a user as the note's text: what would be markup there is shown as it is, and a line end is a space.

    Control characters are spelled out.

    >>> print(as_text("<b> is *bold*"), as_text("1. [x](javascript:y)"))
    \<b\> is \*bold\* 1\. \[x\](javascript:y)
    """
    text = re.sub(r"([\\`*_{}\[\]<>#|~$&!])", r"\\\1", printable(" ".join(words.split())))
    return re.sub(r"^(\d*)([-+=.):])", r"\1\\\2", text)  # what begins a list, a rule or a heading's underline


def _at_edges(study: optuna.Study, config: StudyConfig) -> str:
    """Whether the best trials crowd at an end of a range; nothing where they are too few to be the best."""
    trials = pd.DataFrame(
        [
            {"number": trial.number, "state": trial.state.name, "value": trial.value, **trial.params}
            for trial in study.get_trials(deepcopy=False)
        ],
        columns=["number", "state", "value", *config.space.dimensions],
    )
    if not enough(trials):
        return ""
    space = config.space.dimensions
    return at_edges(edges(trials, space), reach(space, examples=fact(study, EXAMPLES, inf)))


def network_words(config: StudyConfig) -> str:
    """What is the same of all networks of a study, in words, and what varies."""
    words = {"hidden": "hidden layers", "width": "width", "depth": "depth", "activation": "", "init": "initial weights"}
    fixed = {name: config.fixed[name] for name in words if name in config.fixed}
    if "hidden" in fixed:
        fixed["hidden"] = str(list(units_of(str(fixed["hidden"]))))
    same = [f"{words[name]} {value}".strip() for name, value in fixed.items()]
    varied = [name for name in words if name in config.space.dimensions]
    return ", ".join([*same, config.network.dtype]) + (f"; varied: {', '.join(varied)}" if varied else "")


def _range(entry: Entry) -> str:
    if isinstance(entry, str):
        return f"{entry} (fixed)"
    return f"{entry:g} (fixed)" if isinstance(entry, int | float) else str(entry)
