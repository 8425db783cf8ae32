"""Results as tables and sentences for a terminal; the command line prints them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd
from rich.table import Table
from rich.text import Text

from hpsearch.config import StudyConfig
from hpsearch.config.hyperparameters import BY_NAME, NETWORK, TRAINING
from hpsearch.engine.diagnostics import METRICS
from hpsearch.experiments.trainings import SurveyProgress
from hpsearch.report.alike import alike_line
from hpsearch.report.edges import edge_line
from hpsearch.report.facts import LOOKED
from hpsearch.report.tables import cell, plain_table
from hpsearch.results.best import Best
from hpsearch.results.study import Results, ResultsError
from hpsearch.sensitivity.analysis import Survey
from hpsearch.space import Choice, Dimension
from hpsearch.storage.access import JOURNAL
from hpsearch.storage.addresses import hide_password
from hpsearch.storage.commands import make, options_for
from hpsearch.storage.notes import MEAN_ORDER, clipping, cut_mark, index_with_interval, share_interval
from hpsearch.tuning.balance import Balance
from hpsearch.tuning.choice import network_path
from hpsearch.tuning.scores import TestScore

Part: TypeAlias = Table | Text | str
"""A piece of a report. What stands in a table is of type Text, so that no console reads a name as its markup."""

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
        table.add_column(cell(_words(s.name, s.symbol)), justify="right", width=_width(s.name))
    for metric in metrics:
        table.add_column(cell(_words(metric)), justify="right", width=_width(metric))
    for row in best.to_dict("records"):
        setting = [f"{row[s.name]:d}" if s.kind == "int" else f"{row[s.name]:.2g}" for s in hyperparameters]
        table.add_row(*map(cell, (row["number"], *setting, *(_score(metric, row[metric]) for metric in metrics))))
    return table


def networks_table(trials: pd.DataFrame, config: StudyConfig, *, count: int = 10) -> Table | None:
    """The networks of the trials in :func:`best_table`; None where all are the same."""
    names = [s.name for s in NETWORK if s.name in config.space.dimensions]
    if not names:
        return None
    table = plain_table("their networks")
    for name, symbol in (("trial", ""), *((name, BY_NAME[name].symbol) for name in names)):
        table.add_column(_words(name, symbol), justify="right")
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
    line = f"chosen: trial {best.number}, {_with_interval(best.test)}{_guessed(best, best.test)}"
    return line if best.balance is None else f"{line}\n{balance_line(best.balance)}"


def balance_line(balance: Balance) -> str:
    """The recalls of rare classes, and the balanced error."""
    scores = [f"recall of {label!r} {_interval(score)}" for label, score in balance.recalls.items()]
    return f"classes out of balance: {'; '.join([*scores[:_RARE], f'balanced error {_interval(balance.error)}'])}"


def _with_interval(score: TestScore) -> str:
    return f"{score.metric.replace('_', ' ')} {_interval(score)}"


def _interval(score: TestScore) -> str:
    value, low, high = (_score(score.metric, number) for number in (score.value, score.low, score.high))
    return f"{value} (95 % interval {low} to {high}, {score.examples} examples)"


def _guessed(best: Best, test: TestScore) -> str:
    """What an answer that ignores its input scores there, and whether the network is shown to be better."""
    if best.guessing is None:
        return ""
    number = test.metric == "test_r2"
    answer = "the mean" if number else repr(best.guess) if best.guess else "the most frequent class"
    better = test.low > best.guessing.value if number else test.high < best.guessing.value
    doubt = "" if better else ", and the network is not shown to be better"
    return f"; always {answer}: {_score(test.metric, best.guessing.value)}{doubt}"


def _score(metric: str, value: float) -> str:
    return f"{100 * value:.2f} %" if metric.endswith(("error", "recall")) else f"{value:.4f}"


def _words(name: str, symbol: str = "") -> str:
    return f"{name.replace('_', ' ')} {symbol}".strip()


def _width(name: str) -> int:
    """As wide as the longest word of the heading or a number: the table fits 80 columns."""
    return max(7 if name not in ("batch_size", "iterations") else 5, *(len(word) for word in name.split("_")))


def sensitivity_table(frame: pd.DataFrame, *, title: str) -> Table:
    """Indices with intervals and verdicts, a row a setting (see :func:`sensitivity_legend`)."""
    table = plain_table(title)
    table.add_column("setting", no_wrap=True)
    table.add_column("total order", justify="right", no_wrap=True)
    table.add_column("mean", justify="right", no_wrap=True)
    table.add_column("first order", justify="right", no_wrap=True)
    table.add_column("verdict")
    for row in frame.to_dict("records"):
        total, first = index_with_interval(row, "total"), index_with_interval(row, "first")
        mean = "-" if pd.isna(row["mean_order"]) else f"{row['mean_order']:.3f}"
        table.add_row(*map(cell, (row["hyperparameter"], total, mean, first, _verdict(row))))
    return table


def _verdict(row: Mapping[Any, Any]) -> str:
    if not row["verdict"]:
        return str(row["reason"])
    if row["verdict"] != "undecided" or (row["reason"] and pd.isna(row["base_needed"])):
        return str(row["verdict"])
    needed = row["base_needed"]
    return "undecided (at any base of use)" if pd.isna(needed) else f"undecided (--base {needed} would decide)"


def sensitivity_legend(frame: pd.DataFrame) -> str:
    """Why verdicts are as they are, a line a reason after the settings that have it, and what the columns mean."""
    told = frame[(frame["verdict"] != "") & (frame["reason"] != "")]
    groups = told.groupby("reason", sort=False)["hyperparameter"]
    reasons = [f"{', '.join(settings)}: {reason}" for reason, settings in groups]
    return "\n".join(filter(None, [*reasons, f"mean: {MEAN_ORDER}", cut_mark(frame.to_dict("records"))]))


def sensitivity_note(survey: Survey) -> str:
    """What the indices speak of: the response, its form, the ranges, the budget."""
    response, design = survey.take(), survey.design
    ranges = "; ".join(f"{name} {dimension}" for name, dimension in design.space.items())
    ended, budget = (" where each training ended", f" budget: {survey.budget};") if survey.budget else ("", "")
    looks = f"; {LOOKED.format(looks=survey.looks)}" if survey.looks > 1 else ""
    return (
        f"of {response.name} ({response.form} form{clipping(survey)}){ended}; shares of its variance with 95 % "
        f"intervals over {design.scrambles} scrambles of {design.base};{budget} seeds: a pool of {design.seeds}"
        f"{looks}. Over these ranges, and no others: {ranges}"
    )


def interaction_lines(frame: pd.DataFrame, *, count: int = 3) -> str:
    """The strongest of the interactions that are larger than their uncertainty, and why others are undecided."""
    present = frame[frame["verdict"] == "present"].head(count).to_dict("records")
    parts = [
        f"{r['first']} x {r['second']} {r['interaction']:.3f} {share_interval(r['low'], r['high'])}" for r in present
    ]
    reasons = frame.loc[frame["verdict"] == "undecided", "reason"].unique()
    if len(reasons):
        return "interactions: undecided (" + "; ".join(reasons) + ")"
    return "strongest interactions: " + "; ".join(parts) if parts else "interactions: none is seen beyond its interval"


def range_lines(frame: pd.DataFrame, space: Mapping[str, Dimension], *, title: str = "ranges to try next") -> str:
    """What to try next, for each range that is to change or at whose boundary the best crowd.

    Args:
        frame: Of ``Survey.ranges()``, or of ``Results.search_ranges()``.
        space: The ranges before.
        title: Of the lines.
    """
    lines = []
    for row in frame.to_dict("records"):
        dimension = space[row["hyperparameter"]]
        if isinstance(dimension, Choice):
            proposal, changed = str(Choice(row["next_choices"])), tuple(row["next_choices"]) != dimension.choices
        else:
            proposal = f"{row['next_low']:g} to {row['next_high']:g}"
            changed = (row["next_low"], row["next_high"]) != (row["low"], row["high"])
        if row["boundary"] or changed:
            lines.append(f"  {row['hyperparameter']}: try {proposal} ({row['reason']})")
    return "\n".join([f"{title}:", *lines]) if lines else f"{title}: nothing speaks for other ones"


def verdict_line(frame: pd.DataFrame) -> str:
    """The survey's verdicts in one line."""
    words: dict[str, list[str]] = {}
    for row in frame.to_dict("records"):
        if row["verdict"] and row["hyperparameter"] not in ("seed", "dummy"):
            index = "(no index)" if pd.isna(row["total_order"]) else f"{row['total_order']:.2f}"
            words.setdefault(row["verdict"], []).append(f"{row['hyperparameter']} {index}")
    parts = [f"{verdict}: {', '.join(names)}" for verdict, names in words.items()]
    return "by the survey (total index), " + "; ".join(parts)


