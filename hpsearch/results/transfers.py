"""What the best of one study loses on another, and which single setting serves all best: from scores to tables.

Intervals are over seeds, on the examples that a study's test split has. Which examples these are is luck too: of two
networks that are equally good, one may get the few right that the other gets wrong. So for classes a loss is called
shown only where it is also worth at least :data:`FEWEST` test examples: six that all changed to the same side are the
fewest that a two-sided sign test at 5 % does not put down to luck (2 · 2⁻⁶ = 0.03; McNemar 1947, Psychometrika 12).
For a regression there is no such count, and its verdicts speak of these examples alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hpsearch.experiments.comparisons import DEFAULTS, FEWEST
from hpsearch.experiments.tolerances import interval_columns, intervals, levels, p_values
from hpsearch.sensitivity.indices import Numbers


def transfer_table(scores: pd.DataFrame, *, classes: Mapping[str, bool]) -> pd.DataFrame:
    """What every setting loses on every study against that study's own best, and gains over the defaults.

    Args:
        scores: Of ``hpsearch.experiments.comparisons.scores`` on the test examples, of all studies; with the rows of
            the defaults.
        classes: Of each study whether it predicts classes.

    Returns:
        A row a setting and study. Columns: from, to, points, points_low, points_high (mean over seeds), regret,
        regret_low, regret_high (points more than those of the study's own best: what is lost), gain, gain_low,
        gain_high (points fewer than those of the defaults), loss, loss_regret, loss_low, loss_high (the same of the
        test loss), verdict, examples, seeds, p. Intervals are 95 % over seeds, in pairs where they are of a difference.
        The verdict is "own best"; "worse" or "better" where the interval of the regret lies on one side of 0 and, for
        classes, the regret is worth at least six test examples; else "not shown". Each is one of many: p is that of no
        regret, two-sided, for who corrects for their number (1 for the own best).
    """
    rows = []
    for study, part in scores.groupby("to", sort=False):
        names, points = _matrix(part, "points")
        _, loss = _matrix(part, "loss")
        examples = int(part["examples"].iloc[0])
        step = _step(part, classes=classes)
        own, defaults = names.index(str(study)), names.index(DEFAULTS)
        columns = {
            **interval_columns("points", np.clip(levels(points, step=step), 0, 100)),
            **interval_columns("regret", _less(points, own, step=step)),
            **interval_columns("gain", _less(-points, defaults, step=step)),
            "loss": loss.mean(axis=1),
            **interval_columns("loss_regret", _less(loss, own), ends="loss"),
        }
        p = p_values(points - points[own], step=step)
        table = pd.DataFrame({"from": names, "to": str(study), **columns})
        own_best = table["from"] == table["to"]
        verdict = _verdicts(
            table, "regret", worth=table["regret"], fewest=FEWEST * step, own=own_best, itself="own best"
        )
        rows.append(table.assign(verdict=verdict, examples=examples, seeds=points.shape[1], p=p))
    return pd.concat(rows, ignore_index=True).astype({"from": "str", "to": "str", "verdict": "str"})


def single_setting_table(validation: pd.DataFrame, test: pd.DataFrame, *, classes: Mapping[str, bool]) -> pd.DataFrame:
    """Which single setting serves all studies best: the best of each, and the defaults, as the setting of all.

    It is chosen by the mean of the points over studies on the *validation* examples, and its regret is measured on the
    test examples: no winner's curse. (On its own study each best is a winner on the validation examples, so the choice
    leans a little to settings that are good there alone; their regret does not.)

    Args:
        validation: Of ``hpsearch.experiments.comparisons.scores`` of all studies.
        test: The same on the test examples.
        classes: Of each study whether it predicts classes.

    Returns:
        A row a setting, best by validation first. Columns: from, validation (mean points over studies), regret,
        regret_low, regret_high (test points more than those of each study's own best, mean over studies), worst_study,
        worst (the largest regret on one study), worst_low, worst_high, difference, difference_low, difference_high
        (mean regret more than that of the chosen), verdict, chosen, studies, seeds. Intervals are 95 % over seeds, for
        these studies and their examples; that of the worst is as if the study had been named before. The verdict is
        "chosen"; "worse" or "better" where the interval of the difference lies on one side of 0 and it is worth at
        least six test examples of all studies together, or a regression is among them; else "not shown".
    """
    parts = {str(study): part for study, part in test.groupby("to", sort=False)}
    steps = [_step(part, classes=classes) for part in parts.values()]
    matrices = [_matrix(part, "points") for part in parts.values()]
    names, points = matrices[0][0], np.array([matrix for _, matrix in matrices])  # (studies, settings, seeds)
    own = [names.index(study) for study in parts]
    alone = np.array([_less(p, best, step=step) for p, best, step in zip(points, own, steps, strict=True)])
    judged = validation.groupby("from")["points"].mean().reindex(names).to_numpy(dtype=float)
    chosen, worst = int(np.argmin(judged)), alone[:, 0].argmax(axis=0)
    mean = np.mean([p - p[best] for p, best in zip(points, own, strict=True)], axis=0)
    step = max(steps) / len(steps)
    frame = pd.DataFrame(
        {
            "from": names,
            "validation": judged,
            **interval_columns("regret", intervals(mean, step=step)),
            "worst_study": np.array(list(parts))[worst],
            **interval_columns("worst", alone[worst, :, np.arange(len(names))].T),
            **interval_columns("difference", _less(mean, chosen, step=step)),
            "chosen": np.arange(len(names)) == chosen,
            "studies": len(parts),
            "seeds": mean.shape[1],
        }
    ).astype({"from": "str", "worst_study": "str"})
    wrong = _wrong_examples(points, steps)
    examples = np.full(len(names), np.inf) if wrong is None else wrong - wrong[chosen]
    words = _verdicts(frame, "difference", worth=examples, fewest=FEWEST, own=frame["chosen"], itself="chosen")
    frame.insert(list(frame).index("chosen"), "verdict", pd.Series(words, dtype="str"))
    return frame.sort_values("validation", kind="stable", ignore_index=True)


def _step(part: pd.DataFrame, *, classes: Mapping[str, bool]) -> float:
    """In which points move: an example changes sides; 0 where they are continuous."""
    return 100 / float(part["examples"].iloc[0]) if classes[str(part["to"].iloc[0])] else 0.0


def _wrong_examples(points: Numbers, steps: Sequence[float]) -> Numbers | None:
    """Examples in the wrong class, of all studies together, ``(settings,)``; of a regression there is no count."""
    if not all(steps):
        return None
    return np.asarray(np.sum([p.mean(axis=1) / step for p, step in zip(points, steps, strict=True)], axis=0))


def _matrix(part: pd.DataFrame, column: str) -> tuple[list[str], Numbers]:
    """A column of a study's scores as ``(settings, seeds)``, and the names of the settings."""
    table = part.pivot(index="from", columns="seed", values=column).reindex(part["from"].unique())
    return [str(name) for name in table.index], table.to_numpy(dtype=float)


def _less(samples: Numbers, place: int, *, step: float = 0.0) -> tuple[Numbers, Numbers, Numbers]:
    """Each row less that of a place, with its interval over seeds in pairs; of that place itself 0 for certain."""
    mean, low, high = intervals(samples - samples[place], step=step)
    low[place] = high[place] = 0.0
    return mean, low, high


def _verdicts(
    table: pd.DataFrame, name: str, *, worth: pd.Series | Numbers, fewest: float, own: pd.Series, itself: str
) -> NDArray[Any]:
    """Whether a difference is shown: by its interval, and by what it is worth; ``itself`` of what is its own."""
    enough = np.abs(worth) >= fewest - 1e-9  # a mean over seeds of shares has rounding
    worse, better = (table[f"{name}_low"] > 0) & enough, (table[f"{name}_high"] < 0) & enough
    return np.select([own, worse, better], [itself, "worse", "better"], default="not shown")
