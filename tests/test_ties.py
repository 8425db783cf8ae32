"""A search whose trials score alike, or no better than guessing, says so and why."""

from itertools import islice

import pytest
from helpers import SMALL, run

from hpsearch import load
from hpsearch.report.sections import sections


def told(folder, *changes, trials=6):
    """The lines between the chosen trial and the survey, of the study small with some text of its TOML replaced."""
    text = SMALL
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (folder / "studies" / "small.toml").write_text(text, encoding="utf-8")
    printed = run("search", "small", "--trials", trials).stdout
    return "\n".join(printed.split("chosen: ")[1].split("how sensitive")[0].splitlines()[1:])


UNITS = "in every trial all units of a hidden layer compute the same (distinct_units 1)"


def test_weights_that_begin_at_zero_are_named_as_the_reason(folder):
    line = told(folder, ("hidden = [6]", 'hidden = [6]\ninit = "zeros"'))
    values = load("small").trials["value"]
    assert values.max() - values.min() > 0.01
    assert f"validation loss 1.0986; here {values.min():.4f} to {values.max():.4f}" in line  # the logarithm of 3
    assert line.startswith("none of the 6 trials is better by 1 % than an answer that ignores its input (")
    assert f'{UNITS}: weights that begin equal, as by init = "zeros", stay equal; init = "scaled"' in line


def test_equal_units_that_learn_are_told_alone(folder):
    line = told(folder, ("hidden = [6]", 'hidden = [6]\ninit = "constant"'))
    assert load("small").trials["value"].min() < 1.0
    assert line.startswith(f'{UNITS}: weights that begin equal, as by init = "constant"')


def test_a_layer_of_one_unit_is_no_fault(folder):
    assert UNITS not in told(folder, ("hidden = [6]", "hidden = [1]"))


def test_an_error_is_held_against_that_of_the_most_frequent_class(folder):
    line = told(
        folder,
        ("trials = 14", 'trials = 14\nmetric = "validation_error"'),
        ("learning_rate = {low = 0.01, high = 1.0, log = true}", "learning_rate = {low = 1e-9, high = 1e-8}"),
        ("hidden = [6]", 'hidden = [6]\ninit = "zeros"'),
    )
    assert "(validation error 0.6667; here 0.6667), so the choice means nothing" in line


def test_what_speaks_of_the_chosen_trial_says_so_too(folder, monkeypatch):
    """The page, the ranges to try next and the gain over the defaults, of a search that has learned nothing."""
    space = "learning_rate = {low = 1e-9, high = 1e-8}\niterations = 5\nmomentum = 0\nbatch_size = 8\n"
    before, after = SMALL.split("[space]\n")[0], SMALL.split("[search]\n")[1]
    text = f"{before.replace('small', 'idle')}[space]\n{space}[search]\n{after}"
    (folder / "studies" / "idle.toml").write_text(text, encoding="utf-8")
    run("search", "idle", "--trials", 20)
    monkeypatch.setattr("hpsearch.report.profiles.PROFILE", {"values": 2, "seeds": 2})
    none = "one of the 20 trials is better by 1 % than an answer that ignores its input ("
    (chosen,) = [part for part in islice(sections(load("idle")), 2) if part.title == "What was chosen"]
    assert any(text.startswith(f"Mind: n{none}") for text in chosen.sentences)
    assert f"\n  (n{none}" in run("refine", "idle").stdout
    assert f"\nMind: n{none}" in run("explain", "idle", "--seeds", 2).stdout
    assert "Mind: " not in run("explain", "idle", "--seeds", 2, "--of", 1).stdout


def test_trials_that_are_all_as_good_are_told(folder):
    line = told(
        folder,
        ("trials = 14", 'trials = 14\nmetric = "validation_error"'),
        ("learning_rate = {low = 0.01, high = 1.0, log = true}", "learning_rate = {low = 0.3, high = 0.31}"),
        ("iterations = {low = 5, high = 60, log = true}", "iterations = 400"),
        ("momentum = {low = 0.0, high = 0.9}", "momentum = 0"),
        ("l2 = {low = 1e-6, high = 1e-1, log = true}", "l2 = 0"),
        ("batch_size = {choices = [8, 16, 32]}", "batch_size = 32"),
        ("init_scale = {low = 0.01, high = 1.0, log = true}", "init_scale = 0.1"),
        trials=3,
    )
    (value,) = set(load("small").trials["value"])
    assert value < 0.3
    assert line == (
        f"all 3 trials score alike: validation error {value:.4f}, so the first is chosen and the others are as good"
    )


def test_trials_that_all_diverged_are_told(folder):
    changes = (
        ("learning_rate = {low = 0.01, high = 1.0, log = true}", "learning_rate = {low = 1e4, high = 1e6}"),
        ("l2 = {low = 1e-6, high = 1e-1, log = true}", "l2 = {low = 10, high = 100}"),
    )
    for trials, which in ((1, "the one trial"), (6, "all 6 trials")):
        line = told(folder, *changes, trials=trials)
        assert line == f"{which} diverged, so none is a choice: try a lower learning_rate"


@pytest.mark.parametrize("trials", [6])
def test_of_trials_that_differ_nothing_is_told(folder, trials):
    assert told(folder, trials=trials) == ""
