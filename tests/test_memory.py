"""Memory is reckoned before anything runs, from what the machine, its control groups and its limits leave."""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import run

from hpsearch import ConfigError, DataError, ShallowNetworkClassifier, StudyConfig, search, survey_study
from hpsearch.data import from_frame, load_dataset, memory
from hpsearch.data.memory import available_memory, excess
from hpsearch.engine.memory import training_bytes
from hpsearch.engine.settings import Architecture
from hpsearch.evaluation.evaluator import Evaluator

GB = 10**9


def system(root, *, free=8 * GB, groups="0::/a/b\n", **files):
    """A file system with what the kernel says of memory."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(f"MemTotal: 99 kB\nMemAvailable:  {free // 1024} kB\n", encoding="ascii")
    (root / "proc/self/cgroup").write_text(groups, encoding="ascii")
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(text), encoding="ascii")
    return root


def test_where_nothing_limits_it_all_that_is_free_is_available(tmp_path):
    assert available_memory(system(tmp_path, free=8 * 2**30)) == 8 * 2**30
    assert available_memory(tmp_path / "none") is None


def test_a_container_s_limit_counts_without_the_cache_that_gives_way(tmp_path):
    files = {"a__memory_DOT_max": 3 * GB, "a__memory_DOT_current": 2 * GB,
             "a__memory_DOT_stat": f"anon 5\ninactive_file {GB // 2}\n", "a__b__memory_DOT_max": "max",
             "a__b__memory_DOT_current": GB, "a__b__memory_DOT_stat": "inactive_file 0\n"}  # fmt: skip
    assert available_memory(system(tmp_path, **files)) == 3 * GB // 2


def test_a_limit_of_the_first_version_counts_too(tmp_path):
    groups = "5:cpu:/a\n4:memory:/a\n"
    files = {"memory__a__memory_DOT_limit_in_bytes": 2 * GB, "memory__a__memory_DOT_usage_in_bytes": GB,
             "memory__a__memory_DOT_stat": "total_inactive_file 7\n"}  # fmt: skip
    assert available_memory(system(tmp_path, groups=groups, **files)) == GB + 7


def test_a_limit_of_the_address_space_counts():
    script = (
        "import resource; from hpsearch.data.memory import available_memory\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 * 10**9, resource.RLIM_INFINITY))\n"
        "print(available_memory())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 3 * GB
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def test_an_excess_is_told_with_the_sum_its_parts_and_what_is_free(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 2 * GB)
    assert excess({"a": GB, "b": GB}) is None
    assert excess({"a": GB, "b": GB + 10**8}) == (
        "needs about 2.1 GB of memory (1.0 GB for a + 1.1 GB for b), and 2.0 GB are free"
    )
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    assert excess({"a": 10**30}) is None


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of one process is read from /proc")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_training_takes_what_is_reckoned(dtype):
    # The peak is read from the process's own memory map: getrusage hands a child the peak of its parent.
    script = f"""
from pathlib import Path
from hpsearch.config import StudyConfig
from hpsearch.evaluation.evaluator import Evaluator

def memory(entry):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(entry))

for hidden in ((4, 4), (4000, 4000)):  # the first compiles
    before = memory("VmRSS")
    network = {{"hidden": hidden, "dtype": {dtype!r}}}
    space = {{"batch_size": 32, "iterations": 3, "learning_rate": {{"low": 0.1, "high": 0.2}}}}
    evaluator = Evaluator(StudyConfig(name="x", data={{"source": "iris"}}, network=network, space=space))
    evaluator.evaluate([evaluator.config.settings({{"learning_rate": 0.1}})])
print(memory("VmHWM") - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    reckoned = training_bytes(Architecture(4, (4000, 4000), 3, dtype=dtype), 32)
    assert 0.7 * reckoned < int(done.stdout) < 1.1 * reckoned


def test_a_network_larger_than_memory_is_refused_before_anything_is_made(small, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: GB)
    wide = small.with_overrides(**{"network.hidden": [9000, 9000]})
    told = r"needs about 2.5 GB of memory \(2.5 GB for 1 training at once of 81,081,003 parameters .* 1.0 GB are free; "
    for begin in (search, survey_study):
        with pytest.raises(ConfigError, match=rf"{told}lower network.hidden, or take"):
            begin(wide, results=tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_workers_count_and_so_do_trials_and_rows(small, tmp_path, monkeypatch):
    config = small.with_overrides(**{"network.hidden": [2000, 2000]})
    one = training_bytes(Architecture(4, (2000, 2000), 3), 32)
    monkeypatch.setattr(memory, "available_memory", lambda: 3 * one)
    Evaluator(config).check_memory(workers=2)
    with pytest.raises(ConfigError, match=r"for 4 trainings at once .*lower network.hidden, --workers, search.trials"):
        search(config, workers=4, results=tmp_path / "results")
    with pytest.raises(ConfigError, match=r"5.6 GB for 1,000,000 trials\), and .* search.trials"):
        search(small.with_overrides(trials=1_000_000), results=tmp_path / "results")
    many = small.with_overrides(**{"survey.base": 2**16, "survey.scrambles": 1000})
    with pytest.raises(ConfigError, match=r"rows of the survey\), .* lower network.hidden, survey.base or survey.scr"):
        survey_study(many, results=tmp_path / "results")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    "space",
    [
        {"width": {"low": 1, "high": 6000}, "depth": {"choices": [1, 3]}, "hidden": None},
        {"hidden": {"choices": ["6000-6000-6000", "4"]}},
    ],
)
def test_the_largest_network_that_a_space_holds_is_reckoned_with(small, space, monkeypatch):
    description = small.describe()
    del description["network"]["hidden"]
    description["space"] |= {name: entry for name, entry in space.items() if entry is not None}
    monkeypatch.setattr(memory, "available_memory", lambda: GB)
    with pytest.raises(ConfigError, match=r"of 72,060,003 parameters"):
        Evaluator(StudyConfig.from_description(description))


def test_the_command_tells_it_in_a_line_and_makes_nothing(folder, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 20_000)
    told = run("search", "small", code=2).output
    assert told.startswith("error: small: 1 problem\n  needs about 0.0 MB of memory (")
    assert sorted(path.name for path in folder.iterdir()) == ["studies"]


def test_an_estimator_larger_than_memory_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: GB)
    with pytest.raises(ConfigError, match=r"needs about .*; lower hidden"):
        ShallowNetworkClassifier(hidden=(9000, 9000)).fit(np.eye(4), [0, 1, 0, 1])


def test_a_table_that_is_larger_than_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 1_000_000)
    for kind in ("csv", "parquet"):
        path = tmp_path / f"big.{kind}"
        with path.open("wb") as file:
            file.truncate(2_000_000)
        with pytest.raises(
            DataError, match=rf"{path}: needs about .* for reading it\), and 1.0 MB are free; leave out"
        ):
            load_dataset(f"{kind}:{path}", target="y")


def test_texts_that_make_more_inputs_than_memory_holds_are_refused(monkeypatch):
    frame = pd.DataFrame({"place": [f"p{i % 500}" for i in range(2000)], "x": np.arange(2000.0), "y": [0, 1] * 1000})
    monkeypatch.setattr(memory, "available_memory", lambda: 2000 * 501 * 16 - 1)
    with pytest.raises(DataError, match=r"2,000 rows of 501 inputs\), .* texts have the columns 'place' \(500\)"):
        from_frame(frame, "y")
    monkeypatch.setattr(memory, "available_memory", lambda: 2000 * 501 * 16)
    assert from_frame(frame, "y").train.examples == 1200
