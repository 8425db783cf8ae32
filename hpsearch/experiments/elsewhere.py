"""A survey of values that were computed elsewhere: a design's rows go out, and the values come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from hpsearch.config.arguments import checked
from hpsearch.evaluation.calls import FunctionError, numbers_of
from hpsearch.experiments.answers import Analysis, check_names
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import FAILURE, KEY, REPLICATE, Design, DesignError
from hpsearch.sensitivity.indices import ResponseError


@checked(DesignError)
def survey_of(
    design: Design,
    values: Any,
    *,
    seeded: bool = False,
    replicates: int = 1,
    response: str | None = None,
    better: Literal["lower", "higher"] = "lower",
    ceilings: Mapping[str, float] | None = None,
) -> Survey:
    """The survey of a design whose rows were evaluated elsewhere. Nothing is stored: the values stay the caller's.

    Args:
        design: Made with the same arguments as the one whose ``table()`` was evaluated: it has the same rows.
        values: For each row of ``design.table(replicates)``: an array ``(rows,)`` in its order; a Series or a DataFrame
            of several responses, with the table's index in any order; or that table itself in any order of its rows,
            with columns of responses, as read from a file: then the place and the setting of each row are compared.
        seeded: Whether equal rows give equal values, all randomness being governed by the seed. That cannot be
            tested here: unless you say so, no setting is called sensitive or inert without replicates or a dummy.
        replicates: Evaluations of each row.
        response: The response to analyse unless another is named; the first by default.
        better: Which way that response is better.
        ceilings: Value for each response at which it is clipped; what is not finite counts as this value.

    Returns:
        The survey.

    Raises:
        DesignError: if ``design`` is none, or another argument is not of its kind.
        ResponseError: if values are missing, or of other rows, are no numbers, or are named like a column of the
            design; or a value of the response that is analysed is not finite and has no ceiling: ``survey`` of the
            exception is the survey then.

    >>> from hpsearch.space import Float, Space
    >>> design = Design(Space({"x": Float(0, 1), "y": Float(0, 1)}), base=64)
    >>> rows = design.table()  # to a file, to a cluster, and back
    >>> survey_of(design, rows["x"] + 3 * rows["y"], seeded=True).sensitivity()["verdict"].tolist()
    ['sensitive', 'sensitive', 'luck']
    """
    if not isinstance(design, Design):
        raise DesignError(
            f"design must be a Design (given: {type(design).__name__}): the one whose table was evaluated"
        )
    rows = design.table(replicates)
    if isinstance(values, pd.DataFrame) and set(KEY) <= set(values.columns):
        values = _in_order(values, rows)
    try:
        columns = numbers_of(values, rows, words="must be one")
    except FunctionError as problem:
        raise ResponseError(f"values: {problem}") from None
    analysis = Analysis(response, better, ceilings or {})
    check_names(columns, rows.columns, analysis, words="the values are")
    table = pd.concat([rows, pd.DataFrame(columns)], axis=1).assign(**{FAILURE: ""})
    main = response or next(iter(columns))
    survey = Survey(table, design, main, analysis.kinds(main), seeded=seeded and replicates == 1)
    try:
        survey.take()
    except ResponseError as problem:
        raise ResponseError(str(problem), survey) from None
    return survey


def _in_order(values: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The responses of a table with the columns of the design, in the design's order.

    Raises:
        ResponseError: if a row is missing, there twice, or has another setting than in the design.
    """
    key = [*KEY, *([REPLICATE] if REPLICATE in rows else [])]
    if missing := [name for name in (*key, *rows.columns.drop("design")) if name not in values]:
        raise ResponseError(f"the values' table lacks columns of the design: {', '.join(dict.fromkeys(missing))}")
    placed = values.set_index(key)
    places = pd.MultiIndex.from_frame(rows[key])
    if placed.index.has_duplicates or len(placed) != len(places) or not places.isin(placed.index).all():
        raise ResponseError(
            f"the values' table has {len(placed):,} rows, and not once each of the {len(places):,} of the design: take "
            "the rows of design.table(replicates) with the same design"
        )
    placed = placed.loc[places].reset_index()
    for name in rows.columns.drop(["design", *key]):
        if not _alike(placed[name], rows[name]):
            raise ResponseError(
                f"the values' table has other values of {name!r} than the design: make the design with the arguments "
                "that its rows were made with"
            )
    return placed.drop(columns=[name for name in rows.columns if name in placed])


def _alike(values: pd.Series, wanted: pd.Series) -> bool:
    """Whether two columns are equal, but for the digits that a file may lose."""
    if wanted.dtype.kind in "if":
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64")
        return bool(np.allclose(numbers, wanted.to_numpy(dtype="float64"), rtol=1e-9, atol=1e-12))
    return [str(value) for value in values] == [str(value) for value in wanted]
