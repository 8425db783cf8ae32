"""Functions whose Sobol indices are known exactly, name to function, space, first and total; a null to look at."""

import numpy as np
import pandas as pd

from hpsearch.experiments.looks import LOOKS
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import Design
from hpsearch.sensitivity.indices import Contrasts, Responses
from hpsearch.sensitivity.verdicts import SHARE, verdicts
from hpsearch.space import Choice, Float, Space

G = np.array([0, 1, 4.5, 9, 99, 99])
PARTS = 1 / (3 * (1 + G) ** 2)
G_FIRST = PARTS / (np.prod(1 + PARTS) - 1)
G_TOTAL = [PARTS[i] * np.prod(np.delete(1 + PARTS, i)) / (np.prod(1 + PARTS) - 1) for i in range(6)]


def ishigami(rows):
    return np.sin(rows.x1) + 7 * np.sin(rows.x2) ** 2 + 0.1 * rows.x3**4 * np.sin(rows.x1)


def sobol_g(rows):
    return np.prod((np.abs(4 * rows[[f"x{i}" for i in range(6)]].to_numpy() - 2) + G) / (1 + G), axis=1)


def with_log_and_choice(rows):
    return np.log10(rows["rate"]) + np.log2(rows["size"])


def unit(count):
    return Space({f"x{i}": Float(0, 1) for i in range(count)})


CLOSED = {
    "ishigami": (
        ishigami, Space({f"x{i}": Float(-np.pi, np.pi) for i in (1, 2, 3)}),
        [0.3139, 0.4424, 0], [0.5576, 0.4424, 0.2437],
    ),
    "Sobol G": (sobol_g, unit(6), G_FIRST, G_TOTAL),
    "additive": (lambda r: 4 * r.x0 + 2 * r.x1 + r.x2, unit(3), np.array([16, 4, 1]) / 21, np.array([16, 4, 1]) / 21),
    "product": (lambda r: r.x0 * r.x1, unit(2), [3 / 7] * 2, [4 / 7] * 2),
    "ridge": (
        lambda r: (r.x + r.y) ** 2, Space({"x": Float(-2, 2), "y": Float(-1, 1)}), [0.4324, 0.0270], [0.9730, 0.5676],
    ),
    "log axis and ordered choice": (
        with_log_and_choice, Space({"rate": Float(1e-3, 1, log=True), "size": Choice((16, 32, 64, 128, 256))}),
        [0.75 / 2.75, 2 / 2.75], [0.75 / 2.75, 2 / 2.75],
    ),
}  # fmt: skip


def false_alarms(rng, *, scrambles, repeats):
    """How often looking until it is decided calls a setting, whose total index is the share itself, either verdict.

    The estimates of a look are means over twice the rows of the look before, those rows among them.
    """
    counts = dict.fromkeys(("sensitive", "inert"), 0)
    for _ in range(repeats):
        sums = np.zeros((scrambles, 1))
        for look in range(LOOKS):
            rows, before = 2**look, 2 ** (look - 1) if look else 0
            sums = sums + np.sqrt(rows - before) * rng.standard_normal(sums.shape)
            total = SHARE + 0.05 * sums / rows
            measured = Contrasts(np.ones(scrambles), total, total, total[:, :0], None)
            blocks = Responses(np.zeros((scrambles, 3, rows)), ("x",))
            survey = Survey(pd.DataFrame(), Design(unit(1)), "y", looks=LOOKS)
            (verdict,) = verdicts(measured, blocks, which=[0], confidence=survey.confidence(0.95))
            if verdict.verdict in counts:
                counts[verdict.verdict] += 1
                break
    return {word: count / repeats for word, count in counts.items()}
