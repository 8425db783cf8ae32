"""What a prompt shows of each public object: a line, whatever it holds."""

import pytest

import hpsearch
from hpsearch import Float, Objective, Space, survey_frames
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.results.refinement import refine


@pytest.fixture(scope="module")
def results(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    hpsearch.search(small.with_overrides(trials=30), results=folder)
    return hpsearch.load("small", results=folder)


def test_an_object_that_holds_arrays_is_a_line(results, small, small_evaluator):
    data = results.dataset
    assert repr(data) == "Dataset('iris', 3 classes, 4 features, 90 + 30 + 30 examples)"
    assert repr(data.train) == "Split(90 examples, 4 features)"
    assert repr(data.preparation) == "Preparation(4 columns, 4 features)"
    assert repr(Evaluator(small, data)) == f"Evaluator('small', {data!r})"
    assert repr(Objective(small, dataset=data)) == "Objective('small')"
    assert repr(results.plot) == "figures of Results('small', 30 trials)"
    assert repr(refine(results, name="next")) == "Refinement('next', by 30 trials)"
    assert len(repr(results.best)) < 300 > len(repr(results.network(0)))


def test_a_config_is_a_line_too(small):
    names = "learning_rate, iterations, momentum, l2, batch_size, init_scale"
    assert repr(small) == str(small) == f"StudyConfig('small', data 'iris', over {names}, 14 trials by tpe)"


def test_a_survey_of_many_settings_says_how_many():
    wide = survey_frames(lambda rows: rows["x0"], Space({f"x{i}": Float(0, 1) for i in range(13)}), base=4, scrambles=2)
    assert repr(wide) == "Survey of response over 13 settings: 128 rows in 2 scrambles"
    assert repr(wide.plot) == f"figures of {wide!r}"
    assert repr(wide.take()) == "Response('response', linear form, 128 rows)"


def test_an_attribution_names_its_settings(results):
    told = results.attribution(seeds=2)
    assert repr(told) == f"Attribution of {told.of} against the defaults: {', '.join(told.table['hyperparameter'])}"
