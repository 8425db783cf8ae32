"""Surveys of any function: noise that cannot be seeded, replicates, answers that are refused."""

import numpy as np
import pandas as pd
import pytest
from closed_forms import unit

from hpsearch.experiments.function import survey
from hpsearch.sensitivity.indices import ResponseError


@pytest.mark.parametrize("how", [{"dummy": True}, {"replicates": 2}])
def test_noise_that_cannot_be_seeded_is_seldom_called_sensitive(how):
    called, repeats, rng = 0, 100, np.random.default_rng(1)
    for seed in range(repeats):
        found = survey(lambda r: rng.standard_normal(len(r)), unit(3), base=16, seed=seed, **how).sensitivity()
        called += (found["verdict"] == "sensitive").sum()
    assert called / (3 * repeats) <= 0.05


def test_noise_that_cannot_be_seeded_has_no_floor_without_replicates_or_dummy():
    rng = np.random.default_rng(1)
    found = survey(lambda r: 9 * r.x0 + rng.standard_normal(len(r)), unit(2), base=32).sensitivity()
    settings = found[found["hyperparameter"] != "seed"]
    assert set(settings["verdict"]) == {"undecided"}
    assert settings["reason"].str.contains("floor is unknown").all()


def test_replicates_take_the_noise_off():
    rng = np.random.default_rng(1)
    function = lambda r: 4 * r.x0 + r.x1 + rng.standard_normal(len(r))  # noqa: E731
    found = survey(function, unit(2), base=128, replicates=4).sensitivity().set_index("hyperparameter")
    assert found.loc["x0", "total_order"] == pytest.approx(16 / 17, abs=0.06)
    assert found.loc["x1", "total_order"] == pytest.approx(1 / 17, abs=0.06)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda r: np.zeros((len(r), 2)), "a response for each row"),
        (lambda r: np.zeros(3), "a response for each of"),
        (lambda r: pd.DataFrame({"x0": np.zeros(len(r))}), "named like a column of the design: x0"),
        (lambda r: pd.Series(["a"] * len(r)), "holds no numbers"),
    ],
)
def test_a_bad_answer_is_refused(answer, problem):
    with pytest.raises(ResponseError, match=problem):
        survey(answer, unit(2), base=4)


def test_noise_in_a_small_part_of_the_space_is_noticed():
    rng = np.random.default_rng(1)
    for seed in range(20):
        surveyed = survey(lambda r: r.x0 + (r.x1 < 0.03) * rng.standard_normal(len(r)), unit(2), base=32, seed=seed)
        assert not surveyed.seeded


def every_second_call(first, second):
    """A function that answers differently when it is called again."""
    calls = []

    def evaluate(rows):
        calls.append(len(rows))
        return second(rows) if len(calls) % 2 == 0 else first(rows)

    return evaluate


CHANGES = {
    "noise by place in the table": lambda r: r.x0 + np.random.default_rng(0).standard_normal(len(r)),
    "the mean of the table": lambda r: r.x0 - r.x0.mean(),
    "a thousandth of the spread beside a large offset": every_second_call(
        lambda r: 1e6 + r.x0, lambda r: 1e6 + r.x0 + 5e-4
    ),
    "a hundredth of the small values of a heavy tail": every_second_call(
        lambda r: np.exp(20 * r.x0), lambda r: np.exp(20 * r.x0) * np.where(r.x0 < 0.3, 1.01, 1)
    ),
    "what is much beside the small values of two heavy tails": every_second_call(
        lambda r: np.sinh(20 * (r.x0 - 0.5)), lambda r: np.sinh(20 * (r.x0 - 0.5)) + 0.1
    ),
    "a small value's sign": every_second_call(
        lambda r: np.where(r.x0 < 0.9, 0.001, 1e6 * r.x1), lambda r: np.where(r.x0 < 0.9, -1e3, 1e6 * r.x1)
    ),
    "a value that is finite at first only": every_second_call(lambda r: r.x0, lambda r: r.x0.where(r.x0 < 0.9)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_differs_when_it_is_evaluated_again_is_noise(name):
    assert not survey(CHANGES[name], unit(2), base=32).seeded


SAME = {
    "float rounding": every_second_call(lambda r: 5 + r.x0, lambda r: (5 + r.x0) * (1 + 1e-7)),
    "rounding around 0": every_second_call(
        lambda r: np.where(r.x0 < 0.5, 1e-17, r.x0 - 0.7), lambda r: np.where(r.x0 < 0.5, 3e-17, r.x0 - 0.7)
    ),
    "rounding across 0": every_second_call(
        lambda r: np.where(r.x0 < 0.1, 1e-17, r.x0), lambda r: np.where(r.x0 < 0.1, -1e-17, r.x0)
    ),
    "rounding of most values, which are equal": every_second_call(
        lambda r: np.where(r.x0 < 0.9, 1 + 1e-16, r.x1 - 1), lambda r: np.where(r.x0 < 0.9, 1 - 1e-7, r.x1 - 1)
    ),
    "rounding of a constant": every_second_call(lambda r: 0 * r.x0 + 0.1, lambda r: 0 * r.x0 + 0.1 * (1 + 1e-15)),
    "whole numbers": lambda r: (9 * r.x0).astype(int),
    "yes and no": lambda r: r.x0 < 0.5,
}


@pytest.mark.parametrize("name", SAME)
def test_what_differs_by_rounding_is_governed_by_the_seed(name):
    assert survey(SAME[name], unit(2), base=32).seeded


def test_what_failed_counts_as_its_ceiling_when_it_is_evaluated_again():
    def failing(worst):
        return lambda r: r.x0.where(r.x0 < 0.8, worst)

    for pair in [(np.inf, np.nan), (3.0, 2.0), (np.nan, 1.5)]:
        assert survey(every_second_call(*map(failing, pair)), unit(2), base=32, ceilings={"response": 1.0}).seeded
    assert not survey(every_second_call(failing(3), failing(0.5)), unit(2), base=32, ceilings={"response": 1.0}).seeded


@pytest.mark.parametrize(("base", "calls"), [(2, [64, 64]), (64, [2048, 256])])
def test_at_most_256_rows_and_no_row_twice_are_evaluated_again(base, calls):
    tables = []
    survey(lambda r: tables.append(r) or r.x0, unit(1), base=base)
    assert [len(table) for table in tables] == calls
    first, again = ({tuple(row) for row in table.to_numpy()} for table in tables)
    assert again <= first
    assert len(again) == len(first) if base == 2 else len(again) > 250  # few rows of a design are alike
    order = tables[1]["x0"].to_numpy()[: len(tables[0])]
    assert not np.array_equal(order, tables[0]["x0"].to_numpy()[: len(order)])


def test_which_rows_are_evaluated_again_changes_with_the_seed_of_the_design():
    first = []
    for seed in (0, 1):
        tables = []
        survey(lambda r, tables=tables: tables.append(r) or r.x0, unit(1), base=64, seed=seed)
        whole, again = tables
        place = (whole["x0"] == again["x0"].iloc[0]) & (whole["seed"] == again["seed"].iloc[0])
        first.append(place.to_numpy().nonzero()[0].tolist())
    assert first[0] != first[1]


def test_replicates_need_no_second_look():
    calls = []
    assert not survey(lambda r: calls.append(1) or r.x0, unit(1), base=4, replicates=2).seeded
    assert calls == [1]
