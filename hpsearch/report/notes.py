"""The notes of a study's page in the Optuna dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import optuna_dashboard

from hpsearch.config.hyperparameters import SETTINGS
from hpsearch.config.study import StudyConfig
from hpsearch.report.dashboard import SHOWN
from hpsearch.sensitivity.analysis import Survey


def describe(study: optuna.Study, config: StudyConfig) -> None:
    """Write the study's question, settings and ranges as its note."""
    rows = [f"| {s.name} | {s.symbol} | {_range(config, s.name)} |" for s in SETTINGS]
    network = config.network
    lines = [
        f"# {config.name}",
        config.question,
        *([f"**Answer:** {config.answer}"] if config.answer else []),
        f"Data `{Path(config.data.source).name}`, hidden layers {list(network.hidden)}, {network.activation}, "
        f"initial weights {network.init}. Minimised: {config.search.metric}, mean over "
        f"{len(config.search.seeds)} seed(s), sampler {config.search.sampler}, pruner {config.search.pruner}.",
        "| hyperparameter | symbol | range |\n|---|---|---|\n" + "\n".join(rows),
        "Columns `diverged` and `seeds` are numbers: 1 if a seed diverged, and how many seeds a trial was trained on.",
    ]
    optuna_dashboard.save_note(study, "\n\n".join(line for line in lines if line))


def describe_survey(storage: optuna.storages.BaseStorage, name: str, found: Survey) -> None:
    """Write what a stored survey is and what it found as its note."""
    design, taken = found.design, found.take()
    lines = [
        f"# {name}",
        f"Each trial is one training, at a row of a design: {design.scrambles} scrambled Sobol sequences, blocks of "
        f"{design.base} rows. No sampler proposed them, so the page's history and timeline mean nothing here, and its "
        "importances are surrogates. Measured were these Sobol indices (95 % intervals) of "
        f"{taken.name}, {taken.form} form:",
        "| setting | total order | first order | verdict |\n|---|---|---|---|\n"
        + "\n".join(_indices(row) for row in found.sensitivity().to_dict("records")),
        f"Of more than {SHOWN:,} trials this page draws an even choice and the best. The tables hold all: "
        f'`hpsearch.load("{name.removesuffix(".survey")}").survey`.',
    ]
    study = optuna.load_study(study_name=name, storage=storage, sampler=optuna.samplers.RandomSampler())
    optuna_dashboard.save_note(study, "\n\n".join(lines))


def _indices(row: dict[Any, Any]) -> str:
    if row["reason"] and not row["verdict"]:
        return f"| {row['hyperparameter']} | | | {row['reason']} |"
    parts = ((row[f"{part}_order"], row[f"{part}_low"], row[f"{part}_high"]) for part in ("total", "first"))
    total, first = (f"{value:.3f} [{low:.3f}, {high:.3f}]" for value, low, high in parts)
    return f"| {row['hyperparameter']} | {total} | {first} | {row['verdict']} |"


def _range(config: StudyConfig, name: str) -> str:
    entry = getattr(config.space, name)
    if isinstance(entry, int | float):
        return f"{entry:g} (fixed)"
    choices = getattr(entry, "choices", None)
    if choices is not None:
        return ", ".join(f"{choice:g}" for choice in choices)
    return f"{entry.low:g} to {entry.high:g}{', log' if entry.log else ''}"
