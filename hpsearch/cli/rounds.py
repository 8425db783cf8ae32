"""A search in rounds, as the command ``search`` does it with ``--rounds``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from hpsearch.cli.commands import COMPILING, TIME_UP
from hpsearch.cli.lines import print_parts, say
from hpsearch.cli.machines import Work
from hpsearch.cli.progress import LiveLine, search_words
from hpsearch.cli.stops import StopSignals, stopped, tell_stored

if TYPE_CHECKING:
    from hpsearch.config import StudyConfig
    from hpsearch.results.rounds import Round
    from hpsearch.tuning.batches import Progress


class _Lines:
    """A live line for each study that is searched, one after another.

    Attributes:
        name: Of the study that is searched, or was last.
        total: Number of trials that it shall hold.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        self.name, self.total = "", 0
        self._check = check
        self._line: LiveLine[Progress] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ending: object) -> None:
        self.close()

    def show(self, name: str, progress: Progress) -> None:
        """Show how far a search is."""
        if self._line is None or name != self.name:
            self.close()
            self._line = LiveLine(name, search_words, check=self._check)
        self.name, self.total = name, progress.total
        self._line.show(progress)

    def stored(self, config: StudyConfig) -> dict[str, Any]:
        """What is to be counted of the study that is searched, or of the whole before the first."""
        name = self.name or config.name
        return {"name": name, "total": self.total, "rows": f"trials of {name}"}

    def close(self) -> None:
        """End the line, so that others may print."""
        if self._line is not None:
            self._line.__exit__()
        self._line = None


def search_in_rounds(config: StudyConfig, rounds: int | None, repeats: int | None, work: Work) -> None:
    """Search in rounds and at the same cost unrefined, and say what each round tried and what the rounds paid.

    Raises:
        ConfigError: if there are repeats and no rounds, and as :func:`hpsearch.results.payoff.payoff`.
        typer.Exit: if a signal stopped it.
    """
    from hpsearch.config import ConfigError
    from hpsearch.engine.compilation import before_compiling
    from hpsearch.evaluation.deadlines import OutOfTimeError
    from hpsearch.evaluation.evaluator import load_data
    from hpsearch.report.rounds import payoff_lines, payoff_table, survey_note
    from hpsearch.results.payoff import payoff

    if rounds is None:
        raise ConfigError(config.name, ["--repeats: applies to rounds alone; add --rounds 3"])
    data, signals = load_data(config), StopSignals()
    lines = _Lines(signals.check)
    ended: list[Round] = []

    def tell(repeat: int, round: Round) -> None:
        lines.close()
        if repeat == 1:
            ended.append(round)
            _tell(round)

    try:
        with signals, lines, before_compiling(partial(say, COMPILING, error=True)), work.executor():
            table = payoff(
                config, rounds, repeats=1 if repeats is None else repeats, workers=work.workers,
                storage=work.place.storage, results=work.place.results, dataset=data, timeout=work.timeout,
                on_progress=lines.show, on_round=tell,
            )  # fmt: skip
    except KeyboardInterrupt:
        stopped(**lines.stored(config), place=work.place)
    except OutOfTimeError:
        tell_stored(TIME_UP, **lines.stored(config), place=work.place)
        return
    print_parts([*([payoff_table(table)] if repeats else []), *payoff_lines(table, data)])
    print_parts(filter(None, [survey_note(ended, repeats=repeats or 1)]))


def _tell(round: Round) -> None:
    """Print the ranges of a round, where they are not the study's own, and how it ended."""
    from hpsearch.report.rounds import refinement_lines, round_line

    if round.refinement is not None:
        print_parts([refinement_lines(round.refinement, title=f"ranges of {round.results.study.study_name}")])
    print_parts([round_line(round)])
