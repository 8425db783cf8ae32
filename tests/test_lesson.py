"""The command lesson: claims judged from their studies, printed and put on a page; what is trained is kept."""

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers import run

from hpsearch import load, load_config, search
from hpsearch.cli import lesson as command
from hpsearch.config.hyperparameters import BY_NAME
from hpsearch.evaluation import evaluator
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.experiments.comparisons import on_test
from hpsearch.experiments.lessons import Judgement
from hpsearch.report.lesson import details, verdict_line
from hpsearch.results import applications
from hpsearch.results.applications import _beside_second
from hpsearch.results.lesson import CLAIMS, Lesson, measured
from hpsearch.tuning.batches import Progress

SEEDS = range(1_000_000, 1_000_004)
BASE = {name: setting.default for name, setting in BY_NAME.items() if name in ("iterations", "momentum", "l2")}
BASE |= {"batch_size": 32, "init_scale": 0.1}
ROOT = Path(__file__).parents[1]
SHIPPED = sorted((ROOT / "studies" / "lesson").glob("*.toml"))


def final_of(evaluation, metric):
    return evaluation.curves[:, -1, evaluation.metrics.index(metric)].astype(float)


@pytest.fixture
def lesson(folder):
    """A user's folder with the lesson's studies."""
    shutil.copytree(ROOT / "studies" / "lesson", folder / "studies" / "lesson")
    return folder


def test_a_page_that_cannot_be_written_is_told_before_anything_is_trained(lesson):
    (lesson / "results" / "lesson-L1.html").mkdir(parents=True)
    told = run("lesson", "L1", code=1).stderr
    assert told.startswith("error: cannot write results/lesson-L1.html: Is a directory")
    assert [path.name for path in (lesson / "results").iterdir()] == ["lesson-L1.html"]


def test_a_claim_is_judged_printed_and_put_on_a_page(lesson):
    printed = run("lesson", "l8").stdout
    assert printed.startswith("L8  holds: each of 9 parameters moves by")
    assert "\nInitialise → forward → loss → gradient → step, repeated, is all of training.\n" in printed
    assert "\nIn the first 3 iterations of 2 trainings of a 2-2-1 network" in printed
    assert "np.zero((2, 1)) raises AttributeError; meant is np.zeros((2, 1))." in printed
    assert "W1 = 0.5 · N(0, 1)" in printed
    assert max(len(line) for line in printed.splitlines()) <= 80
    train = Evaluator(load_config("L8")).dataset.train
    assert f"Measured on flower: networks trained on {train.examples} examples." in printed
    page = (lesson / "results" / "lesson-L8.html").read_text(encoding="utf-8")
    assert "<h2>L8: Initialise → forward → loss → gradient → step, repeated, is all of training</h2>" in page
    assert "One iteration, number by number." in page
    assert not (lesson / "results" / "lesson.html").exists()


def test_every_claim_says_on_what_it_was_measured_by_which_error_and_over_what(small_evaluator):
    data = small_evaluator.dataset
    told = {claim: measured(claim, data) for claim in CLAIMS}

    def telling(words):
        return [claim for claim in CLAIMS if words in told[claim]]

    assert telling(f"Measured on iris: networks trained on {len(data.train.y)} ex") == [
        "L1",
        "L2",
        "L3",
        "L4",
        "L5",
        "L8",
    ]
    assert telling(f"share of the {len(data.validation.y)} validation examples") == ["L1", "L2", "L4"]
    assert telling("95 % over seeds of training") == ["L1", "L2", "L3", "L4", "L7"]
    assert telling("the α that suits it best, chosen on other seeds") == ["L1", "L4"]
    assert telling("one per cent of a study's test examples") == ["L7"]
    assert told["L6"] == ""  # its evidence says all of it


def test_what_is_trained_is_kept_and_read_again(lesson, monkeypatch):
    first = run("lesson", "L5", "--workers", 2).stdout
    assert load("lesson-L5").trials["state"].tolist() == ["COMPLETE"] * 2
    monkeypatch.setattr(evaluator.Evaluator, "tasks", None)  # nothing can be trained any more
    monkeypatch.setattr(evaluator, "load_data", None)  # nor can data be read beside those of the lesson
    assert run("lesson", "L5").stdout == first


