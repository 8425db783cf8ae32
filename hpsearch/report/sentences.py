"""Sentences computed from the tables of a survey and of profiles: what is seen in them, and what is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.config.digits import percent
from hpsearch.config.hyperparameters import in_words
from hpsearch.config.kinds import text_of
from hpsearch.config.messages import listed
from hpsearch.sensitivity.designs import DUMMY, SEED
from hpsearch.sensitivity.verdicts import MEAN_NOT_SHOWN, NO_FLOOR
from hpsearch.space import Dimension

LUCK = (SEED, DUMMY)
"""Rows of the tables of a survey that are no settings."""


def sensitive_to(indices: pd.DataFrame, share: float) -> list[str]:
    """What a response is sensitive to, what is inert or only re-rolls luck, and how large luck is."""
    settings = indices[~indices["hyperparameter"].isin(LUCK)]
    if (settings["verdict"] == "").all():
        return [f"No index is there: {settings['reason'].iat[0]}."]
    response, sentences = str(settings["response"].iat[0]).replace("_", " "), []
    maybe_luck = settings["reason"] == MEAN_NOT_SHOWN
    for verdict, reasoned, words in (
        ("sensitive", False, f"{response} is sensitive to"),
        ("re-rolls luck", False, "other values only re-roll luck, without a change of the mean over seeds, for"),
        ("inert", False, f"inert, below {100 * share:g} % of the variance:"),
        ("undecided", True, f"shown to change {response}, if perhaps only by other luck of the seed:"),
        ("undecided", False, "not decided by this survey:"),
    ):
        rows = settings[(settings["verdict"] == verdict) & (maybe_luck == reasoned)]
        if len(rows):
            sentences.append(f"{words[0].upper()}{words[1:]} {_with_indices(rows)}.")
    if not (settings["verdict"] == "sensitive").any():
        change = "change the mean over seeds" if maybe_luck.any() else "matter"
        sentences.insert(0, f"No setting is shown to {change} over these ranges.")
    return [*sentences, *_luck(indices)]


def _with_indices(rows: pd.DataFrame) -> str:
    """Settings with their total indices, or the one reason why these say nothing of them."""
    if (rows["reason"] == NO_FLOOR).all():
        names = listed([in_words(name) for name in rows["hyperparameter"]])
        return f"{names}, for every total index may be noise ({NO_FLOOR})"
    return listed([index_words(row) for row in rows.to_dict("records")])


def _luck(indices: pd.DataFrame) -> Iterator[str]:
    """How large luck is; with noise of an unknown size in it, nothing."""
    for row in indices[indices["hyperparameter"] == "seed"].to_dict("records"):
        if pd.notna(row["total_order"]) and not (indices["reason"] == NO_FLOOR).any():
            total, low, high = (percent(row[f"total_{column}"]) for column in ("order", "low", "high"))
            share = f"{total} of the variance ({low} to {high})"
            yield f"Luck, the random seed with all that it interacts with, has {share}."


def index_words(row: Mapping[Any, Any]) -> str:
    """A setting with its total index and the interval."""
    name = in_words(row["hyperparameter"])
    if pd.isna(row["total_order"]):
        return f"{name} (no index: {row['reason']})"
    total, low, high = (percent(row[f"total_{column}"], limit=row["share"]) for column in ("order", "low", "high"))
    return f"{name} ({total} of the variance in all, {low} to {high})"


def when(over: pd.DataFrame) -> str:
    """Which of the settings that are shown to matter has the largest index at which iterations."""
    settings = over[~over["hyperparameter"].isin(LUCK) & over["total_order"].notna()]
    shown = settings[settings["verdict"] == "sensitive"]
    if settings.empty:
        return ""
    if shown.empty:
        return "At no iteration is a setting shown to matter."
    largest = shown.loc[shown.groupby("iteration")["total_order"].idxmax()].set_index("iteration")
    top = largest.reindex(sorted(settings["iteration"].unique())).reset_index()
    names = top["hyperparameter"].fillna("")
    parts: list[str] = []
    none: list[str] = []
    for _, run in top.groupby((names != names.shift()).cumsum()):
        first, *_ = rows = run.to_dict("records")
        words = _during([row["iteration"] for row in rows], end=int(top["iteration"].max()))
        if pd.isna(first["hyperparameter"]):
            none.append(words)
        else:
            share = percent(first["total_order"]) + (" at first" if len(rows) > 1 else "")
            parts.append(f"{in_words(first['hyperparameter'])} {words} ({share})")
    unshown = f" No setting is shown to matter {listed(none)}." if none else ""
    return f"By the estimates the largest total index is that of {listed(parts)}.{unshown}"


def _during(iterations: Sequence[int], *, end: int) -> str:
    """These checkpoints, one after the other, in words; the last of all is the end."""
    first, last = iterations[0], iterations[-1]
    if first == last:
        return "before training" if first == 0 else f"at iteration {first:,}"
    if last == end:
        return f"from iteration {first:,} on"
    return f"up to iteration {last:,}" if first == 0 else f"from iteration {first:,} to {last:,}"


def together(interactions: pd.DataFrame) -> str:
    """Which pairs of settings interact."""
    pairs = interactions[~interactions["first"].isin(LUCK) & ~interactions["second"].isin(LUCK)]
    present = pairs[pairs["verdict"] == "present"]
    if len(present):
        parts = [
            f"{in_words(row['first'])} with {in_words(row['second'])} ({percent(row['interaction'], limit=0)}, "
            f"{percent(row['low'], limit=0)} to {percent(row['high'])})"
            for row in present.head(3).to_dict("records")
        ]
        return f"Settings that act together, the strongest first: {listed(parts)}."
    if len(pairs) and (pairs["verdict"] == "undecided").all():
        return f"Whether settings interact is not known: {pairs['reason'].iat[0]}."
    return "No interaction is seen beyond its uncertainty, which does not show that there is none."


def wrong_by(
    tolerance: pd.DataFrame, space: Mapping[str, Dimension], points: float, *, enough: bool = True
) -> list[str]:
    """How wrong each setting may be: outside of what it is shown to be worse, and where too much error is excluded.

    Args:
        tolerance: See :func:`hpsearch.experiments.tolerances.tolerance`.
        space: The ranges of the study.
        points: Validation error that may be lost.
        enough: Whether there are examples and seeds enough to exclude so much where nothing changes.
    """
    if tolerance.empty:
        return []
    whole = np.array([_all_near(row, space[row["hyperparameter"]]) for row in tolerance.to_dict("records")])
    inside, words, texts = tolerance[~whole], tolerance["near_choices"].notna(), []
    metric = "By the metric of the search,"
    if len(inside):
        near = f"{metric} every value that was tried outside of these is shown to be worse than the chosen one"
        texts.append(f"{near}: {_stretches(inside, 'near')}.")
    for rows, what in ((whole & ~words, "neither end of the range of"), (whole & words, "no other value of")):
        if rows.any():
            names = listed([in_words(name) for name in tolerance.loc[rows, "hyperparameter"]])
            texts.append(f"{metric} {what} {names} is shown to be worse than the chosen value.")
    if (tolerance["tolerated_low"].notna() | tolerance["tolerated_choices"].notna()).all():
        rise = "one point" if points == 0.01 else f"{100 * points:g} points"
        if not enough:
            few = "the validation examples are too few for that, on so few seeds"
            return [*texts, f"A rise of the validation error by over {rise} is excluded nowhere: {few}."]
        excluded = f"Within these around the chosen values a rise of the validation error by over {rise} is excluded: "
        texts.append(f"{excluded}{_stretches(tolerance, 'tolerated')}.")
    return texts


def _all_near(row: Mapping[Any, Any], dimension: Dimension) -> bool:
    """Whether no value is taken off the range of a setting: neither of its ends, or none of its words, is worse."""
    if isinstance(row["near_choices"], tuple):
        return len(row["near_choices"]) == len(dimension.values(0))
    return bool(np.allclose([row["near_low"], row["near_high"]], dimension.ends, rtol=1e-9, atol=0.0))


def _stretches(tolerance: pd.DataFrame, kind: str) -> str:
    return "; ".join(
        f"{in_words(row['hyperparameter'])} {_stretch(row, kind)} (chosen: {short(row['best'])})"
        for row in tolerance.to_dict("records")
    )


def _stretch(row: Mapping[Any, Any], kind: str) -> str:
    """From end to end, or the words of a set."""
    if isinstance(row[f"{kind}_choices"], tuple):
        return listed(row[f"{kind}_choices"])
    low, high = short(row[f"{kind}_low"]), short(row[f"{kind}_high"])
    return f"{low} alone" if low == high else f"{low} to {high}"


def short(value: object) -> str:
    """A value in three digits; a whole number whole, hidden layers as their text."""
    if isinstance(value, tuple):
        return text_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.3g}"
