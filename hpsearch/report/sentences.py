"""Sentences computed from tables: what is seen in them, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hpsearch.config.hyperparameters import in_words
from hpsearch.config.kinds import text_of
from hpsearch.config.messages import listed
from hpsearch.results.best import Best
from hpsearch.tuning.baselines import GUESS
from hpsearch.tuning.scores import TestScore

_GUESSES = {"test_error": "Guessing the most frequent class", "test_r2": "Guessing the mean"}

LUCK = ("seed", "dummy")
"""Rows of the tables of a survey that are no settings."""


def chosen(best: Best, complete: int) -> str:
    """Which trial was chosen, with which setting."""
    setting = best.hyperparameters if isinstance(best.hyperparameters, dict) else vars(best.hyperparameters)
    values = listed([f"{in_words(name)} {short(value)}" for name, value in setting.items()]) if setting else ""
    return f"Trial {best.number} was chosen, the best of {complete:,} completed ones{': ' if setting else ''}{values}."


def test_score(test: TestScore | None, baselines: Mapping[str, TestScore]) -> list[str]:
    """The chosen network's score on the test split, beside what guessing and scikit-learn's default network score."""
    if test is None:
        return ["There is no test split (data.test is 0), so how well the network does on new data is not known."]
    metric = test.metric.removeprefix("test_").replace("r2", "R²")
    sentences = [
        f"On the {test.examples:,} test examples, used once and for this choice alone, its network has {metric} "
        f"{interval(test)}."
    ]
    for name, score in baselines.items():
        far = score.low > test.high or test.low > score.high
        better = (test.value < score.value) == (metric == "error")
        verdict = "the intervals overlap, so they do not tell which is better"
        if far:
            verdict = "the chosen network is better" if better else "the chosen network is worse"
        words = _GUESSES[test.metric] if name == GUESS else name
        sentences.append(f"{words} has {interval(score)} on the same examples: {verdict}.")
    return sentences


def interval(score: TestScore) -> str:
    """A score with its 95 % interval, in per cent where it is an error."""
    percent = score.metric.endswith("error")
    value, low, high = (f"{100 * v:.1f} %" if percent else f"{v:.3f}" for v in (score.value, score.low, score.high))
    return f"{value} (95 % interval {low} to {high})"


def went(history: pd.DataFrame, objectives: int = 1) -> str:
    """How the search went: states, diverged trials, and when the best was found, of several objectives in the first."""
    if history.empty:
        return "The search has no trials yet."
    states = history["state"].value_counts().to_dict()
    parts = [f"{count:,} {str(state).lower()}" for state, count in states.items()]
    diverged = int(history["diverged"].fillna(False).sum()) if "diverged" in history else 0
    if diverged:
        parts.append(f"{diverged:,} of them diverged")
    sentence = f"The search made {len(history):,} trials ({', '.join(parts)})."
    complete = history[history["state"] == "COMPLETE"]
    if complete.empty:
        return f"{sentence} None is complete, so there is no best."
    best = complete["best_so_far"].iloc[-1]
    if pd.isna(best):
        return (
            f"{sentence} None that is complete has a finite value and satisfies the constraints, so there is no best."
        )
    first = complete.loc[complete["best_so_far"] == best, "number"].min()
    after = int((history["number"] > first).sum())
    later = f"{after:,} trials after it found no better" if after else "it is the last"
    first_of = "" if objectives == 1 else f" of the first of {objectives} objectives, {history['metric'].iloc[0]}"
    return f"{sentence} The best value{first_of}, {best:.4g}, was reached at trial {first}; {later}."


def at_edges(edges: pd.DataFrame) -> str:
    """Whether the best trials lie at an end of a range."""
    if edges.empty:
        return ""
    count, at = edges["trials"].max(), edges[edges["edge"] != ""]
    if at.empty:
        return f"The {count} best trials crowd at no end of a range."
    parts = [f"the {row['edge']} end of {in_words(row['hyperparameter'])}" for row in at.to_dict("records")]
    return f"Of the {count} best trials at least half lie at {listed(parts)}: better settings may lie beyond."


def sensitive_to(indices: pd.DataFrame, share: float) -> list[str]:
    """What a response is sensitive to, what is inert or only re-rolls luck, and how large luck is."""
    settings = indices[~indices["hyperparameter"].isin(LUCK)]
    sentences = []
    for verdict, words in (
        ("sensitive", "{response} is sensitive to"),
        ("re-rolls luck", "Other values only re-roll luck, without a change of the mean over seeds, for"),
        ("inert", f"Inert, below {100 * share:g} % of the variance:"),
        ("undecided", "Not decided by this survey:"),
    ):
        rows = settings[settings["verdict"] == verdict]
        if len(rows):
            parts = [index_words(row) for row in rows.to_dict("records")]
            response = str(rows["response"].iat[0]).replace("_", " ")
            sentences.append(f"{words.format(response=response[0].upper() + response[1:])} {listed(parts)}.")
    if not (settings["verdict"] == "sensitive").any():
        sentences.insert(0, "No setting is shown to matter over these ranges.")
    seed = indices[indices["hyperparameter"] == "seed"]
    if len(seed) and seed["total_order"].notna().all():
        luck = percent(float(seed["total_order"].to_numpy()[0]))
        sentences.append(f"Luck, the random seed with all that it interacts with, has {luck} of the variance.")
    return sentences


def index_words(row: Mapping[Any, Any]) -> str:
    """A setting with its total index and the interval."""
    name = in_words(row["hyperparameter"])
    if pd.isna(row["total_order"]):
        return f"{name} (no index: {row['reason']})"
    total, low, high = (percent(row[f"total_{column}"]) for column in ("order", "low", "high"))
    return f"{name} ({total} of the variance in all, {low} to {high})"


def when(over: pd.DataFrame) -> str:
    """Which setting matters most at which iterations."""
    settings = over[~over["hyperparameter"].isin(LUCK) & over["total_order"].notna()]
    if settings.empty:
        return ""
    top = settings.loc[settings.groupby("iteration")["total_order"].idxmax()].sort_values("iteration")
    changes = top[top["hyperparameter"] != top["hyperparameter"].shift()]
    parts = [
        f"{in_words(row['hyperparameter'])} {'before training' if row['iteration'] == 0 else _from(row['iteration'])} "
        f"({percent(row['total_order'])})"
        for row in changes.to_dict("records")
    ]
    return f"The largest total index belongs to {listed(parts)}."


def _from(iteration: int) -> str:
    return f"from iteration {iteration:,} on"


def together(interactions: pd.DataFrame) -> str:
    """Which pairs of settings interact."""
    pairs = interactions[~interactions["first"].isin(LUCK) & ~interactions["second"].isin(LUCK)]
    present = pairs[pairs["verdict"] == "present"]
    if len(present):
        parts = [
            f"{in_words(row['first'])} with {in_words(row['second'])} ({percent(row['interaction'])}, "
            f"{percent(row['low'])} to {percent(row['high'])})"
            for row in present.head(3).to_dict("records")
        ]
        return f"Settings that act together, the strongest first: {listed(parts)}."
    if len(pairs) and (pairs["verdict"] == "undecided").all():
        return f"Whether settings interact is not known: {pairs['reason'].iat[0]}."
    return "No interaction is seen beyond its uncertainty, which does not show that there is none."


def wrong_by(tolerance: pd.DataFrame, points: float) -> list[str]:
    """How wrong each setting may be: where it is not shown to be worse, and where such a loss is excluded."""
    if tolerance.empty:
        return []
    near = "By the metric of the search, no value among these is shown to be worse than the chosen one: "
    texts = [f"{near}{_stretches(tolerance, 'near')}."]
    if (tolerance["tolerated_low"].notna() | tolerance["tolerated_choices"].notna()).all():
        rise = "one point" if points == 0.01 else f"{100 * points:g} points"
        excluded = f"Within these around the chosen values a rise of the validation error by over {rise} is excluded: "
        texts.append(f"{excluded}{_stretches(tolerance, 'tolerated')}.")
    return texts


def _stretches(tolerance: pd.DataFrame, kind: str) -> str:
    return "; ".join(
        f"{in_words(row['hyperparameter'])} {_stretch(row, kind)} (chosen: {short(row['best'])})"
        for row in tolerance.to_dict("records")
    )


def _stretch(row: Mapping[Any, Any], kind: str) -> str:
    """From end to end, or the words of a set."""
    if isinstance(row[f"{kind}_choices"], tuple):
        return listed(row[f"{kind}_choices"])
    return f"{short(row[f'{kind}_low'])} to {short(row[f'{kind}_high'])}"


def percent(share: float) -> str:
    """A share in per cent, small ones with a digit more; what sampling error puts beyond 0 and 1 is cut off."""
    share = min(max(share, 0.0), 1.0)
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def short(value: object) -> str:
    """A value in three digits; a whole number whole, hidden layers as their text."""
    if isinstance(value, tuple):
        return text_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.3g}"
