"""The command that writes the first study of a table of one's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hpsearch.cli.commands import app, path_option
from hpsearch.cli.endings import errors
from hpsearch.cli.lines import say


@app.command()
def new(
    table: Annotated[str, typer.Argument(help="Path of a CSV or Parquet file.")],
    target: Annotated[str | None, typer.Option(help="Column to predict.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the study; by default the file's.")] = None,
    to: Annotated[Path | None, path_option("File to write; by default studies/NAME.toml.")] = None,
) -> None:
    """Write a table's study as a TOML to go on from: what the table holds, and every setting with its default."""
    from hpsearch.config import ConfigError
    from hpsearch.config.shell import typed
    from hpsearch.data.files import write_text

    with errors(table):
        text, lines, study = new_toml(table, target, name=name)
        path = to or Path("studies") / f"{study}.toml"
        if os.path.lexists(path):
            raise ConfigError(str(path), ["already exists; give the new study another --name, or a file with --to"])
        write_text(path, text)
        for line in lines:
            say(line)
        say(f"written to {path}; next:", command=f"hpsearch search {typed(str(path))}")


def new_toml(table: str, target: str | None, *, name: str | None = None) -> tuple[str, list[str], str]:
    """A table's study as TOML, what is to be said of it, and its name.

    A table whose columns cannot be used has its study too: the file is where that is mended.
    """
    from hpsearch.config.writing import described_toml
    from hpsearch.data import DataError
    from hpsearch.evaluation.evaluator import load_data
    from hpsearch.evaluation.fitting import fitted
    from hpsearch.evaluation.newcomers import check_table, column_words, new_study, split_words, task_words

    check_table(table)
    study = new_study(table, target, name=name)
    config = study.config
    try:
        data = load_data(config)
        config, note = fitted(config, data.train.examples)
        lines = [f"{split_words(data)}", f"predicting {target!r}: {task_words(data)}"]
        lines += [f"note: {sentence}" for sentence in (*data.notes, note) if sentence]
    except DataError as problem:
        config, _ = fitted(config, len(study.frame) // 2)  # rows may be left out before it can be used
        lines = [f"{len(study.frame):,} rows", f"predicting {target!r}", f"cannot be used yet: {problem}"]
    lines += [f"assumed: {'; '.join(study.assumptions)}"] if study.assumptions else []
    columns = [f"  {column!r}: {words}" for column, words in column_words(study.frame).items()]
    return described_toml(config, [*lines, "columns:", *columns]), lines, config.name
