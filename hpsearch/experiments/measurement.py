"""The rows of a design evaluated by a user's function: what is lacking, in calls; and some of them again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.evaluation.calls import Answer, SettingCall, TableCall
from hpsearch.evaluation.deadlines import OutOfTimeError
from hpsearch.evaluation.pools import Pool
from hpsearch.experiments.answers import Answers, Place, check_names, places_of
from hpsearch.experiments.progress import FunctionProgress
from hpsearch.experiments.repeats import PROBE, different
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import DUMMY, FAILURE, KEY, REPLICATE, SEED, Design
from hpsearch.sensitivity.indices import ResponseError

_MOST_FAILURES = 10
"""Rows that may fail before the first that does not: a function that never works is not called thousands of times."""

_SECONDS_BETWEEN_WORDS = 1.0


class ChangedAnswerError(Exception):
    """A row that was evaluated earlier has another answer now."""


@dataclass
class Measurement:
    """Evaluates what the answers lack.

    Attributes:
        answers: So far.
        call: The function.
        pool: Where it runs.
        frame_rows: Rows of a call that takes tables.
        replicates: Evaluations of each row.
        retry: Whether rows that failed are evaluated again.
        deadline: By ``time.monotonic()``; afterwards no call is begun.
        announce: Is told of progress, about once a second.
        workers: Told with the progress.
    """

    answers: Answers
    call: SettingCall | TableCall
    pool: Pool
    frame_rows: int
    replicates: int
    retry: bool
    deadline: float
    announce: Callable[[FunctionProgress], None]
    workers: int

    def __post_init__(self) -> None:
        self.progress = FunctionProgress(0, 0, workers=self.workers)
        self._began, self._told = time.monotonic(), -np.inf
        self._early: list[tuple[Place, Mapping[str, Any], Answer]] = []  # failures before the first answer
        # Nothing to compare: the rows are of this run, or will be compared at its end, or are all noise.
        self._compared = self.answers.state.noisy is None or set(self.answers.state.noisy) == set(
            self.answers.state.names
        )

    def complete(self, design: Design) -> Survey:
        """Evaluate the rows of a design that lack answers, and some again where that was not done yet.

        Returns:
            The survey of the design.

        Raises:
            OutOfTimeError: if the time is up before.
            ChangedAnswerError: if a row that was evaluated by an earlier run has another answer now.
            ResponseError: if the first answer is none, cannot be used as asked, or ten rows fail before one.
        """
        rows = design.table(self.replicates)
        lacking = self.answers.lacking(places_of(rows), retry=self.retry)
        again = self._again(design, rows)
        lacking_again = self.answers.lacking(places_of(again), retry=self.retry)
        self.retry = False  # once a run
        total = len(rows) + len(again)
        self.progress = replace(
            self.progress, done=total - len(lacking) - len(lacking_again), total=total, base=design.base
        )
        self._tell(at_once=True)
        if lacking and not self._compared:
            self._compare(rows.iloc[:1])
        self._compared = True
        self._evaluate(rows.iloc[lacking])
        self._evaluate(again.iloc[lacking_again])
        if len(again) and (lacking or lacking_again):
            self.answers.learn(noisy=self._noisy(again))
        self.answers.complete(design, self.replicates)
        self._tell(at_once=True)
        return self.answers.survey(design, rows)

    def _again(self, design: Design, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows drawn at random from the first design that was measured, to be evaluated again."""
        if self.replicates > 1:
            return rows.iloc[:0]
        probed = self.answers.state.probed
        if probed is None:
            probed = design.describe()
            self.answers.learn(probed=probed)
        drawn = Design(design.space, **probed)
        some = np.random.default_rng((drawn.seed, PROBE)).choice(len(drawn), min(PROBE, len(drawn)), replace=False)
        again = (rows if drawn == design else drawn.table()).iloc[some].reset_index(drop=True)
        again.insert(4, REPLICATE, 1)
        return again

    def _noisy(self, again: pd.DataFrame) -> tuple[str, ...]:
        before = self.answers.columns(places_of(again.drop(columns=REPLICATE)))
        return self._different(before, self.answers.columns(places_of(again)))

    def _different(self, before: pd.DataFrame, now: pd.DataFrame) -> tuple[str, ...]:
        whole, analysis = self.answers.columns(self.answers.places(replicate=0)), self.answers.analysis
        kinds = analysis.kinds(analysis.response or self.answers.state.names[0])
        return different(before, now, whole=whole, kinds=kinds)

    def _compare(self, first: pd.DataFrame) -> None:
        """Evaluate one row of an earlier run again: its rows and new ones are to be of one function."""
        ((_, (answer,)),) = list(self.pool.answers(self._tasks(first)))
        before, now = self.answers.columns(places_of(first)), pd.DataFrame([answer.values])
        now = now.reindex(columns=self.answers.state.names).assign(**{FAILURE: answer.failure})
        if set(self._different(before, now)) - set(self.answers.state.noisy or ()):
            raise ChangedAnswerError(str(before.iloc[0].to_dict()), str(now.iloc[0].to_dict()))

    def _tasks(self, rows: pd.DataFrame) -> Iterator[tuple[range, Any]]:
        """Calls for all these rows, each with the places of its own."""
        if isinstance(self.call, TableCall):
            columns = [name for name in rows.columns if name not in ("design", *KEY, REPLICATE, SEED, DUMMY)]
            for start in range(0, len(rows), self.frame_rows):
                chunk = rows[[*columns, SEED]].iloc[start : start + self.frame_rows].reset_index(drop=True)
                yield range(start, start + len(chunk)), chunk
            return
        names = self.call.names
        for k, values in enumerate(zip(*(rows[name].tolist() for name in names), strict=True)):
            yield range(k, k + 1), [dict(zip(names, values, strict=True))]

    def _evaluate(self, rows: pd.DataFrame) -> None:
        places = places_of(rows)
        settings = {name: rows[name].tolist() for name in rows.columns if name not in ("design", *KEY, REPLICATE)}
        left = len(rows)
        for chunk, answers in self.pool.answers(self._tasks(rows), deadline=self.deadline):
            for k, answer in zip(chunk, answers, strict=True):
                self._take(places[k], {name: column[k] for name, column in settings.items()}, answer)
            left -= len(answers)
            self._count(answers)
        if left:
            self._tell(at_once=True)
            raise OutOfTimeError("the time is up, and rows are lacking")
        if len(rows) and not self.answers.state.names:
            raise _never(self._early[-1][2])

    def _take(self, place: Place, setting: Mapping[str, Any], answer: Answer) -> None:
        names = self.answers.state.names
        if answer.failure and not names:
            self._early.append((place, setting, answer))
            if not answer.raised or len(self._early) >= _MOST_FAILURES:
                raise _never(answer) if answer.raised else ResponseError(f"the function {answer.failure}")
            return
        if not names:
            check_names(answer.values, setting, self.answers.analysis, words="the function returned")
            self.answers.learn(names=tuple(answer.values))
            for early in self._early:
                self.answers.add(*early)
        elif not answer.failure and set(answer.values) != set(names):
            answer = answer._replace(
                values={}, failure=f"returned {', '.join(answer.values)}, and not, as before, {', '.join(names)}"
            )
        self.answers.add(place, setting, answer)

    def _count(self, answers: Sequence[Answer]) -> None:
        failed = sum(bool(answer.failure) for answer in answers)
        p, elapsed = self.progress, time.monotonic() - self._began
        if p.fresh == 0:
            p = replace(p, first=elapsed, rows_of_first=len(answers))
        self.progress = replace(
            p, done=p.done + len(answers), fresh=p.fresh + len(answers), failed=p.failed + failed, elapsed=elapsed
        )
        self._tell(at_once=p.fresh == 0)

    def _tell(self, *, at_once: bool = False) -> None:
        if at_once or time.monotonic() - self._told >= _SECONDS_BETWEEN_WORDS:
            self._told = time.monotonic()
            self.announce(self.progress)


def _never(answer: Answer) -> ResponseError:
    return ResponseError(f"the function fails in every row that was tried, so the survey ends here: {answer.failure}")
