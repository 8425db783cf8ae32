"""Responses: what of a training is explained, and in which form.

Heavy tails rule raw losses: the few trainings that end worse than guessing would own the variance. So a loss is clipped
at the loss of predicting class frequencies (its *ceiling*: useless is useless) and analysed in the logarithm, there not
below a *floor* (perfect is perfect, and 0 has no logarithm); ranks are offered beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from hpsearch.sensitivity.indices import ResponseError

Form: TypeAlias = Literal["log", "rank", "linear"]
FORMS: tuple[Form, ...] = get_args(Form)


@dataclass(frozen=True)
class Kind:
    """What is known of a column of responses.

    Attributes:
        form: In which it is analysed unless another is asked for.
        better: Which way is better.
        ceiling: Value at which it is clipped (from above where lower is better, from below where higher is); what is
            not finite counts as this value. None: no value is clipped, and each must be finite.
        floor: Value, above 0, at which it is clipped from below in the log form alone. None: each must be above 0.
    """

    form: Form = "linear"
    better: Literal["lower", "higher"] = "lower"
    ceiling: float | None = None
    floor: float | None = None


VALIDATION, TRAIN = "validation_loss", "train_loss"
GAP = "generalisation_gap"
TO_TARGET = "iterations_to_target"
BEST_TENTH = "best_tenth"
DERIVED: Mapping[str, Kind] = {GAP: Kind(), TO_TARGET: Kind("log"), BEST_TENTH: Kind(better="higher")}
"""Responses that are made of a survey's columns."""


@dataclass(frozen=True)
class Response:
    """A response on every row of a survey, ready to be analysed.

    Attributes:
        name: As in the tables, with its target where it has one.
        form: "log", "rank" or "linear".
        values: ``(rows,)`` in the order of the design's table (a row for each replicate).
        iteration: Checkpoint of the values (of a row that ended before, its end); None where trainings have no
            checkpoints.
        better: Which way is better.
        at_ceiling: Number of values that count as their ceiling.
        at_floor: Number of values that count as their floor.
    """

    name: str
    form: Form
    values: NDArray[np.float64]
    iteration: int | None
    better: Literal["lower", "higher"] = "lower"
    at_ceiling: int = 0
    at_floor: int = 0

    def __repr__(self) -> str:
        at = "" if self.iteration is None else f", iteration {self.iteration:,}"
        return f"Response({self.name!r}, {self.form} form{at}, {len(self.values):,} rows)"


def response_of(
    table: pd.DataFrame,
    name: str,
    *,
    main: str,
    kinds: Mapping[str, Kind],
    form: Form | None = None,
    iteration: int | None = None,
    target: float | None = None,
) -> Response:
    """Read a response from a survey's table.

    Args:
        table: Rows of the design (or their checkpoints, each row's together and ascending).
        name: A column of responses, generalisation_gap (validation_loss − train_loss), iterations_to_target, or
            best_tenth (1 for the best 10 % of the survey's own response and all that tie with the last of these, else
            0).
        main: The survey's own response.
        kinds: What is known of the columns; the others are linear, lower is better, and nothing clips them.
        form: "log", "rank" or "linear"; by default that of the response's kind.
        iteration: Each row at this checkpoint, or where it ended if that was before; by default where it ended.
        target: Validation loss to reach, for iterations_to_target; by default the median of the final ones.

    Raises:
        ResponseError: if there is no such response or form, a value has no logarithm, or one is not finite and its
            column has no ceiling.
    """
    if form is not None and form not in FORMS:
        raise ResponseError(f"no form {form!r}: choose {', '.join(FORMS)}")
    rows = table if iteration is None or "iteration" not in table else table[table["iteration"] <= iteration]
    if iteration is None and "iteration" in table:
        iteration = int(table["iteration"].max())
    if name == BEST_TENTH:
        label, values = f"{name} of {main}", _best_tenth(rows, main, kinds=kinds, target=target)
    else:
        label, values = _values(rows, name, kinds=kinds, target=target)
    kind = _kind(name, kinds)
    form = form or kind.form
    floor = kind.floor if form == "log" else None
    at_floor = 0 if floor is None else int((values < floor).sum())
    values = _formed(values if floor is None else np.maximum(values, floor), form, name=label)
    return Response(label, form, values, iteration, kind.better, _at_ceiling(rows, name, kinds=kinds), at_floor)


def last(rows: pd.DataFrame) -> pd.DataFrame:
    """The last checkpoint of each row of the design."""
    if "iteration" not in rows:
        return rows
    starts = (rows["iteration"].to_numpy()[1:] <= rows["iteration"].to_numpy()[:-1]).nonzero()[0]
    return rows.iloc[[*starts, len(rows) - 1]]


