"""The six hyperparameters: names, rules, defaults, and how an entry of a study's [space] is read.

`HYPERPARAMETERS` is the single source: the defaults, the reference space, the messages and the README's table come
from it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hpsearch.config.messages import NOTHING, Fault, did_you_mean, refusal
from hpsearch.space import Choice, Dimension, Float, Int

Entry: TypeAlias = Dimension | int | float
"""What [space] holds for a hyperparameter: a range, choices, or a fixed number."""

_ENTRY_KEYS = ("low", "high", "log", "choices")
_FORMS = "give {low = ..., high = ...}, {choices = [...]} or a number"


@dataclass(frozen=True)
class Hyperparameter:
    """A hyperparameter.

    Attributes:
        name: Its name everywhere.
        symbol: Its letter in formulas and plots.
        kind: Whether its values are real or whole numbers.
        default: Its value where [space] leaves it out.
        reference: Its range where a study has no [space].
        description: What it does, in half a line.
        limits: Lowest and highest value that a proposed range may reach, both included.
        at_least: Values start here, this one included.
        above: Values start here, this one excluded.
        at_most: Values end here, this one included.
        below: Values end here, this one excluded.
    """

    name: str
    symbol: str
    kind: Literal["float", "int"]
    default: float | int
    reference: Dimension
    description: str
    limits: tuple[float, float]
    at_least: float = -math.inf
    above: float = -math.inf
    at_most: float = math.inf
    below: float = math.inf

    @property
    def rule(self) -> str:
        """The values allowed, in words.

        >>> HYPERPARAMETERS[2].rule
        'a number, at least 0, below 1'
        """
        ends = {name: getattr(self, name) for name in ("at_least", "above", "at_most", "below")}
        words = [f"{name.replace('_', ' ')} {at:,}" for name, at in ends.items() if math.isfinite(at)]
        return ", ".join(["a whole number" if self.kind == "int" else "a number", *words])

    def faults(self, value: object, at: tuple[str | int, ...] = ()) -> list[Fault]:
        """Say what keeps a value from being one of this hyperparameter; nothing if it may stand."""
        number = _as_float(value)
        if number is None or (self.kind == "int" and not isinstance(value, int)):
            problem = "must be a whole number" if self.kind == "int" else "must be a number"
        elif not math.isfinite(number):
            problem = "must be finite"
        elif number < self.at_least or number <= self.above or number > self.at_most or number >= self.below:
            problem = "is outside the values allowed"
        else:
            return []
        return [Fault(problem, value, f"{self.name} is {self.rule}", at)]

    def number(self, value: Any) -> float | int:
        """Turn an allowed value into a number of this hyperparameter's kind."""
        return int(value) if self.kind == "int" else float(value)


HYPERPARAMETERS: tuple[Hyperparameter, ...] = (
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
BY_NAME: Mapping[str, Hyperparameter] = {h.name: h for h in HYPERPARAMETERS}


def in_words(name: str) -> str:
    """A name as text, with its symbol where it is a hyperparameter's.

    >>> in_words("learning_rate"), in_words("validation_loss")
    ('learning rate α', 'validation loss')
    """
    words = name.replace("_", " ")
    return f"{words} {BY_NAME[name].symbol}" if name in BY_NAME else words


def read_entry(hyperparameter: Hyperparameter, value: object) -> Entry:
    """Read what [space] gives for a hyperparameter: a table, a number, or a dimension.

    Raises:
        PydanticCustomError: With a `Fault` for each mistake.
    """
    if isinstance(value, Dimension):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return _read_table(hyperparameter, value)
    if isinstance(value, int | float):
        faults = hyperparameter.faults(value)
    else:
        faults = [Fault("must be a table or a number", value, _FORMS)]
    if faults:
        raise refusal(*faults)
    return hyperparameter.number(value)


def _read_table(hyperparameter: Hyperparameter, table: Mapping[str, object]) -> Dimension:
    faults = [
        Fault("is not a known key", value, _suggestion(key), (key,))
        for key, value in table.items()
        if key not in _ENTRY_KEYS
    ]
    if "choices" in table:
        if extra := [key for key in ("low", "high", "log") if key in table]:
            faults.append(Fault(f"has choices and {' and '.join(extra)}", table, _FORMS))
        faults += _choices_faults(hyperparameter, table["choices"])
    else:
        faults += _range_faults(hyperparameter, table)
    if faults:
        raise refusal(*faults)
    if "choices" in table:
        choices: Any = table["choices"]
        return Choice(tuple(sorted(hyperparameter.number(choice) for choice in choices)))
    dimension = Int if hyperparameter.kind == "int" else Float
    low, high, log = table["low"], table["high"], table.get("log", False)
    return dimension(low, high, log)  # type: ignore[arg-type]  # _range_faults has checked them


def _choices_faults(hyperparameter: Hyperparameter, choices: object) -> list[Fault]:
    at = ("choices",)
    if not isinstance(choices, list | tuple):
        return [Fault("must be a list", choices, "give at least two values in [ ]", at)]
    faults = [fault for k, choice in enumerate(choices) for fault in hyperparameter.faults(choice, (*at, k))]
    if len(choices) < 2:
        faults.append(Fault("needs at least two values", choices, "give a plain number to fix it", at))
    elif not faults and len(set(choices)) < len(choices):
        faults.append(Fault("has a value twice", choices, "give each value once", at))
    return faults


def _range_faults(hyperparameter: Hyperparameter, table: Mapping[str, object]) -> list[Fault]:
    faults = [Fault("is missing", NOTHING, _FORMS, (side,)) for side in ("low", "high") if side not in table]
    for side in ("low", "high"):
        if side in table:
            faults += hyperparameter.faults(table[side], (side,))
    log = table.get("log", False)
    if not isinstance(log, bool):
        faults.append(Fault("must be true or false", log, "drop it for a linear range", ("log",)))
    if faults:
        return faults
    low, high = _as_float(table["low"]) or 0.0, _as_float(table["high"]) or 0.0
    if low >= high:
        faults.append(Fault("must be less than high", table, "give a plain number to fix it", ("low",)))
    if log is True and low <= 0:
        faults.append(Fault("must be above 0 where log = true", low, "raise low or drop log", ("low",)))
    return faults


def _suggestion(key: str) -> str:
    other = {"min": "low", "max": "high", "values": "choices", "scale": "log"}
    if key in other:
        return f'did you mean "{other[key]}"?'
    return did_you_mean(key, _ENTRY_KEYS, otherwise=f"known here: {', '.join(_ENTRY_KEYS)}")


def _as_float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
