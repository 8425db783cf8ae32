"""Where a command trains and for how long, and where it keeps what it has trained."""

from __future__ import annotations

import contextlib
import importlib.util
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class Machines(StrEnum):
    """What trains besides threads of this process."""

    dask = "dask"


def seconds_of(duration: str | float) -> float:
    """Seconds of a duration.

    >>> seconds_of("90s"), seconds_of("10m"), seconds_of("1.5h")
    (90.0, 600.0, 5400.0)

    Raises:
        typer.BadParameter: if it is none, or 0.
    """
    match = re.fullmatch(r"([0-9]+\.?[0-9]*|\.[0-9]+) ?([smh]?)", str(duration))
    seconds = float(match[1]) * {"s": 1, "": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
    if not 0 < seconds < float("inf"):
        raise typer.BadParameter(f"{duration!r} is not a duration: give one such as 90s, 10m or 1.5h")
    return seconds


ExecutorOption = Annotated[
    Machines | None,
    typer.Option(
        help="Train on a Dask cluster: that of --address, else one of --workers processes on this machine.",
        rich_help_panel="Machines and time",
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(help="Address of a Dask scheduler, such as tcp://host:8786.", rich_help_panel="Machines and time"),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        parser=seconds_of,
        metavar="TIME",
        help="Stop in good order after this time, such as 90s, 10m or 1.5h; the same command goes on.",
        rich_help_panel="Machines and time",
    ),
]


@dataclass(frozen=True)
class Place:
    """Where a command's studies are kept.

    Attributes:
        storage: Storage URL or path of a journal; None for the journal in ``results``.
        results: Folder of the results.
    """

    storage: str | None
    results: Path


@dataclass(frozen=True)
class Work:
    """How a command trains, and where it keeps what it has trained.

    Attributes:
        workers: Threads, or processes of a cluster on this machine.
        place: Where it keeps that.
        machines: What trains besides threads of this process.
        address: Of a cluster.
        timeout: Seconds after which it ends.
    """

    workers: int
    place: Place
    machines: Machines | None = None
    address: str | None = None
    timeout: float | None = None

    @contextlib.contextmanager
    def executor(self) -> Iterator[Executor | None]:
        """The executor that the options mean; all trainings run in it meanwhile. None is this process's threads.

        Raises:
            ConfigError: if the options do not fit together, or Dask is not installed.
            ClusterError: if the cluster cannot be reached, or has no workers.
        """
        from hpsearch.config import ConfigError

        if self.machines is None:
            if self.address is not None:
                problem = f"--address: is for a cluster (given: {self.address!r}); add --executor dask"
                raise ConfigError("hpsearch", [problem])
            yield None
            return
        if self.address is not None and self.workers > 1:
            problem = f"--workers: is for this machine (given: {self.workers}), and the cluster at {self.address} has"
            raise ConfigError("hpsearch", [f"{problem} its own; leave it out"])
        if importlib.util.find_spec("distributed") is None:
            rule = "install the extra with `pip install 'hpsearch[dask]'`"
            raise ConfigError("hpsearch", [f"--executor: 'dask' needs Dask, which is not installed; {rule}"])
        from hpsearch.evaluation.clusters import dask_executor
        from hpsearch.evaluation.executors import training_on

        with dask_executor(self.address, workers=self.workers) as executor, training_on(executor):
            yield executor


def refuse(options: Mapping[str, Any], *, beside: str) -> None:
    """Refuse options that mean nothing beside another.

    Raises:
        ConfigError: if one of them was given.
    """
    from hpsearch.config import ConfigError

    problems = [
        f"{name}: cannot be combined with {beside} (given: {value}); leave one of them out"
        for name, value in options.items()
        if value is not None
    ]
    if problems:
        raise ConfigError("hpsearch", problems)
