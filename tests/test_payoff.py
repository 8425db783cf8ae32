"""What rounds pay: scores of fresh seeds, and verdicts against SciPy's paired tests."""

import numpy as np
import pandas as pd
import pytest
from helpers import printed
from scipy import stats
from sklearn.metrics import log_loss

from hpsearch.config import HYPERPARAMETERS, ConfigError
from hpsearch.data import DataError, load_dataset
from hpsearch.evaluation.deadlines import Deadline, OutOfTimeError
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.report.rounds import payoff_lines, payoff_table
from hpsearch.results.payoff import payoff, verdict

SETTING = {h.name: h.default for h in HYPERPARAMETERS}


def table(rounds, unrefined):
    """A table of scores, each ``(repeats, seeds)``, as `payoff` makes them."""
    parts = []
    for arm, scores, rate in (("rounds", rounds, 0.2), ("unrefined", unrefined, 0.1)):
        for repeat, row in enumerate(np.atleast_2d(scores), start=1):
            seeds = 1_000_000 + np.arange(len(row)) + (repeat - 1) * len(row)
            own = {**SETTING, "learning_rate": rate, "study": f"s-{arm}", "number": 3, "trials": 60, "cost": 1000}
            part = pd.DataFrame({"repeat": repeat, "arm": arm, "seed": seeds, "score": row}).assign(**own)
            parts.append(part.assign(metric="test_loss", sampler_seed=repeat - 1))
    return pd.concat(parts, ignore_index=True)


def scores(repeats, seeds, *, shift, rng):
    """Scores of both arms, which share the luck of each repeat and seed; the rounds' are shifted."""
    luck = rng.standard_normal((repeats, seeds))
    return luck + shift + rng.standard_normal((repeats, seeds)), luck + rng.standard_normal((repeats, seeds))


def test_over_repeats_each_counts_as_one_difference_of_means():
    rounds, unrefined = scores(12, 5, shift=-0.5, rng=np.random.default_rng(0))
    found = verdict(table(rounds, unrefined))
    differences = rounds.mean(axis=1) - unrefined.mean(axis=1)
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert (found.difference, found.low, found.high) == pytest.approx((differences.mean(), *interval))
    assert (found.rounds, found.unrefined) == pytest.approx((rounds.mean(), unrefined.mean()))
    assert (found.repeats, found.seeds, found.better) == (12, 5, (differences < 0).sum())


def test_one_repeat_is_paired_by_seed():
    rounds, unrefined = scores(1, 20, shift=1.0, rng=np.random.default_rng(1))
    found = verdict(table(rounds, unrefined))
    interval = stats.ttest_rel(rounds[0], unrefined[0]).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(interval))
    assert (found.repeats, found.seeds, found.verdict) == (1, 20, "worse")


@pytest.mark.parametrize(("shift", "word"), [(-3, "better"), (0.01, "not seen"), (3, "worse")])
def test_the_verdict_is_where_the_interval_lies(shift, word):
    found = verdict(table(*scores(12, 10, shift=shift, rng=np.random.default_rng(2))))
    assert found.verdict == word
    assert {"better": found.high < 0, "worse": found.low > 0, "not seen": found.low <= 0 <= found.high}[word]


def test_a_mean_below_zero_whose_interval_holds_zero_is_not_seen():
    unrefined = np.zeros((3, 2))
    for sign in (1, -1):
        found = verdict(table(unrefined + sign * np.array([[-3.0], [1.0], [1.0]]), unrefined))
        assert (found.difference, found.verdict) == (pytest.approx(-sign / 3), "not seen")
        assert found.better == (1 if sign == 1 else 2)


def test_the_same_setting_is_told_from_the_same_score():
    equal = np.ones((2, 4))
    assert verdict(table(equal, equal)).same == 0
    alike = table(equal, equal).assign(learning_rate=0.1)
    assert verdict(alike).same == 2
    assert verdict(alike).verdict == "not seen"


@pytest.fixture(scope="module")
def config(small):
    return small.with_overrides(trials=40, sampler="random")


@pytest.fixture(scope="module")
def made(config, tmp_path_factory):
    return payoff(config, 2, repeats=2, seeds=3, results=tmp_path_factory.mktemp("payoff"))


def test_a_row_is_a_repeat_arm_and_fresh_seed(config, made):
    assert made.groupby(["repeat", "arm"])["seed"].apply(list).to_dict() == {
        (repeat, arm): [1_000_000 + 3 * (repeat - 1) + k for k in range(3)]
        for repeat in (1, 2)
        for arm in ("rounds", "unrefined")
    }
    assert set(zip(made["repeat"], made["sampler_seed"], strict=True)) == {(1, 0), (2, 1)}
    assert set(made["metric"]) == {"test_loss"}
    costs = made.drop_duplicates(["repeat", "arm"]).pivot(index="repeat", columns="arm", values="cost")
    assert (costs["unrefined"] <= costs["rounds"]).all()
    assert (costs["unrefined"] > 0.8 * costs["rounds"]).all()
    assert {name for name in made["study"] if "repeat" not in name} <= {
        "small-round-1", "small-round-2", "small-unrefined"
    }  # fmt: skip


