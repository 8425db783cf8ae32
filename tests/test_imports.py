"""Imports point down only; heavy libraries stay where they belong."""

import ast
import builtins
import functools
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hpsearch

ROOT = Path(hpsearch.__file__).parent
TESTS = Path(__file__).parent
FLOORS = [
    {"cli"},
    {"report"},
    {"results"},
    {"tuning", "experiments"},
    {"storage"},
    {"evaluation", "estimator"},
    {"sensitivity"},
    {"figures"},
    {"config"},
    {"space", "data", "engine"},
]
"""From top to bottom. A room imports from floors below; rooms of one floor do not import each other."""

THIRD_PARTIES = {
    "cli": {"typer", "rich"},
    "report": {"rich", "numpy", "pandas", "optuna", "optuna_dashboard", "plotly", "jinja2", "markupsafe"},
    "results": {"numpy", "pandas", "scipy", "sklearn", "optuna", "threadpoolctl"},
    "tuning": {"numpy", "scipy", "sklearn", "optuna"},
    "experiments": {"numpy", "pandas", "scipy", "optuna"},
    "storage": {"numpy", "pandas", "optuna", "filelock", "sqlalchemy"},
    "evaluation": {"numpy", "pandas", "sklearn", "distributed"},
    "estimator": {"numpy", "pandas", "sklearn"},
    "config": {"pydantic", "pydantic_core", "tomlkit"},
    "sensitivity": {"numpy", "pandas", "scipy"},
    "figures": {"pandas", "plotly"},
    "space": {"numpy"},
    "data": {"numpy", "pandas", "sklearn"},
    "engine": {"numpy", "numba", "llvmlite"},
}
"""What else a room may import, besides the standard library."""

OPTUNA_FILES = {
    "experiments/trainings.py",
    "experiments/surveys.py",
    "experiments/kept_trainings.py",
    "experiments/kept_answers.py",
    "experiments/runs.py",
    "report/dashboard.py",
}
"""Where Optuna may be imported in the rooms that have other files too."""


PUBLIC = [
    "Choice",
    "ConcentrationWarning",
    "ConfigError",
    "DataError",
    "Dataset",
    "Design",
    "DesignError",
    "FigureError",
    "FileError",
    "Float",
    "FunctionError",
    "Hyperparameters",
    "ImportanceError",
    "ImportanceWarning",
    "Int",
    "NetworkFileError",
    "Objective",
    "OutOfTimeError",
    "ResponseError",
    "Results",
    "ResultsError",
    "ShallowNetworkClassifier",
    "ShallowNetworkRegressor",
    "Space",
    "StorageError",
    "StudyBusyError",
    "StudyChangedError",
    "StudyConfig",
    "Survey",
    "SurveyStopped",
    "SurveyTimeoutError",
    "TrainedNetwork",
    "WorkersLostError",
    "compare",
    "data",
    "figures",
    "importance",
    "load",
    "load_config",
    "search",
    "search_rounds",
    "survey",
    "survey_frames",
    "survey_of",
    "survey_study",
    "training_on",
]
"""What `import hpsearch` offers."""


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        relative = path.relative_to(ROOT)
        if relative.as_posix() not in ("__init__.py", "__main__.py"):
            yield relative.parts[0].removesuffix(".py"), path


@functools.cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path):
    """Modules imported when the code runs, not for type checking alone."""
    tree = parsed(path)
    typing = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "hpsearch":
                yield from (f"hpsearch.{alias.name}" for alias in node.names)
            else:
                yield node.module


def imported_at_once(path):
    """Modules imported with the module itself, not when one of its functions runs."""
    for node in parsed(path).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(room):
    return next(i for i, rooms in enumerate(FLOORS) if room in rooms)


def test_imports_point_down_only():
    mixed = {place.split("/")[0] for place in OPTUNA_FILES}
    rooms = {path.stem for path in ROOT.iterdir()}
    for room, path in modules():
        for name in imported(path):
            top, _, rest = name.partition(".")
            if top == "hpsearch":
                target = rest.split(".")[0]
                assert target in rooms, f"{path}: {name}, the root"
                assert target == room or floor(target) > floor(room), f"{path}: {room} imports {target}"
            else:
                assert top in sys.stdlib_module_names or top in THIRD_PARTIES[room], f"{path}: {room} imports {top}"
                if top.startswith("optuna") and room in mixed:
                    assert path.relative_to(ROOT).as_posix() in OPTUNA_FILES, path


def test_only_what_draws_brings_plotly_so_that_tables_do_without():
    for room, path in modules():
        if room != "figures" and path.name not in ("plots.py", "sections.py"):
            names = list(imported_at_once(path))
            brought = [name for name in names if name.startswith(("plotly", "hpsearch.figures")) or ".plots" in name]
            assert brought == [], path


def test_no_test_module_imports_another():
    for path in sorted(TESTS.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) (test_|conftest)", text, re.MULTILINE), f"{path}: put it in helpers.py"


def test_every_room_has_its_floor_and_its_third_parties():
    assert {room for room, _ in modules()} == set().union(*FLOORS) == set(THIRD_PARTIES)


def test_public_names_are_all_there_and_no_others():
    assert sorted(hpsearch.__all__) == sorted(dir(hpsearch)) == PUBLIC
    for name in hpsearch.__all__:
        assert getattr(hpsearch, name).__name__.removeprefix("hpsearch.") == name


def documented(name):
    """The docstring of a public name, and those of the methods of its own."""
    thing = getattr(hpsearch, name)
    members = inspect.getmembers(thing) if inspect.isclass(thing) or inspect.ismodule(thing) else []
    own = [member for key, member in members if str(getattr(member, "__module__", "")).startswith("hpsearch.")]
    return [inspect.getdoc(each) or "" for each in (thing, *own)]


def test_every_error_and_warning_that_a_docstring_names_can_be_caught_by_a_public_name():
    texts = [text for name in hpsearch.__all__ for text in documented(name)]
    named = {
        error for text in texts for error in re.findall(r"^ +(\w+(?:Error|Warning|Stopped)): ", text, re.MULTILINE)
    }
    assert len(named) > 15
    theirs = {"ConvergenceWarning"}  # scikit-learn's
    assert {error for error in named if not hasattr(builtins, error) and error not in PUBLIC} == theirs


def test_the_map_of_the_package_names_every_room_and_every_public_name():
    rooms = [line.split("``")[1] for line in hpsearch.__doc__.splitlines() if line.startswith("``")]
    assert sorted(rooms) == sorted({room for room, _ in modules()})
    floors = [floor(room) for room in rooms]
    assert floors == sorted(floors, reverse=True)
    text = hpsearch.__doc__.replace("`…Regressor`", "`ShallowNetworkRegressor`")
    assert [name for name in hpsearch.__all__ if f"`{name}`" not in text] == []


@pytest.mark.parametrize("room", ["", ".evaluation.executors", ".evaluation.calls", ".results.resampling", ".cli"])
def test_the_package_and_a_worker_start_without_the_heavy_libraries(room):
    script = f"import hpsearch{room}, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"optuna", "pandas", "sklearn", "plotly", "torch", "scipy.linalg", "scipy.stats", "scipy.special"} | (
        {"numpy", "numba", "scipy", "pydantic"} if "cli" in room else set()
    )
    if "results" in room:  # its processes solve a ridge regression
        heavy = {name for name in heavy if not name.startswith("scipy")}
    assert not heavy & set(loaded)
