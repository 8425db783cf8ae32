"""A database that Optuna keeps studies in, with what Optuna's own access lacks: patience, and many trials in one write.

Optuna has no means to store several trials in one transaction: its ``add_trials`` stores one by one, each with a query
for every number that it holds. What is written here are the rows of Optuna's own schema (of Optuna 5), so plain Optuna,
its dashboard and its other users read them as their own. A batch of trials carries a name that is stored in the same
transaction, so a batch whose answer was lost on the way is recognised and not stored twice.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

import optuna
import sqlalchemy as sa
from optuna.distributions import check_distribution_compatibility, json_to_distribution
from optuna.trial import FrozenTrial

from hpsearch.storage.internals import NOT_FOUND, check_trial
from hpsearch.storage.patience import options, patiently
from hpsearch.storage.rows import parts_of, table_of, trial_row

T = TypeVar("T")
P = ParamSpec("P")

BATCH = "hpsearch:batch"
"""System attribute of a study: the name of the batch of trials that was stored last."""

Check: TypeAlias = Callable[[sa.Connection], None]
"""Called inside a transaction that writes; what it raises ends the transaction without effect."""

CHECKS: weakref.WeakKeyDictionary[sa.Engine, dict[int, Check]] = weakref.WeakKeyDictionary()
"""For each study of a database that this process holds, what every write to it looks at first."""


def _patient(method: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    """A method of Optuna's that may be repeated, made patient."""

    def repeated(self: Any, /, *arguments: P.args, **named: P.kwargs) -> T:
        return patiently(lambda: method(self, *arguments, **named), self.place)

    repeated.__doc__ = method.__doc__
    return repeated


class Database(optuna.storages.RDBStorage):
    """Optuna's database, patient, with few connections that are closed with it.

    Its ``place`` is the URL as it may be printed; without ``create`` no tables are made where there are none.
    """

    def __init__(self, url: sa.URL, *, place: str, create: bool = True) -> None:
        self.place = place
        text = url.render_as_string(hide_password=False)  # with its braces quoted, which Optuna would fill in
        try:
            super().__init__(text, engine_kwargs=options(url), skip_table_creation=not create)
        except BaseException:
            if hasattr(self, "engine"):
                self.engine.dispose()
            raise
        weakref.finalize(self, self.engine.dispose)

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        weakref.finalize(self, self.engine.dispose)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """As Optuna's, by whoever holds the study."""
        self._write(study_id, super().set_study_system_attr, key, value)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """As Optuna's, by whoever holds the study."""
        self._write(study_id, super().set_study_user_attr, key, value)

    def _write(self, study_id: int, method: Callable[[int, str, Any], None], key: str, value: Any) -> None:
        def write() -> None:
            if check := CHECKS.get(self.engine, {}).get(study_id):
                with self.engine.begin() as connection:
                    check(connection)
            method(study_id, key, value)

        patiently(write, self.place)

    create_new_study = _patient(optuna.storages.RDBStorage.create_new_study)
    get_study_id_from_name = _patient(optuna.storages.RDBStorage.get_study_id_from_name)
    get_study_name_from_id = _patient(optuna.storages.RDBStorage.get_study_name_from_id)
    get_study_directions = _patient(optuna.storages.RDBStorage.get_study_directions)
    get_study_user_attrs = _patient(optuna.storages.RDBStorage.get_study_user_attrs)
    get_study_system_attrs = _patient(optuna.storages.RDBStorage.get_study_system_attrs)
    get_all_studies = _patient(optuna.storages.RDBStorage.get_all_studies)
    get_trial = _patient(optuna.storages.RDBStorage.get_trial)
    get_all_trials = _patient(optuna.storages.RDBStorage.get_all_trials)
    _get_trials = _patient(optuna.storages.RDBStorage._get_trials)


def store(engine: sa.Engine, study_id: int, trials: Sequence[FrozenTrial], *, batch: str) -> None:
    """Store finished trials in one transaction, and once: a batch that was stored last is not stored again.

    Raises:
        KeyError: if the study is gone.
        StudyBusyError: if this process held it and another run has taken it over.
        ValueError: if a parameter does not fit the study's earlier trials, or a trial contradicts itself.
    """
    for trial in trials:
        check_trial(trial)
    with engine.begin() as connection:
        lock(connection, study_id)
        if check := CHECKS.get(engine, {}).get(study_id):
            check(connection)
        if attribute(connection, study_id, BATCH) == batch:
            return
        _check_distributions(connection, study_id, trials)
        table = table_of("trials")
        count = sa.select(sa.func.count()).select_from(table).where(table.c.study_id == study_id)
        first = connection.execute(count).scalar_one()
        rows = [trial_row(study_id, first + place, trial) for place, trial in enumerate(trials)]
        insert = sa.insert(table).returning(table.c.trial_id, sort_by_parameter_order=True)
        ids = connection.execute(insert, rows).scalars().all()
        for name, parts in parts_of(list(zip(ids, trials, strict=True))).items():
            if parts:
                connection.execute(sa.insert(table_of(name)), parts)
        set_attribute(connection, study_id, BATCH, batch)


def lock(connection: sa.Connection, study_id: int) -> None:
    """Let nobody else write trials of a study until the transaction ends; plain Optuna waits at the same row.

    Raises:
        KeyError: if the study is gone.
    """
    studies = table_of("studies")
    if connection.dialect.name == "sqlite":  # knows no lock of a row; a write, even of nothing new, locks the file
        connection.execute(sa.update(studies).values(study_id=study_id).where(studies.c.study_id == study_id))
    query = sa.select(studies.c.study_id).where(studies.c.study_id == study_id).with_for_update()
    if connection.execute(query).scalar_one_or_none() is None:
        raise KeyError(NOT_FOUND)


def attribute(connection: sa.Connection, study_id: int, key: str) -> Any:
    """A system attribute of a study; None if it is not there."""
    table = table_of("study_system_attributes")
    query = sa.select(table.c.value_json).where(table.c.study_id == study_id, table.c.key == key)
    text = connection.execute(query).scalar_one_or_none()
    return None if text is None else json.loads(text)


def set_attribute(connection: sa.Connection, study_id: int, key: str, value: Any) -> None:
    """Set a system attribute of a study, which is locked; None takes it away."""
    table = table_of("study_system_attributes")
    place = (table.c.study_id == study_id, table.c.key == key)
    if value is None:
        connection.execute(sa.delete(table).where(*place))
        return
    text = json.dumps(value)
    if not connection.execute(sa.update(table).values(value_json=text).where(*place)).rowcount:
        connection.execute(sa.insert(table).values(study_id=study_id, key=key, value_json=text))


def _check_distributions(connection: sa.Connection, study_id: int, trials: Sequence[FrozenTrial]) -> None:
    """As Optuna: a name keeps the kind of its distribution, and the choices of a categorical one, within a study."""
    params, stored = table_of("trial_params"), table_of("trials")
    first = {name: distribution for trial in reversed(trials) for name, distribution in trial.distributions.items()}
    joined = params.join(stored, params.c.trial_id == stored.c.trial_id)
    for name in first:
        query = sa.select(params.c.distribution_json).select_from(joined).limit(1)
        earlier = connection.execute(
            query.where(stored.c.study_id == study_id, params.c.param_name == name)
        ).scalar_one_or_none()
        if earlier is not None:
            first[name] = json_to_distribution(earlier)
    for trial in trials:
        for name, distribution in trial.distributions.items():
            check_distribution_compatibility(first[name], distribution)
