"""Importances that are computed once: kept with the study, as long as its trials and the options stay the same.

Of each set of options the study keeps one table, that of its latest trials. A storage that cannot be written is left
as it is: the table is then kept as long as the results that asked for it.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.metadata import version
from typing import Any, Unpack

import optuna
import pandas as pd

from hpsearch.config.arguments import check_options
from hpsearch.results import divergences, forest, measures, points, resampling, surrogates
from hpsearch.results.observations import ImportanceError, tell
from hpsearch.results.points import Sample
from hpsearch.results.resampling import ImportanceProgress
from hpsearch.results.samples import read_sample
from hpsearch.results.surrogates import COLUMNS, ImportanceOptions, Options, importance_cost, importance_of
from hpsearch.sensitivity.verdicts import holm
from hpsearch.storage.internals import set_study_attribute, study_attributes
from hpsearch.storage.journal import UNWRITABLE

IMPORTANCE = "hpsearch:importance"
"""Beginning of the system attributes of a study that keep tables of importances; the options' fingerprint follows."""

_COMPUTING = (points, divergences, forest, measures, resampling, surrogates, holm)
"""The code that makes numbers of a sample."""


def kept_importance(
    study: optuna.Study,
    memory: MutableMapping[str, pd.DataFrame],
    **options: Unpack[ImportanceOptions],
) -> pd.DataFrame:
    """As :func:`hpsearch.importance`, with the same options, but read where the study or the memory keeps it.

    The study need not be this project's. It is the numbers behind the table that are compared, so a target may be any
    function. What to bear in mind is told as often as the table is asked for.
    """
    request = _Request.of(study, options)
    tell(request.sample.notes, stacklevel=4)
    table = request.kept(study, memory)
    if table is None:
        workers, on_progress = options.get("workers", 1), options.get("on_progress")
        table = importance_of(request.sample, request.options, workers=workers, on_progress=on_progress)
        with suppress(*UNWRITABLE):
            set_study_attribute(study, request.key, {"of": request.numbers, "table": _encoded(table)})
    memory[f"{request.key}:{request.numbers}"] = table
    return table.copy()


def kept_importance_cost(
    study: optuna.Study, memory: Mapping[str, pd.DataFrame], **options: Unpack[ImportanceOptions]
) -> ImportanceProgress:
    """What :func:`kept_importance` would compute now, and how long it takes; of a table that is kept, nothing."""
    request = _Request.of(study, options)
    if request.kept(study, memory) is not None:
        return ImportanceProgress(0, 0, 0, 0.0)
    return importance_cost(request.sample, request.options, workers=options.get("workers", 1))


@dataclass(frozen=True)
class _Request:
    """A table that may be kept.

    Attributes:
        sample: What it is made of.
        options: How.
        key: Of the study's attribute that keeps the table of these options.
        numbers: Fingerprint of all else that it depends on.
    """

    sample: Sample
    options: Options
    key: str
    numbers: str

    @classmethod
    def of(cls, study: optuna.Study, options: ImportanceOptions) -> _Request:
        if unknown := options.keys() - ImportanceOptions.__annotations__.keys():
            raise TypeError(f"importance() got an unexpected keyword argument {min(unknown)!r}")
        check_options(surrogates.importance, options, ImportanceError)
        computed = _computed(options)
        sample = read_sample(study, target=options.get("target"), objective=options.get("objective"))
        return cls(sample, computed, f"{IMPORTANCE}:{_fingerprint(asdict(computed))}", _fingerprint_of(sample))

    def kept(self, study: optuna.Study, memory: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
        """The table, where the memory or the study keeps it."""
        if (table := memory.get(f"{self.key}:{self.numbers}")) is not None:
            return table
        kept = study_attributes(study).get(self.key, {})
        return _decoded(kept["table"]) if kept.get("of") == self.numbers else None


def _computed(options: ImportanceOptions) -> Options:
    """What the options say of the computation."""
    names = {field.name for field in fields(Options)}
    values: dict[str, Any] = {name: value for name, value in options.items() if name in names}
    if "measures" in values:
        values["measures"] = tuple(values["measures"])
    return Options(**values)


def _fingerprint_of(sample: Sample) -> str:
    """Of all numbers that importances depend on besides the options, the programs that compute them among them."""
    numbers = [array.tolist() for array in (sample.points, sample.owners, sample.values)]
    return _fingerprint([_revision(), version("scikit-learn"), sample.names, sample.count, numbers])


@cache
def _revision() -> str:
    """A digest of the code: what other code has computed, be it by a comment, is computed anew."""
    return _fingerprint([inspect.getsource(part) for part in _COMPUTING])


def _fingerprint(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, default=float).encode()).hexdigest()[:16]


def _encoded(table: pd.DataFrame) -> dict[str, list[Any]]:
    """The columns, as JSON has them: what is missing is null."""
    return {str(name): column.astype(object).where(column.notna(), None).tolist() for name, column in table.items()}


def _decoded(columns: dict[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame(columns).astype(dict.fromkeys(COLUMNS, "float64"))  # all may be missing
