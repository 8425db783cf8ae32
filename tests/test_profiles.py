"""Profiles: their numbers are those of raw trainings on seeds that no search has seen, by SciPy's own tests."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hpsearch.data import from_arrays
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.experiments.profiles import plane, profile, tunability
from hpsearch.experiments.tolerances import intervals, tolerance
from hpsearch.results.study import load as load_results
from hpsearch.sensitivity.designs import DesignError
from hpsearch.tuning.choice import choose
from hpsearch.tuning.search import search

AROUND = Hyperparameters(0.3, 20, momentum=0.6, l2=1e-4, batch_size=16, init_scale=0.1, hidden=(6,))
FRESH = 1_000_000


@pytest.fixture(scope="module")
def results(small, small_evaluator, tmp_path_factory):
    """A search of eight trials, with its best chosen, read back."""
    folder = tmp_path_factory.mktemp("results")
    study = search(small.with_overrides(**{"search.trials": 8}), results=folder)
    choose(study, small_evaluator, results=folder)
    return load_results("small", results=folder)


def trained(config, settings, seeds, metric="validation_loss"):
    """A metric where each training ended, ``(settings, seeds)``: one setting on one seed at a time."""
    evaluator = Evaluator(config)
    table = np.empty((len(settings), len(seeds)))
    for k, seed in enumerate(seeds):
        evaluator.seeds = (seed,)
        for row, setting in enumerate(settings):
            (alone,) = evaluator.evaluate([setting])
            table[row, k] = alone.final[metric]
    return table


def t_intervals(samples):
    """SciPy's 95 % interval of the mean of each row, ``(2, rows)``."""
    return np.transpose([stats.ttest_1samp(row, 0).confidence_interval(0.95) for row in samples])


@pytest.fixture(scope="module")
def along_rate(small, small_evaluator):
    """A profile, and the raw trainings under it."""
    found = profile(small_evaluator, AROUND, "learning_rate", values=12, seeds=4)
    rates = sorted([*np.geomspace(0.01, 1.0, 12), AROUND.learning_rate])
    settings = [replace(AROUND, learning_rate=rate) for rate in rates]
    return found, settings, trained(small, settings, range(FRESH, FRESH + 4))


def test_a_profile_is_the_mean_of_fresh_trainings_with_its_t_interval(small, along_rate):
    found, settings, raw = along_rate
    assert found["value"].to_numpy() == pytest.approx([s.learning_rate for s in settings])
    assert found["mean"].to_numpy() == pytest.approx(raw.mean(axis=1), rel=1e-5)
    low, high = t_intervals(raw)
    assert found["low"].to_numpy() == pytest.approx(low, rel=1e-4)
    assert found["high"].to_numpy() == pytest.approx(high, rel=1e-4)
    errors = trained(small, settings, range(FRESH, FRESH + 4), "validation_error")
    assert found["error"].to_numpy() == pytest.approx(errors.mean(axis=1))
    assert set(found["seeds"]) == {4}


def test_the_seeds_on_which_a_value_diverged_are_counted(small_evaluator):
    class Diverging:
        config, dataset = small_evaluator.config, small_evaluator.dataset

        def evaluate(self, settings, *, seeds):
            found = small_evaluator.evaluate(settings, seeds=seeds)
            return [
                replace(e, diverged=(s.learning_rate > 0.5, False, True)) for e, s in zip(found, settings, strict=True)
            ]

    found = profile(Diverging(), replace(AROUND, learning_rate=0.9), "learning_rate", values=2, seeds=3)
    assert found["diverged"].tolist() == [1 + (rate > 0.5) for rate in found["value"]]


def test_the_chosen_value_is_that_of_the_setting_whatever_the_means(small_evaluator):
    for name in ("batch_size", "momentum", "iterations", "learning_rate"):
        for value in {"batch_size": (8, 32)}.get(name, (getattr(AROUND, name),)):
            found = profile(small_evaluator, replace(AROUND, **{name: value}), name, values=5, seeds=2)
            assert found.loc[found["chosen"], "value"].tolist() == [value]
            assert found["value"].is_monotonic_increasing
            assert found["value"].is_unique
            assert len(found) == (3 if name == "batch_size" else 6)


