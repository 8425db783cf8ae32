"""What to try after a study: by its survey, or by its trials alone; and the command that writes it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import SMALL, run

from hpsearch import load, load_config, search
from hpsearch.experiments.surveys import DESIGN
from hpsearch.experiments.trainings import survey_study
from hpsearch.report.edges import edge_line, edge_sentences
from hpsearch.report.rounds import refinement_lines
from hpsearch.results.refinement import limits, refine
from hpsearch.results.study import Results, ResultsError
from hpsearch.sensitivity.edges import reachable
from hpsearch.space import Choice
from hpsearch.storage.access import open_storage


@pytest.fixture
def searched(small, tmp_path):
    search(small.with_overrides(trials=30), results=tmp_path)
    return load("small", results=tmp_path)


def test_without_a_survey_the_trials_propose(searched):
    refinement = refine(searched, name="next")
    assert (refinement.source, refinement.rows) == ("trials", 30)
    pd.testing.assert_frame_equal(refinement.ranges, searched.search_ranges())
    assert refinement.config.name == "next"
    assert refinement.config.space != searched.config.space
    assert refinement.config.search == searched.config.search
    rows = refinement.ranges.set_index("hyperparameter")
    momentum = refinement.config.space.dimensions["momentum"]
    assert (momentum.low, momentum.high) == (rows.loc["momentum", "next_low"], rows.loc["momentum", "next_high"])


def test_by_a_survey_the_best_trial_that_lies_outside_is_told_with_its_values(small, tmp_path):
    """The best of one trial lies anywhere; its momentum is a choice, of which the survey proposes a part."""
    many = small.with_overrides(trials=1, seed=1, **{"space.momentum": {"choices": [k / 20 for k in range(20)]}})
    survey_study(many.with_overrides(**{"survey.base": 8, "survey.scrambles": 2}), results=tmp_path)
    assert refine(load("small", results=tmp_path), name="next").outside == {}  # the rows of a survey are no search
    search(many, results=tmp_path)
    results = load("small", results=tmp_path)
    refinement, (trial,) = refine(results, name="next"), results.trials.to_dict("records")
    rows = {row["hyperparameter"]: row for row in refinement.ranges.to_dict("records")}
    assert trial["momentum"] not in rows["momentum"]["next_choices"]
    ranges = {name: (row["next_low"], row["next_high"]) for name, row in rows.items() if row["next_choices"] is None}
    outside = [name for name, (low, high) in ranges.items() if not low <= trial[name] <= high]
    assert 0 < len(outside) < len(ranges)
    assert refinement.outside == {name: trial[name] for name in ("momentum", *outside)}
    said = (
        f"(the best trial of the search lies outside of these, at learning_rate {trial['learning_rate']:.3g}, momentum"
    )
    assert said in refinement_lines(refinement)


def test_a_proposal_stays_within_what_the_hyperparameters_and_the_data_allow(small, tmp_path, monkeypatch):
    edge = small.with_overrides(
        trials=20, sampler="random", **{"space.batch_size": {"choices": [45, 90]}, "space.momentum": 0.9}
    )
    results = load(search(edge, results=tmp_path).study_name, results=tmp_path)
    full = results.trials.assign(batch_size=90)
    monkeypatch.setattr(Results, "trials", full)  # all of them at the full training set of 90
    batch = refine(results, name="next").config.space.batch_size
    assert batch == Choice((45, 90))
    (row,) = [row for row in results.edges().to_dict("records") if row["hyperparameter"] == "batch_size"]
    assert not reachable({**row, "edge": "high"}, limits(results))
    assert reachable({**row, "edge": "low"}, limits(results))


def test_too_few_trials_are_told_with_their_number(small, tmp_path):
    search(small, results=tmp_path)
    with pytest.raises(ResultsError, match=r"study 'small': .* there are 14, 14 of them complete: search on"):
        refine(load("small", results=tmp_path), name="next")


def test_the_command_writes_a_study_from_a_search_alone_that_runs_and_is_refined_again(folder):
    run("search", "small", "--trials", 30)
    told = run("refine", "small").stdout
    assert "ranges to try next, from where the 10 best of 30 trials lie:\n" in told
    assert "better ones may lie outside: a rule of thumb, no measurement" in told
    assert (
        "written to studies/small-2.toml, by validation_loss; next:\n  hpsearch search studies/small-2.toml\n" in told
    )
    assert "hpsearch search 'a b.toml'\n" in run("refine", "small", "--to", "a b.toml").stdout
    before, following = load_config("studies/small.toml"), load_config("studies/small-2.toml")
    assert following.space == refine(load("small"), name="x").config.space
    assert (following.search, following.survey) == (before.search, before.survey)  # not the 30 trials of this run
    run("search", "small-2", "--trials", 20)
    run("refine", "small-2")
    lines = Path("studies/small-2-2.toml").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("# ranges to try next") for line in lines) == 1
    assert sum("rule of thumb" in line for line in lines) == 1


def test_where_no_range_would_change_nothing_is_written(folder):
    """Of two choices that do nothing both are among the best, and stay; nothing else varies."""
    space = "learning_rate = 0.1\niterations = 20\nmomentum = 0.5\nbatch_size = 8\nl2 = {choices = [0.0, 1e-30]}\n"
    text = SMALL.replace('"small"', '"even"').split("[space]")[0] + f"[space]\n{space}[search]\nsampler = 'random'\n"
    Path("studies/even.toml").write_text(text, encoding="utf-8")
    run("search", "even", "--trials", 20)
    told = run("refine", "even").stdout
    assert "best of 20 trials lie: nothing speaks for other ones\n" in told
    assert told.endswith("nothing is written: a new study would have the ranges of even\n")
    assert [path.name for path in Path("studies").glob("even*")] == ["even.toml"]


def test_an_unfinished_survey_alone_is_no_search(folder):
    run("survey", "small", "--base", 4, "--scrambles", 2)
    journal = open_storage()
    journal.set_study_system_attr(journal.get_study_id_from_name("small.survey"), DESIGN, None)
    assert load("small").study.study_name == "small.survey"
    assert "is not complete yet" in run("refine", "small", code=2).stderr


def test_a_search_says_in_one_line_where_the_best_crowd(folder):
    text = SMALL.replace("low = 0.01, high = 1.0, log = true}\niter", "low = 0.0001, high = 0.01, log = true}\niter")
    Path("studies/slow.toml").write_text(text.replace('"small"', '"slow"'), encoding="utf-8")
    told = run("search", "slow", "--trials", 40).stdout
    (line,) = [line for line in told.splitlines() if "better settings may lie beyond" in line]
    count = load("slow").edges().set_index("hyperparameter").loc["learning_rate", "share_high"]
    assert f"{round(10 * count)} of the 10 best lie in the highest tenth of learning_rate, which ends at 0.01" in line
    assert "`hpsearch refine slow` proposes ranges" in line


def test_of_too_few_trials_nothing_is_said(searched, monkeypatch):
    trials = searched.trials.assign(learning_rate=np.where(searched.trials["value"].rank() <= 10, 0.99, 0.1))
    monkeypatch.setattr(Results, "trials", trials)
    assert "which ends at 1" in edge_line(searched)
    assert edge_sentences(searched) != ""
    monkeypatch.setattr(Results, "trials", trials.head(19))
    assert edge_line(searched) == edge_sentences(searched) == ""


def test_a_page_tells_an_end_that_nothing_lies_beyond_from_one_that_the_range_may_pass(searched, monkeypatch):
    best = searched.trials["value"].rank() <= 10
    ends = {"learning_rate": (0.99, 0.1), "momentum": (0.01, 0.5), "batch_size": (8, 16)}
    trials = searched.trials.assign(**{name: np.where(best, *values) for name, values in ends.items()}, iterations=30)
    monkeypatch.setattr(Results, "trials", trials)
    line = edge_line(searched)
    assert "10 of the 10 best lie in the highest tenth of learning_rate, which ends at 1" in line
    assert "10 of the 10 best have the lowest batch_size, 8" in line
    assert "momentum" not in line
    crowded, stops = edge_sentences(searched).split(". ")
    assert "the high end of learning rate α" in crowded
    assert crowded.endswith("better settings may lie beyond")
    assert stops == (
        "Of the 10 best trials at least half lie at the low end of momentum μ: beyond that nothing is allowed."
    )
    monkeypatch.setattr(Results, "trials", trials.assign(learning_rate=0.3, batch_size=8))
    assert edge_line(searched) == ""
    assert "the low end of batch size B: trials there are not shown to be better" in edge_sentences(searched)
