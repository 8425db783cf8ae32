"""A study in a storage: made, compared with what is stored, and refused where its trials would not compare."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import optuna

from hpsearch.config.messages import ConfigError, StoredConfigError
from hpsearch.config.study import StudyConfig, differences
from hpsearch.engine.settings import ENGINE
from hpsearch.storage.internals import set_study_attribute, study_attributes

OWN = "hpsearch:"
"""Begins the names of facts: what the program keeps of a study and people need not read."""

CONFIG = f"{OWN}config"
"""Fact of a study: ``StudyConfig.describe()``."""

VERSION = f"{OWN}version"
"""Fact of a study: the version of hpsearch that made it; an older study has none."""

DATA = f"{OWN}data"
"""Fact of a study: the data's fingerprint."""

EXAMPLES = f"{OWN}examples"
"""Fact of a study: the number of training examples, the largest mini-batch; an older search has none."""

GIVEN = f"{OWN}given"
"""Fact of a study whose data was given in Python, instead of the config's: the data set's name."""

BEST = f"{OWN}best"
"""Fact of a study: the chosen trial's number, its test score, and that of guessing."""

BASELINES = f"{OWN}baselines"
"""Fact of a study: the scores of other networks on the same test split, with the fingerprint of the data."""

ENGINE_OF_STUDY = f"{OWN}engine"
"""Fact of a study: which engine trains its networks; a study without it is of the first."""

_changing_level = threading.Lock()
_levels: list[int] = []
"""Optuna's level of announcements before each of the calls under way."""


class StudyChangedError(ValueError):
    """A study in the storage was made with other settings, other data or another engine.

    Attributes:
        changes: ``(key, stored, given)`` for each difference.
    """

    def __init__(self, name: str, changes: Sequence[tuple[str, Any, Any]], *, stored: str) -> None:
        self.changes = tuple(changes)
        anew = f"start anew under another name: --name {name}-2"
        if [key for key, *_ in changes] == [ENGINE_OF_STUDY]:
            super().__init__(
                f"study {stored!r} was begun with an engine of another version of hpsearch, whose numbers differ; its "
                f"trials can be read as before, but no more are added: {anew}"
            )
            return
        first = f"study {stored!r} is in the storage with other settings; its trials would not compare:"
        lines = [f"  {key}: stored {old!r}, now {new!r}" for key, old, new in changes]
        super().__init__("\n".join([first, *lines, f"undo the change to go on with it, or {anew}"]))


def open_study(
    storage: optuna.storages.BaseStorage,
    config: StudyConfig,
    fingerprint: str,
    *,
    name: str | None = None,
    identity: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda description: description,
    facts: Mapping[str, Any] | None = None,
) -> optuna.Study:
    """A config's study in a storage, made if it is not there; its words and where its data lies become the config's.

    So does the number of its trials, if it is larger.

    Args:
        storage: Of all studies.
        config: The study.
        fingerprint: Of its data.
        name: In the storage; the config's own by default.
        identity: The part of a description that the stored trials depend on.
        facts: Further facts of a study that is made here.

    Raises:
        StudyChangedError: if it was made with other settings or data, with another engine, or by another program.
    """
    study = optuna.create_study(study_name=name or config.name, storage=storage, load_if_exists=True)
    if _made_alike(study, config, fingerprint, identity):
        _renew(study, config)
        return study
    with warnings.catch_warnings():  # Optuna calls the name of an objective experimental
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names([config.search.metric])
    made = {**(facts or {}), DATA: fingerprint, ENGINE_OF_STUDY: ENGINE, VERSION: version("hpsearch")}
    # The config comes last: a study that has it was made whole.
    for key, value in {**made, CONFIG: config.describe()}.items():
        set_study_attribute(study, key, value)
    return study


def _renew(study: optuna.Study, config: StudyConfig) -> None:
    """Write what of a study's config may change: an answer is written into the file once there is one."""
    stored = fact(study, CONFIG)
    data = {**stored["data"], "source": config.data.source, "test": config.data.test}  # files may lie elsewhere by now
    most = max(stored["search"]["trials"], config.search.trials)  # a first run may have been for few
    words = {"question": config.question, "answer": config.answer}
    new = {**stored, **words, "data": data, "search": {**stored["search"], "trials": most}}
    if new != stored:
        set_study_attribute(study, CONFIG, new)