def test_losses_are_measured_in_pairs_with_the_chosen_value(small, small_evaluator, along_rate):
    found, settings, raw = along_rate
    best = int(found["chosen"].argmax())
    low, high = t_intervals(raw - raw[best])
    assert found["value"][best] == AROUND.learning_rate
    others = np.arange(13) != best
    assert found["difference"].to_numpy() == pytest.approx((raw - raw[best]).mean(axis=1), rel=1e-4, abs=1e-6)
    assert found["difference_low"].to_numpy()[others] == pytest.approx(low[others], rel=1e-4, abs=1e-6)
    assert found["difference_high"].to_numpy()[others] == pytest.approx(high[others], rel=1e-4, abs=1e-6)
    assert found["near_best"].tolist() == [bool(end <= 0) for end in np.where(others, low, 0)]
    assert 1 < found["near_best"].sum() < 13
    errors = trained(small, settings, range(FRESH, FRESH + 4), "validation_error")
    lost = errors - errors[best]
    mean, low, high = intervals(lost, step=1 / small_evaluator.dataset.validation.examples)
    assert found["error_difference"].to_numpy() == pytest.approx(mean, abs=1e-6)
    assert found["error_difference_low"].to_numpy()[others] == pytest.approx(low[others], abs=1e-6)
    assert found["error_difference_high"].to_numpy()[others] == pytest.approx(high[others], abs=1e-6)
    ends = found.loc[best, ["difference_low", "difference_high", "error_difference_low", "error_difference_high"]]
    assert ends.tolist() == [0, 0, 0, 0]


def test_an_error_that_is_the_metric_moves_in_steps_too(small):
    found = profile(Evaluator(small.with_overrides(metric="validation_error")), AROUND, "l2", values=3, seeds=2)
    for end in ("", "_low", "_high"):
        pd.testing.assert_series_equal(found[f"difference{end}"], found[f"error_difference{end}"], check_names=False)


def test_errors_that_few_seeds_agree_on_are_not_known_for_certain(small, small_evaluator):
    def evaluate(settings, seeds):
        ends = np.full((len(seeds), 1, 1), 0.1)
        return [Evaluation(("validation_error",), tuple(seeds), (60,), ends, (False,) * len(seeds)) for _ in settings]

    config = small.with_overrides(metric="validation_error")
    source = SimpleNamespace(config=config, dataset=small_evaluator.dataset, evaluate=evaluate)
    half = stats.t.isf(0.025, 9) ** 2 / 10 / small_evaluator.dataset.validation.examples
    for table in (
        profile(source, AROUND, "l2", values=2, seeds=10),
        plane(source, AROUND, "l2", "momentum", values=2, seeds=10),
    ):
        ends = table[["mean", "low", "high"]].to_numpy()
        assert ends == pytest.approx(np.tile([0.1, 0.1 - half, 0.1 + half], (len(table), 1)))
    gains = tunability(source, AROUND, values=2, seeds=10)
    for low, high in (("gain_low", "gain_high"), ("at_best_low", "at_best_high")):
        assert gains[[low, high]].to_numpy() == pytest.approx(np.tile([-half, half], (len(gains), 1)))


def test_where_the_search_used_large_seeds_the_fresh_ones_are_larger(small):
    large = small.with_overrides(seeds=[FRESH + 1, 2**32 - 1])
    found = profile(Evaluator(large), AROUND, "momentum", values=2, seeds=2)
    raw = trained(small, [replace(AROUND, momentum=value) for value in (0.0, 0.6, 0.9)], (2**32, 2**32 + 1))
    assert found["mean"].to_numpy() == pytest.approx(raw.mean(axis=1), rel=1e-5)


def test_one_seed_gives_no_interval_and_is_refused(small_evaluator):
    for trained_on_one in (
        lambda: profile(small_evaluator, AROUND, "momentum", seeds=1),
        lambda: plane(small_evaluator, AROUND, "momentum", "l2", seeds=1),
        lambda: tunability(small_evaluator, AROUND, seeds=1),
    ):
        with pytest.raises(DesignError, match=r"give seeds=2 or more \(given: 1\)"):
            trained_on_one()


def test_profiles_use_no_seed_of_the_search(small, small_evaluator):
    found = profile(small_evaluator, AROUND, "momentum", values=3, seeds=2)
    settings = [replace(AROUND, momentum=value) for value in (0.0, 0.45, 0.6, 0.9)]
    fresh, own = (trained(small, settings, seeds).mean(axis=1) for seeds in ((FRESH, FRESH + 1), small.search.seeds))
    assert found["mean"].to_numpy() == pytest.approx(fresh, rel=1e-5)
    assert found["mean"].to_numpy() != pytest.approx(own, rel=1e-3)
    assert small_evaluator.seeds == small.search.seeds


def test_a_plane_is_the_mean_of_fresh_trainings_with_its_t_interval(small, small_evaluator):
    found = plane(small_evaluator, AROUND, "learning_rate", "batch_size", values=3, seeds=3)
    points = [(rate, size) for rate in (0.01, 0.1, 1.0) for size in (8, 16, 32)]
    settings = [replace(AROUND, learning_rate=rate, batch_size=size) for rate, size in points]
    raw = trained(small, settings, range(FRESH, FRESH + 3))
    assert found["learning_rate"].to_numpy() == pytest.approx([rate for rate, _ in points])
    assert found["batch_size"].tolist() == [size for _, size in points]
    assert found["mean"].to_numpy() == pytest.approx(raw.mean(axis=1), rel=1e-5)
    low, high = t_intervals(raw)
    assert found["low"].to_numpy() == pytest.approx(low, rel=1e-4)
    assert found["high"].to_numpy() == pytest.approx(high, rel=1e-4)


