"""Two ways to spend the same on training: a search in rounds, and one search within the first ranges.

The unrefined search, `<name>-unrefined`, begins with the same trials as the first round and goes on until its trainings
have cost what those of all rounds did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.config import StudyConfig
from hpsearch.results.rounds import Round, Searches
from hpsearch.results.study import Results, ResultsError
from hpsearch.storage.trials import CURVES, values_of

ROUNDS, UNREFINED = "rounds", "unrefined"
"""Names of the two."""

_MOST_TIMES = 10


@dataclass(frozen=True)
class Arm:
    """One of the two ways to spend the same on training.

    Attributes:
        name: "rounds" or "unrefined".
        study: Whose trial was chosen.
        number: Of the trial.
        params: Of the trial: what varies in the study.
        value: By which it was chosen, the lowest of the arm.
        trials: From which it was chosen.
        cost: Of their trainings; see :func:`costs`.
    """

    name: str
    study: str
    number: int
    params: dict[str, Any]
    value: float
    trials: int
    cost: int


def unrefined_search(config: StudyConfig, cost: int, searches: Searches) -> Arm:
    """Search within the study's own ranges, as `<name>-unrefined`, until its trainings have cost so much.

    A search that has settled on short trainings would need ever more of them, and a sampler that learns takes ever
    longer to ask: it ends at ten times the study's trials, and a grid at its last point, with less cost.

    Args:
        config: The study.
        cost: Of the trainings, as :func:`costs` counts; a trial that would exceed it does not count.
        searches: Where it is made and kept.

    Raises:
        OutOfTimeError: if the time was up before the trainings had cost so much.
    """
    own = config.with_overrides(name=f"{config.name}-unrefined", answer="")
    total, stored, most, least = config.search.trials, -1, _MOST_TIMES * config.search.trials, 1
    while True:
        made = searches.search(own, total)
        spent = np.cumsum(costs(made))[:most]
        if spent[-1] >= cost or len(spent) in (stored, most):  # a grid ends
            break
        stored = len(spent)
        more = int(np.ceil((cost - spent[-1]) / spent[-1] * len(spent))) + 1
        total = min(len(spent) + max(more, least), most)
        least = total // 4  # trials to come may be far cheaper than those before, and each search begins anew
    return _arm(UNREFINED, [made], first=max(int(np.searchsorted(spent, cost, side="right")), 1))


def best_of_rounds(rounds: list[Round]) -> Arm:
    """The best trial of all rounds, whichever had it."""
    return _arm(ROUNDS, [round.results for round in rounds])


def costs(results: Results) -> NDArray[np.int64]:
    """What the trainings of each trial cost, ``(trials,)``: iterations × batch size, summed over seeds.

    That is how many examples the networks were shown, repeats included: the arithmetic of training up to a factor that
    is the network's size. Where the network varies, an example counts by the trial's weights as a share of those of the
    study's largest network. A pruned trial counts as far as it was trained.
    """
    config = results.config
    sizes: dict[tuple[int, ...], float] = {}
    counts = []
    for trial in sorted(results.study.get_trials(deepcopy=False), key=lambda t: t.number):
        setting, stored = config.settings(values_of(trial)), trial.system_attrs[CURVES]
        size = sizes.setdefault(setting.hidden, results.relative_size(setting))
        counts.append(int(size * int(stored["iterations"][-1]) * setting.batch_size * len(stored["seeds"])))
    return np.array(counts, dtype=np.int64)


def _arm(name: str, parts: list[Results], *, first: int | None = None) -> Arm:
    """The best of the first so many trials, the earliest of equals."""
    best: Arm | None = None
    frames = [part.trials[:first] for part in parts]
    trials, cost = sum(map(len, frames)), sum(int(costs(part)[:first].sum()) for part in parts)
    for part, frame in zip(parts, frames, strict=True):
        complete = frame[frame["state"] == "COMPLETE"]
        if complete.empty:
            continue
        row = complete.nsmallest(1, "value").to_dict("records")[0]
        if best is None or row["value"] < best.value:
            params = {key: row[key] for key in part.config.space.dimensions}
            best = Arm(name, part.study.study_name, row["number"], params, row["value"], trials, cost)
    if best is None:
        raise ResultsError(f"study {parts[0].study.study_name!r} has no completed trial: give more --trials")
    return best
