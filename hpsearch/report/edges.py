"""What a terminal and a page say of the best trials where they crowd at the end of a range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpsearch.results.refinement import limits
from hpsearch.results.study import Results
from hpsearch.sensitivity.edges import reachable
from hpsearch.sensitivity.trials import enough
from hpsearch.sensitivity.words import at_edges
from hpsearch.storage.commands import command, options_of
from hpsearch.storage.internals import storage_of


def edge_line(results: Results) -> str:
    """Where the ten best trials crowd at an end where better settings may lie beyond, and what to do; or nothing."""
    if not enough(results.trials):
        return ""
    rows, within = results.edges().to_dict("records"), limits(results)
    parts = [_crowd(row) for row in rows if row["beyond"] and reachable(row, within)]
    if not parts:
        return ""
    way = command("refine", results.study.study_name, *options_of(storage_of(results.study)))
    return f"{'; '.join(parts)}: better settings may lie beyond; `{way}` proposes ranges"


def edge_sentences(results: Results) -> str:
    """Whether the ten best trials crowd at an end of a range, for a page; nothing where they are too few to be best."""
    return at_edges(results.edges(), limits(results)) if enough(results.trials) else ""


def _crowd(row: Mapping[Any, Any]) -> str:
    share, end, place = row[f"share_{row['edge']}"], row[row["edge"]], "lowest" if row["edge"] == "low" else "highest"
    crowd = f"{round(share * row['trials'])} of the {row['trials']} best"
    if row["scale"] == "choices":
        return f"{crowd} have the {place} {row['hyperparameter']}, {end:g}"
    return f"{crowd} lie in the {place} tenth of {row['hyperparameter']}, which ends at {end:g}"
