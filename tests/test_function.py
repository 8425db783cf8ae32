"""Surveys of any function: noise that cannot be seeded, replicates, answers that are refused."""

import multiprocessing
import os
import signal
from typing import get_type_hints

import numpy as np
import pandas as pd
import pytest
from closed_forms import unit

from hpsearch.experiments.function import SurveyOptions, survey, survey_frames
from hpsearch.experiments.runs import SurveyStopped
from hpsearch.sensitivity.designs import DesignError
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.space import Float, Space


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"dummy": True}, {"replicates": 2}])
def test_noise_that_cannot_be_seeded_is_seldom_called_sensitive(how):
    called, repeats, rng = 0, 100, np.random.default_rng(1)
    for seed in range(repeats):
        found = survey_frames(lambda r: rng.standard_normal(len(r)), unit(3), base=16, seed=seed, **how).sensitivity()
        called += (found["verdict"] == "sensitive").sum()
    assert called / (3 * repeats) <= 0.05


def test_noise_that_cannot_be_seeded_has_no_floor_without_replicates_or_dummy():
    rng = np.random.default_rng(1)
    found = survey_frames(lambda r: 9 * r.x0 + rng.standard_normal(len(r)), unit(2), base=32).sensitivity()
    settings = found[found["hyperparameter"] != "seed"]
    assert set(settings["verdict"]) == {"undecided"}
    assert settings["reason"].str.contains("floor is unknown").all()


def test_replicates_take_the_noise_off():
    rng = np.random.default_rng(1)
    function = lambda r: 4 * r.x0 + r.x1 + rng.standard_normal(len(r))  # noqa: E731
    found = survey_frames(function, unit(2), base=128, replicates=4).sensitivity().set_index("hyperparameter")
    assert found.loc["x0", "total_order"] == pytest.approx(16 / 17, abs=0.06)
    assert found.loc["x1", "total_order"] == pytest.approx(1 / 17, abs=0.06)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda r: np.zeros((len(r), 2)), "a response for each of"),
        (lambda r: np.zeros(3), "a response for each of"),
        (lambda r: pd.DataFrame({"x0": np.zeros(len(r))}), "named like a column of the design: x0"),
        (lambda r: pd.Series(["a"] * len(r)), "holds no numbers"),
    ],
)
def test_a_bad_answer_is_refused(answer, problem):
    with pytest.raises(ResponseError, match=problem):
        survey_frames(answer, unit(2), base=4)


def test_noise_in_a_small_part_of_the_space_is_noticed():
    rng = np.random.default_rng(1)
    for seed in range(20):
        surveyed = survey_frames(
            lambda r: r.x0 + (r.x1 < 0.03) * rng.standard_normal(len(r)), unit(2), base=32, seed=seed
        )
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
    assert not survey_frames(CHANGES[name], unit(2), base=32).seeded


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
    assert survey_frames(SAME[name], unit(2), base=32).seeded


def test_what_failed_counts_as_its_ceiling_when_it_is_evaluated_again():
    def failing(worst):
        return lambda r: r.x0.where(r.x0 < 0.8, worst)

    for pair in [(np.inf, np.nan), (3.0, 2.0), (np.nan, 1.5)]:
        assert survey_frames(
            every_second_call(*map(failing, pair)), unit(2), base=32, ceilings={"response": 1.0}
        ).seeded
    assert not survey_frames(
        every_second_call(failing(3), failing(0.5)), unit(2), base=32, ceilings={"response": 1.0}
    ).seeded


@pytest.mark.parametrize(("base", "calls"), [(2, [64, 64]), (64, [2048, 256])])
def test_at_most_256_rows_and_no_row_twice_are_evaluated_again(base, calls):
    tables = []
    survey_frames(lambda r: tables.append(r) or r.x0, unit(1), base=base)
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
        survey_frames(lambda r, tables=tables: tables.append(r) or r.x0, unit(1), base=64, seed=seed)
        whole, again = tables
        place = (whole["x0"] == again["x0"].iloc[0]) & (whole["seed"] == again["seed"].iloc[0])
        first.append(place.to_numpy().nonzero()[0].tolist())
    assert first[0] != first[1]


def test_replicates_need_no_second_look():
    calls = []
    assert not survey_frames(lambda r: calls.append(1) or r.x0, unit(1), base=4, replicates=2).seeded
    assert calls == [1]


def test_a_function_of_one_setting_gives_what_one_of_tables_gives():
    one = survey(lambda x0, x1, seed: 3 * x0 + x1 + 0.01 * seed, unit(2), base=16)
    frames = survey_frames(lambda r: 3 * r.x0 + r.x1 + 0.01 * r.seed, unit(2), base=16, frame_rows=100)
    pd.testing.assert_frame_equal(one.table, frames.table)
    workers = survey(lambda x0, x1, seed: 3 * x0 + x1 + 0.01 * seed, unit(2), base=16, workers=3)
    pd.testing.assert_frame_equal(workers.table, one.table)


