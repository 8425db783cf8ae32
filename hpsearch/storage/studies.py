"""A study in a storage: made, compared with what is stored, and refused where it would not compare."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import optuna

from hpsearch.config.study import StudyConfig, differences
from hpsearch.evaluation.evaluator import Evaluator

CONFIG = "hpsearch:config"
"""Study attribute that holds ``StudyConfig.describe()``."""


DATA = "hpsearch:data"
"""Study attribute that holds the data's fingerprint."""


class StudyChangedError(ValueError):
    """A study in the storage was made with other settings or data.

    Attributes:
        changes: ``(key, stored, given)`` for each difference.
    """

    def __init__(self, name: str, changes: Sequence[tuple[str, Any, Any]]) -> None:
        self.changes = tuple(changes)
        lines = [f"  {key}: stored {old!r}, now {new!r}" for key, old, new in changes]
        super().__init__(
            "\n".join(
                [
                    f"study {name!r} is in the storage with other settings; its trials would not compare:",
                    *lines,
                    f"undo the change to go on with it, or start anew under another name: --name {name}-2",
                ]
            )
        )


def open_study(config: StudyConfig, evaluator: Evaluator, storage: optuna.storages.BaseStorage) -> optuna.Study:
    """The config's study in a storage, made if it is not there.

    Raises:
        StudyChangedError: if it was made with other settings or data.
    """
    study = optuna.create_study(study_name=config.name, storage=storage, load_if_exists=True, direction="minimize")
    given, fingerprint = config.describe(), evaluator.dataset.fingerprint
    known = study.user_attrs
    if CONFIG not in known:
        if study.get_trials(deepcopy=False):
            raise StudyChangedError(config.name, [("made by", "another program", "hpsearch")])
        with warnings.catch_warnings():  # Optuna calls the name of an objective experimental
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names([config.search.metric])
        study.set_user_attr(DATA, fingerprint)
        study.set_user_attr(CONFIG, given)
        return study
    changes = differences(known[CONFIG], given)
    if not changes and known[DATA] != fingerprint:
        changes = [("the data itself (fingerprint)", known[DATA][:12], fingerprint[:12])]
    if changes:
        raise StudyChangedError(config.name, changes)
    return study


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """Optuna announces every study it makes; the mirror is none of the user's."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(level, optuna.logging.WARNING))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)
