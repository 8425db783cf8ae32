"""Digits of the numbers in a text: as many as a verdict beside them rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Literal

_MOST = 8
"""Digits at most: what needs more to be told from a limit is taken for it."""


def digits(
    numbers: Iterable[float], limits: Iterable[float] = (0.0,), *, least: int, form: Literal["f", "g"] = "f"
) -> int:
    """The fewest digits with which no number reads as a limit that it is not.

    Where an interval of 0.00004 to 0.3 shows that something is above 0, it must not read "0.0000 to 0.3000".

    Args:
        numbers: To be written, each with so many digits.
        limits: On whose one side or the other a verdict says that they are.
        least: Digits that there are in any case, at most 8.
        form: Digits after the point, or in all, as in a format of Python's.

    >>> digits((0.00004, 0.3), least=4), digits((0.0, 0.3), least=4), digits((0.0496,), (0.05,), least=3)
    (5, 4, 4)
    """

    def apart(number: float, limit: float, count: int) -> bool:
        return float(f"{number:.{count}{form}}") != float(f"{limit:.{count}{form}}")

    pairs = [pair for pair in product(numbers, limits) if apart(*pair, _MOST)]
    return next(count for count in range(least, _MOST + 1) if all(apart(*pair, count) for pair in pairs))


def decimal(number: float, *, least: int, limit: float | None = None) -> str:
    """A number with so many decimals that it does not read as a limit that it is not.

    >>> decimal(0.754, least=2, limit=0.01), decimal(0.0096, least=2, limit=0.01), decimal(-0.001, least=2)
    ('0.75', '0.0096', '0.00')
    """
    return f"{number:z.{digits((number,), () if limit is None else (limit,), least=least)}f}"


def plus_minus(value: float, half: float) -> tuple[str, str]:
    """A number with its sign, and half the width of its interval: in so many digits that they differ where they do.

    >>> plus_minus(1.26, 0.31), plus_minus(-0.04, 0.03)
    (('+1.3', '±0.3'), ('-0.04', '±0.03'))
    """
    count = digits((abs(value),), (half,), least=1)
    return f"{value:+z.{count}f}", f"±{half:.{count}f}"


def percent(share: float, *, limit: float | None = None) -> str:
    """A share in per cent, small ones with a digit more; what sampling error puts beyond 0 and 1 is cut off.

    Args:
        share: To be written.
        limit: A share that it must not read as if it is another.

    >>> percent(0.4567), percent(0.0456), percent(-0.01), percent(0.00996, limit=0.01)
    ('46 %', '4.6 %', '0.0 %', '0.996 %')
    """
    share = min(max(share, 0.0), 1.0)
    limits = () if limit is None else (100 * limit,)
    return f"{100 * share:.{digits((100 * share,), limits, least=1 if share < 0.1 else 0)}f} %"


def score_value(metric: str, value: float, *, against: Iterable[float] = ()) -> str:
    """A score on examples: errors and recalls in per cent, R² as it is.

    Args:
        metric: Its name.
        value: Of it.
        against: Other values of it, from which a verdict tells it.
    """
    return _score_words(metric, (value,), against)[0]


def score_interval(score: Mapping[str, Any], *, against: Iterable[float] = (), counted: bool = True) -> str:
    """A score with its 95 % interval.

    Args:
        score: The fields of a :class:`hpsearch.tuning.scores.TestScore`, as a study keeps them.
        against: Other values of it, from which a verdict tells it and the interval's ends.
        counted: Whether the number of examples is told.

    >>> score_interval({"metric": "test_error", "value": 0.025, "low": 0.0132, "high": 0.0468, "examples": 360})
    '2.50 % (95 % interval 1.32 % to 4.68 %, 360 examples)'
    """
    value, low, high = _score_words(score["metric"], [score[end] for end in ("value", "low", "high")], against)
    examples = f", {score['examples']:,} examples" if counted else ""
    return f"{value} (95 % interval {low} to {high}{examples})"


def _score_words(metric: str, numbers: Sequence[float], against: Iterable[float]) -> list[str]:
    scale, unit, least = (100, " %", 2) if metric.endswith(("error", "recall")) else (1, "", 3)
    count = digits([scale * number for number in numbers], [scale * limit for limit in against], least=least)
    return [f"{scale * number:z.{count}f}{unit}" for number in numbers]
