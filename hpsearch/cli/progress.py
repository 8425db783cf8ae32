"""The live line of a command that trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hpsearch.cli.endings import heed

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from hpsearch.config.study import StudyConfig
    from hpsearch.experiments.trainings import SurveyProgress
    from hpsearch.tuning.search import Progress


@contextmanager
def survey_bar(name: str, last: list[SurveyProgress]) -> Iterator[Callable[[SurveyProgress], None]]:
    """A live line: rows, speed, diverged, time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    texts = [TextColumn("{task.fields[speed]}"), TextColumn("diverged {task.fields[diverged]}"), TextColumn("left")]
    columns = (TextColumn("[b]{task.description}"), BarColumn(), MofNCompleteColumn(), *texts)
    bar = Bar(*columns, TimeRemainingColumn(compact=True), console=Console(stderr=True), refresh_per_second=8)

    def on_progress(progress: SurveyProgress) -> None:
        if not last:  # only now is it sure that there is something to show
            bar.add_task(f"survey of {name}", total=None, speed="", diverged=0)
            bar.start()
        last[:] = [progress]
        heed()
        task = bar.tasks[0]
        speed = f"{progress.fresh / task.elapsed:.0f}/s" if progress.fresh and task.elapsed else ""
        bar.update(task.id, completed=progress.done, total=progress.total, speed=speed, diverged=progress.diverged)

    try:
        yield on_progress
    finally:
        if last:
            bar.stop()


@contextmanager
def progress_bar(config: StudyConfig, last: list[Progress]) -> Iterator[Callable[[Progress], None]]:
    """A live line: trials, speed, best value, diverged, pruned, time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("[b]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TextColumn("best {task.fields[best]}"),
        TextColumn("diverged {task.fields[diverged]}"),
        TextColumn("pruned {task.fields[pruned]}"),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
    )
    bar = Bar(*columns, console=Console(stderr=True), refresh_per_second=8)

    def on_progress(progress: Progress) -> None:
        if not last:  # only now is it sure that there is something to show
            bar.add_task(config.name, total=None, speed="", best="-", diverged=0, pruned=0)
            bar.start()
        last[:] = [progress]
        heed()
        _update(bar, progress)

    try:
        yield on_progress
    finally:
        if last:
            bar.stop()


def _update(bar: Bar, progress: Progress) -> None:
    task = bar.tasks[0]
    elapsed = task.elapsed or 0.0
    bar.update(
        task.id,
        completed=progress.done,
        total=progress.total,
        speed=f"{progress.fresh / elapsed:.1f}/s" if progress.fresh and elapsed else "",
        best="-" if progress.best is None else f"{progress.best:.4f}",
        diverged=progress.diverged,
        pruned=progress.pruned,
    )
