"""The command line: parses, calls, writes.

In this room:

    commands.py  the commands
    reports.py   the command that writes a study's page
    lesson.py    the command that judges the lesson's claims
    progress.py  the live line of a command that trains
    endings.py   how a command ends
"""

from hpsearch.cli import lesson as lesson  # registers its command, like the next
from hpsearch.cli import reports as reports
from hpsearch.cli.commands import app, main

__all__ = ["app", "main"]
