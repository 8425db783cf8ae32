"""Axes of figures: their scale, their ticks, places for choices and for iteration 0."""

import math

import pandas as pd
import pytest

from hpsearch.figures import axes


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.1, 1.0], "log"),
        ([0.1, 0.9], "linear"),
        ([0.0, 10.0], "linear"),
        ([-1.0, 10.0], "linear"),
        ([0.1, 1.0, math.inf, None], "log"),
        ([], "linear"),
    ],
)
def test_a_value_axis_is_logarithmic_where_all_are_above_0_and_span_a_decade(values, kind):
    assert axes.value_axis(pd.Series(values, dtype=float))["type"] == kind


def test_a_value_axis_serves_all_its_series():
    assert axes.value_axis(pd.Series([0.1, 0.2]), pd.Series([3.0]))["type"] == "log"


@pytest.mark.parametrize(
    ("low", "high", "names"),
    [
        (0.13, 2.3, ["0.1", "0.2", "0.5", "1", "2"]),
        (1e-3, 1.0, ["0.001", "0.01", "0.1", "1"]),
        (1e-6, 1e-1, [f"10<sup>{power}</sup>" for power in range(-6, 0)]),
        (1e-9, 1.0, [f"10<sup>{power}</sup>" for power in (-9, -7, -5, -3, -1)]),
        (2e-5, 3e-4, ["2·10<sup>-5</sup>", "5·10<sup>-5</sup>", "10<sup>-4</sup>", "2·10<sup>-4</sup>"]),
        (50, 2000, ["50", "100", "200", "500", "1,000", "2,000"]),
    ],
)
def test_ticks_of_a_log_axis_are_few_and_named_as_they_are_read(low, high, names):
    axis = axes.axis("x", "log", pd.Series([low, high]))
    assert axis["ticktext"] == names
    assert axis["tickvals"] == sorted(axis["tickvals"])
    assert low / 1.5 <= axis["tickvals"][0] <= axis["tickvals"][-1] <= 1.5 * high


def test_few_whole_numbers_have_a_tick_each_and_none_between():
    assert axes.axis("depth", "linear", pd.Series([1, 3, None], dtype="Int64"))["dtick"] == 1
    for values in ([1, 30], [0.5, 1.0], []):
        assert "dtick" not in axes.axis("x", "linear", pd.Series(values, dtype=float))


def test_a_narrow_log_axis_leaves_its_ticks_to_plotly():
    assert axes.axis("x", "log", pd.Series([0.11, 0.13]))["type"] == "log"
    assert "tickvals" not in axes.axis("x", "log", pd.Series([0.11, 0.13]))


def test_a_setting_s_axis_has_its_letter_and_its_scale_in_the_space():
    values = pd.Series([64, 16, 256, 16])
    assert axes.axis("learning_rate", "linear", values) == {"title": {"text": "learning rate α"}, "type": "linear"}
    choices = axes.axis("batch_size", "choices", values)
    assert (choices["type"], choices["categoryarray"]) == ("category", ["16", "64", "256"])
    kinds = axes.axis("kind", "choices", pd.Series(["b", "<i>", "b", "a rather long name", None]))
    assert kinds["categoryarray"] == kinds["tickvals"] == ["b", "&lt;i&gt;", "a rather long name"]
    assert kinds["ticktext"] == ["b", "&lt;i&gt;", "a rather long name"]
    narrow = axes.axis("kind", "choices", pd.Series(["b", "<i>", "a rather long name"]), most=24)
    assert narrow["ticktext"] == ["b", "&lt;i&gt;", "a ra…ame"]
    assert axes.axis("<i>", "linear", values)["title"]["text"] == "&lt;i&gt;"


def test_choices_stand_at_their_names_and_numbers_where_they_are():
    assert axes.positions(pd.Series([16.0, 32.5]), "choices").tolist() == ["16", "32.5"]
    assert axes.positions(pd.Series(["<b>"]), "choices").tolist() == ["&lt;b&gt;"]
    assert axes.positions(pd.Series([16.0, 32.5]), "log").tolist() == [16.0, 32.5]


def test_an_axis_can_end_with_its_values():
    values = pd.Series([0.01, 1.0, 0.1])
    assert axes.ends(values, "log") == pytest.approx([-2, 0])
    assert axes.ends(values, "linear") == [0.01, 1.0]
    assert axes.ends(values, "choices") == [0, 2]


def test_colours_go_by_the_logarithm_where_the_axis_would_and_their_key_says_the_values():
    wide, narrow = pd.Series([0.1, 1.0, 10.0]), pd.Series([1.0, 2.0])
    assert axes.colour_values(wide).tolist() == pytest.approx([-1, 0, 1])
    assert axes.colour_values(narrow).tolist() == [1, 2]
    bar = axes.colour_bar("loss", wide)
    assert dict(zip(bar["ticktext"], bar["tickvals"], strict=True)) == pytest.approx({"0.1": -1, "1": 0, "10": 1})
    assert "tickvals" not in axes.colour_bar("loss", narrow)


def test_iteration_0_has_a_place_on_a_logarithmic_axis():
    axis = axes.iteration_axis(2000)
    names = {"0": 0.5, "1": 1, "10": 10, "100": 100, "1,000": 1000}
    assert dict(zip(axis["ticktext"], axis["tickvals"], strict=True)) == names
    assert axes.iteration_axis(5)["ticktext"] == ["0", "1", "2", "5"]
    assert axes.iteration_axis(0)["ticktext"] == ["0"]
