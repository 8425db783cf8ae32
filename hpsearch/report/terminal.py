"""Results as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from hpsearch.config import SETTINGS, StudyConfig

if TYPE_CHECKING:
    import pandas as pd

    from hpsearch.results import Best


def best_table(trials: pd.DataFrame, config: StudyConfig, *, count: int = 10) -> Table:
    """The settings with the lowest values."""
    complete = trials[trials["state"] == "COMPLETE"]
    best = complete.sort_values(["value", "number"]).head(count)
    states = trials["state"].value_counts().to_dict()
    pruned = f", {states['PRUNED']} pruned" if "PRUNED" in states else ""
    diverged = int(trials["diverged"].fillna(False).sum())
    table = Table(
        title=f"{config.name}: the {len(best)} best of {len(trials)} trials ({diverged} diverged{pruned})",
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    hyperparameters = [s for s in SETTINGS if s.name in config.space.space]
    metrics = [m for m in ("validation_loss", "validation_error", "validation_r2") if m in best]
    table.add_column("trial", justify="right", no_wrap=True)
    for setting in hyperparameters:
        table.add_column(_words(setting.name, setting.symbol), justify="right", width=_width(setting.name))
    for metric in metrics:
        table.add_column(_words(metric), justify="right", width=_width(metric))
    for row in best.to_dict("records"):
        chosen = [f"{row[s.name]:d}" if s.kind == "int" else f"{row[s.name]:.2g}" for s in hyperparameters]
        table.add_row(str(row["number"]), *chosen, *(_score(metric, row[metric]) for metric in metrics))
    return table


def chosen_line(best: Best) -> str:
    """The chosen setting's score on the test split."""
    if best.test is None:
        return f"chosen: trial {best.number}; there is no test split to score it on (data.test is 0)"
    t = best.test
    name = t.metric.replace("_", " ")
    value, low, high = (_score(t.metric, number) for number in (t.value, t.low, t.high))
    return f"chosen: trial {best.number}, {name} {value} (95 % interval {low} to {high}, {t.examples} examples)"


def _score(metric: str, value: float) -> str:
    return f"{100 * value:.2f} %" if metric.endswith("error") else f"{value:.4f}"


def _words(name: str, symbol: str = "") -> str:
    return f"{name.replace('_', ' ')} {symbol}".strip()


def _width(name: str) -> int:
    """As wide as the longest word of the heading or a number: the table fits 80 columns."""
    return max(7 if name not in ("batch_size", "iterations") else 5, *(len(word) for word in name.split("_")))
