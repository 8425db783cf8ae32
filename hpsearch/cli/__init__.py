"""The command line: parses, calls, writes.

In this room:

    commands.py    the commands
    refinement.py  the command that writes the ranges to try next as a study
    reports.py     the command that writes a study's page
    rounds.py      a search in rounds, for the command search
    functions.py   the survey of a user's function, for the command survey
    machines.py    where a command trains, and for how long
    progress.py    the live line of a command that trains
    endings.py     how a command ends
    streams.py     where commands print, whatever becomes of it
    again.py       the command as it was typed, to go on with
    lines.py       sentences on a terminal and through a pipe
    compare.py     the command that compares studies
    explain.py     the command that says where the difference of two settings comes from
    newcomers.py   the command that writes the first study of a table
    studies.py     which study a command means, and what it would take
    catalogue.py   the command that lists studies
    lesson.py      the command that judges the lesson's claims
"""

from hpsearch.cli import catalogue as catalogue  # registers its command, as the next do
from hpsearch.cli import compare as compare
from hpsearch.cli import explain as explain
from hpsearch.cli import lesson as lesson
from hpsearch.cli import newcomers as newcomers
from hpsearch.cli import refinement as refinement
from hpsearch.cli import reports as reports
from hpsearch.cli.commands import app, main

__all__ = ["app", "main"]