def test_a_gain_is_measured_in_pairs_on_seeds_that_did_not_choose_it(small, small_evaluator):
    best, seeds = replace(AROUND, iterations=60), 3
    found = tunability(small_evaluator, best, values=5, seeds=seeds).set_index("hyperparameter")
    # small has 60 iterations at most; the rest are the defaults of the README
    default = Hyperparameters(0.1, 60, momentum=0.9, l2=1e-4, batch_size=32, init_scale=0.1, hidden=(6,))
    assert found["default"].to_dict() == {name: getattr(default, name) for name in small.space.dimensions}
    tries = {"learning_rate": np.geomspace(0.01, 1, 5), "momentum": np.linspace(0, 0.9, 5), "batch_size": [8, 16, 32]}
    choosing, measuring = (range(FRESH + k * seeds, FRESH + (k + 1) * seeds) for k in (0, 1))
    for name, values in tries.items():
        row = found.loc[name]
        chosen = trained(small, [replace(default, **{name: value}) for value in values], choosing).mean(axis=1)
        assert row["tuned"] == pytest.approx(values[chosen.argmin()])
        settings = [
            default,
            replace(default, **{name: values[chosen.argmin()]}),
            replace(best, **{name: getattr(default, name)}),
            best,
        ]
        before, after, without, whole = trained(small, settings, measuring)
        gain, left = stats.ttest_rel(before, after), stats.ttest_rel(without, whole)
        assert row["gain"] == pytest.approx((before - after).mean(), rel=1e-4, abs=1e-6)
        assert row["gain_at_best"] == pytest.approx((without - whole).mean(), rel=1e-4, abs=1e-6)
        for ends, test in ((("gain_low", "gain_high"), gain), (("at_best_low", "at_best_high"), left)):
            assert row[list(ends)].tolist() == pytest.approx(list(test.confidence_interval(0.95)), rel=1e-3)
    assert found["gain"].is_monotonic_decreasing


def test_a_regression_has_a_profile_and_no_error_to_tolerate(small):
    x = np.random.default_rng(0).standard_normal((60, 2))
    evaluator = Evaluator(small, from_arrays(x, x @ [1.0, -2.0] + 0.5))
    found = profile(evaluator, AROUND, "momentum", values=3, seeds=2)
    assert found[["error", "error_difference", "error_difference_low", "error_difference_high"]].isna().all(axis=None)
    assert np.isfinite(found[["mean", "low", "high"]].to_numpy()).all()
    tolerated = tolerance(found)
    missing = ["tolerated_low", "tolerated_high", "unshown_low", "unshown_high"]
    assert np.isnan([tolerated[column] for column in missing]).all()
    assert tolerated["best"] == found["value"][found["chosen"].argmax()]


def test_profiles_and_tunability_come_from_fresh_trainings(results):
    r = results
    found = r.profile("learning_rate", values=6, seeds=3)
    assert len(found) == 7
    assert found["near_best"].any()
    assert (found["low"] <= found["mean"]).all()
    again = r.profile("learning_rate", values=6, seeds=3)
    pd.testing.assert_frame_equal(found, again)
    tolerated = r.tolerance(values=5, seeds=3)
    assert tolerated["hyperparameter"].tolist() == list(r.config.space.dimensions)
    for low, high in (("near_low", "near_high"), ("tolerated_low", "tolerated_high"), ("unshown_low", "unshown_high")):
        assert ((tolerated[low] <= tolerated["best"]) & (tolerated["best"] <= tolerated[high])).all()
    plane = r.plane("learning_rate", "momentum", values=6, seeds=3)
    assert len(plane) == 6 * 6
    column = plane[plane["momentum"] == plane["momentum"].min()]
    grid = found.loc[~found["chosen"], "value"]
    pd.testing.assert_series_equal(column["learning_rate"], grid, check_index=False, check_names=False)
    with pytest.raises(DesignError, match="'momentum' is named twice"):
        r.plane("momentum", "momentum")
    tuned = r.tunability(values=4, seeds=3)
    assert set(tuned["hyperparameter"]) == set(r.config.space.dimensions)
    row = tuned.set_index("hyperparameter").loc["learning_rate"]
    assert row["gain_low"] <= row["gain"] <= row["gain_high"]
    assert row["best"] == r.best.hyperparameters.learning_rate
