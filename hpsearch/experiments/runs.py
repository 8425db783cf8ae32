"""One run of a survey of a function: what is stored is opened, what is lacking evaluated, and the survey read."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import optuna
import pandas as pd

from hpsearch.config.arguments import check_record, checked
from hpsearch.config.study import SURVEY, validated
from hpsearch.evaluation.calls import SettingCall, TableCall
from hpsearch.evaluation.deadlines import OutOfTimeError
from hpsearch.evaluation.jobs import check_executor
from hpsearch.evaluation.pools import Pool
from hpsearch.experiments.answers import Analysis, Answers
from hpsearch.experiments.kept_answers import open_answers
from hpsearch.experiments.looks import Until, grown, share_of
from hpsearch.experiments.measurement import ChangedAnswerError, Measurement
from hpsearch.experiments.progress import FunctionProgress
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import FAILURE, Design, DesignError
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.storage.access import only_writer, open_storage
from hpsearch.storage.addresses import StorageAddress
from hpsearch.storage.front import show_function_survey
from hpsearch.storage.studies import StudyChangedError, quiet_optuna


class SurveyStopped(KeyboardInterrupt):  # no error, as KeyboardInterrupt is none
    """A survey that nothing keeps was interrupted.

    Attributes:
        table: The rows of the design, with the answers so far.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        super().__init__()
        self.table = table


class SurveyTimeoutError(TimeoutError):
    """A survey's time was up before its design was complete.

    Attributes:
        table: The rows of the design, with the answers so far.
    """

    def __init__(self, message: str, table: pd.DataFrame) -> None:
        super().__init__(message)
        self.table = table


@dataclass(frozen=True)
class Run:
    """How a survey of a function is run and kept; each as described for :func:`hpsearch.experiments.function.survey`.

    Raises:
        DesignError: if a number is out of range.
        ConfigError: if the name cannot be one.
        TypeError: if the executor is something else.
    """

    name: str | None = None
    storage: StorageAddress | None = None
    results: str | Path = "results"
    workers: int = 1
    processes: bool = False
    executor: Executor | None = None
    until: Until | None = None
    timeout: float | None = None
    retry: bool = False
    on_progress: Callable[[FunctionProgress], None] | None = None

    def __post_init__(self) -> None:
        check_record(self, DesignError)
        if self.executor is not None:
            check_executor(self.executor)
        if self.name is not None:
            validated({"name": self.name}, where="the survey's name")
        elif self.storage is not None:
            raise DesignError("storage needs a name: name='mine' keeps the survey there as the study mine.survey")
        if self.until is not None:
            share_of(self.until)


@checked(DesignError)
def surveyed(
    call: SettingCall | TableCall,
    design: Design,
    analysis: Analysis,
    run: Run,
    *,
    replicates: int,
    frame_rows: int = 1,
) -> Survey:
    """Survey a function; see :func:`hpsearch.experiments.function.survey`."""
    deadline = time.monotonic() + (run.timeout or float("inf"))
    with contextlib.ExitStack() as stack:
        study, answers = _opened(call, design, analysis, run, stack)
        pool = stack.enter_context(Pool(call, run.workers, processes=run.processes, executor=run.executor))
        measurement = Measurement(
            answers, call, pool, frame_rows, replicates,
            retry=run.retry, deadline=deadline, announce=run.on_progress or (lambda progress: None),
            workers=0 if run.executor is not None else run.workers,
        )  # fmt: skip
        with _ends(measurement, design, run):
            survey = measurement.complete(design) if run.until is None else grown(measurement, design, until=run.until)
        _check(survey, kept=run.name is not None)
        if study is not None:
            show_function_survey(study, survey)
    return survey


def _opened(
    call: SettingCall | TableCall, design: Design, analysis: Analysis, run: Run, stack: contextlib.ExitStack
) -> tuple[optuna.Study | None, Answers]:
    if run.name is None:
        return None, Answers(analysis)
    function = f"{call.function.__module__}:{getattr(call.function, '__qualname__', type(call.function).__name__)}"
    stack.enter_context(quiet_optuna())
    storage = open_storage(run.storage, results=run.results)
    stack.enter_context(only_writer(f"{run.name}{SURVEY}", storage, results=run.results))
    study, answers = open_answers(storage, run.name, function, design=design, analysis=analysis)
    stack.enter_context(answers.writer)
    return study, answers


@contextlib.contextmanager
def _ends(measurement: Measurement, design: Design, run: Run) -> Iterator[None]:
    """Say what a run that does not come to its end leaves behind."""

    def table() -> pd.DataFrame:
        return measurement.answers.survey(design, design.table(measurement.replicates)).table

    try:
        yield
    except OutOfTimeError:
        p = measurement.progress
        kept = "nothing keeps them but the table of this exception" if run.name is None else "the same call goes on"
        told = f"the time ({run.timeout:g} s) was up with {p.done:,} of {p.total:,} rows evaluated: {kept}"
        raise SurveyTimeoutError(told, table()) from None
    except ChangedAnswerError as changed:
        stored, now = changed.args
        differs = ("the function's answer to the first row", stored, now)
        raise StudyChangedError(str(run.name), [differs], stored=f"{run.name}{SURVEY}") from None
    except KeyboardInterrupt:
        if run.name is not None:
            raise
        raise SurveyStopped(table()) from None


def _check(survey: Survey, *, kept: bool) -> None:
    """Refuse a survey whose main response cannot be analysed, here and not in the middle of an analysis."""
    try:
        survey.take()
    except ResponseError as problem:
        failed = survey.table.loc[survey.table[FAILURE] != "", FAILURE]
        words = f"; {len(failed):,} rows failed, the first by {failed.iat[0]}" if len(failed) else ""
        holds = "the rows are stored, and the exception's survey" if kept else "the exception's survey"
        again = "; with retry=True (--retry) the same call evaluates what failed again" if len(failed) and kept else ""
        told = f"{problem}{words}. Nothing is lost: {holds} holds the table{again}"
        raise ResponseError(told, survey) from None
