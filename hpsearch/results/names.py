"""The name of a study in the results, looked up before anything that reads tables is imported."""

from __future__ import annotations

import optuna
from optuna.storages import BaseStorage

from hpsearch.config.messages import did_you_mean
from hpsearch.config.study import PROFILES


class ResultsError(LookupError):
    """What was asked for is not in the results."""


def stored_name(name: str, storage: BaseStorage) -> str:
    """The name in a storage of a study, or of its survey where only that is there.

    Raises:
        ResultsError: if neither is; it names the studies that are.
    """
    names = optuna.get_all_study_names(storage)
    if name in names:
        return name
    if f"{name}.survey" in names:
        return f"{name}.survey"
    names = [stored for stored in names if not stored.endswith(PROFILES)]
    listed = ", ".join(sorted(names)) or "none"
    problem = f"no study {name!r} in the results, which hold: {listed}"
    raise ResultsError("; ".join(filter(None, [problem, did_you_mean(name, names)])))
