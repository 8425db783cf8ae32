"""The reader: any Optuna study to DataFrames, with a stable order of columns and true dtypes.

It reads studies of this project and studies that it did not make: those have no seeds and no metrics, their curves
are their intermediate values. Whatever the storage, times are UTC, whole numbers are integers, and a hyperparameter
that a trial does not have is missing.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from hpsearch.engine.metrics import METRICS
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.results.foreign import MISSING, column, unique_names, whole, writable
from hpsearch.storage.studies import CONFIG, fact
from hpsearch.storage.trials import CURVES

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial


_OWN = ("diverged", "seeds", "duration_s", "started", "finished")
VALUE = "value"
TIME = "datetime64[us, UTC]"


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Make many objects that all stay: the garbage collector would walk through them again and again for nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def trials(study: optuna.Study) -> pd.DataFrame:
    """One row a trial.

    Columns: study, number, state, value (of several objectives value_0, value_1, …), the hyperparameters in the order
    of the space, the metrics where training ended (mean over seeds; :mod:`hpsearch.engine.metrics` says of what),
    diverged, seeds (how many), duration_s (seconds from started to finished), started, finished (UTC). Of a study that
    this project did not make, further its user attributes by name, and the constraints as ``constraint_<key>`` (0 or
    less is kept).

    Of another program's names, a hyperparameter that is called like one of the columns above gets the prefix
    ``params_``, an attribute that is called like one of the columns before it ``user_attrs_``, as often as it takes for
    a name of its own. Choices and attributes of several kinds (None and 0.5), and lists, are text, lists as JSON.
    """
    stored, names = study.get_trials(deepcopy=False), parameter_columns(study)
    columns: dict[str, Any] = {
        "study": writable(study.study_name),
        "number": pd.Series([t.number for t in stored], dtype="int64"),
        "state": pd.Series([t.state.name for t in stored], dtype="str"),
        **{
            name: pd.Series([_value(t, place) for t in stored], dtype="float64")
            for place, name in enumerate(value_columns(study))
        },
    }
    columns |= {column: _hyperparameter(stored, name) for name, column in names.items()}
    columns |= {name: pd.Series([_ours(t, name) for t in stored], dtype="float64") for name in _measured(stored)}
    diverged = [_ours(t, "diverged") for t in stored]
    columns["diverged"] = pd.Series(diverged, dtype="boolean" if None in diverged else "bool")
    columns["seeds"] = pd.Series([_ours(t, "seeds") for t in stored], dtype="Int64")
    started = pd.Series([_utc(t.datetime_start) for t in stored], dtype=TIME)
    finished = pd.Series([_utc(t.datetime_complete) for t in stored], dtype=TIME)
    columns |= {"duration_s": (finished - started).dt.total_seconds(), "started": started, "finished": finished}
    if fact(study, CONFIG) is None:
        columns |= _attributes(stored, used=set(columns))
    return pd.DataFrame(columns)


def value_columns(study: optuna.Study) -> list[str]:
    """The columns of the trials' values, one an objective."""
    count = len(study.directions)
    return [VALUE] if count == 1 else [f"{VALUE}_{place}" for place in range(count)]


def parameter_columns(study: optuna.Study) -> dict[str, str]:
    """The column of each hyperparameter in :func:`trials`, in the order of the space.

    That is the order in which the first trials suggested them.
    """
    stored = study.get_trials(deepcopy=False)
    own = {"study", "number", "state", VALUE, *value_columns(study), *_measured(stored), *_OWN}
    return unique_names((name for t in stored for name in t.params), "params_", own)


def _attributes(stored: Sequence[FrozenTrial], *, used: set[str]) -> dict[str, pd.Series]:
    """What another program noted of its trials: their user attributes, and how far each constraint is exceeded."""
    noted = [{name: value for name, value in t.user_attrs.items() if not _is_ours(t, name)} for t in stored]
    names = unique_names(sorted({name for attributes in noted for name in attributes}), "user_attrs_", used)
    columns = {
        names[name]: column([MISSING if (value := attributes.get(name)) is None else value for attributes in noted])
        for name in names
    }
    limits = [{f"constraint_{key}": value for key, value in t.constraints.items()} for t in stored]
    names = unique_names(sorted({name for constraints in limits for name in constraints}), "constraint_", used)
    for name in names:
        columns[names[name]] = pd.Series([constraints.get(name, np.nan) for constraints in limits], dtype="float64")
    return columns


def _is_ours(trial: FrozenTrial, name: str) -> bool:
    """Whether an attribute is one of those that this project writes and that have columns of their own."""
    return CURVES in trial.system_attrs and name in {"diverged", "seeds", *(metric.name for metric in METRICS)}


