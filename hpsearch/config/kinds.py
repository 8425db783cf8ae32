"""What a hyperparameter is: one of numbers, one of words, or the hidden layers; its rule, and what breaks it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from hpsearch.config.messages import Fault, did_you_mean
from hpsearch.space import Dimension

WIDEST, DEEPEST = 65_536, 16
"""Most units of a hidden layer, and most hidden layers."""

_TEXT = re.compile(r"[0-9]{1,5}(-[0-9]{1,5}){0,15}")


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """A hyperparameter whose values are numbers.

    Attributes:
        name: Its name everywhere.
        symbol: Its letter in formulas and plots; "" where it has none.
        kind: Whether its values are real numbers, whole numbers or text.
        default: Its value where a study leaves it out.
        reference: Its range where a study has no [space]; None where it does not vary there.
        description: What it does, in half a line.
        limits: Lowest and highest value that a proposed range may reach, both included.
        at_least: Values start here, this one included.
        above: Values start here, this one excluded.
        at_most: Values end here, this one included.
        below: Values end here, this one excluded.
    """

    name: str
    symbol: str = ""
    kind: Literal["float", "int", "text"]
    default: Any
    reference: Dimension | None = None
    description: str
    limits: tuple[float, float] = (-math.inf, math.inf)
    at_least: float = -math.inf
    above: float = -math.inf
    at_most: float = math.inf
    below: float = math.inf

    @property
    def rule(self) -> str:
        """The values allowed, in words.

        >>> Hyperparameter(name="x", kind="float", default=0.9, description="", at_least=0, below=1).rule
        'a number, at least 0, below 1'
        """
        ends = {name: getattr(self, name) for name in ("at_least", "above", "at_most", "below")}
        words = [f"{name.replace('_', ' ')} {at:,}" for name, at in ends.items() if math.isfinite(at)]
        return ", ".join(["a whole number" if self.kind == "int" else "a number", *words])

    @property
    def forms(self) -> str:
        """What [space] may hold for it, in words."""
        return "give {low = ..., high = ...}, {choices = [...]} or a number"

    def faults(self, value: object, at: tuple[str | int, ...] = ()) -> list[Fault]:
        """Say what keeps a value from being one of this hyperparameter; nothing if it may stand."""
        number = as_float(value)
        if number is None or (self.kind == "int" and not isinstance(value, int)):
            problem = "must be a whole number" if self.kind == "int" else "must be a number"
        elif not math.isfinite(number):
            problem = "must be finite"
        elif number < self.at_least or number <= self.above or number > self.at_most or number >= self.below:
            problem = "is outside the values allowed"
        else:
            return []
        return [Fault(problem, value, f"{self.name} is {self.rule}", at)]

    def natural(self, value: Any) -> Any:
        """Turn an allowed value into one of this hyperparameter's kind."""
        return int(value) if self.kind == "int" else float(value) + 0.0  # -0.0 is 0, and would be printed as -0

    def written(self, value: Any) -> Any:
        """A value as a study's file has it."""
        return value


@dataclass(frozen=True, kw_only=True)
class Option(Hyperparameter):
    """A hyperparameter whose values are words, in no order.

    Attributes:
        options: The words.
    """

    kind: Literal["text"] = "text"
    options: tuple[str, ...]

    @property
    def rule(self) -> str:
        """The values allowed, in words."""
        return "one of " + ", ".join(f'"{option}"' for option in self.options)

    @property
    def forms(self) -> str:
        """What [space] may hold for it, in words."""
        return f'give {{choices = ["{self.options[0]}", "{self.options[1]}"]}} or one of them'

    def faults(self, value: object, at: tuple[str | int, ...] = ()) -> list[Fault]:
        """Say what keeps a value from being one of this hyperparameter; nothing if it may stand."""
        if isinstance(value, str) and value in self.options:
            return []
        names = self.options if isinstance(value, str) else ()
        words = did_you_mean(value, names, then=f"{self.name} is {self.rule}")
        return [Fault("is not one of the values", value, words, at)]

    def natural(self, value: Any) -> Any:
        """The word."""
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Layers(Hyperparameter):
    """The hidden layers as one hyperparameter: a list of widths in a study's file, text such as "32-16" elsewhere."""

    kind: Literal["text"] = "text"

    @property
    def rule(self) -> str:
        """The values allowed, in words."""
        return f"a list of 1 to {DEEPEST} widths, each from 1 to {WIDEST:,}, as in [32] or [64, 32]"

    @property
    def forms(self) -> str:
        """What [space] may hold for it, in words."""
        return "give {choices = [[8], [32], [32, 16]]} or one such list"

    def faults(self, value: object, at: tuple[str | int, ...] = ()) -> list[Fault]:
        """Say what keeps a value from being one of this hyperparameter; nothing if it may stand."""
        widths: Any = units_of(value) if isinstance(value, str) and _TEXT.fullmatch(value) else value
        whole = isinstance(widths, list | tuple) and all(type(units) is int for units in widths)
        if whole and 1 <= len(widths) <= DEEPEST and min(widths) >= 1 and max(widths) <= WIDEST:
            return []
        return [Fault("is not a list of hidden layers", value, f"{self.name} is {self.rule}", at)]

    def natural(self, value: Any) -> Any:
        """The text: it can be hashed, and a storage and a table hold it as it is."""
        return text_of(units_of(value) if isinstance(value, str) else value)

    def written(self, value: Any) -> Any:
        """The list of widths."""
        return list(units_of(value))


def text_of(hidden: tuple[int, ...] | list[int]) -> str:
    """Hidden layers as text.

    >>> text_of((32, 16))
    '32-16'
    """
    return "-".join(map(str, hidden))


def units_of(text: str) -> tuple[int, ...]:
    """Units of each hidden layer, from their text.

    >>> units_of("32-16")
    (32, 16)
    """
    return tuple(map(int, text.split("-")))


def as_float(value: object) -> float | None:
    """A number as a float, infinity where it is beyond; None of what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
