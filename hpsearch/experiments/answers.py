"""What a user's function said of the rows of a design."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from hpsearch.config.arguments import check_record
from hpsearch.evaluation.calls import RESPONSE, Answer
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import DUMMY, FAILURE, KEY, REPLICATE, SEED, Design, places
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.sensitivity.responses import DERIVED, Kind

Place: TypeAlias = tuple[int, str, int, int]
"""Scramble, block, row and replicate."""


@dataclasses.dataclass(frozen=True)
class Analysis:
    """What is known of the responses.

    Attributes:
        response: The response to analyse unless another is named; the first by default.
        better: Which way it is better.
        ceilings: Value at which a response is clipped, by name.
    """

    response: str | None = None
    better: Literal["lower", "higher"] = "lower"
    ceilings: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        check_record(self, ResponseError)
        for name, ceiling in self.ceilings.items():
            if not isinstance(name, str):
                raise ResponseError(f"ceilings must be by the names of responses (given: {name!r})")
            check_record(Kind(ceiling=ceiling), ResponseError)

    def kinds(self, main: str) -> dict[str, Kind]:
        """The kinds of the responses."""
        kinds = {name: Kind(ceiling=ceiling) for name, ceiling in self.ceilings.items()}
        return {**kinds, main: dataclasses.replace(kinds.get(main, Kind()), better=self.better)}


def check_names(names: Collection[str], columns: Collection[str], analysis: Analysis, *, words: str) -> None:
    """Refuse responses whose names do not serve.

    Args:
        names: Of the responses.
        columns: Of the design's table.
        analysis: Which may name some.
        words: Of the responses that are there, what precedes their names.

    Raises:
        ResponseError: if one is named like a column, or one is not there.
    """
    reserved = {"design", *KEY, REPLICATE, SEED, DUMMY, "iteration", FAILURE, *columns, *DERIVED}
    if clashes := sorted(reserved & set(names)):
        raise ResponseError(f"a response may not be named like a column of the design: {', '.join(clashes)}")
    wanted = {*([analysis.response] if analysis.response else []), *analysis.ceilings}
    if missing := sorted(wanted - set(names)):
        raise ResponseError(f"no response {', '.join(missing)}: {words} {', '.join(names)}")


@dataclasses.dataclass(frozen=True)
class State:
    """What is known of all the rows.

    Attributes:
        noisy: Names of the responses that differed where rows were evaluated again; None before that.
        probed: The design that these rows were drawn from, described.
        looks: The sizes, ``(base, scrambles)``, at which verdicts are looked at to decide whether to go on.
        names: Of the responses, in order.
    """

    noisy: tuple[str, ...] | None = None
    probed: Mapping[str, Any] | None = None
    looks: tuple[tuple[int, int], ...] = ()
    names: tuple[str, ...] = ()


class Answers:
    """Answers by place, in memory.

    Attributes:
        state: What is known of all.
    """

    def __init__(self, analysis: Analysis) -> None:
        self.analysis, self.state = analysis, State()
        self._answers: dict[Place, Answer] = {}

    def lacking(self, places: Iterable[Place], *, retry: bool) -> list[int]:
        """Which of these have no answer, or with ``retry`` none but a failure."""
        answers = self._answers
        return [k for k, p in enumerate(places) if p not in answers or (retry and answers[p].failure)]

    def add(self, place: Place, setting: Mapping[str, Any], answer: Answer) -> None:
        """Take the answer to a row."""
        self._answers[place] = answer

    def learn(self, **news: Any) -> None:
        """Change the state."""
        self.state = dataclasses.replace(self.state, **news)

    def complete(self, design: Design, replicates: int) -> None:
        """Note that all rows of a design have answers."""

    def places(self, *, replicate: int) -> list[Place]:
        """All places of a replicate that have an answer."""
        return [place for place in self._answers if place[3] == replicate]

    def columns(self, places: Sequence[Place]) -> pd.DataFrame:
        """The responses at these places and the failures, "" where there is none; missing where there is no answer."""
        nothing = Answer({}, "not evaluated")
        answers = [self._answers.get(place, nothing) for place in places]
        responses = {
            name: np.array([answer.values.get(name, math.nan) for answer in answers]) for name in self.state.names
        }
        failures = pd.Series([answer.failure for answer in answers], dtype="str")
        return pd.DataFrame({**responses, FAILURE: failures})

    def survey(self, design: Design, rows: pd.DataFrame) -> Survey:
        """The survey of a design on the rows of its table, which may lack answers."""
        table = pd.concat([rows, self.columns(places_of(rows))], axis=1)
        main = self.analysis.response or (*self.state.names, RESPONSE)[0]
        noisy = () if REPLICATE in rows else self.state.noisy or ()
        seeded = REPLICATE not in rows and self.state.noisy == ()
        kinds = self.analysis.kinds(main)
        return Survey(table, design, main, kinds, seeded=seeded, noisy=noisy, looks=max(len(self.state.looks), 1))


def places_of(rows: pd.DataFrame) -> list[Place]:
    """The places of rows of a design's table."""
    replicate = rows[REPLICATE].tolist() if REPLICATE in rows else [0] * len(rows)
    return [(*place, number) for place, number in zip(places(rows), replicate, strict=True)]
