"""Studies side by side: what training is sensitive to, how alike, and what the best of one loses on another."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from hpsearch.config.arguments import checked
from hpsearch.config.study import SURVEY
from hpsearch.experiments.comparisons import DEFAULTS, SEEDS, named_setting, scores
from hpsearch.experiments.progress import TrainingProgress, together
from hpsearch.results.names import untrained
from hpsearch.results.profiles import SPLITS
from hpsearch.results.study import Results, ResultsError, load
from hpsearch.results.transfers import single_setting_table, transfer_table
from hpsearch.sensitivity.agreement import agreement
from hpsearch.sensitivity.responses import VALIDATION
from hpsearch.storage.addresses import StorageAddress
from hpsearch.storage.commands import command, options_of
from hpsearch.storage.internals import storage_of
from hpsearch.tuning.choice import best_trial

if TYPE_CHECKING:
    from hpsearch.results.plots import ComparisonPlots

OnProgress = Callable[[TrainingProgress], None]


@dataclass(frozen=True)
class Comparison:
    """Studies compared.

    Attributes:
        indices: A row a study and factor: study, then the columns of ``Results.sensitivity()``.
        agreement: A row a pair of studies (see :func:`hpsearch.sensitivity.agreement.agreement`).
        settings: A row a setting: from (the study whose best it is, or "defaults"), then the hyperparameters.
        transfer: A row a setting and study (see :func:`hpsearch.results.transfers.transfer_table`), and ``moved``: what
            of the setting is another value there, because the study holds it fixed or its data is too small.
        defaults: A row a setting: as the one setting of all studies (see
            :func:`hpsearch.results.transfers.single_setting_table`).
        scores: A row a setting, study, split and seed: what the last two are made of. Columns: from, to, seed, points,
            loss, examples (of the split), split.
    """

    indices: pd.DataFrame
    agreement: pd.DataFrame
    settings: pd.DataFrame
    transfer: pd.DataFrame
    defaults: pd.DataFrame
    scores: pd.DataFrame

    @property
    def studies(self) -> list[str]:
        """Names of the studies, in the order asked for."""
        return list(dict.fromkeys(self.indices["study"]))

    @property
    def plot(self) -> ComparisonPlots:
        """The tables as figures: ``comparison.plot.transfer()`` draws ``comparison.transfer``."""
        from hpsearch.results.plots import ComparisonPlots  # imports plotly, which the tables do not need

        return ComparisonPlots(self)

    def __repr__(self) -> str:
        return f"Comparison of {', '.join(self.studies)}"


@checked(ResultsError)
def compare(
    studies: Sequence[str | Results],
    *,
    results: str | Path = "results",
    storage: StorageAddress | None = None,
    seeds: int = SEEDS,
    workers: int = 1,
    on_progress: OnProgress | None = None,
) -> Comparison:
    """Compare studies that were searched and surveyed: other data, other settings?

    The indices are those of the response that all are judged by, or else of the validation loss, over each study's own
    ranges. The best setting of every study, and the defaults, are trained on every study with its own network, on seeds
    that no search has seen, and kept with that study. A setting takes what a study holds fixed, and a mini-batch that
    is larger than the study's training set becomes all of it.

    The own best of a study was chosen on its validation examples, so losses are measured on its *test* examples, by
    which nothing is chosen here. They are given in points from 0 to 100: per cent of examples in the wrong class, or of
    the variance that a regression does not explain. Their intervals are over seeds, for these examples. And what is
    transferred is the choice of one search: another may end at another setting, as good on its own study, that loses
    other amounts elsewhere.

    Args:
        studies: Names, or results that were loaded; two at least.
        results: The results folder, of those that are names.
        storage: A storage URL of Optuna's, the path of a journal, or an open storage, instead of the journal there.
        seeds: Trainings of each setting on each study and split.
        workers: Number of threads that train; the numbers do not depend on it.
        on_progress: Called at the start, after every training and at the end.

    Raises:
        FileNotFoundError: if there are no results.
        ResultsError: if there are fewer than two studies, one comes twice, is not searched, or not surveyed; it says
            what to run.
        DesignError: if a study has no test split, or there are fewer than 2 seeds.
        StudyChangedError: if stored trainings were made with other data or another network.
        StudyBusyError: if another process is training around the best of one of them.

    Warns:
        ConcentrationWarning: as ``Results.sensitivity``, with the name of the study.
    """
    loaded = _loaded(studies, results=results, storage=storage)
    metrics = {each.config.search.metric for each in loaded.values()}
    metric = metrics.pop() if len(metrics) == 1 else VALIDATION
    surveys = {name: each.survey for name, each in loaded.items()}
    settings = {**{name: best_setting(each) for name, each in loaded.items()}, DEFAULTS: named_setting()}
    scored = _scored(loaded, settings, seeds=seeds, workers=workers, on_progress=on_progress)
    classes = {name: each.dataset.classes is not None for name, each in loaded.items()}
    validation, test = (scored[scored["split"] == split] for split in ("validation", "test"))
    return Comparison(
        indices=_indices(loaded, metric),
        agreement=agreement(surveys, metric),
        settings=pd.DataFrame([{"from": name, **s} for name, s in settings.items()]).astype({"from": "str"}),
        transfer=transfer_table(test, classes=classes).assign(moved=_moved(loaded, settings)),
        defaults=single_setting_table(validation, test, classes=classes),
        scores=scored,
    )


def _loaded(
    studies: Sequence[str | Results], *, results: str | Path, storage: StorageAddress | None
) -> dict[str, Results]:
    """The results by study; all that is missing is told at once."""
    each = [study if isinstance(study, Results) else load(study, storage=storage, results=results) for study in studies]
    names = [one.study.study_name.removesuffix(SURVEY) for one in each]
    twice = sorted({name for name in names if names.count(name) > 1})
    if len(names) < 2 or twice:
        listed = f"{', '.join(twice)} twice" if twice else ", ".join(names) or "none"
        raise ResultsError(f"a comparison needs two different studies or more (given: {listed})")
    needed = [command for name, one in zip(names, each, strict=True) for command in _needed(name, one)]
    if needed:
        raise ResultsError(
            "a comparison needs studies that were searched and surveyed; run first: " + "; ".join(needed)
        )
    return dict(zip(names, each, strict=True))


def _needed(name: str, results: Results) -> Iterator[str]:
    """Commands that make what a study lacks to be compared."""
    if not results.ours:
        raise ResultsError(f"{untrained(results.study)}: it cannot be trained further")
    place = options_of(storage_of(results.study))
    if results.study.study_name != name or results.trials["state"].ne("COMPLETE").all():
        yield command("search", name, *place)
    try:
        results.survey  # noqa: B018  # read, to see whether it is complete
    except ResultsError:
        if results.config.survey.effective_step:
            raise ResultsError(
                f"study {name!r} asks for the survey of the effective step, and a comparison needs that of the "
                "learning rate: make it with survey.effective_step = false"
            ) from None
        yield command("survey", name, *place)


def _indices(loaded: Mapping[str, Results], metric: str) -> pd.DataFrame:
    """The studies' indices, with their names; warnings tell these too."""
    tables = {}
    for name, results in loaded.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            tables[name] = results.sensitivity(metric)
        for warning in caught:
            warnings.warn(f"{name}: {warning.message}", warning.category, stacklevel=4)
        tables[name].insert(0, "study", name)
    return pd.concat(tables.values(), ignore_index=True)


