"""Which trials of a study importances are computed from, and what is said of the others."""

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState, create_trial

from hpsearch.results.observations import ImportanceError, counted_parameters, notes_on_values, usable_trials

UNIT = optuna.distributions.FloatDistribution(0, 1)


def trial(value=0.5, **params):
    return create_trial(params=params, distributions=dict.fromkeys(params, UNIT), value=value)


def study(*trials, **kwargs):
    made = optuna.create_study(**kwargs, study_name="s")
    made.add_trials(trials)
    return made


def test_trials_that_are_not_complete_or_not_finite_are_counted_and_left_out():
    made = study(*[trial(i, x=0.5) for i in range(10)], create_trial(state=TrialState.PRUNED), trial(float("inf")))
    trials, values, notes = usable_trials(made, target=None, objective=None)
    assert [t.number for t in trials] == values.tolist() == list(range(10))
    assert [note.split(" and")[0] for note in notes] == [
        "1 trial is pruned, failed or not finished",
        "1 trial has a value that is not finite, so it is left out: it may be the worst",
    ]
    made.add_trials([create_trial(state=TrialState.PRUNED), trial(float("inf"))])
    assert [note.split(" and")[0] for note in usable_trials(made, target=None, objective=None)[2]] == [
        "2 trials are pruned, failed or not finished",
        "2 trials have a value that is not finite, so they are left out: they may be the worst",
    ]


@pytest.mark.parametrize("odd", [float("nan"), None, float("-inf")])
def test_a_target_that_is_no_number_leaves_its_trial_out(odd):
    made = study(*[trial(i, x=0.5) for i in range(12)])
    target = lambda t: odd if t.number == 3 else t.value  # noqa: E731
    trials, values, notes = usable_trials(made, target=target, objective=None)
    assert len(trials) == len(values) == 11
    assert np.isfinite(values).all()
    assert "1 trial has a value that is not finite, so it is left out" in notes[0]


def test_too_few_trials_are_refused():
    with pytest.raises(ImportanceError, match="has 9 completed trials with a finite value, of 9"):
        usable_trials(study(*[trial(i, x=0.5) for i in range(9)]), target=None, objective=None)


def two_objectives(names=None):
    made = optuna.create_study(directions=["minimize", "maximize"], study_name="s")
    if names:
        with pytest.warns(optuna.exceptions.ExperimentalWarning, match="set_metric_names"):
            made.set_metric_names(names)
    made.add_trials([create_trial(values=[float(i), 2.0 * i]) for i in range(10)])
    return made


@pytest.mark.parametrize(("objective", "last"), [(0, 9), (1, -18), ("loss", 9), ("score", -18)])
def test_an_objective_by_place_or_name_is_turned_so_that_lower_is_better(objective, last):
    assert usable_trials(two_objectives(["loss", "score"]), target=None, objective=objective)[1][-1] == last


def test_an_objective_s_place_may_be_a_number_of_numpy():
    study = two_objectives()
    for place in (0, 1):
        _, values, _ = usable_trials(study, target=None, objective=np.int64(place))
        assert values.tolist() == usable_trials(study, target=None, objective=place)[1].tolist()


@pytest.mark.parametrize("objective", [2, -1, True, 1.0, "socre"])
def test_an_objective_that_is_not_there_is_refused(objective):
    with pytest.raises(ImportanceError, match="choose 'loss' or 'score'"):
        usable_trials(two_objectives(["loss", "score"]), target=None, objective=objective)


def test_a_misspelt_objective_gets_the_nearest_and_both_words_are_refused():
    with pytest.raises(ImportanceError, match='did you mean "score"'):
        usable_trials(two_objectives(["loss", "score"]), target=None, objective="socre")
    with pytest.raises(ImportanceError, match="by target or by objective, not by both"):
        usable_trials(two_objectives(), target=lambda t: t.values[0], objective=0)


def test_several_objectives_need_a_word_which():
    with pytest.raises(
        ImportanceError, match=r"has 2 objectives: say by objective= \(--objective\) which to explain, 0 or 1"
    ):
        usable_trials(two_objectives(), target=None, objective=None)


def test_a_few_trials_without_a_parameter_go_and_not_the_parameter():
    trials = [trial(y=0.5), trial(x=0.1), trial(), *[trial(x=0.5, y=0.5) for _ in range(10)]]
    names, kept, notes = counted_parameters(trials)
    assert names == ["y", "x"]
    assert kept == list(range(3, 13))
    assert notes == ["3 trials lack one of y, x and are left out"]


def test_a_parameter_of_less_than_half_of_the_trials_goes():
    trials = [*[trial(x=0.5) for _ in range(6)], *[trial(x=0.5, y=0.5) for _ in range(5)]]
    assert counted_parameters(trials) == (
        ["x"],
        list(range(11)),
        ["too few trials have y (beside the others): left out"],
    )


def test_branches_that_no_trial_has_both_of_leave_half_of_the_trials():
    names, kept, notes = counted_parameters([trial(a=0.5, x=0.5), trial(a=0.5, y=0.5)] * 5)
    assert names == ["a", "x"]
    assert len(kept) == 5
    assert len(notes) == 2


def test_outliers_and_constants_are_noted():
    even = np.linspace(0, 1, 101)
    assert notes_on_values(even) == []
    assert notes_on_values(np.append(even, [5.7, -4.7])) == []  # 10 times 0.5 from the quartiles is 5.75
    assert notes_on_values(np.append(even, [6.0, -5.0]))[0].startswith("2 trials have a value more than 10")
    assert notes_on_values(np.append(even, [6.0]))[0].startswith("1 trial has a value more than 10")
    assert notes_on_values(np.append(even, [1e308, -1e308]))[0].startswith("2 trials")
    assert "is the same in every trial" in notes_on_values(np.full(9, 3.0))[0]
    assert notes_on_values(np.array([0.0] * 99 + [1.0])) == []
