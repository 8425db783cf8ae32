"""Results as text for a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from hpsearch.config import SETTINGS, StudyConfig
from hpsearch.engine.diagnostics import METRICS
from hpsearch.experiments.trainings import SurveyProgress
from hpsearch.results.study import Results
from hpsearch.tuning.search import Progress

if TYPE_CHECKING:
    import pandas as pd

    from hpsearch.results.study import Best
    from hpsearch.sensitivity.analysis import Survey


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
    metrics = [metric.name for metric in METRICS if metric.shown and metric.name in best]
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


def sensitivity_table(frame: pd.DataFrame, *, title: str) -> Table:
    """Indices with intervals and verdicts, a row a setting."""
    table = Table(
        title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold"
    )
    table.add_column("setting", no_wrap=True)
    table.add_column("total order", justify="right", no_wrap=True)
    table.add_column("first order", justify="right", no_wrap=True)
    table.add_column("verdict")
    for row in frame.to_dict("records"):
        first, total = (_interval(row, part) for part in ("first", "total"))
        table.add_row(str(row["hyperparameter"]), total, first, _verdict(row))
    return table


def _interval(row: dict[Any, Any], part: str) -> str:
    if row[f"{part}_order"] != row[f"{part}_order"]:
        return "-"
    return f"{row[f'{part}_order']:.3f} [{row[f'{part}_low']:.3f}, {row[f'{part}_high']:.3f}]"


def _verdict(row: dict[Any, Any]) -> str:
    if row["reason"]:
        return f"{row['verdict']} ({row['reason']})" if row["verdict"] else str(row["reason"])
    if row["verdict"] != "undecided":
        return str(row["verdict"])
    needed = row["base_needed"]
    return f"undecided ({'--base ' + str(needed) + ' would decide' if needed == needed else 'at any base of use'})"


def sensitivity_note(survey: Survey) -> str:
    """What was asked: the response, its form, the ranges, the budget."""
    taken, design = survey.take(), survey.design
    ceiling = survey.kinds[survey.response].ceiling if survey.response in survey.kinds else None
    clipped = f", clipped at {ceiling:.3g} (an answer that ignores its input)" if ceiling is not None else ""
    ranges = "; ".join(f"{name} {_side(dimension)}" for name, dimension in design.space.items())
    return (
        f"of {taken.name} ({taken.form} form{clipped}) where each training ended; shares of its variance with 95 % "
        f"intervals over {design.scrambles} scrambles of {design.base}; budget: {survey.budget}; seeds: a pool of "
        f"{design.seeds}. Over these ranges, and no others: {ranges}"
    )


def _side(dimension: Any) -> str:
    if hasattr(dimension, "choices"):
        return ", ".join(str(choice) for choice in dimension.choices)
    return f"{dimension.low:g} to {dimension.high:g}{' log' if dimension.log else ''}"


def interaction_lines(frame: pd.DataFrame, *, count: int = 3) -> str:
    """The strongest interactions that are there."""
    seen = frame[frame["verdict"] == "present"].head(count).to_dict("records")
    if not seen:
        return "interactions: none is seen beyond its interval"
    parts = [f"{r['first']} x {r['second']} {r['interaction']:.3f} [{r['low']:.3f}, {r['high']:.3f}]" for r in seen]
    return "strongest interactions: " + "; ".join(parts)


def range_lines(frame: pd.DataFrame) -> str:
    """Where the best crowd at a boundary, and what to try next."""
    lines = []
    for row in frame.to_dict("records"):
        following = row["next_choices"] or f"{row['next_low']:g} to {row['next_high']:g}"
        moved = row["next_choices"] is None and (row["next_low"], row["next_high"]) != (row["low"], row["high"])
        if row["boundary"] or moved:
            lines.append(f"  {row['hyperparameter']}: try {following} ({row['reason']})")
    return "\n".join(["ranges to try next:", *lines]) if lines else "ranges: nothing speaks for other ones"


def verdict_line(frame: pd.DataFrame) -> str:
    """The survey's verdicts in one line."""
    words: dict[str, list[str]] = {}
    for row in frame.to_dict("records"):
        if row["verdict"] in ("sensitive", "inert", "undecided") and row["hyperparameter"] != "dummy":
            words.setdefault(row["verdict"], []).append(f"{row['hyperparameter']} {row['total_order']:.2f}")
    parts = [f"{verdict}: {', '.join(names)}" for verdict, names in words.items()]
    return "by the survey (total index), " + "; ".join(parts)


