"""What a terminal and a page say of the best trials where they crowd at the end of a range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hpsearch.config.hyperparameters import in_words
from hpsearch.config.messages import listed
from hpsearch.results.refinement import reachable
from hpsearch.results.study import Results
from hpsearch.sensitivity.trials import enough
from hpsearch.storage.commands import command, options_of
from hpsearch.storage.internals import storage_of

_CHANCE = (
    "trials there are not shown to be better than others of their time, so the sampler may have crowded them there by "
    "chance"
)


def edge_line(results: Results) -> str:
    """Where the ten best trials crowd at an end where better settings may lie beyond, and what to do; or nothing."""
    if not enough(results.trials):
        return ""
    parts = [_crowd(row) for row in results.edges().to_dict("records") if row["beyond"] and reachable(results, row)]
    if not parts:
        return ""
    way = command("refine", results.study.study_name, *options_of(storage_of(results.study)))
    return f"{'; '.join(parts)}: better settings may lie beyond; `{way}` proposes ranges"


def edge_sentences(results: Results) -> str:
    """Whether the ten best trials crowd at an end of a range, for a page; nothing where they are too few to be best."""
    if not enough(results.trials):
        return ""
    edges = results.edges()
    beyond = [bool(row["edge"]) and reachable(results, row) for row in edges.to_dict("records")]
    return at_edges(edges.assign(reachable=beyond))


def at_edges(edges: pd.DataFrame) -> str:
    """Whether the best trials lie at an end of a range, and whether the range can go on there.

    Args:
        edges: Of ``Results.edges()``, with a column ``reachable``: whether there are values beyond the end.
    """
    if edges.empty:
        return ""
    count, at = edges["trials"].max(), edges[edges["edge"] != ""]
    if at.empty:
        return f"The {count} best trials crowd at no end of a range."
    texts = []
    for which, words in (
        (at["reachable"] & at["beyond"], "better settings may lie beyond"),
        (at["reachable"] & ~at["beyond"], _CHANCE),
        (~at["reachable"], "beyond that nothing is allowed"),
    ):
        rows = at[which].to_dict("records")
        parts = [f"the {row['edge']} end of {in_words(row['hyperparameter'])}" for row in rows]
        if parts:
            texts.append(f"Of the {count} best trials at least half lie at {listed(parts)}: {words}.")
    return " ".join(texts)


def _crowd(row: Mapping[Any, Any]) -> str:
    share, end, place = row[f"share_{row['edge']}"], row[row["edge"]], "lowest" if row["edge"] == "low" else "highest"
    crowd = f"{round(share * row['trials'])} of the {row['trials']} best"
    if row["scale"] == "choices":
        return f"{crowd} have the {place} {row['hyperparameter']}, {end:g}"
    return f"{crowd} lie in the {place} tenth of {row['hyperparameter']}, which ends at {end:g}"
