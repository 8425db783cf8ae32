"""What the Optuna dashboard shows of a study, and serving it on this machine."""

from __future__ import annotations

import ipaddress
import socketserver
from collections.abc import Container
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import optuna
import optuna_dashboard
from optuna.trial import FrozenTrial, TrialState

from hpsearch.storage.notes import MOST_DRAWN


class DashboardError(RuntimeError):
    """The dashboard cannot be served there."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the page polls every few seconds."""


def server(
    storage: optuna.storages.BaseStorage,
    *,
    artifacts: str | Path,
    host: str = "127.0.0.1",
    port: int = 8080,
    exposed: bool = False,
) -> WSGIServer:
    """A server of Optuna's dashboard, bound to its address and ready for ``serve_forever``.

    Of a study of more than 2,000 trials the page gets a thinned view: every second, third, … one, and the best.

    Args:
        storage: Of the studies; from now on it gives thinned views.
        artifacts: Folder of the artifacts.
        host: Address to listen on.
        port: 0 takes a free one.
        exposed: Allows a host that other machines reach.

    Raises:
        DashboardError: if the port is taken, or the host is not this machine's loopback and ``exposed`` is not set.
    """
    if not exposed and not _loopback(host):
        raise DashboardError(
            f"host {host!r} may be reached by other machines, and the dashboard has no login: "
            "use 127.0.0.1, or insist with --expose-without-login"
        )
    Path(artifacts).mkdir(parents=True, exist_ok=True)
    store = optuna.artifacts.FileSystemArtifactStore(str(artifacts))
    _thin(storage)
    app = optuna_dashboard.wsgi(storage, artifact_store=store)
    try:
        return make_server(host, port, app, server_class=_Server, handler_class=_Silent)
    except OSError as problem:
        raise DashboardError(f"cannot listen on {host}:{port}: {problem.strerror}; choose another --port") from problem


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _thin(storage: optuna.storages.BaseStorage) -> None:
    """Let a storage give at most ``MOST_DRAWN`` trials of a study, and the best."""
    everything = storage.get_all_trials

    def some(study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        trials = everything(study_id, deepcopy=deepcopy, states=states)
        step = -(-len(trials) // MOST_DRAWN)
        if step <= 1:
            return trials
        best = {t.number for t in [_best(storage, study_id)] if t is not None}
        return [t for i, t in enumerate(trials) if i % step == 0 or t.number in best]

    storage.get_all_trials = some  # type: ignore[method-assign]  # the dashboard takes no narrower view of a study


def _best(storage: optuna.storages.BaseStorage, study_id: int) -> FrozenTrial | None:
    try:
        return storage.get_best_trial(study_id)
    except (ValueError, RuntimeError):  # none is complete, or there are several objectives
        return None
