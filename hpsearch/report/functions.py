"""The survey of a user's function, as the terminal shows it."""

from __future__ import annotations

from rich.text import Text

from hpsearch.experiments.progress import FunctionProgress
from hpsearch.report.survey import (
    interaction_lines,
    range_lines,
    sensitivity_legend,
    sensitivity_note,
    sensitivity_table,
)
from hpsearch.report.tables import Part, survey_next
from hpsearch.sensitivity.analysis import Survey


def function_report(name: str, survey: Survey, progress: FunctionProgress) -> list[Part]:
    """The indices, what they speak of, interactions, ranges, and what to type next, of a function's survey."""
    fresh, indices = f"{progress.fresh:,} evaluations, {progress.failed:,} failed", survey.sensitivity()
    stopped = (
        f"the time was up with {progress.done:,} of {progress.total:,} evaluations of the next size, base "
        f"{progress.base}: this is base {survey.design.base}, and the same command goes on"
    )
    response = survey.take()
    title = f"ranges to try next ({response.better} {response.name} is better)"
    return [
        *([Text(fresh, style="dim")] if progress.fresh else []),
        sensitivity_table(indices, title=f"{name}: what {response.name} is sensitive to"),
        sensitivity_legend(indices),
        sensitivity_note(survey),
        interaction_lines(survey.interactions()),
        *([stopped] if progress.done < progress.total else []),
        range_lines(survey.ranges(), survey.design.space, title=title),
        survey_next(f"hpsearch report {name}", f"hpsearch.load({name!r})"),
    ]
