"""Effects: how the response goes with one setting, and with two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from hpsearch.sensitivity.designs import DUMMY, SEED, Design
from hpsearch.sensitivity.indices import Interval, Responses, contrasts, holm, interval, pairs
from hpsearch.sensitivity.responses import Response, last
from hpsearch.space import Choice, Int

PRESENT, NOT_SEEN = "present", "not seen"


def interactions(taken: Response, responses: Responses, budget: str | None, *, confidence: float) -> pd.DataFrame:
    """Interaction indices of every pair of factors, strongest first (columns: see ``Survey.interactions``)."""
    found, couples = contrasts(responses), pairs(responses.factors)
    rows = []
    for k, (first, second) in enumerate(couples):
        both = interval(found.pairs[:, k], found, responses, confidence=confidence)
        alone = Interval(np.nan, np.nan, np.nan)
        if found.second is not None:
            alone = interval(found.second[:, k], found, responses, confidence=confidence)
        rows.append(
            {
                "response": taken.name,
                "form": taken.form,
                "budget": budget,
                "iteration": taken.iteration,
                "first": first,
                "second": second,
                "interaction": both.value,
                "low": both.low,
                "high": both.high,
                "second_order": alone.value,
                "second_low": alone.low,
                "second_high": alone.high,
            }
        )
    frame = pd.DataFrame(rows).astype(dict.fromkeys(("response", "form", "budget", "first", "second"), "str"))
    luck = np.array([bool({SEED, DUMMY} & set(couple)) for couple in couples])
    seen = np.zeros(len(couples), dtype=bool)
    for family in (luck, ~luck):  # what luck does is a question of its own
        if family.any():
            seen[family] = _above_zero(found.pairs[:, family], 1 - confidence)
    seen &= ~np.isnan(frame["interaction"].to_numpy())
    frame["verdict"] = pd.Series(np.where(seen, PRESENT, NOT_SEEN), dtype="str")
    frame["iteration"] = frame["iteration"].astype("Int64")
    return frame.sort_values("interaction", ascending=False, kind="stable", ignore_index=True)


def _above_zero(numerators: Any, level: float) -> Any:
    count = len(numerators)
    error = numerators.std(axis=0, ddof=1) / np.sqrt(count)
    mean = np.where(np.abs(numerators.mean(axis=0)) > 1e-12 * np.abs(numerators).max(), numerators.mean(axis=0), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(mean == 0, 0.0, mean / error)
    return holm(stats.t.sf(t, count - 1)) <= level


def main_effects(
    table: pd.DataFrame, design: Design, taken: Response, *, bins: int = 10, confidence: float = 0.95
) -> pd.DataFrame:
    """Mean response against each hyperparameter, over everything else.

    Args:
        table: Of the survey.
        design: Of the survey.
        taken: The response on its rows.
        bins: Cells of equal width on a hyperparameter's side of the cube; choices and few whole numbers have one each.
        confidence: Of the interval of the mean, a t-interval over scrambles.

    Returns:
        A row a cell. Columns: response, form, iteration, hyperparameter, low, high, value (the cell's ends and middle),
        mean, mean_low, mean_high, others_low, others_high (the middle 80 % of responses as all the other settings
        vary), seed_sd (standard deviation that the seed alone makes there), rows.
    """
    rows = last(table).reset_index(drop=True)
    cube = design.space.to_unit({name: rows[name].to_numpy() for name in design.space})
    luck = _seed_differences(rows, design, taken)
    parts = []
    for k, name in enumerate(design.space):
        cells, count = _cells(design, name, cube[:, k], bins)
        grouped = pd.Series(taken.values).groupby(cells)
        mean = _over_scrambles(taken.values, rows["scramble"].to_numpy(), cells, confidence)
        in_block_a = cells[luck[0]]
        variance = pd.Series(luck[1] ** 2 / 2).groupby(in_block_a).mean()
        edges = _edges(design, name, count)
        part = pd.DataFrame({"hyperparameter": pd.Series([name] * count, dtype="str"), **edges}).join(mean)
        part["others_low"], part["others_high"] = grouped.quantile(0.1), grouped.quantile(0.9)
        part["seed_sd"] = np.sqrt(variance)
        part["rows"] = pd.Series(cells).value_counts()
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame["rows"] = frame["rows"].fillna(0).astype("int64")
    _label(frame, taken)
    return frame


def surface(
    table: pd.DataFrame, design: Design, taken: Response, names: tuple[str, str], *, bins: int = 8
) -> pd.DataFrame:
    """Mean response against two hyperparameters, over everything else.

    Returns:
        A row a cell of the two. Columns: response, form, iteration, the two (middles of the cells), mean, interaction
        (mean minus what the two main effects add up to), rows; cells without rows are missing.
    """
    rows = last(table).reset_index(drop=True)
    order = list(design.space)
    cube = design.space.to_unit({name: rows[name].to_numpy() for name in order})
    cells, middles = [], []
    for name in names:
        cell, count = _cells(design, name, cube[:, order.index(name)], bins)
        cells.append(cell)
        middles.append(_edges(design, name, count)["value"])
    grouped = pd.Series(taken.values).groupby(cells).agg(["mean", "size"])
    i, j = (grouped.index.get_level_values(k).to_numpy() for k in (0, 1))
    mean = grouped["mean"].to_numpy()
    rest = mean - taken.values.mean()
    for own, cell in ((i, cells[0]), (j, cells[1])):
        effect = pd.Series(taken.values).groupby(cell).mean() - taken.values.mean()
        rest = rest - effect.loc[own].to_numpy()
    columns = {names[0]: np.asarray(middles[0])[i], names[1]: np.asarray(middles[1])[j]}
    frame = pd.DataFrame({**columns, "mean": mean, "interaction": rest, "rows": grouped["size"].to_numpy()})
    _label(frame, taken)
    return frame


def _label(frame: pd.DataFrame, taken: Response) -> None:
    """Name the response in every row."""
    frame.insert(0, "response", pd.Series([taken.name] * len(frame), dtype="str"))
    frame.insert(1, "form", pd.Series([taken.form] * len(frame), dtype="str"))
    frame.insert(2, "iteration", pd.Series([taken.iteration] * len(frame), dtype="Int64"))


def _cells(design: Design, name: str, unit: Any, bins: int) -> tuple[Any, int]:
    """Cell of each point and their number."""
    dimension = design.space[name]
    count = bins
    if isinstance(dimension, Choice):
        count = len(dimension.choices)
    elif isinstance(dimension, Int) and not dimension.log:
        count = min(bins, dimension.high - dimension.low + 1)
    return np.minimum((unit * count).astype(int), count - 1), count


def _edges(design: Design, name: str, count: int) -> dict[str, Any]:
    dimension = design.space[name]
    middle = dimension.from_unit((np.arange(count) + 0.5) / count)
    if isinstance(dimension, Choice):
        return {"low": middle, "high": middle, "value": middle}
    ends = dimension.from_unit(np.arange(count + 1) / count)
    return {"low": ends[:-1], "high": ends[1:], "value": middle}


def _over_scrambles(values: Any, scramble: Any, cells: Any, confidence: float) -> pd.DataFrame:
    means = pd.Series(values).groupby([scramble, cells]).mean().unstack()
    error: pd.Series = means.std() / np.sqrt(means.count())
    half = stats.t.ppf((1 + confidence) / 2, means.count() - 1) * error
    mean = means.mean()
    return pd.DataFrame({"mean": mean, "mean_low": mean - half, "mean_high": mean + half})


def _seed_differences(rows: pd.DataFrame, design: Design, taken: Response) -> tuple[Any, Any]:
    """Places of the rows of A, and the difference that another seed makes to each."""
    blocks = rows["block"].to_numpy()
    a, other = np.flatnonzero(blocks == "A"), np.flatnonzero(blocks == f"AB_{SEED}")
    return a, taken.values[a] - taken.values[other]
