"""What trainings will take, by their arithmetic."""

from dataclasses import replace

import pytest

from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.costs import search_seconds, task_seconds
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.tasks import Task
from hpsearch.experiments.trainings import survey_tasks


def seconds(evaluator, **settings):
    setting = Hyperparameters(**{"learning_rate": 0.1, "iterations": 500, "momentum": 0.9, "l2": 0.0, "batch_size": 64,
                                 "init_scale": 0.1, **settings})  # fmt: skip
    setting = replace(setting, hidden=evaluator.config.largest_hidden)
    return task_seconds(evaluator, [Task(setting, 0, (0, setting.iterations))])


def test_an_iteration_takes_what_was_measured_of_digits(small):
    digits = Evaluator(small.with_overrides(**{"data.source": "digits", "network.hidden": [32]}))
    for batch_size, measured in ((16, 2.0), (32, 3.1), (64, 5.3), (128, 9.7), (256, 18)):
        more = seconds(digits, batch_size=batch_size, iterations=1500) - seconds(digits, batch_size=batch_size)
        assert 1e6 * more / 1000 == pytest.approx(measured, rel=0.25)


def test_the_time_of_a_search_is_that_of_its_trials_seeds_and_sizes(small_evaluator, small):
    ten = search_seconds(small_evaluator, 10)
    assert search_seconds(small_evaluator, 20) == pytest.approx([2 * end for end in ten])
    random, three = (Evaluator(small.with_overrides(sampler="random", seeds=seeds)) for seeds in (1, 3))
    assert search_seconds(three, 10) == pytest.approx([3 * end for end in search_seconds(random, 10)])
    assert search_seconds(random, 10)[0] == search_seconds(random, 10)[1] < ten[0] < ten[1]
    assert seconds(small_evaluator, iterations=50) < seconds(small_evaluator, iterations=500)
    assert task_seconds(small_evaluator, []) == 0


def test_the_trainings_of_a_survey_are_those_that_it_makes(small, tmp_path):
    from hpsearch import survey_study

    config = small.with_overrides(**{"survey.base": 4, "survey.scrambles": 2})
    rows, tasks = survey_tasks(Evaluator(config, checkpoint_count=config.survey.checkpoints))
    told = []
    survey_study(config, results=tmp_path, on_progress=told.append)
    assert (rows, len(tasks)) == (told[0].total, told[0].trainings)


def test_a_setting_of_another_network_has_its_own_time(tmp_path, small):
    wide = Evaluator(small.with_overrides(**{"network.hidden": [64, 64]}))
    narrow = Evaluator(small.with_overrides(**{"network.hidden": [4]}))
    assert seconds(wide) > 2 * seconds(narrow)
