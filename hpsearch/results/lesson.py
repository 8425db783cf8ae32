"""The lesson: each claim's study searched or read, and the claim judged by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import product
from pathlib import Path
from typing import Any

from hpsearch.config import ConfigError, StudyConfig, load_config, resolve
from hpsearch.config.data import DataConfig
from hpsearch.config.files import shipped_studies
from hpsearch.config.messages import Fault, did_you_mean
from hpsearch.data import Dataset
from hpsearch.evaluation.evaluator import Evaluator, load_data
from hpsearch.experiments.lessons import (
    Judgement,
    Trainings,
    depths,
    draws,
    iteration,
    parameters,
    refining,
    scales,
    symmetry,
)
from hpsearch.experiments.progress import TrainingProgress
from hpsearch.results.applications import other_fields
from hpsearch.results.payoff import payoff
from hpsearch.results.study import Results
from hpsearch.results.units import units
from hpsearch.storage.access import open_storage
from hpsearch.tuning.batches import Progress
from hpsearch.tuning.search import search

STUDIES = Path("studies") / "lesson"
"""Where the claims' studies are."""

ROUNDS, REPEATS, SEEDS = 3, 10, 20
"""Of L6: rounds of a search, seeds of the sampler, and fresh seeds on which each choice is trained."""

UNLEARNED = "random"
"""The sampler of L6 that does not learn: one that does refines by itself, so its rounds might pay less."""


_OF_CLASSES = ("L1", "L2", "L3", "L4")
"""Claims that are judged by the share of examples in the wrong class, or by a loss that guessing a class has."""


_ERROR = (
    "an error is the share of the {validation:,} validation examples, which none of them was trained on, that they put "
    "in the wrong class"
)
_SEEDS = "intervals are 95 % over seeds of training, which draw the initial weights and the order of the examples"

_TUNED = "each kind of network has the α that suits it best, chosen on other seeds"

_OF: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("L1", "L4"), (_ERROR, _TUNED, _SEEDS)),
    "L2": (_ERROR, _SEEDS),
    "L3": ("a loss is the mean over the training examples", _SEEDS),
    "L5": (),
    "L8": (),
}
"""What the numbers of a claim are of, where it is judged by one data set alone."""

_POINTS = (
    "A point is one per cent of a study's test examples put in the wrong class or, of a regression, one per cent of "
    f"their variance that is not explained; {_SEEDS}."
)
"""What those of L7 are of; L6 names its losses and its seeds itself."""


def measured(claim: str, dataset: Dataset) -> str:
    """On what a claim was judged, a sentence; "" where its evidence says it."""
    if claim not in _OF:
        return _POINTS if claim == "L7" else ""
    trained = f"Measured on {dataset.name}: networks trained on {dataset.train.examples:,} examples"
    validation = dataset.validation.examples
    return "; ".join([trained, *(words.format(validation=validation) for words in _OF[claim])]) + "."


@dataclass(frozen=True)
class Lesson:
    """Where the lesson's studies are trained and kept; what is kept is read.

    Attributes:
        workers: Number of threads that train; no verdict depends on it.
        results: Folder of the results.
        storage: An Optuna storage URL instead of the journal file in ``results``.
        on_progress: Called with a study's name and how far it is.
    """

    workers: int = 1
    results: Path = Path("results")
    storage: str | None = None
    on_progress: Callable[[str, Progress], None] = lambda name, progress: None
    _datasets: dict[DataConfig, Dataset] = field(default_factory=dict, init=False, repr=False, compare=False)

    def judgement(self, claim: str) -> Judgement:
        """A claim judged, trained first where that is missing.

        Raises:
            ConfigError: if there is no such claim, its study's file is not there or not valid, or names data with
                numbers to predict where the claim is judged by classes.
            StudyChangedError: if its study is stored with other settings.
        """
        name = checked(claim)
        if name in _OF_CLASSES and self.dataset(config := config_of(name)).classes is None:
            rule = f"{name} is judged by classes, so name data whose target has them"
            fault = Fault("its target is a number", config.data.source, rule, ("data", "source"))
            raise ConfigError(config.name, [fault.line()])
        return replace(CLAIMS[name](self), measured=measured(name, self.dataset(config_of(name))))

    @cached_property
    def place(self) -> dict[str, Any]:
        """Where results are kept, as arguments: opened once, for to open a journal is to read all of it."""
        return {"storage": open_storage(self.storage, results=self.results), "results": self.results}

    def on_rows(self, name: str, progress: TrainingProgress) -> None:
        """Tell how far a survey or a comparison is."""
        self.on_progress(
            name, Progress(progress.done, progress.total, fresh=progress.fresh, diverged=progress.diverged)
        )

    def dataset(self, config: StudyConfig) -> Dataset:
        """The data of a study, read once."""
        if config.data not in self._datasets:
            self._datasets[config.data] = load_data(config)
        return self._datasets[config.data]

    def trainings(self, config: StudyConfig) -> Trainings:
        """A study's trainings."""
        dataset, told = self.dataset(config), partial(self.on_progress, config.name)
        study = search(config, dataset=dataset, workers=self.workers, on_progress=told, **self.place)
        return trainings_of(Results(study, self.results, dataset=dataset))


