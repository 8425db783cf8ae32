"""Tables of a search: the best so far by the study's own rules, its space, bands and the best trials' curves."""

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from hpsearch import Results
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.results import searches
from hpsearch.storage.trials import CURVES
from hpsearch.tuning.search import search

DISTRIBUTIONS = {
    "rate": FloatDistribution(1e-3, 1, log=True),
    "value": IntDistribution(1, 9),
    "kind": CategoricalDistribution(["a", "b"]),
    "size": CategoricalDistribution([32, 8]),
}
PARAMS = {"rate": 0.1, "value": 2, "kind": "a", "size": 8}


def foreign(values, *, direction="minimize", states=None, constraints=None):
    study = optuna.create_study(direction=direction, study_name="f")
    for k, value in enumerate(values):
        state = TrialState.COMPLETE if states is None else states[k]
        given = {} if constraints is None else {"constraints": constraints[k]}
        end = {"value": value} if state == TrialState.COMPLETE else {"intermediate_values": {1: value}}
        trial = create_trial(params=PARAMS, distributions=DISTRIBUTIONS, state=state, system_attrs=given, **end)
        study.add_trial(trial)
    return Results.from_study(study)


@pytest.mark.parametrize(
    ("direction", "best"), [("minimize", [3.0, 2.0, 2.0, 1.0]), ("maximize", [3.0, 3.0, 4.0, 4.0])]
)
def test_the_best_so_far_goes_by_the_study_s_direction(direction, best):
    results = foreign([3.0, 2.0, 4.0, 1.0], direction=direction)
    history = results.history()
    assert list(history) == ["study", "number", "state", "metric", "value", "best_so_far", "diverged"]
    assert history["best_so_far"].tolist() == best
    assert history["metric"].tolist() == ["value"] * 4
    assert results.best.value == best[-1]


def test_only_completed_trials_with_finite_values_whose_constraints_hold_can_be_the_best():
    pruned = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.COMPLETE]
    assert foreign([3.0, 1.0, 2.0], states=pruned).history()["best_so_far"].tolist() == [3, 3, 2]
    infeasible = foreign([3.0, 1.0, 2.0], constraints=[(-1, 0), (0, 0.5), (0, 0)])
    assert infeasible.history()["best_so_far"].tolist() == [3, 3, 2]
    assert infeasible.best.number == 2
    infinite = foreign([float("inf"), 2.0, float("-inf")]).history()["best_so_far"]
    np.testing.assert_array_equal(infinite, [np.nan, 2, 2])


def test_of_several_objectives_the_history_is_named_after_the_first():
    study = optuna.create_study(directions=["maximize", "minimize"])
    study.optimize(lambda trial: (trial.number % 3, 0), n_trials=4)
    history = Results.from_study(study).history()
    assert (set(history["metric"]), history["best_so_far"].tolist()) == ({"value_0"}, [0, 1, 2, 2])
    with pytest.warns(optuna.exceptions.ExperimentalWarning, match="set_metric_names"):
        study.set_metric_names(["accuracy", "seconds"])
    assert set(Results.from_study(study).history()["metric"]) == {"accuracy"}


def test_the_history_of_a_study_without_trials_is_empty():
    assert foreign([]).history().empty
    assert foreign([]).space().empty
    assert foreign([]).curve_bands().empty
    assert foreign([]).best_curves().empty


def test_the_space_names_each_column_of_the_trials_with_its_range_and_scale():
    results = foreign([1.0])
    expected = [
        ("rate", 1e-3, 1.0, "log"),
        ("params_value", 1.0, 9.0, "linear"),
        ("kind", np.nan, np.nan, "choices"),
        ("size", 8.0, 32.0, "choices"),
    ]
    columns = ["hyperparameter", "low", "high", "scale"]
    pd.testing.assert_frame_equal(results.space(), pd.DataFrame(expected, columns=columns).astype({"scale": "str"}))
    assert set(results.space()["hyperparameter"]) <= set(results.trials)


