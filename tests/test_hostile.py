"""Names and texts of users are text: through every printing path no markup, HTML or control character is obeyed."""

import io
import re

import numpy as np
import optuna
import pandas as pd
import pytest
from helpers import run
from rich.console import Console

from hpsearch import load
from hpsearch.cli.progress import LiveLine
from hpsearch.report.importance import importance_table
from hpsearch.report.search import chosen_line
from hpsearch.report.survey import sensitivity_table
from hpsearch.results.best import Best
from hpsearch.storage.internals import note_of
from hpsearch.tuning.balance import Balance
from hpsearch.tuning.batches import Progress
from hpsearch.tuning.scores import TestScore

ESCAPE, TURN = "\x1b[31mred", "a\u202eb"
CONSTANT = ["speed [m][/s]", ":boom: [bold]x", "[link=javascript:alert(1)]l[/link]", "<script>alert(2)</script>"]
LABELS = ["[red]no", "[/]yes"]
QUESTION = "[/s] <script>alert(3)</script> [x](javascript:alert(4)) **b** :smile: \\u001b[31m"

STUDY = f"""
question = "{QUESTION}"
answer = "[bold]<img src=x onerror=alert(5)>[/bold]"
[data]
source = "csv:hostile.csv"
target = "y"
[network]
hidden = [2]
[space]
learning_rate = {{low = 0.01, high = 1.0, log = true}}
[search]
trials = 4
batch = 4
checkpoints = 2
[survey]
base = 2
scrambles = 2
seeds = 2
checkpoints = 2
"""