def checked(claim: str) -> str:
    """A claim's name as it is written here.

    Raises:
        ConfigError: if there is none of that name.
    """
    if claim.upper() in CLAIMS:
        return claim.upper()
    rule = f"{did_you_mean(claim, list(CLAIMS))} the claims are {', '.join(CLAIMS)}".strip()
    raise ConfigError("lesson", [Fault("there is no such claim", claim, rule).line()])


def config_of(claim: str) -> StudyConfig:
    """The study of a claim."""
    return load_config(resolve(claim, STUDIES if STUDIES.is_dir() else shipped_studies() / STUDIES.name))


def trainings_of(results: Results) -> Trainings:
    """A study's tables, with its networks at hand."""
    names = list(results.config.space.dimensions)
    curves = results.curves.merge(results.trials[["number", *names]], on="number")
    evaluator = Evaluator(results.config, results.dataset)
    trials = results.study.get_trials(deepcopy=False)
    settings = {trial.number: evaluator.config.settings(trial.params) for trial in trials}
    return Trainings(curves, settings, evaluator)


def _equal_weights(lesson: Lesson) -> Judgement:
    """L1, with W of the first layer of an equal and a random beginning while they are learned."""
    trainings = lesson.trainings(config_of("L1"))
    judgement = symmetry.equal_weights(trainings)
    errors, tables = judgement.tables["errors"], dict(judgement.tables)
    for init, words in {"constant": "a constant", "scaled": "random numbers"}.items():
        rows = errors[(errors["init"] == init) & (errors["activation"] == "tanh")].sort_values("width")
        number = int(rows["number"].to_numpy()[-1])
        curve = trainings.curves[trainings.curves["number"] == number]
        curve = curve[curve["seed"] == curve["seed"].min()]
        tables[f"weights from {words}"] = units(trainings.evaluator, trainings.settings[number], curve)
    return replace(judgement, tables=tables)


def _random_weights(lesson: Lesson) -> Judgement:
    """L2, in both precisions."""
    single = config_of("L2")
    double = single.with_overrides(name=f"{single.name}-float64", **{"network.dtype": "float64"})
    return draws.random_weights([lesson.trainings(config) for config in (single, double)])


def _depths(lesson: Lesson) -> Judgement:
    """L4, whose study over scales stands beside one over the schemes that scale by fan-in."""
    return depths.one_scale_for_every_depth(*(lesson.trainings(config_of(name)) for name in ("L4", "L4-fan-in")))


def _refining(lesson: Lesson) -> Judgement:
    """L6, on two data sets; with the study's sampler, which learns from its trials, and with one that does not."""
    tables = {}
    for name, sampler in product(("L6", "L6-breast_cancer"), (None, UNLEARNED)):
        config = config_of(name)
        if sampler:
            config = config.with_overrides(name=f"{config.name}-{sampler}", **{"search.sampler": sampler})
        tables[f"{config.data.source} by {config.search.sampler}"] = payoff(
            config, ROUNDS, repeats=REPEATS, seeds=SEEDS, workers=lesson.workers,
            on_progress=lesson.on_progress, **lesson.place,
        )  # fmt: skip
    return refining.refining(tables)


def _other_fields(lesson: Lesson) -> Judgement:
    """L7: the study of one space, on every data set in turn."""
    return other_fields(lesson, config_of("L7"))


def _judged(claim: str, judge: Callable[[Trainings], Judgement]) -> Callable[[Lesson], Judgement]:
    return lambda lesson: judge(lesson.trainings(config_of(claim)))


CLAIMS: Mapping[str, Callable[[Lesson], Judgement]] = {
    "L1": _equal_weights,
    "L2": _random_weights,
    "L3": _judged("L3", scales.large_scale),
    "L4": _depths,
    "L5": _judged("L5", parameters.two_kinds),
    "L6": _refining,
    "L7": _other_fields,
    "L8": _judged("L8", iteration.one_iteration),
}
"""What judges each claim."""
