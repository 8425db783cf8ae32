"""The survey of any function of a space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import SEED, Design, DesignError
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.sensitivity.responses import Kind, ResponseOptions
from hpsearch.space import Space

Evaluate = Callable[[pd.DataFrame], Any]


def survey(
    evaluate: Evaluate,
    space: Space,
    base: int = 128,
    scrambles: int = 8,
    *,
    seeds: int = 32,
    replicates: int = 1,
    dummy: bool = False,
    second_order: bool = False,
    seed: int = 0,
    response: str | None = None,
    ceilings: Mapping[str, float] | None = None,
) -> Survey:
    """Survey any function of a space.

    Args:
        evaluate: Takes a DataFrame with a column for each hyperparameter and a column ``seed``, a row an evaluation;
            returns a response for each row, in order: a Series, a DataFrame of several, or an array ``(rows,)``. The
            seed is to govern all randomness: rows that differ in one setting share it.
        space: Of the hyperparameters.
        base: Rows of a block of a scramble, a power of two.
        scrambles: Independent randomisations.
        seeds: Size of the pool of seeds, 0, 1, …
        replicates: Evaluations of each row, for noise that cannot be seeded: what varies within rows is estimated and
            taken off.
        dummy: Whether a factor that ``evaluate`` never sees joins as control.
        second_order: Whether to add the blocks for indices of pairs alone, near double the evaluations.
        seed: Of the design.
        response: Analysed unless another is named; the first column by default.
        ceilings: Value for each response that is clipped there; failed evaluations (NaN, infinity) take it. Lower is
            better; for more than that, ``dataclasses.replace`` the survey's ``kinds``.

    Returns:
        The survey; its methods give the tables.

    Raises:
        DesignError: if the design cannot be laid out, or replicates is below 1.
        ResponseError: if ``evaluate`` returns something else, or a value that is not finite and has no ceiling.

    >>> from hpsearch.space import Float, Space
    >>> square = Space({"x": Float(0, 1), "y": Float(0, 1)})
    >>> sums = survey(lambda rows: rows["x"] + 3 * rows["y"], square, base=64)
    >>> sums.sensitivity()[["hyperparameter", "total_order", "verdict"]].round(2).values.tolist()
    [['y', 0.9, 'sensitive'], ['x', 0.1, 'sensitive'], ['seed', 0.0, 'luck']]
    """
    if replicates < 1:
        raise DesignError(f"replicates must be at least 1 (given: {replicates})")
    design = Design(space, base, scrambles, seeds, dummy, second_order, seed)
    rows = design.table()
    if replicates > 1:
        rows = rows.loc[rows.index.repeat(replicates)].reset_index(drop=True)
        rows.insert(4, "replicate", np.tile(np.arange(replicates), len(design)))
    settings = rows[[*space, SEED]]
    answers = _answers(evaluate, settings)
    clashes = sorted(set(answers.columns) & set(rows.columns))
    if clashes:
        raise ResponseError(f"a response may not be named like a column of the design: {', '.join(clashes)}")
    table = pd.concat([rows, answers], axis=1)
    kinds = {name: Kind(ceiling=ceiling) for name, ceiling in (ceilings or {}).items()}
    surveyed = Survey(table, design, response or str(answers.columns[0]), kinds)
    for name in answers.columns:
        surveyed.take(ResponseOptions(str(name)))  # refuses here what is not finite, not in the middle of an analysis
    return replace(surveyed, seeded=replicates == 1 and _repeats(evaluate, settings, answers=answers))


_PROBE = 16
"""Rows that are evaluated twice."""


def _answers(evaluate: Evaluate, rows: pd.DataFrame) -> pd.DataFrame:
    """What the function returns of these rows, a column a response."""
    answer = evaluate(rows.copy())
    if isinstance(answer, pd.Series):
        own = isinstance(answer.name, str) and answer.name not in rows.columns  # rows["x"] ** 2 is still named "x"
        answer = answer.to_frame(answer.name if own else "response")
    elif not isinstance(answer, pd.DataFrame):
        answer = np.asarray(answer)
        if answer.ndim != 1:
            raise ResponseError(f"evaluate must return a response for each row (given: an array {answer.shape})")
        answer = pd.DataFrame({"response": answer})
    if len(answer) != len(rows) or not len(answer.columns):
        raise ResponseError(f"evaluate must return a response for each of {len(rows)} rows (given: {answer.shape})")
    return answer.reset_index(drop=True)


def _repeats(evaluate: Evaluate, rows: pd.DataFrame, *, answers: pd.DataFrame) -> bool:
    """Whether a few rows, evaluated again, give the same: whether the seed governs all noise."""
    some = np.unique(np.linspace(0, len(rows) - 1, _PROBE).astype(int))
    again = _answers(evaluate, rows.iloc[some].reset_index(drop=True))
    return all(_same(again[name], answers[name].iloc[some]) for name in answers.columns)


def _same(a: Sequence[Any] | pd.Series, b: Sequence[Any] | pd.Series) -> bool:
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return bool(np.allclose(first, second, rtol=1e-6, atol=0, equal_nan=True))
