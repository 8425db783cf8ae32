"""What a terminal says of ranges to try next, of a search in rounds, and of what rounds pay."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from rich.table import Table

from hpsearch.config.digits import digits
from hpsearch.config.hyperparameters import HYPERPARAMETERS, in_words
from hpsearch.config.messages import listed
from hpsearch.config.shell import typed
from hpsearch.data import Dataset
from hpsearch.report.sentences import short
from hpsearch.report.survey import range_lines
from hpsearch.report.tables import plain_table
from hpsearch.results.arms import ROUNDS, UNREFINED
from hpsearch.results.payoff import Payoff, verdict
from hpsearch.results.refinement import Refinement
from hpsearch.results.rounds import Round

_ALIKE = 0.95
"""Share of the rounds' cost from which the other search's is called as much: it ends at a whole trial."""

_VERDICTS = {
    "better": ("the setting of the rounds is the better one", "refining pays here"),
    "worse": ("the setting of the rounds is the worse one", "refining costs more than it gains here"),
    "not seen": ("which is better is not seen", "that refining pays, or costs, is not seen here"),
}
"""By verdict: of the two settings of one pair of searches, and of refining."""


def refinement_lines(refinement: Refinement, *, title: str = "ranges to try next") -> str:
    """Ranges to try next, and by what: with what is to be minded where that is the trials of a search alone."""
    if refinement.source == "survey":
        lines = range_lines(refinement.ranges, refinement.space, title=f"{title}, by the survey")
        values = listed([f"{name} {short(value)}" for name, value in refinement.outside.items()])
        return f"{lines}\n  (the best trial of the search lies outside of these, at {values})" if values else lines
    count = refinement.ranges["trials"].iat[0]
    title = f"{title}, from where the {count} best of {refinement.rows} trials lie"
    lines = range_lines(refinement.ranges, refinement.space, title=title)
    return (
        f"{lines}\n  (a sampler that learns crowds its trials where it has found good ones, and better ones may lie "
        "outside: a rule of thumb, no measurement)"
    )


def round_line(ended: Round) -> str:
    """How a round ended."""
    best, trials = ended.results.best, ended.results.trials
    metric = ended.results.config.search.metric.replace("_", " ")
    name = ended.results.study.study_name
    return f"{name}: {len(trials)} trials, the best {metric} {best.value:.4f} at trial {best.number}"


def payoff_lines(table: pd.DataFrame, data: Dataset) -> list[str]:
    """What a table of :func:`hpsearch.results.payoff.payoff` says of the two arms, and what it does not say.

    Args:
        table: Of one repeat or several.
        data: On which the choices were scored.
    """
    paid = verdict(table)
    if paid.repeats == 1:
        return [_arms(table), _setting(table), *_of_two_settings(paid, data)]
    same = f"; in {paid.same} both chose the same setting" if paid.same else ""
    cost = table.drop_duplicates(["repeat", "arm"]).groupby("arm")["cost"].sum()
    return [
        f"in all {cost[ROUNDS]:,} examples were shown in training in rounds, and {cost[UNREFINED]:,} unrefined",
        f"each choice trained on {paid.seeds} fresh seeds and scored on {_split(paid, data)}: {_difference(paid)} "
        f"over {paid.repeats} sampler seeds), the rounds lower in {paid.better} of {paid.repeats}{same}",
        f"{_VERDICTS[paid.verdict][1]}, on this split of these data, with this sampler and so many trials",
    ]


def _of_two_settings(paid: Payoff, data: Dataset) -> list[str]:
    if paid.same:
        return ["both chose the same setting, so nothing tells the two ways apart"]
    return [
        f"both trained on {paid.seeds} fresh seeds and scored on {_split(paid, data)}: {_difference(paid)}, paired "
        f"by seed): {_VERDICTS[paid.verdict][0]}",
        "that speaks of these two settings on these examples, and not of refining: one pair of searches is one draw of "
        "luck (--repeats 12 draws twelve)",
    ]


def _arms(table: pd.DataFrame) -> str:
    rows = table.drop_duplicates("arm").set_index("arm").to_dict("index")
    rounds, unrefined = rows[ROUNDS], rows[UNREFINED]
    return (
        f"the {rounds['trials']:,} trials of the rounds chose trial {rounds['number']} of {rounds['study']}, having "
        f"shown {rounds['cost']:,} examples in training; one search within the first ranges chose trial "
        f"{unrefined['number']} of {unrefined['study']}, of {unrefined['trials']:,} trials that "
        f"{_costs(rounds['cost'], unrefined['cost'])}"
    )


def _setting(table: pd.DataFrame) -> str:
    row = table[table["arm"] == ROUNDS].to_dict("records")[0]
    values = listed([f"{in_words(h.name)} {short(row[h.name])}" for h in HYPERPARAMETERS if h.name in row])
    study = row["study"]
    return f"the setting of the rounds: {values}; `hpsearch report {typed(study)}` shows how {study} got there"


def _costs(rounds: int, unrefined: int) -> str:
    share = unrefined / rounds
    return "cost as much" if share > _ALIKE else f"cost {100 * share:.0f} % as much, where it ended"


def _split(paid: Payoff, data: Dataset) -> str:
    if data.test is None:
        return "the validation split, by which both were chosen on other seeds, for there is no test split"
    return f"the {data.test.examples:,} test examples, by which nothing was chosen"


def _difference(paid: Payoff) -> str:
    """Both means and their difference with its interval, whose bracket is left open."""
    name, count = paid.metric.replace("_", " "), digits((paid.low, paid.high), least=4)
    return (
        f"mean {name} {paid.rounds:.{count}f} after rounds, {paid.unrefined:.{count}f} unrefined, difference "
        f"{paid.difference:+z.{count}f} (95 % interval {paid.low:+.{count}f} to {paid.high:+.{count}f}"
    )


def payoff_table(table: pd.DataFrame) -> Table:
    """The mean scores of both arms, a row a repeat."""
    metric = str(table["metric"].iat[0]).replace("_", " ")
    shown = plain_table("")
    for heading in ("sampler seed", f"{metric} after rounds", "unrefined", "difference"):
        shown.add_column(heading, justify="right")
    means = table.pivot_table(index="sampler_seed", columns="arm", values="score", sort=False)
    count = digits(means[ROUNDS] - means[UNREFINED], least=4)
    for seed, row in means.iterrows():
        rounds, unrefined = float(row[ROUNDS]), float(row[UNREFINED])
        scores = f"{rounds:.{count}f}", f"{unrefined:.{count}f}", f"{rounds - unrefined:+z.{count}f}"
        shown.add_row(str(seed), *scores)
    return shown


def survey_note(rounds: Sequence[Round], *, repeats: int = 1) -> str:
    """Which rounds have their ranges from a survey, whose cost is not in the comparison; or nothing.

    Args:
        rounds: Of the first repeat; a survey is of that study alone.
        repeats: How many there are.
    """
    surveyed = [
        (f"round {r.number}", r.refinement.rows) for r in rounds if r.refinement and r.refinement.source == "survey"
    ]
    if not surveyed:
        return ""
    names, trainings = listed([name for name, _ in surveyed]), sum(rows for _, rows in surveyed)
    first = "in the first repeat alone " if repeats > 1 else ""
    return f"{first}the ranges of {names} are a survey's, whose {trainings:,} trainings are not counted in that cost"
