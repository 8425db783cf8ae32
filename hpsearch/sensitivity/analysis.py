"""A survey: the responses on every row of a design.

:func:`hpsearch.survey` evaluates any function of a space; the surveys of ``hpsearch survey``, which train networks,
become the same :class:`Survey` when they are read back.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from hpsearch.config.arguments import checked
from hpsearch.config.messages import did_you_mean
from hpsearch.sensitivity.designs import DUMMY, RESERVED, Design
from hpsearch.sensitivity.indices import ResponseError, Responses, contrasts
from hpsearch.sensitivity.responses import BEST_TENTH, DERIVED, Form, Kind, Response, response_of
from hpsearch.sensitivity.tables import SurveyTables
from hpsearch.sensitivity.variates import additive

_NAMED = 12
"""Settings that a survey names where it is printed, at most."""


@dataclass(frozen=True, repr=False)
class Survey(SurveyTables):
    """Responses on the rows of a design.

    The space *is* the question: indices speak of its ranges, in its scales, and of no others. With trainings, the
    budget is iterations (updates), whatever the batch size.

    Attributes:
        table: A row a design row (and checkpoint, and replicate), in the order of ``design.table()``: the columns of
            the design, then ``iteration`` where there are checkpoints, then the responses.
        design: The design that was evaluated.
        response: The response to analyse unless another is named.
        kinds: What is known of the responses; a column without an entry is linear, and nothing clips it.
        seeded: Whether all noise of all responses follows from the seed.
        noisy: Names of the responses whose noise does not all follow from the seed; empty where they are not known.
        budget: What trainings are given equal amounts of, or None for a function that does not train.
        checkpoints: Iterations at which every training that lasted so long was measured.
        limits: Lowest and highest value that a proposed range may reach, by hyperparameter.
        looks: How often the verdicts are looked at in all to decide whether the design shall grow. The error that a
            table may make is divided by it, so that its intervals and verdicts hold at all looks together
            (Bonferroni), and at whichever the survey ends.
    """

    table: pd.DataFrame
    design: Design
    response: str
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    seeded: bool = True
    budget: str | None = None
    checkpoints: tuple[int, ...] = ()
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    looks: int = 1
    noisy: tuple[str, ...] = ()

    def _survey(self) -> Survey:
        return self

    def __repr__(self) -> str:
        design = self.design
        size = f"{len(design):,} rows in {design.scrambles} scrambles"
        names = list(design.space)
        over = ", ".join(names) if len(names) <= _NAMED else f"{len(names):,} settings"
        return f"Survey of {self.response} over {over}: {size}"

    def _repr_html_(self) -> str:
        """The same and the table of indices, for notebooks; what keeps it from being made in its place."""
        head = f"<p>{html.escape(repr(self))}</p>"
        try:
            table = self.sensitivity()
        except ResponseError as problem:
            return f"{head}<p>{html.escape(str(problem))}</p>"
        columns = ["hyperparameter", "low", "high", "scale", "total_order", "total_low", "total_high", "verdict"]
        return head + table[columns].to_html(index=False, border=0, na_rep="", float_format="{:.3g}".format)

    def confidence(self, together: float) -> float:
        """The confidence of one look, such that all looks together have this one."""
        return together if self.looks == 1 else 1 - (1 - together) / self.looks

    def governed(self, response: Response) -> bool:
        """Whether all noise of a response follows from the seed."""
        of = {response.name, response.name.removeprefix(f"{BEST_TENTH} of ")}
        return self.seeded or bool(self.noisy and not of & set(self.noisy))

    @checked(ResponseError)
    def take(
        self,
        metric: str | None = None,
        *,
        form: Form | None = None,
        iteration: int | None = None,
        target: float | None = None,
    ) -> Response:
        """A response on every row; by default the survey's own.

        Its form, iteration and target as of :func:`hpsearch.sensitivity.responses.response_of`.
        """
        name, main = metric or self.response, self.response
        own = {*RESERVED - {"diverged"}, *self.design.space}
        names = [str(column) for column in self.table if column not in own]
        if name not in (*names, *DERIVED):
            listed = f"there are {', '.join(names)}, and {', '.join(DERIVED)}"
            raise ResponseError(f"no response {name!r}: {did_you_mean(name, (*names, *DERIVED), then=listed)}")
        return response_of(self.table, name, main=main, kinds=self.kinds, form=form, iteration=iteration, target=target)

    def on_blocks(self, response: Response) -> Responses:
        """A response by scramble, block and row, the mean over replicates, with the noise that no seed governs.

        Replicates show the noise, or else the dummy: what it changes is noise.
        """
        design = self.design
        values = response.values.reshape(design.scrambles, len(design.blocks), design.base, -1)
        replicates = values.shape[3]
        noise = values.var(axis=3, ddof=1).mean(axis=(1, 2)) / replicates if replicates > 1 else 0.0
        means = values.mean(axis=3)
        responses = Responses(
            means,
            design.factors,
            noise=noise,
            dummy=design.factors.index(DUMMY) if design.dummy else None,
            additive=additive(means, design),
            floor_known=self.governed(response) or replicates > 1 or design.dummy,
        )
        if self.governed(response) or replicates > 1 or responses.dummy is None:
            return responses
        return replace(responses, noise=contrasts(responses).total[:, responses.dummy], noise_of_dummy=True)