def clipped(rows: pd.DataFrame, name: str, *, kinds: Mapping[str, Kind]) -> NDArray[np.float64]:
    """A column, clipped at its ceiling if it has one, ``(rows,)``.

    Raises:
        ResponseError: if there is no such column, it holds no numbers, or one is not finite and there is no ceiling.
    """
    if name not in rows:
        columns = ", ".join(str(column) for column in rows.columns)
        raise ResponseError(f"no response {name!r}: the survey has {columns}, and {', '.join(DERIVED)}")
    try:
        values = rows[name].to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError):
        raise ResponseError(f"{name!r} holds no numbers ({rows[name].dtype}): a response must") from None
    kind = _kind(name, kinds)
    if kind.ceiling is not None:
        clip = np.minimum if kind.better == "lower" else np.maximum
        return np.where(np.isfinite(values), clip(values, kind.ceiling), kind.ceiling)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise ResponseError(
            f"{name}: {len(bad)} of {len(values)} values are not finite (the first in row {bad[0]}: {values[bad[0]]}); "
            f"give ceilings={{{name!r}: value}} to count them as failed (in a space's TOML, below [survey], "
            f'ceilings = {{"{name}" = value}}), or mend the evaluation'
        )
    return values


def _kind(name: str, kinds: Mapping[str, Kind]) -> Kind:
    return DERIVED[name] if name in DERIVED else kinds.get(name, Kind())


def _values(
    rows: pd.DataFrame, name: str, *, kinds: Mapping[str, Kind], target: float | None
) -> tuple[str, NDArray[np.float64]]:
    """A response's name in the tables, and its value where each row of the design ended."""
    ends = last(rows)
    if name == GAP:
        return name, clipped(ends, VALIDATION, kinds=kinds) - clipped(ends, TRAIN, kinds=kinds)
    if name == TO_TARGET:
        if "iteration" not in rows:
            raise ResponseError(f"{TO_TARGET!r} needs checkpoints, and this survey has none")
        goal = float(np.median(clipped(ends, VALIDATION, kinds=kinds))) if target is None else target
        return f"{name} ({VALIDATION} {goal:.4g})", _first_reach(
            rows, clipped(rows, VALIDATION, kinds=kinds), goal=goal
        )
    return name, clipped(ends, name, kinds=kinds)


def _at_ceiling(rows: pd.DataFrame, name: str, *, kinds: Mapping[str, Kind]) -> int:
    """How many of a response's values are clipped, or made of one that is."""
    ends = last(rows)
    columns = {GAP: (VALIDATION, TRAIN), TO_TARGET: (), BEST_TENTH: ()}.get(name, (name,))
    changed = [clipped(ends, c, kinds=kinds) != ends[c].to_numpy(dtype="float64", na_value=np.nan) for c in columns]
    return int(np.any(changed, axis=0).sum())


def _best_tenth(
    rows: pd.DataFrame, main: str, *, kinds: Mapping[str, Kind], target: float | None
) -> NDArray[np.float64]:
    """1 where the main response is among its best tenth, else 0."""
    _, values = _values(rows, main, kinds=kinds, target=target)
    cost = values if _kind(main, kinds).better == "lower" else -values
    return (cost <= np.quantile(cost, 0.1)).astype(float)


def _first_reach(rows: pd.DataFrame, losses: NDArray[np.float64], *, goal: float) -> NDArray[np.float64]:
    """First checkpoint at which each row's loss was at most the goal; the longest training if it never was."""
    iteration = rows["iteration"].to_numpy()
    row = np.concatenate([[0], np.cumsum(iteration[1:] <= iteration[:-1])])
    longest = float(iteration.max())
    reached = np.where(losses <= goal, np.maximum(iteration, 1.0), longest)
    return np.minimum.reduceat(reached, np.flatnonzero(np.diff(row, prepend=-1))).astype(float)


def _formed(values: NDArray[np.float64], form: Form, *, name: str) -> NDArray[np.float64]:
    """The values in their form; ranks run from 1/rows to 1."""
    if form == "linear":
        return values
    if form == "rank":
        return np.asarray(stats.rankdata(values) / len(values))
    least = float(np.min(values))
    if least <= 0:
        advice = "ask for rank or linear, or give it a floor above 0: its Kind in the survey's kinds"
        raise ResponseError(f"{name} has values of 0 or below ({least:g}), so no log form: {advice}")
    return np.asarray(np.log(values))
