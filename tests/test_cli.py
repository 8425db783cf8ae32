"""The command line: what it prints in this process; through real ones what signals, exit codes and pipes do."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path
from typing import get_args, get_type_hints

import numba
import pandas as pd
import pytest
from helpers import ENDLESS, HPSEARCH, LONG, TIMES, run

import hpsearch
from hpsearch import load, load_config
from hpsearch.cli import app
from hpsearch.cli.progress import LiveLine
from hpsearch.cli.stops import StopSignals
from hpsearch.evaluation import evaluator
from hpsearch.report import dashboard
from hpsearch.storage.access import JOURNAL
from hpsearch.storage.front import FIGURE
from hpsearch.storage.internals import figure_of
from hpsearch.tuning.search import search


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Trials of the study long, searched in one go."""
    path = tmp_path_factory.mktemp("whole") / "long.toml"
    path.write_text(LONG, encoding="utf-8")
    search(load_config(path), results=path.parent)
    return load("long", results=path.parent).trials.drop(columns=TIMES)


def start(*arguments):
    """Run a command in a process of its own."""
    return subprocess.run([HPSEARCH, *arguments], capture_output=True, text=True, timeout=120)


def test_an_empty_path_is_refused_by_every_option_that_takes_one(folder):
    """As `--results "$FOLDER"` gives it where the variable is not set: it would be the folder that one is in."""
    options = [
        (command.name or command.callback.__name__, f"--{name}")
        for command in app.registered_commands
        for name, kind in get_type_hints(command.callback).items()
        if Path in (kind, *get_args(kind))
    ]
    assert {("list", "--results"), ("export", "--to"), ("survey", "--space")} < set(options)
    for name, option in options:
        shown = run(name, "small", option, "", code=2).stderr
        assert f"Invalid value for '{option}': the path is empty" in shown
    assert {path.name for path in folder.iterdir()} == {"studies"}


def test_a_search_shows_the_best_and_a_rerun_adds_nothing(folder):
    first = run("search", "small").stdout
    assert "small: the 10 best of 14 trials (0 diverged)" in first
    assert re.search(r"chosen: trial \d+, test error \d+\.\d\d % \(95 % interval .* 30 examples\)", first)
    assert "hpsearch export small" in first
    table = first.split("chosen:")[0].splitlines()
    assert max(len(line.rstrip()) for line in table) <= 80
    again = run("search", "small").stdout
    assert "small already holds 14 trials: ask for more with --trials\n" in again
    (folder / "Makefile").write_text("# of hpsearch", encoding="utf-8")
    assert "ask for more with TRIALS=… or --trials\n" in run("search", "small").stdout
    assert again.split("small: the 10")[1] == first.split("small: the 10")[1]
    assert "best of 20 trials" in run("search", "studies/small.toml", "--trials", 20).stdout
    assert len(load("small").trials) == 20


def test_two_workers_print_the_same_table_as_one(folder):
    one = run("search", "small", "--results", "a").stdout.split("how sensitive")[0]
    two = run("search", "small", "--results", "b", "--workers", 2).stdout.split("how sensitive")[0]
    assert one == two
    told = run("search", "small", "--results", "a").stdout
    assert "not measured yet: hpsearch survey small --results a\n" in told
    assert "next: hpsearch report small --results a for figures, hpsearch dashboard --results a" in told
    assert "hpsearch.load('small', results='a').trials" in told


def test_a_search_says_that_the_engine_is_compiled_only_if_it_is(folder, monkeypatch):
    run("search", "small", "--trials", 1)  # what no test had compiled before is so now
    assert "compiling" not in run("search", "small", "--trials", 2).stderr
    load_data = evaluator.load_data
    monkeypatch.setattr(evaluator, "load_data", lambda config: numba.njit(lambda x: x)(1) and load_data(config))
    for command in ("search", "survey"):
        told = run(command, "small", "--results", "other", *(["--base", 4] if command == "survey" else []))
        assert told.stderr.count("compiling the engine, once: ") == 1
        assert "compiling" not in told.stdout


def handlers():
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_whose_exception_was_swallowed_is_remembered_and_the_handlers_come_back(number):
    before = handlers()
    with StopSignals() as signals:
        signals.check()
        for _ in range(2):  # the second one stops too
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            signals.check()
        assert handlers() != before
    assert handlers() == before


