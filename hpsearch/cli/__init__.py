"""The command line: parses, calls, writes.

In this room, first what the commands share:

    commands.py    the application, and the arguments that several commands take
    studies.py     which study a command means, and what it would take
    machines.py    where a command trains, and where it keeps its studies
    progress.py    the live line of a command that trains
    endings.py     how a command ends
    stops.py       how a signal stops one, and the command to go on
    streams.py     where commands print, whatever becomes of it
    lines.py       sentences on a terminal and through a pipe

and then the commands, in the order in which help lists them:

    newcomers.py   new: the first study of a table
    show.py        show: a study with all its settings
    search.py      search: the best setting
    rounds.py      a search in rounds, for the command search
    survey.py      survey: how sensitive training is to each setting
    functions.py   the survey of a user's function, for the command survey
    importance.py  importance: of any Optuna study's parameters
    explain.py     explain: where the difference of two settings comes from
    refinement.py  refine: the ranges to try next, as a study
    reports.py     report: a study's page
    compare.py     compare: studies side by side
    lesson.py      lesson: its claims, judged
    catalogue.py   list: the studies in the results
    export.py      export: a study's tables as files
    dashboard.py   dashboard: Optuna's, served
"""

# Each module registers its command when it is imported, and help lists them in this order.
# isort: off
from hpsearch.cli import newcomers as newcomers
from hpsearch.cli import show as show
from hpsearch.cli import search as search
from hpsearch.cli import survey as survey
from hpsearch.cli import importance as importance
from hpsearch.cli import explain as explain
from hpsearch.cli import refinement as refinement
from hpsearch.cli import reports as reports
from hpsearch.cli import compare as compare
from hpsearch.cli import lesson as lesson
from hpsearch.cli import catalogue as catalogue
from hpsearch.cli import export as export
from hpsearch.cli import dashboard as dashboard
from hpsearch.cli.commands import app, main
# isort: on

__all__ = ["app", "main"]
