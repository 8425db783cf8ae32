"""L5: what is learned and what is chosen, in the engine's types and by scikit-learn's convention."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.config.hyperparameters import in_words
from hpsearch.config.messages import listed
from hpsearch.data.dataset import Dataset
from hpsearch.engine.settings import Hyperparameters
from hpsearch.estimator import ShallowNetworkClassifier, ShallowNetworkRegressor
from hpsearch.evaluation.networks import TrainedNetwork
from hpsearch.experiments.lessons.judgement import Judgement, Trainings


def two_kinds(trainings: Trainings) -> Judgement:
    """L5: training changes the parameters and never the hyperparameters.

    Args:
        trainings: Of any study; its first trial's first training is looked at.
    """
    number, seed = trainings.first
    settings = trainings.settings[number]
    start, end = trainings.networks(number, seed, [0, settings.iterations])
    learned, chosen = _parameters(start, end), _hyperparameters(settings, end)
    fitted = _Fitted(settings, seed, trainings.evaluator.dataset)
    untouched = _refuses_change(settings) and bool((chosen["before"] == chosen["after"]).all())
    return Judgement(
        claim="L5",
        says="W and b are parameters, learned; α, iterations, momentum, λ, batch size and scale are chosen before.",
        holds=untouched and bool((learned["changed"] > 0).all()) and fitted.follows_the_convention(end),
        decided=f"training changed {_counts(learned, chosen)}",
        evidence=[_changes(learned, chosen, settings), fitted.words(end)],
        tables={"parameters": learned, "hyperparameters": chosen, "estimator": fitted.table()},
        more=[_unmoved(start, end, trainings.evaluator.dataset)],
        printed=["parameters", "hyperparameters"],
    )


def _parameters(start: TrainedNetwork, end: TrainedNetwork) -> pd.DataFrame:
    """A row a weight matrix or bias: its shape, how many numbers it has, how many changed, and how far."""
    rows = []
    for kind in ("weights", "biases"):
        for layer, (before, after) in enumerate(zip(getattr(start, kind), getattr(end, kind), strict=True), start=1):
            moved = after.astype(float) - before
            rows.append(
                {
                    "name": f"{'W' if kind == 'weights' else 'b'}{layer}",
                    "shape": " × ".join(map(str, before.T.shape)),
                    "count": before.size,
                    "changed": int((moved != 0).sum()),
                    "moved": float(np.sqrt(np.mean(moved**2))),
                }
            )
    return pd.DataFrame(rows).sort_values("name", key=lambda names: names.str[1:] + names.str[0], ignore_index=True)


def _hyperparameters(settings: Hyperparameters, end: TrainedNetwork) -> pd.DataFrame:
    """A row a hyperparameter: its value before training, and in the trained network."""
    before, after = asdict(settings), asdict(end.hyperparameters)
    rows = [{"name": in_words(name), "before": str(before[name]), "after": str(after[name])} for name in before]
    return pd.DataFrame(rows)


def _refuses_change(settings: Hyperparameters) -> bool:
    """Whether a setting cannot be changed once it is made."""
    name = fields(settings)[0].name
    try:
        setattr(settings, name, getattr(settings, name))
    except FrozenInstanceError:
        return True
    return False


def _changes(learned: pd.DataFrame, chosen: pd.DataFrame, settings: Hyperparameters) -> str:
    return (
        f"In a training of {settings.iterations:,} iterations {_counts(learned, chosen)} changed; "
        f"hyperparameters {'cannot' if _refuses_change(settings) else 'could'} be set again."
    )


def _counts(learned: pd.DataFrame, chosen: pd.DataFrame) -> str:
    count, changed = int(learned["count"].sum()), int(learned["changed"].sum())
    same = int((chosen["before"] == chosen["after"]).sum())
    return (
        f"{changed:,} of {count:,} parameters ({listed(learned['name'].tolist())}) and {len(chosen) - same} of "
        f"{len(chosen)} hyperparameters"
    )


def _unmoved(start: TrainedNetwork, end: TrainedNetwork, dataset: Dataset) -> str:
    """Which weights did not move, and why."""
    still = (start.weights[0] == end.weights[0]).all(axis=0)
    constant = (dataset.train.X[0] == dataset.train.X).all(axis=0)
    if not still.any():
        return "Every input's weights moved."
    if (still == constant).all():
        return (
            f"What did not move are the weights of {still.sum()} inputs that are constant in the training examples: "
            "their gradient is 0 (λ is 0 here, which would shrink them)."
        )
    return f"The weights of {still.sum()} inputs did not move, of which {(still & constant).sum()} are constant."


class _Fitted:
    """A scikit-learn estimator of the same setting, before and after ``fit``."""

    def __init__(self, settings: Hyperparameters, seed: int, dataset: Dataset) -> None:
        kind: Any = ShallowNetworkRegressor if dataset.classes is None else ShallowNetworkClassifier
        names = set(kind().get_params())
        self._estimator = kind(**{name: v for name, v in asdict(settings).items() if name in names}, seed=seed)
        self._before, self._empty = dict(self._estimator.get_params()), self._attributes()
        self._estimator.fit(dataset.train.X, dataset.train.y)
        self._after, self._learned = dict(self._estimator.get_params()), self._attributes()

    def _attributes(self) -> list[str]:
        """Attributes that are no constructor arguments."""
        return [name for name in vars(self._estimator) if name not in self._estimator.get_params()]

    def follows_the_convention(self, network: TrainedNetwork) -> bool:
        """Whether fit leaves the constructor's arguments, and what it learns ends in ``_`` and is there only then."""
        named = all(name.endswith("_") or name.startswith("_") for name in self._learned)
        return self._before == self._after and not self._empty and named and self._holds(network)

    def _holds(self, network: TrainedNetwork) -> bool:
        """Whether what was learned is what the engine learned."""
        pairs = [*zip(self._estimator.coefs_, network.weights, strict=True)]
        return all(W.T.shape == own.shape and (own == W.T).all() for W, own in pairs)

    def table(self) -> pd.DataFrame:
        """A row a constructor argument or attribute."""
        rows = [("constructor argument", name, str(self._after[name])) for name in self._after]
        rows += [("learned by fit", name, type(getattr(self._estimator, name)).__name__) for name in self._learned]
        return pd.DataFrame(rows, columns=["kind", "name", "value or type"])

    def words(self, network: TrainedNetwork) -> str:
        """The convention, as seen."""
        changed = [name for name in self._before if self._before[name] != self._after[name]]
        same = "the same numbers to the bit" if self._holds(network) else "other numbers"
        return (
            f"scikit-learn's convention says the same: fit changed {len(changed) or 'none'} of {len(self._before)} "
            f"constructor arguments and added {len(self._learned)} attributes that end in _, of which coefs_ and "
            f"intercepts_ hold {same}."
        )