def test_a_terminal_that_goes_away_stops_nothing_where_that_is_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals() as signals:
            signal.raise_signal(signal.SIGHUP)
            signals.check()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ("search", "long", "--trials", 20),
            r"stopped: 0 of 20 trials are stored, none is left running\. "
            r"Go on with:\n  hpsearch search long --trials 20\n",
        ),
        (
            ("survey", "long", "--base", 16, "--scrambles", 2),
            r"stopped: 0 of 288 rows are stored, none is left running\. "
            r"Go on with:\n  hpsearch survey long --base 16 --scrambles 2\n",
        ),
    ],
)
def test_a_command_that_is_stopped_at_once_says_how_to_go_on(folder, monkeypatch, command, message):
    def enter(line):
        with contextlib.suppress(KeyboardInterrupt):  # as C code does
            signal.raise_signal(signal.SIGTERM)

    before = handlers()
    monkeypatch.setattr(LiveLine, "__enter__", enter)
    assert re.search(message, run(*command, code=130).stderr)
    assert handlers() == before


@pytest.mark.parametrize(
    ("stop", "workers"),
    [
        pytest.param(signal.SIGINT, 1, marks=pytest.mark.slow),
        (signal.SIGINT, 2),
        pytest.param(signal.SIGTERM, 1, marks=pytest.mark.slow),
    ],
)
def test_a_stopped_search_keeps_its_trials_and_goes_on(folder, whole, stop, workers):
    command = [HPSEARCH, "search", "long", "--workers", str(workers), "--trials", ENDLESS]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    journal = folder / "results" / JOURNAL
    deadline = time.monotonic() + 120
    while not (journal.exists() and b"datetime_start" in journal.read_bytes()):  # a trial's line
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    stored = int(re.search(rf"stopped: (\d+) of {ENDLESS} trials are stored, none is left running", errors)[1])
    assert f"Go on with:\n  hpsearch search long --workers {workers} --trials {ENDLESS}\n" in errors
    trials = load("long").trials
    assert 0 < stored == len(trials) < int(ENDLESS)
    assert set(trials["state"]) == {"COMPLETE"}
    run("search", "long")
    pd.testing.assert_frame_equal(load("long").trials.drop(columns=TIMES).head(60), whole)


@pytest.mark.slow
def test_a_killed_search_goes_on_where_it_was(folder, whole):
    command = [HPSEARCH, "search", "long", "--trials", ENDLESS]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = folder / "results" / JOURNAL
    while not (journal.exists() and journal.read_bytes().count(b'"op_code":4,') > 4):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    run("search", "long")
    pd.testing.assert_frame_equal(load("long").trials.drop(columns=TIMES).head(60), whole)


MISTAKES = [
    ("name = ", r"bad\.toml: 1 problem"),
    ("[space]\nlearnign_rate = 0.1", 'did you mean "learning_rate"'),
    ("[space]\nepochs = 3", 'did you mean "iterations"'),
    ("learning_rate = 0.1", r"learning_rate: is not a known key.*\[space\]"),
    ("[space]\nlearning_rate = {low = 1, high = 0.1}", r"space\.learning_rate.*(low|high)"),
    ("[space]\nlearning_rate = {low = 0, high = 1, log = true}", r"space\.learning_rate.*(above 0|log)"),
    ("[space]\nmomentum = {low = 0, high = 1.5}", r"space\.momentum.*1\.5"),
    ("[space]\nl2 = {low = -1, high = 1}", r"space\.l2.*-1"),
    ("[space]\nl2 = nan", r"space\.l2.*nan"),
    ("[space]\nlearning_rate = {low = 0.1, high = inf}", r"space\.learning_rate.*inf"),
    ("[space]\nbatch_size = {choices = [8, 8]}", r"space\.batch_size.*8"),
    ("[space]\nbatch_size = {choices = [8]}", r"space\.batch_size"),
    ("[space]\nbatch_size = {low = 8.5, high = 16}", r"space\.batch_size.*8\.5"),
    ("[space]\niterations = true", r"space\.iterations.*true"),
    ("[space]\nmomentum = 0.9", "(vary|varies)"),
    (
        "[space]\nbatch_size = {choices = [8, 5000]}",
        r"bad\.toml: 1 problem\n.*batch_size: 5000 is above the 1077 training examples",
    ),
    ('[data]\nsource = "digitz"', 'did you mean "digits"'),
    ('[data]\nsource = "csv:none.csv"\ntarget = "y"', r"data\.source.*none\.csv"),
    ('[data]\nsource = "csv:t.csv"', r"data\.target"),
    ('[data]\nsource = "csv:t.csv"\ntarget = "z"', "no target column 'z'"),
    ("[data]\nvalidation = 0.6\ntest = 0.5", r"data\.(test|validation)"),
    ('[search]\nsampler = "tpee"', 'did you mean "tpe"'),
    ('[search]\npruner = "mediam"', 'did you mean "median"'),
    ("[search]\ntrials = 0", r"search\.trials.*0"),
    ('[search]\ntrials = "many"', r"search\.trials.*many"),
    ("[search]\nseeds = [1, 1]", r"search\.seeds"),
    ('[search]\nsampler = "gp"', "PyTorch"),
    ('name = "../up"', r"name: .*\.\./up"),
    ("[network]\nhidden = []", r"network\.hidden"),
    ('[network]\nactivation = "tan"', 'did you mean "tanh"'),
]