def test_a_score_is_the_loss_on_the_test_split_of_the_chosen_network(config, made):
    data = load_dataset("iris", seed=config.data.seed)
    for row in made.iloc[[0, 4]].to_dict("records"):
        setting = config.settings({h.name: row[h.name] for h in HYPERPARAMETERS if h.name in row})
        network = Evaluator(config, data).network(setting, row["seed"])
        expected = log_loss(data.test.y, network.respond(data.test.X).T.astype(float))
        assert row["score"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_out_of_time_twice_and_gone_on_with_two_workers_it_is_the_same_table(config, made, tmp_path, monkeypatch):
    told = []

    def end_in(last):
        """Let the time pass in a study."""
        told.clear()
        monkeypatch.setattr(Deadline, "passed", property(lambda deadline: bool(deadline.seconds and told[9:])))
        with pytest.raises(OutOfTimeError, match=rf"time is up: \d+ of \d+ trials of '{last}' are stored"):
            payoff(
                config, 2, repeats=2, seeds=3, results=tmp_path, timeout=600,
                on_progress=lambda name, progress: told.append(name) if name == last else told.clear(),
            )  # fmt: skip

    end_in("small-round-2")
    end_in("small-repeat-2-unrefined")
    monkeypatch.undo()
    ended = []
    again = payoff(
        config, 2, repeats=2, seeds=3, workers=2, results=tmp_path, on_round=lambda repeat, _: ended.append(repeat)
    )
    assert ended == [1, 1, 2, 2]
    pd.testing.assert_frame_equal(again, made)


def test_without_a_test_split_the_validation_split_is_named(config, tmp_path):
    without = config.with_overrides(**{"data.test": 0.0})
    found = payoff(without, 2, seeds=2, results=tmp_path)
    assert set(found["metric"]) == {"validation_loss"}
    told = " ".join(payoff_lines(found.assign(learning_rate=range(4)), load_dataset("iris", test=0.0)))
    assert "the validation split, by which both were chosen on other seeds, for there is no test split" in told


@pytest.mark.parametrize(("length", "repeats", "ending"), [(90, 1, "-unrefined"), (80, 10, "-repeat-10-unrefined")])
def test_a_name_too_long_for_the_last_search_is_refused_before_the_first(config, tmp_path, length, repeats, ending):
    with pytest.raises(ConfigError, match=f"name: is too long: a search of it adds {ending}, .*--name"):
        payoff(config.with_overrides(name="n" * (length + 1)), 2, repeats=repeats, results=tmp_path)
    with pytest.raises(ConfigError, match=r"rounds: must be from 2 to 10"):  # this name would do
        payoff(config.with_overrides(name="n" * length), 1, repeats=repeats, results=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"repeats": 0}, r"repeats: must be from 1 to 1,000 \(given: 0\)"),
        ({"repeats": 1001}, r"repeats: must be from 1 to 1,000 \(given: 1001\)"),
        ({"seeds": 1}, r"seeds: must be at least 2, for an interval \(given: 1\)"),
    ],
)
def test_too_few_or_many_repeats_or_seeds_are_refused_before_anything_runs(config, tmp_path, options, problem):
    with pytest.raises(ConfigError, match=problem):
        payoff(config, 2, results=tmp_path, **options)
    with pytest.raises(ConfigError, match="nowhere"):
        payoff("nowhere", 2, results=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_words_follow_the_verdict():
    data, rng = load_dataset("iris"), np.random.default_rng(2)
    pays = payoff_lines(table(*scores(12, 10, shift=-3, rng=rng)), data)
    assert pays[2].startswith("refining pays here, on this split of these data")
    assert pays[0] == "in all 12,000 examples were shown in training in rounds, and 12,000 unrefined"
    assert "the rounds lower in 12 of 12" in pays[1]
    costs = payoff_lines(table(*scores(12, 10, shift=3, rng=rng)), data)
    assert costs[2].startswith("refining costs more than it gains here")
    unseen = payoff_lines(table(*scores(12, 10, shift=0.01, rng=rng)), data)
    assert unseen[2].startswith("that refining pays, or costs, is not seen here")
    one = payoff_lines(table(*scores(1, 10, shift=3, rng=rng)), data)
    assert one[1].startswith("the setting of the rounds: learning rate α 0.2, iterations T 500, momentum μ 0.9, ")
    assert one[2].endswith("the setting of the rounds is the worse one")
    assert "not of refining" in one[3]
    assert not any("refining" in line for line in one[:3])
    assert one[0].endswith("of 60 trials that cost as much")
    dearer = table(*scores(1, 10, shift=3, rng=rng))
    dearer.loc[dearer["arm"] == "rounds", "cost"] = 2000
    assert payoff_lines(dearer, data)[0].endswith("of 60 trials that cost 50 % as much, where it ended")


def test_no_digits_contradict_the_words():
    """An interval and a difference that are above 0 by less than four digits show."""
    data, unrefined = load_dataset("iris"), np.full((2, 3), 0.25)
    close = table(unrefined + 2e-5 + np.array([[0], [1e-6]]), unrefined)
    _, whole, verdict = payoff_lines(close, data)
    assert (
        "mean test loss 0.25002 after rounds, 0.25000 unrefined, difference +0.00002 (95 % interval +0.00001 to"
        in whole
    )
    assert verdict.startswith("refining costs more than it gains here")
    assert printed(payoff_table(close))[-2:] == ["0 0.25002 0.25000 +0.00002", "1 0.25002 0.25000 +0.00002"]
    one = payoff_lines(table(unrefined[:1] - 2e-5 + [0, 1e-6, 2e-6], unrefined[:1]), data)[2]
    assert (
        "difference -0.00002 (95 % interval -0.00002 to -0.00002, paired by seed): the setting of the rounds is" in one
    )


def test_a_table_in_place_of_a_data_set_is_refused_before_anything_runs(config, tmp_path):
    with pytest.raises(DataError, match=r"dataset is no Dataset \(given: DataFrame\): make one by"):
        payoff(config, 2, results=tmp_path / "none", dataset=pd.DataFrame({"x": [1.0]}))
    assert not (tmp_path / "none").exists()
