"""The survey of a study as it is stored: its name, its design, and the way back to a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from hpsearch.config.hyperparameters import reach
from hpsearch.config.messages import ConfigError
from hpsearch.config.study import SURVEY, StudyConfig
from hpsearch.engine.metrics import METRICS
from hpsearch.engine.training import checkpoints
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import DUMMY, KEY, SEED, Design, places
from hpsearch.sensitivity.ranges import refined
from hpsearch.sensitivity.responses import Kind
from hpsearch.space import Dimension, Space
from hpsearch.storage.commands import command, options_of
from hpsearch.storage.internals import storage_of
from hpsearch.storage.studies import CONFIG, EXAMPLES, config_of_study, fact
from hpsearch.storage.trials import CURVES, distributions

DESIGN = "hpsearch:design"
"""Fact of a study: ``Design.describe()`` of the last survey that was completed."""

CEILINGS = "hpsearch:ceilings"
"""Fact of a study: the losses of predicting class frequencies (or the mean)."""

FLOORS = "hpsearch:floors"
"""Fact of a study: the losses below which an answer counts as perfect, where its validation examples give one."""

STEP = "effective_step"
"""What stands for the learning rate in a survey of α/(1−μ)."""


class SurveyMissingError(LookupError):
    """There is no complete survey of a study."""


def survey_name(config: StudyConfig) -> str:
    """Name of a study's survey in the storage."""
    return f"{config.name}.{STEP}{SURVEY}" if config.survey.effective_step else f"{config.name}{SURVEY}"


def design_of(config: StudyConfig) -> Design:
    """The design that a config asks for.

    Raises:
        ConfigError: if effective_step is asked for and learning_rate and momentum do not both have a range.
    """
    space, s = config.space.dimensions, config.survey
    if s.effective_step:
        if faults := config.space.step_faults():  # of a study that was stored
            raise ConfigError(config.name, [fault.line(("survey",)) for fault in faults])
        space = Space({STEP if name == "learning_rate" else name: d for name, d in space.items()})
    return Design(space, s.base, s.scrambles, s.seeds, s.dummy, s.second_order, s.seed)


def refined_config(proposals: pd.DataFrame, config: StudyConfig, *, name: str) -> StudyConfig:
    """The study with the ranges to try next, as a new one: its question is the same, and has no answer yet.

    Args:
        proposals: Of ``Survey.ranges()``, or of a search's trials.
        config: The study before.
        name: Of the new one.

    Raises:
        ConfigError: if a survey of the effective step proposes them, whose range is none of the learning rate.
    """
    stepped = proposals["hyperparameter"] == STEP
    if stepped.any():
        row = proposals[stepped].iloc[0]
        raise ConfigError(
            config.name,
            [
                f"survey.effective_step: its survey proposes {row['next_low']:g} to {row['next_high']:g} for the "
                "effective step, and a study needs a range of learning_rate: refine from the plain survey (make it "
                "with survey.effective_step = false)"
            ],
        )
    entries = {**config.space.entries, **refined(proposals, config.space.dimensions)}
    return StudyConfig.from_description({**config.describe(), "name": name, "answer": "", "space": entries})


def row_distributions(design: Design) -> dict[str, BaseDistribution]:
    """What Optuna is told of the parameters of a row: the hyperparameters, the seed, and the dummy if there is one."""
    extra: dict[str, BaseDistribution] = {SEED: IntDistribution(0, design.seeds - 1)}
    if design.dummy:
        extra[DUMMY] = FloatDistribution(0.0, 1.0)
    return {**distributions(design.space), **extra}


def with_learning_rate(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the learning rate that their effective step means: α = step · (1 − μ)."""
    if STEP not in rows:
        return rows
    return rows.assign(learning_rate=rows[STEP] * (1 - rows["momentum"]))


def place_of(trial: FrozenTrial) -> tuple[int, str, int]:
    """A trial's scramble, block and row."""
    scramble, block, row = (trial.user_attrs.get(column) for column in KEY)
    return int(scramble or 0), str(block), int(row or 0)


def stored_survey(study: optuna.Study) -> Survey:
    """A stored survey, of the design that was last completed.

    Raises:
        SurveyMissingError: if none was completed.
    """
    completed = fact(study, DESIGN)
    if completed is None:
        raise SurveyMissingError(_why_missing(study))
    config = config_of_study(study)
    design = replace(design_of(config), **completed)
    return Survey(
        _stored_table(study, design),
        design,
        config.search.metric,
        _kinds(fact(study, CEILINGS), fact(study, FLOORS, {})),
        budget="iterations",
        checkpoints=checkpoints(int(config.space.largest("iterations")), config.survey.checkpoints),
        limits=_limits(design.space, examples=fact(study, EXAMPLES)),
    )


def _why_missing(study: optuna.Study) -> str:
    """Why a study holds no complete survey."""
    if fact(study, CONFIG) is None:
        return f"the study {study.study_name!r} is not a survey made by hpsearch"
    count = len(study.get_trials(deepcopy=False))
    problem = f"the survey {study.study_name!r} is not complete yet ({count} rows are stored)"
    return f"{problem}: go on with `{_going_on(study)}`"


def _stored_table(study: optuna.Study, design: Design) -> pd.DataFrame:
    """The rows of the design in their order, a row a checkpoint, with what was measured there."""
    rows = with_learning_rate(design.table())
    trials = {place_of(t): t for t in study.get_trials(deepcopy=False)}
    evaluations = [Evaluation.decode(trials[place].system_attrs[CURVES]) for place in places(rows)]
    counts = [len(e.iterations) for e in evaluations]
    table = rows.loc[rows.index.repeat(counts)].reset_index(drop=True)
    table["iteration"] = np.concatenate([e.iterations for e in evaluations])
    numbers = np.concatenate([e.curves[0] for e in evaluations]).astype(float)
    for k, metric in enumerate(evaluations[0].metrics):
        table[metric] = numbers[:, k]
    table["diverged"] = np.repeat([e.diverged[0] for e in evaluations], counts)
    return table


def _going_on(study: optuna.Study) -> str:
    """The command that goes on with a survey as it was begun, also if its study's file asks for another."""
    config = config_of_study(study)
    s = config.survey
    flags = {"--dummy": s.dummy, "--second-order": s.second_order, "--effective-step": s.effective_step}
    options = ["--base", str(s.base), "--scrambles", str(s.scrambles), *(flag for flag, on in flags.items() if on)]
    return command("survey", config.name, *options, *options_of(storage_of(study)))


def _kinds(ceilings: Mapping[str, float], floors: Mapping[str, float]) -> dict[str, Kind]:
    """What is known of each metric: the stored loss (or R²) of guessing as its ceiling, that of perfect answers below.

    A survey of before such losses were stored has the metric's own floor.
    """
    return {
        m.name: Kind(m.form, m.better or "lower", ceilings.get(m.name), floors.get(m.name, m.floor)) for m in METRICS
    }


def _limits(space: Mapping[str, Dimension], *, examples: int) -> dict[str, tuple[float, float]]:
    """How far ranges may go in one round; the effective step has the limits of the learning rate."""
    limits = reach(space, examples=examples)
    return {**limits, STEP: limits["learning_rate"]} if STEP in space else limits
