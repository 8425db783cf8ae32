"""What the Optuna dashboard shows of a study, and serving it on this machine."""

from __future__ import annotations

import copy
import socket
import socketserver
from collections.abc import Container
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import optuna
import optuna_dashboard
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from hpsearch.data.files import made_folder
from hpsearch.report.requests import loopback, only_own, without_renaming
from hpsearch.storage.internals import DetachedStudy
from hpsearch.storage.notes import MOST_DRAWN
from hpsearch.storage.studies import OWN


class DashboardError(RuntimeError):
    """The dashboard cannot be served there."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the page polls every few seconds."""


def server(
    storage: BaseStorage,
    *,
    artifacts: str | Path,
    host: str = "127.0.0.1",
    port: int = 8080,
    exposed: bool = False,
) -> WSGIServer:
    """A server of Optuna's dashboard, bound to its address and ready for ``serve_forever``.

    Of a study of more than 2,000 trials the page gets a thinned view: every second, third, … one, and the best.
    Studies are not renamed there. Requests of web sites are refused; see :mod:`hpsearch.report.requests`.

    Args:
        storage: Of the studies.
        artifacts: Folder of the artifacts.
        host: Address to listen on.
        port: 0 takes a free one.
        exposed: Allows a host that other machines reach.

    Raises:
        DashboardError: if the port is taken, or the host is not this machine's loopback and ``exposed`` is not set.
    """
    if not exposed and not loopback(host):
        raise DashboardError(
            f"host {host!r} may be reached by other machines, and the dashboard has no login: "
            "use 127.0.0.1, or insist with --expose-without-login"
        )
    store = optuna.artifacts.FileSystemArtifactStore(str(made_folder(artifacts)))
    app = without_renaming(optuna_dashboard.wsgi(ThinnedStorage(storage), artifact_store=store))
    kind = _Server6 if ":" in host else _Server
    try:
        return make_server(host, port, only_own(app, host), server_class=kind, handler_class=_Silent)
    except OSError as problem:
        raise DashboardError(f"cannot listen on {host}:{port}: {problem.strerror}; choose another --port") from problem


class ThinnedStorage:
    """A storage as the dashboard's page can bear it: of a large study an even choice of its trials, and the best.

    All else, what the page writes included, goes to the storage itself.

    Args:
        storage: Of the studies; it stays as it is.
    """

    def __init__(self, storage: BaseStorage) -> None:
        # Optuna puts its cache in front of a database: a poll of the page then reads what is new, not everything.
        self._storage = optuna.storages.get_storage(storage)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Every second, third, … trial, so that ``MOST_DRAWN`` are enough, and the best among all."""
        trials = self._storage.get_all_trials(study_id, deepcopy=False, states=states)
        step = -(-len(trials) // MOST_DRAWN)
        if step > 1:
            best = {trial.number for trial in self._best(study_id, trials)}
            trials = [trial for i, trial in enumerate(trials) if i % step == 0 or trial.number in best]
        return copy.deepcopy(trials) if deepcopy else trials

    def get_all_studies(self) -> list[Any]:
        """The studies, without those user attributes that are the program's own, as older versions left them."""
        studies = [copy.copy(study) for study in self._storage.get_all_studies()]
        for study in studies:
            study.user_attrs = {key: value for key, value in study.user_attrs.items() if not key.startswith(OWN)}
        return studies

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """The best trial that keeps the constraints, or where none does, the best of all.

        Raises:
            ValueError: if no trial is complete.
            RuntimeError: if the study has several objectives.
        """
        try:
            return self._study(study_id).best_trial
        except ValueError:
            return self._storage.get_best_trial(study_id)

    def _best(self, study_id: int, trials: list[FrozenTrial]) -> list[FrozenTrial]:
        """The best of a large study: of several objectives the Pareto front, of which ``MOST_DRAWN`` at most."""
        study = self._study(study_id)
        complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        if not complete:
            return []
        if len(study.directions) == 1:
            return [self.get_best_trial(study_id)]
        front = DetachedStudy(complete, study).best_trials
        return front[:: -(-len(front) // MOST_DRAWN) or 1]

    def _study(self, study_id: int) -> optuna.Study:
        name = self._storage.get_study_name_from_id(study_id)
        return optuna.load_study(study_name=name, storage=self._storage, sampler=optuna.samplers.RandomSampler())


BaseStorage.register(ThinnedStorage)  # the dashboard accepts nothing else; a subclass would spell every method out
