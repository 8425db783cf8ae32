"""Each figure of a study is that of its table, by the table's name and options."""

import inspect
import warnings

import optuna
import pandas as pd
import pytest

from hpsearch import DesignError, Results, figures, importance
from hpsearch.experiments.tolerances import tolerance
from hpsearch.results.plots import ResultsPlots
from hpsearch.tuning.search import search


@pytest.fixture(scope="module")
def results(small, tmp_path_factory):
    return Results.from_study(search(small, results=tmp_path_factory.mktemp("results")))


def test_figures_of_a_search_draw_its_tables(results):
    assert results.plot.history() == figures.history(results.history())
    assert results.plot.curves(3) == figures.curves(results.curve_bands(), results.best_curves(3))
    assert results.plot.trials() == figures.trials(results.trials, results.space(), results.history())
    assert results.plot.units(2) == figures.units(results.units(2))


def test_figures_around_the_best_draw_its_tables(results):
    profiled = results.profile("momentum", values=5, seeds=2)
    stretches = pd.DataFrame([tolerance(profiled, points=0.2)])
    expected = figures.profile(profiled, results.space(), stretches, results.trials)
    assert results.plot.profile("momentum", values=5, seeds=2, points=0.2) == expected
    with pytest.raises(DesignError, match=r"points must be a number, finite and at least 0 \(given: 'x'\)"):
        results.plot.profile("momentum", values=5, seeds=2, points="x")
    told = results.attribution(of=1, seeds=2)
    assert results.plot.attribution(of=1, seeds=2) == figures.attribution(told.table, of=told.of, against=told.against)
    plane = results.plane("momentum", "l2", values=3, seeds=2)
    assert results.plot.plane("momentum", "l2", values=3, seeds=2) == figures.plane(plane, results.space())


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_front_is_drawn_among_the_trials_that_keep_the_constraints_and_are_finite():
    study = optuna.create_study(directions=["minimize", "maximize"])
    study.set_metric_names(["error", "speed"])
    for excess, values in ((1.0, [0.0, 9.0]), (0.0, [1.0, 5.0]), (0.0, [2.0, 4.0]), (0.0, [3.0, float("-inf")])):
        trial = study.ask()
        trial.set_constraint("c", excess)
        study.tell(trial, values)
    figure = Results.from_study(study).plot.pareto()
    assert [list(trace.x) for trace in figure.data] == [[2.0], [1.0]]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == (
        "error (minimised)",
        "speed (maximised)",
    )


def test_importances_without_a_survey_stand_alone(results):
    options = {"measures": ("permutation",), "permutations": 9, "bootstraps": 3}
    with warnings.catch_warnings(action="ignore"):
        assert results.plot.importance(**options) == figures.importance(importance(results.study, **options))


@pytest.mark.parametrize("name", ["profile", "plane", "attribution", "units", "importance"])
def test_a_figure_takes_its_table_s_options(name):
    options = dict(inspect.signature(getattr(Results, name)).parameters)
    plot = dict(inspect.signature(getattr(ResultsPlots, name)).parameters)
    plot.pop("points", None)
    assert {n: (p.default, p.kind) for n, p in plot.items() if n != "self"} == {
        n: (p.default, p.kind) for n, p in options.items() if n != "self"
    }