def curves(study: optuna.Study) -> pd.DataFrame:
    """One row a trial, seed and checkpoint.

    Columns: study, number, seed, iteration, then one a metric. A trial of another program has its intermediate values
    in a column ``value``, its steps as iterations, and no seed.
    """
    ours = _evaluations(study)
    metrics = _metrics(e.metrics for _, e in ours)
    values = np.concatenate(
        [np.zeros((0, len(metrics))), *(_ordered(e, metrics).reshape(-1, len(metrics)) for _, e in ours)]
    )
    counts = [len(e.seeds) * len(e.iterations) for _, e in ours]
    rows = pd.DataFrame(
        {
            "number": np.repeat([n for n, _ in ours], counts).astype("int64"),
            "seed": pd.array([seed for _, e in ours for seed in e.seeds for _ in e.iterations], dtype="Int64"),
            "iteration": np.array([i for _, e in ours for _ in e.seeds for i in e.iterations], dtype="int64"),
            **dict(zip(metrics, values.T, strict=True)),
        }
    )
    foreign = [t for t in study.get_trials(deepcopy=False) if CURVES not in t.system_attrs and t.intermediate_values]
    if foreign or not ours:
        rows = pd.concat([rows, _steps(foreign)], ignore_index=True).sort_values(
            ["number", "seed", "iteration"], kind="stable", ignore_index=True
        )
    rows.insert(0, "study", writable(study.study_name))
    return rows


def members(study: optuna.Study) -> pd.DataFrame:
    """One row a trial and seed.

    Columns: study, number, seed, iterations (where training ended), the metrics there, diverged. A trial of another
    program has no row.
    """
    ours = _evaluations(study)
    metrics = _metrics(e.metrics for _, e in ours)
    seeds = [len(e.seeds) for _, e in ours]
    values = np.concatenate([np.zeros((0, len(metrics))), *(_ordered(e, metrics)[:, -1] for _, e in ours)])
    return pd.DataFrame(
        {
            "study": writable(study.study_name),
            "number": np.repeat([n for n, _ in ours], seeds).astype("int64"),
            "seed": np.array([seed for _, e in ours for seed in e.seeds], dtype="int64"),
            "iterations": np.repeat([e.iterations[-1] for _, e in ours], seeds).astype("int64"),
            **dict(zip(metrics, values.T, strict=True)),
            "diverged": np.array([gone for _, e in ours for gone in e.diverged], dtype=bool),
        }
    )


def _evaluations(study: optuna.Study) -> list[tuple[int, Evaluation]]:
    """The trials that this project made, by number."""
    stored = study.get_trials(deepcopy=False)
    with collector_paused():
        return [(t.number, Evaluation.decode(t.system_attrs[CURVES])) for t in stored if CURVES in t.system_attrs]


def _measured(stored: Sequence[FrozenTrial]) -> list[str]:
    """The metrics of the trials that this project made."""
    curves = [t.system_attrs[CURVES] for t in stored if CURVES in t.system_attrs]
    return _metrics(each.get("metrics", ()) for each in curves)  # in a form of another version they may not be named


def _metrics(names: Iterable[Iterable[str]]) -> list[str]:
    """All of these, in the engine's order."""
    measured = {name for each in names for name in each}
    return [metric.name for metric in METRICS if metric.name in measured]


def _ordered(evaluation: Evaluation, metrics: Sequence[str]) -> NDArray[np.float32]:
    """``(seeds, checkpoints, metrics)`` in this order."""
    return evaluation.curves[:, :, [evaluation.metrics.index(metric) for metric in metrics]]


def _steps(stored: Sequence[FrozenTrial]) -> pd.DataFrame:
    steps = [(t.number, step, value) for t in stored for step, value in sorted(t.intermediate_values.items())]
    return pd.DataFrame(
        {
            "number": np.array([n for n, _, _ in steps], dtype="int64"),
            "seed": pd.array([pd.NA] * len(steps), dtype="Int64"),
            "iteration": whole([step for _, step, _ in steps]),
            VALUE: np.array([value for *_, value in steps], dtype="float64"),
        }
    )


def _hyperparameter(stored: Sequence[FrozenTrial], name: str) -> pd.Series:
    ranges = (distribution for distribution, _ in groupby(t.distributions[name] for t in stored if name in t.params))
    options = [option for distribution in ranges for option in _options(distribution)]
    return column([t.params.get(name, MISSING) for t in stored], options)


def _options(distribution: BaseDistribution) -> Sequence[Any]:
    """All choices; of a range its lower end, which is of the kind of all its values."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    return [distribution.low] if isinstance(distribution, IntDistribution | FloatDistribution) else []


def _value(trial: FrozenTrial, place: int) -> float:
    """The value of an objective; for a pruned trial its last."""
    if trial.values:
        return trial.values[place]
    if trial.state.name == "PRUNED" and trial.intermediate_values:
        return trial.intermediate_values[max(trial.intermediate_values)]
    return np.nan


def _ours(trial: FrozenTrial, name: str) -> Any:
    """An attribute that this project wrote; another program's of that name may hold anything."""
    return trial.user_attrs.get(name) if CURVES in trial.system_attrs else None


def _utc(time: datetime | None) -> datetime | None:
    """Journal files keep aware times, databases naive local ones."""
    return None if time is None else time.astimezone(UTC)
