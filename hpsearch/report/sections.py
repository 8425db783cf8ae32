"""The sections of a study's page, in its order: each is made of tables, with sentences computed from them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import pandas as pd

from hpsearch import figures
from hpsearch.config.hyperparameters import in_words
from hpsearch.config.study import SURVEY
from hpsearch.experiments.tolerances import excludable
from hpsearch.report import choice, explanation, facts, missing, profiles, sentences
from hpsearch.report.edges import edge_sentences
from hpsearch.report.page import Exhibit, Section
from hpsearch.report.search import balance_line
from hpsearch.report.survey import range_lines
from hpsearch.report.ties import alike_sentence
from hpsearch.results.frames import value_columns
from hpsearch.results.study import Results, ResultsError
from hpsearch.results.surrogates import ImportanceError, ImportanceWarning
from hpsearch.sensitivity.verdicts import SHARE
from hpsearch.storage.commands import command, options_of, place_of
from hpsearch.storage.internals import storage_of
from hpsearch.tuning.choice import ranked_trials

if TYPE_CHECKING:
    from hpsearch.sensitivity.analysis import Survey


def sections(results: Results) -> Iterator[Section]:
    """The sections of a study's page.

    A study that this project did not make has those that its trials alone can fill.

    Args:
        results: Of a study; its survey is read where there is one, and what its profiles lack is trained.
    """
    survey = facts.survey_of(results)
    searched = not results.study.study_name.endswith(SURVEY)
    if results.ours:
        yield _question(results)
    if results.function is not None:
        yield _surveyed(results)
    elif searched:
        yield from _search(results)
    else:
        yield missing.search(results)
    if survey is not None:
        yield from _sensitivity(survey)
    elif results.ours:
        yield missing.survey(results)
    if searched and len(results.trials):
        yield _importance(results, survey)
    if profiles.trainable(results):
        yield _explained(results)
        yield _around(results)
        yield _curves(results)
    if survey is not None:
        yield _ranges(results, survey)
    sources = facts.SOURCES if results.function is None else facts.SOURCES[:1]
    measured = results.ours or survey is not None
    yield Section(
        "How it was measured" if measured else "Where this comes from",
        sources if survey is not None else (),
        [Exhibit(facts.facts(results, survey), title="What was measured" if measured else "The study")],
    )
    yield Section("What this does not say", facts.limits(results, survey))


def _place(results: Results) -> tuple[str, ...]:
    return options_of(storage_of(results.study))


def _question(results: Results) -> Section:
    config = results.config
    answer = (
        f"The answer in its file: {config.answer}" if config.answer else 'Its file has no answer yet (answer = "…").'
    )
    return Section("Question and answer", [config.question or "The study's file asks no question.", answer])


def _surveyed(results: Results) -> Section:
    """What the page of a survey of a function is, and which sections of a study's page it has not."""
    failed = int((results.trials["state"] == "FAIL").sum())
    texts = [
        f"This is the survey of the function {results.function}, evaluated at the rows of a design. There was no "
        "search, so this page has no best setting, no curves, no importance by surrogates and nothing around the best.",
        f"{failed:,} evaluations gave no finite value; the table of the survey says why." if failed else "",
    ]
    return Section("What was surveyed", texts)


def _search(results: Results) -> Iterator[Section]:
    history = results.history()
    complete = int((history["state"] == "COMPLETE").sum())
    if complete and not results.ours:
        yield _standing(results, complete)
    elif complete:
        best, name = results.best, next(iter(results.config.space.dimensions))  # any profile has the chosen setting
        fresh = choice.on_fresh_seeds(results.profile(name, **profiles.PROFILE), best.value)
        texts = [choice.chosen(best, complete), fresh, alike_sentence(results)]
        texts += [
            *choice.test_score(best.test, results.baselines()),
            *(f"Mind: {note}." for note in results.dataset.test_notes),
        ]
        if best.balance is not None:
            texts.append(f"Mind {balance_line(best.balance)}.")
        yield Section("What was chosen", texts)
    violated = any(excess > 0 for t in results.study.get_trials(deepcopy=False) for excess in t.constraints.values())
    went = choice.went(history, len(results.study.directions), constrained=violated)
    texts = [went, edge_sentences(results) if results.ours else ""]
    exhibits = [Exhibit(history, figures.history(history))]
    if complete:
        exhibits.append(Exhibit(results.trials, figures.trials(results.trials, results.space(), history)))
    yield Section("How the search went", texts, exhibits)


def _sensitivity(survey: Survey) -> Iterator[Section]:
    indices = survey.sensitivity()
    shown = Exhibit(indices, figures.sensitivity(indices))
    of = "training" if survey.budget else in_words(str(indices["response"].iat[0]))
    yield Section(f"What {of} is sensitive to", _bracketed(indices), [shown])
    if survey.checkpoints:
        over = survey.sensitivity_over_iterations()
        yield Section(
            "What matters when", [sentences.when(over)], [Exhibit(over, figures.sensitivity_over_iterations(over))]
        )
    pairs, effects = survey.interactions(), survey.effects()
    exhibits = [Exhibit(pairs, survey.plot.interactions()), Exhibit(effects, figures.effects(effects))]
    yield Section("Which settings act together", [sentences.together(pairs)], exhibits)