def test_a_table_in_another_order_is_aligned_and_one_of_other_rows_refused():
    wanted = survey_frames(lambda r: r.x0, unit(2), base=4).table
    turned = survey_frames(lambda r: r.x0.iloc[::-1], unit(2), base=4)
    pd.testing.assert_frame_equal(turned.table, wanted)
    assert turned.seeded
    with pytest.raises(ResponseError, match="nor a permutation"):
        survey_frames(lambda r: r.x0.set_axis(r.index + 1), unit(2), base=4)


def counted(function):
    def evaluate(**setting):
        evaluate.calls += 1
        return function(evaluate.calls, **setting)

    evaluate.calls = 0
    return evaluate


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        (None, "returned something that is not a response: it is NoneType"),
        ("0.5", "returned something that is not a response: it is str"),
        (1j, "returned something that is not a response: it is complex"),
        ({"iteration": 1.0}, "named like a column of the design: iteration"),
        ({"x0": 1.0}, "named like a column of the design: x0"),
        ({"failure": 1.0, "row": 2.0}, "design: failure, row"),
        ({"best_tenth": 1.0}, "design: best_tenth"),
        ({"loss": 1.0}, "no response accuracy: the function returned loss"),
    ],
)
def test_an_answer_of_no_use_ends_the_survey_after_the_first_call(returned, problem):
    function = counted(lambda call, **setting: returned)
    with pytest.raises(ResponseError, match=problem):
        survey(function, unit(2), base=4, response="accuracy" if returned == {"loss": 1.0} else None, workers=2)
    assert function.calls == 1


def test_a_function_that_never_works_is_called_ten_times():
    function = counted(lambda call, **setting: 1 / 0)
    with pytest.raises(ResponseError, match=r"fails in every row that was tried.* ZeroDivisionError"):
        survey(function, unit(2), base=4)
    assert function.calls == 10


@pytest.mark.parametrize(
    ("strange", "failure"),
    [
        (lambda: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda: None, "returned something that is not a response"),
        (lambda: "1", "returned something that is not a response"),
        (lambda: {"b": 1.0}, "returned b, and not, as before, response"),
        (lambda: {"response": 1.0, "b": 1.0}, "returned response, b, and not, as before, response"),
    ],
)
@pytest.mark.parametrize("place", [1, 3])
def test_a_row_whose_answer_is_of_no_use_fails_alone(strange, failure, place):
    function = counted(lambda call, **setting: strange() if call == place else setting["x0"])
    if place == 1 and failure != "ZeroDivisionError: division by zero":
        return  # the first answer says what answers are
    with pytest.raises(ResponseError, match="response: 1 of 160") as caught:
        survey(function, unit(2), base=4, scrambles=8)
    assert str(caught.value).endswith("Nothing is lost: the exception's survey holds the table")
    table = caught.value.survey.table
    assert table.loc[place - 1, "failure"].startswith(failure)
    assert table["response"].isna().sum() == (table["failure"] != "").sum() == 1


def test_nan_in_a_side_column_is_refused_only_where_it_is_asked_for():
    function = counted(lambda call, **s: {"loss": s["x0"], "side": np.nan if call == 7 else s["x1"]})
    found = survey(function, unit(2), base=4)
    assert found.sensitivity()["hyperparameter"].iat[0] == "x0"
    with pytest.raises(ResponseError, match=r"side: 1 of 160"):
        found.sensitivity("side")


def test_an_interrupted_survey_without_a_name_hands_its_table_over():
    def function(call, **setting):
        if call == 20:
            raise KeyboardInterrupt
        return setting["x0"]

    with pytest.raises(SurveyStopped, match=r"^$") as caught:
        survey(counted(function), unit(2), base=4)
    assert isinstance(caught.value, KeyboardInterrupt)
    assert caught.value.table["response"].notna().sum() == 19


def test_better_and_ceilings_say_what_a_response_is():
    found = survey(lambda x0, x1: {"accuracy": x0}, unit(2), base=64, better="higher", ceilings={"accuracy": 0.5})
    assert found.kinds["accuracy"].better == "higher"
    assert found.take().values.min() == 0.5  # clipped from below, where higher is better
    assert found.ranges().set_index("hyperparameter").loc["x0", "next_high"] > 1
    lower = survey(lambda x0, x1: {"accuracy": x0}, unit(2), base=64).ranges().set_index("hyperparameter")
    assert lower.loc["x0", "next_high"] < 1


