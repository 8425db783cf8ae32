"""Axes of values, settings and iterations, and keys to colours, with ticks whose names do not overlap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from hpsearch.figures import texts

_FEW = 8
"""Steps of whole numbers that have a tick each."""

ZERO = 0.5
"""Where iteration 0 stands on a logarithmic axis, which has no place for it: half a step left of 1."""


def value_axis(*values: pd.Series) -> dict[str, Any]:
    """The axis of values: logarithmic where all are above 0 and they span a decade."""
    finite = pd.concat(values)
    finite = finite[finite.abs() < math.inf]
    low, high = finite.min(), finite.max()
    return _log_axis(low, high) if len(finite) and 0 < 10 * low <= high else {"type": "linear"}


def colour_values(values: pd.Series) -> pd.Series:
    """Values as colours, which plotly has no logarithm for: by their logarithm where :func:`value_axis` is."""
    return values.map(math.log10) if value_axis(values)["type"] == "log" else values


def colour_bar(title: str, values: pd.Series | None = None) -> dict[str, Any]:
    """The key to the colours, at the figure's foot; of :func:`colour_values` where values are given."""
    bar: dict[str, Any] = {"title": {"text": title, "side": "bottom"}, "orientation": "h", "thickness": 10, "len": 0.6}
    bar |= {"y": 0, "yref": "container", "yanchor": "bottom"}
    axis = {} if values is None else value_axis(values)
    if "tickvals" in axis:
        bar |= {"tickvals": [math.log10(tick) for tick in axis["tickvals"]], "ticktext": axis["ticktext"]}
    return bar


def axis(name: str, scale: str, values: pd.Series, *, most: int = 60) -> dict[str, Any]:
    """A hyperparameter's axis: its name, its scale in the space ("log", "linear" or "choices"), and its values.

    Of the names of choices ``most`` characters together are shown.
    """
    title = {"title": {"text": texts.label(name, most=30)}}
    if scale == "choices":
        return {**title, **choice_axis(_ordered(values), most=most)}
    known = values.dropna()
    if scale == "log" and len(known):
        return {**title, **_log_axis(known.min(), known.max())}
    numbers = len(known) > 0 and pd.api.types.is_numeric_dtype(known)
    whole = numbers and bool((known % 1 == 0).all()) and known.max() - known.min() <= _FEW
    return {**title, "type": "linear", **({"dtick": 1} if whole else {})}


def choice_axis(choices: Sequence[object], *, most: int = 60) -> dict[str, Any]:
    """An axis of choices in this order, at the places of :func:`positions`.

    Args:
        choices: Side by side.
        most: Characters of all their names together that fit; longer names are cut.
    """
    places, width = [choice(value) for value in choices], max(3, most // max(len(choices), 1))
    names = [texts.plain(texts.cut(_text(value), width)) for value in choices]
    order = {"type": "category", "categoryorder": "array", "categoryarray": places}
    return {**order, "tickvals": places, "ticktext": names, "tickangle": 0}


def ends(values: pd.Series, scale: str) -> list[float]:
    """The range of an axis that ends with its values, as plotly counts it: choices by place, a logarithm as such."""
    if scale == "choices":
        return [0, values.nunique() - 1]
    low, high = float(values.min()), float(values.max())
    return [math.log10(low), math.log10(high)] if scale == "log" else [low, high]


def _log_axis(low: float, high: float) -> dict[str, Any]:
    """Ticks at powers of ten, or at 1, 2, 5, 10, …, so that none of their names overlaps another."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    digits = (1, 2, 5) if high < 50 * low else (1,)
    powers = range(first, last + 1, 1 if last - first <= 5 else 2)
    ticks = [digit * 10.0**power for power in powers for digit in digits]
    inside = [tick for tick in ticks if low / 1.5 <= tick <= 1.5 * high]
    if len(inside) < 2:
        return {"type": "log"}
    written_out = inside[0] > 1e-4 and inside[-1] < 1e6
    return {"type": "log", "tickvals": inside, "ticktext": [_tick(tick, written_out=written_out) for tick in inside]}


def _tick(value: float, *, written_out: bool) -> str:
    """A tick's name, as a number or as a power of ten: all of an axis alike."""
    if written_out:
        return f"{value:,.0f}" if value >= 1 else f"{value:.5g}"
    digit, power = f"{value:.0e}".split("e")
    return f"{'' if digit == '1' else f'{digit}·'}10<sup>{int(power)}</sup>"


def positions(values: pd.Series, scale: str) -> pd.Series:
    """Values on a setting's axis: choices by their names, numbers as they are."""
    return values.map(choice) if scale == "choices" else values


def ordered(values: pd.Series) -> bool:
    """Whether values have an order, so that a line may join them: words have none."""
    return not any(isinstance(value, str) for value in values)


def choice(value: object) -> str:
    """The place of a choice on its axis."""
    return texts.plain(_text(value))


def _text(value: object) -> str:
    """A choice's name: the same whether a table holds a whole number as such or as a real one."""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _ordered(values: pd.Series) -> list[object]:
    """The choices of a setting's axis, numbers ascending."""
    choices = values.dropna().unique().tolist()
    return sorted(choices) if pd.api.types.is_numeric_dtype(values) else choices


def iteration_axis(longest: int) -> dict[str, Any]:
    """A logarithmic axis of iterations from 0, which stands at :data:`ZERO`, to the longest training."""
    digits = (1, 2, 5) if longest < 50 else (1,)
    powers = [10**power for power in range(len(str(max(longest, 1))))]
    ticks = [digit * power for power in powers for digit in digits if digit * power <= longest]
    names = ["0", *(f"{tick:,}" for tick in ticks)]
    return {"title": {"text": "iteration"}, "type": "log", "tickvals": [ZERO, *ticks], "ticktext": names}
