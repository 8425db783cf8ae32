"""A study in a PostgreSQL server: the same numbers as in a journal, and none lost where the server comes and goes."""

import subprocess
import sys
import threading
import time

import optuna
import pandas as pd
import pytest
import typer
from helpers import SMALL, TIMES, page, run
from servers import PASSWORD

from hpsearch.cli.machines import Place
from hpsearch.cli.stops import STOPPED, stopped
from hpsearch.config import load_config
from hpsearch.experiments.trainings import survey_study
from hpsearch.results.study import load
from hpsearch.storage import patience
from hpsearch.storage.access import open_storage
from hpsearch.storage.journal import StorageError
from hpsearch.tuning.search import search

pytestmark = pytest.mark.slow  # a server takes seconds to start

FEW = {"survey.base": 4, "survey.scrambles": 2}


@pytest.fixture
def url(postgres):
    return postgres.emptied("tests")


def same(url, journal):
    """Whether two studies hold the same trials and curves."""
    ours, theirs = load("small", storage=url), load("small", results=journal)
    pd.testing.assert_frame_equal(ours.trials.drop(columns=TIMES), theirs.trials.drop(columns=TIMES))
    pd.testing.assert_frame_equal(ours.curves, theirs.curves)


@pytest.mark.filterwarnings("ignore::hpsearch.ConcentrationWarning")
def test_search_resume_survey_load_and_dashboard_are_as_with_a_journal(url, small, tmp_path):
    search(small, trials=6, storage=url, results=tmp_path / "a")
    search(small, trials=10, storage=url, results=tmp_path / "b")
    search(small, trials=10, results=tmp_path / "journal")
    same(url, tmp_path / "journal")
    few = small.with_overrides(**FEW)
    tables = [survey_study(few, **place).table for place in ({"storage": url}, {"results": tmp_path / "journal"})]
    pd.testing.assert_frame_equal(*tables)
    survey_study(few.with_overrides(**{"survey.scrambles": 3}), storage=url, results=tmp_path / "b")
    stored = load("small", storage=url)
    assert stored.survey.design.scrambles == 3
    assert stored.network(0).score is not None
    shown = page(open_storage(url), tmp_path, stored.study._study_id)
    assert len(shown["trials"]) == 10
    assert "small" in shown["note"]["body"]
    assert (tmp_path / "b" / "small.npz").exists()


def test_no_message_table_or_setting_shows_the_password(postgres, url, folder):
    printed = [run("search", "small", "--storage", url, "--trials", 4).output]
    printed.append(run("search", "small", "--storage", postgres.url("nowhere"), code=1).output)
    printed.append(run("export", "small", "--storage", postgres.new_database("empty"), code=2).output)
    printed.append(run("search", "small", "--storage", url.replace(str(postgres.port), "1"), code=1).output)
    assert "in postgresql://me:***@127.0.0.1" in " ".join(printed[0].split())
    assert 'database "nowhere" does not exist' in printed[1]
    assert "no results in postgresql://me:***@" in printed[2]
    assert "Connection refused" in printed[3]
    columns = postgres.do(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'", database="tests"
    )
    stored = [str(postgres.do(f'SELECT * FROM "{table}"', database="tests")) for (table,) in columns]
    assert len("".join(stored)) > 10_000
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert not [text for text in (*printed, *stored, *map(str, files)) if PASSWORD in text]


def test_nothing_is_created_where_there_is_nothing_to_read(postgres):
    url = postgres.new_database("empty")
    with pytest.raises(FileNotFoundError, match=r"no results in .*me:\*\*\*@.*run `hpsearch search --storage"):
        load("small", storage=url)
    assert postgres.do("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'",
                       database="empty") == [(0,)]  # fmt: skip


def test_connections_that_are_ended_again_and_again_cost_nothing(postgres, url, small, tmp_path):
    def ended(progress):
        postgres.end_connections("tests")

    search(small, trials=8, storage=url, results=tmp_path, on_progress=ended)
    search(small, trials=8, results=tmp_path / "journal")
    same(url, tmp_path / "journal")


def test_a_server_that_does_not_come_back_is_an_error_that_says_so(postgres, url, small, tmp_path, monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 0.5)

    def down(progress):
        if progress.done == 5:
            postgres.stop()

    try:
        with pytest.raises(StorageError, match=r"me:\*\*\*@\S+ does not answer: .*go on with the same command") as away:
            search(small, trials=8, storage=url, results=tmp_path, on_progress=down)
    finally:
        postgres.start()
    assert PASSWORD not in str(away.value)
    search(small, trials=8, storage=url, results=tmp_path)
    search(small, trials=8, results=tmp_path / "journal")
    same(url, tmp_path / "journal")


def test_a_server_that_is_away_for_ten_seconds_is_waited_for(postgres, url, small, tmp_path):
    def restarted():
        time.sleep(10)
        postgres.start()

    back = threading.Thread(target=restarted)

    def down(progress):
        if progress.done == 5:
            postgres.stop()
            back.start()

    began = time.monotonic()
    search(small, trials=8, storage=url, results=tmp_path, on_progress=down)
    assert time.monotonic() - began > 9
    back.join()
    search(small, trials=8, results=tmp_path / "journal")
    same(url, tmp_path / "journal")


def test_a_search_that_is_killed_goes_on_at_once_from_another_folder(url, folder):
    long = folder / "studies" / "small.toml"
    long.write_text(
        SMALL.replace("hidden = [6]", "hidden = [64]").replace("high = 60", "high = 2000"), encoding="utf-8"
    )
    command = "from hpsearch.__main__ import command; command()"
    arguments = ["search", "small", "--storage", url, "--trials", "60"]
    killed = subprocess.Popen([sys.executable, "-c", command, *arguments], stderr=subprocess.DEVNULL)
    while not (counted := trials_in(url)):
        assert killed.poll() is None
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    search(load_config(long), trials=60, storage=url, results=folder / "b")
    search(load_config(long), trials=60, results=folder / "journal")
    same(url, folder / "journal")
    assert 0 < counted <= 60


def test_a_stopped_command_whose_server_is_away_says_that_nothing_is_counted(postgres, tmp_path, capsys):
    place = Place(postgres.url().replace(str(postgres.port), "1"), tmp_path)
    with pytest.raises(typer.Exit) as end:
        stopped(name="small", total=4, rows="trials", place=place)
    assert end.value.exit_code == STOPPED
    said = " ".join(capsys.readouterr().err.split())
    assert "stopped: the storage cannot be read now to count its trials; what was stored is kept" in said


def trials_in(url):
    storage = open_storage(url)
    names = optuna.get_all_study_names(storage)
    return len(optuna.load_study(study_name="small", storage=storage).trials) if "small" in names else 0