def test_the_data_of_a_claim_are_read_once(monkeypatch):
    monkeypatch.setattr("hpsearch.results.lesson.load_data", lambda config: object())
    lesson, config = Lesson(), load_config("L1")
    assert lesson.dataset(config) is lesson.dataset(config.with_overrides(name="again"))


def test_all_claims_share_a_page(lesson, monkeypatch):
    monkeypatch.setattr("hpsearch.results.lesson.CLAIMS", {name: CLAIMS[name] for name in ("L5", "L8")})
    printed = run("lesson").stdout
    assert re.findall(r"^L\d", printed, re.MULTILINE) == ["L5", "L8"]
    assert "number by number" not in printed
    assert "In a training of" not in printed
    assert "; `hpsearch lesson L4` prints one claim at length" in printed.splitlines()[-1]
    page = (lesson / "results" / "lesson.html").read_text(encoding="utf-8")
    assert "L8 holds: Initialise" in page
    assert page.count("<h2>") == 3


def test_a_claim_that_is_none_and_a_study_that_is_missing_are_refused(lesson):
    assert 'there is no such claim (given: "L9"); the claims are L1' in run("lesson", "L9", code=2).stderr
    (lesson / "studies" / "lesson" / "L8.toml").unlink()
    assert "no study has this name" in run("lesson", "L8", code=2).stderr


@pytest.mark.parametrize("claim", ["L1", "L2", "L3", "L4"])
def test_data_with_numbers_to_predict_are_refused_where_classes_judge(lesson, claim):
    path = lesson / "studies" / "lesson" / f"{claim}.toml"
    text = path.read_text(encoding="utf-8").replace('"digits"', '"diabetes"').replace("n_error", "n_loss")
    path.write_text(text, encoding="utf-8")
    refused = run("lesson", claim, code=2).stderr
    assert f'data.source: its target is a number (given: "diabetes"); {claim} is judged by classes' in refused
    assert not (lesson / "results" / "hpsearch.journal").exists()


def test_a_stored_study_of_another_rule_is_refused_with_a_way_out(lesson):
    run("lesson", "L8")
    path = lesson / "studies" / "lesson" / "L8.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("l2 = 0.01", "l2 = 0.02"), encoding="utf-8")
    refused = run("lesson", "L8", code=2).stderr
    assert "space.l2" in refused
    assert "--results" in refused
    assert "--name" not in refused
    run("lesson", "L8", "--results", "anew")


def test_a_stopped_lesson_says_how_to_go_on(lesson, monkeypatch):
    def stop(self, name):
        self.on_progress("lesson-L4", Progress(3, 72))
        raise KeyboardInterrupt

    monkeypatch.setattr(Lesson, "judgement", stop)
    told = run("lesson", "L4", code=130).stderr
    assert "Go on with:\n  hpsearch lesson L4\n" in told
    assert "of 72 trials are stored" in told
    assert command.app is not None


def test_a_verdict_is_one_line_with_what_decides_it():
    decided = "error 1.0 % [0.5, 1.5] with one unit, 2.0 % [1.0, 3.0] with two"
    judgement = Judgement("L1", "A is B.", True, decided, ["Seen so.", "And so."], where="x is y")
    assert verdict_line(judgement, width=120) == f"L1  holds where x is y: {decided}"
    assert list(details(judgement, width=120)) == ["A is B.", "Seen so.", "And so."]


def test_no_line_ends_within_an_interval():
    decided = "error 1.0 % [0.5, 1.5] with one unit, 2.0 times [1.0, 3.0] with two"
    judgement = Judgement("L1", "A is B.", True, decided, [])
    for width in range(24, 80):
        lines = verdict_line(judgement, width=width).splitlines()
        assert max(map(len, lines)) <= width
        assert " ".join(line.strip() for line in lines) == f"L1  holds: {decided}"
        assert any("1.0 % [0.5, 1.5]" in line for line in lines)
        assert any("2.0 times [1.0, 3.0]" in line for line in lines)
        assert all(line.startswith("    ") for line in lines[1:])


