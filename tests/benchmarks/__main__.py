"""``python tests/benchmarks``: measure P1 to P13, print the table, write it to results/bench."""

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import bookkeeping
import coordinator
import engine
import processes
import searches
import surveys
from table import as_json, markdown

PARTS = {
    "engine": engine.rows,
    "searches": searches.rows,
    "surveys": surveys.rows,
    "bookkeeping": bookkeeping.rows,
    "processes": processes.rows,
    "coordinator": coordinator.rows,
}


def measured(part: str) -> list:
    """One part's rows, measured in a process of its own."""
    began = time.perf_counter()
    os.environ.pop("OPENBLAS_CORETYPE", None)  # where an environment forces old kernels, these halve BLAS
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        rows = pool.submit(PARTS[part]).result()
    print(f"{part}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    for row in rows:  # at once, as another part may fail
        print(f"  {row.name} {row.value:.3g}: {row.what}", file=sys.stderr, flush=True)
    return rows


def main(parts: list[str]) -> None:
    rows = [row for part in parts or PARTS for row in measured(part)]
    print(markdown(rows))
    if not parts:
        folder = Path("results", "bench")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bench.md").write_text(markdown(rows))
        (folder / "bench.json").write_text(as_json(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
