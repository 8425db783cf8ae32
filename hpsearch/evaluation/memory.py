"""What a study needs of memory, refused before anything runs where that is more than there is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from hpsearch.config.messages import ConfigError
from hpsearch.config.study import StudyConfig
from hpsearch.data.dataset import Dataset
from hpsearch.data.memory import excess
from hpsearch.engine.memory import item_bytes, training_bytes
from hpsearch.engine.settings import Architecture
from hpsearch.space import Choice, Dimension

_TRIAL, _CHECKPOINT = 5_000, 100
"""Bytes of a stored trial in memory, and of each checkpoint of each of its seeds; measured 6,300 at 20 checkpoints."""

_ROW, _ROW_CHECKPOINT = 6_000, 300
"""The same of a row of a survey, its place in the survey's table included; measured 9,900 at 12 checkpoints."""

_NETWORK = ("hidden", "width", "depth", "batch_size")
"""Settings that decide how much a training takes."""


def check_memory(
    config: StudyConfig,
    dataset: Dataset,
    architecture: Architecture,
    *,
    workers: int = 1,
    trials: int = 0,
    rows: int = 0,
) -> None:
    """See that there is memory to train on so many workers, and to keep so many trials of a search or rows of a survey.

    Raises:
        ConfigError: if it is not, with the sum and what to change.
    """
    largest, count = max(_trainings(config, architecture))
    numbers = sum(split.examples for split in (dataset.train, dataset.validation)) * dataset.features
    per_trial = _TRIAL + len(config.search.seeds) * config.search.checkpoints * _CHECKPOINT
    parts = {
        f"{workers} training{'s' * (workers > 1)} at once of {count:,} parameters": workers * largest,
        "the data as the network reads it": numbers * item_bytes(architecture),
        f"{trials:,} trials": trials * per_trial,
        f"{rows:,} rows of the survey": rows * (_ROW + config.survey.checkpoints * _ROW_CHECKPOINT),
    }
    if problem := excess({what: size for what, size in parts.items() if size}):
        cures = {"--workers": workers > 1, "search.trials": trials, "survey.base or survey.scrambles": rows}
        changes = ["network.hidden", *(name for name, helps in cures.items() if helps)]
        raise ConfigError(config.name, [f"{problem}; lower {', '.join(changes)}, or take a machine with more"])


def _trainings(config: StudyConfig, architecture: Architecture) -> Iterator[tuple[int, int]]:
    """Bytes and parameters of the largest trainings that the space holds."""
    entries = config.space.entries
    ends = {name: _ends(entries[name]) if name in _NETWORK else _ends(entries[name])[:1] for name in entries}
    for values in itertools.product(*ends.values()):
        settings = config.settings(dict(zip(ends, values, strict=True)))
        network = replace(architecture, hidden=settings.hidden)
        yield training_bytes(network, settings.batch_size), network.parameters


def _ends(entry: object) -> tuple[object, ...]:
    if isinstance(entry, Choice):
        return tuple(entry.choices)
    return tuple(entry.ends) if isinstance(entry, Dimension) else (entry,)
