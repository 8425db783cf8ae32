"""What a study's page says of its making: data, network, designs, numbers, versions; and what it does not say."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pandas as pd

from hpsearch.config.hyperparameters import in_words
from hpsearch.config.messages import listed
from hpsearch.config.study import SURVEY
from hpsearch.results.frames import value_columns
from hpsearch.results.study import Results, ResultsError
from hpsearch.space import Dimension
from hpsearch.storage.notes import network_words

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from hpsearch.sensitivity.analysis import Survey

SOURCES = (
    "First order S_i = V[E(Y|x_i)] / V(Y), by Saltelli et al. 2010; total order S_Ti = E[V(Y|x_~i)] / V(Y), by Jansen "
    "1999; interaction Υ_ij, all that two settings do together, by Liu and Owen 2006. V(Y) is the variance over "
    "settings and seeds; intervals (95 %) are Fieller's (1954) over independent scrambles of a Sobol sequence; "
    "verdicts are corrected for the number of settings by Holm (1979).",
    "A test error's interval is Wilson's (1927), that of R² a bootstrap's over examples. Profiles compare a setting "
    "with the best one on the same fresh seeds, which no search has seen, in pairs.",
)

LOOKED = (
    "the design grew until its verdicts were decided, by a plan of {looks} looks; each look spends 1/{looks} of the "
    "error, so that intervals and verdicts hold at whichever the survey ended"
)
"""Of a survey that grew by what it showed."""


def name_of(results: Results) -> str:
    """Name of the study, also where only its survey is there."""
    return results.study.study_name.removesuffix(SURVEY)


def survey_of(results: Results) -> Survey | None:
    """The study's survey, if there is a complete one."""
    try:
        return results.survey
    except ResultsError:
        return None


def facts(results: Results, survey: Survey | None) -> pd.DataFrame:
    """A row a fact: what it is of, and what it is."""
    rows = [*_made(results)] if results.ours else []
    if not results.ours and results.function is None:
        rows += _drawn(results)
    if survey is not None:
        design = survey.design
        blocks = f"{design.scrambles} scrambled Sobol sequences, blocks of {design.base} rows, {len(design):,} rows"
        rows.append(("survey", f"{blocks}; a pool of {design.seeds} seeds"))
        if survey.looks > 1:
            rows.append(("looks", LOOKED.format(looks=survey.looks)))
    if results.function is not None:
        rows.append(("function", results.function))
        space = {} if survey is None else survey.design.space
        rows += [(f"range of {in_words(name)}", str(dimension)) for name, dimension in space.items()]
    trials = results.trials
    rows.append(("trials", f"{len(trials):,}"))
    if trials["finished"].notna().any():
        began, ended = (f"{time:%Y-%m-%d %H:%M} UTC" for time in (trials["started"].min(), trials["finished"].max()))
        rows += [("first trial", began), ("last trial", ended)]
        rows.append(("durations of all trials, summed", f"{trials['duration_s'].sum():,.0f} s"))
    packages = ("hpsearch", "numpy", "scipy", "optuna", "scikit-learn")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    rows.append(("versions, where this page was written", f"Python {platform.python_version()}, {versions}"))
    return pd.DataFrame(rows, columns=["what", "value"])


def _drawn(results: Results) -> list[tuple[str, str]]:
    """Objectives and ranges of a study that another program made."""
    names = results.study.metric_names or value_columns(results.study)
    aims = [
        ("maximised" if direction.name == "MAXIMIZE" else "minimised", name)
        for direction, name in zip(results.study.directions, names, strict=True)
    ]
    rows = results.space().to_dict("records")
    return [*aims, *((f"range of {row['hyperparameter']}", _range(results, row)) for row in rows)]


def _range(results: Results, row: dict[Hashable, Any]) -> str:
    """From end to end; of choices those that were tried."""
    if row["scale"] == "choices":
        return ", ".join(map(str, results.trials[row["hyperparameter"]].dropna().unique()))
    return f"{row['low']:g} to {row['high']:g}{', log' if row['scale'] == 'log' else ''}"


def _made(results: Results) -> list[tuple[str, str]]:
    """Data, network, space and search of a study that this project made."""
    config, data = results.config, results.dataset
    splits = {"training": data.train, "validation": data.validation, "test": data.test}
    sizes = listed([f"{split.examples:,} {name}" for name, split in splits.items() if split is not None])
    search = config.search
    return [
        ("data", f"{data.name}: {sizes} examples of {data.features} features"),
        ("fingerprint of the data", data.fingerprint),
        *(("note on the data", note) for note in data.notes),
        ("network", network_words(config)),
        ("minimised", f"{search.metric}, {_seeds(search.seeds)}"),
        ("sampler and pruner", f"{search.sampler}, {search.pruner}"),
        *((_entry(name, entry), str(entry)) for name, entry in config.space.entries.items()),
    ]


def _seeds(seeds: Sequence[int]) -> str:
    return f"mean over seeds {listed([str(seed) for seed in seeds])}" if len(seeds) > 1 else f"on seed {seeds[0]}"


def _entry(name: str, entry: object) -> str:
    return f"{'range of' if isinstance(entry, Dimension) else 'fixed:'} {in_words(name)}"


def limits(results: Results, survey: Survey | None) -> list[str]:
    """What the page does not say, a sentence or two each."""
    data = ", and of this data and this split" if results.ours else ""
    texts = [f"All of this speaks of the ranges named above and of no others{data}."]
    if survey is not None:
        if survey.budget:
            texts.append(
                f"Trainings were given equal amounts of {survey.budget}; at another budget other settings may matter."
            )
        near = ": how wrong a setting may be near the best is said by the profiles" if results.ours else ""
        texts.append(
            f"An index is a share of the response's variance over the whole space, not near the best{near}. “Inert” "
            "speaks of that share alone, and a region of the space that is smaller than the design can meet may hide "
            "from it."
        )
    if results.ours:
        texts.append("The test split was used for the setting that was chosen, and no choice was made by it.")
        if not results.study.study_name.endswith(SURVEY):
            texts.append(
                "What is said around the best, and of the gain over the defaults, was measured on the validation "
                "examples, by which the best was chosen: their intervals hold the luck of seeds and not that of the "
                "examples, and on other examples the best may be less far ahead, or not at all."
            )
    elif results.function is not None:
        texts.append(
            "What the function computes, and whether its seed governs all of its luck beyond the rows that were "
            "evaluated twice, hpsearch does not know."
        )
    else:
        texts.append(
            "This project did not make the study: what its values mean, and how they were drawn, it does not know."
        )
    return texts
