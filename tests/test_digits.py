"""Digits of numbers: what is written never reads as the limit on whose one side a verdict puts it."""

import math

import numpy as np
import pytest

from hpsearch.config.digits import digits, percent, plus_minus, score_interval, score_value

ERROR = {"metric": "test_error", "value": 0.0278, "low": 0.0152, "high": 0.0504, "examples": 1360}


@pytest.mark.parametrize(
    ("numbers", "limits", "least", "count"),
    [
        ((0.3, 0.5), (0.0,), 4, 4),
        ((0.00004, 0.3), (0.0,), 4, 5),
        ((-0.00004, 0.3), (0.0,), 4, 5),
        ((0.0, 0.3), (0.0,), 1, 1),
        ((1e-12, 0.3), (0.0,), 4, 4),  # what rounding leaves is no difference
        ((1e-12, 0.004), (0.0,), 2, 3),
        ((0.0496,), (0.05,), 3, 4),
        ((0.1,), (0.2, 0.104), 2, 3),
        ((0.1,), (), 2, 2),
        ((math.nan, 0.3), (0.0,), 2, 2),
        ((math.inf,), (0.0,), 2, 2),
    ],
)
def test_there_are_as_many_digits_as_tell_numbers_from_limits(numbers, limits, least, count):
    assert digits(numbers, limits, least=least) == count


def test_digits_in_all_are_counted_likewise():
    assert digits((1.50001,), (1.5,), least=4, form="g") == 6
    assert digits((150.1,), (150.0,), least=4, form="g") == 4


def test_no_number_reads_as_a_limit_whatever_their_sizes():
    rng = np.random.default_rng(0)
    for number, limit in 10.0 ** -rng.uniform(0, 6, (300, 2)):
        count = digits((number,), (limit,), least=2)
        assert round(number, count) != round(limit, count)
        assert count == 2 or round(number, count - 1) == round(limit, count - 1)


def test_a_difference_reads_as_larger_than_half_its_interval_where_it_is():
    for value, half in ((0.04, 0.03), (-1.02, 1.01), (0.3, 0.2), (0.31, 0.33)):
        texts = plus_minus(value, half)
        assert abs(float(texts[0])) - float(texts[1][1:]) == pytest.approx(abs(value) - half)
    assert plus_minus(-0.01, 2.0) == ("+0.0", "±2.0")


def test_a_share_near_its_limit_has_a_digit_more():
    assert [percent(share, limit=0.01) for share in (0.0097, 0.00996, 0.01, 0.0104)] == [
        "0.97 %", "0.996 %", "1.0 %", "1.04 %"
    ]  # fmt: skip
    assert [percent(share) for share in (-0.1, 0.0097, 0.1, 1.2)] == ["0.0 %", "1.0 %", "10 %", "100 %"]
    assert percent(0.0002, limit=0.0) == "0.02 %"


def test_a_score_is_told_in_per_cent_where_it_is_an_error():
    assert score_interval(ERROR) == "2.78 % (95 % interval 1.52 % to 5.04 %, 1,360 examples)"
    assert score_interval(ERROR, counted=False) == "2.78 % (95 % interval 1.52 % to 5.04 %)"
    r2 = {**ERROR, "metric": "test_r2", "value": 0.51234}
    assert score_interval(r2) == "0.512 (95 % interval 0.015 to 0.050, 1,360 examples)"
    assert [score_value("recall", 0.5), score_value("test_r2", -0.1)] == ["50.00 %", "-0.100"]
    assert score_value("test_r2", -0.0001) == "0.000"


def test_the_ends_of_a_score_s_interval_are_told_from_what_it_is_compared_with():
    assert score_interval(ERROR, against=[0.05041]).endswith("1.520 % to 5.040 %, 1,360 examples)")
    assert score_value("test_error", 0.05041, against=[0.0504]) == "5.041 %"
    assert score_value("test_error", 0.0504, against=[0.0504]) == "5.04 %"
