"""The command that computes the importance of any Optuna study's parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpsearch.cli.commands import app
from hpsearch.cli.endings import errors, told_warnings
from hpsearch.cli.lines import print_parts
from hpsearch.cli.machines import Place
from hpsearch.cli.progress import cost_first, stoppable_line
from hpsearch.cli.stops import say_stopped

if TYPE_CHECKING:
    import pandas as pd

    from hpsearch.results.resampling import ImportanceProgress
    from hpsearch.results.study import Results


@app.command()
def importance(
    storage: Annotated[str, typer.Argument(help="An Optuna storage URL, or the path of a journal of any name.")],
    study: Annotated[str, typer.Argument(help="Name of any Optuna study in it.")],
    objective: Annotated[
        str | None, typer.Option(help="Which of several objectives to explain: its index, from 0, or its metric name.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Number of processes; the results do not depend on it.")
    ] = 1,
) -> None:
    """Importance of any Optuna study's parameters, by three measures, with intervals and a permutation null.

    It is kept with the study: asked again of the same trials, it is read. Ctrl-C stops at any time, and keeps nothing.
    """
    from hpsearch.cli.studies import stored_results
    from hpsearch.storage.access import JOURNAL

    with errors(), told_warnings():
        path = Path(storage)
        journal = path.name == JOURNAL
        place = Place(None, path.parent) if journal else Place(storage, Path("results"))
        stored = stored_results(study, place)
        from hpsearch import figures
        from hpsearch.report.importance import IMPORTANCE_NOTE, importance_table
        from hpsearch.storage.front import show_surrogates

        which = int(objective) if objective is not None and objective.isdecimal() else objective
        frame = measured_importance(stored, workers=workers, objective=which)
        of = "" if objective is None else f" for {objective}"
        title = f"{study}: importance{of}, {frame['trials'].iat[0]} trials"
        print_parts([importance_table(frame, title=title), IMPORTANCE_NOTE])
        show_surrogates(stored.study, figures.importance(frame))


def measured_importance(stored: Results, *, workers: int, objective: int | str | None = None) -> pd.DataFrame:
    """Importances of a study, with a live line and what they cost; a signal ends the command."""
    with stoppable_line(f"importance in {stored.study.study_name}", _no_words, _stopped) as line:
        show = cost_first(line, workers=workers)
        return stored.importance(objective=objective, workers=workers, on_progress=show)


def _no_words(progress: ImportanceProgress) -> str:
    return ""


def _stopped(line: object) -> None:
    say_stopped("nothing of it is kept, and nothing is left running", next="Begin anew with")
