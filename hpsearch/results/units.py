"""The first layer's weights while they are learned: whether the hidden units differ (lesson L1 and L2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator

CHECKPOINTS = 6
"""At which the weights are shown, at most."""


def units(evaluator: Evaluator, settings: Hyperparameters, curve: pd.DataFrame) -> pd.DataFrame:
    """The weights of the first layer at a few of a training's checkpoints.

    Args:
        evaluator: Of the study.
        settings: Of the training.
        curve: Its rows of ``Results.curves``: one trial, one seed.

    Returns:
        A row a checkpoint, unit and input, inputs varying fastest. Columns: number, seed, iteration, unit, input (its
        place), name (of the input), weight, distinct_units (of all; missing where training has diverged).
    """
    places = np.unique(np.linspace(0, len(curve) - 1, CHECKPOINTS).round().astype(int))
    rows, frames = curve.iloc[places], []
    networks = evaluator.networks(settings, rows["seed"].tolist()[0], iterations=rows["iteration"].tolist())
    for row, network in zip(rows.to_dict("records"), networks, strict=True):
        weights = network.weights[0].astype(float)
        count, inputs = weights.shape
        frames.append(
            pd.DataFrame(
                {
                    "number": int(row["number"]),
                    "seed": int(row["seed"]),
                    "iteration": int(row["iteration"]),
                    "unit": np.repeat(np.arange(count), inputs),
                    "input": np.tile(np.arange(inputs), count),
                    "name": np.tile(np.array(network.preparation.feature_names, dtype=object), count),
                    "weight": weights.ravel(),
                    "distinct_units": row["distinct_units"],
                }
            )
        )
    frame = pd.concat(frames, ignore_index=True)
    return frame.astype({"name": "str", "distinct_units": "Int64"})
