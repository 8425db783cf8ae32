"""The chosen setting: its network, trained, scored once on the test split, and saved."""

from __future__ import annotations

import shutil
import uuid
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np
import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hpsearch.data import Dataset
from hpsearch.data.files import atomic_write, file_name, made_folder
from hpsearch.evaluation.archive import NetworkFileError
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.storage.internals import artifacts_of, set_artifact, set_study_attribute
from hpsearch.storage.studies import BEST, fact
from hpsearch.tuning.balance import balance
from hpsearch.tuning.baselines import guess, guessing
from hpsearch.tuning.scores import predictions, score_on_test

ARTIFACTS = "artifacts"
"""Folder of Optuna's artifacts in the results folder."""

_CLOSE = 1e-6
"""Two scales differ by more than this part where they are of other numbers, and by less where machines add unlike."""


class UnitsWarning(UserWarning):
    """The data of a study are in other units than before, or its columns have other names."""


def ranked_trials(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that may be the best, the best first, the first of equals before the others.

    They are completed, their constraints hold (none is above 0) and their value is finite; of several objectives the
    first counts, by its own direction.
    """
    sign = -1.0 if study.directions[0] == StudyDirection.MAXIMIZE else 1.0
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    feasible = [t for t in complete if all(excess <= 0 for excess in t.constraints.values())]
    finite = [t for t in feasible if np.isfinite(t.values[0])]
    return sorted(finite, key=lambda t: (sign * t.values[0], t.number))


def best_trial(study: optuna.Study) -> FrozenTrial | None:
    """The first of :func:`ranked_trials`; None if there is none."""
    return next(iter(ranked_trials(study)), None)


def choose(study: optuna.Study, evaluator: Evaluator, *, results: str | Path) -> FrozenTrial | None:
    """Train the best trial's network (on its first seed), score it on the test split, save it, and say so in the study.

    A study whose best trial is the same as before is left as it is, so the test split is used once for each choice. But
    where the data are in other units by now, which changes no trial, its network is saved for these, with a warning.

    Returns:
        The chosen trial, or None if no trial is complete.
    """
    trial = best_trial(study)
    path = network_path(study.study_name, results)
    if trial is None:
        return None
    units = _other_units(study, evaluator, path)
    if fact(study, BEST, {}).get("number") == trial.number and path.is_file() and not units:
        return trial
    if units:
        words = f"the data are in other units than those that {path} was saved for ({units}): no trial changes by that"
        warnings.warn(f"{words}, and the network is saved for the new ones", UnitsWarning, stacklevel=2)
    network = evaluator.network(evaluator.config.settings(trial.params), evaluator.seeds[0])
    dataset = evaluator.dataset
    scores = {"test": score_on_test(network, dataset), "guessing": guessing(dataset)}
    made_folder(path.parent)
    network.save(path)
    register(study, path, folder=Path(results) / ARTIFACTS, mimetype="application/zip")
    stored = {name: None if score is None else asdict(score) for name, score in scores.items()}
    scored = dataset.test is not None and balance(predictions(network, dataset.test.X), dataset)
    beside = {"guess": guess(dataset), "balance": scored.describe() if scored else None}
    set_study_attribute(study, BEST, {"number": trial.number, **stored, **beside})
    return trial


def _other_units(study: optuna.Study, evaluator: Evaluator, path: Path) -> str:
    """What of the data's units or names is not as in the saved network of the trial that was chosen before; or ""."""
    number = fact(study, BEST, {}).get("number")
    if number is None or not path.is_file():
        return ""
    try:
        network = TrainedNetwork.load(path)
    except NetworkFileError:  # damaged, or a user's own file
        return ""
    setting = evaluator.config.settings(study.get_trials(deepcopy=False)[number].params)
    return _differences(network, evaluator.dataset) if network.hyperparameters == setting else ""


def _differences(before: TrainedNetwork, now: Dataset) -> str:
    """The first column that is read in another way, by name, and how many more are; "" if none, or not comparable."""
    names = [*now.preparation.columns, *now.preparation.feature_names]
    old_names = [*before.preparation.columns, *before.preparation.feature_names]
    if len(names) != len(old_names):
        return ""
    changes = [f"{old!r} is now {new!r}" for old, new in zip(old_names, names, strict=True) if old != new]
    if not changes:
        old, new = (
            np.array([[*data.preparation.mean, data.target_mean], [*data.preparation.scale, data.target_scale]])
            for data in (before, now)
        )
        labels = [*map(repr, now.preparation.feature_names), "the target"]
        changes = [
            f"{labels[i]} had mean {old[0, i]:.4g} and scale {old[1, i]:.4g}, now {new[0, i]:.4g} and {new[1, i]:.4g}"
            for i in np.flatnonzero((np.abs(new - old) > _CLOSE * np.maximum(np.abs(old), old[1])).any(axis=0))
        ]
    return "; ".join([*changes[:1], *([f"{len(changes) - 1:,} more"] if changes[1:] else [])])


def network_path(name: str, results: str | Path) -> Path:
    """Where a study's chosen network is saved."""
    return Path(results) / f"{file_name(name)}.npz"


def register(study: optuna.Study, path: Path, *, folder: Path, mimetype: str) -> None:
    """Register a file as an artifact of the study, in place of an earlier one of the same name.

    Of the study and not of its best trial, because a finished trial takes no attribute any more.

    Raises:
        FileError: if the copy cannot be written; the study is then as it was.
    """
    earlier = artifacts_of(study, path.name)  # more than one where an older version registered it again and again
    names = earlier or [str(uuid.uuid4())]
    for name in names:
        with atomic_write(made_folder(folder) / name) as partial:
            shutil.copyfile(path, partial)
    if not earlier:  # the file is whole before anything tells of it
        set_artifact(study, names[0], filename=path.name, mimetype=mimetype)
