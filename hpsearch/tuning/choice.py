"""The chosen setting: its network, trained, scored once on the test split, and saved."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import asdict
from pathlib import Path

import numpy as np
import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hpsearch.data.files import atomic_write, file_name, made_folder
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.storage.internals import artifacts_of, set_artifact, set_study_attribute
from hpsearch.storage.studies import BEST, fact
from hpsearch.tuning.balance import balance
from hpsearch.tuning.baselines import guess, guessing
from hpsearch.tuning.scores import predictions, score_on_test

ARTIFACTS = "artifacts"
"""Folder of Optuna's artifacts in the results folder."""


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

    A study whose best trial is the same as before is left as it is, so the test split is used once for each choice.

    Args:
        study: In its storage.
        evaluator: Of the study's config.
        results: Folder for ``<study>.npz`` and the artifacts.

    Returns:
        The chosen trial, or None if no trial is complete.
    """
    trial = best_trial(study)
    path = network_path(study.study_name, results)
    if trial is None or (fact(study, BEST, {}).get("number") == trial.number and path.is_file()):
        return trial
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


def network_path(name: str, results: str | Path) -> Path:
    """Where a study's chosen network is saved."""
    return Path(results) / f"{file_name(name)}.npz"


def register(study: optuna.Study, path: Path, *, folder: Path, mimetype: str) -> None:
    """Register a file as an artifact of the study, in place of an earlier one of the same name.

    Of the study and not of its best trial, because a finished trial takes no attribute any more.

    Args:
        study: In its storage.
        path: Of the file.
        folder: Of the artifacts, which holds a copy; made if it is not there.
        mimetype: Of the file.

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
