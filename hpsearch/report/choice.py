"""What a search chose, how that scores, and how the search went, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from hpsearch.config.digits import digits, score_interval, score_value
from hpsearch.config.hyperparameters import in_words
from hpsearch.config.messages import listed
from hpsearch.report.sentences import short
from hpsearch.results.best import Best
from hpsearch.tuning.baselines import GUESS
from hpsearch.tuning.scores import TestScore

_GUESSES = {"test_error": "Guessing the most frequent class", "test_r2": "Guessing the mean"}

_STATES = {"FAIL": "failed"}
"""States whose name is no word of a sentence."""


def chosen(best: Best, complete: int, eligible: int | None = None) -> str:
    """Which trial was chosen, with which setting.

    Args:
        best: Of the study.
        complete: How many trials are.
        eligible: How many of these satisfy the constraints and have a finite value; all by default.
    """
    setting = best.hyperparameters if isinstance(best.hyperparameters, dict) else vars(best.hyperparameters)
    values = listed([f"{in_words(name)} {short(value)}" for name, value in setting.items()]) if setting else ""
    of = f"{complete:,} completed ones"
    if eligible is not None and eligible < complete:
        of = f"{eligible:,} that satisfy the constraints and have a finite value, of {of}"
    standing = "the only one that is complete" if complete == 1 else f"the best of {of}"
    return f"Trial {best.number} was chosen, {standing}{': ' if setting else ''}{values}."


def on_fresh_seeds(profile: pd.DataFrame, value: float) -> str:
    """What the chosen setting does on seeds that did not choose it, beside the value that it was chosen by.

    Args:
        profile: See :func:`hpsearch.experiments.profiles.profile`; of any setting.
        value: Of the trial.
    """
    row = profile[profile["chosen"].astype(bool)].iloc[0]
    metric, low, high = in_words(str(row["metric"])), row["low"], row["high"]
    count = digits((low,), (value,), least=4, form="g")
    mean = f"{row['mean']:.{count}g} (95 % interval {low:.{count}g} to {high:.{count}g})"
    text = f"On {row['seeds']} fresh seeds its mean {metric} is {mean}; the search chose it for {value:.{count}g}"
    advice = "a search over more seeds (search.seeds) is less misled"
    if row["diverged"]:
        return f"{text}. On {row['diverged']} of these seeds its training diverged: {advice}."
    return f"{text}." if low <= value else f"{text}, which was luck in part: {advice}."


def test_score(test: TestScore | None, baselines: Mapping[str, TestScore]) -> list[str]:
    """The chosen network's score on the test split, beside what guessing and scikit-learn's default network score."""
    if test is None:
        return ["There is no test split (data.test is 0), so how well the network does on new data is not known."]
    ends = (test.low, test.high)
    others = [number for name, other in baselines.items() for number in _compared(name, other)]
    sentences = [
        f"On the {test.examples:,} test examples, by which nothing was chosen, its network has "
        f"{in_words(test.metric).removeprefix('test ')} {score_interval(vars(test), against=others, counted=False)}."
    ]
    for name, other in baselines.items():
        apart = other.low > test.high or test.low > other.high
        telling = "the intervals overlap, so they do not tell which is better"
        beside = f"{name} has {score_interval(vars(other), against=ends, counted=False)}"
        if name == GUESS:
            apart = not test.low <= other.value <= test.high
            telling = "the network's interval holds that, so it does not tell which is better"
            beside = f"{_GUESSES[test.metric]} has {score_value(test.metric, other.value, against=ends)}"
        better = (test.value < other.value) == (test.metric == "test_error")
        if apart:
            telling = f"the chosen network is {'better' if better else 'worse'}"
        sentences.append(f"{beside} on the same examples: {telling}.")
    return sentences


def _compared(name: str, baseline: TestScore) -> tuple[float, ...]:
    """What of a baseline a network is compared with: guessing is what the examples are, and has no luck of its own."""
    return (baseline.value,) if name == GUESS else (baseline.low, baseline.high)


def went(history: pd.DataFrame, objectives: int = 1, *, constrained: bool = False) -> str:
    """How the search went: states, diverged trials, and when the best was found, of several objectives in the first.

    Args:
        history: See ``Results.history``.
        objectives: How many the study has.
        constrained: Whether some trials violate constraints: their values do not count.
    """
    if history.empty:
        return "The search has no trials yet."
    states = history["state"].value_counts().to_dict()
    parts = [f"{count:,} {_STATES.get(str(state), str(state).lower())}" for state, count in states.items()]
    if diverged := int(history["diverged"].fillna(False).sum()):
        parts.append(f"{diverged:,} of them diverged")
    sentence = f"The search made {len(history):,} trial{'s' if len(history) > 1 else ''} ({', '.join(parts)})."
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
    later = f"{after:,} trial{'s' if after > 1 else ''} after it found no better" if after else "it is the last"
    within = " within the constraints" if constrained else ""
    first_of = "" if objectives == 1 else f" of the first of {objectives} objectives, {history['metric'].iloc[0]}"
    return f"{sentence} The best value{first_of}{within}, {best:.4g}, was reached at trial {first}; {later}."
