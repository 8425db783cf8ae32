"""The command `hpsearch report`: the page of a search, a survey, both or another program's study."""

from dataclasses import replace
from functools import partialmethod
from itertools import islice
from pathlib import Path

import optuna
import pytest
from helpers import run

from hpsearch import load_config, survey_study
from hpsearch.cli.machines import Place, Work
from hpsearch.cli.reports import completed
from hpsearch.report import profiles
from hpsearch.report.facts import facts as facts_of
from hpsearch.report.profiles import around_the_best
from hpsearch.report.sections import _ranges, sections
from hpsearch.results.study import Results, load
from hpsearch.storage.access import open_storage
from hpsearch.storage.front import ATTRIBUTION, EXPLAINED, FIGURE
from hpsearch.storage.internals import artifacts_of, figure_of
from hpsearch.tuning.choice import ARTIFACTS


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Importances of few permutations."""
    few = partialmethod(Results.importance, permutations=9, bootstraps=3)
    monkeypatch.setattr(Results, "importance", few)


@pytest.fixture
def tiny(folder, monkeypatch):
    """The study small with a survey of a moment, and profiles of two values."""
    path = folder / "studies" / "small.toml"
    path.write_text(
        path.read_text(encoding="utf-8") + "\n[survey]\nbase = 8\nscrambles = 2\nseeds = 4\n", encoding="utf-8"
    )
    monkeypatch.setattr("hpsearch.report.profiles.PROFILE", {"values": 2, "seeds": 2})
    monkeypatch.setattr("hpsearch.report.profiles.PLANE", {"values": 2, "seeds": 2})
    monkeypatch.setattr("hpsearch.report.profiles.MIXED", 2)
    return folder


def titles(results):
    return [section.title for section in sections(results)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_missing_is_made_first_and_said_and_a_second_time_nothing_is(tiny, monkeypatch):
    first = run("report", "small", "--complete")
    assert "small is not completely searched yet: searching first" in first.stderr
    assert "small is not completely surveyed yet: surveying first" in first.stderr
    assert "report in results/small.html" in first.stdout
    page = (tiny / "results" / "small.html").read_text(encoding="utf-8")
    stored = len(load("small.profiles").trials)
    again = run("report", "small", "--complete")
    assert "first" not in again.stderr
    assert len(load("small.profiles").trials) == stored > 0
    assert titles(load("small")) == [
        "Question and answer", "What was chosen", "How the search went", "What training is sensitive to",
        "What matters when",
        "Which settings act together", "What surrogates say", "Where the difference from the defaults comes from",
        "Around the best: how wrong may one be?", "Curves of the best",
        "What to try next", "How it was measured", "What this does not say",
    ]  # fmt: skip
    assert page.count('class="plot"') >= 15
    for lines, commands in (("  l2: try 0 to 1", 1), ("", 0)):  # where nothing is proposed, nothing is to be written
        monkeypatch.setattr("hpsearch.report.sections.range_lines", lambda *_, title, more=lines: f"{title}:\n{more}")
        (following,) = (section for section in sections(load("small")) if section.title == "What to try next")
        assert len(following.commands) == commands
    assert "From the defaults to trial" in page
    chosen = load("small").profile("learning_rate", **profiles.PROFILE).query("chosen").iloc[0]
    assert f"On {chosen['seeds']} fresh seeds its mean validation loss is {chosen['mean']:.4g} (" in page
    assert load("small").study.user_attrs[EXPLAINED].startswith("From the defaults to trial")
    assert figure_of(load("small").study, ATTRIBUTION)
    (artifact,) = artifacts_of(load("small").study, "small.html")
    assert (tiny / "results" / ARTIFACTS / artifact).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_survey_of_the_effective_step_is_not_made_again_and_nothing_is_refined_from_it(tiny, capsys, monkeypatch):
    path = tiny / "studies" / "small.toml"
    text = path.read_text(encoding="utf-8").replace("trials = 14", "trials = 1").replace("base = 8", "base = 2")
    path.write_text(f"{text}effective_step = true\n", encoding="utf-8")
    told = run("search", "small").stdout
    assert "this study asks for is of the effective step α/(1−μ), a study of its own: hpsearch survey small\n" in told
    run("survey", "small")
    assert completed("small", Work(1, Place(None, Path("results")), None, None)) == "small"
    assert "first" not in capsys.readouterr().err
    monkeypatch.setattr("hpsearch.report.sections.range_lines", lambda *_, title: f"{title}:\n  l2: try 0 to 1")
    stepped = load("small.effective_step.survey")
    assert _ranges(stepped, stepped.survey).commands == []  # its range of the step is none of a learning rate


def test_of_the_survey_of_the_effective_step_that_survey_alone_is_completed(tiny, capsys):
    config = load_config("small").with_overrides(**{"survey.effective_step": True, "survey.base": 2})

    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey_study(config, on_progress=stop)
    name = "small.effective_step.survey"
    assert completed(name, Work(1, Place(None, tiny / "results"))) == name
    assert capsys.readouterr().err.startswith(f"{name} is not completely surveyed yet: surveying first\n")
    assert load(name).survey.design.base == 2
    assert completed("small.effective_step", Work(1, Place(None, tiny / "results"))) == name
    assert optuna.get_all_study_names(open_storage()) == [name]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_search_alone_says_what_a_survey_would_add_and_a_survey_alone_what_a_search_would(tiny):
    run("survey", "small")
    told = {section.title: section for section in sections(load("small"))}
    assert told["The best setting"].commands == [("This searches; then write the page anew:", "hpsearch search small")]
    assert "What was chosen" not in told
    run("search", "small")
    run("report", "small", "--to", "elsewhere/page.html", "--results", "results")
    assert (tiny / "elsewhere" / "page.html").is_file()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_without_a_survey_the_page_says_what_one_would_add_and_the_front_page_shows_surrogates(tiny):
    run("search", "small")
    run("report", "small")
    assert "Can the importance chart of these trials be trusted?" in figure_of(load("small").study, FIGURE)
    told = {section.title: section for section in sections(load("small"))}
    ((purpose, command),) = told["What training is sensitive to"].commands
    assert (purpose.split(";")[0], command) == ("This surveys", "hpsearch survey small")
    assert "What to try next" not in told
    around = told["Around the best: how wrong may one be?"].sentences
    assert "is excluded nowhere" in around[-1]  # of 30 examples on two seeds


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_another_program_s_study_has_what_its_trials_alone_can_fill(folder):
    storage = str(folder / "other.log")
    theirs = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(storage))
    study = optuna.create_study(study_name="<b>x</b>", storage=theirs, sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("a<i>", 0, 1) + trial.suggest_int("n", 1, 9), n_trials=15)
    run("report", "<b>x</b>", "--storage", storage, "--to", "page.html")
    assert titles(Results.from_study(study)) == [
        "What was chosen", "How the search went", "What surrogates say", "Where this comes from",
        "What this does not say",
    ]  # fmt: skip
    facts = {row["what"]: row["value"] for row in facts_of(Results.from_study(study), None).to_dict("records")}
    assert (facts["minimised"], facts["range of a<i>"], facts["range of n"]) == ("value", "0 to 1", "1 to 9")
    assert "<i>" not in (folder / "page.html").read_text(encoding="utf-8").split("plotly.js v")[0]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_best_that_is_the_defaults_has_nothing_to_explain(tiny, monkeypatch):
    path = tiny / "studies" / "small.toml"
    fixed = "[space]\nlearning_rate = 0.1\niterations = 20\nmomentum = 0.9\nl2 = {choices = [1e-4, 1.0]}\n"
    start, _, search = path.read_text(encoding="utf-8").partition("[space]")
    path.write_text(f"{start}{fixed}batch_size = 32\ninit_scale = 0.1\n[search]{search.partition('[search]')[2]}")
    run("search", "small")
    assert load("small").best.hyperparameters.l2 == 1e-4
    told = {section.title: section for section in sections(load("small"))}
    (sentence,) = told["Where the difference from the defaults comes from"].sentences
    assert sentence == "The chosen setting is that of the defaults, so there is nothing to explain."
    facts = dict(told["How it was measured"].exhibits[0].table.to_numpy().tolist())
    assert (facts["fixed: learning rate α"], facts["range of l2 λ"]) == ("0.1", "0.0001, 1.0")
    assert facts["minimised"] == "validation_loss, on seed 0"
    assert "mixtures" not in around_the_best(load("small")).values()
    results = load("small")
    noted = replace(results.dataset, notes=("a constant column: 'test'",), test_notes=("7 examples are copies",))
    chosen = next(each for each in sections(load("small", dataset=noted)) if each.title == "What was chosen")
    assert chosen.sentences[-1] == "Mind: 7 examples are copies."
    one = results.attribution(against={"l2": 1.0}, seeds=2)
    monkeypatch.setattr("hpsearch.report.profiles.attribution_of", lambda results: one)
    shown = next(each for each in sections(results) if each.title.startswith("Where the difference")).exhibits
    assert [exhibit.title for exhibit in shown[1:]] == ["Which changes act together?"]
    assert "the two settings are the same, so there is no difference" in run("explain", "small", code=2).stderr


def test_the_best_within_the_constraints_is_not_called_that_of_all():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for value in (1.0, 2.0, 3.0):
        trial = study.ask()
        trial.set_constraint("at least 2", 2.0 - value)
        study.tell(trial, value)
    chosen, went = (section.sentences[0] for section in islice(sections(Results.from_study(study)), 2))
    assert chosen.startswith("Trial 1 was chosen, the best of 2 that satisfy the constraints")
    assert "The best value within the constraints, 2, was reached at trial 1" in went


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_of_two_objectives_the_front_is_drawn_and_each_has_its_command_for_importances(tmp_path):
    storage = open_storage(results=tmp_path)
    study = optuna.create_study(study_name="my two", storage=storage, directions=["minimize", "maximize"])
    study.set_metric_names(["error", "speed"])
    for value in (1.0, 2.0, 3.0):
        study.add_trial(optuna.trial.create_trial(values=[value, -value]))
    told = {section.title: section for section in sections(Results.from_study(study))}
    assert "by values as they were told: where these are luck in part" in told["What was chosen"].sentences[1]
    (front,) = told["What was chosen"].exhibits
    assert front.figure == Results.from_study(study).plot.pareto()
    assert front.table["number"].tolist() == [0]
    surrogates = told["What surrogates say"]
    assert surrogates.commands == [
        ("For error:", f"hpsearch importance {tmp_path}/hpsearch.journal 'my two' --objective error"),
        ("For speed:", f"hpsearch importance {tmp_path}/hpsearch.journal 'my two' --objective speed"),
    ]
    alone = optuna.create_study(directions=["minimize", "maximize"])
    alone.add_trials(study.trials)
    commands = next(part for part in sections(Results.from_study(alone)) if "surrogates" in part.title).commands
    assert commands[1] == ("For value_1:", "hpsearch.importance(study, objective=1)")
    facts = told["Where this comes from"].exhibits[0].table.head(2)
    assert facts.to_numpy().tolist() == [["minimised", "error"], ["maximised", "speed"]]


def test_a_study_without_trials_has_a_page(folder):
    study = optuna.create_study()
    assert titles(Results.from_study(study)) == [
        "How the search went", "Where this comes from", "What this does not say",
    ]  # fmt: skip


def test_an_unknown_study_is_refused(folder):
    assert "error:" in run("report", "none", code=2).stderr
