"""How the engine is compiled: from which source, said once, kept where a folder can be written, checked for bounds."""

import errno
import importlib.util
import os
import signal
import subprocess
import sys

import pytest
from numba.core import caching, codegen, config

from hpsearch.engine import compilation
from hpsearch.engine.compilation import before_compiling
from hpsearch.engine.descent import train_on

MODULE = """
from hpsearch.engine.compilation import compiled
@compiled
def double(x):
    return 2 * x
"""


@pytest.fixture(autouse=True)
def beside_the_source(monkeypatch):
    """Compiled code is kept there, whatever folder the environment names."""
    monkeypatch.setattr(config, "CACHE_DIR", "")


def double(path):
    """The function of a module, as a new process would import it."""
    spec = importlib.util.spec_from_file_location("doubling", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.double


def test_what_is_kept_is_used_until_any_file_of_the_engine_changes(tmp_path, monkeypatch):
    path = tmp_path / "doubling.py"
    path.write_text(MODULE, encoding="utf-8")
    for stamp, hits in (("one", 0), ("one", 1), ("other", 0), ("other", 1)):
        monkeypatch.setattr(compilation, "source_stamp", lambda stamp=stamp: stamp)
        function = double(path)
        assert function(21) == 42
        assert sum(function.stats.cache_hits.values()) == hits


def test_the_engine_is_compiled_from_all_its_files():
    assert train_on._cache._cache_file._source_stamp == compilation.source_stamp()


def test_it_is_said_once_that_something_is_compiled_and_only_then(tmp_path):
    (tmp_path / "doubling.py").write_text(MODULE, encoding="utf-8")
    said = []
    function = double(tmp_path / "doubling.py")
    with before_compiling(lambda: said.append("compiling")):
        assert said == []
        assert function(1) == 2
        assert function(1.5) == 3
    assert function(1j) == 2j
    assert said == ["compiling"]
    with before_compiling(lambda: said.append("again")):
        assert double(tmp_path / "doubling.py")(2) == 4
    assert said == ["compiling"]


def test_a_stop_while_what_is_kept_is_loaded_waits_until_it_is(tmp_path, monkeypatch):
    path = tmp_path / "doubling.py"
    path.write_text(MODULE, encoding="utf-8")
    assert double(path)(21) == 42
    own, whole = codegen.CPUCodeLibrary._unserialize.__func__, []

    def interrupted(library, *arguments):
        signal.raise_signal(signal.SIGINT)
        whole.append(own(library, *arguments))
        return whole[0]

    monkeypatch.setattr(codegen.CPUCodeLibrary, "_unserialize", classmethod(interrupted))
    function = double(path)
    with pytest.raises(KeyboardInterrupt):
        function(21)
    assert len(whole) == 1


def test_where_no_folder_can_be_written_it_is_compiled_for_the_process(monkeypatch, tmp_path):
    path = tmp_path / "doubling.py"
    path.write_text(MODULE, encoding="utf-8")

    def refuse(*_):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(caching.CacheImpl, "__init__", refuse)
    assert double(path)(21) == 42


TRAIN = """
import numpy as np
from hpsearch.engine.examples import Examples
from hpsearch.engine.network import predict
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.engine.training import Training, train
rng = np.random.default_rng(0)
for output, outputs in (("softmax", 3), ("binary", 1), ("identity", 1)):
    for activation in ("tanh", "relu", "sigmoid"):
        for hidden, batch in (((1,), 1), ((5, 3), 7), ((4,), 20)):
            X, y = rng.standard_normal((20, 3)), np.arange(20) % max(2, outputs)
            architecture = Architecture(3, hidden, outputs, activation, output)
            examples = Examples.of(architecture, (X, y), (X[:7], y[:7]))
            start = Training.start(architecture, Hyperparameters(0.1, 50, 0.9, 1e-3, batch, 1.0), 0)
            record, end = train(start, examples, (0, 3, 50))
            assert np.isfinite(record.metrics).all(), record
            predict(architecture, end.parameters, X)
print("trained")
"""


@pytest.mark.slow
@pytest.mark.parametrize("option", ["NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT"])
def test_nothing_is_read_or_written_out_of_bounds_and_the_source_is_plain_python(option, tmp_path):
    environment = {**os.environ, option: "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", TRAIN], env=environment, capture_output=True, text=True)
    assert ran.stdout == "trained\n", ran.stderr


@pytest.mark.slow
def test_a_second_process_compiles_nothing():
    script = (
        "from hpsearch.engine.compilation import before_compiling\nwith before_compiling(lambda: print('compiling')):\n"
    )
    script += "".join(f"    {line}\n" for line in TRAIN.splitlines())
    for _ in range(5):  # the first keeps what it compiles, unless another process keeps something at the same time
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        if "compiling" not in ran.stdout:
            break
    assert ran.stdout == "trained\n"


def kept(folder):
    """The files of compiled code in a folder."""
    return sorted(folder.rglob("*.nbc"))


def test_code_of_another_source_is_removed_and_none_of_it_can_be_taken_for_this(tmp_path, monkeypatch):
    path = tmp_path / "doubling.py"
    path.write_text(MODULE, encoding="utf-8")
    monkeypatch.setattr(compilation, "source_stamp", lambda: "one")
    assert (double(path)(21), double(path)(1.5)) == (42, 3)
    before = kept(tmp_path)
    assert len(before) == 2
    monkeypatch.setattr(compilation, "source_stamp", lambda: "other")
    assert double(path)(21) == 42
    (after,) = kept(tmp_path)
    assert after not in before
    assert double(path)(1.5) == 3
    assert len(kept(tmp_path)) == 2


@pytest.mark.parametrize(
    "damage",
    [lambda code: b"", lambda code: code[:40], lambda code: code[: len(code) // 2], lambda code: bytes(len(code)),
     lambda code: code[:-9] + bytes([code[-9] ^ 1]) + code[-8:]],
    ids=["empty", "digest alone", "half", "zeros", "a bit"],
)  # fmt: skip
def test_damaged_code_is_compiled_anew(tmp_path, damage):
    path = tmp_path / "doubling.py"
    path.write_text(MODULE, encoding="utf-8")
    assert double(path)(21) == 42
    (file,) = kept(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    for hits in (0, 1):
        function = double(path)
        assert function(21) == 42
        assert sum(function.stats.cache_hits.values()) == hits


def test_where_the_disk_is_full_it_is_compiled_for_the_process(tmp_path, monkeypatch):
    path = tmp_path / "doubling.py"
    path.write_text(MODULE, encoding="utf-8")

    def full(files, path):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(caching.IndexDataCacheFile, "_open_for_write", full)
    assert double(path)(21) == 42
    assert kept(tmp_path) == []
