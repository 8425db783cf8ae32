"""The application, and the arguments and options that several of its commands take.

Each command parses, calls and prints, and imports what it needs when it runs, so that help is quick.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from hpsearch.cli.stops import Commands
from hpsearch.cli.streams import lasting_output

app = typer.Typer(
    name="hpsearch",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Exit codes: 0 it is done; 1 the machine or the storage failed; 2 something that was given must be changed; "
    "130 it was stopped.",
)


def path_of(text: str | Path) -> Path:
    """The path that an option gives. An empty one would be this folder, and is a variable that a shell did not know.

    Raises:
        typer.BadParameter: if it is empty.
    """
    if not str(text):
        raise typer.BadParameter("the path is empty: is a variable of the shell not set? This folder is .")
    return Path(text)


def path_option(words: str) -> Any:
    """An option that takes a path, with its help."""
    return typer.Option(help=words, parser=path_of, metavar="<path>")


StudyArgument = Annotated[
    str,
    typer.Argument(help="A name in [b]studies/[/b], such as digits, the path of a TOML, or a table: CSV or Parquet."),
]
TargetOption = Annotated[str | None, typer.Option(help="With a table: the column to predict.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be trained and how long it takes; train nothing.")
]
NameArgument = Annotated[str, typer.Argument(help="Name of a study in the results, or its file.")]
ResultsOption = Annotated[Path, path_option("Folder of the results.")]
WorkersOption = Annotated[int, typer.Option(min=1, max=256, help="Number of threads; the results do not depend on it.")]
StorageOption = Annotated[
    str | None,
    typer.Option(help="Optuna storage URL, or path of a journal file, instead of the journal in the results folder."),
]

TIME_UP = "the time is up"
COMPILING = "compiling the engine, once: this takes a quarter of a minute"


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"hpsearch {version('hpsearch')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Find the best hyperparameters of a shallow neural network on your data, and see how it got there."""


def main() -> None:
    """The command ``hpsearch`` with this process's arguments; it ends by SystemExit."""
    with warnings.catch_warnings(), lasting_output():  # libraries add filters when they are imported
        app(prog_name="hpsearch")
