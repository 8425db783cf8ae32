"""Attributions: real trainings of all mixtures on fresh seeds, shared out; and of any study what may be asked."""

from dataclasses import asdict, replace
from itertools import combinations, pairwise, permutations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hpsearch import load, search
from hpsearch.data import from_arrays
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.experiments import attributions
from hpsearch.experiments.attributions import attribution, setting_against
from hpsearch.experiments.trainings import survey_study
from hpsearch.results.study import ResultsError
from hpsearch.sensitivity.designs import DesignError

FRESH = 1_000_000
OLD = Hyperparameters(learning_rate=0.1, iterations=10, momentum=0.2, l2=1e-4, batch_size=16, init_scale=0.1)
NEW = Hyperparameters(learning_rate=0.8, iterations=40, momentum=0.8, l2=1e-2, batch_size=8, init_scale=0.5)
NAMES = [name for name, value in asdict(OLD).items() if value != getattr(NEW, name)]


@pytest.fixture(scope="module")
def results(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    search(small.with_overrides(trials=4), results=folder)
    return load("small", results=folder)


def source(config, gain, *, noise=0.0):
    """Trainings whose loss is 5 less a gain of the changed names, and the luck of the seed and the setting."""
    used = []

    def evaluate(settings, *, seeds):
        evaluations = []
        for setting in settings:
            changed = [name for name in NAMES if getattr(setting, name) == getattr(NEW, name)]
            luck = [np.random.default_rng((seed, *map(NAMES.index, changed), 7)).standard_normal() for seed in seeds]
            curves = 5.0 - gain(changed) + noise * np.array(luck)
            evaluations.append(
                Evaluation(("validation_loss",), tuple(seeds), (1,), curves[:, None, None], (False,) * len(seeds))
            )
            used.extend((setting, seed) for seed in seeds)
        return evaluations

    examples = SimpleNamespace(X=np.zeros((100, 2)), examples=100)
    dataset = SimpleNamespace(train=examples, validation=examples)
    return SimpleNamespace(config=config, dataset=dataset, evaluate=evaluate, used=used)


def by_name(told):
    return told.table.set_index("hyperparameter")


def test_shares_are_means_over_all_orders_of_raw_trainings_with_their_t_intervals(small, small_evaluator):
    names = ["learning_rate", "iterations", "batch_size"]
    new = replace(OLD, **{name: getattr(NEW, name) for name in names})
    told = attribution(small_evaluator, new, OLD, seeds=4)

    def loss(changed):
        setting = replace(OLD, **{name: getattr(NEW, name) for name in changed})
        (evaluation,) = Evaluator(small).evaluate([setting], seeds=range(FRESH, FRESH + 4))
        return evaluation.curves[:, -1, evaluation.metrics.index("validation_loss")].astype(float)

    losses = {frozenset(s): loss(s) for size in range(4) for s in combinations(names, size)}
    table = by_name(told)
    assert told.exact
    assert list(told.table["share"]) == sorted(told.table["share"], reverse=True)
    for name in names:
        before = [frozenset(order[: order.index(name)]) for order in permutations(names)]
        samples = {
            "share": np.mean([losses[s] - losses[s | {name}] for s in before], axis=0),
            "alone": losses[frozenset()] - losses[frozenset({name})],
            "last": losses[frozenset(names) - {name}] - losses[frozenset(names)],
        }
        for part, sample in samples.items():
            assert table.loc[name, part] == pytest.approx(sample.mean(), rel=1e-5)
            ends = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
            assert table.loc[name, [f"{part}_low", f"{part}_high"]].tolist() == pytest.approx(list(ends), rel=1e-5)
        assert table.loc[name, ["against", "of"]].tolist() == [getattr(OLD, name), getattr(NEW, name)]
    whole = losses[frozenset()] - losses[frozenset(names)]
    assert table["share"].sum() == pytest.approx(whole.mean())
    assert table["alone"].sum() + told.interactions["interaction"].sum() == pytest.approx(whole.mean())
    assert table["start"].iat[0] == pytest.approx(losses[frozenset()].mean(), rel=1e-5)
    assert table["end"].iat[0] == pytest.approx(losses[frozenset(names)].mean(), rel=1e-5)
    ends = list(stats.ttest_1samp(whole, 0).confidence_interval(0.95))
    assert table[["gain", "gain_low", "gain_high"]].iloc[0].tolist() == pytest.approx([whole.mean(), *ends], rel=1e-4)


def test_the_best_path_is_measured_on_seeds_that_did_not_choose_it(small):
    trainings = source(small, lambda changed: len(changed), noise=0.3)
    told = attribution(trainings, NEW, OLD, seeds=3)
    later = [(setting, seed) for setting, seed in trainings.used if seed >= FRESH + 3]
    assert {seed for _, seed in later} == {FRESH + 3, FRESH + 4, FRESH + 5}
    settings = list(dict.fromkeys(setting for setting, _ in later))
    assert (settings[0], settings[-1], len(settings)) == (OLD, NEW, 7)
    again = trainings.evaluate(settings, seeds=range(FRESH + 3, FRESH + 6))
    losses = np.array([evaluation.curves[:, 0, 0] for evaluation in again])
    assert told.path["mean"].to_numpy() == pytest.approx(losses.mean(axis=1))
    assert told.path["gain"].to_numpy()[1:] == pytest.approx((losses[:-1] - losses[1:]).mean(axis=1))
    assert told.path["step"].tolist() == list(range(7))
    assert told.path["hyperparameter"].tolist()[1:] == [
        next(name for name in NAMES if getattr(a, name) != getattr(b, name)) for a, b in pairwise(settings)
    ]


def test_a_product_of_two_changes_is_shared_and_each_needs_the_other(small):
    """Momentum and rate gain 2 together, and the rate alone loses 1; the rest does nothing."""

    def gain(changed):
        return 3.0 * ({"learning_rate", "momentum"} <= set(changed)) - 1.0 * ("learning_rate" in changed)

    told = attribution(source(small, gain, noise=0.01), NEW, OLD)
    table = by_name(told)
    assert table.loc[["learning_rate", "momentum"], "share"].tolist() == pytest.approx([0.5, 1.5], abs=0.02)
    assert table["share_verdict"].to_dict() == {
        **dict.fromkeys(NAMES, "not shown"), "learning_rate": "gains", "momentum": "gains",
    }  # fmt: skip
    assert table.loc["learning_rate", ["alone_verdict", "last_verdict"]].tolist() == ["harms", "gains"]
    assert table.loc["momentum", ["alone_verdict", "last_verdict"]].tolist() == ["not shown", "gains"]
    for name, other in (("learning_rate", "momentum"), ("momentum", "learning_rate")):
        assert table.loc[name, ["company", "common"]].tolist() == [other, other]
    assert table.loc["l2", ["company", "common"]].tolist() == ["", ""]
    first = told.interactions.iloc[0]
    assert {first["first"], first["second"]} == {"learning_rate", "momentum"}
    assert first["interaction"] == pytest.approx(3, abs=0.02)
    assert told.interactions["verdict"].tolist() == ["gains", *["not shown"] * 14]
    order = told.path["hyperparameter"].tolist()
    assert order.index("momentum") < order.index("learning_rate")


def test_settings_that_are_the_same_take_no_part(small):
    told = attribution(source(small, lambda changed: 0.0, noise=1.0), replace(OLD, momentum=0.8), OLD)
    assert told.table["hyperparameter"].tolist() == ["momentum"]
    assert told.interactions.empty
    assert told.path["hyperparameter"].tolist() == ["", "momentum"]


def test_where_all_trainings_agree_nothing_is_shown(small):
    told = attribution(source(small, lambda changed: 0.0), NEW, OLD)
    for part in ("share", "alone", "last"):
        assert set(told.table[f"{part}_verdict"]) == {"not shown"}
        assert (told.table[part] == 0).all()


def test_an_error_that_few_seeds_agree_on_is_not_shown(small, monkeypatch):
    """One example in a hundred less wrong on all of three seeds: a t-interval would have no width."""
    config = small.with_overrides(metric="validation_error")
    trainings, evaluate = source(config, lambda changed: 0.01 * ("l2" in changed)), None
    evaluate = trainings.evaluate
    trainings.evaluate = lambda settings, *, seeds: [
        replace(evaluation, metrics=("validation_error",)) for evaluation in evaluate(settings, seeds=seeds)
    ]
    row = by_name(attribution(trainings, NEW, OLD, seeds=3)).loc["l2"]
    assert row["share"] == pytest.approx(0.01)
    assert row["share_low"] < 0 < row["share_high"]
    assert row["share_verdict"] == row["alone_verdict"] == "not shown"


@pytest.mark.parametrize("most", [5, 6])
def test_seeds_on_which_either_setting_diverged_are_counted(small, monkeypatch, most):
    """The six changes mixed and in drawn orders: the end diverges on two of three seeds, the start on one."""
    monkeypatch.setattr(attributions, "MOST_MIXED", most)
    trainings, away = source(small, len), {OLD: {FRESH + 1}, NEW: {FRESH, FRESH + 2}}
    evaluate = trainings.evaluate
    trainings.evaluate = lambda settings, *, seeds: [
        replace(evaluation, diverged=tuple(seed in away.get(setting, ()) for seed in seeds))
        for setting, evaluation in zip(settings, evaluate(settings, seeds=seeds), strict=True)
    ]
    table = attribution(trainings, NEW, OLD, seeds=3).table
    assert set(table["start_diverged"]) == {1}
    assert set(table["end_diverged"]) == {2}


def test_of_many_changes_orders_are_drawn_and_their_error_is_told(small, monkeypatch):
    monkeypatch.setattr(attributions, "MOST_MIXED", 5)

    def gain(changed):
        return len(changed) ** 3 / 20 - 2.0 * ("l2" in changed and "momentum" not in changed)

    trainings = source(small, gain, noise=0.05)
    told = attribution(trainings, NEW, OLD, seeds=6)
    few = len(set(trainings.used))
    monkeypatch.setattr(attributions, "MOST_MIXED", 6)
    exact = attribution(trainings, NEW, OLD, seeds=6)
    assert (told.exact, exact.exact) == (False, True)
    table, truth = by_name(told), by_name(exact)
    assert table["share"].sum() == pytest.approx(truth["gain"].iat[0])
    off = (table["share"] - truth["share"].reindex(table.index)) / table["sampling_error"]
    assert 0.4 < np.sqrt(np.square(off).mean()) < 2
    assert (exact.table["sampling_error"] == 0).all()
    for part in ("alone", "last", "gain"):
        assert table[part].to_dict() == pytest.approx(truth[part].to_dict())
    assert few <= 6 * 64
    assert list(told.interactions) == list(exact.interactions)
    assert list(told.path) == list(exact.path)
    assert told.interactions.empty
    assert told.path.empty
    assert (table["company"] == "").all()


def test_every_seed_draws_orders_of_its_own(small, monkeypatch):
    monkeypatch.setattr(attributions, "MOST_MIXED", 5)
    monkeypatch.setattr(attributions, "PAIRS", 2)
    trainings = source(small, len)
    attribution(trainings, NEW, OLD, seeds=3)
    mixtures = [{setting for setting, seed in trainings.used if seed == FRESH + k} for k in range(3)]
    assert len(set(map(frozenset, mixtures))) == 3


@pytest.mark.parametrize(
    ("of", "against", "message"),
    [
        (NEW, NEW, "the two settings are the same"),
        (replace(NEW, batch_size=101), OLD, "batch_size 101 is above the 100 training examples"),
        (NEW, replace(OLD, batch_size=101), "batch_size 101 is above the 100 training examples"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_trained(small, of, against, message):
    trainings = source(small, len)
    with pytest.raises(DesignError, match=message):
        attribution(trainings, of, against)
    with pytest.raises(DesignError, match=r"give seeds=2 or more \(given: 1\)"):
        attribution(trainings, NEW, OLD, seeds=1)
    assert trainings.used == []


def test_other_values_replace_those_of_a_setting(small):
    assert setting_against(small, OLD, {"momentum": 0.5}) == replace(OLD, momentum=0.5)
    of_numpy = setting_against(small, OLD, {"momentum": np.float32(0.5), "iterations": np.int64(7)})
    assert of_numpy == replace(OLD, momentum=0.5, iterations=7)
    with pytest.raises(DesignError, match="'momentun' is not a hyperparameter of study 'small': did"):
        setting_against(small, OLD, {"momentun": 0.5})
    with pytest.raises(DesignError, match=r"momentum: is outside the values allowed \(given: 1.5\); momentum is a num"):
        setting_against(small, OLD, {"momentum": 1.5})


def test_the_best_is_explained_against_the_defaults_and_kept(small, tmp_path):
    search(small.with_overrides(trials=4), results=tmp_path)  # a study of its own: others keep trainings too
    results = load("small", results=tmp_path)
    cost = results.cost("attribution", seeds=2)
    assert (cost.done, cost.total) == (0, (64 + 7) * 2)
    told = results.attribution(seeds=2)
    default = {"learning_rate": 0.1, "iterations": 60, "momentum": 0.9, "l2": 1e-4, "batch_size": 32, "init_scale": 0.1}
    assert by_name(told)["against"].to_dict() == default  # small has 60 iterations at most
    assert by_name(told)["of"].to_dict() == {name: getattr(results.best.hyperparameters, name) for name in default}
    assert (told.of, told.against) == (f"trial {results.best.number}", "the defaults")
    assert "trial" in told._repr_html_()
    assert results.cost("attribution", seeds=2).missing == 0
    again = load("small", results=results.folder).attribution(seeds=2, workers=2)
    for part in ("table", "interactions", "path"):
        pd.testing.assert_frame_equal(getattr(again, part), getattr(told, part))


def test_trials_and_settings_of_one_s_own_can_be_compared(results):
    trials = results.trials.set_index("number")
    told = results.attribution(of=1, against=0, seeds=2)
    assert (told.of, told.against) == ("trial 1", "trial 0")
    assert by_name(told)["of"].to_dict() == pytest.approx(trials.loc[1, list(by_name(told).index)].to_dict())
    assert by_name(told)["against"].to_dict() == pytest.approx(trials.loc[0, list(by_name(told).index)].to_dict())
    with pytest.raises(DesignError, match=r"against must be a trial's number, values .* \(given: str\)"):
        results.attribution(against="defaults", seeds=2)
    with pytest.raises(DesignError, match=r"against must be .* \(given: bool\)"):
        results.attribution(against=True, seeds=2)
    with pytest.raises(DesignError, match=r"seeds must be a whole number, .* \(given: 'x'\)"):
        results.cost("attribution", seeds="x")
    one = results.attribution(of=1, against={"momentum": 0.3}, seeds=2)
    assert one.table["hyperparameter"].tolist() == ["momentum"]
    assert one.table["against"].tolist() == [0.3]
    other = results.attribution(of=1, against=results._searched(0)[1], seeds=2)
    pd.testing.assert_frame_equal(other.table, told.table)
    with pytest.raises(ResultsError, match="no trial 99 in study 'small', which has 4"):
        results.attribution(against=99)


def test_a_survey_alone_has_no_best_to_explain(small, tmp_path):
    survey_study(small.with_overrides(**{"survey.base": 8, "survey.scrambles": 2, "survey.seeds": 4}), results=tmp_path)
    with pytest.raises(ResultsError, match=r"study 'small' has not been searched yet.*: hpsearch search small"):
        load("small", results=tmp_path).attribution()


def test_a_regression_is_explained_too(small):
    x = np.random.default_rng(0).standard_normal((60, 2))
    evaluator = Evaluator(small, from_arrays(x, x @ [1.0, -2.0] + 0.5))
    told = attribution(evaluator, replace(OLD, learning_rate=0.3, iterations=60), OLD, seeds=2)
    assert np.isfinite(told.table[["share", "share_low", "share_high", "gain"]].to_numpy()).all()