def _bracketed(indices: pd.DataFrame) -> list[str]:
    texts = sentences.sensitive_to(indices, SHARE)
    overlap = "What settings do together is in the share of each, so that these may sum to more than 100 %."
    note = f"The ranges in brackets are 95 % intervals. {overlap}"
    return [*texts, note] if indices["total_order"].notna().any() else texts


def _standing(results: Results, complete: int) -> Section:
    """The best of another program's study, or why there is none, and its front where it has several objectives."""
    try:
        eligible = len(ranked_trials(results.study))
        return Section("What was chosen", [choice.chosen(results.best, complete, eligible)])
    except ResultsError as problem:
        if (objectives := len(results.study.directions)) == 1:
            return Section("What was chosen", [f"{problem}."])
        text = f"Of {objectives} objectives no one trial is best. The front holds those that no other is better than."
        luck = "It goes by values as they were told: where these are luck in part, so is the front."
        return Section("What was chosen", [text, luck], [Exhibit(results.pareto, results.plot.pareto())])


def _importance(results: Results, survey: Survey | None) -> Section:
    if len(results.study.directions) > 1:
        return _importances(results)
    beside = "beside them stands what real trainings measured" if survey is not None else "nothing here was measured"
    texts = [
        "These three measures are surrogates: they are computed from the search's trials, which its sampler chose. "
        f"They stand here because such charts are common; {beside}."
    ]
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always", ImportanceWarning)
        try:
            table = results.importance()
        except ImportanceError as problem:
            return Section("What surrogates say", [*texts, f"They say nothing here: {problem}."])
    texts += [f"Mind: {message.message}." for message in messages]
    indices = None if survey is None else survey.sensitivity()
    return Section("What surrogates say", texts, [Exhibit(table, figures.importance(table, indices))])


def _importances(results: Results) -> Section:
    """How to get the importances for each of several objectives."""
    study = results.study
    text = "Importances by surrogates, computed from the search's trials alone, are for one objective each."
    ways, where = [], place_of(storage_of(study))
    for name, words in zip(study.metric_names or count(), study.metric_names or value_columns(study), strict=False):
        way = f"hpsearch.importance(study, objective={name!r})"
        if where is not None:
            way = command("importance", where, study.study_name, "--objective", str(name))
        ways.append((f"For {words}:", way))
    return Section("What surrogates say", [text], commands=ways)


def _explained(results: Results) -> Section:
    attribution, title = profiles.attribution_of(results), "Where the difference from the defaults comes from"
    if attribution is None:
        return Section(title, ["The chosen setting is that of the defaults, so there is nothing to explain."])
    figure = figures.attribution(attribution.table, of=attribution.of, against=attribution.against)
    exhibits = [Exhibit(attribution.table, figure)]
    if attribution.exact:
        exhibits.append(Exhibit(attribution.interactions, title="Which changes act together?"))
    if explanation.ordered(attribution):
        exhibits.append(Exhibit(attribution.path, title="Along which order of changes?"))
    way = command("explain", facts.name_of(results), *_place(results))
    commands = [("The same on a terminal; --of and --against take the numbers of two other trials:", way)]
    return Section(title, [*explanation.explained(attribution), explanation.SOURCE], exhibits, commands)


def _around(results: Results) -> Section:
    dimensions, space = results.config.space.dimensions, results.space()
    tolerance = results.tolerance(points=profiles.POINTS, **profiles.PROFILE)
    exhibits = [Exhibit(tolerance, title="How wrong may each setting be?")]
    for name in dimensions:
        profile, stretches = results.profile(name, **profiles.PROFILE), tolerance[tolerance["hyperparameter"] == name]
        exhibits.append(Exhibit(profile, figures.profile(profile, space, stretches, results.trials)))
    if dimensions.keys() >= set(profiles.RIDGE):
        plane = results.plane(*profiles.RIDGE, **profiles.PLANE)
        exhibits.append(Exhibit(plane, figures.plane(plane, space)))
    points, seeds, examples = profiles.POINTS, profiles.PROFILE["seeds"], results.dataset.validation.examples
    texts = sentences.wrong_by(tolerance, dimensions, points, enough=excludable(points, examples=examples, seeds=seeds))
    return Section("Around the best: how wrong may one be?", texts, exhibits)


def _curves(results: Results) -> Section:
    bands, best = results.curve_bands(), results.best_curves()
    text = "Means over the seeds of a trial: the ten best, and a band that holds the middle 80 % of all trials."
    table = pd.concat([best.assign(of="the ten best"), bands.assign(of="all trials")], ignore_index=True)
    return Section("Curves of the best", [text], [Exhibit(table, figures.curves(bands, best))])


def _ranges(results: Results, survey: Survey) -> Section:
    table, cells = survey.ranges(), survey.best_tenth()
    exhibits = [Exhibit(table, figures.ranges(table, cells))]
    title = "Ranges to try next, by the best tenth of the survey"
    commands: list[tuple[str, str]] = []
    lines = [line.strip() for line in range_lines(table, survey.design.space, title=title).splitlines()]
    if results.function is not None:
        better = survey.take().better
        lines.append(f"Of this response, {better} was said to be better.")
    elif len(lines) > 1 and not missing.of_step(results):
        way = command("refine", facts.name_of(results), *_place(results))
        commands.append(("This writes them as a new study, which can be searched:", way))
    return Section("What to try next", lines, exhibits, commands)
