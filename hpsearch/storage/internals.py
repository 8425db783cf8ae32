"""Optuna's private names, as they were read in Optuna 5.0.0: all but one, which `Database` has to override."""

from __future__ import annotations

import io
import json
import pickle
import uuid
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.storages.journal import BaseJournalBackend
from optuna.trial import FixedTrial, FrozenTrial

from hpsearch.storage.journal import StorageError

NOT_FOUND = "Record does not exist."
"""What Optuna says of a study or a trial that is not there, in a KeyError."""


def storage_of(study: optuna.Study) -> optuna.storages.BaseStorage:
    """The storage that a study lives in."""
    return study._storage


def journal_backend(storage: optuna.storages.BaseStorage) -> BaseJournalBackend | None:
    """The backend of a journal; None for a storage of another kind."""
    return getattr(storage, "_backend", None)


def database_of(storage: optuna.storages.BaseStorage) -> optuna.storages.RDBStorage | None:
    """The database behind a storage, which a study wraps in a cache; None for a storage of another kind."""
    inner = getattr(storage, "_backend", storage)
    return inner if isinstance(inner, optuna.storages.RDBStorage) else None


def schema() -> Any:
    """The tables of Optuna's databases, as SQLAlchemy's models; they take a moment to import."""
    from optuna.storages._rdb import models

    return models


def study_id(study: optuna.Study) -> int:
    """The number that a storage knows a study by."""
    return study._study_id


def check_trial(trial: FrozenTrial) -> None:
    """Refuse a trial that contradicts itself, as ``Study.add_trial`` does.

    Raises:
        ValueError: if its state, value and parameters do not fit each other.
    """
    trial._validate()


def read_anew(storage: optuna.storages.BaseStorage) -> None:
    """Let a journal's storage forget what it holds: Optuna's copy in memory runs ahead of a write that fails.

    It takes another name, as one that is opened anew has: Optuna raises anew what a log of its own name was refused
    for, such as making a study that is there already.
    """
    assert isinstance(storage, optuna.storages.JournalStorage)
    with storage._thread_lock:  # whatever is asked next reads all logs
        storage._worker_id_prefix = f"{uuid.uuid4()}-"
        storage._replay_result = type(storage._replay_result)(storage._worker_id_prefix)


def system_attributes(trial: optuna.Trial) -> dict[str, Any]:
    """A running trial's system attributes, where samplers and pruners keep what they need again."""
    return trial.storage.get_trial(trial._trial_id).system_attrs


def set_system_attribute(trial: optuna.Trial | FixedTrial | FrozenTrial, name: str, value: Any) -> None:
    """Set a system attribute: the dashboard shows every user attribute as a column, and these it does not show.

    A trial without a storage (a ``FixedTrial``, a ``FrozenTrial``) keeps it itself.
    """
    if not isinstance(trial, optuna.Trial):
        trial.system_attrs[name] = value
        return
    trial.storage.set_trial_system_attr(trial._trial_id, name, value)


def end_trial(study: optuna.Study, number: int, ended: FrozenTrial) -> None:
    """Give a running trial the state and the value of one that has ended.

    Unlike ``Study.tell`` it calls no sampler (the grid's would stop a ``study.optimize`` that is not there) and
    copies no trial, which takes longer than all else that it does.
    """
    storage = study._storage
    trial_id = storage.get_trial_id_from_study_id_trial_number(study._study_id, number)
    storage.set_trial_state_values(trial_id, ended.state, ended.values)


def study_attributes(study: optuna.Study) -> dict[str, Any]:
    """A study's system attributes: what only a program reads, and the dashboard does not show."""
    return study._storage.get_study_system_attrs(study._study_id)


def set_study_attribute(study: optuna.Study, name: str, value: Any) -> None:
    """Set a system attribute of a study."""
    study._storage.set_study_system_attr(study._study_id, name, value)


_NOTE = "dashboard:note_str:"
"""Begins the names of the attributes that hold a note."""


def note_of(study: optuna.Study) -> str:
    """The note that the dashboard shows of a study; it is stored in pieces (optuna-dashboard 0.21)."""
    return _pieces(study, _NOTE)


