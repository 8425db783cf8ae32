"""The live line of a command that takes its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

import typer

from hpsearch.cli.lines import say
from hpsearch.cli.machines import Place
from hpsearch.cli.stops import STOPPED, StopSignals, stopped

if TYPE_CHECKING:
    from hpsearch.experiments.progress import TrainingProgress
    from hpsearch.results.resampling import ImportanceProgress
    from hpsearch.tuning.batches import Progress


_LONG = 10.0
"""Seconds from which a cost is told before."""

_BESIDE = 54
"""Columns of the line beside its title, with which no number is cut."""


class Step(Protocol):
    """What the line reads of any progress: trials or rows that are done, of how many, and those of this run."""

    @property
    def done(self) -> int: ...  # noqa: D102
    @property
    def total(self) -> int: ...  # noqa: D102
    @property
    def fresh(self) -> int: ...  # noqa: D102


P = TypeVar("P", bound=Step)


class LiveLine(Generic[P]):
    """A line on standard error that follows a command's work, from its first progress to the end of the context.

    Args:
        title: At its beginning.
        words: What it says of a progress besides how much is done, how fast, and how long is left.
        check: Called at every progress; it may stop the command by an exception.
        total: Number of trials or rows, if it is known before the first progress.

    Attributes:
        last: The last progress; not there before the first.
        done: Of the last progress; 0 before the first.
        total: Likewise; what was given before the first.
    """

    last: P

    def __init__(self, title: str, words: Callable[[P], str], *, check: Callable[[], None], total: int = 0) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self.done, self.total = 0, total
        self._words, self._check, self._started = words, check, False
        columns = (TextColumn("{task.description}", "bold", markup=False), BarColumn(), MofNCompleteColumn())
        texts = (TextColumn("{task.fields[speed]}"), TextColumn("{task.fields[words]}", markup=False))
        console = Console(stderr=True, markup=False, emoji=False)
        room = max(console.width - _BESIDE, len("importance in a…"))
        title = title if len(title) <= room else f"{title[: room - 1]}…"
        self._bar = Bar(*columns, *texts, TimeRemainingColumn(compact=True), console=console, refresh_per_second=8)
        self._task = self._bar.add_task(title, start=False, total=None, speed="", words="")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ending: object) -> None:
        if self._started:
            self._bar.stop()

    def say(self, text: str) -> None:
        """Print a sentence above the line."""
        self._bar.console.print(text, markup=False, highlight=False)

    def show(self, progress: P) -> None:
        """Show a progress; the first one starts the line, since before it the input may yet be refused."""
        self.last, self.done, self.total = progress, progress.done, progress.total
        if not self._started:
            self._bar.start_task(self._task)
        elapsed = self._bar.tasks[0].elapsed
        self._bar.update(
            self._task,
            completed=self.done,
            total=self.total,
            speed=_speed(progress.fresh / elapsed) if progress.fresh and elapsed else "",
            words=f"{self._words(progress)} left".lstrip(),
        )
        if not self._started:
            self._started = True
            self._bar.start()
        self._check()


@contextmanager
def stoppable_line(
    title: str, words: Callable[[P], str], tell: Callable[[LiveLine[P]], object], *, total: int = 0
) -> Iterator[LiveLine[P]]:
    """A live line during work that a signal stops; the command then tells what became of the work, and exits.

    Raises:
        typer.Exit: if a signal stopped the work.
    """
    signals = StopSignals()
    line = LiveLine(title, words, check=signals.check, total=total)
    try:
        with signals, line:
            yield line
    except KeyboardInterrupt:
        tell(line)
        raise typer.Exit(STOPPED) from None


def storing_line(
    title: str, words: Callable[[P], str], *, name: str, rows: str, place: Place, total: int = 0
) -> AbstractContextManager[LiveLine[P]]:
    """The same of work that adds trials, or rows, to a study: it says how many are stored."""
    return stoppable_line(
        title, words, lambda line: stopped(name=name, total=line.total, rows=rows, place=place), total=total
    )


def _speed(rate: float) -> str:
    return f"{rate:.0f}/s" if rate >= 100 else f"{rate:.1f}/s"


def search_words(progress: Progress) -> str:
    """The best value so far, and how many trials diverged or were pruned, if any."""
    best = "-" if progress.best is None else f"{progress.best:.4f}"
    counts = {"diverged": progress.diverged, "pruned": progress.pruned}
    return " ".join([f"best {best}", *(f"{word} {count}" for word, count in counts.items() if count)])


def survey_words(progress: TrainingProgress) -> str:
    """How many trainings diverged, if any."""
    return f"diverged {progress.diverged}" if progress.diverged else ""


def cost_first(line: LiveLine[ImportanceProgress], *, workers: int) -> Callable[[ImportanceProgress], None]:
    """The line's own ``show``, but at first the cost is told where it is high."""

    def show(progress: ImportanceProgress) -> None:
        if not line.total and progress.seconds > _LONG:
            share = f"{workers} workers" if workers > 1 else "one worker; more share the work (--workers)"
            say(f"about {progress.seconds:.0f} s for {progress.total:,} resamples with {share}", error=True)
        line.show(progress)

    return show
