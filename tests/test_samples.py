"""Trials as points of the unit cube, one a setting."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import create_trial

import hpsearch
from hpsearch.results.observations import ImportanceError
from hpsearch.results.points import normal_scores
from hpsearch.results.samples import read_sample
from hpsearch.space import Float

KINDS = {
    "rate": FloatDistribution(1e-4, 1, log=True),
    "size": IntDistribution(0, 20),
    "kind": CategoricalDistribution(["a", "b", "c"]),
}


def study(rows):
    """Rows of rate, size, kind and value."""
    made = optuna.create_study(study_name="s")
    made.add_trials(
        create_trial(params=dict(zip(KINDS, row[:3], strict=True)), distributions=KINDS, value=row[3]) for row in rows
    )
    return made


ROWS = [(10.0 ** -(i % 5), i, "abc"[i % 3], float(i)) for i in range(15)]


def test_numbers_lie_on_their_own_scale_and_choices_are_one_apart():
    sample = read_sample(study(ROWS))
    assert sample.names == ("rate", "size", "kind")
    assert sample.owners.tolist() == [0, 1, 2, 2, 2]
    np.testing.assert_allclose(sample.points[:5, 0], [1, 0.75, 0.5, 0.25, 0], atol=1e-12)
    np.testing.assert_allclose(sample.points[:, 1], np.arange(15) / 20)
    assert np.linalg.norm(sample.points[0, 2:] - sample.points[1, 2:]) == pytest.approx(1)


def test_trials_of_one_setting_are_one_with_the_median_of_their_values():
    sample = read_sample(study([*ROWS, (*ROWS[0][:3], 10.0), (*ROWS[0][:3], 2.0)]))
    assert sample.values.tolist() == [2.0, *range(1, 15)]
    assert sample.count == 17
    assert "17 trials have 15 different settings: trials of one setting count as one" in " ".join(sample.notes)
    assert "different settings" not in " ".join(read_sample(study(ROWS)).notes)


def test_too_few_different_settings_are_refused():
    with pytest.raises(ImportanceError, match="has 9 different settings in 18 trials"):
        read_sample(study(ROWS[:9] * 2))


def test_a_parameter_that_does_not_vary_does_not_count():
    made = study([(0.1, *row[1:]) for row in ROWS])
    assert read_sample(made).names == ("size", "kind")
    with pytest.raises(ImportanceError, match="no parameter that half of its trials have and that varies"):
        read_sample(study([(0.1, 1, "a", float(i)) for i in range(12)]))


def test_lists_among_the_choices_are_read_as_sqlite_gives_them_back():
    with pytest.warns(UserWarning, match="Choices for a categorical distribution"):
        kinds = {"x": FloatDistribution(0, 1), "layers": CategoricalDistribution([[8], [8, 8]])}
    made = optuna.create_study()
    for place in range(12):
        params = {"x": place / 12, "layers": [[8], [8, 8]][place % 2]}
        made.add_trial(create_trial(params=params, distributions=kinds, value=float(place)))
    assert read_sample(made).owners.tolist() == [0, 1, 1]


def test_normal_scores_keep_the_order_and_nothing_else():
    scores = normal_scores(np.array([3.0, -1e300, 1e160, 3.0, 5.0]))
    assert np.argsort(scores).tolist() == [1, 0, 3, 4, 2]
    assert scores[0] == scores[3]
    np.testing.assert_allclose(scores, normal_scores(np.array([1.0, 0.0, 3.0, 1.0, 2.0])))
    np.testing.assert_allclose(np.std(normal_scores(np.arange(500.0))), 1, atol=0.01)


@pytest.mark.filterwarnings("ignore:Choices for a categorical:UserWarning")
@pytest.mark.parametrize("storage", [None, "sqlite"])
def test_choices_may_be_lists_nothing_or_of_several_kinds(storage, tmp_path):
    choices = [[8], [8, 4], None, "sqrt", 0.5, True]
    kinds = {"layers": CategoricalDistribution(choices), "pair": CategoricalDistribution([[], None])}
    made = optuna.create_study(storage=storage and f"sqlite:///{tmp_path}/s.db")
    for i in range(24):
        params = {"layers": choices[i % 6], "pair": None}
        made.add_trial(create_trial(params=params, distributions=kinds, value=float(i % 6)))
        made.add_trial(create_trial(params=params | {"pair": []}, distributions=kinds, value=float(i % 6)))
    sample = read_sample(made)
    assert sample.names == ("layers", "pair")
    assert sample.points.shape == (12, 8)
    np.testing.assert_array_equal((sample.points > 0).sum(axis=1), 2)


def test_a_parameter_that_is_always_the_same_choice_does_not_count_even_if_it_is_no_number():
    kinds = {"x": FloatDistribution(0, 9), "same": CategoricalDistribution([float("nan"), 1.0])}
    made = optuna.create_study()
    made.add_trials(
        create_trial(params={"x": float(i), "same": kinds["same"].choices[0]}, distributions=kinds, value=float(i))
        for i in range(10)
    )
    assert read_sample(made).names == ("x",)


def test_a_range_may_be_longer_than_the_largest_number():
    kinds = {"x": FloatDistribution(-1.6e308, 1.6e308)}
    made = optuna.create_study()
    made.add_trials(
        create_trial(params={"x": 1.6e308 * (i / 8 - 1)}, distributions=kinds, value=float(i)) for i in range(17)
    )
    np.testing.assert_allclose(read_sample(made).points[:, 0], np.arange(17) / 16)


def test_a_choice_that_other_parameters_depend_on_is_told_where_one_of_its_values_is_left():
    made = optuna.create_study(study_name="s")
    made.add_trials(
        create_trial(params=params, distributions={name: KINDS[name] for name in params}, value=float(i))
        for i in range(30)
        for params in [{"kind": "a", "size": i % 20} if i % 3 else {"kind": "b", "rate": 0.1}]
    )
    sample = read_sample(made)
    assert sample.names == ("size",)
    assert sample.notes[:3] == (
        "too few trials have rate (beside the others): left out",
        "10 trials lack size and are left out",
        "kind is 'a' in every trial that is left, and so has no importance here",
    )


@pytest.mark.filterwarnings("ignore::UserWarning")  # a survey of a moment has too few rows
def test_a_survey_s_rows_are_not_called_those_of_an_optimiser(tmp_path):
    space = hpsearch.Space(dict.fromkeys("abcde", Float(0, 1)))
    hpsearch.survey(lambda **x: sum(x.values()), space, name="sum", base=16, scrambles=4, results=tmp_path)
    survey = hpsearch.load("sum", results=tmp_path).study
    assert not [note for note in read_sample(survey).notes if "evenly" in note]
    others = optuna.create_study()
    for trial in survey.trials:
        trial.user_attrs = {}
        others.add_trial(trial)
    assert [note for note in read_sample(others).notes if "parameters is evenly spread, as an optimiser's" in note]
