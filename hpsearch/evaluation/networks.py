"""A trained network that stands on its own: it predicts from raw tables, and is saved without pickle."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hpsearch.data.files import atomic_write
from hpsearch.data.preparation import Preparation
from hpsearch.engine.network import predict
from hpsearch.engine.settings import Architecture, Array, Hyperparameters
from hpsearch.evaluation.archive import FORMAT, read_network

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TrainedNetwork:
    """Learned weights with all that is needed to use them.

    Attributes:
        architecture: Shape of the network.
        parameters: ``(parameters,)`` weights and biases of all layers, flat.
        preparation: How a raw table becomes the network's input.
        classes: Labels in the order of the outputs, or None for regression.
        target_mean: Mean of the training targets of a regression.
        target_scale: Their standard deviation.
        hyperparameters: What it was trained with.
        seed: The seed of its initial weights and order of examples.
    """

    architecture: Architecture
    parameters: Array
    preparation: Preparation
    classes: Array | None
    target_mean: float
    target_scale: float
    hyperparameters: Hyperparameters
    seed: int

    def __repr__(self) -> str:
        return f"TrainedNetwork({', '.join(f'{name}={words}' for name, words in self._summary().items())})"

    def _repr_html_(self) -> str:
        import pandas as pd

        rows = {name.replace("_", " "): words for name, words in self._summary().items()}
        return pd.Series(rows, dtype=object).to_frame().to_html(header=False, border=0)

    def _summary(self) -> dict[str, str]:
        """Shape, hyperparameters and seed, a few digits of each."""
        shape = self.architecture
        units = "-".join(map(str, (shape.features, *shape.hidden, shape.outputs)))
        numbers = {name: value for name, value in asdict(self.hyperparameters).items() if name not in asdict(shape)}
        rows = {name: f"{value:.4g}" for name, value in numbers.items()}
        return {"units": units, "activation": shape.activation, "init": shape.init, **rows, "seed": str(self.seed)}

    @property
    def weights(self) -> list[Array]:
        """The matrix W of each layer, ``(units, inputs)``."""
        return [layer[:, :-1] for layer in self.architecture.layers(self.parameters)]

    @property
    def biases(self) -> list[Array]:
        """The vector b of each layer, ``(units,)``."""
        return [layer[:, -1] for layer in self.architecture.layers(self.parameters)]

    def predict(self, X: pd.DataFrame | Array) -> Array:
        """Labels, or targets in their own units, ``(examples,)``.

        Args:
            X: ``(examples, columns)`` as in the data it was trained on, not standardised.

        Raises:
            DataError: if the columns are not those.
        """
        out = self._outputs(X)
        if self.classes is None:
            return out[0] * self.target_scale + self.target_mean
        if self.architecture.output == "binary":
            return self.classes[(out[0] > 0.5).astype(int)]
        return self.classes[out.argmax(axis=0)]

    def predict_proba(self, X: pd.DataFrame | Array) -> Array:
        """Probability of each class, ``(examples, classes)``.

        Raises:
            TypeError: for a regression network.
        """
        if self.classes is None:
            raise TypeError("a regression network has no class probabilities: use predict")
        out = self._outputs(X)
        return np.stack([1 - out[0], out[0]], axis=1) if len(out) == 1 else np.ascontiguousarray(out.T)

    def score(self, X: pd.DataFrame | Array, y: Array) -> float:
        """Accuracy, or R² of a regression."""
        from sklearn.metrics import accuracy_score, r2_score

        judge = r2_score if self.classes is None else accuracy_score
        return float(judge(y, self.predict(X)))

    def respond(self, inputs: Array) -> Array:
        """Outputs ``(outputs, examples)`` for prepared inputs ``(examples, features)``."""
        return predict(self.architecture, self.parameters, inputs).T

    def _outputs(self, X: pd.DataFrame | Array) -> Array:
        return self.respond(self.preparation.transform(X))

    def save(self, path: str | Path) -> Path:
        """Write to a ``.npz`` file without pickle, whole or not at all.

        Returns:
            The path written.

        Raises:
            FileError: if it cannot be written.
        """
        path = Path(path)
        about = {
            "format": FORMAT,
            "architecture": asdict(self.architecture),
            "hyperparameters": asdict(self.hyperparameters),
            "seed": self.seed,
            "target_mean": self.target_mean,
            "target_scale": self.target_scale,
        }
        arrays: dict[str, Any] = {f"preparation_{name}": a for name, a in self.preparation.to_arrays().items()}
        if self.classes is not None:
            arrays["classes"] = np.asarray(self.classes)
        with atomic_write(path) as partial, partial.open("wb") as file:
            np.savez(file, about=np.array(json.dumps(about)), parameters=self.parameters, **arrays)
        return path

    @classmethod
    def load(cls, path: str | Path) -> TrainedNetwork:
        """Read what :meth:`save` wrote; nothing in the file is executed, and all of it is checked.

        Raises:
            NetworkFileError: if the file is no such network, or its weights are not finite.
            FileNotFoundError: if there is no file.
        """
        return cls(**read_network(Path(path)))