def _scored(
    loaded: Mapping[str, Results],
    settings: Mapping[str, Mapping[str, Any]],
    *,
    seeds: int,
    workers: int,
    on_progress: OnProgress | None,
) -> pd.DataFrame:
    """What all settings score on all studies, on both splits; what is kept is read, the rest trained."""
    work = []
    for each in loaded.values():
        table = partial(scores, settings={name: each.fitted(s)[0] for name, s in settings.items()}, seeds=seeds)
        work += [(split, each.kept_trainings(split), table) for split in SPLITS]
    progress = [kept.progress(table) for _, kept, table in work]

    def announce(now: TrainingProgress, *, k: int) -> None:
        progress[k] = now
        if on_progress is not None:
            on_progress(together(progress))

    frames = [
        kept.table(table, workers=workers, on_progress=partial(announce, k=k)).assign(split=split)
        for k, (split, kept, table) in enumerate(work)
    ]
    return pd.concat(frames, ignore_index=True).astype({"split": "str"})


def _moved(loaded: Mapping[str, Results], settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What of each setting is another value on each study, in the order of the rows of the transfers."""
    return [each.fitted(setting)[1] for each in loaded.values() for setting in settings.values()]


def best_setting(results: Results) -> dict[str, Any]:
    """A study's best setting by name, with what the study holds fixed."""
    trial = best_trial(results.study)
    return named_setting(results.config, None if trial is None else trial.params)