@pytest.mark.parametrize(("toml", "message"), MISTAKES)
def test_a_mistake_is_refused_before_anything_runs(folder, toml, message):
    if '"gp"' in toml and _has_torch():
        pytest.skip("PyTorch is installed: not a mistake here")
    (folder / "t.csv").write_text("a,y\n1,0\n2,1\n", encoding="utf-8")
    (folder / "bad.toml").write_text(toml, encoding="utf-8")
    errors = run("search", "bad.toml", code=2).stderr
    assert re.search(message, errors, re.DOTALL), errors
    assert errors.startswith("error: ")
    assert not (folder / "results").exists()


def _has_torch():
    import importlib.util

    return importlib.util.find_spec("torch") is not None


def test_mistakes_are_said_all_at_once(folder):
    (folder / "bad.toml").write_text("[search]\ntrials = 0\nsampler = 1\n[space]\nl2 = -1\n", encoding="utf-8")
    errors = run("search", "bad.toml", code=2).stderr
    assert "3 problems" in errors or "4 problems" in errors
    assert all(key in errors for key in ("search.trials", "search.sampler", "space.l2"))
    assert 'did you mean "small"' in run("search", "smal", code=2).stderr
    (folder / "bytes.toml").write_bytes(b"name = '\xff\xfe'")
    assert "UTF-8" in run("search", "bytes.toml", code=2).stderr
    run("search", "small", "--trials", 2)
    assert "search.seed: stored 0, now 5" in run("search", "small", "--seed", 5, code=2).stderr


def test_of_a_study_that_is_not_searched_yet_the_command_that_does_is_told(folder):
    run("search", "small", "--trials", 2)
    for verb in ("explain", "report", "export"):
        assert "which hold: small; search it first: `hpsearch search iris`\n" in run(verb, "iris", code=2).stderr
    assert run("report", "iriss", code=2).stderr.endswith("which hold: small\n")
    assert run("report", "./iris.toml", code=2).stderr.endswith("which hold: small\n")


