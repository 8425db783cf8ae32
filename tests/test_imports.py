"""Imports point down only; heavy libraries stay where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hpsearch

TESTS = Path(__file__).parent
ROOT = Path(hpsearch.__file__).parent
LAYERS = [
    {"cli"},
    {"report", "dashboard"},
    {"results"},
    {"surveys", "profiles"},
    {"sensitivity"},
    {"best", "frames", "study", "estimator"},
    {"workers", "samplers"},
    {"storage", "objective"},
    {"populations", "journal"},
    {"trained", "evaluation", "jobs"},
    {"threads"},
    {"engine"},
    {"config", "data"},
    {"preparation"},
    {"space", "sources"},
]
"""From top to bottom; modules of one layer do not import each other."""

OPTUNA = {
    "objective",
    "study",
    "samplers",
    "storage",
    "journal",
    "frames",
    "best",
    "results",
    "dashboard",
    "surveys",
    "sensitivity",
}


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        relative = path.relative_to(ROOT)
        if relative.parts != ("__init__.py",):
            yield relative.parts[0].removesuffix(".py"), path


def imported(path):
    """Modules imported when the code runs, not for type checking alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
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


def rank(room):
    return next(i for i, layer in enumerate(LAYERS) if room in layer)


@pytest.mark.parametrize(("room", "path"), list(modules()), ids=lambda value: str(value).removeprefix(str(ROOT)))
def test_imports_point_down_only(room, path):
    for name in imported(path):
        if name.startswith("hpsearch"):
            target = name.split(".")[1]
            assert (ROOT / target).is_dir() or (ROOT / f"{target}.py").is_file(), f"{name}: the package's root"
            assert target == room or rank(target) > rank(room), f"{room} imports {target}"
        if name.split(".")[0] == "optuna":
            assert room in OPTUNA
        if name.split(".")[0] == "optuna_dashboard":
            assert room == "dashboard"
        if room == "engine":
            assert name.split(".")[0] in {*sys.stdlib_module_names, "numpy", "hpsearch"}
            assert not name.startswith("hpsearch") or name.startswith("hpsearch.engine")


@pytest.mark.parametrize("path", sorted(TESTS.glob("*.py")), ids=lambda path: path.stem)
def test_no_test_module_imports_another(path):
    names = {name.split(".")[0] for name in imported(path)}
    assert not {name for name in names if name.startswith("test_") or name == "conftest"}, "put it in helpers.py"


def test_every_module_has_its_layer():
    assert {room for room, _ in modules()} == set().union(*LAYERS)


@pytest.mark.parametrize("room", ["", ".workers"])
def test_the_package_and_a_worker_start_without_the_heavy_libraries(room):
    script = f"import hpsearch{room}, sys; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"optuna", "pandas", "sklearn", "scipy", "plotly", "torch"} & set(loaded)
