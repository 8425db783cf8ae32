"""What is printed of importances."""

import io

import pandas as pd
from helpers import printed
from rich.console import Console

from hpsearch.cli.lines import stacked
from hpsearch.report.importance import importance_table


def test_importances_stand_side_by_side_with_interval_adjusted_p_value_and_verdict():
    columns = ["measure", "hyperparameter", "importance", "low", "high", "p_value", "p_adjusted", "verdict"]
    rows = [
        ("ped_anova", "rate", 0.75, 0.5, 0.9, 0.005, 0.01, "seen"),
        ("ped_anova", "size", -0.002, -0.001, 0.5, 0.3, 0.05004, "not seen"),
        ("fanova", "rate", 0.6, 0.4, 0.8, 0.02, 0.0496, "seen"),
        ("fanova", "size", *[float("nan")] * 5, ""),
    ]
    table = importance_table(pd.DataFrame(rows, columns=columns), title="s: importance")
    assert printed(table) == [
        "s: importance",
        "setting ped anova fanova",
        "rate 0.75 [0.50, 0.90] 0.60 [0.40, 0.80]",
        "p 0.010 seen p 0.0496 seen",
        "size 0.00 [0.00, 0.50] missing",
        "p 0.05004 not seen",
    ]
    parts = stacked(table, Console(file=io.StringIO(), width=30))  # no interval is broken there
    assert [[str(column.header) for column in part.columns[1:]] for part in parts] == [["ped anova"], ["fanova"]]
