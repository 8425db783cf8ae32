"""The study of a table that nobody has written a file for: what is assumed, and what the table holds."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hpsearch.config.study import RESERVED, StudyConfig, validated
from hpsearch.data.checks import DataError, listed, near
from hpsearch.data.columns import number_blocks
from hpsearch.data.contents import PACKED
from hpsearch.data.dataset import Dataset
from hpsearch.data.identifiers import identifiers
from hpsearch.data.sources import check_file, raw_table
from hpsearch.data.tables import Format, likely_format

if TYPE_CHECKING:
    import pandas as pd

_ENDINGS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".data": "csv", ".parquet": "parquet", ".pq": "parquet"}


@dataclass(frozen=True)
class NewStudy:
    """The study of a table.

    Attributes:
        config: Whose settings are all default, but for how the table is read.
        assumptions: What was assumed of the table, a phrase each.
        frame: The table.
    """

    config: StudyConfig
    assumptions: tuple[str, ...]
    frame: pd.DataFrame


def is_table(path: str) -> bool:
    """Whether a path is one of a table, by its ending.

    >>> is_table("data/a.CSV"), is_table("a.csv.gz"), is_table("digits"), is_table("studies/digits.toml")
    (True, True, False, False)
    """
    return _stem_and_kind(path)[1] is not None


def _stem_and_kind(path: str) -> tuple[str, str | None]:
    """A table's name without its endings, and what it is; None if it is none. Only a text may be compressed."""
    file = Path(path)
    if file.suffix.lower() in PACKED and (packed := Path(file.stem)).suffix.lower() in _ENDINGS:
        kind = _ENDINGS[packed.suffix.lower()]
        return packed.stem, kind if kind == "csv" else None
    return file.stem, _ENDINGS.get(file.suffix.lower())


def check_table(path: str) -> None:
    """Refuse a file whose ending is none of a table's.

    Raises:
        DataError: If it is one.
    """
    if not is_table(path):
        *endings, last = _ENDINGS
        raise DataError(
            f"{path}: is not a table; give a file that ends in {', '.join(endings)} or {last}, a text also in "
            f"{', '.join(PACKED)} (write a spreadsheet, JSON or Feather file as CSV; arrays, as in .npz, go "
            "into hpsearch.data.from_arrays, in Python)"
        )


def new_study(path: str, target: str | None, *, name: str | None = None) -> NewStudy:
    """Make the study of a table: its encoding, separator and decimal sign are told from it, identifiers left out.

    Args:
        path: Of a CSV or Parquet file.
        target: Column to predict.
        name: Of the study; by default the file's.

    Raises:
        DataError: if the file cannot be read, or the target is not there.
        ConfigError: if the name cannot be used.
    """
    file = Path(path)
    kind = _stem_and_kind(path)[1]
    check_file(path)
    form = likely_format(file) if kind == "csv" else Format()
    source = f"{kind}:{os.path.abspath(file)}"
    frame = raw_table(source, target or "\0", seed=0, form=form, drop=None).frame
    columns = [str(column) for column in frame.columns]
    if not target:
        raise DataError(f"{path}: which column is to be predicted? give --target, one of {listed(columns, 20)}")
    if target not in columns:
        raise DataError(f"{path}: there is no column {target!r}; {near(target, columns)}")
    reasons = identifiers(frame, target)
    drop = list(reasons) if len(reasons) < len(columns) - 1 else []
    data: dict[str, Any] = {"source": source, "target": target, "drop": drop or None}
    data |= {key: value for key, value in asdict(form).items() if value is not None}
    settings = {"name": name or table_name(path), "data": {k: v for k, v in data.items() if v is not None}}
    assumptions = [f"data.{key} = {value!r}" for key, value in asdict(form).items() if value is not None]
    assumptions += [f"{column!r} is left out: it {reasons[column]}" for column in drop]
    return NewStudy(validated(settings, where=path, folder=Path.cwd()), tuple(assumptions), frame)


def table_name(path: str) -> str:
    """The name of a table's study: the file's, where what a study's name may not have in it becomes a hyphen.

    >>> table_name("my data (v1).csv.gz"), table_name("a/....csv"), table_name("a.transfers.csv")
    ('my data -v1', 'table', 'a-transfers')
    """
    stem = _stem_and_kind(path)[0]
    plain = "".join(c if unicodedata.category(c)[0] in "LMN" or c in " -_." else "-" for c in stem)
    endings = "|".join(ending.removeprefix(".") for ending in RESERVED)
    plain = re.sub(rf"\.({endings})$", r"-\1", plain, flags=re.IGNORECASE).strip(" .-")[:60].strip(" .-")
    try:
        return StudyConfig(name=plain).name
    except ValueError:
        return "table"


def task_words(dataset: Dataset) -> str:
    """What is predicted: classes with their shares of the training examples, or a number with its range."""
    if dataset.classes is None:
        y = dataset.train.y * dataset.target_scale + dataset.target_mean
        return f"a number (regression), {np.min(y):.4g} to {np.max(y):.4g}"
    shares = [float((dataset.train.y == i).mean()) for i in range(min(dataset.class_count, _SHOWN))]
    parts = [f"{str(label)!r} {100 * share:.1f} %" for label, share in zip(dataset.classes, shares, strict=False)]
    more = f" and {dataset.class_count - _SHOWN} more" if dataset.class_count > _SHOWN else ""
    return f"{dataset.class_count} classes (classification), {', '.join(parts)}{more}"


def split_words(dataset: Dataset) -> str:
    """How many rows train, validate and test."""
    splits = {"train": dataset.train, "validate": dataset.validation, "test": dataset.test}
    parts = [f"{0 if split is None else split.examples:,} {what}" for what, split in splits.items()]
    rows = sum(split.examples for split in splits.values() if split is not None)
    return f"{rows:,} rows, of which {', '.join(parts)}; {dataset.features:,} input{'s' * (dataset.features != 1)}"


_SHOWN = 8
"""Classes or columns named one by one where a line is short."""


def column_words(frame: pd.DataFrame) -> dict[str, str]:
    """What each column holds, in a few words."""
    words = {}
    for block in number_blocks(frame):
        for name, column in block.items():
            kind = "whole numbers" if column.dtype.kind in "iu" else "numbers"
            words[str(name)] = f"{kind}, {column.min():.4g} to {column.max():.4g}"
    for name, column in frame.items():
        if str(name) not in words:
            counts = column.astype(str)[column.notna()].value_counts()
            some = listed([str(value) for value in counts.index], 4)
            words[str(name)] = f"{column.dtype}, {len(counts):,} distinct: {some}"
        if missing := int(column.isna().sum()):
            words[str(name)] += f"; {missing:,} missing"
    return {str(name): words[str(name)] for name in frame.columns}
