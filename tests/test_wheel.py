"""The package as others install it: from a wheel, into an environment of its own, used in an empty folder."""

import os
import site
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import hpsearch
from hpsearch.config.files import resolve, shipped_studies

ROOT = Path(hpsearch.__file__).parents[1]
STUDIES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "studies").rglob("*.toml"))


def test_the_packages_that_travel_are_the_rooms_and_the_studies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in ROOT.glob("hpsearch/**/__init__.py")
    }
    assert set(project["tool"]["setuptools"]["packages"]) == rooms | {"hpsearch.studies"}


def test_a_name_is_looked_up_here_and_then_among_the_studies_that_come_with_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert resolve("digits") == shipped_studies() / "digits.toml"
    assert resolve("L1") == shipped_studies() / "lesson" / "L1.toml"
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "digits.toml").write_text("", encoding="utf-8")
    assert resolve("digits") == Path("studies/digits.toml")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy of what the package is made of, so that no folder of a build stays here."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "hpsearch", "studies", "pyproject.toml",
                             "README.md", "LICENSE"], cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", made, source]
    subprocess.run(command, check=True, timeout=300, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    return next(made.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The interpreter of a fresh environment with the wheel, which finds the other packages where these tests do."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False)
    inside = next(place.glob("lib/python*/site-packages"))
    inside.joinpath("parent.pth").write_text("\n".join(site.getsitepackages()) + "\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
                    "--target", inside, wheel], check=True, timeout=300)  # fmt: skip
    return place / "bin" / "python"


def run(folder, *command):
    """Run a command in a folder, without the path of these tests."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_wheel_holds_every_module_every_study_and_the_page(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "hpsearch").rglob("*.py")}
    others = {"hpsearch/py.typed", "hpsearch/__init__.pyi", "hpsearch/report/page.html"}
    assert modules | others | {f"hpsearch/{name}" for name in STUDIES} <= names
    assert [name for name in names if name.endswith(".svg") or name.startswith(("studies", "tests"))] == []


@pytest.mark.slow
def test_the_three_doors_work_in_an_empty_folder(python, tmp_path):
    assert run(tmp_path, python, "-c", "import hpsearch; print(hpsearch.__file__)").startswith(str(python.parents[1]))
    door = [python, "-m", "hpsearch"]
    said = run(tmp_path, *door, "search", "--trials", "20")
    assert "digits: the 10 best of 20 trials" in said
    assert "chosen: trial" in said
    assert 'name = "lesson-L1"' in run(tmp_path, *door, "show", "L1")
    assert "written to studies/digits-2.toml" in run(tmp_path, *door, "refine")
    assert [path.name for path in (tmp_path / "studies").iterdir()] == ["digits-2.toml"]
    script = (
        "import hpsearch\n"
        "from hpsearch.config import resolve\n"
        "study = hpsearch.search(hpsearch.load_config(resolve('iris')), trials=3)\n"
        "print(len(hpsearch.load('iris').trials))\n"
    )
    assert run(tmp_path, python, "-c", script).split() == ["3"]
    command = next(python.parents[1].glob("lib/python*/site-packages/bin/hpsearch"))
    assert "digits already holds 20 trials" in run(tmp_path, python, command, "search", "--trials", "20")