def test_l7_puts_the_best_of_a_second_search_in_the_place_of_the_first():
    points = {
        ("a", "a"): (10, 11, 13), ("b", "a"): (30, 33, 35), ("defaults", "a"): (20, 21, 22),
        ("a", "b"): (50, 54, 51), ("b", "b"): (5, 6, 8), ("defaults", "b"): (9, 9, 10),
    }  # fmt: skip
    second = {"a": (40, 44, 41), "b": (6, 6, 7)}

    def rows(setting, study, values):
        names = {"from": setting, "to": study, "examples": 100, "split": "test"}
        return pd.DataFrame({**names, "seed": range(3), "points": values, "loss": values}).astype({"points": float})

    scores = pd.concat([rows(*names, values) for names, values in points.items()], ignore_index=True)
    scores = pd.concat([scores, scores.assign(split="validation", points=0.0)], ignore_index=True)
    seconds = [rows("second search", study, values) for study, values in second.items()]
    seen = SimpleNamespace(scores=scores, studies=["a", "b"])
    studies = [SimpleNamespace(dataset=SimpleNamespace(classes=classes)) for classes in (("x", "y"), None)]
    beside, home = _beside_second(seen, seconds, studies)
    regret = beside.set_index(["from", "to"])["regret"]
    assert regret["b", "a"] == pytest.approx(98 / 3 - 125 / 3)
    assert regret["a", "b"] == pytest.approx(155 / 3 - 19 / 3)
    assert beside.set_index(["from", "to"]).loc[("a", "a"), "verdict"] == "own best"
    assert home.set_index("to")["regret"].to_dict() == pytest.approx({"a": 125 / 3 - 34 / 3, "b": 0.0})
    assert home["from"].tolist() == ["second search"] * 2
    assert home.set_index("to").loc["a", "verdict"] == "worse"


def test_l7_takes_the_best_alpha_of_each_study_to_the_others_on_other_seeds(lesson, monkeypatch):
    monkeypatch.setattr(applications, "_RATES", 3)
    monkeypatch.setattr(applications, "_SEEDS", 2)
    base = load_config("studies/lesson/L7.toml").with_overrides(trials=1)
    configs = [base.with_overrides(name=name, **{"data.source": name}) for name in ("iris", "moons")]
    for config in configs:
        search(config)
    table = applications._rates(Lesson(), [load(config.name) for config in configs]).set_index(["from", "to"])
    rates = [0.001, 0.1**1.5, 1.0, 0.1]
    for config in configs:
        own, other = Evaluator(config), "moons" if config.name == "iris" else "iris"
        settings = [own.config.settings({**BASE, "learning_rate": rate}) for rate in rates]
        losses = [np.mean([final_of(e, "validation_loss")]) for e in own.evaluate(settings, seeds=SEEDS[:2])]
        best = rates[int(np.argmin(losses))]
        assert table.loc[(config.name, config.name), "learning_rate"] == pytest.approx(best)
        assert (table.loc[config.name, "learning_rate"] == table.loc[(config.name, other), "learning_rate"]).all()
        tried = [table.loc[(name, config.name), "learning_rate"] for name in (config.name, other)]
        settings = [own.config.settings({**BASE, "learning_rate": rate}) for rate in tried]
        errors = [
            100 * final_of(e, "validation_error").mean() for e in on_test(own).evaluate(settings, seeds=SEEDS[2:])
        ]
        assert table.loc[(other, config.name), "regret"] == pytest.approx(errors[1] - errors[0], abs=1e-3)
        assert table.loc[(other, config.name), "seeds"] == 2


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_studies_of_the_lesson_fit_their_data_and_are_whole_grids(path):
    config = load_config(path)
    assert config.name == f"lesson-{path.stem}"
    assert config.question
    if config.search.sampler != "grid":  # L6, which searches
        return
    points = 1
    for dimension in config.space.dimensions.values():
        points *= len(dimension.values(2))
    assert config.search.trials == points
    evaluator.Evaluator(config)


@pytest.mark.slow
def test_the_shipped_studies_say_what_their_answers_say(lesson):
    for name in CLAIMS:
        verdict = Lesson(workers=2).judgement(name).verdict
        assert load_config(Path("studies", "lesson", f"{name}.toml")).answer.startswith(verdict), name