@pytest.mark.parametrize("command", ["explain", "report", "export", "refine", "compare small"])
def test_a_study_in_the_results_may_be_named_by_its_file(folder, command):
    run("search", "small", "--trials", 1)
    (folder / "file.toml").write_text('name = "other"\n', encoding="utf-8")
    assert "no study 'other' in the results" in run(*command.split(), "./file.toml", code=2).stderr
    (folder / "file.toml").write_text("[search]\ntrails = 3\n", encoding="utf-8")
    assert "search.trails: is not a known key" in run(*command.split(), "./file.toml", code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["small", "--trials", "none"], 2, "Invalid value"),
        pytest.param(["small", "--results", "file"], 1, "cannot write", marks=pytest.mark.slow),
    ],
)
def test_a_real_process_ends_with_the_code_of_its_mistake_and_no_traceback(folder, arguments, code, message):
    (folder / "file").write_text("", encoding="utf-8")
    done = start("search", *arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_results_go_to_standard_output_and_progress_beside_it(folder):
    done = run("search", "small", "--trials", 3)
    assert "the 3 best of 3 trials" in done.stdout
    assert "3/3" not in done.stdout
    assert "3/3" in done.stderr


def test_show_prints_a_toml_with_every_default_that_reads_back_the_same(folder):
    printed = run("show", "small").stdout
    (folder / "again.toml").write_text(printed, encoding="utf-8")
    assert load_config("again.toml") == load_config("studies/small.toml")
    assert all(key in printed for key in ("validation =", "activation =", "checkpoints =", "momentum ="))


def test_export_writes_the_tables(folder):
    run("search", "small", "--trials", 3)
    assert run("export", "small").stdout.split() == [f"results/small/{t}.csv" for t in ("trials", "curves", "members")]
    assert len(pd.read_csv("results/small/trials.csv")) == 3
    run("export", "small", "--format", "parquet", "--to", "here")
    assert str(pd.read_parquet("here/trials.parquet")["batch_size"].dtype) == "int64"
    run("export", "./studies/small.toml", "--to", "by-file")
    assert (folder / "by-file/trials.csv").read_bytes() == (folder / "results/small/trials.csv").read_bytes()
    assert "no study 'smal'" in run("export", "smal", code=2).stderr
    assert "run `hpsearch search` first" in run("export", "small", "--results", "none", code=2).stderr


def test_the_dashboard_answers_on_loopback_until_it_is_stopped(folder, monkeypatch):
    run("search", "small", "--trials", 3)
    told, made = {}, dashboard.server

    def stop_after_questions(address):
        try:
            (study,) = told["studies"] = asked(f"{address}api/studies")["study_summaries"]
            told["study"] = asked(f"{address}api/studies/{study['study_id']}?after=0")
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    def server(*arguments, **options):
        begun = made(*arguments, **options)
        address = f"http://127.0.0.1:{begun.server_port}/"
        threading.Thread(target=stop_after_questions, args=(address,)).start()
        return begun

    monkeypatch.setattr(dashboard, "server", server)
    printed = run("dashboard", "--port", 0).stdout
    assert re.match(r"Optuna dashboard: http://127\.0\.0\.1:\d+/dashboard/  \(Ctrl-C stops it\)\n", printed)
    assert printed.endswith("stopped\n")
    assert told["studies"][0]["study_name"] == "small"
    detail = told["study"]
    assert len(detail["trials"]) == 3
    assert detail["has_intermediate_values"]
    assert {"validation_error", "diverged"} <= {a["key"] for a in detail["union_user_attrs"] if a["sortable"]}
    assert "# small" in detail["note"]["body"]
    assert len(detail["artifacts"]) == 1
    assert "--expose-without-login" in run("dashboard", "--host", "0.0.0.0", code=2).stderr


def asked(address):
    with urllib.request.urlopen(address, timeout=120) as answer:
        return json.load(answer)


@pytest.mark.slow
def test_a_real_process_serves_the_dashboard_until_a_signal_and_leaves_no_traceback(folder):
    run("search", "small", "--trials", 3)
    process = subprocess.Popen(
        [HPSEARCH, "dashboard", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
        (study,) = asked(f"{address}api/studies")["study_summaries"]
        assert study["study_name"] == "small"
    finally:
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert "stopped" in output
    assert "Traceback" not in errors


def test_a_storage_url_keeps_the_results_elsewhere(folder):
    url = f"sqlite:///{folder}/s.db"
    run("search", "small", "--trials", 3, "--storage", url)
    assert not (folder / "results" / JOURNAL).exists()
    assert len(load("small", storage=url).trials) == 3


@pytest.mark.parametrize("command", ["search", "survey", "refine", "importance", "show", "dashboard", "export", "list"])
def test_every_command_explains_itself(command):
    assert "Usage" in run(command, "--help").stdout


def test_help_shows_what_looks_like_markup():
    assert "the table [space]" in " ".join(run("survey", "--help").stdout.replace("│", " ").split())


def test_the_version_is_that_of_the_package():
    assert run("--version").stdout == f"hpsearch {version('hpsearch')}\n"
    assert version("hpsearch") == hpsearch.__version__


def test_importance_of_a_search_without_a_survey_is_drawn_on_its_front_page(folder, monkeypatch):
    measures = ("ped_anova", "fanova", "permutation")
    monkeypatch.setattr("hpsearch.results.surrogates._PERMUTATIONS", dict.fromkeys(measures, (3, 0)))
    monkeypatch.setattr("hpsearch.results.surrogates._BOOTSTRAPS", dict.fromkeys(measures, 2))
    run("search", "small", "--trials", 12)
    run("importance", "results/hpsearch.journal", "small")
    assert "Can the importance chart of these trials be trusted?" in figure_of(load("small").study, FIGURE)
