"""Responses: what of a training is explained, and in which form.

Heavy tails rule raw losses: the few trainings that end worse than guessing would own the variance. So a loss is clipped
at the loss of predicting class frequencies (its *ceiling*: useless is useless) and taken in the logarithm; its rank is
there beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from hpsearch.sensitivity.indices import ResponseError

Form: TypeAlias = Literal["log", "rank", "linear"]
FORMS: tuple[Form, ...] = ("log", "rank", "linear")

LOSSES = ("validation_loss", "train_loss")
GAP = "generalisation_gap"
TO_TARGET = "iterations_to_target"
BEST_TENTH = "best_tenth"
UPWARD = ("validation_r2",)
"""Where more is better: a ceiling is then the least that counts."""

DERIVED = (GAP, TO_TARGET, BEST_TENTH)


@dataclass(frozen=True)
class Response:
    """A response on every row of a survey, ready to be analysed.

    Attributes:
        name: As in the tables, with its target where it has one.
        form: "log", "rank" or "linear".
        values: ``(rows,)`` in the order of the design's table (a row for each replicate).
        iteration: Checkpoint at which it was taken (rows that ended before count as they ended); None where trainings
            have no checkpoints.
    """

    name: str
    form: Form
    values: NDArray[np.float64]
    iteration: int | None


def response(
    table: pd.DataFrame,
    name: str,
    *,
    main: str,
    ceilings: Mapping[str, float],
    form: Form | None = None,
    iteration: int | None = None,
    target: float | None = None,
) -> Response:
    """Take a response from a survey's table.

    Args:
        table: Rows of the design (or their checkpoints, each row's together and ascending).
        name: A metric's column, diverged among them, or generalisation_gap, iterations_to_target, or best_tenth (1 for
            the lowest 10 % of the main response, else 0).
        main: The survey's own response.
        form: By default "log" for losses and iterations_to_target, else "linear".
        ceilings: Values at which columns are clipped; what is not finite takes its column's ceiling.
        iteration: Take each row at this checkpoint, or where it ended before; by default where it ended.
        target: Validation loss to reach, for iterations_to_target; by default the median of the final ones.

    Raises:
        ResponseError: if there is no such response or form, a value has no logarithm, or one is not finite and its
            column has no ceiling.
    """
    if form is not None and form not in FORMS:
        raise ResponseError(f"no form {form!r}: choose {', '.join(FORMS)}")
    rows = table if iteration is None or "iteration" not in table else table[table["iteration"] <= iteration]
    ends = last(rows)
    if iteration is None and "iteration" in table:
        iteration = int(table["iteration"].max())
    label, values = _values(rows, ends, main if name == BEST_TENTH else name, ceilings, target)
    if name == BEST_TENTH:
        label, values = f"{name} of {main}", (values <= np.quantile(values, 0.1)).astype(float)
    default: Form = "log" if name in (*LOSSES, TO_TARGET) else "linear"
    chosen: Form = form or default
    return Response(label, chosen, _formed(values, label, chosen), iteration)


def last(rows: pd.DataFrame) -> pd.DataFrame:
    """The last checkpoint of each row of the design."""
    if "iteration" not in rows:
        return rows
    starts = (rows["iteration"].to_numpy()[1:] <= rows["iteration"].to_numpy()[:-1]).nonzero()[0]
    return rows.iloc[[*starts, len(rows) - 1]]


def clipped(rows: pd.DataFrame, name: str, ceilings: Mapping[str, float]) -> NDArray[np.float64]:
    """A column, clipped at its ceiling if it has one, ``(rows,)``."""
    if name not in rows:
        known = ", ".join(str(c) for c in rows.columns)
        raise ResponseError(f"no response {name!r}: the survey has {known}, and {', '.join(DERIVED)}")
    try:
        values = rows[name].to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError):
        raise ResponseError(f"{name!r} holds no numbers ({rows[name].dtype}): a response must") from None
    ceiling = ceilings.get(name)
    if ceiling is not None:
        bounded = np.maximum(values, ceiling) if name in UPWARD else np.minimum(values, ceiling)
        return np.where(np.isfinite(values), bounded, ceiling)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise ResponseError(
            f"{name}: {len(bad)} of {len(values)} values are not finite (the first in row {bad[0]}: {values[bad[0]]}); "
            f"give ceilings={{{name!r}: value}} to count them as failed, or mend the evaluation"
        )
    return values


def _values(
    rows: pd.DataFrame, ends: pd.DataFrame, name: str, ceilings: Mapping[str, float], target: float | None
) -> tuple[str, NDArray[np.float64]]:
    if name == GAP:
        losses = [clipped(ends, loss, ceilings) for loss in LOSSES]
        return name, losses[0] - losses[1]
    if name == TO_TARGET:
        if "iteration" not in rows:
            raise ResponseError(f"{TO_TARGET!r} needs checkpoints, and this survey has none")
        goal = float(np.median(clipped(ends, "validation_loss", ceilings))) if target is None else target
        return f"{name} (validation_loss {goal:.4g})", _first_reach(
            rows, clipped(rows, "validation_loss", ceilings), goal
        )
    return name, clipped(ends, name, ceilings)


def _first_reach(rows: pd.DataFrame, losses: NDArray[np.float64], goal: float) -> NDArray[np.float64]:
    """First checkpoint at which each row's loss was at most the goal; the longest training if it never was."""
    iteration = rows["iteration"].to_numpy()
    row = np.concatenate([[0], np.cumsum(iteration[1:] <= iteration[:-1])])
    longest = float(iteration.max())
    reached = np.where(losses <= goal, np.maximum(iteration, 1.0), longest)
    return np.minimum.reduceat(reached, np.flatnonzero(np.diff(row, prepend=-1))).astype(float)


def _formed(values: NDArray[np.float64], name: str, form: Form) -> NDArray[np.float64]:
    if form == "linear":
        return values
    if form == "rank":
        return np.asarray(stats.rankdata(values) / len(values))
    least = float(np.min(values))
    if least <= 0:
        raise ResponseError(f"{name} has values of 0 or below ({least:g}), so no log form: ask for rank or linear")
    return np.asarray(np.log(values))
