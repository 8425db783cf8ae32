"""What the Optuna dashboard shows of a study, and serving it on this machine."""

from __future__ import annotations

import ipaddress
import socketserver
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import optuna
import optuna_dashboard

from hpsearch.config import SETTINGS, StudyConfig


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

    Args:
        storage: Of the studies.
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


def describe(study: optuna.Study, config: StudyConfig) -> None:
    """Write the study's question, settings and ranges as its note."""
    rows = [f"| {s.name} | {s.symbol} | {_range(config, s.name)} |" for s in SETTINGS]
    network = config.network
    lines = [
        f"# {config.name}",
        config.question,
        *([f"**Answer:** {config.answer}"] if config.answer else []),
        f"Data `{Path(config.data.source).name}`, hidden layers {list(network.hidden)}, {network.activation}, "
        f"initial weights {network.init}. Minimised: {config.search.metric}, mean over "
        f"{len(config.search.seeds)} seed(s), sampler {config.search.sampler}, pruner {config.search.pruner}.",
        "| hyperparameter | symbol | range |\n|---|---|---|\n" + "\n".join(rows),
        "Columns `diverged` and `seeds` are numbers: 1 if a seed diverged, and how many seeds a trial was trained on.",
    ]
    optuna_dashboard.save_note(study, "\n\n".join(line for line in lines if line))


def _range(config: StudyConfig, name: str) -> str:
    entry = getattr(config.space, name)
    if isinstance(entry, int | float):
        return f"{entry:g} (fixed)"
    choices = getattr(entry, "choices", None)
    if choices is not None:
        return ", ".join(f"{choice:g}" for choice in choices)
    return f"{entry.low:g} to {entry.high:g}{', log' if entry.log else ''}"
