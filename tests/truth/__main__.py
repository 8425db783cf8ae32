"""The truth of the sensitivity measures as a bench: ``make truth`` prints a row a claim, writes them to
results/truth/truth.json and fails if one does not hold. ``python tests/truth T4 T9`` runs some rows only.

Each module's ROWS names its checks. A check gives a value, the bar in words, and a function that says whether the value
holds, or None for a report that is not judged; those of trainings.py and tolerances.py take the folder in which they
train.
"""

import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import optuna

sys.path.insert(0, str(Path(__file__).parents[1]))  # closed_forms.py serves the tests too

import attributions
import indices
import luck
import rare
import surrogates
import tolerances
import trainings

WORDS = {True: "holds", False: "FAILS", None: "report"}


def main(names):
    table = {}
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        rows = {
            **indices.ROWS,
            **luck.ROWS,
            **attributions.ROWS,
            **rare.ROWS,
            **surrogates.ROWS,
            **{name: partial(row, folder) for rows in (trainings.ROWS, tolerances.ROWS) for name, row in rows.items()},
        }
        for name in names or sorted(rows, key=lambda row: int(row[1:])):
            began = time.perf_counter()
            value, bar, holds = rows[name]()
            table[name] = {"value": value, "bar": bar, "holds": None if holds is None else bool(holds(value))}
            took = time.perf_counter() - began
            print(f"{name:4} {WORDS[table[name]['holds']]}  {value}  ({took:.0f} s)", flush=True)
    if not names:
        path = Path("results/truth/truth.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(table, indent=1) + "\n")
    return 1 if any(row["holds"] is False for row in table.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