def set_note(study: optuna.Study, text: str) -> None:
    """Let the dashboard show a note of a study; it is stored in pieces, with a number that counts its changes.

    The dashboard's own ``save_note`` does the same, and importing it brings a web server into every search.
    """
    set_study_attribute(study, "dashboard:note_ver", study_attributes(study).get("dashboard:note_ver", 0) + 1)
    _set_pieces(study, _NOTE, text)


def figure_of(study: optuna.Study, name: str) -> str:
    """The figure of that name that the dashboard shows of a study, as JSON; "" if there is none."""
    return _pieces(study, f"dashboard:plot_data:{name}:")


def set_figure(study: optuna.Study, name: str, figure: str) -> None:
    """Let the dashboard show a figure, given as JSON, of a study; it is stored in pieces (optuna-dashboard 0.21)."""
    _set_pieces(study, f"dashboard:plot_data:{name}:", figure)


def _pieces(study: optuna.Study, prefix: str) -> str:
    """The text that is stored in the attributes of a prefix and a number."""
    attributes = study_attributes(study)
    places = sorted(int(key.removeprefix(prefix)) for key in attributes if key.startswith(prefix))
    return "".join(attributes[f"{prefix}{place}"] for place in places)


def _set_pieces(study: optuna.Study, prefix: str, text: str) -> None:
    """Store a text in numbered attributes, none longer than a database takes; what is left of a longer one is ""."""
    size = 2045
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    earlier = sum(key.startswith(prefix) for key in study_attributes(study))
    for place, piece in enumerate(pieces + [""] * (earlier - len(pieces))):
        set_study_attribute(study, f"{prefix}{place}", piece)


def artifacts_of(study: optuna.Study, filename: str) -> list[str]:
    """Ids of a study's artifacts of that file's name; of one that was deleted in the dashboard a null is left."""
    stored = [json.loads(value) for key, value in study_attributes(study).items() if key.startswith("artifacts:")]
    return [artifact["artifact_id"] for artifact in stored if artifact and artifact["filename"] == filename]


def set_artifact(study: optuna.Study, artifact: str, *, filename: str, mimetype: str) -> None:
    """Tell of an artifact of a study whose file is there; Optuna's own upload tells of it before it is written."""
    about = {"artifact_id": artifact, "filename": filename, "mimetype": mimetype, "encoding": None}
    set_study_attribute(study, f"artifacts:{artifact}", json.dumps(about))


class DetachedStudy(optuna.Study):
    """A study of these completed trials, without the cost of storing them.

    Args:
        trials: All that the study answers for.
        like: Any study, whose name and directions are taken.
    """

    def __init__(self, trials: Sequence[FrozenTrial], like: optuna.Study) -> None:
        super().__init__(like.study_name, like._storage)
        self._trials = list(trials)

    def get_trials(self, deepcopy: bool = True, states: Any = None) -> list[FrozenTrial]:
        """All trials: each is complete."""
        return self._trials


class CmaEsSampler(optuna.samplers.CmaEsSampler):
    """Optuna's, whose state stands in the trials as a pickle: of one that anybody may have written nothing is run."""

    def _restore_optimizer(self, completed_trials: list[FrozenTrial]) -> Any:
        for trial in reversed(completed_trials):
            prefix = self._attr_key_optimizer
            pieces = {name: text for name, text in trial.system_attrs.items() if name.startswith(prefix)}
            if pieces:
                return _CmaState(io.BytesIO(bytes.fromhex(self._concat_optimizer_attrs(pieces)))).load()
        return None


class _CmaState(pickle.Unpickler):
    """Reads a pickle of CMA-ES's state, which is arrays and numbers, and refuses every other."""

    def find_class(self, module: str, name: str) -> Any:
        arrays = name in ("_reconstruct", "scalar") and module in ("numpy._core.multiarray", "numpy.core.multiarray")
        if arrays or (module, name) in (("cmaes._cma", "CMA"), ("numpy", "ndarray"), ("numpy", "dtype")):
            return super().find_class(module, name)
        raise StorageError(
            f"a trial holds a state of CMA-ES that would run {module}.{name}: another program wrote it, and nothing of "
            "it was run; start anew under another name, with --name"
        )
