"""The networks of a study's trials, trained again: the chosen one, or any."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from hpsearch.config import StudyConfig
from hpsearch.config.arguments import checked
from hpsearch.config.study import PROFILES, SURVEY
from hpsearch.data.dataset import Dataset
from hpsearch.engine.metrics import METRICS
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.archive import NetworkFileError
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.results.best import Best
from hpsearch.results.names import ResultsError, untrained
from hpsearch.results.standings import check_finite, chosen_trial, seed_of, trained_trial, trial_of
from hpsearch.results.trials import TrialTables
from hpsearch.storage.commands import command, options_of
from hpsearch.storage.internals import storage_of
from hpsearch.storage.studies import BEST, CONFIG, DATA, fact, stored_config
from hpsearch.storage.trials import CURVES, values_of
from hpsearch.tuning.balance import Balance
from hpsearch.tuning.choice import network_path
from hpsearch.tuning.scores import TestScore

if TYPE_CHECKING:
    import pandas as pd
    from optuna.trial import FrozenTrial


class TrialNetworks(TrialTables):
    """What trains the networks of a study's trials again, from its config and its data.

    Attributes:
        folder: Where saved networks lie.
    """

    folder: Path
    _dataset: Dataset | None = None

    @property
    def config(self) -> StudyConfig:
        """The config that the study was made with.

        A data file that has moved since is looked for in the working folder and beside the results folder.

        Raises:
            ResultsError: if this project did not make the study.
        """
        if fact(self.study, CONFIG) is None:
            raise ResultsError(f"{untrained(self.study)}: it has tables, but no config to train its networks from")
        return stored_config(self.study, folders=(Path.cwd(), self.folder.absolute().parent))

    @property
    def dataset(self) -> Dataset:
        """The data of the study, as its networks see it."""
        return self._evaluator.dataset

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
            _network=partial(self._chosen_network, trial),
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

    @checked(ResultsError)
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

    @checked(ResultsError)
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

    def relative_size(self, setting: Hyperparameters) -> float:
        """Weights of a setting's network, as a share of those of the study's largest."""
        largest = self.config.largest_hidden
        if setting.hidden == largest:
            return 1.0
        sizes = [self._evaluator.architecture(replace(setting, hidden=h)).parameters for h in (setting.hidden, largest)]
        return sizes[0] / sizes[1]

    def _best_setting(self) -> Hyperparameters:
        setting = self.best.hyperparameters
        if not isinstance(setting, Hyperparameters):
            raise ResultsError(f"{untrained(self.study)}: it cannot be trained further")
        return setting

    def _searched(self, number: int | None) -> tuple[int, Hyperparameters]:
        """Number and setting of a trial of a search of ours; of the best by default."""
        if self.study.study_name.endswith((SURVEY, PROFILES)):
            name = self.config.name if self.ours else self.study.study_name
            way = command("search", name, *options_of(storage_of(self.study)))
            raise ResultsError(f"study {name!r} has not been searched yet, so no trial was chosen: {way}")
        number = self.best.number if number is None else number
        return number, self._hyperparameters(trial_of(self.study, number))

    def _hyperparameters(self, trial: FrozenTrial) -> Hyperparameters:
        from hpsearch.experiments.surveys import STEP

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
            source = repr(self.config.data.source) if self._dataset is None else "the given dataset"
            raise ResultsError(
                f"the data of study {self.study.study_name!r} has changed since (fingerprint {then[:12]}, "
                f"now {now[:12]}): its networks cannot be trained again from {source}; data that was given to its "
                "search is given by load(..., dataset=...) too"
            )
        return evaluator
