"""A benchmark's rows: printed, as Markdown, and as JSON."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

TITLES = {
    "P1": "an iteration of a network, times faster than scikit-learn (one core each)",
    "P2": "the same, times faster than JAX jit(vmap(scan)), compiling aside",
    "P3": "the same, share of what the bare products take at BLAS peak",
    "P4": "a whole search, times faster per trial than Optuna + MLPClassifier + SQLite",
    "P5": "all that is not training, ms a trial",
    "P6": "two workers, times faster than one",
    "P7": "TPE: wall time by the larger of asking and training",
    "P8": "load to trials and curves, s (10,000 trials, 20 checkpoints)",
    "P9": "peak memory above the interpreter's, MB",
    "P10": "import hpsearch, by importing optuna and pandas",
    "P11": "a mixture of network shapes, times dearer by its arithmetic than one shape",
    "P12": "the default survey of digits, two workers, times faster than two processes of scikit-learn",
    "P13": "workers of a cluster that one coordinator feeds (one thread each, by its CPU seconds)",
}


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        name: P1 to P13.
        what: The case, and the measured parts of the value.
        value: In the unit of the title.
        bar: What it has to be, or None where there is no bar.
        least: The bar is a minimum; else a maximum.
    """

    name: str
    what: str
    value: float
    bar: float | None = None
    least: bool = True

    @property
    def holds(self) -> bool | None:
        if self.bar is None:
            return None
        return self.value >= self.bar if self.least else self.value <= self.bar


def machine() -> str:
    """Processor, cores, system and Python, in one line."""
    import numpy as np

    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = lines[0] if lines else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    wide = "" if not info.is_file() else ", AVX-512" if "avx512f" in info.read_text() else ", no AVX-512"
    return (
        f"{model}{wide}, {cores} cores, {platform.system()}, Python {platform.python_version()}, NumPy {np.__version__}"
    )


def markdown(rows: list[Row]) -> str:
    """The table of all rows."""
    lines = [f"Measured on {machine()}.", "", "| # | what | case | value | bar | holds |", "|---|---|---|---|---|---|"]
    title = None
    for row in rows:
        bar = "" if row.bar is None else f"{'≥' if row.least else '≤'} {row.bar:.4g}"
        holds = {None: "", True: "yes", False: "**no**"}[row.holds]
        first = TITLES[row.name] if row.name != title else ""
        lines.append(f"| {row.name} | {first} | {row.what} | {row.value:.3g} | {bar} | {holds} |")
        title = row.name
    return "\n".join(lines) + "\n"


def as_json(rows: list[Row]) -> str:
    """By name an object, or a list of them where a row has several cases."""
    found: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        entry = {k: v for k, v in asdict(row).items() if k in ("what", "value", "bar")} | {"holds": row.holds}
        found.setdefault(row.name, []).append(entry)
    merged = {name: entries[0] if len(entries) == 1 else entries for name, entries in found.items()}
    return json.dumps({"machine": machine(), **merged}, indent=1, ensure_ascii=False) + "\n"
