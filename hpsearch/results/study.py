"""A study read back: every table of it, its best setting and its networks, in one object."""

from __future__ import annotations

import contextlib
import html
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

import optuna

from hpsearch.config.arguments import checked
from hpsearch.config.study import SURVEY
from hpsearch.data.dataset import Dataset, checked_dataset
from hpsearch.data.files import atomic_write, made_folder
from hpsearch.results import frames
from hpsearch.results.names import ResultsError, stored_name
from hpsearch.results.profiles import ProfileTables
from hpsearch.results.searches import SearchTables
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.tables import SurveyTables
from hpsearch.storage.access import existing_storage
from hpsearch.storage.addresses import StorageAddress
from hpsearch.storage.commands import command, options_of
from hpsearch.storage.internals import storage_of
from hpsearch.storage.journal import StorageError
from hpsearch.storage.studies import fact
from hpsearch.tuning.scores import TestScore

if TYPE_CHECKING:
    import pandas as pd

    from hpsearch.results.plots import ResultsPlots
    from hpsearch.results.surrogates import ImportanceOptions

__all__ = ["Results", "ResultsError", "load"]


class Results(SurveyTables, SearchTables, ProfileTables):
    """A study read back: the tables of its trials, of its survey and of trainings around its best, and its networks.

    Of the trials: ``trials``, ``curves``, ``members``, ``best``, ``pareto``, ``network(number)``, ``history()``,
    ``importance()``; of a survey: ``survey``, ``sensitivity()``, ``sensitivity_over_iterations()``, ``effects()``,
    ``interactions()``, ``ranges()``; by training around the best, which is kept: ``profile()``, ``plane()``,
    ``tolerance()``, ``tunability()``, ``attribution()``. ``plot`` draws them, and ``export(folder)`` writes files.

    The tables of the trials are made again when trials have been added or have gone on since. They, and the survey's
    own, hold one kind a column, so every file format takes them. A column that holds values of several settings, such
    as ``value`` and ``low`` of ``effects()``, is of objects where some are words, and lists of choices are tuples: make
    them text for Parquet or SQL, as in ``frame.astype({"value": "str"})``.

    Attributes:
        folder: Where saved networks lie.

    Raises:
        ResultsError: if what is given is no Optuna study.
        DataError: if the dataset is none.
    """

    def __init__(self, study: optuna.Study, folder: str | Path = "results", *, dataset: Dataset | None = None) -> None:
        if not isinstance(study, optuna.Study):
            raise ResultsError(
                f"results are of an Optuna study (given: {type(study).__name__}): load one by "
                "optuna.load_study(study_name=…, storage=…), or one of hpsearch's own by hpsearch.load(name)"
            )
        self._study, self._name, self.folder = study, study.study_name, Path(folder)
        self._dataset = None if dataset is None else checked_dataset(dataset)
        self._importances = {}

    @classmethod
    def from_study(cls, study: optuna.Study) -> Results:
        """Results of any Optuna study, including those that this project did not make.

        Raises:
            ResultsError: if it is no study.
        """
        return cls(study)

    def __repr__(self) -> str:
        try:
            return f"Results({self._name!r}, {len(self.study.get_trials(deepcopy=False))} trials)"
        except ResultsError:
            return f"Results({self._name!r}, deleted)"
        except StorageError:
            return f"Results({self._name!r}, its storage cannot be read)"

    def _repr_html_(self) -> str | None:
        try:
            _ = self.study  # raises where it is gone, which `repr` then says
        except (ResultsError, StorageError):
            return None
        states = self.trials["state"].value_counts()
        words = ", ".join(f"{count:,} {str(state).lower()}" for state, count in states.items())
        head = f"<p>study {html.escape(self.study.study_name)}: {words or 'no'} trials</p>"
        with contextlib.suppress(ResultsError):
            return head + self.best._repr_html_()
        return head

    @property
    def plot(self) -> ResultsPlots:
        """The tables as figures: ``results.plot.history()`` draws ``results.history()``."""
        from hpsearch.results.plots import ResultsPlots  # imports plotly, which the tables do not need

        return ResultsPlots(self)

    @property
    def survey(self) -> Survey:
        """The study's survey: its ``table``, a row a design row and checkpoint, and all tables made of it.

        Its response is the metric by which the study is judged, even if the survey was made for another one: a survey
        holds every metric.

        Raises:
            ResultsError: if there is none, or it is not complete.
        """
        kept = self._kept_survey
        return replace(kept, table=kept.table.copy(deep=False))  # the caller's own, as the tables of trials

    @cached_property
    def _kept_survey(self) -> Survey:
        from hpsearch.experiments.kept_answers import FUNCTION, function_survey
        from hpsearch.experiments.surveys import SurveyMissingError, stored_survey

        name, storage = self.study.study_name.removesuffix(SURVEY) + SURVEY, storage_of(self.study)
        if name not in optuna.get_all_study_names(storage):
            if not self.ours:
                raise ResultsError(
                    f"study {self.study.study_name!r} was not made by hpsearch, which cannot evaluate its settings, so "
                    "it has no survey: hpsearch.survey(function, space) surveys a function of your own"
                )
            way = command("survey", self.study.study_name, *options_of(storage))
            raise ResultsError(f"there is no survey of {self.study.study_name!r}: make one with `{way}`")
        study = optuna.load_study(study_name=name, storage=storage)
        try:
            survey = function_survey(study) if fact(study, FUNCTION) else stored_survey(study)
        except SurveyMissingError as problem:
            raise ResultsError(str(problem)) from None
        return replace(survey, response=self.config.search.metric) if self.ours else survey

    def _survey(self) -> Survey:
        return self._kept_survey

    @property
    def function(self) -> str | None:
        """Name of the function, where this is the survey of one by :func:`hpsearch.survey`."""
        from hpsearch.experiments.kept_answers import FUNCTION

        name: str | None = fact(self.study, FUNCTION)
        return name

    def baselines(self) -> dict[str, TestScore]:
        """What guessing and scikit-learn's default network score; see :mod:`hpsearch.tuning.baselines`."""
        from hpsearch.tuning.baselines import kept_baselines

        return kept_baselines(self.study, self.dataset)

    def importance(self, **options: Unpack[ImportanceOptions]) -> pd.DataFrame:
        """Importance of the trials' parameters, by surrogates, with the options of :func:`hpsearch.importance`.

        Kept with the study, so that the second call reads; see :mod:`hpsearch.results.importances`.
        """
        from hpsearch.results.importances import kept_importance

        return kept_importance(self.study, self._importances, **options)

    def edges(self) -> pd.DataFrame:
        """Whether the best trials lie at the ends of the ranges; see :func:`hpsearch.sensitivity.edges.edges`."""
        from hpsearch.sensitivity.edges import edges

        self._check_ranges()
        return edges(self.trials, self.config.space.dimensions)

    def search_ranges(self) -> pd.DataFrame:
        """Ranges to try next by the trials alone, which are biased samples; `ranges()` are those of the survey.

        See :func:`hpsearch.results.refinement.search_ranges`.
        """
        from hpsearch.results.refinement import search_ranges

        self._check_ranges()
        return search_ranges(self)

    def _check_ranges(self) -> None:
        """Refuse a study whose trials do not vary what its ranges are of, as a survey of the effective step."""
        self._check_searched()
        missing = [name for name in self.config.space.dimensions if name not in self.trials]
        if missing and len(self.trials):
            raise ResultsError(f"the trials of {self.study.study_name!r} do not vary {', '.join(missing)}")

    @checked(ResultsError)
    def export(self, folder: str | Path, *, format: Literal["csv", "parquet"] = "csv") -> list[Path]:
        """Write the tables, each file whole or not at all.

        Args:
            folder: Made if it is not there.
            format: Of the files.

        Returns:
            The files written: trials, curves, members; and survey, where there is a complete one.

        Raises:
            FileError: if one cannot be written; those before it are there.
        """
        folder, written = made_folder(folder), []
        tables = {name: getattr(self, name) for name in ("trials", "curves", "members")}
        with contextlib.suppress(ResultsError):
            tables["survey"] = self.survey.table
        for name, table in tables.items():
            path = folder / f"{name}.{format}"
            with atomic_write(path) as partial:
                if format == "csv":
                    table.to_csv(partial, index=False)
                else:
                    table.to_parquet(partial, index=False)
            written.append(path)
        return written


@checked(ResultsError)
def load(
    name: str, *, storage: StorageAddress | None = None, results: str | Path = "results", dataset: Dataset | None = None
) -> Results:
    """Read a study's results.

    Args:
        name: Name of the study. If only its survey is stored, the results are those of the survey, and what a search
            alone can tell is refused.
        storage: A storage URL of Optuna's, the path of a journal, or an open storage, instead of the journal in
            ``results``.
        results: The results folder.
        dataset: Data of your own that the study was searched with, to train its networks again.

    Raises:
        FileNotFoundError: if there are no results.
        ResultsError: if no study has that name (it names those there are), or an argument is not of its kind.
        DataError: if the dataset is none.
        StorageError: if the storage cannot be opened.
    """
    with frames.collector_paused():
        opened = existing_storage(storage, results=results)
    requested, name = name, stored_name(name, opened)
    study = optuna.load_study(study_name=name, storage=opened, sampler=optuna.samplers.RandomSampler())
    stored = Results(study, results, dataset=dataset)
    if requested != name and stored.ours:
        stored._survey_alone = requested
    return stored
