"""The hyperparameters: names, rules, defaults; those of training, and those of the network.

`HYPERPARAMETERS` is the single source: the defaults, the reference space, the messages and the README's tables come
from it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from hpsearch.config.messages import Fault, did_you_mean
from hpsearch.engine.settings import Activation, Init
from hpsearch.space import Choice, Dimension, Float, Int

WIDEST, DEEPEST = 65_536, 16
"""Most units of a hidden layer, and most hidden layers."""

_TEXT = re.compile(r"[0-9]{1,5}(-[0-9]{1,5}){0,15}")


@dataclass(frozen=True)
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
    symbol: str
    kind: Literal["float", "int", "text"]
    default: Any
    reference: Dimension | None
    description: str
    limits: tuple[float, float] = (-math.inf, math.inf)
    at_least: float = -math.inf
    above: float = -math.inf
    at_most: float = math.inf
    below: float = math.inf

    @property
    def rule(self) -> str:
        """The values allowed, in words.

        >>> BY_NAME["momentum"].rule
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
        return int(value) if self.kind == "int" else float(value)

    def written(self, value: Any) -> Any:
        """A value as a study's file has it."""
        return value


@dataclass(frozen=True)
class Option(Hyperparameter):
    """A hyperparameter whose values are words, in no order.

    Attributes:
        options: The words.
    """

    options: tuple[str, ...] = ()

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
        near = did_you_mean(value, self.options) if isinstance(value, str) else ""
        return [Fault("is not one of the values", value, f"{near} {self.name} is {self.rule}".strip(), at)]

    def natural(self, value: Any) -> Any:
        """The word."""
        return str(value)


@dataclass(frozen=True)
class Layers(Hyperparameter):
    """The hidden layers as one hyperparameter: a list of widths in a study's file, text such as "32-16" elsewhere."""

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
        return [Fault("is no list of hidden layers", value, f"{self.name} is {self.rule}", at)]

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


TRAINING: tuple[Hyperparameter, ...] = (
    Hyperparameter(
        name="learning_rate",
        symbol="α",
        kind="float",
        default=0.1,
        reference=Float(1e-3, 1.0, log=True),
        description="length of a descent step",
        limits=(1e-6, math.inf),
        above=0,
    ),
    Hyperparameter(
        name="iterations",
        symbol="T",
        kind="int",
        default=500,
        reference=Int(50, 2000, log=True),
        description="number of updates, one a mini-batch",
        limits=(1, 10_000_000),
        at_least=1,
        at_most=10_000_000,
    ),
    Hyperparameter(
        name="momentum",
        symbol="μ",
        kind="float",
        default=0.9,
        reference=Float(0.0, 0.99),
        description="share of the last step kept in the next",
        limits=(0.0, 0.999),
        at_least=0,
        below=1,
    ),
    Hyperparameter(
        name="l2",
        symbol="λ",
        kind="float",
        default=1e-4,
        reference=Float(1e-6, 1e-1, log=True),
        description="weight of the penalty on large weights",
        limits=(0.0, math.inf),
        at_least=0,
    ),
    Hyperparameter(
        name="batch_size",
        symbol="B",
        kind="int",
        default=32,
        reference=Choice((16, 32, 64, 128, 256)),
        description="examples in a mini-batch",
        limits=(1, 10_000_000),
        at_least=1,
        at_most=10_000_000,
    ),
    Hyperparameter(
        name="init_scale",
        symbol="σ",
        kind="float",
        default=0.1,
        reference=Float(1e-3, 1.0, log=True),
        description="scale of the random initial weights",
        limits=(1e-6, math.inf),
        above=0,
    ),
)
"""Those of training: [space] alone sets them."""

NETWORK: tuple[Hyperparameter, ...] = (
    Hyperparameter(
        name="width",
        symbol="n",
        kind="int",
        default=32,
        reference=None,
        description="units of each hidden layer",
        limits=(1, WIDEST),
        at_least=1,
        at_most=WIDEST,
    ),
    Hyperparameter(
        name="depth",
        symbol="L",
        kind="int",
        default=1,
        reference=None,
        description="number of hidden layers",
        limits=(1, DEEPEST),
        at_least=1,
        at_most=DEEPEST,
    ),
    Layers(
        name="hidden",
        symbol="",
        kind="text",
        default="32",
        reference=None,
        description="units of each hidden layer, as a list, instead of width and depth",
    ),
    Option(
        name="activation",
        symbol="",
        kind="text",
        default="tanh",
        reference=None,
        description="of the hidden units",
        options=get_args(Activation),
    ),
    Option(
        name="init",
        symbol="",
        kind="text",
        default="scaled",
        reference=None,
        description="initial weights: init_scale × N(0,1), times a fan-in factor or not; zeros; constant",
        options=get_args(Init),
    ),
)
"""Those of the network: [space] or [network] sets them, or neither."""

HYPERPARAMETERS = (*TRAINING, *NETWORK)
BY_NAME: Mapping[str, Hyperparameter] = {h.name: h for h in HYPERPARAMETERS}


def in_words(name: str) -> str:
    """A name as text, with its symbol where it is a hyperparameter's.

    >>> in_words("learning_rate"), in_words("validation_loss")
    ('learning rate α', 'validation loss')
    """
    words = name.replace("_", " ")
    return f"{words} {BY_NAME[name].symbol}".strip() if name in BY_NAME else words
