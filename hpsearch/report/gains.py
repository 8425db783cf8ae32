"""Gains and means of an attribution as text: in so many decimals that no interval contradicts the verdict beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hpsearch.config.digits import digits
from hpsearch.experiments.attributions import Attribution
from hpsearch.experiments.shares import GAINS, HARMS

_MOST_DECIMALS = 6


@dataclass(frozen=True)
class Numbers:
    """Gains and means with so many decimals that three digits of the smaller mean are seen, and two of the gain.

    More where an interval that shows a gain or a harm would else end in 0.
    """

    decimals: int

    @classmethod
    def of(cls, attribution: Attribution) -> Numbers:
        """So many decimals for all numbers of an attribution."""
        row = attribution.table.iloc[0]
        mean, gain = min(row["start"], row["end"]), max(abs(row["gain_low"]), abs(row["gain_high"]))
        wanted = [least - math.floor(math.log10(abs(size))) for least, size in ((2, mean), (1, gain)) if size]
        return cls(digits(_shown(attribution), least=min(max([0, *wanted]), _MOST_DECIMALS)))

    def mean(self, value: float) -> str:
        """A mean, without a sign above 0."""
        return f"{value:,.{self.decimals}f}"

    def gain(self, value: float) -> str:
        """A gain, with its sign unless it reads 0."""
        text = f"{value:+,.{self.decimals}f}".replace("-", "−")
        return text if text.strip("+−0.,") else text[1:]

    def interval(self, row: Mapping[Any, Any], part: str) -> str:
        """A gain of a row with its interval, in a sentence."""
        low, high = self.gain(row[f"{part}_low"]), self.gain(row[f"{part}_high"])
        return f"{self.gain(row[part])} ({low} to {high})"

    def brackets(self, row: Mapping[Any, Any], part: str) -> str:
        """The same in a table."""
        low, high = self.gain(row[f"{part}_low"]), self.gain(row[f"{part}_high"])
        return f"{self.gain(row[part])} [{low}, {high}]"


def _shown(attribution: Attribution) -> Iterator[float]:
    """The ends of all intervals beside which something is said to gain or to harm."""
    table = attribution.table
    frames = [(table, f"{part}_low", f"{part}_high", f"{part}_verdict") for part in ("share", "alone", "last")]
    if attribution.exact:
        frames += [(attribution.interactions, "low", "high", "verdict")]
        frames += [(attribution.path, "gain_low", "gain_high", "verdict")]
    for frame, low, high, verdict in frames:
        yield from frame.loc[frame[verdict].isin((GAINS, HARMS)), [low, high]].to_numpy().ravel()
    whole = table[["gain_low", "gain_high"]].to_numpy()[0]
    yield from whole if whole[0] > 0 or whole[1] < 0 else ()
