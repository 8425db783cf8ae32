"""The chosen setting of a study, as people and notebooks see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from hpsearch.config.digits import score_interval
from hpsearch.config.hyperparameters import BY_NAME, in_words
from hpsearch.config.messages import printable
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.tuning.balance import Balance
from hpsearch.tuning.scores import TestScore


@dataclass(frozen=True)
class Best:
    """The chosen setting of a study.

    Attributes:
        number: Of its trial.
        value: What the study optimised.
        hyperparameters: Chosen (a plain dict for a study of another program).
        metrics: Where its training ended.
        test: Its score on the test split, or None if there is no such split or no choice was made yet.
        guessing: The score there of an answer that ignores its input, likewise.
        guess: That answer, where it is a class.
        balance: Scores there that count each class alike, where classes are out of balance.
    """

    number: int
    value: float
    hyperparameters: Hyperparameters | dict[str, Any]
    metrics: dict[str, float]
    test: TestScore | None
    _network: Callable[[], TrainedNetwork] = field(repr=False, compare=False)
    guessing: TestScore | None = None
    guess: str = ""
    balance: Balance | None = None

    @cached_property
    def network(self) -> TrainedNetwork:
        """The trained network: as saved, or trained again.

        Raises:
            ResultsError: if this project did not make the study, or its data has changed.
        """
        return self._network()

    def _settings(self) -> dict[str, Any]:
        """The hyperparameters by name, whoever made the study."""
        chosen = self.hyperparameters
        return asdict(chosen) if isinstance(chosen, Hyperparameters) else dict(chosen)

    def __repr__(self) -> str:
        words = [f"trial {self.number}", f"value {self.value:.4g}"]
        words += [f"{printable(name)}={_short(value)}" for name, value in self._settings().items()]
        words += [f"{in_words(self.test.metric)} {score_interval(vars(self.test))}"] if self.test else []
        return f"Best({', '.join(words)})"

    def _repr_html_(self) -> str:
        import pandas as pd

        rows = {"trial": self.number, "value": _short(self.value)}
        rows |= {in_words(name) if name in BY_NAME else name: _short(value) for name, value in self._settings().items()}
        if self.test:
            rows[in_words(self.test.metric)] = score_interval(vars(self.test))
        return pd.Series(rows, dtype=object).to_frame().to_html(header=False, border=0)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else printable(str(value))