def test_a_range_that_grew_is_as_wide_as_all_trials():
    results = foreign([1.0])
    results.study.add_trial(
        create_trial(params={"rate": 5}, distributions={"rate": FloatDistribution(1e-2, 9)}, value=0)
    )
    row = results.space().iloc[0]
    assert (row["low"], row["high"]) == (1e-3, 9)


def trained(*curves):
    """A study of trials with these curves of the metric train_loss, each seeds × checkpoints at 0, 1, 10, … or ends."""
    study = optuna.create_study(study_name="t")
    for iterations, losses in curves:
        losses = np.array(losses, dtype="float32")
        e = Evaluation(
            ("train_loss",), tuple(range(len(losses))), iterations, losses[:, :, None], (False,) * len(losses)
        )
        attrs = {CURVES: e.encode()}
        study.add_trial(create_trial(value=float(np.nanmean(losses[:, -1])), system_attrs=attrs))
    return Results.from_study(study)


def test_bands_are_quantiles_of_the_trials_means_over_seeds_at_the_checkpoints_they_reach():
    ends = [((0, 1, 10, 20 + k), [[8.0, 4.0 + k, 2.0 * k, 1], [8.0, 6.0 + k, 2.0 * k, 1]]) for k in range(11)]
    bands = trained(*ends, ((0, 1, 5), [[8.0, 5.0, 9.0]])).curve_bands()
    assert bands[["metric", "iteration", "trials"]].to_numpy().tolist() == [
        ["train_loss", 0, 12], ["train_loss", 1, 12], ["train_loss", 10, 11]
    ]  # fmt: skip
    np.testing.assert_allclose(bands[["q10", "median", "q90"]].iloc[2], [2, 10, 18])
    means = [5.0, *(5.0 + k for k in range(11))]
    np.testing.assert_allclose(bands[["q10", "median", "q90"]].iloc[1], np.quantile(means, [0.1, 0.5, 0.9]))


def test_where_all_train_equally_long_the_end_is_a_checkpoint_and_a_lone_end_is_none():
    same = trained(((0, 1, 9), [[3, 2, 1]]), ((0, 1, 9), [[3, 2, 1]]))
    assert same.curve_bands()["iteration"].tolist() == [0, 1, 9]
    lone = trained(((0, 1, 9), [[3, 2, 1]]), ((0, 1, 8), [[3, 2, 1]]))
    assert lone.curve_bands()["iteration"].tolist() == [0, 1]


def test_a_metric_that_a_diverged_seed_has_not_is_missing_in_the_trial_s_mean():
    results = trained(((0, 5), [[2.0, 2.0], [2.0, np.nan]]), ((0, 5), [[2.0, 4.0], [2.0, 6.0]]))
    assert results.curve_bands()[["median", "trials"]].to_numpy().tolist() == [[2.0, 2.0], [5.0, 1.0]]


def test_the_best_curves_are_ranked_by_value_and_hold_means_over_seeds():
    results = trained(((0, 5), [[9, 3], [9, 5]]), ((0, 6), [[7, 1]]), ((0, 4), [[8, 2]]))
    best = results.best_curves(2)
    assert list(best) == ["study", "number", "rank", "iteration", "train_loss"]
    assert best.iloc[:, 1:].to_numpy().tolist() == [[1, 1, 0, 7], [1, 1, 6, 1], [2, 2, 0, 8], [2, 2, 4, 2]]
    assert results.best_curves(3)["train_loss"].tolist()[-1] == 4


def test_a_search_says_what_its_value_is_and_its_metrics_stand_in_their_order(small, tmp_path):
    results = Results.from_study(search(small.with_overrides(trials=4), results=tmp_path))
    assert set(results.history()["metric"]) == {"validation_loss"}
    assert searches.metric_of(results.study) == "validation_loss"
    bands = results.curve_bands()
    assert list(dict.fromkeys(bands["metric"])) == [c for c in results.curves if c in set(bands["metric"])]
    assert results.space()["hyperparameter"].tolist() == list(small.space.dimensions)
