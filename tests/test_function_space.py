"""The TOML of a function's survey."""

import pytest

from hpsearch.config import ConfigError
from hpsearch.config.function_space import load_space
from hpsearch.space import Choice, Float, Int, Space

GOOD = """
[space]
rate = {low = 0.001, high = 1, log = true}
depth = {low = 1, high = 9}
kind = {choices = ["a", "b"]}
[survey]
base = 16
dummy = true
response = "accuracy"
better = "higher"
ceilings = {accuracy = 0}
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "space.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_it_says_the_space_and_the_survey(file):
    read = load_space(file(GOOD))
    assert read.space == Space({"rate": Float(0.001, 1.0, log=True), "depth": Int(1, 9), "kind": Choice(("a", "b"))})
    assert read.size == {"base": 16, "dummy": True}
    assert (read.response, read.better, read.ceilings) == ("accuracy", "higher", {"accuracy": 0.0})
    bare = load_space(file("[space]\nx = {low = 0.0, high = 1.0}"))
    assert (bare.size, bare.response, bare.better, bare.ceilings) == ({}, None, "lower", {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "space: is missing or empty"),
        ("[space]", "space: is missing or empty"),
        ("[space]\nx = 3", r"space.x: must be a range or choices \(given: 3\)"),
        ("[space]\nx = {low = 0}", r"space.x.high: is missing"),
        ("[space]\nx = {low = 2, high = 1}", "space.x: low must be less than high"),
        ("[space]\nx = {low = 0, high = 1, log = true}", "space.x: log needs low above 0"),
        ("[space]\nx = {low = 'a', high = 1}", "space.x: low must be a finite number"),
        ("[space]\nx = {low = true, high = 3}", "space.x: low must be"),
        ("[space]\nx = {min = 0, high = 1}", "space.x.min: is not a known key"),
        ("[space]\nx = {choices = [1]}", "space.x: there must be at least two choices"),
        ("[space]\nx = {choices = 3}", "space.x: choices must be several values"),
        ("[space]\nx = {choices = [1, 2], low = 0}", "space.x.low: is not a known key"),
        ("[spaces]\nx = 1", "spaces: is not a known table"),
        (GOOD + "bas = 3", r'survey.bas: is not a known key .*did you mean "base"'),
        (GOOD.replace("base = 16", "base = 1.5"), "survey.base: must be a whole number"),
        (GOOD.replace("base = 16", "base = true"), "survey.base: must be a whole number"),
        (GOOD.replace("dummy = true", "dummy = 1"), "survey.dummy: must be true or false"),
        (GOOD.replace('"accuracy"', "3"), "survey.response: must be text"),
        (GOOD.replace('"higher"', '"up"'), 'use "lower" or "higher"'),
        (GOOD.replace("accuracy = 0", "accuracy = inf"), "survey.ceilings.accuracy: must be a finite number"),
        (GOOD.replace("{accuracy = 0}", "3"), "survey.ceilings: must be a table"),
        ("survey = 3\n[space]\nx = {low = 0, high = 1}", "survey: must be a table"),
        ("[space", "line 1"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(file, text, problem):
    with pytest.raises(ConfigError, match=problem):
        load_space(file(text))


def test_all_mistakes_are_named_at_once(file):
    with pytest.raises(ConfigError, match="3 problems"):
        load_space(file("[space]\nx = 1\ny = 2\n[survey]\nbas = 3"))