def importance_table(frame: pd.DataFrame, *, title: str) -> Table:
    """Importances side by side, a row a parameter; each with its interval, its adjusted p-value and its verdict."""
    table = plain_table(title)
    table.add_column("setting", no_wrap=True)
    measures = list(dict.fromkeys(frame["measure"]))
    for measure in measures:
        table.add_column(cell(measure.replace("_", " ")), justify="right")
    for name, rows in frame.groupby("hyperparameter", sort=False):
        cells = {r["measure"]: r for r in rows.to_dict("records")}
        table.add_row(*map(cell, (name, *(_importance(cells[measure]) for measure in measures))))
    return table


def _importance(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["importance"]):
        return "missing"
    return f"{row['importance']:.2f} [{row['low']:.2f}, {row['high']:.2f}]\np {row['p_adjusted']:.3f} {row['verdict']}"


IMPORTANCE_NOTE = (
    "p: adjusted for the number of settings, within each measure (Holm). An importance that is not seen may be noise: "
    "shares sum to 1 on noise as well"
)


def survey_report(
    config: StudyConfig,
    survey: Survey,
    progress: SurveyProgress,
    *,
    notes: Sequence[str] = (),
    options: Sequence[str] = (),
) -> list[Part]:
    """The indices, what they speak of, interactions, ranges, what is to be said of the data, and what to type next.

    Args:
        config: The study.
        survey: Of it.
        progress: The last of this run.
        notes: What is to be said of the data.
        options: Those that name its storage to a command.
    """
    stored = f"{config.name}.effective_step.survey" if config.survey.effective_step else config.name
    fresh = f"{progress.fresh} rows from {progress.trainings} trainings"
    indices = survey.sensitivity()
    return [
        *([Text(fresh, style="dim")] if progress.fresh else []),
        sensitivity_table(indices, title=f"{config.name}: what training is sensitive to"),
        sensitivity_legend(indices),
        sensitivity_note(survey),
        interaction_lines(survey.interactions()),
        range_lines(survey.ranges(), survey.design.space),
        *_notes(notes),
        next_line(
            (make("report", config.name, *options), "b"),
            " for figures, or in Python ",
            (f"r = hpsearch.load({stored!r}{_arguments(options)})", "b"),
            ", then ",
            ("r.survey, r.sensitivity(), r.effects()", "b"),
            ", …",
        ),
    ]


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
    nothing_new = f"{name} already holds {len(results.trials)} trials: ask for more with TRIALS=… or --trials"
    place = hide_password(storage) if storage else str(results.folder / JOURNAL)
    options = options_for(storage, results.folder)
    return [
        *([] if fresh else [Text(nothing_new, style="dim")]),
        best_table(results.trials, config),
        *([] if networks is None else [networks]),
        chosen_line(results.best),
        *filter(None, [alike_line(results), edge_line(results)]),
        _verdicts(results, name, options),
        *_notes(notes),
        f"results in {place}, the chosen network in {network_path(name, results.folder)}",
        next_line(
            (make("report", name, *options), "b"),
            " for figures, ",
            (shlex.join(["hpsearch", "dashboard", *options]) if options else "make dashboard", "b"),
            ", ",
            (make("export", name, *options), "b"),
            ", or in Python ",
            (f"hpsearch.load({name!r}{_arguments(options)}).trials", "b"),
        ),
    ]


def _verdicts(results: Results, name: str, place: Sequence[str]) -> str:
    """What the study's survey says, or how to get one."""
    try:
        return verdict_line(results.sensitivity())
    except ResultsError:
        return f"how sensitive training is to each setting is not measured yet: {make('survey', name, *place)}"


def _notes(notes: Sequence[str]) -> list[Text]:
    return [cell(f"note: {note}", "dim") for note in notes]


def _arguments(options: Sequence[str]) -> str:
    """A command's options as arguments of a call in Python."""
    pairs = zip(options[::2], options[1::2], strict=True)
    return "".join(f", {name.removeprefix('--')}={value!r}" for name, value in pairs)


def next_line(*parts: str | tuple[str, str]) -> Text:
    """What to type next."""
    return Text.assemble("next: ", *parts)
