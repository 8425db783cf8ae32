"""The command that writes what to try next as a new study."""

from __future__ import annotations

import contextlib
import os
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpsearch.cli.commands import NameArgument, ResultsOption, StorageOption, app, path_option
from hpsearch.cli.endings import errors
from hpsearch.cli.lines import say
from hpsearch.cli.machines import Place

if TYPE_CHECKING:
    from hpsearch.config import StudyConfig

_EVIDENCE = ("# ranges", "#   ")
"""How the lines of evidence begin that stand above a refined study; the next refined study has lines of its own."""


@app.command("refine")
def refine_command(
    study: NameArgument = "digits",
    name: Annotated[
        str | None, typer.Option(help="Name of the new study; by default the old name followed by -2.")
    ] = None,
    to: Annotated[Path | None, path_option("File to write; by default studies/NAME.toml.")] = None,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
) -> None:
    """Write the ranges to try next as the TOML of a new study: those that the survey proposes, else the search."""
    from hpsearch.cli.studies import stored_results, stored_under
    from hpsearch.config.shell import typed
    from hpsearch.data.files import write_text
    from hpsearch.results.names import ResultsError

    with errors():
        old = stored_under(study)
        stored = stored_results(old, Place(storage, results))
        from hpsearch.report.rounds import refinement_lines
        from hpsearch.report.ties import alike_line
        from hpsearch.results.refinement import refine

        refinement = refine(stored, name=name or f"{old}-2")
        evidence = refinement_lines(refinement)
        if refinement.source == "trials" and (doubt := alike_line(stored)):
            evidence += f"\n  ({doubt})"
        if refinement.config.space == stored.config.space:
            say(f"{evidence}\nnothing is written: a new study would have the ranges of {old}")
            return
        path = to or Path("studies") / f"{refinement.config.name}.toml"
        if os.path.lexists(path):
            raise ResultsError(f"{path} already exists: give the new study another --name, or a file with --to")
        write_text(path, _refined_toml(study, refinement.config, evidence))
        say(evidence)
        words = f"written to {path}, by {refinement.config.search.metric}; next:"
        say(words, command=f"hpsearch search {typed(str(path))}")


def _refined_toml(study: str, config: StudyConfig, evidence: str) -> str:
    """A refined study's file: the evidence for its ranges as a comment, then the file of the study before, changed."""
    from hpsearch.config import ConfigError, load_config, refined_toml, resolve

    source = None
    with contextlib.suppress(ConfigError, OSError, UnicodeDecodeError):  # the results outlive the file
        file = resolve(study)
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        source = "".join(dropwhile(lambda line: line.startswith(_EVIDENCE), lines))
        written = load_config(file)  # a run may have been for fewer trials and rows
        config = config.with_overrides(survey=written.describe()["survey"], **{"search.trials": written.search.trials})
    return "".join(f"# {line}\n" for line in evidence.splitlines()) + refined_toml(source, config)
