"""Does refining pay? A search in rounds beside one unrefined search that costs the same, over several sampler seeds.

What each arm chose is trained on fresh seeds and scored on the test split, by which neither was chosen. Where a study
has no test split the validation split has to do: both arms were chosen by it, on other seeds.

One pair of searches is one draw of luck: over training seeds its interval says which of two settings is the better one,
and nothing of refining. That takes several pairs, each of another sampler seed, and the interval over these. Now and
then a search finds no good setting, and where such pairs rule the mean an interval over few of them is too narrow: over
12 of 192 pairs (flower, iris) it held the mean of all in 80 and 90 of 100 draws, and lay on the wrong side of 0 in
fewer than one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from hpsearch.config import HYPERPARAMETERS, ConfigError, StudyConfig, config_of
from hpsearch.config.arguments import checked
from hpsearch.config.fields import LARGEST_SEED
from hpsearch.config.study import validated
from hpsearch.data import Dataset
from hpsearch.evaluation.deadlines import Deadline
from hpsearch.evaluation.evaluator import Evaluator, data_of
from hpsearch.evaluation.executors import Workers, surrounding
from hpsearch.experiments.profiles import fresh_seeds
from hpsearch.experiments.tolerances import intervals
from hpsearch.results.arms import ROUNDS, UNREFINED, Arm, best_of_rounds, unrefined_search
from hpsearch.results.rounds import Announce, Round, Searches, search_shares, shares_of
from hpsearch.storage.addresses import StorageAddress

_MOST_REPEATS = 1000


@dataclass(frozen=True)
class Payoff:
    """What a table of :func:`payoff` says.

    Attributes:
        metric: "test_loss", "test_error", or of the validation split where there is no test split.
        rounds: Mean score of what the rounds chose.
        unrefined: The same of the unrefined search.
        difference: Rounds less unrefined: below 0 the rounds are better.
        low: Lower end of its 95 % t-interval: over repeats, or over seeds where there is one repeat.
        high: Upper end.
        repeats: Pairs of searches.
        seeds: Fresh seeds on which each choice was trained.
        better: Repeats in which the rounds' mean is the lower one.
        same: Repeats in which both chose the same setting, for the first round and the unrefined search begin alike.
        verdict: "better", "worse" or "not seen": the interval lies below 0, above it, or holds it.
    """

    metric: str
    rounds: float
    unrefined: float
    difference: float
    low: float
    high: float
    repeats: int
    seeds: int
    better: int
    same: int
    verdict: str


@checked(lambda problem: ConfigError("payoff", [problem]))
def payoff(
    config: StudyConfig | str | Path,
    rounds: int = 3,
    *,
    repeats: int = 1,
    seeds: int = 20,
    workers: int = 1,
    storage: StorageAddress | None = None,
    results: str | Path = "results",
    dataset: Dataset | None = None,
    timeout: float | None = None,
    on_progress: Announce | None = None,
    on_round: Callable[[int, Round], None] | None = None,
) -> pd.DataFrame:
    """Search in rounds and unrefined at the same cost of training, and score both choices on fresh seeds.

    Every search is an ordinary study in the storage, so that the same call goes on after a stop. The first repeat's are
    `<name>-round-1` … and `<name>-unrefined`; those of repeat k are of the study `<name>-repeat-k`, which draws by
    another sampler seed.

    Args:
        config: The study, the path of its TOML, or its name.
        rounds: How many, 2 to 10.
        repeats: Pairs of searches.
        seeds: Fresh ones, which no search has used, at least 2; each repeat has its own.
        workers: Number of threads that train. No result depends on it.
        storage: A storage URL of Optuna's, the path of a journal, or an open storage, instead of the journal in
            ``results``.
        results: Folder of the journal and of the chosen networks.
        dataset: Data of your own instead of the config's source.
        timeout: Seconds for all searches, after which what is finished is stored and the same call goes on. The choices
            of searches that ended in time are scored whatever time that takes.
        on_progress: Called with a study's name and its progress.
        on_round: Called with the repeat and each of its rounds when it has ended.

    Returns:
        A row a repeat, arm and fresh seed. Columns: repeat (from 1), sampler_seed, arm ("rounds" or "unrefined"),
        study and number (of the chosen trial), value (by which it was chosen), the hyperparameters, trials (of which it
        was chosen), cost (of their trainings; see :func:`hpsearch.results.arms.costs`), seed, metric, score.

    Raises:
        ConfigError: if an argument is not of its kind, repeats or seeds are too few or many, or as of
            :func:`hpsearch.results.rounds.search_rounds`.
        ResultsError: as there.
        StudyChangedError: as there.
        DataError: as there.
        OutOfTimeError: if the time was up before the last search had ended.
    """
    deadline, config = Deadline(timeout), config_of(config)
    if not 1 <= repeats <= _MOST_REPEATS:
        raise ConfigError(config.name, [f"repeats: must be from 1 to {_MOST_REPEATS:,} (given: {repeats})"])
    if seeds < 2:
        raise ConfigError(config.name, [f"seeds: must be at least 2, for an interval (given: {seeds})"])
    _check_names(config, repeats)
    data = data_of(config, dataset)
    searches = Searches(workers, storage, results, data, on_progress, deadline)
    studies = {repeat: _repeat(config, repeat) for repeat in range(1, repeats + 1)}
    arms = {}
    for repeat, own in studies.items():
        told = None if on_round is None else partial(on_round, repeat)
        refined = best_of_rounds(search_shares(own, shares_of(own, rounds), searches, on_round=told))
        arms[repeat] = (refined, unrefined_search(own, refined.cost, searches))
    fresh, tables = fresh_seeds(config, repeats * seeds), []
    for repeat, own in studies.items():
        scores = _scores(own, data, arms[repeat], seeds=fresh[(repeat - 1) * seeds : repeat * seeds], workers=workers)
        scores.insert(0, "repeat", repeat)
        scores.insert(1, "sampler_seed", own.search.seed)
        tables.append(scores)
    return pd.concat(tables, ignore_index=True)


def verdict(table: pd.DataFrame) -> Payoff:
    """The difference between the arms, with its interval, from a table of :func:`payoff`.

    Each repeat counts as one: its difference of means over seeds. A single repeat's interval is over its seeds, paired,
    and speaks of the two chosen settings alone.
    """
    scores = table.pivot_table(index=["repeat", "seed"], columns="arm", values="score", sort=False)
    means = scores.groupby("repeat").mean()
    pairs = means if len(means) > 1 else scores
    differences = (pairs[ROUNDS] - pairs[UNREFINED]).to_numpy(dtype=float)
    mean, low, high = (float(end[0]) for end in intervals(differences[None]))
    names = [h.name for h in HYPERPARAMETERS if h.name in table]
    settings = table.drop_duplicates(["repeat", "arm"]).groupby("repeat")[names]
    return Payoff(
        metric=str(table["metric"].iat[0]),
        rounds=float(means[ROUNDS].mean()),
        unrefined=float(means[UNREFINED].mean()),
        difference=mean,
        low=low,
        high=high,
        repeats=len(means),
        seeds=int(table["seed"].nunique() // len(means)),
        better=int((means[ROUNDS] < means[UNREFINED]).sum()),
        same=int((settings.nunique() == 1).all(axis=1).sum()),
        verdict="better" if high < 0 else "worse" if low > 0 else "not seen",
    )


def _check_names(config: StudyConfig, repeats: int) -> None:
    """See that the longest name of all searches, which is made last, is one of a study."""
    ending = f"{'' if repeats == 1 else f'-repeat-{repeats}'}-{UNREFINED}"
    try:
        validated({"name": f"{config.name}{ending}"}, where="the longest name")
    except ConfigError:
        problem = f"name: is too long: a search of it adds {ending}, and a name has at most 100 characters, 200 bytes"
        raise ConfigError(config.name, [f"{problem}; give a shorter one (--name)"]) from None


def _repeat(config: StudyConfig, repeat: int) -> StudyConfig:
    if repeat == 1:
        return config
    seed = (config.search.seed + repeat - 1) % (LARGEST_SEED + 1)
    return config.with_overrides(name=f"{config.name}-repeat-{repeat}", seed=seed)


def _scores(config: StudyConfig, data: Dataset, arms: tuple[Arm, ...], *, seeds: range, workers: int) -> pd.DataFrame:
    """Both choices trained on the same seeds, and scored where neither was chosen, if there is such a split."""
    judged = data if data.test is None else replace(data, validation=data.test)
    evaluator = Evaluator(config, judged, checkpoint_count=2)
    metric = config.search.metric if data.test is None else config.search.metric.replace("validation", "test")
    with Workers(evaluator.trainer, workers, surrounding()) as pool:
        parts = []
        for arm in arms:
            setting = evaluator.config.settings(arm.params)
            tasks = evaluator.tasks(setting, seeds=seeds)
            evaluation = evaluator.evaluation(tasks, list(pool.outcomes(tasks)))
            row = {"arm": arm.name, "study": arm.study, "number": arm.number, "value": arm.value}
            row |= {**config.values(setting), "trials": arm.trials, "cost": arm.cost}
            ends = evaluation.ends(config.search.metric)
            parts.append(pd.DataFrame({**row, "seed": list(seeds), "metric": metric, "score": ends}))
    return pd.concat(parts).astype(dict.fromkeys(("arm", "study", "metric"), "str"))
