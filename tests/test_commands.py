"""Commands to type that mean a study where it is stored."""

from pathlib import Path

import optuna
import pytest

from hpsearch.storage.access import existing_storage, open_storage
from hpsearch.storage.commands import command, make, options_for, options_of, place_of


def test_the_journal_of_the_folder_results_needs_no_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = open_storage()
    optuna.create_study(storage=made, study_name="s")
    assert options_of(made) == options_of(existing_storage(None)) == options_for(None, "results") == ()


@pytest.mark.parametrize("folder", ["other", "some folder/results", "results/inner"])
def test_another_folder_is_named_as_it_is_reached(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    assert options_of(open_storage(results=folder)) == options_for(None, folder) == ("--results", folder)


def test_a_folder_elsewhere_is_named_whole(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert options_of(open_storage(results=tmp_path / "there")) == ("--results", str(tmp_path / "there"))


def test_a_database_is_named_by_its_url_also_behind_optunas_cache(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db"
    opened = open_storage(url)
    assert options_of(opened) == options_of(optuna.storages.get_storage(opened)) == ("--storage", url)
    assert options_for(url, "other") == ("--storage", url, "--results", "other")
    assert options_for("mysql://me:secret@host/db", "results") == ("--storage", "mysql://me:***@host/db")
    assert options_of(optuna.storages.InMemoryStorage()) == ()


def test_a_storage_is_one_argument_where_a_command_can_open_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert place_of(open_storage()) == "results/hpsearch.journal"
    assert place_of(open_storage(results="other")) == "other/hpsearch.journal"
    assert place_of(open_storage(url := f"sqlite:///{tmp_path / 'x.db'}")) == url
    assert place_of(optuna.storages.InMemoryStorage()) is None


def test_a_command_is_quoted_for_a_shell():
    assert command("search", "it's", "--results", "a b") == """hpsearch search 'it'"'"'s' --results 'a b'"""


def test_a_command_is_by_make_only_in_this_project_s_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for makefile in (None, "search:\n\tother"):
        if makefile:
            (tmp_path / "Makefile").write_text(makefile, encoding="utf-8")
        assert make("report", "my study") == "hpsearch report 'my study'"
        assert make("search", "small", trials=8) == "hpsearch search small --trials 8"
        assert make("dashboard", None) == "hpsearch dashboard"
    (tmp_path / "Makefile").write_bytes((Path(__file__).parents[1] / "Makefile").read_bytes())
    assert make("report", "my study") == "make report STUDY='my study'"
    assert make("search", "small", trials=8) == "make search STUDY=small TRIALS=8"
    assert make("dashboard", None) == "make dashboard"
    assert make("report", "my study", "--results", "x") == "hpsearch report 'my study' --results x"
