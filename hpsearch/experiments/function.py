"""The survey of any function of a space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import SEED, Design, DesignError
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.sensitivity.responses import Kind, ResponseOptions, clipped
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
            seed is to govern all randomness: rows that differ in one setting share it. Called a second time with some
            of the rows, as said below.
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

    Whether the seed governs all noise is tried once, unless there are replicates: 256 rows drawn at random (all, if the
    design has no more) are evaluated again, in another order. If one response differs by more than 1e-4 of its spread,
    or of its logarithm's, no setting is called sensitive or inert without replicates or a dummy. So noise in a share q
    of the rows is noticed with probability 1 − (1 − q)^256: 92 % of noise in 1 % of the rows, 99.9 % in 3 %; and so is
    a response that depends on the rows beside it. What is not noticed: noise in fewer rows, and noise behind a cache,
    which answers the same again, to replicates and the dummy too: survey such a function without its cache.

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
    if replicates > 1:
        return replace(surveyed, seeded=False)
    return replace(surveyed, seeded=_repeats(evaluate, settings, answers=answers, kinds=kinds, seed=seed))


_PROBE = 256
"""Rows that are evaluated twice: noise in 1 % of them is met with 1 − 0.99^256 = 92 %."""

_DUST = 1e-4
"""Of the spread of a response: what differs by less adds 1e-8 of the variance, far below any share of interest."""


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


def _repeats(
    evaluate: Evaluate, rows: pd.DataFrame, *, answers: pd.DataFrame, kinds: Mapping[str, Kind], seed: int
) -> bool:
    """Whether rows drawn at random, evaluated again in the order of their drawing, give the same (at the ceiling)."""
    some = np.random.default_rng((seed, _PROBE)).choice(len(rows), min(_PROBE, len(rows)), replace=False)
    again = _answers(evaluate, rows.iloc[some].reset_index(drop=True))
    for name in map(str, answers.columns):
        try:
            values = clipped(again, name, kinds=kinds)
        except ResponseError:  # finite before, and not now
            return False
        if not _same(clipped(answers, name, kinds=kinds), values, places=some):
            return False
    return True


def _same(values: NDArray[np.float64], again: NDArray[np.float64], *, places: NDArray[np.int64]) -> bool:
    """Whether values at some places are again what they were; where all are above 0, in the logarithm too."""
    if (np.abs(again - values[places]) > _DUST * _spread(values)).any():
        return False
    if min(np.min(values), np.min(again)) <= 0:
        return True
    return bool((np.abs(np.log(again / values[places])) <= _DUST * _spread(np.log(values))).all())


def _spread(values: NDArray[np.float64]) -> float:
    """The interquartile range; the standard deviation where most values are nearly equal; at least rounding's size."""
    quartiles, deviation = np.quantile(values, [0.25, 0.75]), float(values.std())
    middle = float(quartiles[1] - quartiles[0])
    rounding = 1e-12 * float(np.abs(values).max()) / _DUST
    return max(middle if middle > deviation / 1000 else deviation, rounding)
