"""The chosen setting: its network, trained, scored once on the test split, and saved."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.tuning.scores import score_on_test

BEST = "hpsearch:best"
"""Study attribute that holds the chosen trial's number and test score."""

_CONSTRAINTS = "constraints"
"""System attribute in which Optuna keeps a trial's constraints."""

ARTIFACTS = "artifacts"
"""Folder of Optuna's artifacts in the results folder."""


def ranked_trials(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that may be the best, the best first, the first of equals before the others.

    They are completed, their constraints hold (none is above 0) and their value is finite; of several objectives the
    first counts, by its own direction.
    """
    sign = -1.0 if study.directions[0] == StudyDirection.MAXIMIZE else 1.0
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    feasible = [t for t in complete if all(c <= 0 for c in t.system_attrs.get(_CONSTRAINTS) or ())]
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
    if trial is None or (study.user_attrs.get(BEST, {}).get("number") == trial.number and path.is_file()):
        return trial
    network = evaluator.network(evaluator.hyperparameters(trial.params), evaluator.seeds[0])
    score = score_on_test(network, evaluator.dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    network.save(path)
    _register(study, path, Path(results) / ARTIFACTS)
    study.set_user_attr(BEST, {"number": trial.number, "test": None if score is None else asdict(score)})
    return trial


def network_path(name: str, results: str | Path) -> Path:
    """Where a study's chosen network is saved."""
    return Path(results) / f"{name}.npz"


def _register(study: optuna.Study, path: Path, folder: Path) -> None:
    """Register the network as an artifact of the study: a finished trial takes no attribute any more."""
    from optuna.artifacts import FileSystemArtifactStore, upload_artifact

    os.makedirs(folder, exist_ok=True)
    upload_artifact(
        artifact_store=FileSystemArtifactStore(str(folder)),
        file_path=str(path),
        study_or_trial=study,
        mimetype="application/zip",
    )
