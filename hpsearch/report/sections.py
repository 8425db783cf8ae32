"""The sections of a study's page, in its order: each is made of tables, with sentences computed from them."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from hpsearch import figures
from hpsearch.config.hyperparameters import HYPERPARAMETERS, in_words
from hpsearch.report import sentences
from hpsearch.report.page import Exhibit, Section
from hpsearch.report.terminal import range_lines
from hpsearch.results.study import Results, ResultsError
from hpsearch.sensitivity.verdicts import SHARE

if TYPE_CHECKING:
    from hpsearch.sensitivity.analysis import Survey

POINTS = 0.01
"""Validation error that may be lost, of the section that says how wrong a setting may be."""

_SOURCES = (
    "First order S_i = V[E(Y|x_i)] / V(Y), by Saltelli et al. 2010; total order S_Ti = E[V(Y|x_~i)] / V(Y), by Jansen "
    "1999; interaction Υ_ij, all that two settings do together, by Liu and Owen 2006. V(Y) is the variance over settings "
    "and seeds; the intervals (95 %) are Fieller's (1954) over independent scrambles of a Sobol sequence; verdicts are "
    "corrected for the number of settings by Holm (1979).",
    "A test error's interval is Wilson's (1927). Profiles compare a setting with the best one on the same fresh seeds, "
    "which no search has seen, in pairs; their intervals are Student's.",
)


def sections(results: Results) -> Iterator[Section]:
    """The sections of a study's page.

    A study that this project did not make has those that its trials alone can fill.

    Args:
        results: Of a search; its survey and its profiles are read where there are any.
    """
    survey = _survey(results)
    searched = not results.study.study_name.endswith(".survey")
    if results.ours:
        yield _question(results)
    if searched:
        yield from _search(results)
    else:
        name = results.study.study_name.removesuffix(".survey")
        text = "There is no search of this study yet: it would find the best setting, and the page would show it."
        yield Section("The best setting", [text], commands=[f"make search STUDY={name}"])
    if survey is not None:
        yield from _sensitivity(survey)
    elif results.ours:
        text = (
            "How sensitive training is to each setting is not measured yet. A survey would: real trainings all over the "
            "space, variance shares with intervals, beside the luck of the seed."
        )
        commands = [f"make survey STUDY={results.study.study_name}"]
        yield Section("What training is sensitive to", [text], commands=commands)
    if searched:
        yield _importance(results, survey)
    if searched and results.ours and len(results.history()):
        yield from _around(results)
    if survey is not None:
        yield _ranges(results, survey)
    yield _measured(results, survey)
    yield _limits(results, survey)


def _survey(results: Results) -> Survey | None:
    try:
        return results.survey
    except ResultsError:
        return None


def _question(results: Results) -> Section:
    config = results.config
    answer = f"Answer: {config.answer}" if config.answer else 'It has no answer in its file yet (`answer = "…"`).'
    return Section("Question and answer", [config.question or "The study's file asks no question.", answer])


def _search(results: Results) -> Iterator[Section]:
    history = results.history()
    complete = int((history["state"] == "COMPLETE").sum())
    if complete:
        best, texts = results.best, []
        texts.append(sentences.chosen(best, complete))
        if results.ours:
            texts += sentences.test_score(best.test, results.baselines())
        yield Section("What was chosen", texts)
    texts = [sentences.went(history)]
    if results.ours and complete:
        texts.append(sentences.at_edges(results.edges()))
    exhibits = [Exhibit("How did the search go?", history, figures.history(history))]
    if complete:
        exhibits.append(Exhibit("Where did the trials lie?", results.trials, figures.trials(results.trials)))
    yield Section("How the search went", texts, exhibits)


def _sensitivity(survey: Survey) -> Iterator[Section]:
    indices = survey.sensitivity()
    texts = sentences.sensitive_to(indices, SHARE)
    title = "What is training sensitive to?"
    yield Section("What training is sensitive to", texts, [Exhibit(title, indices, figures.sensitivity(indices))])
    if survey.checkpoints:
        over = survey.sensitivity_over_iterations()
        shown = Exhibit("Which setting matters when?", over, figures.sensitivity_over_iterations(over))
        yield Section("When", [sentences.when(over)], [shown])
    pairs, effects = survey.interactions(), survey.effects()
    exhibits = [
        Exhibit("Which settings act together?", pairs, survey.plot.interactions()),
        Exhibit("How does the response go with each setting?", effects, figures.effects(effects)),
    ]
    yield Section("Together with what", [sentences.together(pairs)], exhibits)


def _importance(results: Results, survey: Survey | None) -> Section:
    table = results.importance()
    indices = None if survey is None else survey.sensitivity()
    title = "What do surrogates say is important?"
    text = (
        "These three measures are surrogates: they are computed from the search's trials, which its sampler chose. They "
        "stand here because such charts are common; "
        + ("beside them stands what real trainings measured." if survey is not None else "nothing here was measured.")
    )
    return Section("What surrogates say", [text], [Exhibit(title, table, figures.importance(table, indices))])


def _around(results: Results) -> Iterator[Section]:
    space = results.config.space.dimensions
    tolerance = results.tolerance(points=POINTS)
    exhibits = [Exhibit("How wrong may each setting be?", tolerance)]
    for name in space:
        profile, row = results.profile(name), tolerance[tolerance["hyperparameter"] == name]
        title = f"How wrong may {in_words(name)} be?"
        exhibits.append(Exhibit(title, profile, figures.profile(profile, row, results.trials)))
    if {"learning_rate", "momentum"} <= space.keys():
        plane = results.plane("learning_rate", "momentum")
        exhibits.append(Exhibit("How do learning rate and momentum go together?", plane, figures.plane(plane)))
    yield Section("Around the best: how wrong may one be?", sentences.wrong_by(tolerance, POINTS), exhibits)
    bands = results.curve_bands()
    text = "Means over the seeds of a trial; the band holds the middle 80 % of all trials."
    yield Section("Curves", [text], [Exhibit("How did training go?", bands, results.plot.curves())])


def _ranges(results: Results, survey: Survey) -> Section:
    table, name = survey.ranges(), results.study.study_name.removesuffix(".survey")
    exhibits = [Exhibit("Where do the best lie in each range?", table, survey.plot.ranges())]
    text = range_lines(table, survey.design.space)
    return Section("What to try next", text.splitlines(), exhibits, [f"hpsearch refine {name}"])


def _measured(results: Results, survey: Survey | None) -> Section:
    """Data, network, space, designs, numbers of trainings, versions and times."""
    trials, facts = results.trials, []
    if results.ours:
        config, data = results.config, results.dataset
        splits = {"training": data.train, "validation": data.validation, "test": data.test}
        sizes = sentences.listed([f"{len(split.y):,} {name}" for name, split in splits.items() if split is not None])
        facts += [
            ("data", f"{Path(config.data.source).name}: {sizes} examples of {data.features} features"),
            ("fingerprint of the data", data.fingerprint),
            ("network", f"hidden layers {list(config.network.hidden)}, {config.network.activation}, initial weights "
             f"{config.network.init}, {config.network.dtype}"),
            ("minimised", f"{config.search.metric}, mean over seeds {', '.join(map(str, config.search.seeds))}"),
            ("sampler and pruner", f"{config.search.sampler}, {config.search.pruner}"),
        ]  # fmt: skip
        facts += [(f"range of {in_words(s.name)}", str(getattr(config.space, s.name))) for s in HYPERPARAMETERS]
    if survey is not None:
        design = survey.design
        facts.append(
            ("survey", f"{design.scrambles} scrambled Sobol sequences, blocks of {design.base} rows, "
             f"{len(design):,} rows; a pool of {design.seeds} seeds")
        )  # fmt: skip
    facts.append(("trials", f"{len(trials):,}"))
    if len(trials) and trials["finished"].notna().any():
        facts.append(
            ("from", f"{trials['started'].min():%Y-%m-%d %H:%M} to {trials['finished'].max():%Y-%m-%d %H:%M} UTC")
        )
        facts.append(("time in trials", f"{trials['duration_s'].sum():,.0f} s"))
    packages = ", ".join(f"{name} {version(name)}" for name in ("hpsearch", "numpy", "scipy", "optuna", "scikit-learn"))
    facts.append(("versions, where this page was written", f"Python {platform.python_version()}, {packages}"))
    table = pd.DataFrame(facts, columns=["what", "value"])
    return Section("How it was measured", _SOURCES if survey is not None else (), [Exhibit("What was measured", table)])


def _limits(results: Results, survey: Survey | None) -> Section:
    texts = ["All of this speaks of the ranges named above and of no others, and of this data and this split."]
    if survey is not None:
        budget = survey.budget or "evaluations"
        texts.append(
            f"Trainings were given equal amounts of {budget}; at another budget other settings may matter. An index is a "
            "share of the response's variance over the whole space, not near the best; how wrong a setting may be near the "
            'best is said by the profiles. A verdict "inert" is about that share, and a region of the space smaller than '
            "the design can meet may hide from it."
        )
    if results.ours:
        texts.append("The test split was used once, for the setting that was chosen; no other choice was made by it.")
    else:
        texts.append(
            "This project did not make the study: what its values mean, and how they were drawn, it does not know."
        )
    return Section("What this does not say", texts)
