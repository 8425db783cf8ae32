"""The survey of a function as it is stored: the Optuna study ``<name>.survey``.

A trial there is one evaluation of a row, with its place in the design and all its responses. An evaluation that failed
is a trial that failed, with what went wrong; a later trial of the same place counts instead of it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from hpsearch.config.study import SURVEY
from hpsearch.evaluation.calls import Answer
from hpsearch.experiments.answers import Analysis, Answers, Place, State
from hpsearch.experiments.surveys import DESIGN, SurveyMissingError, place_of, row_distributions
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import FAILURE, KEY, REPLICATE, Design
from hpsearch.space import Choice, Dimension, Float, Int, Space
from hpsearch.storage.internals import set_study_attribute
from hpsearch.storage.studies import CONFIG, StudyChangedError, fact
from hpsearch.storage.writing import TrialWriter

FUNCTION = "hpsearch:function"
"""Fact of a study: name of the surveyed function. A study that has it was made whole."""

_IDENTITY = "hpsearch:rows"
"""Fact of a study: what its rows depend on: the space, and the design but for its size."""

_ANALYSIS = "hpsearch:analysis"
"""Fact of a study: which response is analysed, which way is better, where responses are clipped."""

_STATE = "hpsearch:state"
"""Fact of a study: what is known of all its rows (:class:`State`)."""

_ANSWER = "hpsearch:answer"
"""System attribute of a trial: its responses by name."""

_KINDS: Mapping[str, type[Dimension]] = {"Float": Float, "Int": Int, "Choice": Choice}


class StoredAnswers(Answers):
    """Answers in a study of Optuna's.

    Args:
        study: In its storage; made by :func:`open_answers`.
        design: Of the rows.
        analysis: Of the responses; the stored one by default.

    Attributes:
        writer: A context, at whose end the rest is written.
    """

    def __init__(self, study: optuna.Study, design: Design, analysis: Analysis | None = None) -> None:
        super().__init__(analysis or Analysis(**fact(study, _ANALYSIS, {})))
        self._study, self._distributions, self.writer = study, row_distributions(design), TrialWriter(study)
        stored = fact(study, _STATE, {})
        looks, names = (tuple(tuple(look) for look in stored.get("looks", ())), tuple(stored.get("names", ())))
        noisy = None if stored.get("noisy") is None else tuple(stored["noisy"])
        self.state = State(**{**stored, "looks": looks, "names": names, "noisy": noisy})
        for trial in study.get_trials(deepcopy=False):
            if _ANSWER in trial.system_attrs:
                self._answers[*place_of(trial), int(trial.user_attrs[REPLICATE])] = _read(trial)

    def add(self, place: Place, setting: Mapping[str, Any], answer: Answer) -> None:
        """Take the answer to a row, and write what is due."""
        super().add(place, setting, answer)
        self.writer.add(self._trial(place, setting, answer))
        self.writer.write_if_due()

    def learn(self, **news: Any) -> None:
        """Change the state, and store it."""
        super().learn(**news)
        set_study_attribute(self._study, _STATE, dataclasses.asdict(self.state))

    def complete(self, design: Design, replicates: int) -> None:
        """Note that all rows of a design have answers: it is what is read back."""
        described = {**design.describe(), "replicates": replicates}
        if fact(self._study, DESIGN) != described:
            set_study_attribute(self._study, DESIGN, described)

    def _trial(self, place: Place, setting: Mapping[str, Any], answer: Answer) -> FrozenTrial:
        finite = {name: value for name, value in answer.values.items() if math.isfinite(value)}
        main = self.analysis.response or (*self.state.names, "")[0]
        trial = optuna.trial.create_trial(
            state=TrialState.COMPLETE if main in finite else TrialState.FAIL,
            value=finite.get(main),
            params={name: setting[name] for name in self._distributions},
            distributions=self._distributions,
            user_attrs={
                **finite,
                **dict(zip((*KEY, REPLICATE), place, strict=True)),
                **({FAILURE: answer.failure} if answer.failure else {}),
            },
            system_attrs={_ANSWER: {name: repr(value) for name, value in answer.values.items()}},
        )
        trial.datetime_start = datetime.fromtimestamp(answer.started, UTC)
        trial.datetime_complete = datetime.fromtimestamp(answer.finished, UTC)
        return trial


def open_answers(
    storage: optuna.storages.BaseStorage, name: str, function: str, *, design: Design, analysis: Analysis
) -> tuple[optuna.Study, StoredAnswers]:
    """The study that keeps a survey of a function, made if it is not there, and its answers.

    Raises:
        StudyChangedError: if it is of other rows, or no survey of a function.
    """
    stored_name, identity = f"{name}{SURVEY}", _identity(design)
    study = optuna.create_study(study_name=stored_name, storage=storage, load_if_exists=True)
    if fact(study, FUNCTION) is None:
        if study.get_trials(deepcopy=False) or fact(study, CONFIG) is not None:
            raise StudyChangedError(name, [("survey of", "a study or another program", function)], stored=stored_name)
        set_study_attribute(study, _IDENTITY, identity)
    stored = fact(study, _IDENTITY)
    if changes := [(key, stored.get(key), new) for key, new in identity.items() if stored.get(key) != new]:
        raise StudyChangedError(name, changes, stored=stored_name)
    before = fact(study, _ANALYSIS)
    if before != (now := dataclasses.asdict(analysis)):
        set_study_attribute(study, _ANALYSIS, now)
    if fact(study, FUNCTION) is None:  # last: a study that has it was made whole
        set_study_attribute(study, FUNCTION, function)
    return study, StoredAnswers(study, design, analysis)


def function_survey(study: optuna.Study) -> Survey:
    """A stored survey of a function, of the design that was last completed.

    Raises:
        SurveyMissingError: if none was completed.
    """
    completed = fact(study, DESIGN)
    if completed is None:
        raise SurveyMissingError(
            f"the survey {study.study_name!r} is not complete yet ({len(study.get_trials(deepcopy=False))} rows are "
            "stored): go on by the same call of hpsearch.survey, or the same command"
        )
    space = Space({name: _dimension(kind, fields) for name, kind, fields in fact(study, _IDENTITY)["space"]})
    size = {name: value for name, value in completed.items() if name != "replicates"}
    design = Design(space, **size)
    return StoredAnswers(study, design).survey(design, design.table(completed["replicates"]))


def _identity(design: Design) -> dict[str, Any]:
    """What the rows depend on, as JSON holds it."""
    space = [[name, type(dimension).__name__, _fields(dimension)] for name, dimension in design.space.items()]
    return {"space": space, "seeds": design.seeds, "dummy": design.dummy, "seed": design.seed}


def _fields(dimension: Dimension) -> dict[str, Any]:
    if isinstance(dimension, Choice):
        return {"choices": list(dimension.choices)}
    return {"low": dimension.low, "high": dimension.high, "log": dimension.log}


def _dimension(kind: str, fields: Mapping[str, Any]) -> Dimension:
    return _KINDS[kind](**fields)


def _read(trial: FrozenTrial) -> Answer:
    values = {name: float(value) for name, value in trial.system_attrs[_ANSWER].items()}
    return Answer(values, str(trial.user_attrs.get(FAILURE, "")))
