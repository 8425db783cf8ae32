"""The command line: parses, calls, writes.

In this room:

    commands.py  the commands
    newcomers.py the command that writes the first study of a table
    studies.py   which study a command means, and what it would take
    reports.py   the command that writes a study's page
    progress.py  the live line of a command that trains
    endings.py   how a command ends
"""

from hpsearch.cli import newcomers as newcomers  # registers its command
from hpsearch.cli import reports as reports
from hpsearch.cli.commands import app, main

__all__ = ["app", "main"]
