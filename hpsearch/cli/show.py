"""The command that prints a study with all its settings."""

from __future__ import annotations

from pathlib import Path

from hpsearch.cli.commands import ResultsOption, StorageOption, StudyArgument, TargetOption, app
from hpsearch.cli.endings import errors
from hpsearch.cli.machines import Place


@app.command()
def show(
    study: StudyArgument = "digits",
    target: TargetOption = None,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
) -> None:
    """Print a study with every setting and default, as a TOML that reads back the same."""
    from hpsearch.cli.newcomers import new_toml
    from hpsearch.cli.studies import study_named
    from hpsearch.config import to_toml
    from hpsearch.evaluation.newcomers import is_table

    with errors(study):
        if is_table(study):
            print(new_toml(study, target)[0], end="")
        else:
            print(to_toml(study_named(study, target, Place(storage, results)).config), end="")
