"""The tables of a study that need trainings around its best: trained once, kept in the storage, read from then on."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args, overload

import pandas as pd

from hpsearch.config.arguments import check_options, checked
from hpsearch.config.study import PROFILES, SURVEY, TRANSFERS
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.results.networks import TrialNetworks
from hpsearch.sensitivity.designs import DesignError
from hpsearch.storage.internals import storage_of

if TYPE_CHECKING:
    from hpsearch.experiments.attributions import Attribution
    from hpsearch.experiments.kept_trainings import KeptTrainings
    from hpsearch.experiments.profiles import TrainingSource
    from hpsearch.experiments.progress import TrainingProgress
    from hpsearch.results.resampling import ImportanceProgress

    OnProgress = Callable[[TrainingProgress], None] | None

Split: TypeAlias = Literal["validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

_HOW = ("workers", "on_progress")
"""Options of every table that say how it is trained, and not what."""


class ProfileTables(TrialNetworks):
    """Tables that train what the study ``<name>.profiles`` does not hold yet.

    Every table takes ``workers``, threads that train (its numbers do not depend on it), and ``on_progress``, called
    with a :class:`~hpsearch.experiments.progress.TrainingProgress` at the start, after every training and at the end.
    An interrupt keeps what is trained. Where the storage cannot be written or lives in memory, they are kept as long as
    this object. Every table raises ``StudyChangedError`` if the stored trainings were made with other data or
    another network, and ``StudyBusyError`` if it needs trainings and another process is training around the same best.
    """

    _importances: dict[str, pd.DataFrame]

    @checked(DesignError)
    def profile(
        self,
        hyperparameter: str,
        *,
        values: int = 32,
        seeds: int = 32,
        workers: int = 1,
        on_progress: OnProgress = None,
    ) -> pd.DataFrame:
        """One hyperparameter varied, the others held; see :func:`hpsearch.experiments.profiles.profile`."""
        table = self._table("profile", hyperparameter, values=values, seeds=seeds)
        return self._kept.table(table, workers=workers, on_progress=on_progress)

    @checked(DesignError)
    def plane(
        self,
        first: str,
        second: str,
        *,
        values: int = 16,
        seeds: int = 3,
        workers: int = 1,
        on_progress: OnProgress = None,
    ) -> pd.DataFrame:
        """A grid of two, the others as in the best; see :func:`hpsearch.experiments.profiles.plane`."""
        table = self._table("plane", first, second, values=values, seeds=seeds)
        return self._kept.table(table, workers=workers, on_progress=on_progress)

    @checked(DesignError)
    def tolerance(
        self,
        *,
        points: float = 0.01,
        values: int = 32,
        seeds: int = 32,
        workers: int = 1,
        on_progress: OnProgress = None,
    ) -> pd.DataFrame:
        """How wrong each setting may be, a row each; see :func:`hpsearch.experiments.tolerances.tolerance`."""
        table = self._table("tolerance", points=points, values=values, seeds=seeds)
        return self._kept.table(table, workers=workers, on_progress=on_progress)

    @checked(DesignError)
    def tunability(
        self, *, values: int = 24, seeds: int = 10, workers: int = 1, on_progress: OnProgress = None
    ) -> pd.DataFrame:
        """What tuning each alone gains over its default; see :func:`hpsearch.experiments.profiles.tunability`."""
        table = self._table("tunability", values=values, seeds=seeds)
        return self._kept.table(table, workers=workers, on_progress=on_progress)

    @checked(DesignError)
    def attribution(
        self,
        *,
        of: int | None = None,
        against: int | Mapping[str, Any] | Hyperparameters | None = None,
        seeds: int = 10,
        workers: int = 1,
        on_progress: OnProgress = None,
    ) -> Attribution:
        """What each changed setting gained; see :func:`hpsearch.experiments.attributions.attribution`.

        Args:
            of: Number of the trial to explain; the best by default.
            against: What to compare it with: another trial's number, a setting, or values by name (the others are then
                as in ``of``); the defaults if left out, as far as the study's ranges and data have them.
            seeds: Fresh seeds that every mixture is trained on.
            workers: Number of threads that train.
            on_progress: Called with the progress.

        Raises:
            ResultsError: if this project did not make the study, it was not searched, or has no such trial.
            DesignError: if the two settings are the same, or a value of ``against`` is not allowed.
        """
        table = self._attribution(of=of, against=against, seeds=seeds)
        return self._kept.table(table, workers=workers, on_progress=on_progress)

    @overload
    def cost(self, table: Literal["importance"], **sizes: Any) -> ImportanceProgress: ...

    @overload
    def cost(
        self,
        table: Literal["profile", "plane", "tolerance", "tunability", "attribution"],
        *hyperparameters: str,
        **sizes: Any,
    ) -> TrainingProgress: ...

    @checked(DesignError)
    def cost(
        self,
        table: Literal["profile", "plane", "tolerance", "tunability", "attribution", "importance"],
        *hyperparameters: str,
        **sizes: Any,
    ) -> TrainingProgress | ImportanceProgress:
        """What a table would train now, without training it: ``results.cost("profile", "momentum", seeds=20)``.

        Of importances it is what would be computed, and the seconds, by a few resamples of each measure: telling it
        takes a small part of them.

        Args:
            table: Its method here.
            hyperparameters: As that method takes them.
            sizes: Its options, where they are not the defaults.

        Raises:
            DesignError: if that method does not take them so.
            ResultsError: as the table.
            ImportanceError: as the table.
        """
        method = getattr(type(self), table)
        try:
            bound = inspect.signature(method).bind(self, *hyperparameters, **sizes)
        except TypeError as problem:
            raise DesignError(f"cost of {table}: {problem}; give {_cost_call(table, method)}") from None
        if table == "importance":
            from hpsearch.results.importances import kept_importance_cost

            return kept_importance_cost(self.study, self._importances, **sizes)
        check_options(method, bound.arguments, DesignError)
        sizes = {name: value for name, value in bound.kwargs.items() if name not in _HOW}
        if table == "attribution":
            return self._kept.progress(self._attribution(**sizes))
        return self._kept.progress(self._table(table, *bound.args[1:], **sizes))

    def _attribution(
        self,
        *,
        of: int | None = None,
        against: int | Mapping[str, Any] | Hyperparameters | None = None,
        seeds: int = 10,
    ) -> Callable[[TrainingSource], Attribution]:
        from hpsearch.experiments.attributions import attribution, setting_against, values_of
        from hpsearch.experiments.profiles import defaults

        config, (number, setting) = self._evaluator.config, self._searched(of)
        if isinstance(against, numbers.Integral) and not isinstance(against, bool):
            against = int(against)
            other, words = self._searched(against)[1], f"trial {against}"
        elif against is None:
            other, words = config.settings(defaults(self._evaluator)), "the defaults"
        elif not isinstance(against, Mapping | Hyperparameters):
            raise DesignError(
                f"against must be a trial's number, values by name or a setting (given: {type(against).__name__})"
            )
        else:
            changes = values_of(config, against) if isinstance(against, Hyperparameters) else against
            other, words = setting_against(config, setting, changes), "another setting"
        return lambda source: attribution(source, setting, other, words=(f"trial {number}", words), seeds=seeds)

    def _table(self, name: str, *hyperparameters: str, **sizes: Any) -> Callable[[TrainingSource], pd.DataFrame]:
        from hpsearch.experiments import profiles

        function = _tolerances if name == "tolerance" else getattr(profiles, name)
        setting = self._best_setting()
        return lambda source: function(source, setting, *hyperparameters, **sizes)

    def kept_trainings(self, split: Split) -> KeptTrainings:
        """This study's trainings on seeds that no search has seen, by the examples on which they are measured.

        Args:
            split: "validation", as all tables here; or "test", for a table by which nothing is chosen.

        Raises:
            DesignError: if there is no test split.
        """
        return self._kept if split == "validation" else self._kept_on_test

    def fitted(self, setting: Mapping[str, Any]) -> tuple[Hyperparameters, str]:
        """A setting of another study as this one can take it; see :func:`hpsearch.experiments.comparisons.fitted`."""
        from hpsearch.experiments.comparisons import fitted

        return fitted(setting, self._evaluator)

    @cached_property
    def _kept(self) -> KeptTrainings:
        return self._kept_as(self._evaluator, "")

    @cached_property
    def _kept_on_test(self) -> KeptTrainings:
        from hpsearch.experiments.comparisons import on_test

        return self._kept_as(on_test(self._evaluator), TRANSFERS)

    def _kept_as(self, evaluator: Evaluator, ending: str) -> KeptTrainings:
        from hpsearch.experiments.kept_trainings import KeptTrainings

        name = self.study.study_name.removesuffix(SURVEY).removesuffix(PROFILES) + ending
        return KeptTrainings(evaluator, storage_of(self.study), name=name, results=self.folder)


def _cost_call(table: str, method: Callable[..., Any]) -> str:
    """How the cost of a table is called: with what has no default by name, and with the sizes that it has."""
    parts = [
        parameter.name if parameter.default is parameter.empty else f"{parameter.name}={parameter.default!r}"
        for parameter in list(inspect.signature(method).parameters.values())[1:]
        if parameter.name not in _HOW and parameter.kind != parameter.VAR_KEYWORD
    ]
    return f"cost({', '.join([repr(table), *parts])})"


def _tolerances(source: TrainingSource, around: Hyperparameters, *, points: float = 0.01, **sizes: int) -> pd.DataFrame:
    """The tolerance of every hyperparameter that varies, from its profile; sizes as of the profile."""
    from hpsearch.experiments.profiles import profile
    from hpsearch.experiments.tolerances import tolerance

    profiles = (profile(source, around, name, **sizes) for name in source.config.space.dimensions)
    return pd.DataFrame([tolerance(profiled, points=points) for profiled in profiles])
