"""A search on a terminal: its best trials, and how the chosen one scores."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from rich.table import Table
from rich.text import Text

from hpsearch.config import StudyConfig
from hpsearch.config.digits import score_interval, score_value
from hpsearch.config.hyperparameters import NETWORK, TRAINING, in_words
from hpsearch.engine.metrics import METRICS
from hpsearch.report.edges import edge_line
from hpsearch.report.survey import verdict_line
from hpsearch.report.tables import Part, call_arguments, cell, next_line, note_cells, plain_table
from hpsearch.report.ties import alike_line
from hpsearch.results.best import Best
from hpsearch.results.study import Results, ResultsError
from hpsearch.storage.access import JOURNAL
from hpsearch.storage.addresses import hide_password
from hpsearch.storage.commands import in_project, make, options_for
from hpsearch.tuning.balance import Balance
from hpsearch.tuning.choice import network_path
from hpsearch.tuning.scores import TestScore

_RARE = 3
"""Rare classes whose recalls are shown, at most."""


def best_table(trials: pd.DataFrame, config: StudyConfig, *, count: int = 10) -> Table:
    """The settings of training with the lowest values, and their metrics."""
    best = _best(trials, count)
    states = trials["state"].value_counts().to_dict()
    pruned = f", {states['PRUNED']} pruned" if "PRUNED" in states else ""
    diverged = int(trials["diverged"].fillna(False).sum())
    title = f"{config.name}: the {len(best)} best of {len(trials)} trials ({diverged} diverged{pruned})"
    table = plain_table(title, gap=1)
    hyperparameters = [s for s in TRAINING if s.name in config.space.dimensions]
    metrics = [metric.name for metric in METRICS if metric.shown and metric.name in best]
    table.add_column("trial", justify="right", no_wrap=True)
    for s in hyperparameters:
        table.add_column(cell(in_words(s.name)), justify="right", width=_width(s.name))
    for metric in metrics:
        table.add_column(cell(in_words(metric)), justify="right", width=_width(metric))
    for row in best.to_dict("records"):
        setting = [f"{row[s.name]:d}" if s.kind == "int" else f"{row[s.name]:.2g}" for s in hyperparameters]
        table.add_row(*map(cell, (row["number"], *setting, *(_metric(name, row[name]) for name in metrics))))
    return table


def networks_table(trials: pd.DataFrame, config: StudyConfig, *, count: int = 10) -> Table | None:
    """The networks of the trials in :func:`best_table`; None where all are the same."""
    names = [s.name for s in NETWORK if s.name in config.space.dimensions]
    if not names:
        return None
    table = plain_table("their networks")
    for name in ("trial", *names):
        table.add_column(in_words(name), justify="right")
    for row in _best(trials, count).to_dict("records"):
        table.add_row(str(row["number"]), *(str(row[name]) for name in names))
    return table


def _best(trials: pd.DataFrame, count: int) -> pd.DataFrame:
    return trials[trials["state"] == "COMPLETE"].sort_values(["value", "number"]).head(count)


def chosen_line(best: Best) -> str:
    """The chosen setting's score on the test split, beside that of an answer that ignores its input.

    Where classes are out of balance, a second line has the balanced error and the recalls of the rare ones.
    """
    if best.test is None:
        return f"chosen: trial {best.number}; there is no test split to score it on (data.test is 0)"
    against = [best.guessing.value] if best.guessing else []
    score = f"{in_words(best.test.metric)} {score_interval(vars(best.test), against=against)}"
    line = f"chosen: trial {best.number}, {score}{_guessed(best, best.test)}"
    return line if best.balance is None else f"{line}\n{balance_line(best.balance)}"


def balance_line(balance: Balance) -> str:
    """The recalls of rare classes, and the balanced error."""
    recalls = [f"recall of {label!r} {score_interval(vars(recall))}" for label, recall in balance.recalls.items()]
    error = f"balanced error {score_interval(vars(balance.error))}"
    return f"classes out of balance: {'; '.join([*recalls[:_RARE], error])}"


def _guessed(best: Best, test: TestScore) -> str:
    """What an answer that ignores its input scores there, and whether the network is shown to be better."""
    if best.guessing is None:
        return ""
    number = test.metric == "test_r2"
    answer = "the mean" if number else repr(best.guess) if best.guess else "the most frequent class"
    better = test.low > best.guessing.value if number else test.high < best.guessing.value
    doubt = "" if better else ", and the network is not shown to be better"
    guessed = score_value(test.metric, best.guessing.value, against=(test.low, test.high))
    return f"; always answering {answer} gives {guessed}{doubt}"


def _metric(name: str, value: float) -> str:
    return f"{value:.4f}" if name.endswith("loss") else score_value(name, value)


def _width(name: str) -> int:
    """As wide as the longest word of the heading or a number: the table fits 80 columns."""
    return max(7 if name not in ("batch_size", "iterations") else 5, *(len(word) for word in name.split("_")))


def search_report(
    config: StudyConfig, results: Results, *, fresh: int, storage: str | None, notes: Sequence[str]
) -> list[Part]:
    """The ten best, the test score, what the survey says, where things are, what to type next.

    Args:
        config: The study.
        results: Of its search.
        fresh: Number of trials that this run added.
        storage: URL, or None for the journal in the results' folder.
        notes: What is to be said of the data.
    """
    name, networks = config.name, networks_table(results.trials, config)
    way = "TRIALS=… or --trials" if in_project() else "--trials"
    nothing_new = f"{name} already holds {len(results.trials)} trials: ask for more with {way}"
    place = hide_password(storage) if storage else str(results.folder / JOURNAL)
    options = options_for(storage, results.folder)
    return [
        *([] if fresh else [Text(nothing_new, style="dim")]),
        best_table(results.trials, config),
        *([] if networks is None else [networks]),
        chosen_line(results.best),
        *filter(None, [alike_line(results), edge_line(results)]),
        _verdicts(results, config, options),
        *note_cells(notes),
        f"results in {place}, the chosen network in {network_path(name, results.folder)}",
        next_line(
            (make("report", name, *options), "b"),
            " for figures, ",
            (make("dashboard", None, *options), "b"),
            ", ",
            (make("export", name, *options), "b"),
            ", or in Python ",
            (f"hpsearch.load({name!r}{call_arguments(options)}).trials", "b"),
        ),
    ]


def _verdicts(results: Results, config: StudyConfig, place: Sequence[str]) -> str:
    """What the study's survey says, or how to get one; that of the effective step is a study of its own."""
    try:
        return verdict_line(results.sensitivity())
    except ResultsError:
        words = "how sensitive training is to each setting is not measured yet"
        if config.survey.effective_step:
            words = "the survey that this study asks for is of the effective step α/(1−μ), a study of its own"
        return f"{words}: {make('survey', config.name, *place)}"