def importance_table(frame: pd.DataFrame, *, title: str) -> Table:
    """Importances side by side, a row a parameter; each with its interval and its p-value."""
    table = Table(
        title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold"
    )
    table.add_column("setting", no_wrap=True)
    measures = list(dict.fromkeys(frame["measure"]))
    for measure in measures:
        table.add_column(measure.replace("_", " "), justify="right")
    for name, rows in frame.groupby("hyperparameter", sort=False):
        cells = {r["measure"]: r for r in rows.to_dict("records")}
        numbers = (cells[m] for m in measures)
        table.add_row(
            str(name),
            *(f"{r['importance']:.2f} [{r['low']:.2f}, {r['high']:.2f}]\np {r['p_value']:.3f}" for r in numbers),
        )
    return table


def survey_report(found: Survey, config: StudyConfig, progress: SurveyProgress) -> None:
    """The indices, what they speak of, interactions, ranges, and what to type next."""
    from rich.console import Console

    from hpsearch.report import terminal

    console, name = Console(), config.name
    if progress.fresh:
        console.print(f"{progress.fresh} rows from {progress.trainings} trainings", style="dim")
    console.print(terminal.sensitivity_table(found.sensitivity(), title=f"{name}: what training is sensitive to"))
    console.print(terminal.sensitivity_note(found), soft_wrap=True)
    console.print(terminal.interaction_lines(found.interactions()), soft_wrap=True)
    console.print(terminal.range_lines(found.ranges()), soft_wrap=True)
    stored = f"{name}.effective_step.survey" if config.survey.effective_step else name
    console.print(
        f"next: in Python [b]r = hpsearch.load({stored!r})[/b], then [b]r.survey, r.sensitivity(), r.effects()[/b], …",
        soft_wrap=True,
    )


def _verdicts(found: Results, name: str) -> str:
    """What the study's survey says, or how to get one."""
    from hpsearch.report.terminal import verdict_line
    from hpsearch.results.study import ResultsError

    try:
        return verdict_line(found.sensitivity())
    except ResultsError:
        return f"how sensitive training is to each setting is not measured yet: make survey STUDY={name}"


def search_report(
    config: StudyConfig,
    stored: Any,
    progress: Progress,
    results: Path,
    storage: str | None,
    notes: tuple[str, ...],
) -> None:
    """The ten best, the test score, where things are, what to type next."""
    from rich.console import Console

    from hpsearch.report.terminal import best_table, chosen_line
    from hpsearch.results.study import Results
    from hpsearch.storage.access import JOURNAL, hide_password

    found, console = Results(stored, results), Console()
    if not progress.fresh:
        console.print(
            f"{config.name} already holds {progress.done} trials: ask for more with TRIALS=… or --trials", style="dim"
        )
    console.print(best_table(found.trials, config))
    console.print(chosen_line(found.best), soft_wrap=True)
    console.print(_verdicts(found, config.name), soft_wrap=True)
    for note in notes:
        console.print(f"note: {note}", style="dim", soft_wrap=True)
    place = hide_password(storage) if storage else str(results / JOURNAL)
    console.print(f"results in {place}, the chosen network in {results / config.name}.npz", soft_wrap=True)
    console.print(
        f"next: [b]make dashboard[/b], [b]make export STUDY={config.name}[/b], or in Python "
        f"[b]hpsearch.load({config.name!r}).trials[/b]",
        soft_wrap=True,
    )
