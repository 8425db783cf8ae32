"""Which trials of a study stand out: the best, those that no other beats, and one by its number."""

from __future__ import annotations

from collections import Counter

import optuna
from optuna.trial import FrozenTrial, TrialState

from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.results.frames import value_columns
from hpsearch.results.names import ResultsError
from hpsearch.storage.trials import CURVES
from hpsearch.tuning.choice import best_trial


def chosen_trial(study: optuna.Study) -> FrozenTrial:
    """The best trial by the study's own direction and constraints; see :func:`hpsearch.tuning.choice.ranked_trials`.

    Raises:
        ResultsError: if there is none, which says why.
    """
    if len(study.directions) > 1:
        objectives = ", ".join(study.metric_names or value_columns(study))
        raise ResultsError(
            f"study {study.study_name!r} has {len(study.directions)} objectives ({objectives}), so no one trial is its "
            "best: `pareto` has the trials that no other is better than"
        )
    trial = best_trial(study)
    if trial is None:
        raise ResultsError(f"study {study.study_name!r} {_why_none(study)}")
    return trial


def _why_none(study: optuna.Study) -> str:
    """Why no trial can be the best."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        states = Counter(trial.state.name.lower() for trial in study.get_trials(deepcopy=False))
        others = ", ".join(f"{count:,} {state}" for state, count in states.items())
        return "has no completed trial yet" + (f" ({others})" if others else "")
    kept = sum(all(excess <= 0 for excess in trial.constraints.values()) for trial in complete)
    if not kept:
        return f"has no trial that satisfies the constraints: all {len(complete)} completed trials violate one"
    others = "" if kept == len(complete) else f" (the other {len(complete) - kept} violate a constraint)"
    return f"has no trial with a finite value among its {kept} completed trials{others}"


def trial_of(study: optuna.Study, number: int) -> FrozenTrial:
    """The trial of that number, which has ended.

    Raises:
        ResultsError: if there is none, or it is still running or waiting.
    """
    trials = {trial.number: trial for trial in study.get_trials(deepcopy=False)}
    if number not in trials:
        raise ResultsError(f"no trial {number} in study {study.study_name!r}, which has {len(trials)}")
    if not trials[number].state.is_finished():
        raise ResultsError(f"trial {number} is {trials[number].state.name}: it has no network yet")
    return trials[number]


def trained_trial(study: optuna.Study, number: int) -> FrozenTrial:
    """The trial of that number, which was trained to its end.

    Raises:
        ResultsError: if there is none, it was pruned or has failed, or is still running or waiting.
    """
    trial = trial_of(study, number)
    if trial.state == TrialState.PRUNED:
        ended = max(trial.intermediate_values, default=None)
        when = "" if ended is None else f" at iteration {ended}"
        raise ResultsError(f"trial {number} was pruned{when}: its network was not trained to the end")
    if trial.state == TrialState.FAIL:
        raise ResultsError(f"trial {number} has failed: it has no network")
    return trial


def seed_of(trial: FrozenTrial, seed: int | None, *, default: tuple[int, ...]) -> int:
    """A seed that a trial was trained on, its first where none is named.

    Args:
        trial: Of a study of ours.
        seed: Of one of its networks.
        default: Seeds of a trial that does not say its own.

    Raises:
        ResultsError: if the trial was not trained on it.
    """
    seeds = tuple(trial.system_attrs.get(CURVES, {}).get("seeds", default))
    seed = seeds[0] if seed is None else seed
    if seed not in seeds:
        raise ResultsError(f"trial {trial.number} was not trained on seed {seed}; its seeds are {seeds}")
    return seed


def check_finite(trial: FrozenTrial, seed: int) -> None:
    """Refuse a training whose weights or loss stopped being finite.

    Raises:
        ResultsError: if the trial diverged with that seed.
    """
    if CURVES not in trial.system_attrs:
        return
    evaluation = Evaluation.decode(trial.system_attrs[CURVES])
    diverged = [one for one, away in zip(evaluation.seeds, evaluation.diverged, strict=True) if away]
    if seed in diverged:
        others = ", ".join(str(one) for one in evaluation.seeds if one not in diverged)
        advice = f"; with seed {others} it did not" if others else ""
        raise ResultsError(f"trial {trial.number} diverged with seed {seed}: it has no network{advice}")
