"""The hyperparameters: names, rules, defaults; those of training, and those of the network.

`HYPERPARAMETERS` is the single source: the defaults, the reference space, the messages and the README's tables come
from it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import get_args

from hpsearch.config.kinds import DEEPEST, WIDEST, Hyperparameter, Layers, Option
from hpsearch.engine.settings import Activation, Init
from hpsearch.space import Choice, Dimension, Float, Int

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
        description="number of hidden layers",
        limits=(1, DEEPEST),
        at_least=1,
        at_most=DEEPEST,
    ),
    Layers(
        name="hidden",
        default="32",
        description="units of each hidden layer, as a list, instead of width and depth",
    ),
    Option(
        name="activation",
        default="tanh",
        description="of the hidden units",
        options=get_args(Activation),
    ),
    Option(
        name="init",
        default="scaled",
        description="initial weights: init_scale × N(0,1), times a fan-in factor or not; zeros; constant",
        options=get_args(Init),
    ),
)
"""Those of the network: [space] or [network] sets them, or neither."""

HYPERPARAMETERS = (*TRAINING, *NETWORK)
BY_NAME: Mapping[str, Hyperparameter] = {h.name: h for h in HYPERPARAMETERS}


def reach(space: Mapping[str, Dimension], *, examples: float = math.inf) -> dict[str, tuple[float, float]]:
    """How far ranges may go in one round: a mini-batch to the number of examples, momentum until 1/(1−μ) is doubled.

    What momentum does goes with α/(1−μ), so a step from 0.99 to 0.999 would be one of more than three octaves.

    Args:
        space: The ranges before.
        examples: In the training split.

    Returns:
        The lowest and the highest value of each hyperparameter that is a number.
    """
    limits = {h.name: h.limits for h in HYPERPARAMETERS if h.kind != "text"}
    limits["batch_size"] = (1.0, min(limits["batch_size"][1], float(examples)))
    if "momentum" in space:
        low, high = limits["momentum"]
        limits["momentum"] = (low, min(high, (1 + float(space["momentum"].ends[1])) / 2))
    return limits


def in_words(name: str) -> str:
    """A name as text, with its symbol where it is a hyperparameter's; of a score the usual one.

    >>> in_words("learning_rate"), in_words("validation_loss"), in_words("test_r2")
    ('learning rate α', 'validation loss', 'test R²')
    """
    words = re.sub(r" r2$", " R²", name.replace("_", " "))
    return f"{words} {BY_NAME[name].symbol}".strip() if name in BY_NAME else words
