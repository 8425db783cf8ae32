"""Names, values and rows of a table as a figure's text, where nothing of them is markup."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Sequence
from typing import Any

import pandas as pd

from hpsearch.config.hyperparameters import in_words

_HOVER_WIDTH = 60


def plain(text: object) -> str:
    """A name or sentence as a figure's text: what would be markup there, or a placeholder of hover text, is shown."""
    return escaped(str(text)).replace("%{", "%&#123;")


def escaped(text: str) -> str:
    """Text without markup, its quotes as they are, whose entities plotly would show."""
    return html.escape(text, quote=False)


def small(text: str) -> str:
    """A figure's text, in small."""
    return f"<span style='font-size:10px'>{text}</span>"


def label(name: str, *, most: int | None = None) -> str:
    """A name in words as a figure's text, cut to ``most`` characters where there are more.

    >>> label("a_rather_long_name", most=10)
    'a rat…name'
    """
    return plain(in_words(name) if most is None else cut(in_words(name), most))


def cut(text: str, most: int) -> str:
    """Text of at most so many characters, its middle left out where there are more: names often differ at the end."""
    tail = (most - 1) // 2
    return text if len(text) <= most else f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


def response(frame: pd.DataFrame) -> str:
    """The response of a survey's table in words, by its first row; for titles, which escape it."""
    name, form = (str(frame[column].iloc[0]) for column in ("response", "form"))
    return {"log": "log of ", "rank": "rank of "}.get(form, "") + in_words(name)


def unlogged(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, str, str]:
    """Means of a logarithm as geometric means, in the unit that a reader knows; other forms as they are.

    Args:
        frame: A survey's table of means.
        columns: That hold them, and the ends of their bands.

    Returns:
        The table, what the values are called, and what their mean is.
    """
    if frame["form"].iloc[0] != "log":
        return frame, response(frame), "mean"
    return (
        frame.assign(**{name: frame[name].map(math.exp) for name in columns}),
        in_words(str(frame["response"].iloc[0])),
        "geometric mean",
    )


def hover(columns: Sequence[str], frame: pd.DataFrame) -> dict[str, Any]:
    """Hover text of all these columns, a line each: ``customdata`` and ``hovertemplate`` of a trace."""
    lines = [f"{label(name)}: %{{customdata[{k}]}}" for k, name in enumerate(columns)]
    shown = [[number(value) for value in frame[name]] for name in columns]
    return {
        "customdata": [list(row) for row in zip(*shown, strict=True)],
        "hovertemplate": "<br>".join(lines) + "<extra></extra>",
    }


def row_hover(frame: pd.DataFrame) -> dict[str, Any]:
    """Hover text of a survey's table: all columns but those that the subtitle tells, and those without a value."""
    whole = {"response", "form", "budget", "scale", "scrambles"}
    return hover([str(name) for name in frame if name not in whole and frame[name].notna().any()], frame)


def number(value: object) -> str:
    """A value as hover text: four digits of a real number, else as it is; nothing where it is missing."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "<br>".join(plain(line) for line in textwrap.wrap(str(value), _HOVER_WIDTH))
