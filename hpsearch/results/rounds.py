"""A search in rounds: try within a range, keep the best, refine the range, repeat.

A round is an ordinary study, `<name>-round-1` and so on; its ranges are those that the survey of the round before
proposes, or else that round's trials (:mod:`hpsearch.results.refinement`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import optuna

from hpsearch.config import ConfigError, StudyConfig, config_of
from hpsearch.config.arguments import checked
from hpsearch.config.space import SpaceConfig
from hpsearch.config.study import SURVEY
from hpsearch.data import Dataset
from hpsearch.evaluation.deadlines import Deadline, OutOfTimeError
from hpsearch.evaluation.evaluator import data_of
from hpsearch.evaluation.fitting import fitted
from hpsearch.results.refinement import Refinement, refine
from hpsearch.results.study import Results, ResultsError
from hpsearch.sensitivity.trials import LEAST
from hpsearch.storage.access import existing_storage
from hpsearch.storage.addresses import StorageAddress
from hpsearch.storage.internals import storage_of
from hpsearch.storage.studies import DATA, fact
from hpsearch.tuning.batches import Progress
from hpsearch.tuning.search import search

MOST = 10
"""Rounds."""

Announce: TypeAlias = Callable[[str, Progress], None]
"""Called with the name of the study that is searched and how far it is."""


@dataclass(frozen=True)
class Round:
    """One round.

    Attributes:
        number: From 1.
        results: Of its study.
        refinement: What gave its ranges; None of the first round, whose ranges are the study's own.
    """

    number: int
    results: Results
    refinement: Refinement | None


@dataclass(frozen=True)
class Searches:
    """Where searches are made and kept, and whom their progress is told.

    Attributes:
        workers: Number of threads that train.
        storage: As of :func:`hpsearch.storage.access.open_storage`.
        results: The results folder.
        dataset: Of all the studies.
        on_progress: Called with a study's name and its progress.
        deadline: Of all of them together.
    """

    workers: int
    storage: StorageAddress | None
    results: str | Path
    dataset: Dataset
    on_progress: Announce | None = None
    deadline: Deadline = field(default_factory=Deadline)

    def search(self, config: StudyConfig, trials: int) -> Results:
        """Search until the study holds so many trials.

        Raises:
            OutOfTimeError: if the time was up before; one that is stored whole takes none.
        """
        steps = deque[Progress](maxlen=1)

        def announce(progress: Progress) -> None:
            steps.append(progress)
            if self.on_progress is not None:
                self.on_progress(config.name, progress)

        study = search(
            config, trials=trials, workers=self.workers, storage=self.storage, results=self.results,
            dataset=self.dataset, timeout=self.deadline.remaining, on_progress=announce,
        )  # fmt: skip
        if steps[-1].done < steps[-1].total:
            count = f"{steps[-1].done} of {steps[-1].total} trials of {config.name!r}"
            raise OutOfTimeError(f"the time is up: {count} are stored, and the same call goes on")
        return Results(study, self.results, dataset=self.dataset)


@checked(lambda problem: ConfigError("search_rounds", [problem]))
def search_rounds(
    config: StudyConfig | str | Path,
    rounds: int = 3,
    *,
    workers: int = 1,
    storage: StorageAddress | None = None,
    results: str | Path = "results",
    dataset: Dataset | None = None,
    timeout: float | None = None,
    on_progress: Announce | None = None,
    on_round: Callable[[Round], None] | None = None,
) -> list[Round]:
    """Search in rounds, each within the ranges that the one before proposes; goes on from what is stored.

    Args:
        config: The study, the path of its TOML, or its name; its trials are divided among the rounds.
        rounds: How many, 2 to 10.
        workers: Number of threads that train. No result depends on it.
        storage: A storage URL of Optuna's, the path of a journal, or an open storage, instead of the journal in
            ``results``.
        results: Folder of the journal and of the chosen networks.
        dataset: Data of your own instead of the config's source.
        timeout: Seconds for all rounds, after which what is finished is stored and the same call goes on.
        on_progress: Called with a study's name and its progress.
        on_round: Called with each round when it has ended.

    Raises:
        ConfigError: if the config cannot be read, an argument is not of its kind, or the number of rounds is not 2 to
            10, or leaves fewer than 20 trials to a round.
        DataError: if the data cannot be read.
        ResultsError: if rounds are stored that were divided otherwise, or a round completed too few trials.
        StudyChangedError: if a round is stored with other settings, such as other ranges since there is a survey.
        OutOfTimeError: if the time was up before the last round had ended.
    """
    deadline, config = Deadline(timeout), config_of(config)
    shares = shares_of(config, rounds)
    searches = Searches(workers, storage, results, data_of(config, dataset), on_progress, deadline)
    return search_shares(config, shares, searches, on_round=on_round)


def search_shares(
    config: StudyConfig, shares: Sequence[int], searches: Searches, *, on_round: Callable[[Round], None] | None = None
) -> list[Round]:
    """As :func:`search_rounds`, with the trials of each round."""
    config, _ = fitted(config, searches.dataset.train.examples)  # before the space of a round is written out
    _check_stored(config, shares, searches)
    ended: list[Round] = []
    for number, trials in enumerate(shares, start=1):
        refinement = _refinement(ended[-1], config) if ended else None
        space = refinement.config.space if refinement else config.space
        following = _round_config(config, number, trials=trials, space=space)
        ended.append(Round(number, searches.search(following, trials), refinement))
        if on_round is not None:
            on_round(ended[-1])
    return ended


def shares_of(config: StudyConfig, rounds: int) -> list[int]:
    """The trials of each round; what does not divide goes to the first ones.

    Raises:
        ConfigError: if the number of rounds is not 2 to 10, or leaves fewer than 20 trials to a round.
    """
    if not 2 <= rounds <= MOST:
        raise ConfigError(config.name, [f"rounds: must be from 2 to {MOST} (given: {rounds})"])
    each, rest = divmod(config.search.trials, rounds)
    if each < LEAST:
        problem = (
            f"search.trials: {config.search.trials} trials leave {each} to a round, and ranges are made of the best of "
            f"at least {LEAST}: use --trials {LEAST * rounds} or more, or fewer --rounds"
        )
        raise ConfigError(config.name, [problem])
    return [each + (number < rest) for number in range(rounds)]


def _check_stored(config: StudyConfig, shares: Sequence[int], searches: Searches) -> None:
    """See that a round which another follows in the storage holds the trials that it is to hold.

    More trials in it would change the ranges of the next, whose trials would not compare.
    """
    try:
        opened = existing_storage(searches.storage, results=searches.results)
    except FileNotFoundError:
        return
    stored = optuna.get_all_study_names(opened)
    counts = [
        len(opened.get_all_trials(opened.get_study_id_from_name(name), deepcopy=False)) if name in stored else 0
        for name in (_name(config, number) for number in range(1, len(shares) + 2))
    ]
    begun = [count > 0 for count in counts]
    for number, (count, share) in enumerate(zip(counts, shares, strict=False), start=1):
        divided = count == share or (config.search.sampler == "grid" and 0 < count < share)  # a grid ends
        if any(begun[number:]) and not divided:
            raise ResultsError(
                f"rounds of {config.name!r} are stored that were divided otherwise ({_name(config, number)} holds "
                f"{count} trials, and would hold {share}): give the number of trials and of rounds that they were "
                f"begun with, or start anew under another name: --name {config.name}-2"
            )


def _name(config: StudyConfig, number: int) -> str:
    return f"{config.name}-round-{number}"


def _refinement(before: Round, config: StudyConfig) -> Refinement:
    """The ranges after a round. The first one has the study's own ranges, so the study's survey counts as its own."""
    surveyed = _surveyed(before.results, config) if before.number == 1 else None
    return refine(surveyed or before.results, name=_name(config, before.number + 1))


def _surveyed(first: Results, config: StudyConfig) -> Results | None:
    """The survey of the study itself, where it is of the same ranges, network and data and the first round has none."""
    storage = storage_of(first.study)
    names, own = optuna.get_all_study_names(storage), f"{config.name}{SURVEY}"
    if own not in names or f"{first.study.study_name}{SURVEY}" in names:
        return None
    surveyed = Results(optuna.load_study(study_name=own, storage=storage), first.folder, dataset=first.dataset)
    same = surveyed.config.network == config.network and fact(surveyed.study, DATA) == fact(first.study, DATA)
    with suppress(ResultsError):  # it is not complete
        return surveyed if same and surveyed.survey.design.space == config.space.dimensions else None
    return None


def _round_config(config: StudyConfig, number: int, *, trials: int, space: SpaceConfig) -> StudyConfig:
    """A round's study: the sampler of the first draws as the study's own does, and the others anew."""
    seed = config.search.seed
    if number > 1:
        seed = int(np.random.SeedSequence((seed, number)).generate_state(1)[0])
    ranges = space.model_dump(mode="json")
    return config.with_overrides(name=_name(config, number), answer="", space=ranges, trials=trials, seed=seed)
