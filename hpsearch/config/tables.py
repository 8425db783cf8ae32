"""The other tables of a study's file as frozen records: what may be set, the defaults, the rules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, ValidationInfo, field_validator

from hpsearch.config.fields import LARGEST_SEED, Table, is_seed, ruled, whole
from hpsearch.config.hyperparameters import BY_NAME
from hpsearch.config.kinds import DEEPEST, WIDEST, units_of
from hpsearch.config.messages import Fault, refusal
from hpsearch.engine.settings import Activation, Init


class NetworkConfig(Table):
    """[network]: the network's shape, where [space] does not choose it."""

    hidden: tuple[Annotated[StrictInt, Field(ge=1, le=WIDEST)], ...] = ruled(
        units_of(BY_NAME["hidden"].default),
        f"1 to {DEEPEST} widths of hidden layers, each from 1 to {WIDEST:,}, as in [32] or [64, 32]",
        "units of each hidden layer",
        min_length=1,
        max_length=DEEPEST,
    )
    activation: Activation = Field(BY_NAME["activation"].default, description=BY_NAME["activation"].description)
    init: Init = Field(BY_NAME["init"].default, description=BY_NAME["init"].description)
    dtype: Literal["float32", "float64"] = Field("float32", description="precision of training")


class SearchConfig(Table):
    """[search]: how many trials, who chooses them, and what they are judged by."""

    trials: StrictInt = whole(200, 1, 10_000_000, "number of trials")
    sampler: Literal["tpe", "random", "qmc", "grid", "cmaes", "gp"] = Field("tpe", description="chooses them")
    pruner: Literal["none", "median", "hyperband"] = Field("none", description="stops poor trials early")
    metric: Literal["validation_loss", "validation_error"] = Field("validation_loss", description="minimised")
    seed: StrictInt = whole(0, 0, LARGEST_SEED, "seed of the sampler")
    seeds: tuple[int, ...] = Field((0,), description="training seeds of a trial: a list, or how many (0, 1, ...)")
    batch: StrictInt | None = whole(None, 1, 10_000, "trials asked together; not set: the sampler decides")
    checkpoints: StrictInt = whole(20, 2, 1000, "iterations at which metrics are recorded, geometric")
    grid: StrictInt = whole(4, 2, 1000, "values of a range for the grid sampler")

    @field_validator("seeds", mode="before")
    @classmethod
    def _read_seeds(cls, seeds: object) -> tuple[int, ...]:
        rule = "give how many (1 to 1,000) or a list of different whole numbers from 0 to 4,294,967,295"
        if isinstance(seeds, int) and not isinstance(seeds, bool):
            if not 1 <= seeds <= 1000:
                raise refusal(Fault("must be from 1 to 1,000", seeds, rule))
            return tuple(range(seeds))
        if not isinstance(seeds, list | tuple):
            raise refusal(Fault("must be a whole number or a list", seeds, rule))
        if not 1 <= len(seeds) <= 1000:
            raise refusal(Fault(f"lists {len(seeds):,} seeds", seeds, rule))
        if faults := [Fault("is no seed", seed, rule, (k,)) for k, seed in enumerate(seeds) if not is_seed(seed)]:
            raise refusal(*faults)
        if len(set(seeds)) < len(seeds):
            raise refusal(Fault("has a seed twice", seeds, rule))
        return tuple(seeds)

    @property
    def learns(self) -> bool:
        """Whether what the sampler asks depends on earlier results."""
        return self.sampler not in ("random", "qmc", "grid")


class SurveyConfig(Table):
    """[survey]: the designed set of trainings from which sensitivity is measured."""

    base: StrictInt = whole(64, 2, 2**16, "rows of a block of the design, a power of two; it may grow later")
    scrambles: StrictInt = whole(8, 2, 1000, "independent designs, from which the intervals come; may grow later")
    seeds: StrictInt = whole(32, 2, 10_000, "size of the pool of training seeds, which are a factor of the design")
    dummy: StrictBool = Field(False, description="whether to add a factor that does nothing, as a control")
    second_order: StrictBool = Field(False, description="whether to measure what pairs do alone: twice the trainings")
    effective_step: StrictBool = Field(
        False, description="whether learning_rate's range is that of α/(1−μ), as a separate survey"
    )
    checkpoints: StrictInt = whole(12, 2, 1000, "iterations at which metrics are recorded, geometric")
    seed: StrictInt = whole(0, 0, LARGEST_SEED, "seed of the design")

    @field_validator("base")
    @classmethod
    def _power_of_two(cls, base: int) -> int:
        if base & (base - 1):
            below = 1 << (base.bit_length() - 1)
            raise refusal(Fault("is not a power of two", base, f"use {below} or {2 * below}: Sobol sequences need it"))
        return base


def step_in_space(survey: SurveyConfig, info: ValidationInfo) -> SurveyConfig:
    """A study's [survey] whose effective step, if it asks for that, its [space] allows; else it is refused.

    A study that is stored already may be read all the same.
    """
    asks = survey.effective_step and "space" in info.data and not (info.context or {}).get("stored")
    if asks and (faults := info.data["space"].step_faults()):
        raise refusal(*faults)
    return survey
