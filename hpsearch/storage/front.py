"""The front page of a study in the Optuna dashboard: short rows, figures of what was measured, and the note.

The dashboard draws bars of importance there, without intervals: a row and the figure say what they are. All of it is
made from what the storage holds and written only where it changes, so a run that finds nothing to do writes nothing.
"""

from __future__ import annotations

import contextlib
import copy
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import optuna

from hpsearch.config.digits import score_interval
from hpsearch.config.hyperparameters import in_words
from hpsearch.config.study import PROFILES, SURVEY
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.verdicts import NO_FLOOR
from hpsearch.storage.commands import make
from hpsearch.storage.internals import figure_of, set_figure, storage_of
from hpsearch.storage.journal import UNWRITABLE
from hpsearch.storage.notes import note_search, note_survey
from hpsearch.storage.studies import BASELINES, BEST, CONFIG, config_of_study, fact

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

FIGURE = "sensitivity"
"""Name of the figure on the page; a later figure takes the place of an earlier."""

MEASURED = "importance, measured"
"""The row of what a survey measured."""

ATTRIBUTION, EXPLAINED = "attribution", "the best, explained"
"""The figure of what each changed setting gained, and the row that says it."""

_FRAME = 450
"""Pixels in height of the frame of a figure on the page; what is below is cut off."""

_ROOMY = 7
"""Most rows in that frame whose names have a second line; of more, names alone fit."""

_BARS = 'The bars called "Hyperparameter Importance" are guesses of a surrogate, without intervals'


def show_search(study: optuna.Study) -> None:
    """Write the front page of a search, with what the survey of the same study measured, where there is one."""
    config, survey = config_of_study(study), _sibling(study, f"{study.study_name}{SURVEY}")
    measured = "" if survey is None else survey.user_attrs.get(MEASURED, "")
    rows = {"question": config.question, **dict(_choice(study)), MEASURED: measured or _unmeasured(study)}
    _save_rows(study, rows)
    if survey is not None:
        _save_figure(study, figure_of(survey, FIGURE))
    note_search(study, config, rows)


def show_survey(study: optuna.Study, survey: Survey) -> None:
    """Write the front page of a survey, and that of the search of the same study, which shows the same figure."""
    config, table = config_of_study(study), survey.sensitivity()
    _save_rows(study, {"question": config.question, MEASURED: _measured(table)})
    _save_figure(study, _figure(table, count=len(survey.design)))
    note_survey(study, survey)
    search = _sibling(study, study.study_name.removesuffix(SURVEY))
    if search is not None and fact(search, CONFIG) is not None:
        show_search(search)