def test_progress_tells_the_cost_and_the_time_left():
    told = []
    survey(lambda x0, x1: x0, unit(2), base=4, on_progress=told.append)
    first, last = told[0], told[-1]
    assert (first.done, first.total, first.left) == (0, 320, None)
    assert (last.done, last.total, last.fresh, last.failed, last.left) == (320, 320, 320, 0, 0)
    assert str(first) == "0 of 320 rows (blocks of 4)"
    assert "s a row, 0 s left" in str(last)


def test_a_space_that_is_a_list_is_refused_before_the_function_is_looked_at():
    for call in (survey, survey_frames):
        with pytest.raises(DesignError, match=r"a design needs a space \(given: list\)"):
            call(lambda x: x, [("x", 1)])


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ({"replicates": 0}, r"replicates must be a whole number from 1 to 10,000 \(given: 0\)"),
        ({"workers": 0}, "workers must be a whole number, at least 1"),
        ({"timeout": 0}, "timeout must be a number of seconds, above 0"),
        ({"base": 3}, "base must be a power of two"),
        ({"storage": "sqlite:///nowhere.db"}, "storage needs a name"),
    ],
)
def test_a_number_out_of_range_is_refused_before_anything_runs(option, problem):
    function = counted(lambda call, **setting: 0.0)
    with pytest.raises(DesignError, match=problem):
        survey(function, unit(2), **{"base": 4, **option})
    assert function.calls == 0
    with pytest.raises(DesignError, match="frame_rows must be a whole number, at least 1"):
        survey_frames(lambda rows: rows.x0, unit(2), frame_rows=0)


def test_a_response_that_is_noise_by_nature_leaves_the_others_decided():
    rng = np.random.default_rng(0)
    function = lambda x0, x1: {"loss": x0, "seconds": rng.random()}  # noqa: E731
    found = survey(function, unit(2), base=64)
    assert (found.seeded, found.noisy) == (False, ("seconds",))
    for metric in (None, "best_tenth"):
        assert found.sensitivity(metric).set_index("hyperparameter").loc["x0", "verdict"] == "sensitive"
    noise = found.sensitivity("seconds")
    assert set(noise.loc[noise["hyperparameter"] != "seed", "verdict"]) == {"undecided"}
    assert found.interactions("seconds")["verdict"].eq("undecided").all()


def test_the_best_tenth_of_noise_is_noise():
    rng = np.random.default_rng(0)
    found = survey(lambda x0, x1: {"seconds": rng.random(), "loss": x0}, unit(2), base=16)
    assert found.noisy == ("seconds",)
    tenth = found.sensitivity("best_tenth")
    assert tenth.loc[tenth["hyperparameter"] != "seed", "reason"].str.contains("floor is unknown").all()


def test_a_value_that_is_there_only_when_it_is_evaluated_again_is_noise():
    function = every_second_call(
        lambda r: pd.DataFrame({"y": r.x0, "side": r.x1.where(r.x1 < 0.5)}),
        lambda r: pd.DataFrame({"y": r.x0, "side": r.x1}),
    )
    assert survey_frames(function, unit(2), base=32).noisy == ("side",)


def test_a_survey_by_tables_takes_the_options_of_a_survey_by_settings_and_no_others():
    own = ("function", "space", "base", "scrambles", "return")
    assert get_type_hints(SurveyOptions) == {n: hint for n, hint in get_type_hints(survey).items() if n not in own}
    with pytest.raises(TypeError, match=r"survey_frames\(\) got an unexpected keyword argument 'worker'"):
        survey_frames(lambda rows: rows.x0, unit(1), worker=2)


LIMIT = 0.82


def fatal(x, y):
    """A sum; where both are large, the end of a process that was started for it."""
    if x > LIMIT and y > LIMIT and multiprocessing.parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return x + 3 * y


@pytest.mark.slow
def test_rows_that_end_their_process_fail_by_name_and_the_others_go_on(tmp_path):
    square = Space({"x": Float(0, 1), "y": Float(0, 1)})
    options = {"name": "fatal", "results": tmp_path, "ceilings": {"response": 4.0}}
    table = survey(fatal, square, 4, 2, workers=2, processes=True, **options).table
    died = table[["x", "y"]].min(axis=1) > LIMIT
    assert 0 < died.sum() < len(table)
    assert set(table["failure"][died]) == {
        "the process that ran it died in each of 3 tries (SIGKILL, as when memory runs out)"
    }
    assert set(table["failure"][~died]) == {""}
    again = survey(fatal, square, 4, 2, retry=True, **options).table
    assert again["failure"].eq("").all()
    np.testing.assert_array_equal(again["response"], again["x"] + 3 * again["y"])
