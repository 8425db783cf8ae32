"""A search in rounds: its studies, its cost, stopped and gone on with, and what the command says."""

import re
import shutil

import pandas as pd
import pytest
from helpers import TIMES, run

from hpsearch import load, search, survey_study
from hpsearch.config import ConfigError, StudyConfig
from hpsearch.results.refinement import refine
from hpsearch.results.rounds import search_rounds
from hpsearch.results.study import ResultsError
from hpsearch.space import Choice


@pytest.fixture(scope="module")
def config(small):
    return small.with_overrides(trials=41, seeds=2, sampler="random")


@pytest.fixture(scope="module")
def made(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rounds")
    return folder, search_rounds(config, 2, results=folder)


def trials_of(folder, name):
    return load(name, results=folder).trials.drop(columns=["study", *TIMES])


def test_each_round_is_a_study_of_its_own_in_the_ranges_that_the_last_proposes(config, made):
    folder, (first, second) = made
    assert [len(load(f"small-round-{number}", results=folder).trials) for number in (1, 2)] == [21, 20]
    assert first.refinement is None
    assert second.refinement.source == "trials"
    proposed = refine(load("small-round-1", results=folder), name="x").config.space
    stored = load("small-round-2", results=folder).config
    assert first.results.config.space == config.space != stored.space == proposed
    assert stored.network == config.network
    assert stored.search.trials == 20


def test_the_first_round_begins_as_the_plain_search_and_the_others_draw_anew(config, made):
    folder, _ = made
    search(config, trials=21, results=folder)
    pd.testing.assert_frame_equal(trials_of(folder, "small-round-1"), trials_of(folder, "small"))
    seeds = [load(f"small-round-{number}", results=folder).config.search.seed for number in (1, 2)]
    assert seeds[0] == config.search.seed != seeds[1]


def test_rounds_that_were_stopped_go_on_to_the_same_trials_with_any_workers(config, made, tmp_path):
    folder, _ = made

    def stop(name, progress):
        if name == "small-round-2" and progress.done > 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search_rounds(config, 2, results=tmp_path, on_progress=stop)
    assert 0 < len(load("small-round-2", results=tmp_path).trials) < 20
    search_rounds(config, 2, results=tmp_path, workers=2)
    pd.testing.assert_frame_equal(trials_of(tmp_path, "small-round-2"), trials_of(folder, "small-round-2"))


def test_a_survey_of_the_study_gives_the_second_round_its_ranges(config, tmp_path):
    size = {"survey.base": 4, "survey.scrambles": 2}
    surveyed = survey_study(config.with_overrides(**size), results=tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    _, second = search_rounds(config, 2, results=tmp_path / "a")
    assert second.refinement.source == "survey"
    assert second.refinement.rows == len(surveyed.design)
    pd.testing.assert_frame_equal(second.refinement.ranges, surveyed.ranges())
    narrower = config.with_overrides(**{"space.momentum": {"low": 0.0, "high": 0.5}})
    _, second = search_rounds(narrower, 2, results=tmp_path / "b")
    assert second.refinement.source == "trials"


@pytest.mark.parametrize(
    ("trials", "rounds", "message"),
    [
        (100, 1, r"rounds: must be from 2 to 10 \(given: 1\)"),
        (1000, 11, r"rounds: must be from 2 to 10 \(given: 11\)"),
        (59, 3, "59 trials leave 19 to a round.*use --trials 60 or more"),
    ],
)
def test_rounds_that_cannot_be_are_refused_before_anything_runs(config, tmp_path, trials, rounds, message):
    with pytest.raises(ConfigError, match=message):
        search_rounds(config.with_overrides(trials=trials), rounds, results=tmp_path)
    assert not list(tmp_path.iterdir())


def test_stored_rounds_are_not_divided_anew(config, made):
    folder, _ = made
    with pytest.raises(ResultsError, match=r"small-round-1 holds 21 trials, and would hold 30.*--name small-2"):
        search_rounds(config.with_overrides(trials=60), 2, results=folder)
    assert len(load("small-round-1", results=folder).trials) == 21


def test_rounds_may_be_more_or_fewer_where_each_keeps_its_trials(config, tmp_path):
    three = search_rounds(config.with_overrides(trials=61), 3, results=tmp_path)  # 21, 20 and 20
    two = search_rounds(config, 2, results=tmp_path)
    assert [round.results.trials["value"].min() for round in two] == [
        round.results.trials["value"].min() for round in three[:2]
    ]
    with pytest.raises(ResultsError, match=r"small-round-2 holds 20 trials, and would hold 21"):
        search_rounds(config.with_overrides(trials=62), 3, results=tmp_path)
    with pytest.raises(ResultsError, match=r"small-round-2 holds 20 trials, and would hold 21"):
        search_rounds(config.with_overrides(trials=42), 2, results=tmp_path)  # a third round has begun


ROUNDS = ("search", "small", "--rounds", 2, "--trials", 40)


def test_mini_batches_that_the_file_does_not_name_are_fitted_to_the_data_as_in_a_plain_search(tmp_path):
    own = StudyConfig(name="own", data={"source": "iris"}, network={"hidden": [2]}, search={"trials": 40, "batch": 20})
    search_rounds(own, 2, results=tmp_path)
    plain = search(own.with_overrides(name="plain"), trials=1, results=tmp_path)
    fitted = [load(name, results=tmp_path).config.space.batch_size for name in ("own-round-1", plain.study_name)]
    assert fitted == [Choice((16, 32, 64))] * 2  # of 90 training examples


def test_the_command_tells_each_round_the_two_choices_and_what_they_do_not_say(folder):
    told = run(*ROUNDS).stdout
    assert re.search(r"small-round-1: 20 trials, the best validation loss 0\.\d{4} at trial \d+\n", told)
    assert "ranges of small-round-2, from where the 10 best of 20 trials lie" in told
    assert "a rule of thumb, no measurement" in told
    assert re.search(
        r"the 40 trials of the rounds chose trial \d+ of small-round-\d, having shown [\d,]+ examples", told
    )
    assert "scored on the 30 test examples, by which nothing was chosen" in told or "both chose the same" in told
    again = run(*ROUNDS)
    assert again.stdout == told
    assert "small-round-1" in again.stderr
    one_draw = "one draw of luck (--repeats 12" in told
    assert one_draw or "both chose the same setting" in told


def test_repeats_are_a_table_and_one_sentence_on_refining(folder):
    told = run(*ROUNDS, "--repeats", 2).stdout
    rows = [line.split() for line in told.splitlines() if re.match(r" +\d  +0\.", line)]
    assert [row[0] for row in rows] == ["0", "1"]
    assert all(float(row[1]) - float(row[2]) == pytest.approx(float(row[3]), abs=2e-4) for row in rows)
    assert "over 2 sampler seeds)" in told
    assert "ranges of small-round-2" in told
    assert "ranges of small-repeat-2-round-2" not in told
    assert load("small-repeat-2-unrefined").config.search.seed == 1


def test_repeats_without_rounds_are_refused(folder):
    assert "add --rounds 3" in run("search", "small", "--repeats", 3, code=2).stderr
    assert "repeats: must be from 1 to 1,000 (given: 0)" in run(*ROUNDS, "--repeats", 0, code=2).stderr
    assert not (folder / "results").exists()


def test_a_stopped_command_names_its_round_and_how_to_go_on(folder, monkeypatch):
    def show(lines, name, progress):
        lines.name, lines.total = name, progress.total
        if progress.done > 4 and name == "small-round-2":
            raise KeyboardInterrupt

    monkeypatch.setattr("hpsearch.cli.rounds._Lines.show", show)
    told = run(*ROUNDS, "--repeats", 2, code=130).stderr
    stored = len(load("small-round-2").trials)
    assert f"stopped: {stored} of 20 trials of small-round-2 are stored, none is left running" in told
    assert "Go on with:\n  hpsearch search small --rounds 2 --trials 40 --repeats 2\n" in told


@pytest.mark.slow
def test_a_survey_that_gave_ranges_is_told_with_its_trainings(folder):
    run("survey", "small", "--base", 4, "--scrambles", 2)
    told = run(*ROUNDS).stdout
    rows = len(load("small").survey.design)
    assert "ranges of small-round-2, by the survey" in told
    assert f"\nthe ranges of round 2 are a survey's, whose {rows} trainings are not counted" in told
    told = run(*ROUNDS, "--repeats", 2).stdout
    assert f"\nin the first repeat alone the ranges of round 2 are a survey's, whose {rows} trainings" in told
