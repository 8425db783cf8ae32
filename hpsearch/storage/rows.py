"""Trials as the rows of Optuna's own schema (of Optuna 5)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.trial import FrozenTrial

from hpsearch.storage.internals import schema


def table_of(name: str) -> sa.Table:
    """A table of the schema by its name."""
    table: sa.Table = schema().BaseModel.metadata.tables[name]
    return table


def trial_row(study_id: int, number: int, trial: FrozenTrial) -> dict[str, Any]:
    """The row of a trial itself."""
    return {
        "study_id": study_id,
        "number": number,
        "state": trial.state,
        "datetime_start": _utc(trial.datetime_start),
        "datetime_complete": _utc(trial.datetime_complete),
    }


def _utc(moment: datetime | None) -> datetime | None:
    """As Optuna's databases keep a time: in UTC, without saying so; a time without a zone is this machine's."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def parts_of(trials: Sequence[tuple[int, FrozenTrial]]) -> dict[str, list[dict[str, Any]]]:
    """The rows of what belongs to trials, by table."""
    return {
        "trial_values": [_value(i, place, v) for i, trial in trials for place, v in enumerate(trial.values or ())],
        "trial_params": [
            _parameter(i, name, v, trial.distributions[name]) for i, trial in trials for name, v in trial.params.items()
        ],
        "trial_user_attributes": [_attribute(i, *pair) for i, trial in trials for pair in trial.user_attrs.items()],
        "trial_system_attributes": [_attribute(i, *pair) for i, trial in trials for pair in trial.system_attrs.items()],
        "trial_intermediate_values": [
            _intermediate(i, step, v) for i, trial in trials for step, v in trial.intermediate_values.items()
        ],
    }


def _value(trial: int, objective: int, value: float) -> dict[str, Any]:
    number, kind = schema().TrialValueModel.value_to_stored_repr(value)
    return {"trial_id": trial, "objective": objective, "value": number, "value_type": kind}


def _parameter(trial: int, name: str, value: Any, distribution: BaseDistribution) -> dict[str, Any]:
    return {
        "trial_id": trial,
        "param_name": name,
        "param_value": distribution.to_internal_repr(value),
        "distribution_json": distribution_to_json(distribution),
    }


def _attribute(trial: int, key: str, value: Any) -> dict[str, Any]:
    return {"trial_id": trial, "key": key, "value_json": json.dumps(value)}


def _intermediate(trial: int, step: int, value: float) -> dict[str, Any]:
    number, kind = schema().TrialIntermediateValueModel.intermediate_value_to_stored_repr(value)
    return {"trial_id": trial, "step": step, "intermediate_value": number, "intermediate_value_type": kind}
