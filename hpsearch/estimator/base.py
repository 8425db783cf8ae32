"""What the classifier and the regressor share: all but the meaning of y."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from hpsearch.config import ConfigError, NetworkConfig, SearchConfig
from hpsearch.config.fields import LARGEST_SEED, is_seed, plain
from hpsearch.config.hyperparameters import TRAINING
from hpsearch.config.messages import Fault, shown
from hpsearch.data.memory import excess
from hpsearch.engine.examples import Examples
from hpsearch.engine.memory import training_bytes
from hpsearch.engine.network import predict
from hpsearch.engine.settings import Architecture, Array, Hyperparameters, Output
from hpsearch.engine.training import Training, checkpoints, train

if TYPE_CHECKING:
    import pandas as pd

_DEFAULT: dict[str, Any] = {h.name: h.default for h in TRAINING}
_NETWORK = NetworkConfig()
_CHECKPOINTS = SearchConfig().checkpoints


class ShallowNetwork(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn ships no types
    """What the classifier and the regressor share: all but the meaning of y."""

    _numeric: ClassVar[bool]
    architecture_: Architecture
    batch_size_: int
    coefs_: list[Array]
    intercepts_: list[Array]
    curve_: pd.DataFrame
    loss_: float
    n_iter_: int
    diverged_: bool

    def __init__(
        self,
        *,
        learning_rate: float = _DEFAULT["learning_rate"],
        iterations: int = _DEFAULT["iterations"],
        momentum: float = _DEFAULT["momentum"],
        l2: float = _DEFAULT["l2"],
        batch_size: int = _DEFAULT["batch_size"],
        init_scale: float = _DEFAULT["init_scale"],
        hidden: tuple[int, ...] = _NETWORK.hidden,
        activation: str = _NETWORK.activation,
        init: str = _NETWORK.init,
        dtype: str = _NETWORK.dtype,
        seed: int = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.iterations = iterations
        self.momentum = momentum
        self.l2 = l2
        self.batch_size = batch_size
        self.init_scale = init_scale
        self.hidden = hidden
        self.activation = activation
        self.init = init
        self.dtype = dtype
        self.seed = seed

    def fit(
        self,
        X: pd.DataFrame | Array,
        y: pd.Series | Array,
        *,
        validation: tuple[pd.DataFrame | Array, pd.Series | Array] | None = None,
    ) -> Self:
        """Train the network from its initial weights.

        Args:
            X: ``(examples, features)``, not standardised here.
            y: ``(examples,)``.
            validation: Examples ``(X, y)`` to measure on, never to learn from: ``curve_`` gets their columns. X as it
                is for fit: a ``Pipeline`` does not transform it.

        Raises:
            ConfigError: if a constructor argument cannot be used; a ValueError that lists every problem.
            ValueError: if X or y cannot be used.

        Warns:
            ConvergenceWarning: if training diverged.
        """
        settings, network = self._settings()
        inputs, targets = self._validated(X, y, dtype=network.dtype, reset=True)
        output, outputs = self._learn_targets(targets)
        architecture = Architecture(features=inputs.shape[1], outputs=outputs, output=output, **dict(network))
        validation_examples = None if validation is None else self._validation_examples(validation, network.dtype)
        batch_size = min(settings.batch_size, len(inputs))
        needed = training_bytes(architecture, batch_size)
        if problem := excess({f"a training of {architecture.parameters:,} parameters": needed}):
            raise ConfigError(type(self).__name__, [f"{problem}; lower hidden, or take a machine with more"])
        examples = Examples.of(architecture, (inputs, self._encode(targets)), validation_examples)
        if validation_examples is not None and self._numeric and examples.validation_variance == 0:
            raise ValueError("validation: y has one value only; its R² needs at least two different ones")
        self.architecture_, self.batch_size_ = architecture, batch_size
        self._train(replace(settings, batch_size=batch_size), examples)
        return self

    def _settings(self) -> tuple[Hyperparameters, NetworkConfig]:
        """The constructor arguments, checked by the rules of a study's file."""
        arguments = {name: plain(value) for name, value in self.get_params(deep=False).items()}
        lines = [fault.line((h.name,)) for h in TRAINING for fault in h.faults(arguments[h.name])]
        network = _NETWORK
        try:
            network = NetworkConfig(**{name: arguments[name] for name in NetworkConfig.model_fields})
        except ConfigError as error:
            lines += error.problems
        seed = arguments["seed"]
        if not is_seed(seed):
            lines.append(Fault("is no seed", seed, f"give a whole number from 0 to {LARGEST_SEED:,}").line(("seed",)))
        if lines:
            raise ConfigError(type(self).__name__, lines)
        numbers: dict[str, Any] = {h.name: h.natural(arguments[h.name]) for h in TRAINING}
        shape = network.model_dump(exclude={"dtype"})
        return Hyperparameters(**numbers, **shape), network

    def _validated(self, *tables: Any, dtype: str, reset: bool = False) -> Any:
        """X, or X and y, after scikit-learn's checks."""
        options = {"y_numeric": self._numeric} if len(tables) == 2 else {}
        with np.errstate(over="ignore"):  # what float32 cannot hold is refused as an infinity
            return validate_data(self, *tables, dtype=dtype, reset=reset, **options)

    def _validation_examples(self, validation: Any, dtype: str) -> tuple[Array, Array]:
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            raise ValueError(f"validation must be a pair (X, y) (given: {shown(type(validation).__name__)})")
        inputs, targets = self._validated(*validation, dtype=dtype)
        return inputs, self._encode(targets)

    def _train(self, settings: Hyperparameters, examples: Examples) -> None:
        import pandas as pd

        start = Training.start(self.architecture_, settings, int(self.seed))
        record, training = train(start, examples, checkpoints(settings.iterations, _CHECKPOINTS))
        self.curve_ = pd.DataFrame(record.metrics.astype(float), columns=list(examples.metrics))
        self.curve_.insert(0, "iteration", record.iterations)
        self.loss_, self.n_iter_ = float(record.metrics[-1, 0]), record.iterations[-1]
        self.diverged_ = record.diverged
        learned = np.zeros_like(training.parameters) if record.diverged else training.parameters
        layers = self.architecture_.layers(learned)
        self.coefs_ = [layer[:, :-1].T.copy() for layer in layers]
        self.intercepts_ = [layer[:, -1].copy() for layer in layers]
        if record.diverged:
            self._warn(settings, list(record.iterations[:-1]))

    def _warn(self, settings: Hyperparameters, finite: list[int]) -> None:
        chosen = ", ".join(f"{s.name}={getattr(settings, s.name):g}" for s in TRAINING if s.name != "iterations")
        since = f" between iterations {finite[-1]} and {self.n_iter_}" if finite else " at its initial weights"
        warnings.warn(
            f"{type(self).__name__} diverged{since} ({chosen}); all weights were set to zero, so it predicts as if it "
            "had learned nothing: standardise X, or lower learning_rate, momentum, l2 or init_scale",
            ConvergenceWarning,
            stacklevel=4,
        )

    def _respond(self, X: pd.DataFrame | Array) -> Array:
        """The network's outputs, ``(examples, outputs)``."""
        check_is_fitted(self)
        inputs = self._validated(X, dtype=self.architecture_.dtype)
        layers = [np.vstack([W, b]).T.ravel() for W, b in zip(self.coefs_, self.intercepts_, strict=True)]
        return predict(self.architecture_, np.concatenate(layers), inputs)

    @abstractmethod
    def _learn_targets(self, y: Array) -> tuple[Output, int]:
        """Learn how y is encoded; return the network's output function and number of outputs."""

    @abstractmethod
    def _encode(self, y: Array) -> Array:
        """Targets as the engine reads them, ``(examples,)``."""
