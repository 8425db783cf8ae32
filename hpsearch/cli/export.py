"""The command that writes a study's tables as files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hpsearch.cli.commands import NameArgument, ResultsOption, StorageOption, app, path_option
from hpsearch.cli.endings import errors
from hpsearch.cli.machines import Place


class Format(StrEnum):
    """File formats of an export."""

    csv = "csv"
    parquet = "parquet"


@app.command()
def export(
    study: NameArgument = "digits",
    format: Annotated[Format, typer.Option(help="Format of the files.")] = Format.csv,
    to: Annotated[Path | None, path_option("Folder for the files; by default results/STUDY.")] = None,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
) -> None:
    """Write a study's tables as CSV or Parquet: trials, curves, members, and those of its survey."""
    from hpsearch.cli.studies import stored_results, stored_under
    from hpsearch.data.files import file_name

    with errors():
        name = stored_under(study)
        stored = stored_results(name, Place(storage, results))
        for path in stored.export(to or results / file_name(name), format=format.value):
            print(path)
