"""Which study a command means: a file of settings, a table, or a study in the results; and what it would take."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hpsearch.cli.lines import say
from hpsearch.cli.machines import Place

if TYPE_CHECKING:
    from hpsearch.config import StudyConfig
    from hpsearch.evaluation.evaluator import Evaluator
    from hpsearch.results.study import Results


@dataclass(frozen=True)
class NamedStudy:
    """The study that a command means.

    Attributes:
        config: Its settings.
        assumptions: What was assumed, where it is of a table and nobody wrote them; else None.
    """

    config: StudyConfig
    assumptions: tuple[str, ...] | None = None


def study_named(study: str, target: str | None, place: Place) -> NamedStudy:
    """The study of a TOML, of a table, or stored under a name that no TOML has.

    Raises:
        ConfigError: if there is no such study, or it is not valid.
        DataError: if the table cannot be read.
        ResultsError: if the stored study is of another program.
    """
    from hpsearch.config import ConfigError, load_config, resolve
    from hpsearch.evaluation.newcomers import check_table, is_table, new_study

    if is_table(study):
        new = new_study(study, target)
        return NamedStudy(new.config, new.assumptions)
    ending = Path(study).suffix.lower()
    if ending != ".toml" and (ending or target is not None) and os.path.isfile(study):
        check_table(study)
    if target is not None:
        raise ConfigError(study, [f"--target: is for a table (given: {target!r}); a study's file names its own"])
    try:
        file = resolve(study)
    except ConfigError as problem:
        from hpsearch.results.names import ResultsError

        try:
            stored = stored_results(study, place)
        except (FileNotFoundError, ResultsError):
            raise problem from None
        return NamedStudy(stored.config)
    return NamedStudy(load_config(file))


def stored_under(study: str) -> str:
    """The name of a study in the results: of the file whose path is given, or what is given.

    Raises:
        ConfigError: if the file is a TOML and no valid study.
    """
    if not os.path.isfile(study):
        return study
    if Path(study).suffix.lower() == ".toml":
        from hpsearch.config import load_config

        return load_config(study).name
    from hpsearch.evaluation.newcomers import is_table, table_name

    return table_name(study) if is_table(study) else study


def stored_results(study: str, place: Place) -> Results:
    """A study read back; a name that is not in the journal is refused before all that tables need is imported.

    Raises:
        FileNotFoundError: if there are no results.
        ResultsError: if no study has that name.
        StorageError: if the storage cannot be opened.
    """
    check_stored(study, place)
    from hpsearch.results.study import load

    return load(study, storage=place.storage, results=place.results)


def check_stored(study: str, place: Place) -> None:
    """Refuse a study whose name the journal does not hold; of a storage URL nothing is read.

    Raises:
        FileNotFoundError: if there are no results.
        ResultsError: if no study has that name.
        StorageError: if the journal cannot be read.
    """
    from hpsearch.results.names import stored_name
    from hpsearch.storage.access import JOURNAL, existing_storage

    if place.storage is not None:
        return
    journal = place.results / JOURNAL
    if not (journal.is_file() and json.dumps(study).encode() in journal.read_bytes()):
        stored_name(study, existing_storage(None, results=place.results))


def announce(study: NamedStudy, evaluator: Evaluator, path: str) -> None:
    """Say of a table what it holds and what was assumed, and how to choose otherwise."""
    from hpsearch.config.shell import typed
    from hpsearch.evaluation.newcomers import split_words, task_words

    if study.assumptions is None:
        return
    config, data = evaluator.config, evaluator.dataset
    assumptions = [
        *study.assumptions,
        f"hidden layers {list(config.network.hidden)} of {config.network.activation}",
        f"{config.search.trials} trials by {config.search.sampler}",
    ]
    command = f"hpsearch new {typed(path)} --target {typed(str(config.data.target))}"
    for line in (
        f"{Path(path).name}: {split_words(data)}",
        f"predicting {config.data.target!r}: {task_words(data)}",
        f"assumed: {'; '.join(assumptions)}",
    ):
        say(line)
    say("to change any of this, write all settings to a file:", command=command)


def search_cost(evaluator: Evaluator, *, stored: int, workers: int) -> str:
    """What a search would train, and how long it may take."""
    from hpsearch.evaluation.costs import search_seconds
    from hpsearch.tuning.samplers import grid_size

    search = evaluator.config.search
    trials = min(search.trials, grid_size(evaluator.config)) if search.sampler == "grid" else search.trials
    left, seeds = max(trials - stored, 0), len(search.seeds)
    counts = f"{trials:,} trials, {stored:,} of them stored; {left * seeds:,} trainings"
    return f"{counts} ({seeds} a trial); {_time(*search_seconds(evaluator, left), workers)}"


def survey_cost(evaluator: Evaluator, *, stored: int, workers: int) -> str:
    """What a survey would train, and how long it may take; the rows that are stored count as trained."""
    from hpsearch.evaluation.costs import task_seconds
    from hpsearch.experiments.trainings import survey_tasks

    rows, tasks = survey_tasks(evaluator)
    share = max(rows - stored, 0) / rows
    counts = f"{rows:,} rows, {stored:,} of them stored; {share * len(tasks):,.0f} trainings"
    seconds = share * task_seconds(evaluator, tasks)
    return f"{counts}; {_time(seconds, seconds, workers)}"


def _time(low: float, high: float, workers: int) -> str:
    by = f"{workers} workers" if workers > 1 else "one worker"
    ends = [f"{s / 60:,.0f} min" if s >= 90 else f"{max(s, 1):.0f} s" for s in (low / workers, high / workers)]
    duration = " to ".join(dict.fromkeys(ends))
    return (
        f"expected: about {duration} with {by}, estimated from the arithmetic at the speed of the machine in README; "
        "another may take a few times as long"
    )


def print_plan(study: NamedStudy, evaluator: Evaluator, cost: str) -> None:
    """Say what a command would do; of a table the rows are told already."""
    from hpsearch.evaluation.newcomers import split_words

    rows = [split_words(evaluator.dataset)] if study.assumptions is None else []
    for line in (*rows, cost, *(f"note: {note}" for note in evaluator.notes)):
        say(line)
    say("nothing was trained or stored")