def existing_study(
    storage: optuna.storages.BaseStorage,
    config: StudyConfig,
    fingerprint: str,
    *,
    name: str,
    identity: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> optuna.Study | None:
    """As :func:`open_study`, but nothing is written: None if the study is not there, or was not made whole."""
    if name not in optuna.get_all_study_names(storage):
        return None
    study = optuna.load_study(study_name=name, storage=storage)
    return study if _made_alike(study, config, fingerprint, identity) else None


def _made_alike(
    study: optuna.Study,
    config: StudyConfig,
    fingerprint: str,
    identity: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> bool:
    """Whether a study was made with these settings, data and engine; False if it is not made yet, else an error."""
    stored, changes = fact(study, CONFIG), []
    if stored is not None:
        data, engine = fact(study, DATA), fact(study, ENGINE_OF_STUDY, 1)
        changes = differences(identity(stored), identity(config.describe()))
        elsewhere = [change for change in changes if _only_moved(*change)]
        if data == fingerprint:  # a file is compared by its content
            changes = [change for change in changes if change not in elsewhere]
        elif changes == elsewhere:
            changes = [*changes, ("the data itself (fingerprint)", data[:12], fingerprint[:12])]
        if not changes and engine != ENGINE:
            changes = [(ENGINE_OF_STUDY, engine, ENGINE)]
    elif study.get_trials(deepcopy=False):
        changes = [("made by", "another program", "hpsearch")]
    if changes:
        if changes[0][0] != "made by":
            config_of_study(study)  # settings that only another version knows are no change of the user's
        raise StudyChangedError(config.name, changes, stored=study.study_name)
    return stored is not None


def _only_moved(key: str, old: Any, new: Any) -> bool:
    """Whether a difference of two descriptions is no more than where a file lies."""
    return key in ("data.source", "data.test") and ":" in str(old) and ":" in str(new)


def stored_config(study: optuna.Study, *, folders: Iterable[Path]) -> StudyConfig:
    """The config that a study of this project was made with.

    Data files that are no longer where they were, as in a project that was moved or checked out elsewhere, are looked
    for under the folders, by the end of their path: the longest that is there.
    """
    description = fact(study, CONFIG)
    data, places = dict(description["data"]), tuple(folders)
    for key in ("source", "test"):
        kind, _, path = str(data.get(key)).partition(":")
        if path and not os.path.isfile(path):
            data[key] = f"{kind}:{_moved_file(path, places)}"
    return config_of_study(study, {**description, "data": data})


def _moved_file(path: str, folders: Sequence[Path]) -> Path:
    """A file that is no longer where it was, by the longest end of its path; that path itself if it is nowhere."""
    ends = [Path(path).parts[start:] for start in range(1, len(Path(path).parts))]
    places = (folder.absolute().joinpath(*end) for folder in folders for end in ends)
    return next((place for place in places if place.is_file()), Path(path))


def config_of_study(study: optuna.Study, description: Mapping[str, Any] | None = None) -> StudyConfig:
    """The config that a study of this project was made with, or what was changed in it.

    Raises:
        StoredConfigError: if this version does not understand it.
    """
    try:
        return StudyConfig.from_description(fact(study, CONFIG) if description is None else description)
    except ConfigError as problem:
        made = fact(study, VERSION)
        by = f"hpsearch {made}" if made else "another version of hpsearch, it is not stored which,"
        where = f"study {study.study_name!r} was made by {by} and this is {version('hpsearch')}: in what is stored"
        raise StoredConfigError(where, problem.problems) from None


def fact(study: optuna.Study, name: str, default: Any = None) -> Any:
    """What the program keeps of a study, or the default: in system attributes, which the dashboard does not show.

    A study that was made before facts lay there has them among its user attributes.
    """
    system = study_attributes(study)
    return system[name] if name in system else study.user_attrs.get(name, default)


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna from announcing every study that is made, also those in memory that no user knows of.

    Its level is the whole process's, so the first thread to come changes it and the last to go puts it back.
    """
    with _changing_level:
        _levels.append(optuna.logging.get_verbosity())
        optuna.logging.set_verbosity(max(_levels[0], optuna.logging.WARNING))
    try:
        yield
    finally:
        with _changing_level:
            level = _levels.pop()
            if not _levels:
                optuna.logging.set_verbosity(level)
