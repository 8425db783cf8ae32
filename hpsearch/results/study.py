"""Results of a study, for analysis: tables, the best setting, and any trial's network trained again."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hpsearch.config import StudyConfig
from hpsearch.config.study import PROFILES
from hpsearch.data.dataset import Dataset
from hpsearch.data.files import atomic_write, made_folder
from hpsearch.engine.diagnostics import METRICS
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.archive import NetworkFileError
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.trained import TrainedNetwork
from hpsearch.results import frames
from hpsearch.results.best import Best
from hpsearch.results.names import ResultsError, stored_name
from hpsearch.results.profiles import ProfileTables
from hpsearch.results.searches import SearchTables
from hpsearch.results.standings import check_finite, chosen_trial, seed_of, trained_trial, trial_of
from hpsearch.sensitivity.analysis import Survey, SurveyTables
from hpsearch.storage.access import existing_storage
from hpsearch.storage.addresses import StorageAddress
from hpsearch.storage.commands import command, options_of
from hpsearch.storage.internals import storage_of
from hpsearch.storage.studies import BEST, CONFIG, DATA, fact, stored_config
from hpsearch.storage.trials import CURVES, values_of
from hpsearch.tuning.balance import Balance
from hpsearch.tuning.choice import network_path
from hpsearch.tuning.scores import TestScore

if TYPE_CHECKING:
    import optuna
    import pandas as pd
    from optuna.trial import FrozenTrial

    from hpsearch.results.plots import ResultsPlots

__all__ = ["Results", "ResultsError", "load"]


class _current(cached_property["pd.DataFrame"]):
    """A table that is asked for anew each time; what is put in its place on an object stays there."""

    def __get__(self, results: Any, owner: type | None = None) -> pd.DataFrame:  # type: ignore[override]
        return self if results is None else self.func(results)  # type: ignore[return-value]


class Results(SurveyTables, SearchTables, ProfileTables):
    """A study read back, with the tables of its survey and of trainings around its best.

    Attributes:
        study: The Optuna study.
        folder: Where saved networks lie.

    The tables of the trials are those of the moment: they are made again where trials have come or gone on since.
    """

    _survey_alone = ""
    """Name of the study that was asked for, where only its survey is there."""

    def __init__(self, study: optuna.Study, folder: str | Path = "results", *, dataset: Dataset | None = None) -> None:
        self.study, self.folder, self._dataset = study, Path(folder), dataset
        self._tables: tuple[object, dict[str, pd.DataFrame]] = (None, {})

    @classmethod
    def from_study(cls, study: optuna.Study) -> Results:
        """Results of any Optuna study, also one that this project did not make."""
        return cls(study)

    def __repr__(self) -> str:
        return f"Results({self.study.study_name!r}, {len(self.study.get_trials(deepcopy=False))} trials)"

    def _repr_html_(self) -> str:
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

    @_current
    def trials(self) -> pd.DataFrame:
        """One row a trial; see :func:`hpsearch.results.frames.trials`."""
        return self._table_of(frames.trials)

    @_current
    def curves(self) -> pd.DataFrame:
        """One row a trial, seed and checkpoint; see :func:`hpsearch.results.frames.curves`."""
        return self._table_of(frames.curves)

    @_current
    def members(self) -> pd.DataFrame:
        """One row a trial and seed; see :func:`hpsearch.results.frames.members`."""
        return self._table_of(frames.members)

    def _table_of(self, read: Callable[[optuna.Study], pd.DataFrame]) -> pd.DataFrame:
        """A table of the trials as they are now."""
        now = frames.moment(self.study)
        if self._tables[0] != now:
            self._tables = (now, {})
        tables = self._tables[1]
        if read.__name__ not in tables:
            tables[read.__name__] = read(self.study)
        return tables[read.__name__]

    @cached_property
    def survey(self) -> Survey:
        """The study's survey: its ``table``, a row a design row and checkpoint, and all tables made of it.

        Its response is the metric that the study is judged by, also where the survey was made by another: a survey
        holds every metric.

        Raises:
            ResultsError: if there is none, or it is not complete.
        """
        import optuna

        from hpsearch.experiments.kept_answers import FUNCTION, function_survey
        from hpsearch.experiments.stored import SurveyMissingError, stored_survey

        name, storage = self.study.study_name.removesuffix(".survey") + ".survey", storage_of(self.study)
        if name not in optuna.get_all_study_names(storage):
            way = command("survey", self.study.study_name, *options_of(storage))
            raise ResultsError(f"no survey of {self.study.study_name!r} there: make one with `{way}`")
        study = optuna.load_study(study_name=name, storage=storage)
        try:
            survey = function_survey(study) if fact(study, FUNCTION) else stored_survey(study)
        except SurveyMissingError as problem:
            raise ResultsError(str(problem)) from None
        return replace(survey, response=self.config.search.metric) if self.ours else survey

    def _survey(self) -> Survey:
        return self.survey

    def _best_setting(self) -> Hyperparameters:
        setting = self.best.hyperparameters
        if not isinstance(setting, Hyperparameters):
            raise ResultsError(
                f"study {self.study.study_name!r} was not made by hpsearch: it cannot be trained further"
            )
        return setting

    def _searched(self, number: int | None) -> tuple[int, Hyperparameters]:
        """Number and setting of a trial of a search of ours; of the best by default."""
        if self.study.study_name.endswith((".survey", PROFILES)):
            name = self.config.name if self.ours else self.study.study_name
            way = command("search", name, *options_of(storage_of(self.study)))
            raise ResultsError(f"study {name!r} was not searched yet, so no trial was chosen: {way}")
        number = self.best.number if number is None else number
        return number, self._hyperparameters(trial_of(self.study, number))

    @property
    def ours(self) -> bool:
        """Whether this project made the study, so that its networks can be trained further."""
        return fact(self.study, CONFIG) is not None

    @property
    def function(self) -> str | None:
        """Name of the function, where this is the survey of one by :func:`hpsearch.survey`."""
        from hpsearch.experiments.kept_answers import FUNCTION

        name: str | None = fact(self.study, FUNCTION)
        return name

    @property
    def dataset(self) -> Dataset:
        """The data of the study, as its networks see it."""
        return self._evaluator.dataset

    def baselines(self) -> dict[str, TestScore]:
        """What guessing and scikit-learn's default network score; see :mod:`hpsearch.tuning.baselines`."""
        from hpsearch.tuning.baselines import kept_baselines

        return kept_baselines(self.study, self.dataset)

    def importance(self, **options: Any) -> pd.DataFrame:
        """Importance of the trials' parameters, by surrogates; options of :func:`hpsearch.importance`.

        Kept with the study, so that the second call reads; see :mod:`hpsearch.results.importances`.
        """
        from hpsearch.results.importances import kept_importance

        return kept_importance(self.study, self._importances, **options)

    @cached_property
    def _importances(self) -> dict[str, pd.DataFrame]:
        return {}

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

    @property
    def config(self) -> StudyConfig:
        """The config that the study was made with.

        A data file that has moved since is looked for in the working folder and beside the results folder.

        Raises:
            ResultsError: if this project did not make the study.
        """
        if fact(self.study, CONFIG) is None:
            raise ResultsError(
                f"study {self.study.study_name!r} was not made by hpsearch: it has tables, "
                "but no config to train its networks from"
            )
        return stored_config(self.study, folders=(Path.cwd(), self.folder.absolute().parent))

    @property
    def best(self) -> Best:
        """The best completed trial; see :func:`hpsearch.tuning.choice.ranked_trials`.

        Raises:
            ResultsError: if no trial is complete, keeps the constraints and has a finite value; if the study has
                several objectives, of which :attr:`pareto` has the front; or if the study is only surveyed.
        """
        self._check_searched()
        trial = chosen_trial(self.study)
        row = self.trials.loc[self.trials["number"] == trial.number].iloc[0]
        stored = fact(self.study, BEST, {})
        stored = stored if stored.get("number") == trial.number else {}
        test, guessing, balance = (stored.get(name) for name in ("test", "guessing", "balance"))
        return Best(
            number=trial.number,
            value=float(row["value"]),
            hyperparameters=self._hyperparameters(trial) if self.ours else dict(trial.params),
            metrics={m.name: float(row[m.name]) for m in METRICS if CURVES in trial.system_attrs and m.name in row},
            test=None if test is None else TestScore(**test),
            _network=lambda: self._chosen_network(trial),
            guessing=None if guessing is None else TestScore(**guessing),
            guess=stored.get("guess", ""),
            balance=None if balance is None else Balance.from_description(balance),
        )

    def _chosen_network(self, trial: FrozenTrial) -> TrainedNetwork:
        """The best trial's network, from its file where that holds this trial's."""
        path = network_path(self.study.study_name, self.folder)
        if fact(self.study, BEST, {}).get("number") == trial.number and path.is_file():
            with contextlib.suppress(NetworkFileError):  # damaged, or of a training that diverged: trained again
                saved = TrainedNetwork.load(path)
                if saved.hyperparameters == self._hyperparameters(trial):
                    return saved
        return self.network(trial.number)

    def network(self, number: int, *, seed: int | None = None) -> TrainedNetwork:
        """Train a trial's network again; it comes out with the same numbers.

        Args:
            number: Of the trial.
            seed: One of the trial's seeds; the first by default.

        Raises:
            ResultsError: if there is no such trial or seed; the trial was pruned, has failed, has not ended or diverged
                with that seed; the data has changed; or the study is only surveyed.
        """
        self._check_searched()
        evaluator, trial = self._evaluator, trained_trial(self.study, number)
        seed = seed_of(trial, seed, default=evaluator.seeds)
        check_finite(trial, seed)
        return evaluator.network(self._hyperparameters(trial), seed)

    def _check_searched(self) -> None:
        if name := self._survey_alone:
            raise ResultsError(
                f"study {name!r} was not searched yet, so no trial was chosen: hpsearch search {name}. "
                f"The rows of its survey are trials of {self.study.study_name!r}"
            )

    def _check_ranges(self) -> None:
        """Refuse a study whose trials do not vary what its ranges are of, as a survey of the effective step."""
        self._check_searched()
        missing = [name for name in self.config.space.dimensions if name not in self.trials]
        if missing and len(self.trials):
            raise ResultsError(f"the trials of {self.study.study_name!r} do not vary {', '.join(missing)}")

    def units(self, number: int | None = None, *, seed: int | None = None) -> pd.DataFrame:
        """The first layer's weights while a trial trains; see :func:`hpsearch.results.units.units`.

        Args:
            number: Of the trial; the best by default.
            seed: One of the study's seeds; the first by default.

        Raises:
            ResultsError: as :meth:`network`, but of a trial that diverged there are weights.
        """
        from hpsearch.results.units import units

        self._check_searched()
        trial = trained_trial(self.study, self.best.number if number is None else number)
        evaluator = self._evaluator
        seed = seed_of(trial, seed, default=evaluator.seeds)
        curve = self.curves[(self.curves["number"] == trial.number) & (self.curves["seed"] == seed)]
        return units(evaluator, self._hyperparameters(trial), curve)

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

    def relative_size(self, setting: Hyperparameters) -> float:
        """Weights of a setting's network, as a share of those of the study's largest."""
        largest = self.config.largest_hidden
        if setting.hidden == largest:
            return 1.0
        sizes = [self._evaluator.architecture(replace(setting, hidden=h)).parameters for h in (setting.hidden, largest)]
        return sizes[0] / sizes[1]

    def _hyperparameters(self, trial: FrozenTrial) -> Hyperparameters:
        from hpsearch.experiments.stored import STEP

        values = values_of(trial)
        if STEP in trial.params:  # a row of a survey of the effective step
            values["learning_rate"] = trial.params[STEP] * (1 - trial.params["momentum"])
        if missing := [name for name in self.config.space.dimensions if name not in values]:
            raise ResultsError(f"trial {trial.number} ended before it had a value for {', '.join(missing)}")
        return self.config.settings(values)

    @cached_property
    def _evaluator(self) -> Evaluator:
        evaluator = Evaluator(self.config, self._dataset)
        now, then = evaluator.dataset.fingerprint, fact(self.study, DATA)
        if now != then:
            raise ResultsError(
                f"the data of study {self.study.study_name!r} has changed since (fingerprint {then[:12]}, "
                f"now {now[:12]}): its networks cannot be trained again from {self.config.data.source!r}"
            )
        return evaluator


def load(
    name: str, *, storage: StorageAddress | None = None, results: str | Path = "results", dataset: Dataset | None = None
) -> Results:
    """Read a study's results.

    Args:
        name: Of the study; where only its survey is there, the results are those of the survey, and what a search
            alone can tell is refused.
        storage: A storage URL of Optuna's, the path of a journal, or an open storage, instead of the journal in
            ``results``.
        results: The results folder.
        dataset: Data of your own that the study was searched with, to train its networks again.

    Raises:
        FileNotFoundError: if there are no results.
        ResultsError: if no study has that name; it names those there are.
        StorageError: if the storage cannot be opened.
    """
    import optuna

    with frames.collector_paused():
        opened = existing_storage(storage, results=results)
    asked, name = name, stored_name(name, opened)
    study = optuna.load_study(study_name=name, storage=opened, sampler=optuna.samplers.RandomSampler())
    stored = Results(study, results, dataset=dataset)
    if asked != name and stored.ours:
        stored._survey_alone = asked
    return stored
