"""The survey of a user's function from the command line, and its page."""

import re
import sys

import pytest
from helpers import run

from hpsearch.cli.functions import cost, loaded
from hpsearch.config import ConfigError
from hpsearch.experiments.progress import FunctionProgress
from hpsearch.report.facts import facts
from hpsearch.results.study import load

MODULE = """
def loss(rate, size, seed):
    if size == 9 and rate > 0.9:
        raise ValueError("too <large>")
    print("trained")
    return {"loss": 10 * rate + size + 0.1 * seed}

def stops(rate, size):
    stops.calls += 1
    if stops.calls == 50:
        raise KeyboardInterrupt
    return rate

stops.calls = 0
number = 3
"""
SPACE = """
[space]
rate = {low = 0.0, high = 1.0}
size = {low = 1, high = 9}
[survey]
base = 8
scrambles = 4
ceilings = {loss = 19.0}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "mine"]:
        del sys.modules[name]


OF = ("--function", "mine.model:loss", "--space", "space.toml")


def test_a_function_is_surveyed_kept_and_shown(project):
    done = run("survey", "model", *OF)
    assert "evaluations" in done.stdout
    assert "model: what loss is sensitive to" in done.stdout
    assert re.search(r"rate +0\.\d{3} \[.*sensitive", done.stdout)
    assert "ranges to try next (lower loss is better)" in done.stdout
    assert "training" not in done.stdout.replace("trained", "")
    again = run("survey", "model", *OF)
    assert "evaluations" not in again.stdout
    stored = load("model")
    assert stored.function == "mine.model:loss"
    assert (stored.survey.design.base, stored.survey.design.scrambles) == (8, 4)
    run("survey", *OF, "--base", 16)
    assert load("loss").survey.design.base == 16  # without a name, the function's own


def test_its_page_leaves_out_in_words_what_needs_trainings(project):
    run("survey", "model", *OF)
    run("report", "model")
    page = (project / "results" / "model.html").read_text(encoding="utf-8")
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings == [
        "What was surveyed", "What loss is sensitive to", "Which settings act together", "What to try next",
        "How it was measured", "What this does not say",
    ]  # fmt: skip
    text = page[page.rindex("</h1>") :]
    assert "mine.model:loss" in text
    assert "There was no search" in text
    assert "hpsearch refine" not in text
    assert "did not make the study" not in text
    assert "this data and this split" not in text
    assert "Of this response, lower was said to be better." in text
    told = dict(facts(load("model"), load("model").survey).itertuples(index=False))
    assert told["survey"].startswith("4 scrambled Sobol sequences, blocks of 8 rows, 160 rows; a pool of ")
    assert (told["function"], told["trials"], "looks" in told) == ("mine.model:loss", "320", False)
    assert (told["range of rate"], told["range of size"]) == ("0 to 1", "1 to 9")


def test_ctrl_c_keeps_what_is_evaluated_and_says_how_to_go_on(project):
    done = run("survey", "stops", "--function", "mine.model:stops", "--space", "bare.toml", code=2)
    assert "there is no such file" in done.stderr
    (project / "bare.toml").write_text(SPACE.replace("ceilings = {loss = 19.0}", ""), encoding="utf-8")
    done = run("survey", "stops", "--function", "mine.model:stops", "--space", "bare.toml", code=130)
    assert "stopped: 49 of 320 evaluations are stored" in done.stderr
    assert "Go on with:\n  hpsearch survey stops --function mine.model:stops --space bare.toml\n" in done.stderr
    run("survey", "stops", "--function", "mine.model:stops", "--space", "bare.toml")
    assert len(load("stops").survey.table) == 160


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--function", "mine.model", "--space", "space.toml"), "must be package.module:function"),
        (("--function", "mine.none:f", "--space", "space.toml"), "cannot be imported .*ModuleNotFoundError"),
        (("--function", "mine.model:none", "--space", "space.toml"), "mine.model has no 'none' .given: .*; name one"),
        (("--function", "mine.model:los", "--space", "space.toml"), 'mine.model has no .*; did you mean "loss"'),
        (("my study", "--function", "mine.model:loss"), "--space: 1 problem\n +is missing"),
        (("--function", "mine.model:number", "--space", "space.toml"), "is not a function .given: int"),
        (("--function", "mine.model:loss"), "--space: 1 problem\n +is missing"),
        ((*OF, "--timeout", "soon"), "'soon' is not a duration"),
        ((*OF, "--timeout", "0"), "'0' is not a duration"),
        ((*OF, "--until", "soon"), 'must be "decided", or the share'),
        ((*OF, "--until", "2"), "until must be"),
        ((*OF, "--base", "3"), "base must be a power of two"),
        ((*OF, "--executor", "dask", "--processes"), "--processes: cannot be combined with --executor"),
        ((*OF, "--address", "tcp://x:1"), "--executor dask"),
        ((*OF, "--effective-step"), "leave it out with --function"),
        ((*OF, "--dry-run"), "--dry-run: 1 problem\n +applies to a study alone"),
        ((*OF, "--name", "a/b"), "'/' in it"),
        (("--retry",), "add --function package.module:function"),
        (("--space", "space.toml"), "add --function package.module:function"),
    ],
)
def test_a_mistake_is_one_message_and_nothing_is_made(project, arguments, problem):
    done = run("survey", *arguments, code=2)
    assert re.search(problem, done.stderr), done.stderr
    assert not (project / "results").exists()


def test_time_that_is_up_is_told_with_the_command_that_goes_on(project):
    done = run("survey", "model", *OF, "--timeout", "0.000001s")
    assert re.search(r"the time is up: \d+( of 320)? evaluations are stored, none is left running\. Go on", done.stderr)
    assert re.search(r"Go on with:\n  hpsearch survey model .*--timeout 0\.000001s\n", done.stderr)


def test_a_function_is_found_in_the_working_folder(project):
    assert loaded("mine.model:loss")(rate=0.1, size=2, seed=0) == {"loss": 3.0}
    with pytest.raises(ConfigError, match=r"must be package\.module:function"):
        loaded("mine model:loss")


def test_the_cost_is_told_without_the_first_call():
    progress = FunctionProgress(11, 1011, 11, elapsed=7.0, first=5.0, base=8)
    assert cost(progress) == "1,000 rows to evaluate: about 3.3 min, at 0.2 s a row"
