"""The name of a study in the results, looked up before anything that reads tables is imported."""

from __future__ import annotations

import optuna
from optuna.storages import BaseStorage

from hpsearch.config.files import resolve
from hpsearch.config.messages import ConfigError, did_you_mean
from hpsearch.config.study import PROFILES, SURVEY
from hpsearch.storage.commands import command, options_of


class ResultsError(LookupError):
    """What was asked for is not in the results."""


def stored_name(name: str, storage: BaseStorage) -> str:
    """The name in a storage of a study, or of its survey where only that is there.

    Raises:
        ResultsError: if neither is; it names the studies that are, and how to search one that has a file.
    """
    names = optuna.get_all_study_names(storage)
    if name in names:
        return name
    if f"{name}{SURVEY}" in names:
        return f"{name}{SURVEY}"
    names = [stored for stored in names if not stored.endswith(PROFILES)]
    listed = ", ".join(sorted(names)) or "none"
    problem = f"no study {name!r} in the results, which hold: {listed}"
    raise ResultsError("; ".join(filter(None, [problem, did_you_mean(name, names), _search_first(name, storage)])))


def untrained(study: optuna.Study) -> str:
    """Why a study has no networks: it is the survey of a function, or another program's; to go on from."""
    from hpsearch.experiments.kept_answers import FUNCTION
    from hpsearch.storage.studies import fact

    function = fact(study, FUNCTION)
    what = "was not made by hpsearch" if function is None else f"is the survey of the function {function}"
    return f"study {study.study_name!r} {what}"


def _search_first(name: str, storage: BaseStorage) -> str:
    try:
        file = resolve(name)
    except ConfigError:
        return ""
    # A path is no name of a study in the results.
    return f"search it first: `{command('search', name, *options_of(storage))}`" if file.stem == name else ""
