"""Effects: how the response goes with one setting, and with two."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from hpsearch.sensitivity.designs import SEED, Design
from hpsearch.sensitivity.grids import check_varies
from hpsearch.sensitivity.indices import Responses, contrasts, index, missing
from hpsearch.sensitivity.responses import Response, last
from hpsearch.sensitivity.verdicts import NO_FLOOR, UNDECIDED, holm, one_sided
from hpsearch.space import Dimension

PRESENT, NOT_SEEN = "present", "not seen"


def interactions(response: Response, responses: Responses, *, budget: str | None, confidence: float) -> pd.DataFrame:
    """Interaction indices of every pair of factors, strongest first (columns: see ``SurveyTables.interactions``).

    Args:
        response: For the names in the table.
        responses: The same on the rows of the design.
        budget: Of the survey.
        confidence: Of the intervals, and of the verdicts.
    """
    sums, pairs = contrasts(responses), list(combinations(responses.factors, 2))
    present = holm(one_sided(sums.pairs)) <= (1 - confidence) / 2
    rows = []
    for k, pair in enumerate(pairs):
        both, alone = missing(NO_FLOOR), missing("the design has no blocks BA")
        if responses.floor_known:
            both = index(sums.pairs[:, k], sums, responses=responses, confidence=confidence)
        if sums.second is not None:
            alone = index(sums.second[:, k], sums, responses=responses, confidence=confidence)
        verdict = UNDECIDED if both.reason else PRESENT if present[k] else NOT_SEEN
        ends = (both.value, both.low, both.high, alone.value, alone.low, alone.high)
        rows.append((*pair, *ends, verdict, both.reason))
    numbers = ("interaction", "low", "high", "second_order", "second_low", "second_high")
    words = ("first", "second", "verdict", "reason")
    frame = pd.DataFrame(rows, columns=[*words[:2], *numbers, *words[2:]]).astype(dict.fromkeys(words, "str"))
    _label(frame, response)
    frame.insert(2, "budget", pd.Series([budget] * len(frame), dtype="str"))
    return frame.sort_values("interaction", ascending=False, kind="stable", ignore_index=True)


def main_effects(
    response: Response, design: Design, *, table: pd.DataFrame, bins: int = 10, confidence: float = 0.95
) -> pd.DataFrame:
    """Mean response against each hyperparameter, over everything else.

    Args:
        response: On the rows of the table.
        design: Of the survey.
        table: Of the survey.
        bins: Cells of equal width on a hyperparameter's side of the cube; choices and few whole numbers have one each.
        confidence: Of the interval of the mean, a t-interval over scrambles.

    Returns:
        A row a cell. Columns: response, form, iteration, hyperparameter, low, high, scale, value (the cell's ends and
        middle, and the scale of its range), mean, mean_low, mean_high, others_low, others_high (the middle 80 % of
        responses as all the other settings vary), seed_sd (standard deviation that the seed alone makes there),
        seed_low, seed_high (the mean less and more that much), rows.
    """
    rows = last(table).reset_index(drop=True)
    places, differences = _seed_differences(rows, response)
    parts = []
    for name, dimension in design.space.items():
        cells = dimension.cell_of(rows[name].to_numpy(), dimension.cells(bins))
        grouped = pd.Series(response.values).groupby(cells)
        mean = _over_scrambles(response.values, rows["scramble"].to_numpy(), cells=cells, confidence=confidence)
        part = cell_ends(dimension, dimension.cells(bins))
        part.insert(0, "hyperparameter", name)
        part = part.join(mean)
        part["others_low"], part["others_high"] = grouped.quantile(0.1), grouped.quantile(0.9)
        part["seed_sd"] = np.sqrt(pd.Series(differences**2 / 2).groupby(cells[places]).mean())
        part["seed_low"], part["seed_high"] = part["mean"] - part["seed_sd"], part["mean"] + part["seed_sd"]
        part["rows"] = pd.Series(cells).value_counts()
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame["rows"] = frame["rows"].fillna(0).astype("int64")
    _label(frame, response)
    return frame


def surface(
    response: Response, design: Design, *, table: pd.DataFrame, names: tuple[str, str], bins: int = 8
) -> pd.DataFrame:
    """Mean response against two hyperparameters, over everything else.

    Args:
        response: On the rows of the table.
        design: Of the survey.
        table: Of the survey.
        names: The two.
        bins: Cells of each, as in :func:`main_effects`.

    Returns:
        A row a cell of the two. Columns: response, form, iteration, the two (middles of the cells), first_low,
        first_high, first_scale, second_low, second_high, second_scale (the cells' ends, and the scales of the ranges),
        mean, interaction (mean minus what the two main effects add up to), rows; cells without rows are missing.

    Raises:
        DesignError: if one of the two is not in the space, or they are the same.
    """
    check_varies(design.space, *names)
    rows = last(table).reset_index(drop=True)
    values = pd.Series(response.values)
    sides = {name: design.space[name] for name in names}
    cells = [dimension.cell_of(rows[name].to_numpy(), dimension.cells(bins)) for name, dimension in sides.items()]
    grouped = values.groupby(cells).agg(["mean", "size"])
    mean = grouped["mean"].to_numpy()
    middles: dict[str, pd.Series] = {}
    ends: dict[str, pd.Series] = {}
    rest = mean - response.values.mean()
    for level, (name, cell) in enumerate(zip(names, cells, strict=True)):
        place = grouped.index.get_level_values(level).to_numpy()
        effect = values.groupby(cell).mean() - response.values.mean()
        rest = rest - effect.loc[place].to_numpy()
        own = cell_ends(sides[name], sides[name].cells(bins)).iloc[place].reset_index(drop=True)
        middles[name] = own["value"]
        ends |= {f"{('first', 'second')[level]}_{end}": own[end] for end in ("low", "high", "scale")}
    frame = pd.DataFrame({**middles, **ends, "mean": mean, "interaction": rest, "rows": grouped["size"].to_numpy()})
    _label(frame, response)
    return frame


def _label(frame: pd.DataFrame, response: Response) -> None:
    """Name the response in every row, in the first columns."""
    frame.insert(0, "response", response.name)
    frame.insert(1, "form", response.form)
    frame.insert(2, "iteration", pd.Series([response.iteration] * len(frame), dtype="Int64"))


def cell_ends(dimension: Dimension, count: int) -> pd.DataFrame:
    """Columns low, high, scale and value (the middle), a row a cell; ends and middle of a choice are the choice."""
    middle = dimension.from_unit((np.arange(count) + 0.5) / count)
    value = pd.Series(middle, dtype=object if middle.dtype == bool else None)  # beside numbers, True would turn into 1
    low, high = value, value
    if dimension.scale != "choices":
        ends = pd.Series(dimension.from_unit(np.arange(count + 1) / count))
        low, high = ends[:-1], ends[1:].reset_index(drop=True)
    return pd.DataFrame({"low": low, "high": high, "scale": dimension.scale, "value": value})


def _over_scrambles(
    values: NDArray[np.float64], scramble: NDArray[np.int64], *, cells: NDArray[np.intp], confidence: float
) -> pd.DataFrame:
    """Mean of each cell with its t-interval over the scrambles' means, a row a cell."""
    means = pd.Series(values).groupby([scramble, cells]).mean().unstack()
    error: pd.Series = means.std() / np.sqrt(means.count())
    half = stats.t.ppf((1 + confidence) / 2, means.count() - 1) * error
    mean = means.mean()
    return pd.DataFrame({"mean": mean, "mean_low": mean - half, "mean_high": mean + half})


def _seed_differences(rows: pd.DataFrame, response: Response) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Places of the rows of A, and the difference that another seed makes to each."""
    blocks = rows["block"].to_numpy()
    a, other = np.flatnonzero(blocks == "A"), np.flatnonzero(blocks == f"AB_{SEED}")
    return a, response.values[a] - response.values[other]
