"""A user's function called: with which arguments, and what may come back."""

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from hpsearch.evaluation.calls import FunctionError, SettingCall, TableCall, setting_call

ROWS = pd.DataFrame({"x": [1.0, 2.0, 3.0], "seed": [0, 1, 2]})


def answer_of(returned):
    (answer,) = SettingCall(lambda: returned, ())([{}])
    return answer


@pytest.mark.parametrize(
    ("returned", "value"),
    [
        (2, 2.0), (True, 1.0), (1.5, 1.5), (np.float32(0.5), 0.5), (np.int64(3), 3.0), (np.array(4.0), 4.0),
        (np.True_, 1.0), (Decimal("0.5"), 0.5), (Fraction(1, 2), 0.5), (float("inf"), float("inf")),
        (10**400, float("inf")), (-(10**400), float("-inf")),
    ],
)  # fmt: skip
def test_a_real_number_of_any_kind_is_an_answer(returned, value):
    answer = answer_of(returned)
    assert answer.values == {"response": value}
    assert answer.failure == ""


def test_nan_is_an_answer_and_a_mapping_is_several():
    assert np.isnan(answer_of(float("nan")).values["response"])
    assert answer_of({"loss": 1, "seconds": np.float64(2)}).values == {"loss": 1.0, "seconds": 2.0}


class Unreadable:
    def __float__(self):
        raise RuntimeError("two elements cannot be one number")


@pytest.mark.parametrize(
    "returned",
    [None, "0.5", b"1", 1j, np.complex128(1), [1.0], np.array([1.0]), (1.0, 2.0), {}, {"a": None}, {"a": "1"}, {1: 2.0},
     {"": 1.0}, {"a": np.array([1.0])}, object(), Unreadable(), {"a": Unreadable()}, {"a\udce9": 1.0}],
)  # fmt: skip
def test_what_is_no_number_is_no_answer(returned):
    answer = answer_of(returned)
    assert answer.values == {}
    assert "returned" in answer.failure
    assert not answer.raised


class Mute(Exception):
    def __str__(self):
        raise SystemExit("not even this")


def test_what_a_function_raises_is_told_in_one_line_with_its_place():
    def function(problem):
        raise problem

    failures = SettingCall(function, ("problem",))
    problems = [ValueError("two\nlines " + "x" * 999), SystemExit(3), Mute(), OSError("caf\udce9.csv")]
    long, left, mute, named = failures([{"problem": problem} for problem in problems])
    assert long.raised
    assert long.failure.startswith("ValueError: two lines xxx")
    assert len(long.failure) < 350
    assert "(test_calls.py:" in long.failure
    assert left.failure.startswith("SystemExit: 3")
    assert mute.failure.startswith("Mute: (no message)")
    assert named.failure.startswith(r"OSError: caf\udce9.csv")


def test_ctrl_c_in_the_function_is_no_failure_of_a_row():
    def function():
        raise KeyboardInterrupt("stop")

    with pytest.raises(KeyboardInterrupt, match="stop"):
        SettingCall(function, ())([{}])


def test_the_seed_goes_to_a_function_that_has_a_place_for_it():
    names = ("x", "y")
    assert setting_call(lambda x, y, seed: 0, names, seed="seed").names == ("x", "y", "seed")
    assert setting_call(lambda **setting: 0, names, seed="seed").names == ("x", "y", "seed")
    assert setting_call(lambda x, y: 0, names, seed="seed").names == names
    assert setting_call(lambda x, y, depth=3: 0, names, seed="seed").names == names


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda rows: 0, "x, y, and seed .*use survey_frames"),
        (lambda x: 0, "use survey_frames"),
        (lambda x, y, /: 0, "use survey_frames"),
        (lambda x, y, depth: 0, "depth"),
        (3, "needs a function .given: int"),
    ],
)
def test_a_function_of_other_parameters_is_refused_before_it_runs(function, problem):
    with pytest.raises(FunctionError, match=problem):
        setting_call(function, ("x", "y"), seed="seed")


def values(function):
    answers = TableCall(function)(ROWS)
    assert {answer.failure for answer in answers} == {""}
    return [answer.values["response"] for answer in answers]


def test_a_series_or_table_in_another_order_goes_by_its_index():
    assert values(lambda rows: rows["x"].sort_values(ascending=False)) == [1.0, 2.0, 3.0]
    assert values(lambda rows: pd.DataFrame({"response": rows["x"]}).iloc[[2, 0, 1]]) == [1.0, 2.0, 3.0]
    assert values(lambda rows: rows["x"].to_numpy()[::-1]) == [3.0, 2.0, 1.0]
    later = TableCall(lambda rows: rows["x"].to_numpy())(ROWS.set_axis([7, 8, 9]))
    assert [answer.values["response"] for answer in later] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda rows: rows["x"].set_axis([1, 2, 3]), "nor a permutation"),
        (lambda rows: rows["x"].set_axis([0, 0, 1]), "nor a permutation"),
        (lambda rows: rows["x"].iloc[:2], "a response for each of 3 rows"),
        (lambda rows: rows["x"].astype(str), "real"),
        (lambda rows: rows["x"].astype(str).astype(object), "no numbers"),
        (lambda rows: rows["x"] + 1j, "no numbers .complex128"),
        (lambda rows: pd.concat([rows["x"], rows["x"]], axis=1), "two columns of one name"),
        (lambda rows: None, "a response for each of 3 rows"),
        (lambda rows: 1 / 0, "ZeroDivisionError"),
        (lambda rows: [[1.0], [1.0, 2.0], [3.0]], "returned what cannot be read: ValueError"),
    ],
)
def test_a_table_whose_answers_cannot_be_told_apart_fails(function, problem):
    for answer in TableCall(function)(ROWS):
        assert answer.values == {}
        assert re.search(problem, answer.failure)


def test_a_function_that_changes_its_table_changes_its_own_copy():
    def careless(table):
        del table["seed"]
        return table.pop("x")

    rows = ROWS.copy()
    (answer, *_) = TableCall(careless)(rows)
    assert rows.equals(ROWS)
    assert answer.values == {"response": 1.0}
