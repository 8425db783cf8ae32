"""What each changed setting gained: in sentences for the page, and as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

from hpsearch.config.hyperparameters import in_words
from hpsearch.config.messages import listed
from hpsearch.experiments.attributions import Attribution
from hpsearch.experiments.shares import GAINS, HARMS, NOT_SHOWN
from hpsearch.report.gains import Numbers
from hpsearch.report.sentences import short
from hpsearch.report.tables import Part, plain_table
from hpsearch.storage.front import show_attribution

if TYPE_CHECKING:
    import optuna

SOURCE = (
    "A share is a Shapley value (1953): what a change gains, averaged over all orders of making the changes; shares "
    "sum to the whole gain. Pairs are Shapley-Taylor indices of order 2 (Sundararajan et al. 2020): above 0, the two "
    "gain more together than each alone. Intervals are 95 % t-intervals over seeds; what gains or harms is told by "
    "tests with Holm's correction. All of it was measured on the validation examples, by which a search chooses: on "
    "other examples its choice may gain less."
)


def explained(attribution: Attribution) -> list[str]:
    """What was gained in all, by which changes, which of them need company, which pairs, and along which path."""
    texts = [
        _whole(attribution),
        _diverged(attribution),
        *_shares(attribution),
        *_company(attribution),
        _pairs(attribution),
        _path(attribution),
    ]
    return [f"{text[0].upper()}{text[1:]}" for text in texts if text]


def _whole(attribution: Attribution) -> str:
    row, number = attribution.table.to_dict("records")[0], Numbers.of(attribution)
    ends = f"from {number.mean(row['start'])} to {number.mean(row['end'])}, means of {row['seeds']} fresh seeds"
    where, metric = f"From {attribution.against} to {attribution.of}", _metric(attribution)
    if row["gain_low"] <= 0 <= row["gain_high"]:
        return f"{where} no change of {metric} is shown: {ends}, a gain of {number.interval(row, 'gain')}."
    verb = "falls" if row["gain"] > 0 else "rises"
    return f"{where} {metric} {verb} {ends}: a gain of {number.interval(row, 'gain')}."


def _diverged(attribution: Attribution) -> str:
    """On how many of the seeds training diverged at either setting, if on any: what the means then hold."""
    row = attribution.table.to_dict("records")[0]
    ends = ((row["start_diverged"], attribution.against), (row["end_diverged"], attribution.of))
    parts = [f"with {setting} on {count}" for count, setting in ends if count]
    text = f"Of these {row['seeds']} seeds training diverged {listed(parts)}, and counts there as the worst"
    return f"{text} {_metric(attribution)}." if parts else ""


def _shares(attribution: Attribution) -> Iterator[str]:
    """Which shares are shown, of which nothing is, and by what they are wrong where orders were drawn."""
    table, number, parts = attribution.table, Numbers.of(attribution), []
    for verdict, words in ((GAINS, "Shares that gain"), (HARMS, "Shares that harm")):
        rows = table[table["share_verdict"] == verdict].to_dict("records")
        if rows:
            parts.append(f"{words}: {listed([_share(row, number) for row in rows])}.")
    rows = table[table["share_verdict"] == NOT_SHOWN].to_dict("records")
    if rows:
        parts.append(f"No share beyond luck is shown for {listed([in_words(row['hyperparameter']) for row in rows])}.")
    yield " ".join(parts)
    if not attribution.exact:
        error = f"{float(table['sampling_error'].max()):.2g}"
        yield (
            f"So many changes have too many mixtures: shares are means over orders that each seed drew, by a "
            f"standard error of {error} at most, which the intervals hold too; pairs and paths are not measured."
        )


def _company(attribution: Attribution) -> Iterator[str]:
    """Which changes are shown to gain beside others only, and which gain by themselves and harm after the others."""
    number = Numbers.of(attribution)
    for row in attribution.table.to_dict("records"):
        name, alone, last = _change(row), number.interval(row, "alone"), number.interval(row, "last")
        if row["alone_verdict"] == GAINS and row["last_verdict"] == HARMS:
            yield f"{name} by itself gains {alone}, but after all the other changes it harms, {last}."
        if row["alone_verdict"] == GAINS:
            continue
        after = f"; after all the other changes it gains {last}" if row["last_verdict"] == GAINS else ""
        harms = row["alone_verdict"] == HARMS
        verdict = f"harms, {alone}" if harms else "is not shown to gain"
        by_itself = f"{name} by itself {verdict}"
        if row["common"]:
            yield f"{by_itself}; it is shown to gain only where {_changed_too(row['common'])}{after}."
        elif row["company"]:
            fewest = listed([in_words(name) for name in row["company"].split(", ")])
            yield f"{by_itself}; it is shown to gain only in company, the smallest of which is {fewest}{after}."
        elif after:
            yield f"{by_itself}{after}."
        elif harms:
            yield f"{by_itself}; in no company is it shown to gain."


def _changed_too(names: str) -> str:
    words = [in_words(name) for name in names.split(", ")]
    return f"{listed(words)} {'is' if len(words) == 1 else 'are'} changed too"


def _pairs(attribution: Attribution) -> str:
    """The strongest pairs that are shown."""
    pairs, number = attribution.interactions, Numbers.of(attribution)
    rows = pairs[pairs["verdict"] != NOT_SHOWN].head(3).to_dict("records")
    if not rows:
        return ""
    parts = [
        f"{in_words(row['first'])} with {in_words(row['second'])} {number.gain(row['interaction'])} "
        f"({number.gain(row['low'])} to {number.gain(row['high'])})"
        for row in rows
    ]
    return f"Changes that act together, the strongest first: {listed(parts)}."


def _path(attribution: Attribution) -> str:
    """The best order of making the changes, and its steps that are shown to harm; of one change there is none."""
    if not ordered(attribution):
        return ""
    steps, number = attribution.path.iloc[1:], Numbers.of(attribution)
    order = ", ".join(in_words(name) for name in steps["hyperparameter"])
    means = " → ".join(number.mean(mean) for mean in attribution.path["mean"])
    text = (
        f"The order of changes with the lowest mean {_metric(attribution)} on the way: {order}. On seeds that did not "
        f"choose it: {means}."
    )
    harmful = [in_words(name) for name in steps.loc[steps["verdict"] == HARMS, "hyperparameter"]]
    return f"{text} Of its steps {listed(harmful)} harmed." if harmful else text


def ordered(attribution: Attribution) -> bool:
    """Whether there is an order of changes: it was measured, and there are two changes or more."""
    return len(attribution.path) > 2  # the first row is before any change


def show_explained(study: optuna.Study, attribution: Attribution) -> None:
    """Put what was gained from the defaults to the best on the study's front page in the dashboard.

    Args:
        study: As of :func:`hpsearch.storage.front.show_attribution`.
        attribution: Of its best.
    """
    from hpsearch import figures  # brings plotly, which words do not need

    figure = figures.attribution(attribution.table, of=attribution.of, against=attribution.against)
    show_attribution(study, figure, " ".join(explained(attribution)))


def attribution_report(attribution: Attribution, *, name: str) -> list[Part]:
    """The shares, the best path, and what they say."""
    gains = f"{name}: gains in {_metric(attribution)}, from {attribution.against} to {attribution.of}"
    paths = [_path_table(attribution)] if ordered(attribution) else []
    return [_shares_table(attribution, title=gains), *paths, *explained(attribution), SOURCE]


def _shares_table(attribution: Attribution, *, title: str) -> Table:
    """A row a changed setting: its two values, its share, what it gains by itself and after all others."""
    columns = {"setting": "left", "change": "left", "share": "right", "by itself": "right", "after all": "right"}
    table, number = _table(title, columns), Numbers.of(attribution)
    for row in attribution.table.to_dict("records"):
        gains = (f"{number.gain(row[part])}\n{row[f'{part}_verdict']}" for part in ("alone", "last"))
        share = f"{number.brackets(row, 'share')}\n{row['share_verdict']}"
        table.add_row(str(row["hyperparameter"]), _values(row), share, *gains)
    return table


def _path_table(attribution: Attribution) -> Table:
    """The best path, a row a step."""
    columns = {"setting": "left", "change": "left", "mean": "right", "gain": "right", "": "left"}
    title = f"best path: {_metric(attribution)} on seeds that did not choose it"
    table, number = _table(title, columns), Numbers.of(attribution)
    table.add_row(attribution.against, "", number.mean(attribution.path["mean"].iloc[0]))
    for row in attribution.path.iloc[1:].to_dict("records"):
        gain = number.brackets(row, "gain")
        table.add_row(str(row["hyperparameter"]), _values(row), number.mean(row["mean"]), gain, row["verdict"])
    return table


def _table(title: str, columns: Mapping[str, Any]) -> Table:
    table = plain_table(title)
    for heading, justify in columns.items():
        table.add_column(heading, justify=justify, no_wrap=heading != "change")  # two values break best
    return table


def _metric(attribution: Attribution) -> str:
    return str(attribution.table["metric"].iat[0]).replace("_", " ")


def _change(row: Mapping[Any, Any]) -> str:
    return f"{in_words(row['hyperparameter'])} {_values(row)}"


def _share(row: Mapping[Any, Any], number: Numbers) -> str:
    return f"{number.interval(row, 'share')} by {_change(row)}"


def _values(row: Mapping[Any, Any]) -> str:
    return f"{short(row['against'])} → {short(row['of'])}"
