"""The classifier and the regressor: what y means, and how an answer is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets

from hpsearch.config.messages import shown
from hpsearch.engine.settings import Array, Output
from hpsearch.estimator.base import ShallowNetwork

if TYPE_CHECKING:
    import pandas as pd


class ShallowNetworkClassifier(ClassifierMixin, ShallowNetwork):  # type: ignore[misc]  # untyped
    """A shallow network that puts examples in classes, trained by mini-batch gradient descent with momentum.

    Two classes are one sigmoid unit with binary cross-entropy, more are softmax with cross-entropy. X is **not**
    standardised (nor is it by scikit-learn's ``MLPClassifier``): put a ``StandardScaler`` before it in a ``Pipeline``.

    A ``batch_size`` above the number of examples is clipped to it (``batch_size_``). A study refuses one; an
    estimator clips, because cross-validation changes the number of examples.

    If training diverges (weights or loss are no longer finite), it stops, warns, and **sets all weights to zero**: a
    setting that diverged scores as one that learned nothing, also where a grid search compares it with others. For
    the weights of the same run before it diverged, ask for fewer ``iterations``.

    Args:
        learning_rate: α, length of a descent step; above 0.
        iterations: Updates, one a mini-batch (not passes over the data).
        momentum: μ, share of the last step kept in the next; in [0, 1).
        l2: λ, weight of the penalty (λ/2)·Σ‖W‖², not divided by the batch size.
        batch_size: Examples in a mini-batch.
        init_scale: Standard deviation of the initial weights (before any fan-in factor); above 0.
        hidden: Units of each hidden layer.
        activation: Of the hidden layers: "tanh", "relu" or "sigmoid".
        init: "scaled", "xavier", "he", "zeros" or "constant".
        dtype: Of training: "float32" or "float64".
        seed: Of the initial weights and the order of examples.

    Attributes:
        coefs_: W of each layer, ``(inputs, units)``.
        intercepts_: b of each layer, ``(units,)``.
        classes_: Labels in order, ``(classes,)``.
        curve_: A row a checkpoint: ``iteration``, ``train_loss``, ``gradient_norm`` and the engine's other metrics;
            with ``fit(..., validation=...)`` also ``validation_loss`` and ``validation_error``.
        loss_: ``train_loss`` (over the first 2,048 examples, without λ's term) where training ended; the ceiling,
            15.94, if it diverged.
        n_iter_: Updates made.
        batch_size_: Examples in a mini-batch, as used.
        diverged_: Whether training diverged.
        architecture_: The network's shape, as the engine has it.
        n_features_in_: Columns of X.
        feature_names_in_: Their names, if X had names.

    Examples:
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> X, y = load_iris(return_X_y=True)
        >>> model = make_pipeline(StandardScaler(), ShallowNetworkClassifier()).fit(X, y)
        >>> bool(model.score(X, y) > 0.95)
        True
    """

    classes_: Array

    _numeric: ClassVar[bool] = False

    def predict_proba(self, X: pd.DataFrame | Array) -> Array:
        """Probability of each class, ``(examples, classes)``.

        Args:
            X: ``(examples, features)``.
        """
        responses = self._respond(X)
        return np.hstack([1 - responses, responses]) if responses.shape[1] == 1 else responses

    def predict(self, X: pd.DataFrame | Array) -> Array:
        """The most probable class, ``(examples,)``; a tie goes to the first.

        Args:
            X: ``(examples, features)``.
        """
        most_probable = self.predict_proba(X).argmax(axis=1)
        return self.classes_[most_probable]

    def _learn_targets(self, y: Array) -> tuple[Output, int]:
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            only = shown(self.classes_.tolist()[0])
            raise ValueError(f"{type(self).__name__} needs at least 2 classes: y has 1 class (given: {only})")
        return ("binary", 1) if len(self.classes_) == 2 else ("softmax", len(self.classes_))

    def _encode(self, y: Array) -> Array:
        """Class indexes, ``(examples,)``."""
        if unknown := sorted(set(y.tolist()) - set(self.classes_.tolist()), key=str):
            trained = shown(self.classes_.tolist())
            raise ValueError(
                f"validation: y has classes not trained on (given: {shown(unknown)}); trained on {trained}"
            )
        return np.searchsorted(self.classes_, y)


class ShallowNetworkRegressor(RegressorMixin, ShallowNetwork):  # type: ignore[misc]  # untyped
    """A shallow network that predicts a number, trained by mini-batch gradient descent with momentum.

    The loss is half the squared error of y **in units of its standard deviation** (over the examples of ``fit``), so
    that a learning rate suits y whatever it is measured in; so are ``curve_`` and ``loss_``. Predictions are in y's
    own units. X is **not** standardised: put a ``StandardScaler`` before it in a ``Pipeline``. A constant y is
    predicted as it is (its scale counts as 1).

    Arguments, batch size and divergence are those of :class:`ShallowNetworkClassifier`; a network that diverged
    predicts the mean of y.

    Attributes:
        target_mean_: Mean of y.
        target_scale_: Standard deviation of y; 1 if y is constant.
        curve_: As the classifier's, but with ``validation_r2`` for ``validation_error``.

    All other attributes are those of the classifier, except ``classes_``.

    Examples:
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = make_pipeline(StandardScaler(), ShallowNetworkRegressor(learning_rate=0.01)).fit(X, y)
        >>> bool(model.score(X, y) > 0.45)
        True
    """

    target_mean_: float
    target_scale_: float

    _numeric: ClassVar[bool] = True

    def predict(self, X: pd.DataFrame | Array) -> Array:
        """The target in its own units, ``(examples,)``.

        Args:
            X: ``(examples, features)``.
        """
        return self._respond(X)[:, 0] * self.target_scale_ + self.target_mean_

    def _learn_targets(self, y: Array) -> tuple[Output, int]:
        y = y.astype(float)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, scale = float(y.mean()), float(y.std())
        if not np.isfinite(scale):
            raise ValueError(f"y is too large to be squared (given: up to {np.abs(y).max():g}); divide it")
        self.target_mean_ = mean
        self.target_scale_ = scale if scale > 0 and y.min() < y.max() else 1.0
        return "identity", 1

    def _encode(self, y: Array) -> Array:
        """Targets in units of their standard deviation, ``(examples,)``."""
        return (y.astype(float) - self.target_mean_) / self.target_scale_
