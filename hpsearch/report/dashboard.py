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

from hpsearch.config import SETTINGS, StudyConfig
from hpsearch.sensitivity.analysis import Survey

SHOWN = 2000
"""Trials of a study that the page draws; it stops answering at some 10,000."""


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
    """Let a storage give at most ``SHOWN`` trials of a study, and the best."""
    everything = storage.get_all_trials

    def some(study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        trials = everything(study_id, deepcopy=deepcopy, states=states)
        step = -(-len(trials) // SHOWN)
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


def describe_survey(storage: optuna.storages.BaseStorage, name: str, found: Survey) -> None:
    """Write what a stored survey is and what it found as its note."""
    design, taken = found.design, found.take()
    lines = [
        f"# {name}",
        f"Each trial is one training, at a row of a design: {design.scrambles} scrambled Sobol sequences, blocks of "
        f"{design.base} rows. No sampler proposed them, so the page's history and timeline mean nothing here, and its "
        "importances are surrogates. Measured were these Sobol indices (95 % intervals) of "
        f"{taken.name}, {taken.form} form:",
        "| setting | total order | first order | verdict |\n|---|---|---|---|\n"
        + "\n".join(_indices(row) for row in found.sensitivity().to_dict("records")),
        f"Of more than {SHOWN:,} trials this page draws an even choice and the best. The tables hold all: "
        f'`hpsearch.load("{name.removesuffix(".survey")}").survey`.',
    ]
    study = optuna.load_study(study_name=name, storage=storage, sampler=optuna.samplers.RandomSampler())
    optuna_dashboard.save_note(study, "\n\n".join(lines))


def _indices(row: dict[Any, Any]) -> str:
    if row["reason"] and not row["verdict"]:
        return f"| {row['hyperparameter']} | | | {row['reason']} |"
    parts = ((row[f"{part}_order"], row[f"{part}_low"], row[f"{part}_high"]) for part in ("total", "first"))
    total, first = (f"{value:.3f} [{low:.3f}, {high:.3f}]" for value, low, high in parts)
    return f"| {row['hyperparameter']} | {total} | {first} | {row['verdict']} |"


def _range(config: StudyConfig, name: str) -> str:
    entry = getattr(config.space, name)
    if isinstance(entry, int | float):
        return f"{entry:g} (fixed)"
    choices = getattr(entry, "choices", None)
    if choices is not None:
        return ", ".join(f"{choice:g}" for choice in choices)
    return f"{entry.low:g} to {entry.high:g}{', log' if entry.log else ''}"