@pytest.fixture
def hostile(folder):
    """A table and a study of it, whose every name and text is meant ill."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"width [cm]": generator.normal(size=200), **dict.fromkeys([*CONSTANT, ESCAPE], 1.0)})
    frame["<img src=x>"] = np.array(["[/red]", "<b>"])[generator.integers(2, size=200)]
    frame[TURN] = generator.normal(size=200)
    frame["y"] = np.where(np.arange(200) % 9 == 0, LABELS[1], LABELS[0])
    frame.to_csv("hostile.csv", index=False)
    (folder / "h.toml").write_text(STUDY, encoding="utf-8")
    return folder


def harmless(text):
    """Whether a terminal obeys nothing in a text."""
    return re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text) is None


def test_a_search_a_survey_and_a_new_study_print_names_as_they_are(hostile):
    searched = run("search", "h.toml").stdout
    assert f"always answering {LABELS[0]!r} gives " in searched
    assert f"recall of {LABELS[1]!r} " in searched
    surveyed = run("survey", "h.toml").stdout
    at_once = run("search", "hostile.csv", "--target", "y", "--trials", 1).stdout
    written = run("new", "hostile.csv", "--target", "y").stdout
    shown = run("show", "hostile.csv", "--target", "y").stdout
    planned = run("survey", "hostile.csv", "--target", "y", "--dry-run").stdout
    for printed in (searched, surveyed, at_once, written, shown, planned):
        assert harmless(printed)
        for name in (*CONSTANT, "\\x1b[31mred"):
            assert name in printed
    for printed in (at_once, written, shown):
        assert f"{LABELS[0]!r}" in printed
    assert "'a\\u202eb': numbers" in shown
    assert all(name in shown for name in ("#   'width [cm]': numbers", "#   '<img src=x>': str, 2 distinct: '"))
    assert QUESTION in run("show", "h.toml").stdout
    run("refine", "h", "--to", "r.toml")
    assert harmless(run("export", "h").stdout)


def test_refusals_print_names_as_they_are(hostile):
    frame = pd.read_csv("hostile.csv")
    for name in (*CONSTANT, ESCAPE, TURN):
        frame.assign(**{name: np.nan}).to_csv("hostile.csv", index=False)
        told = run("search", "h.toml", code=2).stderr
        assert f"column {name!r} holds no value" in told
        assert harmless(told)
    frame.assign(**{ESCAPE: [f"{ESCAPE} {i}" for i in range(200)]}).to_csv("hostile.csv", index=False)
    assert harmless(run("search", "h.toml", code=2).stderr)
    for path in (f"{ESCAPE}.csv", f"{ESCAPE}.toml", ESCAPE):
        assert harmless(run("search", path, code=2).stderr)
    assert "there is no column '[/s]'" in run("search", "hostile.csv", "--target", "[/s]", code=2).stderr


@pytest.mark.slow
def test_the_page_and_the_dashboard_s_note_show_texts_as_text(hostile):
    run("search", "h.toml")
    run("report", "h")
    page = (hostile / "results" / "h.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(3)&lt;/script&gt;" in page
    for raw in ("<script>alert", "<img src=x", "\x1b"):
        assert raw not in page


def test_the_dashboard_s_note_shows_texts_as_text(hostile):
    run("search", "h.toml")
    note = note_of(load("h").study)
    assert r"\<script\>alert(3)\</script\> \[x\](javascript:alert(4)) \*\*b\*\*" in note
    assert r"\[bold\]\<img src=x onerror=alert(5)\>\[/bold\]" in note
    assert harmless(note)


SPACE = {
    name: optuna.distributions.FloatDistribution(0, 1)
    for name in ("optimizer[lr]", "optimizer[momentum]", "[/s]", ":boom:", ESCAPE)
}


@pytest.mark.slow
def test_an_importance_of_another_program_s_study_prints_names_as_they_are(folder):
    name, generator = "[/s] :boom: [b]x", np.random.default_rng(0)
    study = optuna.create_study(study_name=name, storage="sqlite:///o.db")
    for _ in range(16):
        params = {key: float(generator.random()) for key in SPACE}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=SPACE, value=params["[/s]"]))
    done = run("importance", "sqlite:///o.db", name)
    assert done.stdout.startswith(f"{name}: importance, 16 trials")
    assert "importance in [/s] :boom:…" in done.stderr  # cut where it leaves the line's numbers no room
    rows = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert {"optimizer[lr]", "optimizer[momentum]", "[/s]", ":boom:", "\\u001b[31mred"} <= set(rows)
    assert harmless(done.stdout)
    assert harmless(re.sub("\x1b\\[[0-9;?]*[a-zA-Z]|\r", "", done.stderr))  # the live line moves the cursor


def test_every_table_and_line_is_text_on_a_console_that_reads_markup(small):
    names = ["a[/s]", "b[bold]", ":boom:", ESCAPE]
    console = Console(file=io.StringIO(), width=120)
    numbers = dict.fromkeys(("total_order", "total_low", "total_high", "first_order", "first_low", "first_high"), 0.5)
    rows = [
        {"hyperparameter": name, **numbers, "mean_order": 0.5, "share": 0.01, "verdict": "", "reason": name}
        for name in names
    ]
    console.print(sensitivity_table(pd.DataFrame(rows), title="[/t] :boom:"))
    cells = dict.fromkeys(("importance", "low", "high", "p_adjusted"), 0.5)
    rows = [{"measure": "m[/n]", "hyperparameter": name, **cells, "verdict": "seen"} for name in names]
    console.print(importance_table(pd.DataFrame(rows), title="[/u] :boom:"))
    printed = console.file.getvalue()
    assert all(printed.count(text) >= 2 for text in ("a[/s]", "b[bold]", ":boom:", "\\u001b[31mred"))
    assert all(text in printed for text in ("[/t] :boom:", "[/u] :boom:", "m[/n]"))
    assert harmless(printed)
    score = TestScore("test_error", 0.5, 0.4, 0.6, 9)
    best = Best(0, 0.5, {}, {}, score, None, score, ESCAPE, Balance(score, {ESCAPE: score}))
    assert harmless(chosen_line(best))


def test_the_live_line_shows_a_name_as_it_is(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    line = LiveLine("importance in [/s] :boom: [b]x", lambda _: "[/t]", check=lambda: None)
    with line:
        line.show(Progress(1, 2))
        line.say("[/u]")
    told = capsys.readouterr().err
    assert all(text in told for text in ("importance in [/s] :boom: [b]x", "[/t]", "[/u]"))