def show_function_survey(study: optuna.Study, survey: Survey) -> None:
    """Write the front page of a survey of a function."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # who reads the table is warned
        table = survey.sensitivity()
        _save_rows(study, {MEASURED: _measured(table, of="evaluations")})
        _save_figure(study, _figure(table, count=len(survey.design), of="evaluations"))
        note_survey(study, survey)


def show_surrogates(study: optuna.Study, figure: go.Figure) -> None:
    """Put a figure of surrogates, with their null, on the front page of a search where nothing is measured yet.

    Nothing is written if it is no search of this project's, its survey has a figure, or its storage cannot be written.
    """
    survey = _sibling(study, f"{study.study_name}{SURVEY}")
    measured = survey is not None and figure_of(survey, FIGURE)
    if _is_search(study) and not measured:
        with contextlib.suppress(*UNWRITABLE):
            _save_figure(study, _framed(copy.deepcopy(figure)))


def show_attribution(study: optuna.Study, figure: go.Figure, words: str) -> None:
    """Put what each changed setting gained, from the defaults to the best, on the front page of a search.

    Nothing is written if it is no search of this project's, or its storage cannot be written.
    """
    if _is_search(study):
        with contextlib.suppress(*UNWRITABLE):
            _save_rows(study, {EXPLAINED: words})
            _save_figure(study, _framed(copy.deepcopy(figure)), name=ATTRIBUTION)


def _choice(study: optuna.Study) -> Iterator[tuple[str, str]]:
    """What was chosen, its test score, and what else was scored on the same examples."""
    best = fact(study, BEST)
    if best is None:
        return
    trial = next(trial for trial in study.get_trials(deepcopy=False) if trial.number == best["number"])
    values = (f"{in_words(name)} {value:.3g}" if isinstance(value, float) else f"{in_words(name)} {value}"
              for name, value in trial.params.items())  # fmt: skip
    yield "chosen", f"trial {trial.number}: {', '.join(values)}"
    if test := best.get("test"):
        yield in_words(test["metric"]), score_interval(test)
        scores = {"guessing": best.get("guessing"), **fact(study, BASELINES, {}).get("scores", {})}
        words = [f"{name} {score_interval(score)}" for name, score in scores.items() if score]
        if words:
            yield "baseline", "; ".join(words)


def _unmeasured(study: optuna.Study) -> str:
    return f"{_BARS}. Nothing is measured yet: {make('survey', study.study_name)}"


def _measured(table: pd.DataFrame, *, of: str = "trainings") -> str:
    indices = table[table["total_order"].notna()].to_dict("records")
    if not indices:
        return f"{_BARS}. Real {of} gave no index: {table['reason'].iat[0]}"
    shares = []
    for row in indices:
        total, low, high = (f"{min(max(row[f'total_{end}'], 0.0), 1.0):.2f}" for end in ("order", "low", "high"))
        shares.append(f"{in_words(row['hyperparameter'])} {total} ({low} to {high})")
    noise = f". Each may be noise ({NO_FLOOR})" if (table["reason"] == NO_FLOOR).any() else ""
    response = f"{in_words(indices[0]['response'])} ({indices[0]['form']} form)"
    return (
        f"{_BARS}. Real {of} gave these total indices, shares of the variance of {response}, with 95 % intervals: "
        f"{', '.join(shares)}{noise}"
    )


def _sibling(study: optuna.Study, name: str) -> optuna.Study | None:
    """Another study of the same storage, if it is there."""
    storage = storage_of(study)
    if name not in optuna.get_all_study_names(storage):
        return None
    return optuna.load_study(study_name=name, storage=storage)


def _is_search(study: optuna.Study) -> bool:
    """Whether a study is a search of this project's, and not what was stored beside one."""
    return fact(study, CONFIG) is not None and not study.study_name.endswith((SURVEY, PROFILES))


def _save_rows(study: optuna.Study, rows: Mapping[str, str]) -> None:
    stored = study.user_attrs
    for name, words in rows.items():
        if stored.get(name, "") != words:
            study.set_user_attr(name, words)


def _save_figure(study: optuna.Study, figure: str, *, name: str = FIGURE) -> None:
    if figure and figure != figure_of(study, name):
        set_figure(study, name, figure)


def _figure(table: pd.DataFrame, *, count: int, of: str = "trainings") -> str:
    """The figure of the total and first-order indices, as small as the page's frame, with a word on the bars there."""
    from hpsearch import figures
    from hpsearch.figures import style, texts

    figure = figures.sensitivity(table.drop(columns="mean_order"))
    subtitle = f"{_BARS}. This is measured by {count:,} rows of real {of}: {texts.response(table)}."
    style.titled(figure, str(figure.layout.meta["title"]), subtitle, height=_FRAME)
    return _framed(figure)


def _framed(figure: go.Figure) -> str:
    """A figure as JSON, made as high as the page's frame; of many rows the names stand there alone."""
    rows = figure.layout.yaxis.ticktext
    if rows is not None and len(rows) > _ROOMY:
        figure.update_layout(yaxis_ticktext=[text.partition("<br>")[0] for text in rows])
    return str(figure.update_layout(height=_FRAME).to_json())
