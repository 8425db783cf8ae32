"""The README's commands and code run as written, and its tables say what the code says."""

import re
import runpy
from pathlib import Path

import pytest
from helpers import run

from hpsearch import load_config
from hpsearch.config.hyperparameters import NETWORK, TRAINING
from hpsearch.space import Choice, Int
from hpsearch.tuning.objective import Objective

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def row(setting):
    reference = setting.reference
    if isinstance(reference, Choice):
        told = ", ".join(map(str, reference.choices))
    else:
        told = f"{reference.low:g} to {reference.high:g}{', log' if reference.log else ''}"
    assert isinstance(reference, Choice | Int) == (setting.kind == "int")
    return f"| `{setting.name}` | {setting.symbol} | {setting.default:g} | {told} | {setting.description} |"


def test_the_table_of_settings_is_the_code_s():
    for setting in TRAINING:
        assert row(setting) in README.splitlines()
    for setting in NETWORK:
        default = setting.written(setting.default)
        told = f"| `{setting.name}` | {setting.symbol} | {default} | {setting.rule} | {setting.description} |"
        assert told in README.splitlines()


def test_the_python_examples_run_in_order(tmp_path, monkeypatch):
    (tmp_path / "studies").mkdir()
    for name in ("digits", "breast_cancer"):
        text = (ROOT / "studies" / "digits.toml").read_text(encoding="utf-8").replace("high = 2000", "high = 60")
        text = text.replace('"digits"', f'"{name}"').replace("[16, 32, 64, 128, 256]", "[16, 32]")
        (tmp_path / "studies" / f"{name}.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run("search", "digits", "--trials", 4)
    from sklearn.datasets import load_digits

    names = {"X": load_digits().data}
    for block in blocks("python"):
        exec(block, names)
    assert len(names["r"].trials) == 4
    assert [trial.state.name for trial in names["study"].trials] == ["COMPLETE"] * 20


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_analysis_of_one_s_own_runs(tmp_path, monkeypatch, capsys):
    text = (ROOT / "studies" / "digits.toml").read_text(encoding="utf-8").replace("high = 2000", "high = 60")
    survey = "\n[survey]\nbase = 8\nscrambles = 2\nseeds = 4\n"
    (tmp_path / "digits.toml").write_text(text + survey, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for command in (("search", "digits.toml", "--trials", 12), ("survey", "digits.toml")):
        run(*command)
    capsys.readouterr()
    runpy.run_path(str(ROOT / "studies" / "analysis.py"))["main"]()
    printed = capsys.readouterr().out
    assert re.search(r"an empty row is taken for \d\n$", printed)
    assert "learning_rate" in printed.split("total_order")[1]
    assert (tmp_path / "results" / "digits-settings.html").is_file()


def test_the_first_screen_shows_a_picture_and_all_pictures_are_there():
    paths = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert README.index(paths[0]) < 1500
    for path in paths:
        assert (ROOT / path).read_text(encoding="utf-8").startswith("<svg")


def test_the_example_of_a_study_loads(tmp_path):
    networks, toml = blocks("toml")
    (tmp_path / "networks.toml").write_text(networks, encoding="utf-8")
    varied = load_config(tmp_path / "networks.toml").space.dimensions
    assert list(varied) == ["learning_rate", "width", "depth", "activation", "init"]
    (tmp_path / "measurements.csv").write_text("a,species\n1,x\n2,y\n", encoding="utf-8")
    (tmp_path / "mine.toml").write_text(toml, encoding="utf-8")
    config = load_config(tmp_path / "mine.toml")
    assert config.search.seeds == (0, 1, 2)


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.toml")), ids=lambda path: path.stem)
def test_every_study_that_ships_fits_its_data(path):
    assert Objective(load_config(path)).evaluator.dataset.train.examples >= 90


def test_the_make_targets_named_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", README)) <= targets
